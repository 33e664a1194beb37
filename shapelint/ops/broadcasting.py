"""How torch lets shapes of different sizes meet."""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.ops.contract import CannotTell, Context, say
from shapelint.shapes.dim import ONE, Dim, Min, maximum
from shapelint.shapes.facts import Demand, Verdict
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import Tensor

MANY_AXES = 3
"""What has fewer axes may be a bias or a table itself."""


def broadcast(cx: Context, tensors: Iterable[Tensor], constraint: str) -> tuple[Part, ...]:
    """The axes that tensors have together; see `Context.broadcast`."""
    given = list(tensors)
    if any(x.assumed for x in given):
        given = [cx.read(x) for x in given]  # one reading of a rank on all sides
    rank = max((x.shape.rank or 0 for x in given), default=0)
    if rank and any(not x.shape.ranked for x in given):
        given = [x if x.shape.ranked else cx.guess_rank(x, rank) for x in given]
    shapes = [cx.facts.shape(x.shape).parts for x in given]
    result = shapes[0]
    for other in shapes[1:]:
        result = _two(cx, result, other, constraint)
    return result


def _two(cx: Context, left: tuple[Part, ...], right: tuple[Part, ...], constraint: str) -> tuple[Part, ...]:
    if left == right and any(isinstance(p, Segment) for p in left):
        return left  # the same unknown run on both sides
    left, right = _same_rank(cx, left, right)
    if left == right:
        return left
    parts: list[Part] = []
    for place in range(1, max(len(left), len(right)) + 1):
        a = left[-place] if place <= len(left) else None
        b = right[-place] if place <= len(right) else None
        if isinstance(a, Segment) or isinstance(b, Segment):
            spread = _spread_over(cx, left, right, place) or _spread_over(cx, right, left, place)
            if spread is not None:
                return tuple(spread)
            parts.extend(_unknown_run(left[: len(left) - place + 1], right[: len(right) - place + 1]))
            break
        if a is None or b is None:
            known = a or b
            assert known is not None
            parts.append(known)
        else:
            parts.append(_axis(cx, a, b, left, right, constraint))
    return tuple(reversed(parts))


