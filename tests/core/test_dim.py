"""Dims against Python's integers: whatever the normal form says must hold for every choice of the symbols."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from shapelint.shapes.dim import Dim, bounds, content, divide_exactly, split_multiple
from tests.core.drawing import Assigned, assignments, expressions, python_value


def evaluated(expression: object, assigned: Assigned) -> int:
    try:
        return python_value(expression, assigned.values)
    except ZeroDivisionError:
        assume(False)
        raise


@given(st.data())
def test_the_normal_form_computes_what_python_computes(data: st.DataObject) -> None:
    assigned = data.draw(assignments())
    dim, expression = data.draw(expressions(assigned.symbols))
    value = evaluated(expression, assigned)
    assert assigned.evaluate(dim) == value


@given(st.data())
def test_equal_dims_are_equal_integers(data: st.DataObject) -> None:
    assigned = data.draw(assignments(count=2))
    left, one = data.draw(expressions(assigned.symbols, 2))
    right, other = data.draw(expressions(assigned.symbols, 2))
    if left == right:
        assert hash(left) == hash(right)
        assert evaluated(one, assigned) == evaluated(other, assigned)
    difference = (left - right).value
    if difference is not None:
        assert evaluated(one, assigned) - evaluated(other, assigned) == difference


@given(st.data())
def test_rearranged_sums_and_products_are_the_same_dim(data: st.DataObject) -> None:
    symbols = data.draw(assignments()).symbols
    a, b, c = (data.draw(expressions(symbols, 2))[0] for _ in range(3))
    assert (a + b) + c == a + (b + c) == (c + a) + b
    assert (a * b) * c == a * (b * c) == (c * a) * b
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert (a - b) + b == a


@given(st.data())
def test_bounds_are_never_left(data: st.DataObject) -> None:
    assigned = data.draw(assignments())
    dim, expression = data.draw(expressions(assigned.symbols))
    value = evaluated(expression, assigned)
    low, high = bounds(dim)
    assert low is None or low <= value
    assert high is None or value <= high


@given(st.data())
def test_bounds_follow_what_is_known_of_a_symbol(data: st.DataObject) -> None:
    assigned = data.draw(assignments())
    dim, expression = data.draw(expressions(assigned.symbols))
    value = evaluated(expression, assigned)
    low, high = bounds(dim, lambda s: assigned.values[s])
    assert low is None or low <= value
    assert high is None or value <= high


@given(st.data())
def test_substitution_commutes_with_evaluation(data: st.DataObject) -> None:
    assigned = data.draw(assignments())
    dim, expression = data.draw(expressions(assigned.symbols))
    symbol = data.draw(st.sampled_from(assigned.symbols))
    new, other = data.draw(expressions([s for s in assigned.symbols if s is not symbol], 1))
    value = evaluated(other, assigned)
    assume(symbol.low is None or value >= symbol.low)
    replaced = Assigned({**assigned.values, symbol: value})
    expected = evaluated(expression, replaced)
    assert assigned.evaluate(dim.substitute(lambda s: new if s is symbol else None)) == expected


@given(st.data())
def test_an_exact_quotient_times_the_divisor_is_the_number(data: st.DataObject) -> None:
    symbols = data.draw(assignments()).symbols
    a, b = (data.draw(expressions(symbols, 2))[0] for _ in range(2))
    quotient = divide_exactly(a, b)
    if quotient is not None:
        assert quotient * b == a
    if b.terms:
        assert divide_exactly(a * b, b) == a or divide_exactly(a * b, b) is None


@given(st.data())
def test_a_monomial_divides_its_multiples(data: st.DataObject) -> None:
    symbols = data.draw(assignments()).symbols
    a, _ = data.draw(expressions(symbols, 2))
    b = Dim.of(data.draw(st.sampled_from(symbols))) * data.draw(st.integers(1, 4))
    assert divide_exactly(a * b, b) == a


@given(st.data())
def test_a_split_adds_up(data: st.DataObject) -> None:
    symbols = data.draw(assignments()).symbols
    a, b = (data.draw(expressions(symbols, 2))[0] for _ in range(2))
    assume(b.terms)
    quotient, rest = split_multiple(a, b)
    assert quotient * b + rest == a


@given(st.data())
def test_the_content_divides_every_term(data: st.DataObject) -> None:
    symbols = data.draw(assignments()).symbols
    dim, _ = data.draw(expressions(symbols, 2))
    assume(dim.terms)
    number, common = content(dim)
    assert number > 0
    assert divide_exactly(dim, Dim(((common, number),))) is not None
