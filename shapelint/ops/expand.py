"""`expand`, `broadcast_to`, `broadcast_tensors`: axes of 1 made longer without a copy."""

from __future__ import annotations

import random
from collections.abc import Sequence as Parts

from shapelint.ops.contract import CannotTell, Constraint, Context, Message, Sample, op, say, t
from shapelint.shapes.dim import ONE, Dim
from shapelint.shapes.facts import Demand, Verdict
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import SizeOf, Tensor, Tuple, Value

MINUS_ONE = Dim.of(-1)


def stretch(cx: Context, axis: Axis, size: Dim, constraint: str, headline: Message, operand: str) -> Axis:
    """The axis with `size` entries, which it has already unless it has 1. Raises Refuted where it can be neither."""
    facts = cx.facts
    have, want = facts.resolve(axis.size), facts.resolve(size)
    if have == want:
        return Axis(want, axis.factors)
    if have == ONE:
        return Axis.fresh(want)
    if cx.never(have, 1):
        cx.demand_equal(constraint, want, have, headline, operand=operand)
        return Axis(facts.resolve(want), axis.factors)
    if facts.compare(have, want) is Verdict.DIFFERENT:
        # the axis can only be of size 1
        symbol = have.lone_symbol
        if symbol is None or symbol.kind == "parameter":
            raise CannotTell("dynamic-value")
        facts.equate(have, ONE)
        return Axis.fresh(want)
    cx.generic = True
    movable = any(s.kind != "parameter" for s in (have - want).symbols)
    if movable and facts.equate(have, want, generic=True) is Demand.FAILS:
        raise CannotTell("dynamic-value", "general position")
    return Axis(facts.resolve(want), axis.factors)


def _shape(sizes: Parts[Dim | None]) -> Shape:
    return Shape(tuple(Axis(s) if s is not None else Segment("") for s in sizes))


def _expanded(cx: Context, x: Tensor, sizes: list[Dim | None], operand: str) -> Tensor:
    for size in sizes:
        if size is not None and size.value is not None and size.value < -1:
            cx.refute("C2", say("{subject} receives the invalid size {size}", size=size), operand=operand)
    fresh: list[Part] = [Axis.fresh(s) if s is not None and s != MINUS_ONE else cx.fresh("size") for s in sizes]
    cx.expect(x.with_parts(fresh))
    headline = say(
        "the expanded size must match the existing size: {have} against {want}", have=x.shape, want=_shape(sizes)
    )
    if x.shape.rank is None:
        least = _trailing_open(sizes)
        few = say("{count} sizes cannot be given to {have}", count=len(sizes), have=x.shape)
        x = cx.ranks(x, range(least, len(sizes) + 1), "C3", few, operand)
        x = x.with_parts(cx.facts.reveal_suffix(x.shape, least).parts)
    if x.shape.rank is None:
        return x.with_parts(fresh)
    added = len(sizes) - x.shape.rank
    if added < 0:
        cx.refute(
            "C3",
            say(
                "the number of sizes provided ({count}) must be greater or equal to the number of dimensions ({rank})",
                count=len(sizes),
                rank=x.shape.rank,
            ),
            operand=operand,
        )
    if any(s == MINUS_ONE for s in sizes[:added]):
        cx.refute("C2", say("-1 is not allowed in a leading, non-existing dimension"), operand=operand)
    parts: list[Part] = list(fresh[:added])
    for axis, size, unknown in zip(x.shape.axes, sizes[added:], fresh[added:], strict=True):
        if size is None:
            parts.append(axis if cx.never(axis.size, 1) else unknown)
        else:
            parts.append(axis if size == MINUS_ONE else stretch(cx, axis, size, "C1", headline, operand))
    return x.with_parts(parts)


def _trailing_open(sizes: list[Dim | None]) -> int:
    """How many axes from the right a call needs: -1 keeps one that is there."""
    places = [i for i, s in enumerate(sizes) if s == MINUS_ONE]
    return len(sizes) - places[0] if places else 0


def _draw(rng: random.Random) -> tuple[list[int], list[int]]:
    sizes = [rng.choice([1, 1, 2, 3]) for _ in range(rng.randint(0, 3))]
    target = [rng.choice([n, n, -1, 3]) if n != 1 else rng.choice([1, 2, 3, -1]) for n in sizes]
    target = [*(rng.choice([1, 2, 3]) for _ in range(rng.randint(0, 2))), *target]
    if target and rng.random() < 0.2:
        target[rng.randrange(len(target))] = rng.choice([-1, -2, 2])
    if target and rng.random() < 0.1:
        target = target[1:]
    return sizes, target


