"""Questions of worlds: what one answer says of another holds for every value, and the words are those of Python."""

from __future__ import annotations

import operator

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shapelint.values.conditions import (
    Among,
    Compares,
    Condition,
    Constant,
    Contains,
    Equals,
    IsCallable,
    IsInstance,
    IsNone,
    IsTrue,
    Rank,
    SameRank,
    implied,
    size_at,
    worded,
)

settings.register_profile("conditions", deadline=None, suppress_health_check=[HealthCheck.too_slow])
steady = settings.get_profile("conditions")
KINDS = {kind.__name__: kind for kind in (str, int, float, bool, list, tuple, dict, type(None))}
TESTS = {"==": operator.eq, ">": operator.gt, ">=": operator.ge, "<=": operator.le}
# texts that a reader of text would stumble over, and values that Python takes for each other
TEXTS = ("", "sum", "\t", "'", '"', "a or b", "==", "|", "a|b", "é", "None", "is None", "\\t", "x == 'y'")
constants = st.one_of(st.sampled_from((None, True, False, 0, 1, 2, 3, 1.0, 0.5, *TEXTS)), st.text(max_size=3))
texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=3))
values = st.one_of(constants, st.lists(texts, max_size=2), st.just(print))
of_one_value = st.one_of(
    st.just(IsTrue("x")),
    st.just(IsNone("x")),
    st.just(IsCallable("x")),
    st.builds(Equals, st.just("x"), constants),
    st.builds(Among, st.just("x"), st.lists(constants, min_size=1, max_size=3).map(tuple)),
    st.builds(Contains, st.just("x"), texts),
    st.builds(IsInstance, st.just("x"), st.sampled_from(sorted(KINDS))),
)
of_ranks = st.builds(Rank, st.just("x"), st.sampled_from(("==", ">=", "<=")), st.integers(0, 5))


@st.composite
def of_sizes(draw: st.DrawFn) -> Compares:
    left = draw(st.sampled_from((size_at("n"), size_at("m"), size_at("n") * 2 + size_at("m"))))
    right = draw(st.sampled_from((size_at("n"), size_at("m"), size_at("n") * 0))) + draw(st.integers(-3, 3))
    return Compares(left, draw(st.sampled_from(("==", ">", ">="))), right)


def holds(condition: Condition, x: object, n: int = 0, m: int = 0) -> bool | None:
    """The answer for a value; None where Python would raise."""
    if isinstance(condition, IsTrue):
        return bool(x)
    if isinstance(condition, IsNone):
        return x is None
    if isinstance(condition, IsCallable):
        return callable(x)
    if isinstance(condition, Equals):
        return x == condition.constant
    if isinstance(condition, Among):
        return x in condition.constants
    if isinstance(condition, Contains):
        return condition.item in x if isinstance(x, (str, list)) else None  # type: ignore[operator]
    if isinstance(condition, IsInstance):
        return isinstance(x, KINDS[condition.kind])
    if isinstance(condition, Rank):
        assert isinstance(x, int)
        return TESTS[condition.test](x, condition.number)
    assert isinstance(condition, Compares)
    left, right = (side.evaluate(lambda s: n if s.name == "n" else m) for side in (condition.left, condition.right))
    return TESTS[condition.test](left, right)


@steady
@given(of_one_value, of_one_value, values)
def test_an_implied_answer_holds_for_every_value(known: Condition, asked: Condition, x: object) -> None:
    held, answer = holds(known, x), holds(asked, x)
    assume(held is not None and answer is not None)
    assert implied(known, bool(held), asked) in (answer, None)


@steady
@given(of_ranks, of_ranks, st.integers(0, 6))
def test_an_implied_rank_holds_for_every_rank(known: Rank, asked: Rank, rank: int) -> None:
    assert implied(known, bool(holds(known, rank)), asked) in (holds(asked, rank), None)


@steady
@given(of_sizes(), of_sizes(), st.integers(0, 6), st.integers(0, 6))
def test_an_implied_comparison_holds_for_all_sizes(known: Compares, asked: Compares, n: int, m: int) -> None:
    assert implied(known, bool(holds(known, None, n, m)), asked) in (holds(asked, None, n, m), None)


@steady
@given(constants, of_one_value)
def test_an_option_that_is_known_answers_every_question_of_constants(constant: Constant, asked: Condition) -> None:
    answer = implied(Equals("x", constant), True, asked)
    if isinstance(asked, (IsTrue, IsNone, Equals, Among)):
        assert answer is holds(asked, constant)


def test_what_is_said_of_one_value_says_nothing_of_another() -> None:
    assert implied(Equals("x", "a"), True, Equals("y", "a")) is None
    assert implied(Rank("x", "==", 3), True, Rank("y", "==", 3)) is None
    assert implied(SameRank("x", "y"), True, Rank("x", "==", 3)) is None


def test_sizes_that_differ_by_a_number_say_something_of_each_other() -> None:
    more = Compares(size_at("n"), ">", size_at("m"))
    assert implied(more, True, Compares(size_at("m"), ">=", size_at("n"))) is False
    assert implied(more, False, Compares(size_at("m"), ">=", size_at("n"))) is True
    assert implied(more, True, Compares(size_at("m"), "==", size_at("n"))) is False


@steady
@given(of_one_value, st.booleans(), values)
def test_the_words_are_python_that_gives_the_answer(condition: Condition, held: bool, x: object) -> None:
    answer = holds(condition, x)
    assume(answer is not None)
    text = worded(condition, held)
    if isinstance(condition, IsTrue):
        assert text == f"x={held}"
    elif " is " not in text or isinstance(condition, IsNone):  # a flag that is compared with True stands as `x is True`
        assert eval(text, {"x": x, "NoneType": type(None)}) is (answer == held)


@steady
@given(of_sizes(), st.booleans(), st.integers(0, 6), st.integers(0, 6))
def test_the_words_of_sizes_are_python_that_gives_the_answer(one: Compares, held: bool, n: int, m: int) -> None:
    assert eval(worded(one, held), {"n": n, "m": m}) is (holds(one, None, n, m) == held)


@steady
@given(st.lists(of_one_value, min_size=2, max_size=2), st.booleans())
def test_different_questions_have_different_words(pair: list[Condition], held: bool) -> None:
    left, right = pair
    assert worded(left, held) != worded(left, not held)
    if worded(left, held) == worded(right, held):
        assert left == right
