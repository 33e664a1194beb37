"""What a basic index makes of an axis: how many entries a slice keeps, whether an int is within range."""

from __future__ import annotations

from shapelint.ops.contract import CannotTell, Context, say
from shapelint.shapes.dim import ONE, ZERO, Dim, floor_div, maximum, minimum
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis
from shapelint.values.model import NoneValue, Slice, Value

_BOUNDS = "slices of ints"


def least(facts: Facts, a: Dim, b: Dim) -> Dim:
    """`min(a, b)`, simplified where the two are comparable."""
    if facts.at_least(a - b, 0):
        return b
    return a if facts.at_least(b - a, 0) else minimum((a, b))


def greatest(facts: Facts, a: Dim, b: Dim) -> Dim:
    """`max(a, b)`, simplified where the two are comparable."""
    if facts.at_least(a - b, 0):
        return a
    return b if facts.at_least(b - a, 0) else maximum((a, b))


def sliced(cx: Context, axis: Axis, bounds: Slice, constraint: str) -> Axis:
    """The axis that `axis[lower:upper:step]` leaves. A step below 1 violates `constraint`."""
    step = ONE
    if not isinstance(bounds.step, NoneValue):
        step = cx.whole(bounds.step, _BOUNDS)
        if cx.facts.at_most(step, 0, proof=True):
            cx.refute(constraint, say("slice step must be positive, not {step}", step=step), operand="index")
    if isinstance(bounds.lower, NoneValue) and isinstance(bounds.upper, NoneValue) and step == ONE:
        return axis
    size = cx.facts.resolve(axis.size)
    try:
        count = _count(cx, size, bounds.lower, bounds.upper)
    except CannotTell:
        return axis.resized(Dim.symbol("slice", "unknown", 0))
    return axis.resized(count if step == ONE else floor_div(count + step - 1, step))


def _count(cx: Context, size: Dim, lower: Value, upper: Value) -> Dim:
    facts = cx.facts
    start = ZERO if isinstance(lower, NoneValue) else _from_left(cx, size, cx.whole(lower, _BOUNDS))
    stop = size if isinstance(upper, NoneValue) else _from_left(cx, size, cx.whole(upper, _BOUNDS))
    if start != ZERO and stop.value is None and not facts.at_least(size - stop, 0):
        window = facts.resolve(stop - start)
        if not facts.at_least(stop - size, 0) and window.value is not None and window.value >= 0:
            # a window that moves along the axis (`x[i : i + 1]`) is taken to lie within it
            count = Dim.symbol("slice", "unknown", 0)
            assert count.lone_symbol is not None
            facts.bind(count.lone_symbol, window, generic=True)
            return count
    within = not isinstance(upper, NoneValue) and facts.at_most(cx.int(upper), -1)
    return greatest(facts, (stop if within else least(facts, stop, size)) - start, ZERO)


def _from_left(cx: Context, size: Dim, bound: Dim) -> Dim:
    """A bound counted from the left, never below 0; one counted from the right is never beyond `size` then. Raises
    CannotTell where its sign is open."""
    if cx.facts.at_least(bound, 0):
        return bound
    if cx.facts.at_most(bound, -1):
        return greatest(cx.facts, size + bound, ZERO)
    raise CannotTell("dynamic-value")


def require_within(cx: Context, axis: Axis, place: int, index: Dim, constraint: str) -> None:
    """Demand that an int name an entry of the axis; a literal one that does tells how long the axis is at least."""
    size = axis.size
    beyond = cx.facts.at_least(index - size, 0, proof=True)
    if beyond or cx.facts.at_least(-size - index, 1, proof=True):
        cx.refute(
            constraint,
            say(
                "index {index} is out of bounds for dimension {place} with size {size}",
                index=index,
                place=place,
                size=size,
            ),
            operand="index",
            sizes=(size, index),
        )
    number = index.value
    if number is not None:
        cx.facts.raise_low(size, number + 1 if number >= 0 else -number)


__all__ = ["greatest", "least", "require_within", "sliced"]
