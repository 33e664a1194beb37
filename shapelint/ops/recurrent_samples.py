"""Random calls of recurrent layers, about half of them right."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import Sample, Sampler, T, t


def recurrent_sample(name: str) -> Sampler:
    """A sampler for "LSTM", "GRU" or "RNN"."""

    def sample(rng: random.Random) -> Sample:
        called = f"torch.nn.{name}" if rng.random() < 0.9 else f"torch.nn.modules.rnn.{name}"
        options: dict[str, Any] = {}
        if rng.random() < 0.6:
            options["batch_first"] = rng.random() < 0.5
        if rng.random() < 0.5:
            options["bidirectional"] = rng.random() < 0.7
        if rng.random() < 0.3:
            options["dropout"] = rng.choice([0.0, 0.5, 1, 1.5, -0.5]) if rng.random() < 0.3 else 0.1
        if rng.random() < 0.2:
            options["bias"] = False
        if name == "RNN" and rng.random() < 0.3:
            options["nonlinearity"] = rng.choice(["relu", "tanh", "gelu"]) if rng.random() < 0.3 else "relu"
        inner, hidden, layers = rng.randint(1, 4), rng.randint(2, 4), rng.randint(1, 3)
        if rng.random() < 0.04:
            hidden = 0
        if rng.random() < 0.04:
            layers = 0
        if name == "LSTM" and rng.random() < 0.3:
            options["proj_size"] = rng.randint(0, hidden) if rng.random() < 0.4 else 1
        elif rng.random() < 0.03:
            options["proj_size"] = 1
        sizes = [rng.randint(1, 4), rng.randint(1, 4)][: rng.choice([1, 2, 2, 2])]
        sizes.append(inner if rng.random() < 0.85 else rng.randint(1, 5))
        batch = None if len(sizes) == 2 else sizes[0 if options.get("batch_first") else 1]
        if rng.random() < 0.06:
            sizes = sizes[1:] if rng.random() < 0.5 and len(sizes) == 2 else [1, 1, *sizes]
        x: Any = t(*sizes, dtype="int" if rng.random() < 0.03 else "float")
        if rng.random() < 0.03:
            x = (x, x)
        if batch is not None and rng.random() < 0.12 and isinstance(x, T) and x.dtype == "float" and len(x.sizes) == 3:
            if name == "LSTM":  # torch reads past the end of steps of another width
                x = t(*x.sizes[:2], inner)
            x = _packed(rng, x, bool(options.get("batch_first")))
        init = (inner, hidden, layers) if rng.random() < 0.5 or layers != 1 else (inner, hidden)
        if rng.random() < 0.3:
            return Sample(called, (x,), init=init, init_kwargs=options)
        rows = layers * (2 if options.get("bidirectional") else 1)
        step = (sizes[-2:] if options.get("batch_first") else sizes)[0]
        states = [_state(rng, rows, batch, w, step) for w in (options.get("proj_size") or hidden, hidden)]
        if name == "LSTM" and isinstance(x, Sample):  # nor does it count the states that go with packed steps
            first = (
                states[0] if states[0].sizes[:1] == (rows,) else t(rows, batch or 1, options.get("proj_size") or hidden)
            )
            states = [first, t(rows, batch or 1, hidden)]
        hx = _wrap(rng, states, name == "LSTM", len(sizes))
        if hx is states and len(sizes) == 3 and rng.random() < 0.15:
            return Sample(called, (x, *states), init=init, init_kwargs=options)
        if rng.random() < 0.5:
            return Sample(called, (x, hx), init=init, init_kwargs=options)
        return Sample(called, (x,), {"hx": hx}, init=init, init_kwargs=options)

    return sample


def _packed(rng: random.Random, x: T, batch_first: bool) -> Sample:
    """The same batch, packed; the flag that it is packed with is one thing, that of the layer another."""
    batch, step = x.sizes[:2] if batch_first else (x.sizes[1], x.sizes[0])
    lengths = [rng.randint(1, step) for _ in range(batch)]
    options = {"batch_first": batch_first, "enforce_sorted": False}
    return Sample("torch.nn.utils.rnn.pack_padded_sequence", (x, lengths), options)


def _state(rng: random.Random, rows: int, batch: int | None, width: int, step: int) -> T:
    sizes = [rows, width] if batch is None else [rows, batch, width]
    if rng.random() < 0.18:
        sizes[rng.randrange(len(sizes))] = rng.randint(1, 5)
    if rng.random() < 0.1 and len(sizes) == 3:
        sizes[1] = step
    if rng.random() < 0.06:
        sizes = [sizes[1], sizes[0], *sizes[2:]]
    if rng.random() < 0.06:
        sizes = sizes[1:] if rng.random() < 0.5 else [1, *sizes]
    return t(*sizes)


def _wrap(rng: random.Random, states: list[T], is_lstm: bool, rank: int) -> Any:
    if is_lstm:
        if rng.random() < 0.06:
            return states[0]
        if rng.random() < 0.06:
            return (*states, states[0]) if rng.random() < 0.5 else (states[0],)
        return states if rng.random() < 0.2 else tuple(states)
    return tuple(states) if rng.random() < 0.06 else states[1]
