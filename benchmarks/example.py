"""A program of 100 lines as a pre-commit hook meets it: a tagger, its data, and its training."""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset


class Sentences(Dataset):
    def __init__(self, count: int, words: int, tags: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.pairs = []
        for _ in range(count):
            length = int(torch.randint(3, 20, (1,), generator=generator))
            tokens = torch.randint(1, words, (length,), generator=generator)
            labels = torch.randint(0, tags, (length,), generator=generator)
            self.pairs.append((tokens, labels))

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.pairs[index]


def collate(samples):
    tokens, labels = zip(*samples, strict=True)
    lengths = torch.tensor([len(one) for one in tokens])
    return pad_sequence(tokens, batch_first=True), pad_sequence(labels, batch_first=True, padding_value=-1), lengths


class Attention(nn.Module):
    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        assert size % heads == 0
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(size, size) for _ in range(3))

    def split(self, x: torch.Tensor) -> torch.Tensor:
        batch, steps, size = x.shape
        return x.view(batch, steps, self.heads, size // self.heads).transpose(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
        mixed = F.softmax(scores, dim=-1) @ value
        return mixed.transpose(1, 2).flatten(2)


class Tagger(nn.Module):
    def __init__(self, words: int, tags: int, size: int = 64, hidden: int = 128, bidirectional: bool = True) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, size, padding_idx=0)
        self.lstm = nn.LSTM(size, hidden, num_layers=2, batch_first=True, bidirectional=bidirectional)
        features = hidden * (2 if bidirectional else 1)
        self.attention = Attention(features, heads=4)
        self.norm = nn.LayerNorm(features)
        self.head = nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, tags))

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        out, _ = self.lstm(packed)
        out, _ = pad_packed_sequence(out, batch_first=True)
        out = self.norm(out + self.attention(out))
        return self.head(out)


def train(model: Tagger, loader: DataLoader, epochs: int) -> float:
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    total = 0.0
    for _ in range(epochs):
        for tokens, labels, lengths in loader:
            optimiser.zero_grad()
            scores = model(tokens, lengths)
            loss = F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=-1)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            total += loss.item()
    return total / max(epochs * len(loader), 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=1000)
    parser.add_argument("--tags", type=int, default=12)
    parser.add_argument("--batch", type=int, default=32)
    args = parser.parse_args()
    sentences = Sentences(256, args.words, args.tags)
    loader = DataLoader(sentences, args.batch, shuffle=True, collate_fn=collate)
    print(train(Tagger(args.words, args.tags), loader, epochs=1))


if __name__ == "__main__":
    main()
