"""`repeat`, `tile`, `repeat_interleave`: the entries of an axis several times."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.flatten import flatten
from shapelint.shapes.dim import ONE, Dim, divide_exactly
from shapelint.shapes.shape import Axis, Factor, Part, Segment
from shapelint.values.model import Int, NoneValue, Sequence, SizeOf, Tensor, Tuple, Value

COUNT = Constraint("C1", "expand-shape", "there are as many repeats as axes, or more")
NEGATIVE = Constraint("C2", "expand-shape", "no number of repeats is negative")


def _times(cx: Context, axis: Axis, times: Dim | None, *, inner: bool = False) -> Axis:
    """The axis with all entries `times` over; with `inner`, each entry in a row."""
    if times is None:
        return cx.fresh("repeated")
    if times == ONE:
        return axis
    if cx.surely(axis.size, 1):
        return Axis.fresh(times)
    size = cx.facts.resolve(axis.size * times)
    if not axis.factors or divide_exactly(size, times) is None:
        return Axis(size)
    added = Factor(times)
    return Axis(size, (*axis.factors, added) if inner else (added, *axis.factors))


def _require_counts(cx: Context, repeats: list[Dim | None]) -> None:
    for count in repeats:
        if count is not None and cx.facts.at_most(count, -1, proof=True):
            cx.refute("C2", say("trying to create tensor with negative dimension: {count} repeats", count=count))


def _repeated(cx: Context, x: Tensor, repeats: list[Dim | None]) -> Tensor:
    axes = x.shape.axes
    lead: list[Part] = [Axis.fresh(r) if r is not None else cx.fresh("repeated") for r in repeats[: -len(axes) or None]]
    if len(repeats) <= len(axes):
        lead = []
    rest = repeats[len(repeats) - len(axes) :] if axes else []
    return x.with_parts([*lead, *(_times(cx, a, r) for a, r in zip(axes, rest, strict=True))])


def _repeat_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    count = len(sizes) + rng.choice([0, 0, 1, -1])
    repeats = [rng.randint(0 if rng.random() < 0.1 else 1, 3) for _ in range(max(count, 0))]
    if repeats and rng.random() < 0.15:
        repeats[rng.randrange(len(repeats))] = -1
    if repeats and rng.random() < 0.6:
        return Sample("torch.Tensor.repeat", (t(*sizes), *repeats))
    return Sample("torch.Tensor.repeat", (t(*sizes), tuple(repeats)))


REPEAT = op(
    "repeat", ("torch.Tensor.repeat",), "input, *repeats", constraints=(COUNT, NEGATIVE), samples=_repeat_sample
)


@REPEAT.rule
def repeat(cx: Context, input: Value, repeats: Value) -> Value:
    """`(n0, n1) -> (k, r0*n0, r1*n1)` for `repeat(k, r0, r1)`.

    C1: as many repeats as axes, or more. C2: none negative.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
    """
    x = cx.tensor(input)
    counts = cx.sizes(repeats)
    _require_counts(cx, counts)
    if not x.shape.ranked:
        x = cx.read(x)
    least, _ = cx.facts.admissible_ranks(x.shape)
    if least > len(counts):
        cx.refute(
            "C1",
            say(
                "number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
                "{count} against {shape}",
                count=len(counts),
                shape=x.shape,
            ),
            operand="repeats",
        )
    if not x.shape.ranked:
        known = x.shape.suffix
        tail = counts[len(counts) - len(known) :] if known else []
        parts = [cx.fresh("repeated") for _ in range(len(counts) - len(known))]
        return x.with_parts([*parts, *(_times(cx, a, r) for a, r in zip(known, tail, strict=True))])
    return _repeated(cx, x, counts)


def _tile_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    repeats = [rng.randint(1, 3) for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.3:
        repeats[rng.randrange(len(repeats))] = -1
    name = rng.choice(TILE.torch)
    if name == "torch.tile" or rng.random() < 0.5:
        return Sample(name, (t(*sizes), tuple(repeats)))
    return Sample(name, (t(*sizes), *repeats))


TILE = op(
    "tile",
    ("torch.tile", "torch.Tensor.tile"),
    "input, *dims",
    constraints=(NEGATIVE,),
    samples=_tile_sample,
)


@TILE.rule
def tile(cx: Context, input: Value, dims: Value) -> Value:
    """`(n0, n1) -> (r0*n0, r1*n1)`; fewer repeats than axes leave the first axes as they are.

    C2: none negative.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.tile.html
    """
    x = cx.tensor(input)
    counts = cx.sizes(dims)
    _require_counts(cx, counts)
    if not x.shape.ranked:
        x = cx.read(x)
    if not x.shape.ranked:
        return x.with_parts((Segment("tiled"),))
    missing = len(x.shape.axes) - len(counts)
    return _repeated(cx, x, [*[ONE] * missing, *counts] if missing > 0 else counts)


AXIS = Constraint("C3", "axis-out-of-range", "`dim` is an axis of the tensor")
LIST = Constraint("C4", "expand-shape", "a list of repeats has one for each entry of the axis, or one for all")


def _interleave_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    room = max(len(sizes), 1)
    dim = rng.randrange(-room, room) if rng.random() < 0.85 else rng.choice([room, -room - 1])
    count: object = rng.randint(1, 3) if rng.random() < 0.85 else -1
    size = sizes[dim] if -len(sizes) <= dim < len(sizes) else 1
    if rng.random() < 0.25:
        count = t(rng.choice([size, size, size + 1, 1]), dtype="int")
    name = rng.choice(INTERLEAVE.torch)
    if rng.random() < 0.25 and isinstance(count, int):
        return Sample(name, (t(*sizes), count))
    return (
        Sample(name, (t(*sizes), count, dim)) if rng.random() < 0.5 else Sample(name, (t(*sizes), count), {"dim": dim})
    )


INTERLEAVE = op(
    "repeat_interleave",
    ("torch.repeat_interleave", "torch.Tensor.repeat_interleave"),
    "input, repeats, dim=None, *, output_size=None",
    constraints=(NEGATIVE, AXIS, LIST),
    samples=_interleave_sample,
)


@INTERLEAVE.rule
def repeat_interleave(cx: Context, input: Value, repeats: Value, dim: Value, output_size: Value) -> Value:
    """`(a, n, b) -> (a, r*n, b)`: each entry `r` times in a row; all axes as one without `dim`.

    C2: not negative. C3: `dim` in range. C4: a tensor of repeats has one for each entry of the axis, or one for all;
    how long the axis then is depends on their values.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html
    """
    x = cx.tensor(input)
    if isinstance(dim, NoneValue):
        flat = flatten(cx, x, Int.of(0), Int.of(-1))
        assert isinstance(flat, Tensor)
        x, at = flat, 0
    else:
        x, at = cx.axis(x, dim, "C3")
    if not x.shape.parts:
        cx.refute(
            "C3", say("dimension specified as {dim} but tensor has no dimensions", dim=cx.int(dim)), operand="dim"
        )
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    parts = list(x.shape.parts)
    if isinstance(repeats, (Tensor, Tuple, SizeOf, Sequence)):
        parts[at] = _by_list(cx, axis, repeats)
        if not isinstance(output_size, NoneValue):
            parts[at] = Axis.fresh(cx.int(output_size))
        return x.with_parts(parts)
    count = cx.int(repeats)
    _require_counts(cx, [count])
    parts[at] = _times(cx, axis, count, inner=True)
    return x.with_parts(parts)


def _by_list(cx: Context, axis: Axis, repeats: Value) -> Part:
    """As many entries as all repeats together, one of which belongs to each entry of the axis."""
    if isinstance(repeats, Tuple) and all(isinstance(v, Int) for v in repeats.items):
        counts = cx.ints(repeats)
        length, total = Dim.of(len(counts)), sum(counts, Dim.of(0))
    else:
        given = cx.tensor(repeats)
        if given.shape.rank != 1:
            return cx.fresh("repeated")
        length, total = given.shape.dims[0], Dim.symbol("repeated", "unknown", 0)
    if cx.surely(length, 1):
        return cx.fresh("repeated")
    if cx.never(length, 1):
        headline = say(
            "repeats must have the same size as input along dim: {size} against {count}", size=axis.size, count=length
        )
        cx.demand_equal("C4", axis.size, length, headline, operand="repeats")
    return Axis.fresh(total)
