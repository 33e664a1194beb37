"""What a path learns against one choice of all symbols under which everything it learned is true.

Each test draws integers for the symbols, tells `Facts` only what holds of them, and asks it questions: SAME, DIFFERENT, a bound or a
divisor that it claims must then hold of the integers, too.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import assume, given
from hypothesis import strategies as st

from shapelint.shapes.dim import Dim, Symbol
from shapelint.shapes.facts import Demand, Facts, Verdict
from shapelint.shapes.shape import Axis, Segment, Shape
from tests.core.drawing import Assigned, assignments, expressions

Told = Callable[[Facts], None]


@st.composite
def dims(draw: st.DrawFn, assigned: Assigned, depth: int = 2) -> tuple[Dim, int]:
    """A dim and the integer that it is."""
    dim, _ = draw(expressions(assigned.symbols, depth))
    try:
        return dim, assigned.evaluate(dim)
    except ZeroDivisionError:
        assume(False)
        raise


@st.composite
def truths(draw: st.DrawFn, assigned: Assigned) -> Told:
    """Something that holds under the assignment, as a path would learn it."""
    kind = draw(st.sampled_from(["equate", "equate", "equate", "low", "divides", "generic"]))
    dim, value = draw(dims(assigned))
    if kind == "low":
        number = value - draw(st.integers(0, 2))
        return lambda facts: facts.raise_low(dim, number)
    if kind == "divides":
        divisor, by = draw(dims(assigned, 1))
        assume(by != 0 and value % by == 0)
        return lambda facts: facts.learn_divides(dim, divisor)
    if kind == "generic":  # what is only assumed may be false, and no proof may rest on it
        other, _ = draw(dims(assigned))
        if draw(st.booleans()):
            divisor = Dim.of(draw(st.sampled_from(assigned.symbols)))
            other = divisor * (dim // divisor)
        return lambda facts: void(facts.equate(dim, other, generic=True))
    other, also = draw(dims(assigned))
    equal = other + (value - also)
    return lambda facts: equated(facts, dim, equal)


def void(_: object) -> None:
    """Nothing is asked of an assumption."""


def equated(facts: Facts, left: Dim, right: Dim) -> None:
    """Demand what is true: it must not fail."""
    if not facts.generic:
        assert facts.equate(left, right) is not Demand.FAILS
    elif facts.compare(left, right, proof=True) is not Verdict.DIFFERENT:
        facts.equate(left, right)
    else:
        raise AssertionError(f"{left} and {right} are equal")


def check(facts: Facts, assigned: Assigned, data: st.DataObject) -> None:
    """Ask for proofs, and hold each against the integers."""
    left, one = data.draw(dims(assigned))
    right, other = data.draw(dims(assigned))
    for a, b, x, y in ((left, right, one, other), (left, right + (one - other), one, one)):
        verdict = facts.compare(a, b, proof=True)
        assert verdict is not Verdict.SAME or x == y
        assert verdict is not Verdict.DIFFERENT or x != y
    assert assigned.evaluate(facts.resolve(left)) == one
    assert not facts.at_least(left, one + 1, proof=True)
    assert not facts.at_most(left, one - 1, proof=True)
    for symbol, value in assigned.values.items():
        least = facts.least(symbol)
        assert least is None or least <= value


@given(st.data())
def test_proofs_hold_where_all_that_was_learned_holds(data: st.DataObject) -> None:
    assigned = data.draw(assignments())
    facts = Facts()
    for told in data.draw(st.lists(truths(assigned), max_size=6)):
        told(facts)
    check(facts, assigned, data)


@given(st.data())
def test_a_fork_learns_alone(data: st.DataObject) -> None:
    assigned = data.draw(assignments())
    facts = Facts()
    for told in data.draw(st.lists(truths(assigned), max_size=3)):
        told(facts)
    before = (dict(facts.proved), dict(facts.generic), dict(facts.low), facts.divides, facts.positive)
    fork = facts.copy()
    for told in data.draw(st.lists(truths(assigned), max_size=3)):
        told(fork)
    assert (dict(facts.proved), dict(facts.generic), dict(facts.low), facts.divides, facts.positive) == before


@given(st.data())
def test_a_join_proves_what_holds_on_both_paths(data: st.DataObject) -> None:
    """The paths meet: whichever was taken, what is proved afterwards holds."""
    assigned = data.draw(assignments())
    other = Assigned(
        {s: data.draw(st.integers(-3 if s.low is None else s.low, 7)) for s in assigned.values},
    )
    left, right = Facts(), Facts()
    for told in data.draw(st.lists(truths(assigned), max_size=4)):
        told(left)
    for told in data.draw(st.lists(truths(other), max_size=4)):
        told(right)
    joined = left.join(right)
    check(joined, assigned, data)
    check(joined, other, data)
    # and what is learned behind the join is learned on top of what both know
    for told in data.draw(st.lists(truths(assigned), max_size=2)):
        told(joined)
    check(joined, assigned, data)


@given(st.data())
def test_what_is_forgotten_proves_nothing(data: st.DataObject) -> None:
    assigned = data.draw(assignments())
    facts = Facts()
    for told in data.draw(st.lists(truths(assigned), max_size=4)):
        told(facts)
    facts.forget_generic()
    check(facts, assigned, data)
    left, one = data.draw(dims(assigned))
    assert assigned.evaluate(facts.resolve(left)) == one


@given(st.data())
def test_a_failed_demand_fails_for_every_choice(data: st.DataObject) -> None:
    """FAILS is a proof: no choice of the symbols makes the two sizes equal."""
    assigned = data.draw(assignments(count=3))
    left, one = data.draw(dims(assigned))
    right, other = data.draw(dims(assigned))
    if Facts().equate(left, right) is Demand.FAILS:
        assert one != other


@given(st.data())
def test_a_demand_that_passed_holds_from_there_on(data: st.DataObject) -> None:
    symbols = [Symbol(f"p{i}", data.draw(st.sampled_from(["input", "parameter"]))) for i in range(3)]
    facts = Facts()
    left = data.draw(expressions(symbols, 1))[0]
    right = data.draw(expressions(symbols, 1))[0]
    if facts.equate(left, right) is Demand.HOLDS:
        assert facts.compare(left, right) is Verdict.SAME


def test_what_is_only_assumed_is_no_part_of_a_proof() -> None:
    """`a` is taken to equal `b` (they broadcast), then torch demands that `a` equal `c`: that `b` equals `c` stays an assumption."""
    b, c, a = (Dim.symbol(name, "input") for name in "bca")
    facts = Facts()
    facts.equate(a, b, generic=True)
    assert facts.equate(a, c) is Demand.HOLDS
    assert facts.compare(a, c, proof=True) is Verdict.SAME
    assert facts.compare(b, c) is Verdict.SAME
    assert facts.compare(b, c, proof=True) is Verdict.UNSURE


def test_an_assumption_that_leads_back_is_made_anew() -> None:
    """`c` is taken to equal `a`; then `a == c * d` is demanded, which names both: the bindings stay free of circles."""
    a, c, d = (Dim.symbol(name, "input") for name in "acd")
    facts = Facts()
    facts.equate(c, a, generic=True)
    facts.equate(a, c * d)
    assert facts.compare(a, c * d, proof=True) is Verdict.SAME
    assert facts.compare(d, 1, proof=True) is Verdict.UNSURE
    assert facts.compare(c, a) is Verdict.SAME
    assert facts.compare(d, 1) is Verdict.SAME


def test_an_assumed_equality_proves_no_divisor() -> None:
    """`heads * (d // heads)` beside `d` in a broadcast: that `heads` divides `d` is likely, and no proof."""
    heads, d = (Dim.symbol(name, "parameter") for name in ("heads", "d"))
    facts = Facts()
    facts.equate(heads * (d // heads), d, generic=True)
    assert facts.compare(heads * (d // heads), d, proof=True) is Verdict.UNSURE
    facts.equate(heads * (d // heads), d)
    assert facts.compare(heads * (d // heads), d, proof=True) is Verdict.SAME


def test_a_bound_of_what_is_assumed_equal_is_no_bound() -> None:
    b, a = (Dim.symbol(name, "input") for name in "ba")
    facts = Facts()
    facts.equate(a, b, generic=True)
    facts.raise_low(a, 5)
    assert facts.at_least(a, 5, proof=True)
    assert not facts.at_least(b, 5, proof=True)


# Shapes ------------------------------------------------------------------------------------------


@st.composite
def tensors(draw: st.DrawFn) -> tuple[Shape, tuple[int, ...]]:
    """A shape with an unknown run, and sizes of a real tensor that it may be."""
    prefix, hidden, suffix = (draw(st.lists(st.integers(1, 5), max_size=n)) for n in (2, 3, 2))
    parts = [Axis.fresh(n) for n in prefix], [Segment("x")], [Axis.fresh(n) for n in suffix]
    return Shape(tuple(part for some in parts for part in some)), (*prefix, *hidden, *suffix)


def admits(shape: Shape, sizes: tuple[int, ...], facts: Facts) -> bool:
    """Whether a real tensor of these sizes may have this shape; sizes that are open admit any."""
    shape = facts.shape(shape)
    if (
        (shape.ranked and len(shape.parts) != len(sizes))
        or len(shape.prefix) > len(sizes)
        or len(shape.suffix) > len(sizes)
    ):
        return False
    if not shape.ranked and len(shape.parts) - 1 > len(sizes):
        return False
    pairs = [*zip(shape.prefix, sizes), *zip(reversed(shape.suffix), reversed(sizes))]
    return all(axis.size.value in (None, size) for axis, size in pairs)


@given(tensors(), st.integers(0, 8))
def test_the_rank_that_a_tensor_has_stays_possible(tensor: tuple[Shape, tuple[int, ...]], other: int) -> None:
    shape, sizes = tensor
    facts = Facts()
    if other != len(sizes):
        assert facts.exclude_rank(shape, other)
    low, high = facts.admissible_ranks(shape)
    assert low <= len(sizes)
    assert high is None or len(sizes) <= high
    assert not facts.excludes_rank(shape, len(sizes))
    fixed = facts.fix_rank(shape, len(sizes))
    assert fixed is not None
    assert fixed.rank == len(sizes)
    assert admits(fixed, sizes, facts)


@given(tensors(), st.integers(0, 4), st.integers(0, 4))
def test_limits_that_a_tensor_keeps_are_accepted(tensor: tuple[Shape, tuple[int, ...]], below: int, above: int) -> None:
    shape, sizes = tensor
    facts = Facts()
    assert facts.limit_rank(shape, len(sizes) - below, len(sizes) + above)
    assert admits(shape, sizes, facts) or facts.in_doubt(shape)


@given(tensors(), st.integers(0, 8))
def test_a_rank_that_is_excluded_is_refused(tensor: tuple[Shape, tuple[int, ...]], rank: int) -> None:
    shape, _ = tensor
    facts = Facts()
    if facts.exclude_rank(shape, rank):
        assert facts.fix_rank(shape, rank) is None


def test_a_doubt_stays_with_what_was_read() -> None:
    """An axis that may lie in an unknown run or behind it: the shape that is read then holds what is left of the run, and is in doubt too."""
    facts = Facts()
    shape = Shape((Segment("rest"), Axis.fresh(Dim.symbol("width", "input"))))
    read = facts.reveal_prefix(facts.reveal_prefix(shape, 1), 2)
    assert not read.ranked
    assert facts.in_doubt(shape)
    assert facts.in_doubt(read)
