"""`transpose`, `t`, `.T`, `.mT`, `movedim`: axes trade places."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.shapes.shape import Segment
from shapelint.values.model import Tensor, Value

RANGE = Constraint("C1", "axis-out-of-range", "both axes are axes of the tensor")


def _sizes(rng: random.Random, most: int = 4) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(0, most))]


def _axis(rng: random.Random, rank: int) -> int:
    room = max(rank, 1)
    return rng.randrange(-room, room) if rng.random() < 0.85 else rng.choice([room, -room - 1])


def _swap_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    name = rng.choice(TRANSPOSE.torch)
    a, b = _axis(rng, len(sizes)), _axis(rng, len(sizes))
    if name.startswith("torch.Tensor") or rng.random() < 0.7:
        return Sample(name, (t(*sizes), a, b))
    names = ("axis0", "axis1") if name.endswith("swapaxes") else ("dim0", "dim1")
    return Sample(name, (t(*sizes),), dict(zip(names, (a, b), strict=True)))


TRANSPOSE = op(
    "transpose",
    tuple(f"{owner}.{name}" for name in ("transpose", "swapaxes", "swapdims") for owner in ("torch", "torch.Tensor")),
    ("input, dim0, dim1", "input, axis0, axis1"),
    constraints=(RANGE,),
    samples=_swap_sample,
)


@TRANSPOSE.rule
def transpose(
    cx: Context,
    input: Value,
    dim0: Value | None = None,
    dim1: Value | None = None,
    axis0: Value | None = None,
    axis1: Value | None = None,
) -> Value:
    """`(…, a, …, b, …) -> (…, b, …, a, …)`.

    C1: both in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.transpose.html
    """
    first, second = dim0 or axis0, dim1 or axis1
    assert first is not None
    assert second is not None
    x = cx.tensor(input)
    a, b = cx.known_int(first), cx.known_int(second)
    if x.shape.rank is None and (a < 0) != (b < 0):
        return _across(cx, x, max(a, b), min(a, b))
    x, _ = cx.axis(x, a, "C1")
    x, at = cx.axis(x, b, "C1")
    at_first = cx.axis(x, a, "C1")[1]
    parts = list(x.shape.parts)
    if parts:
        parts[at_first], parts[at] = parts[at], parts[at_first]
    return x.with_parts(parts)


def _across(cx: Context, x: Tensor, left: int, right: int) -> Tensor:
    """An axis counted from the left and one counted from the right, which may be the same one, or cross."""
    least, greatest = cx.facts.admissible_ranks(x.shape)
    if greatest is not None and least > left:
        x = cx.read(x)
    if least >= left + 1 - right:
        shape = cx.facts.reveal_suffix(cx.facts.reveal_prefix(x.shape, left + 1), -right)
        parts = list(shape.parts)
        parts[left], parts[right] = parts[right], parts[left]
        return x.with_parts(parts)
    x, _ = cx.axis(x, left if left + 1 >= -right else right, "C1")
    if not x.shape.ranked:
        return x.with_parts((Segment("transposed"),))
    a, b = cx.axis(x, left, "C1")[1], cx.axis(x, right, "C1")[1]
    parts = list(x.shape.parts)
    parts[a], parts[b] = parts[b], parts[a]
    return x.with_parts(parts)


MATRIX = Constraint("C1", "axis-out-of-range", "the tensor has at most two axes")


def _t_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(T_METHOD.torch), (t(*_sizes(rng)),))


T_METHOD = op("t", ("torch.t", "torch.Tensor.t"), "input", constraints=(MATRIX,), samples=_t_sample)


@T_METHOD.rule
def t_method(cx: Context, input: Value) -> Value:
    """`(a, b) -> (b, a)`; fewer axes stay as they are.

    C1: no more than two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.t.html
    """
    x = cx.tensor(input)
    if x.shape.rank is None:
        x = cx.read(x)
    if x.shape.rank is None:
        least, _ = cx.facts.admissible_ranks(x.shape)
        if least == 2:
            x = cx.tensor(x, 2)
        elif least < 2:
            raise CannotTell("dynamic-value", "rank")
    if x.shape.rank is None or x.shape.rank > 2:
        cx.refute(
            "C1", say("t() expects a tensor with <= 2 dimensions, but {subject} is of shape {shape}", shape=x.shape)
        )
    return x.with_parts(x.shape.parts[::-1])


def _reversed_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(REVERSED.torch), (t(*_sizes(rng, 3)),))


REVERSED = op("T", ("torch.Tensor.T",), "input", samples=_reversed_sample)


@REVERSED.rule
def reverse(cx: Context, input: Value) -> Value:
    """`(n0, n1, …) -> (…, n1, n0)`.

    Follows https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor.T
    """
    x = cx.tensor(input)
    if not x.shape.ranked and len(x.shape.parts) > 1:
        x = cx.read(x)
    return x.with_parts(x.shape.parts[::-1])


TWO = Constraint("C1", "axis-out-of-range", "the tensor has two axes or more")


def _matrix_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    name = rng.choice(MATRICES.torch)
    if len(sizes) == 0:
        sizes = [2]  # torch takes a tensor without axes, for now
    if len(sizes) != 2 and name.endswith("H"):
        name = "torch.Tensor.mT"
    return Sample(name, (t(*sizes),))


MATRICES = op(
    "mT",
    ("torch.Tensor.mT", "torch.Tensor.mH", "torch.Tensor.H", "torch.adjoint", "torch.Tensor.adjoint"),
    "input",
    constraints=(TWO,),
    samples=_matrix_sample,
)


@MATRICES.rule
def matrices(cx: Context, input: Value) -> Value:
    """`(…, a, b) -> (…, b, a)`.

    C1: two axes or more.
    Follows https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor.mT
    """
    x = cx.tensor(input)
    if x.shape.rank == 0:
        return x
    x = cx.at_least_rank(
        x, 2, "C1", say("{subject} is only supported on matrices or batches of matrices, not {shape}", shape=x.shape)
    )
    *lead, a, b = x.shape.parts
    return x.with_parts((*lead, b, a))


def _move_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    name = rng.choice(MOVE.torch)
    if rng.random() < 0.6 or not sizes:
        return Sample(name, (t(*sizes), _axis(rng, len(sizes)), _axis(rng, len(sizes))))
    count = rng.randint(1, len(sizes))
    source = rng.sample(range(len(sizes)), count)
    target = [n - len(sizes) if rng.random() < 0.4 else n for n in rng.sample(range(len(sizes)), count)]
    if rng.random() < 0.2:
        source = [*source[:-1], source[0]] if rng.random() < 0.5 else source[1:]
    return Sample(name, (t(*sizes), tuple(source), tuple(target)))


MOVE = op(
    "movedim",
    ("torch.movedim", "torch.Tensor.movedim", "torch.moveaxis", "torch.Tensor.moveaxis"),
    "input, source, destination",
    constraints=(
        Constraint("C1", "axis-out-of-range", "`source` and `destination` are axes of the tensor"),
        Constraint("C2", "axis-order", "both name as many axes, none twice"),
    ),
    samples=_move_sample,
)


@MOVE.rule
def movedim(cx: Context, input: Value, source: Value, destination: Value) -> Value:
    """`(a, b, c) -> (b, c, a)` for `source=0, destination=-1`: axes move, the others keep their order.

    C1: all in range. C2: as many in `destination` as in `source`, none twice.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.movedim.html
    """
    x = cx.tensor(input)
    numbers = [[d.value for d in cx.ints(v)] for v in (source, destination)]
    if any(n is None for side in numbers for n in side):
        raise CannotTell("dynamic-value")
    if len(numbers[0]) != len(numbers[1]):
        cx.refute("C2", say("{subject} receives a different number of source and destination axes"), operand="source")
    every = [n or 0 for side in numbers for n in side]
    if not every:
        return x
    from_left, from_right = all(n >= 0 for n in every), all(n < 0 for n in every)
    x, _ = cx.axis(x, max(every, key=lambda n: n if n >= 0 else -n - 1), "C1")
    for number in every if x.shape.ranked else ():
        x, _ = cx.axis(x, number, "C1")
    if not x.shape.parts:
        return x
    if not x.shape.ranked and not from_left and not from_right:
        return x.with_parts((Segment("moved"),))
    rank = len(x.shape.parts)
    origin, target = ([(n or 0) % rank for n in side] for side in numbers)
    if len(set(origin)) != len(origin) or len(set(target)) != len(target):
        cx.refute("C2", say("{subject} names an axis twice"), operand="source")
    moved = dict(zip(target, origin, strict=True))
    others = iter(i for i in range(rank) if i not in origin)
    return x.with_parts(tuple(x.shape.parts[moved[i] if i in moved else next(others)] for i in range(rank)))
