"""Losses of tensors against each other: cosine, margin ranking, triplets, and a Gaussian's likelihood."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, T, say, t
from shapelint.ops.losses import LEGACY, Arguments, draw_reduction, loss
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Segment, Shape
from shapelint.values.model import Float, Int, NoneValue, Tensor, Value

BROADCAST = Constraint("C1", "loss-shape", "the tensors broadcast")
RANKS = Constraint("C3", "loss-shape", "the tensors have the right numbers of axes")
MARGIN = Constraint("C4", "invalid-option", "`margin` is positive")
VARIANCE = Constraint("C3", "loss-shape", "`var` has the shape of input, without its last axis or with one axis of 1")


def _same_rank(cx: Context, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of one rank, learned from one whose rank is known."""
    known = next((x for x in given.values() if x.shape.rank is not None), None)
    if known is None:
        return given
    found = {}
    for name, x in given.items():
        headline = say("all tensors should have the same number of axes but got {a} and {b}", a=known.shape, b=x.shape)
        found[name] = cx.ranks(x, (len(known.shape.parts),), "C3", headline, name)
    return found


def _draw_like(count: int, rng: random.Random, low: int = 0) -> list[list[int]]:
    base = [rng.randint(1, 4) for _ in range(rng.randint(low, 3))]
    found = []
    for _ in range(count):
        sizes = list(base)
        if sizes and rng.random() < 0.25:
            sizes[rng.randrange(len(sizes))] = rng.choice([1, 1, rng.randint(1, 4)])
        if sizes and rng.random() < 0.06:
            sizes = sizes[1:]
        found.append(sizes)
    return found


