"""Calls of einops to try: patterns, right and wrong, and tensors that fit them more or less."""

from __future__ import annotations

import random

from shapelint.ops.contract import t
from shapelint.ops.einops_patterns import ELLIPSIS


def _sizes(rng: random.Random, left: str, lengths: dict[str, int]) -> list[int]:
    """A sample's input shape for a left side, now and then a wrong one."""
    sizes: list[int] = []
    group: int | None = None
    for token in left.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            group = 1
        elif token == ")":
            sizes.append(group or 1)
            group = None
        elif token == ELLIPSIS:
            sizes.extend(rng.randint(1, 3) for _ in range(rng.randint(0, 2)))
        else:
            size = int(token) if token.isdecimal() else lengths.get(token, rng.randint(1, 3))
            if group is None:
                sizes.append(size)
            else:
                group *= size
    choice = rng.random()
    if choice < 0.25 and sizes:
        sizes[rng.randrange(len(sizes))] += 1
    elif choice < 0.32:
        sizes = sizes[1:]
    return sizes


REARRANGE = (
    "b c h w -> b (h w) c",
    "b c (h p) (w q) -> b (h w) (p q c)",
    "b n (h d) -> b h n d",
    "... d -> d ...",
    "b ... -> (...) b",
    "... (h d) -> ... h d",
    "b 1 d -> b d",
    "b d -> b 1 d ()",
    "(b h) n d -> b n (h d)",
    "b n d -> b n",
    "b (n d -> b n d",
    "b b -> b",
    "b ... c -> ... b",
    "b n -> n b x",
    "b 2 -> 2 b",
)
REDUCE = (
    "b c h w -> b c",
    "b c (h p) (w q) -> b c h w",
    "b (h 2) c -> b h c",
    "(b 2) c -> b c",
    "b 3 c -> b c",
    "... d -> ...",
    "b n d -> b () d",
    "b ... -> b",
    "b n -> b n x",
    "b ((n) -> b",
)
REPEAT = (
    "b d -> b h d",
    "b n -> (b p) n",
    "h w -> h w 3",
    "... -> p ...",
    "1 d -> b d",
    "() d -> p d",
    "b d -> b",
    "b d -> b d x",
)


def draw(rng: random.Random, patterns: tuple[str, ...]) -> tuple[object, str, dict[str, object]]:
    """A tensor, a pattern and the sizes of its names, partly right."""
    pattern = rng.choice(patterns)
    left, _, right = pattern.partition("->")
    choices = {"p": 2, "q": rng.randint(1, 2), "h": rng.randint(1, 3)}
    new = patterns is REPEAT
    lengths: dict[str, int] = {}
    for name, size in (*choices.items(), ("b", 2)):
        words = pattern.replace("(", " ").replace(")", " ").split()
        inside = f"({name} " in left or f" {name})" in left
        wanted = inside or (
            new and name in right.split() + right.replace("(", " ").replace(")", " ").split() and name not in left
        )
        if name in words and wanted and (name != "h" or "(h d)" in left or new) and rng.random() < 0.9:
            lengths[name] = size
    if rng.random() < 0.05:
        lengths["unused"] = 2
    sizes = _sizes(rng, left, lengths)
    return t(*sizes), pattern, dict(lengths)