SIZES = Constraint("C1", "expand-shape", "each axis has the size asked for, or 1")
OPEN = Constraint("C2", "expand-shape", "-1 stands for an axis that is there; no other size is negative")
RANK = Constraint("C3", "expand-shape", "there are as many sizes as axes, or more")


def _sample(rng: random.Random) -> Sample:
    sizes, target = _draw(rng)
    name = rng.choice(EXPAND.torch)
    if name.endswith("expand") and target and rng.random() < 0.5:
        return Sample(name, (t(*sizes), *target))
    return Sample(name, (t(*sizes), target))


EXPAND = op(
    "expand",
    ("torch.Tensor.expand", "torch.Tensor.broadcast_to", "torch.broadcast_to"),
    ("input, *size, implicit=False", "input, size"),
    constraints=(SIZES, OPEN, RANK),
    samples=_sample,
)


@EXPAND.rule
def expand(cx: Context, input: Value, size: Value, implicit: Value | None = None) -> Value:
    """`(n0, …) -> (m0, …)` where each `n` is `m` or 1, counted from the right; -1 keeps `n`.

    C1: each axis has the size asked for, or 1. C2: -1 only for axes that are there. C3: no fewer sizes than axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html
    """
    x = cx.tensor(input)
    only = size.items[0] if isinstance(size, Tuple) and len(size.items) == 1 else size
    if isinstance(only, SizeOf) and not cx.facts.shape(only.shape).ranked:
        asked = cx.facts.shape(only.shape).parts
        return x.with_parts(
            tuple(cx.fresh("size") if isinstance(p, Axis) and p.size == Dim.of(-1) else p for p in asked)
        )
    return _expanded(cx, x, cx.sizes(size), "size")


def _like_sample(rng: random.Random) -> Sample:
    sizes, target = _draw(rng)
    return Sample("torch.Tensor.expand_as", (t(*sizes), t(*(abs(n) for n in target))))


LIKE = op("expand_as", ("torch.Tensor.expand_as",), "input, other", constraints=(SIZES, RANK), samples=_like_sample)


@LIKE.rule
def expand_as(cx: Context, input: Value, other: Value) -> Value:
    """`(n0, …), (m0, …) -> (m0, …)` where each `n` is `m` or 1, counted from the right.

    C1: each axis has the size of the other tensor's, or 1. C3: no fewer axes there than here.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html
    """
    x, like = cx.tensor(input), cx.tensor(other)
    if not like.shape.ranked:
        return x.with_parts(like.shape.parts)
    sizes: list[Dim | None] = list(like.shape.dims)
    return _expanded(cx, x, sizes, "other")


def _several_sample(rng: random.Random) -> Sample:
    base = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    given = []
    for _ in range(rng.randint(1, 3)):
        sizes = [1 if rng.random() < 0.3 else n for n in base][rng.randint(0, len(base)) if rng.random() < 0.4 else 0 :]
        if sizes and rng.random() < 0.3:
            sizes[rng.randrange(len(sizes))] = rng.randint(1, 3)
        given.append(t(*sizes))
    return Sample("torch.broadcast_tensors", tuple(given))


SEVERAL = op(
    "broadcast_tensors",
    ("torch.broadcast_tensors",),
    "*tensors",
    constraints=(Constraint("C1", "broadcast-shape", "the sizes are equal or 1, counted from the last axis"),),
    samples=_several_sample,
)


@SEVERAL.rule
def broadcast_tensors(cx: Context, tensors: Value) -> Value:
    """`(*), (*), … -> (*), (*), …`, all of the shape they have together.

    C1: counted from the last axis, sizes are equal or 1.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.broadcast_tensors.html
    """
    items = cx.items(tensors)
    if len(items) == 1 and isinstance(items[0], Tuple):
        items = items[0].items
    given = [cx.tensor(v) for v in items]
    if not given:
        raise CannotTell("dynamic-value")
    parts: tuple[Part, ...] = cx.broadcast(given, "C1")
    return Tuple(tuple(x.with_parts(parts) for x in given))


__all__ = ["stretch"]