def _draw_cosine(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    first, second = _draw_like(2, rng, 1)
    target = [max(first[0], second[0])] if len(first) == len(second) == 2 else first[: len(first) - 1]
    if target and rng.random() < 0.2:
        target = rng.choice([[1], [3], [*target, 1], []])
    options = {**draw_reduction(rng), **({"margin": 0.5} if rng.random() < 0.2 else {})}
    return (t(*first), t(*second), t(*target)), options


_MARGIN_ZERO = f"margin=0.0, {LEGACY}"


@loss(
    "cosine_embedding_loss",
    "CosineEmbeddingLoss",
    "input1, input2, target",
    (_MARGIN_ZERO, _MARGIN_ZERO),
    (BROADCAST, RANKS),
    _draw_cosine,
)
def cosine_embedding_loss(cx: Context, given: Arguments) -> Tensor:
    """`input1 (N, D), input2 (N, D), target (N) -> ()`, or `(N)` without reduction; `(D)` with `()`.

    C1: the tensors broadcast. C2: a reduction that there is. C3: two axes with a target of one, one axis with a
    target of none.
    """
    a, b, target = (cx.tensor(given[name]) for name in ("input1", "input2", "target"))
    headline = say("expected a target of one axis or none but got {t}", t=target.shape)
    target = cx.ranks(target, (0, 1), "C3", headline, "target")
    known = next((x.shape.rank for x in (a, b) if x.shape.rank is not None), None)
    if target.shape.rank is None and known is not None:
        target = cx.ranks(target, (known - 1,), "C3", headline, "target")
    if target.shape.rank is None:
        return Tensor.unknown(dtype="float")
    want = target.shape.rank + 1
    headline = say(
        "a target of {t} expects inputs of {want} axes, but found {a} and {b}",
        t=target.shape,
        want=want,
        a=a.shape,
        b=b.shape,
    )
    a = cx.ranks(a, (want,), "C3", headline, "input1")
    b = cx.ranks(b, (want,), "C3", headline, "input2")
    together = cx.broadcast([a, b], "C1")
    each = a.with_parts(together[:-1])
    return Tensor(Shape(cx.broadcast([each, target], "C1")), "float")


def _draw_ranking(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    return tuple(t(*s) for s in _draw_like(3, rng)), draw_reduction(rng)


@loss(
    "margin_ranking_loss",
    "MarginRankingLoss",
    "input1, input2, target",
    (_MARGIN_ZERO, _MARGIN_ZERO),
    (BROADCAST, RANKS),
    _draw_ranking,
)
def margin_ranking_loss(cx: Context, given: Arguments) -> Tensor:
    """`input1 (*), input2 (*), target (*) -> ()`, or the broadcast shape without reduction.

    C1: the tensors broadcast. C2: a reduction that there is. C3: one number of axes.
    """
    found = _same_rank(cx, {name: cx.tensor(given[name]) for name in ("input1", "input2", "target")})
    return Tensor(Shape(cx.broadcast(found.values(), "C1")), "float")


def _draw_triplet(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    options = draw_reduction(rng)
    if rng.random() < 0.3:
        options["margin"] = rng.choice([0.5, 2, 0, -1.0])
    if rng.random() < 0.3:
        options["swap"] = True
    return tuple(t(*s) for s in _draw_like(3, rng)), options


def _triplet(cx: Context, given: Arguments) -> Tensor:
    margin = given["margin"]
    number = margin.value if isinstance(margin, Float) else margin.dim.value if isinstance(margin, Int) else None
    if number is not None and number <= 0:
        cx.refute("C4", say("margin must be greater than 0, got {got}", got=str(number)), operand="margin")
    found = _same_rank(cx, {name: cx.tensor(given[name]) for name in ("anchor", "positive", "negative")})
    anchor, positive, negative = found.values()
    pairs = [(anchor, positive), (anchor, negative)]
    if cx.flag(given["swap"]):
        pairs.append((positive, negative))
    distances = [_distance(cx, a, b) for a, b in pairs]
    return Tensor(Shape(cx.broadcast(distances, "C1")), "float")


def _distance(cx: Context, a: Tensor, b: Tensor) -> Tensor:
    """The pairwise distance of the vectors along the last axis."""
    parts = cx.broadcast([a, b], "C1")
    if not parts:
        return Tensor(Shape(()), "float")
    if isinstance(parts[-1], Segment):
        raise CannotTell("dynamic-value", "rank")
    return Tensor(Shape(parts[:-1]), "float")


_TRIPLET_OPTIONS = "margin=1.0, p=2.0, eps=1e-06, swap=False, size_average=None, reduce=None, reduction='mean'"


@loss(
    "triplet_margin_loss",
    "TripletMarginLoss",
    "anchor, positive, negative",
    (_TRIPLET_OPTIONS, _TRIPLET_OPTIONS),
    (BROADCAST, RANKS, MARGIN),
    _draw_triplet,
)
def triplet_margin_loss(cx: Context, given: Arguments) -> Tensor:
    """`anchor (*, D), positive (*, D), negative (*, D) -> ()`, or `(*)` without reduction.

    C1: the tensors broadcast. C2: a reduction that there is. C3: one number of axes. C4: a positive margin.
    """
    return _triplet(cx, given)


def _draw_distance(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    args, options = _draw_triplet(rng)
    return args, {k: v for k, v in options.items() if k not in ("size_average", "reduce")}


_DISTANCE_OPTIONS = "*, distance_function=None, margin=1.0, swap=False, reduction='mean'"


@loss(
    "triplet_margin_with_distance_loss",
    "TripletMarginWithDistanceLoss",
    "anchor, positive, negative",
    (_DISTANCE_OPTIONS, _DISTANCE_OPTIONS),
    (BROADCAST, RANKS, MARGIN),
    _draw_distance,
)
def triplet_margin_with_distance_loss(cx: Context, given: Arguments) -> Tensor:
    """`anchor (*, D), positive (*, D), negative (*, D) -> ()`, or `(*)` without reduction. A distance function of
    one's own is not followed.

    C1: the tensors broadcast. C2: a reduction that there is. C3: one number of axes. C4: a positive margin.
    """
    if not isinstance(given["distance_function"], NoneValue):
        raise CannotTell("dynamic-value")
    return _triplet(cx, given)


def _draw_gaussian(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
    target = list(sizes)
    if rng.random() < 0.2:
        target[rng.randrange(len(target))] = rng.choice([1, rng.randint(1, 4)])
    if rng.random() < 0.1:
        target = target[1:]
    var = list(sizes)
    if rng.random() < 0.5:
        var = rng.choice(
            [sizes[:-1], [*sizes[:-1], 1], [1, *sizes[1:]], [1] * len(sizes), [*sizes[:-1], 4], [1, *sizes]]
        )
    options = draw_reduction(rng, legacy=False)
    if rng.random() < 0.2:
        options["full"] = True
    return (t(*sizes), t(*target), t(*var)), options


@loss(
    "gaussian_nll_loss",
    "GaussianNLLLoss",
    "input, target, var",
    ("full=False, eps=1e-06, reduction='mean'", "*, full=False, eps=1e-06, reduction='mean'"),
    (BROADCAST, VARIANCE),
    _draw_gaussian,
)
def gaussian_nll_loss(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*), var (*) -> ()`, or the broadcast shape without reduction.

    C1: input and target broadcast. C2: a reduction that there is. C3: `var` has the shape of input, or lacks its
    last axis, or has 1 in place of one axis.
    """
    x, target = cx.tensor(given["input"]), cx.tensor(given["target"])
    var = _variance(cx, x, given["var"])
    each = x.with_parts(cx.broadcast([x, target], "C1"))
    if var is None or x.shape.rank is None:
        return each.with_dtype("float")
    return Tensor(Shape(cx.broadcast([each, var], "C1")), "float")


def _variance(cx: Context, x: Tensor, value: Value) -> Tensor | None:
    if isinstance(value, (Float, Int)):
        return None
    var = cx.tensor(value)
    if x.shape.rank is None or var.shape.rank is None:
        return None
    headline = say("var of shape {v} is of incorrect size for input of shape {x}", v=var.shape, x=x.shape)
    want, got = x.shape.dims, var.shape.dims
    if len(got) == len(want) - 1:
        for a, b in zip(want[:-1], got, strict=True):
            cx.demand_equal("C3", a, b, headline, operand="var")
        return var.with_parts((*var.shape.parts, Shape.of(1).parts[0]))
    if len(got) != len(want):
        cx.refute("C3", headline, operand="var")
    odd = [b for a, b in zip(want, got, strict=True) if cx.facts.compare(a, b) is not Verdict.SAME]
    sure = [b for a, b in zip(want, got, strict=True) if cx.facts.compare(a, b, proof=True) is Verdict.DIFFERENT]
    if any(cx.never(b, 1) for b in sure) or len(sure) > 1:
        cx.refute("C3", headline, operand="var")
    if not sure and len(odd) == 1 and not cx.surely(odd[0], 1):
        for a, b in zip(want, got, strict=True):
            cx.facts.equate(a, b, generic=True)
        cx.generic = True
    return var
