"""Random dims together with the integers that their symbols stand for: what the algebra says is held against these."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from shapelint.shapes.dim import Dim, Symbol, maximum, minimum

KINDS = ("input", "parameter", "unknown")
LEAVES = ("symbol", "symbol", "symbol", "number")
OPERATIONS = ("+", "-", "*", "//", "%", "min", "max")


@dataclass
class Assigned:
    """Symbols and the integers that they stand for."""

    values: dict[Symbol, int] = field(default_factory=dict)

    @property
    def symbols(self) -> list[Symbol]:
        return list(self.values)

    def evaluate(self, dim: Dim) -> int:
        """The integer that a dim is. Raises ZeroDivisionError where a divisor is 0."""
        return dim.evaluate(self.values.__getitem__)


@st.composite
def assignments(draw: st.DrawFn, count: int = 4, most: int = 7) -> Assigned:
    """Some symbols of every kind, each with a value that it may have."""
    values: dict[Symbol, int] = {}
    for i in range(count):
        low = draw(st.sampled_from([0, 1, 1, 1, 2, None]))
        symbol = Symbol(f"s{i}", draw(st.sampled_from(KINDS)), low)
        values[symbol] = draw(st.integers(-3 if low is None else low, most))
    return Assigned(values)


@st.composite
def expressions(draw: st.DrawFn, symbols: list[Symbol], depth: int = 3) -> tuple[Dim, object]:
    """A dim and the expression it was made from: a symbol, an int, or `(operation, left, right)`."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        if draw(st.sampled_from(LEAVES)) == "symbol":
            symbol = draw(st.sampled_from(symbols))
            return Dim.of(symbol), symbol
        number = draw(st.integers(-4, 6))
        return Dim.of(number), number
    operation = draw(st.sampled_from(OPERATIONS))
    left, one = draw(expressions(symbols, depth - 1))
    right, other = draw(expressions(symbols, depth - 1))
    if operation in ("//", "%") and right.value == 0:
        right, other = Dim.of(2), 2
    return combine(operation, left, right), (operation, one, other)


def combine(operation: str, left: Dim, right: Dim) -> Dim:
    """Two dims put together by an operation of Python."""
    match operation:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
        case "%":
            return left % right
        case "min":
            return minimum([left, right])
        case _:
            return maximum([left, right])


def python_value(expression: object, values: dict[Symbol, int]) -> int:
    """What Python gives for an expression. Raises ZeroDivisionError as Python does."""
    if isinstance(expression, int):
        return expression
    if isinstance(expression, Symbol):
        return values[expression]
    assert isinstance(expression, tuple)
    operation, one, other = expression
    left, right = python_value(one, values), python_value(other, values)
    match operation:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
        case "%":
            return left % right
        case "min":
            return min(left, right)
        case _:
            return max(left, right)