def _same_rank(
    cx: Context, left: tuple[Part, ...], right: tuple[Part, ...]
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Both sides, where their unknown runs are taken to end together: two inputs of which the last axes are known have as many axes, and what
    meets a tensor of three or more axes, as many as are seen of both, has no further one."""
    a, b = (next((p for p in parts if isinstance(p, Segment)), None) for parts in (left, right))
    if a is not None and b is not None:
        if len(left) > 1 and len(left) == len(right) and a is left[0] and b is right[0] and cx.meets(a, b):
            cx.generic = True
            cx.facts.bind_segment(b, (a,))
    else:
        ranked, other = (left, right) if a is None else (right, left)
        if len(ranked) >= MANY_AXES and len(other) == len(ranked) + 1:
            cx.facts.end_run(Shape(other))
    return cx.facts.shape(Shape(left)).parts, cx.facts.shape(Shape(right)).parts


def _spread_over(cx: Context, data: tuple[Part, ...], mask: tuple[Part, ...], place: int) -> list[Part] | None:
    """The axes of data that meets a tensor of which, from a place on, nothing is known: a mask or a bias is taken to have no more axes than the
    batch of activations that it is laid over."""
    if place != 1 or len(mask) != 1 or len(data) < MANY_AXES or not all(isinstance(p, Axis) for p in data):
        return None
    first = data[0]
    assert isinstance(first, Axis)
    run = mask[0]
    if not isinstance(run, Segment) or not any(s.kind == "input" for s in cx.facts.resolve(first.size).symbols):
        return None
    if not cx.lies_within(run, len(data)):
        return None
    cx.generic = True
    return [cx.fresh("broadcast") if isinstance(p, Axis) and cx.surely(p.size, 1) else p for p in data]


def _unknown_run(left: tuple[Part, ...], right: tuple[Part, ...]) -> list[Part]:
    """The remaining axes (in reverse) where at least one side ends in an unknown run."""
    if left == right:
        return list(reversed(left))
    if not left or not right:
        return list(reversed(left or right))
    if isinstance(left[-1], Segment) and isinstance(right[-1], Segment) and left[-1] is right[-1]:
        before = _unknown_run(left[:-1], right[:-1])
        if not any(isinstance(part, Segment) for part in before):  # a shape has one unknown run
            return [left[-1], *before]
    # a run may hold no axis, or axes of 1: only an unknown run with nothing around it is sure
    return [Segment("broadcast")]


def _axis(cx: Context, a: Axis, b: Axis, left: tuple[Part, ...], right: tuple[Part, ...], constraint: str) -> Axis:
    facts = cx.facts
    x, y = facts.resolve(a.size), facts.resolve(b.size)
    if x == y:
        return Axis(x, a.factors or b.factors)
    if x == ONE:
        return Axis(y, b.factors)
    if y == ONE:
        return Axis(x, a.factors)
    for bounded, whole, axis in ((x, y, b), (y, x, a)):
        limits = _limits(bounded, whole)
        if limits is not None:
            # `x + table[:n]`: the table has at least n rows, or one
            for limit in limits:
                if cx.never(limit, 1):
                    facts.raise_low(limit - whole, 0)
            return Axis(facts.resolve(whole), axis.factors)
    verdict = facts.compare(x, y)
    if verdict is Verdict.DIFFERENT:
        if facts.compare(x, y, proof=True) is not Verdict.DIFFERENT:
            raise CannotTell("dynamic-value", "general position")
        certain = cx.never(x, 1) and cx.never(y, 1)
        if not certain and (x.value is not None or y.value is not None):
            # one side is a number above 1, so the open side may still be 1 and broadcast
            open_side, keep = (y, a) if x.value is not None else (x, b)
            number = x.value if x.value is not None else y.value
            if number == 0 or not _solvable(open_side):
                raise CannotTell("dynamic-value")
            facts.equate(open_side, ONE)
            return Axis(facts.resolve(keep.size), keep.factors)
        cx.refute(
            constraint,
            say(
                "shapes {left} and {right} cannot be broadcast: {x} against {y}",
                left=_shape(left),
                right=_shape(right),
                x=x,
                y=y,
            ),
            operand="other",
            sizes=(x, y),
            possible=not certain,
        )
    # UNSURE: equal, or one of them 1. Where both are surely above 1 they must be equal.
    certain = facts.at_least(x, 2, proof=True) and facts.at_least(y, 2, proof=True)
    exact = maximum([x, y])
    if certain:
        cx.demand_equal(
            constraint,
            x,
            y,
            say(
                "shapes {left} and {right} cannot be broadcast: {x} against {y}",
                left=_shape(left),
                right=_shape(right),
                x=x,
                y=y,
            ),
            operand="other",
        )
        return Axis(facts.resolve(x), a.factors or b.factors)
    rigid = all(s.kind == "parameter" for s in (x - y).symbols)
    if rigid:
        cx.generic = True
        return Axis(exact, a.factors or b.factors)
    outcome = facts.equate(x, y, generic=True)
    cx.generic = True
    if outcome is Demand.FAILS:
        raise CannotTell("dynamic-value", "general position")
    return Axis(exact, a.factors or b.factors)


def _limits(size: Dim, whole: Dim) -> list[Dim] | None:
    """The other sizes of which a size is the least, where `whole` is one of them; None where it is no such least."""
    if len(size.terms) != 1:
        return None
    monomial, factor = size.terms[0]
    if factor != 1 or len(monomial) != 1 or monomial[0][1] != 1 or not isinstance(monomial[0][0], Min):
        return None
    sizes = monomial[0][0].args
    return [s for s in sizes if s != whole] if whole in sizes else None


def _solvable(dim: Dim) -> bool:
    symbol = dim.lone_symbol
    return symbol is not None and symbol.kind != "parameter"


def _shape(parts: tuple[Part, ...]) -> Shape:
    return Shape(parts)
