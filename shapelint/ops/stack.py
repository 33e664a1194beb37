"""`stack` and its kin: tensors of one shape along a new axis, or glued along an old one."""

from __future__ import annotations

import random

from shapelint.ops.cat import cat
from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.squeeze import with_axis
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Sequence, Tensor, Tuple, Value


def _stack_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 3)
    base = [rng.randint(1, 4) for _ in range(rank)]
    given = []
    for _ in range(rng.randint(1, 3)):
        sizes = list(base)
        if rank and rng.random() < 0.15:
            sizes[rng.randrange(rank)] = rng.randint(1, 4)
        if rng.random() < 0.07:
            sizes = [*sizes, 2]
        given.append(t(*sizes))
    if rng.random() < 0.03:
        given = []
    dim = rng.randint(-rank - 1, rank) if rng.random() < 0.85 else rng.choice([rank + 1, -rank - 2])
    if rng.random() < 0.2:
        return Sample("torch.stack", (given,))
    if rng.random() < 0.4:
        return Sample("torch.stack", (given, dim))
    return Sample("torch.stack", (tuple(given),), {"dim": dim})


STACK = op(
    "stack",
    ("torch.stack",),
    ("tensors, dim=0, *, out=None", "tensors, axis, *, out=None"),
    constraints=(
        Constraint("C1", "cat-shape", "all tensors have the same shape"),
        Constraint("C2", "axis-out-of-range", "`dim` is an axis of the result"),
        Constraint("C3", "cat-shape", "there is at least one tensor"),
    ),
    samples=_stack_sample,
)


@STACK.rule
def stack(
    cx: Context, tensors: Value, dim: Value | None = None, axis: Value | None = None, out: Value | None = None
) -> Value:
    """`[(a, b), (a, b), …] -> (n, a, b)` for `n` tensors, with `n` at `dim` of the result.

    C1: equal shapes. C2: `dim` in range of the result. C3: not an empty list.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.stack.html
    """
    place = dim if dim is not None else axis
    assert place is not None
    if isinstance(tensors, Tensor):  # its entries along axis 0 are stacked again
        whole = cx.tensor(tensors)
        shape = cx.facts.reveal_prefix(whole.shape, 1)
        if not shape.parts:
            raise CannotTell("dynamic-value")
        entry, at = cx.axis(whole.with_parts(shape.parts[1:]), place, "C2", extra=1)
        return with_axis(entry, at, shape.parts[0])
    if isinstance(tensors, Sequence):
        return _stacked_sequence(cx, tensors, place)
    given = cx.tensors(tensors)
    if not given:
        cx.refute("C3", say("{subject} expects a non-empty list of tensors"), operand="tensors")
    return _stacked(cx, given, place, Axis.fresh(len(given)))


def _stacked(cx: Context, given: list[Tensor], place: Value, added: Axis) -> Tensor:
    given = alike(cx, given, "C1")
    first, at = cx.axis(given[0], place, "C2", extra=1)
    dtype = first.dtype if all(x.dtype == first.dtype for x in given) else None
    return with_axis(first, at, added).with_dtype(dtype)


def alike(cx: Context, given: list[Tensor], constraint: str) -> list[Tensor]:
    """Demand that all tensors have one shape."""
    rank = next((x.shape.rank for x in given if x.shape.rank is not None), None)
    settled: list[Tensor] = []
    for x in given:
        headline = say(
            "{subject} expects each tensor to be equal size, but got {a} and {b}", a=given[0].shape, b=x.shape
        )
        shape = x.shape if rank is None else cx.facts.fix_rank(x.shape, rank)
        if shape is None:
            cx.refute(constraint, headline, operand="tensors")
        x = x.with_parts(shape.parts)
        for a, b in zip(settled[0].shape.parts if settled else (), x.shape.parts, strict=False):
            if isinstance(a, Axis) and isinstance(b, Axis) and rank is not None:
                cx.demand_equal(constraint, a.size, b.size, headline, operand="tensors")
        settled.append(x)
    return settled


