"""`diagonal`, `diag`, `diag_embed`, `tril`, `triu`: matrices and their diagonals."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Message, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.ops.slicing import greatest, least
from shapelint.shapes.dim import ZERO, Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Tensor, Value

RANGE = Constraint("C1", "axis-out-of-range", "`dim1` and `dim2` are axes of the tensor")
TWICE = Constraint("C2", "axis-order", "`dim1` and `dim2` are not the same axis")


def _length(cx: Context, rows: Dim, columns: Dim, offset: Dim) -> Axis:
    """How long a diagonal is: `offset` columns to the right, or rows down where it is negative."""
    facts = cx.facts
    if facts.at_least(offset, 0):
        columns = columns - offset
    elif facts.at_most(offset, 0):
        rows = rows + offset
    else:
        return cx.fresh("diagonal")
    return Axis.fresh(greatest(facts, least(facts, facts.resolve(rows), facts.resolve(columns)), ZERO))


def _diagonal_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    name = rng.choice(DIAGONAL.torch)
    if rng.random() < 0.3 and rank > 1:
        return Sample(name, (x,), {"offset": rng.randint(-2, 2)})
    axes = [rng.randrange(-rank, rank) if rng.random() < 0.9 else rank for _ in range(2)]
    return Sample(name, (x, rng.randint(-2, 2), *axes))


DIAGONAL = op(
    "diagonal",
    both("diagonal"),
    "input, offset=0, dim1=0, dim2=1",
    constraints=(RANGE, TWICE),
    samples=_diagonal_sample,
)


@DIAGONAL.rule
def diagonal(cx: Context, input: Value, offset: Value, dim1: Value, dim2: Value) -> Value:
    """`(…, n, …, m, …) -> (…, min(n, m))`: two axes read along their diagonal, which becomes the last axis.

    C1: both in range. C2: not the same axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html
    """
    return _read_diagonal(cx, cx.tensor(input), cx.int(offset), dim1, dim2)


def _read_diagonal(cx: Context, x: Tensor, offset: Dim, dim1: Value, dim2: Value) -> Tensor:
    numbers = cx.known_int(dim1), cx.known_int(dim2)
    if x.shape.rank is None and (numbers[0] < 0) != (numbers[1] < 0):
        x = cx.ranked(x)
    for number in numbers:
        x, _ = cx.axis(x, number, "C1")
    first, second = (cx.axis(x, number, "C1")[1] for number in numbers)
    if first == second:
        cx.refute("C2", _identical(numbers), operand="dim1")
    rows, columns = x.shape.parts[first], x.shape.parts[second]
    assert isinstance(rows, Axis)
    assert isinstance(columns, Axis)
    count = len(x.shape.parts)
    kept = [p for i, p in enumerate(x.shape.parts) if i not in (first % count, second % count)]
    return x.with_parts([*kept, _length(cx, rows.size, columns.size, offset)])


def _identical(numbers: tuple[int, int]) -> Message:
    return say("diagonal dimensions cannot be identical {a}, {b}", a=numbers[0], b=numbers[1])


def _diag_sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 4) for _ in range(rng.randint(0, 3) if rng.random() < 0.5 else rng.randint(1, 2))))
    name = rng.choice(DIAG.torch)
    return Sample(name, (x, rng.randint(-2, 2)) if rng.random() < 0.6 else (x,))


DIAG = op(
    "diag",
    both("diag"),
    "input, diagonal=0, *, out=None",
    constraints=(Constraint("C1", "axis-out-of-range", "the tensor has one axis or two"),),
    samples=_diag_sample,
)


@DIAG.rule
def diag(cx: Context, input: Value, diagonal: Value, out: Value) -> Value:
    """`(n,) -> (n, n)`, `(n, m) -> (min(n, m),)`: a matrix with that diagonal, or the diagonal of a matrix.

    C1: one axis or two.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.diag.html
    """
    x = cx.tensor(input)
    x = cx.ranks(x, (1, 2), "C1", say("diag(): supports 1D or 2D tensors, not {shape}", shape=x.shape))
    x = cx.ranked(x)
    if x.shape.rank == 1:
        return _matrix(cx, x, cx.int(diagonal))
    return _read_diagonal(cx, x, cx.int(diagonal), Int.of(0), Int.of(1))


def _matrix(cx: Context, x: Tensor, offset: Dim) -> Tensor:
    """The last axis as the diagonal of a square matrix."""
    *lead, last = x.shape.parts
    assert isinstance(last, Axis)
    if cx.facts.at_least(offset, 0):
        size = last.size + offset
    elif cx.facts.at_most(offset, 0):
        size = last.size - offset
    else:
        raise CannotTell("dynamic-value")
    return x.with_parts((*lead, Axis(size, last.resized(size).factors), Axis.fresh(size)))


def _flat_sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3))))
    return Sample(rng.choice(FLAT.torch), (x, rng.randint(-2, 2)) if rng.random() < 0.6 else (x,))


FLAT = op("diagflat", both("diagflat"), "input, offset=0", samples=_flat_sample)


@FLAT.rule
def diagflat(cx: Context, input: Value, offset: Value) -> Value:
    """`(n0, n1, …) -> (n0*n1*…, n0*n1*…)`: all entries as the diagonal of a matrix.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.diagflat.html
    """
    from shapelint.ops.flatten import flatten

    flat = flatten(cx, input, Int.of(0), Int.of(-1))
    assert isinstance(flat, Tensor)
    return _matrix(cx, flat, cx.int(offset))


def _embed_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    x = t(*(rng.randint(1, 3) for _ in range(rank)))
    name = rng.choice(EMBED.torch)
    if rng.random() < 0.4:
        return Sample(name, (x, rng.randint(-2, 2)))
    axes = [rng.randint(-rank - 1, rank) if rng.random() < 0.9 else rank + 1 for _ in range(2)]
    return Sample(name, (x,), {"offset": rng.randint(-2, 2), "dim1": axes[0], "dim2": axes[1]})


EMBED = op(
    "diag_embed",
    both("diag_embed"),
    "input, offset=0, dim1=-2, dim2=-1",
    constraints=(RANGE, TWICE),
    samples=_embed_sample,
)


@EMBED.rule
def diag_embed(cx: Context, input: Value, offset: Value, dim1: Value, dim2: Value) -> Value:
    """`(…, n) -> (…, n, n)`: the last axis as the diagonal of matrices, which stand at `dim1` and `dim2` of the result.

    C1: both in range of the result. C2: not the same axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.diag_embed.html
    """
    x = cx.tensor(input)
    numbers = cx.known_int(dim1), cx.known_int(dim2)
    if x.shape.rank is None and numbers == (-2, -1):
        return _matrix(cx, x.with_parts(cx.facts.reveal_suffix(x.shape, 1).parts), cx.int(offset))
    x = cx.ranked(x)
    if not x.shape.parts:
        raise CannotTell("dynamic-value")
    first, second = (cx.axis(x, number, "C1", extra=1)[1] for number in numbers)
    if first == second:
        cx.refute("C2", _identical(numbers), operand="dim1")
    made = _matrix(cx, x, cx.int(offset)).shape.parts
    others = iter(made[:-2])
    square = {first: made[-2], second: made[-1]}
    return x.with_parts([square[i] if i in square else next(others) for i in range(len(made))])


def _triangle_sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 4))))
    name = rng.choice(TRIANGLE.torch)
    return Sample(name, (x,), {"diagonal": rng.randint(-2, 2)} if rng.random() < 0.5 else {})


TRIANGLE = op(
    "tril",
    both("tril triu"),
    "input, diagonal=0, *, out=None",
    constraints=(Constraint("C1", "axis-out-of-range", "the tensor has at least two axes"),),
    samples=_triangle_sample,
)


@TRIANGLE.rule
def tril(cx: Context, input: Value, diagonal: Value, out: Value) -> Value:
    """`(…, n, m) -> (…, n, m)`, with zeros above (or below) a diagonal.

    C1: two axes or more.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.tril.html
    """
    x = cx.tensor(input)
    headline = say("{subject}: input tensor must have at least 2 dimensions, not {shape}", shape=x.shape)
    return cx.at_least_rank(x, 2, "C1", headline)
