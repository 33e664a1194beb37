"""`narrow`, `select`, `flip`, `roll`, `unfold`: one axis read in part, in another order, or in windows."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.slicing import require_within
from shapelint.shapes.dim import ONE, Dim, floor_div
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, NoneValue, Tensor, Value

RANGE = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
SCALAR = Constraint("C2", "axis-out-of-range", "the tensor has at least one axis")


def _draw(rng: random.Random) -> tuple[list[int], int, int]:
    """Sizes, an axis (rarely none of theirs), and the size of that axis."""
    sizes = [rng.randint(1, 5) for _ in range(rng.randint(1, 3) if rng.random() < 0.95 else 0)]
    room = max(len(sizes), 1)
    dim = rng.randrange(-room, room) if rng.random() < 0.9 else rng.choice([room, -room - 1])
    return sizes, dim, sizes[dim] if -len(sizes) <= dim < len(sizes) else 1


def _one(cx: Context, input: Value, dim: Value) -> tuple[Tensor, int, Axis]:
    x, at = cx.axis(cx.tensor(input), dim, "C1")
    if not x.shape.parts:
        cx.refute("C2", say("{subject} cannot be applied to a 0-dim tensor"))
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    return x, at, axis


def _with(x: Tensor, at: int, axes: list[Axis]) -> Tensor:
    parts = list(x.shape.parts)
    parts[at : at + 1 or None] = axes
    return x.with_parts(parts)


# narrow, select ----------------------------------------------------------------------------------


def _narrow_sample(rng: random.Random) -> Sample:
    sizes, dim, size = _draw(rng)
    start = rng.randint(-size, size) if rng.random() < 0.9 else rng.choice([size + 1, -size - 1])
    length = rng.randint(0, size - start % size) if rng.random() < 0.7 else rng.randint(-1, 5)
    name = rng.choice(NARROW.torch)
    if rng.random() < 0.5:
        return Sample(name, (t(*sizes), dim, start, length))
    return Sample(name, (t(*sizes), dim), {"start": start, "length": length})


NARROW = op(
    "narrow",
    ("torch.narrow", "torch.Tensor.narrow", "torch.narrow_copy", "torch.Tensor.narrow_copy"),
    "input, dim, start, length",
    constraints=(RANGE, SCALAR, Constraint("C3", "index-out-of-range", "`start` and `length` stay within the axis")),
    samples=_narrow_sample,
)


@NARROW.rule
def narrow(cx: Context, input: Value, dim: Value, start: Value, length: Value) -> Value:
    """`(a, n, b) -> (a, length, b)`: the entries from `start` on.

    C1: `dim` in range. C2: not a scalar. C3: `start + length` is at most `n`, neither is out of bounds.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.narrow.html
    """
    x, at, axis = _one(cx, input, dim)
    if isinstance(start, Tensor):
        return _with(x, at, [axis.resized(cx.whole(length))])
    first, count = cx.int(start), cx.whole(length)
    cx.expect(_with(x, at, [axis.resized(count)]))
    facts, size = cx.facts, axis.size
    from_left = facts.at_least(first, 0, proof=True)
    end = first + count + (0 if from_left else size)
    negative = facts.at_most(count, -1, proof=True) or facts.at_least(-size - first, 1, proof=True)
    signed = from_left or facts.at_most(first, -1, proof=True)
    if negative or (signed and facts.at_least(end - size, 1, proof=True)):
        cx.refute(
            "C3",
            say(
                "start ({start}) + length ({length}) exceeds dimension size ({size})",
                start=first,
                length=count,
                size=size,
            ),
            sizes=(size, end),
        )
    if from_left and (number := (first + count).value) is not None:
        facts.raise_low(size, number)
    return _with(x, at, [axis.resized(count)])


def _select_sample(rng: random.Random) -> Sample:
    sizes, dim, size = _draw(rng)
    index = rng.randrange(-size, size) if rng.random() < 0.85 else rng.choice([size, -size - 1])
    name = rng.choice(SELECT.torch)
    return (
        Sample(name, (t(*sizes), dim, index))
        if rng.random() < 0.6
        else Sample(name, (t(*sizes), dim), {"index": index})
    )


SELECT = op(
    "select",
    ("torch.select", "torch.Tensor.select"),
    "input, dim, index",
    constraints=(RANGE, SCALAR, Constraint("C3", "index-out-of-range", "`index` names an entry of the axis")),
    samples=_select_sample,
)


@SELECT.rule
def select(cx: Context, input: Value, dim: Value, index: Value) -> Value:
    """`(a, n, b) -> (a, b)`: one entry of an axis, as `x[:, index]`.

    C1: `dim` in range. C2: not a scalar. C3: `index` names an entry.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.select.html
    """
    x, at, axis = _one(cx, input, dim)
    if isinstance(index, Int):
        require_within(cx, axis, at, cx.int(index), "C3")
    return _with(x, at, [])


# flip, roll --------------------------------------------------------------------------------------


def _flip_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(1, 3))]
    rank = len(sizes)
    name = rng.choice(FLIP.torch)
    dims = rng.sample(range(rank), rng.randint(1, rank))
    if rng.random() < 0.3:
        dims[0] = rng.choice([rank, -rank - 1, dims[-1] - rank])
    if name.startswith("torch.Tensor") and rng.random() < 0.5:
        return Sample(name, (t(*sizes), *dims))
    return Sample(name, (t(*sizes), dims))


FLIP = op(
    "flip",
    ("torch.flip", "torch.Tensor.flip"),
    ("input, *dims",),
    constraints=(RANGE, Constraint("C2", "axis-order", "no axis is named twice")),
    samples=_flip_sample,
)


@FLIP.rule
def flip(cx: Context, input: Value, dims: Value) -> Value:
    """`(*) -> (*)`, the entries of some axes in reverse.

    C1: `dims` in range. C2: none twice.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.flip.html
    """
    x = cx.tensor(input)
    cx.expect(x)
    numbers = [d.value for d in cx.star_ints(dims)]
    places = []
    for number in numbers:
        if number is not None and (x.shape.ranked or len(numbers) == 1):
            x, at = cx.axis(x, number, "C1")
            places.append(at)
    if len(set(places)) != len(places):
        cx.refute("C2", say("{subject} names an axis twice"), operand="dims")
    return x


def _mirror_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(MIRROR.torch), (t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3)))),))


MIRROR = op(
    "fliplr",
    ("torch.fliplr", "torch.Tensor.fliplr"),
    "input",
    constraints=(Constraint("C1", "axis-out-of-range", "the tensor has at least two axes"),),
    samples=_mirror_sample,
)


@MIRROR.rule
def fliplr(cx: Context, input: Value) -> Value:
    """`(a, b, …) -> (a, b, …)`, columns in reverse.

    C1: two axes or more.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.fliplr.html
    """
    x = cx.tensor(input)
    return cx.at_least_rank(x, 2, "C1", say("input must be >= 2-d, not {shape}", shape=x.shape))


def _flipud_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(FLIPUD.torch), (t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3)))),))


FLIPUD = op(
    "flipud",
    ("torch.flipud", "torch.Tensor.flipud"),
    "input",
    constraints=(Constraint("C1", "axis-out-of-range", "the tensor has at least one axis"),),
    samples=_flipud_sample,
)


@FLIPUD.rule
def flipud(cx: Context, input: Value) -> Value:
    """`(a, …) -> (a, …)`, rows in reverse.

    C1: one axis or more.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.flipud.html
    """
    return cx.at_least_rank(cx.tensor(input), 1, "C1", say("input must be >= 1-d"))


def _roll_sample(rng: random.Random) -> Sample:
    sizes, dim, _ = _draw(rng)
    name = rng.choice(ROLL.torch)
    if rng.random() < 0.2:
        return Sample(name, (t(*sizes), rng.randint(-3, 3)))
    if rng.random() < 0.4 and sizes:
        shifts = [1] * rng.randint(1, 2)
        return Sample(name, (t(*sizes), tuple(shifts), (dim, 0)[: rng.randint(1, 2)]))
    return (
        Sample(name, (t(*sizes), 1, dim))
        if rng.random() < 0.5
        else Sample(name, (t(*sizes),), {"shifts": 1, "dims": dim})
    )


ROLL = op(
    "roll",
    ("torch.roll", "torch.Tensor.roll"),
    "input, shifts, dims=None",
    constraints=(RANGE, Constraint("C2", "invalid-option", "there are as many shifts as axes")),
    samples=_roll_sample,
)


@ROLL.rule
def roll(cx: Context, input: Value, shifts: Value, dims: Value) -> Value:
    """`(*) -> (*)`, the entries of some axes moved round.

    C1: `dims` in range. C2: as many shifts as axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.roll.html
    """
    x = cx.tensor(input)
    if isinstance(dims, NoneValue):
        return x
    cx.expect(x)
    counts = len(cx.ints(shifts)), len(cx.ints(dims))
    if counts[0] != counts[1]:
        cx.refute(
            "C2",
            say("shifts and dimensions must align: shifts {a}, dims {b}", a=counts[0], b=counts[1]),
            operand="dims",
        )
    if x.shape.rank == 0:
        cx.refute("C1", say("dimension specified as {dim} but tensor has no dimensions", dim=cx.ints(dims)[0]))
    return cx.axes(x, dims, "C1")[0]


def _rot_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    x = t(*(rng.randint(1, 3) for _ in range(rank)))
    name = rng.choice(ROT.torch)
    k = rng.randint(-2, 3)
    if rng.random() < 0.3 and rank > 1:
        return Sample(name, (x, k))
    dims = tuple(rng.randint(-rank, rank - 1) if rng.random() < 0.9 else rank for _ in range(2))
    return Sample(name, (x, k, dims))


ROT = op(
    "rot90",
    ("torch.rot90", "torch.Tensor.rot90"),
    "input, k=1, dims=[0, 1]",
    constraints=(RANGE, Constraint("C2", "axis-order", "two different axes span the plane")),
    samples=_rot_sample,
)


@ROT.rule
def rot90(cx: Context, input: Value, k: Value, dims: Value) -> Value:
    """`(…, a, …, b, …) -> (…, b, …, a, …)` for odd `k`, as it is for even `k`.

    C1: `dims` in range. C2: two axes, not the same.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.rot90.html
    """
    x, places = cx.axes(cx.tensor(input), dims, "C1")
    if x.shape.rank in (0, 1) or len(places) != 2 or places[0] == places[1]:
        cx.refute("C2", say("expected total rotation dims == 2, and they should be different"), operand="dims")
    turns = cx.int(k).value
    if turns is None:
        raise CannotTell("dynamic-value")
    parts = list(x.shape.parts)
    if turns % 2:
        a, b = places
        parts[a], parts[b] = parts[b], parts[a]
    return x.with_parts(parts)


# unfold, as_strided ------------------------------------------------------------------------------


def _unfold_sample(rng: random.Random) -> Sample:
    sizes, dim, size = _draw(rng)
    width = rng.randint(1, size) if rng.random() < 0.8 else size + 1
    step = rng.randint(1, 3) if rng.random() < 0.9 else 0
    return Sample("torch.Tensor.unfold", (t(*(sizes or [3])), dim, width, step))


UNFOLD = op(
    "Tensor.unfold",
    ("torch.Tensor.unfold",),
    "input, dimension, size, step",
    constraints=(
        RANGE,
        Constraint("C3", "conv-size", "a window is no longer than the axis"),
        Constraint("C4", "invalid-option", "`step` is positive"),
    ),
    samples=_unfold_sample,
)


@UNFOLD.rule
def unfold(cx: Context, input: Value, dimension: Value, size: Value, step: Value) -> Value:
    """`(a, n, b) -> (a, (n - size)//step + 1, b, size)`: windows of `size` entries, `step` apart.

    C1: `dimension` in range. C3: `size` is at most `n`. C4: `step` is above 0.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
    """
    x, at = cx.axis(cx.tensor(input), dimension, "C1")
    if not x.shape.parts:
        raise CannotTell("dynamic-value")
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    width, stride = cx.int(size), cx.int(step)
    if cx.facts.at_most(stride, 0, proof=True):
        cx.refute("C4", say("step is {step} but must be > 0", step=stride), operand="step")
    if cx.facts.at_least(width - axis.size, 1, proof=True):
        cx.refute(
            "C3",
            say("maximum size for {subject} is {have} but size is {want}", have=axis.size, want=width),
            operand="size",
            sizes=(axis.size, width),
        )
    if width.value is not None:
        cx.facts.raise_low(axis.size, width.value)
    count = axis.size - width + 1 if stride == ONE else floor_div(axis.size - width, stride) + 1
    moved = _with(x, at, [axis.resized(count)])
    return moved.with_parts((*moved.shape.parts, Axis.fresh(width)))


def _strided_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(STRIDED.torch), (t(4, 4), (rng.randint(1, 3), rng.randint(1, 3)), (1, 1)))


STRIDED = op(
    "as_strided",
    ("torch.as_strided", "torch.Tensor.as_strided"),
    "input, size, stride, storage_offset=None",
    samples=_strided_sample,
)


@STRIDED.rule
def as_strided(cx: Context, input: Value, size: Value, stride: Value, storage_offset: Value) -> Value:
    """`(*) -> size`, whatever memory holds there; whether it is enough is not modelled.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html
    """
    sizes: list[Dim | None] = cx.sizes(size)
    return cx.tensor(input).with_parts([Axis.fresh(s) if s is not None else cx.fresh("size") for s in sizes])
