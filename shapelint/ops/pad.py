"""`F.pad` and the padding layers: axes made longer at both ends, from the last one on."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, layer, op, say, t
from shapelint.shapes.dim import ZERO, Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Float, Int, Tensor, Value

PAIRS = Constraint(
    "C1", "padding-size", "`pad` holds a pair for each of the last axes, of as many as there are at most"
)
RANK = Constraint("C2", "padding-size", "modes but constant pad all axes but the first one or two")
ROOM = Constraint("C3", "padding-size", "what is reflected or wrapped around lies within the axis")
RESULT = Constraint("C4", "padding-size", "no more is cropped than there is")
MODE = Constraint("C5", "invalid-option", "the mode is known, and `value` is given for constants alone")
MODES = ("constant", "reflect", "replicate", "circular")


def _padded(cx: Context, input: Value, pads: list[Dim | None], mode: str) -> Tensor:
    x = cx.tensor(input)
    if len(pads) % 2:
        cx.refute("C1", say("padding length must be divisible by 2, not {count}", count=len(pads)), operand="pad")
    count = len(pads) // 2
    if mode != "constant":
        headline = say(
            "padding size {count} is not supported for an input of shape {shape}", count=len(pads), shape=x.shape
        )
        if count not in (1, 2, 3):
            cx.refute("C2", headline, operand="pad")
        x = cx.ranks(x, (count + 1, count + 2), "C2", headline)
    if x.shape.rank is None:
        x = x.with_parts(cx.facts.reveal_suffix(x.shape, count).parts)
    if x.shape.rank is not None and count > x.shape.rank:
        cx.refute(
            "C1",
            say(
                "padding length should be less than or equal to two times the input dimension: {count} against {shape}",
                count=len(pads),
                shape=x.shape,
            ),
            operand="pad",
        )
    parts = list(x.shape.parts)
    for place in range(count):
        axis = parts[-1 - place]
        assert isinstance(axis, Axis)
        parts[-1 - place] = _end(cx, axis, pads[2 * place], pads[2 * place + 1], mode)
    return x.with_parts(parts)


def _end(cx: Context, axis: Axis, before: Dim | None, after: Dim | None, mode: str) -> Axis:
    if before is None or after is None:
        return axis.resized(Dim.symbol("padded", "unknown", 0))
    size = cx.facts.resolve(axis.size)
    room = {"reflect": size - 1, "circular": size}.get(mode)
    for pad in (before, after):
        if room is not None and cx.facts.at_least(pad - room, 1, proof=True):
            cx.refute(
                "C3",
                say(
                    "padding size should be less than the corresponding input dimension: {pad} at {size}",
                    pad=pad,
                    size=size,
                ),
                operand="pad",
                sizes=(size, pad),
            )
        if room is not None and pad.value is not None:
            cx.facts.raise_low(room, pad.value)
    cropped = sum((pad for pad in (before, after) if cx.facts.at_most(pad, 0)), ZERO)
    if cx.facts.at_most(size + cropped, -1, proof=True):
        cx.refute(
            "C4",
            say(
                "padding {before} and {after} leaves less than nothing of {size}", before=before, after=after, size=size
            ),
            operand="pad",
            sizes=(size, cropped),
        )
    if cropped.value is not None:
        cx.facts.raise_low(size, -cropped.value)
    return axis.resized(size + before + after)


# F.pad -------------------------------------------------------------------------------------------


def _pads(rng: random.Random, count: int, low: int = 0) -> list[int]:
    return [rng.randint(low, 2) for _ in range(2 * count)]


def _sample(rng: random.Random) -> Sample:
    mode = rng.choice(["constant", "constant", *MODES])
    rank = rng.randint(1, 5) if mode == "constant" else rng.randint(2, 5)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    count = rng.randint(1, rank) if mode == "constant" else max(1, min(3, rank - rng.randint(1, 2)))
    pads = _pads(rng, count)
    if rng.random() < 0.3 and mode == "constant":
        pads[rng.randrange(len(pads))] = rng.choice([-1, -2, -3])
    if rng.random() < 0.15:
        pads = [*pads, 1] if rng.random() < 0.5 else [*pads, 1, 1]
    options: dict[str, Any] = {} if mode == "constant" and rng.random() < 0.5 else {"mode": mode}
    if rng.random() < 0.2:
        options["value"] = rng.choice([1.0, 0.0, 2])
    if rng.random() < 0.05:
        options["mode"] = "symmetric"
    return Sample("torch.nn.functional.pad", (x, tuple(pads)), options)


PAD = op(
    "pad",
    ("torch.nn.functional.pad",),
    "input, pad, mode='constant', value=None",
    constraints=(PAIRS, RANK, ROOM, RESULT, MODE),
    samples=_sample,
)


@PAD.rule
def pad(cx: Context, input: Value, pad: Value, mode: Value, value: Value) -> Value:
    """`(…, n1, n0) -> (…, n1 + b0 + b1, n0 + a0 + a1)` for `pad=(a0, a1, b0, b1)`: the last axis comes first.

    C1: a pair for each axis padded, of as many as there are. C2: other modes than constant pad all axes but the first
    one or two. C3: reflected entries are fewer than `n`, wrapped ones no more than `n`. C4: negative pads crop no more
    than there is. C5: a known mode, `value` only with constants.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    how = cx.text(mode)
    if how not in MODES:
        cx.refute("C5", say("unrecognised padding mode {mode}", mode=how), operand="mode")
    filled = value.value if isinstance(value, Float) else value.dim.value if isinstance(value, Int) else None
    if how != "constant" and filled:
        cx.refute("C5", say("padding mode {mode} doesn't take in value argument", mode=repr(how)), operand="value")
    return _padded(cx, input, cx.sizes(pad), how)


