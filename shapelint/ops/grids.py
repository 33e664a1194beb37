"""Tensors of positions and pairings: `meshgrid`, `tril_indices`, `cartesian_prod`, `combinations`."""

from __future__ import annotations

import random
from collections.abc import Callable

from shapelint.ops.contract import Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.factories import NEGATIVE, NOT_INTS, OPTIONS, asked_axis
from shapelint.shapes.dim import ONE, Dim
from shapelint.shapes.shape import Axis, Shape, product
from shapelint.values.model import Dtype, Sequence, Str, Tensor, Tuple, Value


def _vectors(rng: random.Random) -> list[object]:
    """A few vectors, now and then one that is none."""
    kinds: tuple[Dtype, ...] = ("float", "int")
    kind = rng.choice(kinds)
    vectors: list[object] = [t(rng.randint(1, 4), dtype=kind) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.3:
        vectors[rng.randrange(len(vectors))] = rng.choice((t(2, 2, dtype=kind), t(dtype=kind), t(1, 1, 2, dtype=kind)))
    return vectors


def _meshgrid_sample(rng: random.Random) -> Sample:
    vectors = _vectors(rng)
    if rng.random() < 0.15:
        vectors[-1] = t(2, dtype=rng.choice(("float", "int")))
    options = {"indexing": rng.choice(("ij", "xy", "ij", "xy", "ji"))} if rng.random() < 0.7 else {}
    return Sample("torch.meshgrid", tuple(vectors) if rng.random() < 0.6 else (vectors,), options)


MESHGRID = op(
    "meshgrid",
    ("torch.meshgrid",),
    "*tensors, indexing=None",
    constraints=(
        Constraint("C1", "invalid-option", "the tensors have at most one axis"),
        Constraint("C2", "invalid-option", "the tensors are of one kind"),
        Constraint("C3", "invalid-option", '`indexing` is "ij" or "xy"'),
    ),
    samples=_meshgrid_sample,
)


def _given(cx: Context, tensors: Value) -> list[Tensor]:
    items = cx.items(tensors)
    if len(items) == 1 and isinstance(items[0], (Tuple, Sequence)):
        return cx.tensors(items[0])
    return [cx.tensor(v) for v in items]


@MESHGRID.rule
def meshgrid(cx: Context, tensors: Value, indexing: Value) -> Value:
    """`(a,), (b,), … -> [(a, b, …), (a, b, …), …]`; with `indexing="xy"` the first two axes trade places.

    C1: at most one axis each. C2: one kind of entries. C3: `indexing` is "ij" or "xy".
    Follows https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html
    """
    given = _given(cx, tensors)
    axes: list[Axis] = []
    for x in given:
        headline = say("expected 0D or 1D tensor in the tensor list but got: {shape}", shape=x.shape)
        parts = cx.ranks(x, (0, 1), "C1", headline, "tensors").shape.parts
        first = parts[0] if parts else Axis.fresh(1)
        axes.append(first if isinstance(first, Axis) else cx.fresh("n"))
    kinds = {x.dtype for x in given}
    if None not in kinds and len(kinds) > 1:
        cx.refute("C2", say("torch.meshgrid expects all tensors to have the same dtype"), operand="tensors")
    if isinstance(indexing, Str) and indexing.value not in (None, "ij", "xy"):
        cx.refute("C3", say('indexing must be one of "xy" or "ij", but received: {text}', text=indexing.value or ""))
    if len(axes) > 1 and not cx.is_none(indexing) and cx.text(indexing) == "xy":
        axes[:2] = axes[1], axes[0]
    return Tuple(tuple(Tensor(Shape(tuple(axes)), x.dtype) for x in given))


def _product_sample(rng: random.Random) -> Sample:
    return Sample("torch.cartesian_prod", tuple(_vectors(rng)))


CARTESIAN = op(
    "cartesian_prod",
    ("torch.cartesian_prod",),
    "*tensors",
    constraints=(Constraint("C1", "invalid-option", "the tensors have one axis"),),
    samples=_product_sample,
)


@CARTESIAN.rule
def cartesian_prod(cx: Context, tensors: Value) -> Value:
    """`(a,), (b,), … (k of them) -> (a * b * …, k)`; a single tensor stays.

    C1: one axis each.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.cartesian_prod.html
    """
    given = []
    for v in cx.items(tensors):
        x = cx.tensor(v)
        headline = say("expect a 1D vector, but got shape {shape}", shape=x.shape)
        given.append(cx.ranks(x, (1,), "C1", headline, "tensors"))
    if len(given) == 1:
        return given[0]
    rows = Axis.fresh(product(x.shape.dims[0] for x in given))
    return Tensor(Shape((rows, Axis.fresh(len(given)))), given[0].dtype)


def _combinations_sample(rng: random.Random) -> Sample:
    x = t(rng.randint(1, 5)) if rng.random() < 0.8 else rng.choice((t(2, 2), t()))
    if rng.random() < 0.3:
        return Sample("torch.combinations", (x,))
    r, again = rng.choice((0, 1, 2, 3, 4, -1)), rng.random() < 0.5
    if rng.random() < 0.5:
        return Sample("torch.combinations", (x, r, again))
    return Sample("torch.combinations", (x,), {"r": r, "with_replacement": again})


COMBINATIONS = op(
    "combinations",
    ("torch.combinations",),
    "input, r=2, with_replacement=False",
    constraints=(
        Constraint("C1", "invalid-option", "`input` has one axis"),
        Constraint("C2", "invalid-option", "`r` is not negative"),
    ),
    samples=_combinations_sample,
)


@COMBINATIONS.rule
def combinations(cx: Context, input: Value, r: Value, with_replacement: Value) -> Value:
    """`(n,) -> (n choose r, r)`, with replacement `(n + r - 1 choose r, r)`; `r = 0` gives `(0,)`.

    C1: `input` has one axis. C2: `r` is not negative.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.combinations.html
    """
    x = cx.tensor(input)
    x = cx.ranks(x, (1,), "C1", say("expect a 1D vector, but got shape {shape}", shape=x.shape))
    count = cx.known_int(r)
    if count < 0:
        cx.refute("C2", say("expect a non-negative number, but got {r}", r=count), operand="r")
    if count == 0:
        return Tensor(Shape((Axis.fresh(0),)), x.dtype)
    size = x.shape.dims[0]
    again = cx.flag(with_replacement)
    total = ONE
    for i in range(count):
        total = total * (size + i if again else size - i)
    divisor = 1
    for i in range(2, count + 1):
        divisor *= i
    value = size.value
    rows = Dim.of(0) if value is not None and not again and value < count else total // divisor
    return Tensor(Shape((Axis.fresh(rows), Axis.fresh(count))), x.dtype)


def _below(cx: Context, rows: Dim, cols: Dim, offset: int) -> Dim | None:
    """How many positions lie on the diagonal and below it."""
    if rows.value is not None and cols.value is not None:
        return Dim.of(sum(min(max(i + offset + 1, 0), cols.value) for i in range(rows.value)))
    if cx.facts.resolve(rows - cols).terms:
        return None
    if offset <= 0:
        side = rows + offset
        return (side * (side + 1)) // 2 if cx.facts.at_least(side, 0) else None
    side = rows - (offset + 1)
    return rows * rows - (side * (side + 1)) // 2 if cx.facts.at_least(side, 0) else None


def _triangle(name: str, side: str, count: Callable[[Context, Dim, Dim, int], Dim | None]) -> Op:
    """`tril_indices` or `triu_indices`."""

    def sample(rng: random.Random) -> Sample:
        row, col = (rng.choice((1, 2, 3, 4, 5, 0, -1, 2.5)) for _ in range(2))
        if rng.random() < 0.5:
            return Sample(f"torch.{name}", (row, col, rng.randint(-5, 5)) if rng.random() < 0.7 else (row, col))
        return Sample(f"torch.{name}", (), {"row": row, "col": col, "offset": rng.randint(-2, 2)})

    made = op(
        name, (f"torch.{name}",), f"row, col, offset=0, {OPTIONS}", constraints=(NEGATIVE, NOT_INTS), samples=sample
    )

    def rule(cx: Context, row: Value, col: Value, offset: Value, dtype: Value, **options: Value) -> Value:
        result = Tensor(Shape((Axis.fresh(2), cx.fresh("positions"))), dtype_kind(dtype, "int"))
        cx.expect(result)
        rows, cols = asked_axis(cx, row).size, asked_axis(cx, col).size
        total = count(cx, rows, cols, cx.known_int(offset))
        return result if total is None else result.with_parts((result.shape.parts[0], Axis.fresh(total)))

    rule.__doc__ = f"""`row, col, offset -> (2, n)`: the positions on a diagonal of a `(row, col)` matrix and {side} it.

    C1: no size is negative. C2: sizes are ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.{name}.html
    """
    made.rule(rule)
    return made


def _above(cx: Context, rows: Dim, cols: Dim, offset: int) -> Dim | None:
    """How many positions lie on the diagonal and above it."""
    rest = _below(cx, rows, cols, offset - 1)
    return None if rest is None else rows * cols - rest


TRIANGLES = [_triangle("tril_indices", "below", _below), _triangle("triu_indices", "above", _above)]