def _stacked_sequence(cx: Context, tensors: Sequence, place: Value) -> Tensor:
    """A list of a symbolic number of like tensors."""
    given = [cx.tensor(v) for v in (tensors.first, tensors.element, tensors.last) if v is not None]
    length = tensors.length
    return _stacked(cx, given, place, Axis.fresh(length) if length is not None else cx.fresh("stacked", 1))


# hstack, vstack, dstack, column_stack ------------------------------------------------------------

RANKS = Constraint("C1", "cat-shape", "all tensors have the same number of axes, once raised")
SHAPES = Constraint("C2", "cat-shape", "all axes but the one they are joined along have equal sizes")


def _glued(name: str, torch: tuple[str, ...], formula: str, rank: int, axis: int, columns: bool = False) -> Op:
    """An op that raises its tensors to `rank` axes and joins them along `axis`."""

    def sample(rng: random.Random) -> Sample:
        count = rng.randint(1, 3)
        base = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
        given = []
        for _ in range(count):
            sizes = list(base)
            if sizes and rng.random() < 0.5:
                sizes[min(axis, len(sizes) - 1)] = rng.randint(1, 3)
            if sizes and rng.random() < 0.2:
                sizes[rng.randrange(len(sizes))] = rng.randint(1, 3)
            if rng.random() < 0.05:
                sizes = [*sizes, 2]
            given.append(t(*sizes))
        return Sample(rng.choice(torch), (given,))

    made = op(name, torch, "tensors, *, out=None", constraints=(RANKS, SHAPES), samples=sample)

    def glue(cx: Context, tensors: Value, out: Value) -> Value:
        count: Dim | None = None
        items: tuple[Value, ...]
        if isinstance(tensors, Sequence):
            items = tuple(v for v in (tensors.element, tensors.first, tensors.last) if v is not None)
            count = tensors.length
        else:
            items = cx.items(tensors)
        given = [_lifted(cx, cx.tensor(v), rank, columns) for v in items]
        if not given:
            raise CannotTell("dynamic-value")
        at = axis if rank != 1 or len(given[0].shape.parts) > 1 else 0
        joined: Value = Tuple(tuple(given))
        if isinstance(tensors, Sequence):
            joined = Sequence(given[0], count, first=given[1 % len(given)], last=given[-1])
        return cat(cx, joined, Int.of(at))

    glue.__doc__ = f"""{formula}

    C1: equal numbers of axes, once raised. C2: equal sizes but along the axis that they are joined along.
    Follows https://docs.pytorch.org/docs/stable/generated/{torch[0]}.html
    """
    made.rule(glue)
    return made


def _lifted(cx: Context, x: Tensor, rank: int, columns: bool) -> Tensor:
    x = cx.ranked(x)
    have = x.shape.rank
    one = Axis.fresh(1)
    if have == 0:
        return x.with_parts(tuple(Axis.fresh(1) for _ in range(rank)))
    if have == 1 and rank > 1:
        after = [Axis.fresh(1) for _ in range(rank - 2)]
        return x.with_parts((x.shape.parts[0], one) if columns else (one, *x.shape.parts, *after))
    return x.with_parts((*x.shape.parts, one)) if have is not None and have < rank else x


HSTACK = _glued("hstack", ("torch.hstack",), "`[(a, n1), (a, n2), …] -> (a, n1 + n2 + …)`; vectors end to end.", 1, 1)
VSTACK = _glued(
    "vstack",
    ("torch.vstack", "torch.row_stack"),
    "`[(n1, a), (n2, a), …] -> (n1 + n2 + …, a)`; a vector is one row.",
    2,
    0,
)
DSTACK = _glued(
    "dstack", ("torch.dstack",), "`[(a, b, n1), (a, b, n2), …] -> (a, b, n1 + n2 + …)`; a matrix has depth 1.", 3, 2
)
COLUMN_STACK = _glued(
    "column_stack",
    ("torch.column_stack",),
    "`[(a, n1), (a, n2), …] -> (a, n1 + n2 + …)`; a vector is one column.",
    2,
    1,
    columns=True,
)

__all__ = ["alike"]