# Layers ------------------------------------------------------------------------------------------


def _layers(kind: str, mode: str, counts: tuple[int, ...], signature: str) -> Op:
    """The layers of one mode, for one, two and three axes."""
    names = tuple(f"torch.nn.{kind}{count}d" for count in counts)

    def sample(rng: random.Random) -> Sample:
        name = rng.choice(names)
        count = int(name[-2])
        rank = count + rng.randint(1, 2) if rng.random() < 0.7 else rng.randint(1, 5)
        x = t(*(rng.randint(1, 4) for _ in range(rank)))
        pads: object = rng.randint(0, 3) if rng.random() < 0.5 else tuple(_pads(rng, count))
        if mode == "constant" and rng.random() < 0.2:
            pads = -2
        if rng.random() < 0.05:
            pads = (1, 1, 1)
        return Sample(name, (x,), init=(pads, 0.5) if "value" in signature else (pads,))

    constraints = [PAIRS, RESULT if mode == "constant" else RANK]
    if mode in ("reflect", "circular"):
        constraints.append(ROOM)
    made = layer(kind, names, signature, call="input", constraints=constraints, samples=sample)

    def rule(cx: Context, layer: Layer, input: Value) -> Value:
        count = int(layer.name[-2])
        given = layer.value("padding")
        pads: list[Dim | None] = [cx.int(given)] * (2 * count) if isinstance(given, Int) else cx.sizes(given)
        if mode == "circular":
            x = cx.tensor(input)
            headline = say("expected {a}D or {b}D input (got {shape})", a=count + 1, b=count + 2, shape=x.shape)
            cx.ranks(x, (count + 1, count + 2), "C2", headline)
        return _padded(cx, input, pads, mode)

    rule.__doc__ = f"""`(…, n1, n0) -> (…, n1 + b0 + b1, n0 + a0 + a1)` for `padding=(a0, a1, b0, b1)`.

    C1: a pair for each axis padded, of as many as there are. C2: other modes than constant pad all axes but the first
    one or two. C3: reflected entries are fewer than `n`, wrapped ones no more than `n`. C4: no more is cropped than
    there is.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.{kind}{counts[0]}d.html
    """
    made.rule(rule)
    return made


LAYERS = [
    _layers("ConstantPad", "constant", (1, 2, 3), "padding, value"),
    _layers("ZeroPad", "constant", (1, 2, 3), "padding"),
    _layers("ReflectionPad", "reflect", (1, 2, 3), "padding"),
    _layers("ReplicationPad", "replicate", (1, 2, 3), "padding"),
    _layers("CircularPad", "circular", (1, 2, 3), "padding"),
]
