"""Dims: integers as polynomials over symbols, in a normal form.

A `Dim` is a sum of integer multiples of monomials. A monomial is a product of powers of atoms; an atom is a `Symbol` or
one of the opaque operations `FloorDiv`, `Mod`, `Min`, `Max` over dims. Two dims are equal exactly if their normal forms
are, so `hidden + hidden == 2 * hidden` and `(2 * h) // h == 2`. A dim is never a string; `printing.py` prints.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from math import gcd
from typing import Literal, Union

SymbolKind = Literal["input", "parameter", "unknown"]
_counter = itertools.count(1)


class Symbol:
    """An integer that the text of the program leaves open.

    `kind`: "input" (an axis of a tensor that the caller of `forward` passes; open, bound by the first demand),
    "parameter" (chosen by whoever builds the module; rigid) or "unknown" (equal only to itself).
    `low` is the smallest admissible value, None where even the sign is open. `name` is a hint for printing.
    """

    __slots__ = ("kind", "low", "name", "uid")

    def __init__(self, name: str, kind: SymbolKind, low: int | None = 1) -> None:
        self.uid = next(_counter)
        self.name = name
        self.kind = kind
        self.low = low

    @property
    def key(self) -> tuple[int, int]:
        return (0, self.uid)

    def __repr__(self) -> str:
        return f"Symbol({self.name})"


class _Compound:
    """An operation that has no polynomial form; equal by structure."""

    __slots__ = ("_hash", "args", "key")
    rank = 1

    def __init__(self, *args: Dim) -> None:
        self.args = args
        self.key: tuple[object, ...] = (self.rank, *(a.key for a in args))
        self._hash = hash((self.rank, args))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.args == other.args

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.args!r}"


class FloorDiv(_Compound):
    """args: (numerator, denominator)."""

    __slots__ = ()
    rank = 1


class Mod(_Compound):
    """args: (value, modulus)."""

    __slots__ = ()
    rank = 2


class Min(_Compound):
    __slots__ = ()
    rank = 3


class Max(_Compound):
    __slots__ = ()
    rank = 4


Atom = Union[Symbol, FloorDiv, Mod, Min, Max]
Monomial = tuple[tuple[Atom, int], ...]
DimLike = Union["Dim", int]


class Dim:
    """An integer polynomial in normal form; immutable, hashable, with structural equality."""

    __slots__ = ("_hash", "_symbols", "terms")

    def __init__(self, terms: Iterable[tuple[Monomial, int]] = ()) -> None:
        self.terms: tuple[tuple[Monomial, int], ...] = tuple(terms)
        self._hash = hash(self.terms)
        self._symbols: frozenset[Symbol] | None = None

    @staticmethod
    def of(value: DimLike | Atom) -> Dim:
        """The dim of an int or an atom."""
        if isinstance(value, Dim):
            return value
        if isinstance(value, int):
            return _constant(int(value))
        return Dim((((((value, 1),)), 1),))

    @staticmethod
    def symbol(name: str, kind: SymbolKind, low: int | None = 1) -> Dim:
        return Dim.of(Symbol(name, kind, low))

    @property
    def value(self) -> int | None:
        """The integer, where the dim is constant."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and not self.terms[0][0]:
            return self.terms[0][1]
        return None

    @property
    def lone_symbol(self) -> Symbol | None:
        """The symbol, where the dim is nothing but one."""
        if len(self.terms) == 1:
            monomial, factor = self.terms[0]
            if factor == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
                return monomial[0][0]
        return None

    @property
    def key(self) -> tuple[object, ...]:
        return tuple((tuple((a.key, p) for a, p in m), c) for m, c in self.terms)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Every symbol in the dim, also inside its atoms."""
        if self._symbols is None:
            found: set[Symbol] = set()
            for monomial, _ in self.terms:
                for atom, _ in monomial:
                    if isinstance(atom, Symbol):
                        found.add(atom)
                    else:
                        for arg in atom.args:
                            found |= arg.symbols
            self._symbols = frozenset(found)
        return self._symbols

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            return self.value == other
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: DimLike) -> Dim:
        other = Dim.of(other)
        if not other.terms:
            return self
        if not self.terms:
            return other
        total = dict(self.terms)
        for monomial, factor in other.terms:
            total[monomial] = total.get(monomial, 0) + factor
        return _normal(total)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Dim((m, -c) for m, c in self.terms)

    def __sub__(self, other: DimLike) -> Dim:
        return self + -Dim.of(other)

    def __rsub__(self, other: DimLike) -> Dim:
        return Dim.of(other) - self

    def __mul__(self, other: DimLike) -> Dim:
        other = Dim.of(other)
        total: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in other.terms:
                monomial = _times(left, right)
                total[monomial] = total.get(monomial, 0) + a * b
        return _normal(total)

    __rmul__ = __mul__

    def __pow__(self, power: int) -> Dim:
        result = ONE
        for _ in range(power):
            result = result * self
        return result

    def __floordiv__(self, other: DimLike) -> Dim:
        return floor_div(self, Dim.of(other))

    def __rfloordiv__(self, other: DimLike) -> Dim:
        return floor_div(Dim.of(other), self)

    def __mod__(self, other: DimLike) -> Dim:
        return modulo(self, Dim.of(other))

    def __rmod__(self, other: DimLike) -> Dim:
        return modulo(Dim.of(other), self)

    def __repr__(self) -> str:
        from shapelint.shapes.printing import format_dim

        return f"Dim({format_dim(self)})"

    def substitute(self, replace: Callable[[Symbol], Dim | None]) -> Dim:
        """The dim with each symbol replaced where `replace` gives something, normalised anew."""
        if not any(replace(s) is not None for s in self.symbols):
            return self
        result = ZERO
        for monomial, factor in self.terms:
            product = _constant(factor)
            for atom, power in monomial:
                product = product * _substitute_atom(atom, replace) ** power
            result = result + product
        return result

    def evaluate(self, values: Callable[[Symbol], int]) -> int:
        """The integer under a choice of all symbols. Raises ZeroDivisionError where a divisor becomes 0."""
        result = self.substitute(lambda s: _constant(values(s))).value
        if result is None:
            raise ZeroDivisionError("a divisor is 0")
        return result


def _substitute_atom(atom: Atom, replace: Callable[[Symbol], Dim | None]) -> Dim:
    if isinstance(atom, Symbol):
        new = replace(atom)
        return Dim.of(atom) if new is None else new
    args = [a.substitute(replace) for a in atom.args]
    if isinstance(atom, (FloorDiv, Mod)) and args[1] == 0:
        return Dim.of(atom)  # Python would have raised before: nothing is learned of this size
    if isinstance(atom, FloorDiv):
        return floor_div(args[0], args[1])
    if isinstance(atom, Mod):
        return modulo(args[0], args[1])
    return minimum(args) if isinstance(atom, Min) else maximum(args)


def _constant(value: int) -> Dim:
    return Dim((((), value),)) if value else Dim()


def _normal(terms: dict[Monomial, int]) -> Dim:
    kept = [(m, c) for m, c in terms.items() if c]
    if len(kept) > 1:
        kept.sort(key=lambda t: (-sum(p for _, p in t[0]), tuple((a.key, p) for a, p in t[0])))
    return Dim(kept)


def _times(left: Monomial, right: Monomial) -> Monomial:
    if not left:
        return right
    if not right:
        return left
    powers: dict[Atom, int] = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=lambda t: t[0].key))


def _over(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    """The quotient of two monomials, None where it is no monomial."""
    powers = dict(monomial)
    for atom, power in divisor:
        left = powers.get(atom, 0) - power
        if left < 0:
            return None
        if left:
            powers[atom] = left
        else:
            del powers[atom]
    return tuple(sorted(powers.items(), key=lambda t: t[0].key))


def divide_exactly(numerator: Dim, denominator: Dim) -> Dim | None:
    """The polynomial quotient where the division leaves no remainder, else None."""
    if not denominator.terms:
        return None
    lead_monomial, lead_factor = denominator.terms[0]
    quotient, rest = ZERO, numerator
    for _ in range(len(numerator.terms) + 1):
        if not rest.terms:
            return quotient
        for monomial, factor in rest.terms:
            part = _over(monomial, lead_monomial)
            if part is not None and factor % lead_factor == 0:
                step = Dim(((part, factor // lead_factor),))
                quotient, rest = quotient + step, rest - step * denominator
                break
        else:
            return None
    return None if rest.terms else quotient


def split_multiple(value: Dim, divisor: Dim) -> tuple[Dim, Dim]:
    """`(q, r)` with `value = q * divisor + r`, taking into `q` every term that the divisor divides exactly; for a constant divisor
    the factors left in `r` lie in [0, divisor)."""
    exact = divide_exactly(value, divisor)
    if exact is not None:
        return exact, ZERO
    if len(divisor.terms) != 1:
        return ZERO, value
    (monomial, divisor_factor) = divisor.terms[0]
    quotient: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for m, c in value.terms:
        part = _over(m, monomial)
        if part is None:
            rest[m] = c
            continue
        q, r = divmod(c, divisor_factor) if divisor_factor > 0 else (c // divisor_factor, c % divisor_factor)
        if q:
            quotient[part] = q
        if r:
            rest[m] = r
    return _normal(quotient), _normal(rest)


def floor_div(a: Dim, b: Dim) -> Dim:
    """`a // b` (Python's floor). Raises ZeroDivisionError for the constant divisor 0."""
    x, y = a.value, b.value
    if y == 0:
        raise ZeroDivisionError("integer division by zero")
    if x is not None and y is not None:
        return _constant(x // y)
    if y == 1:
        return a
    if y == -1:
        return -a
    quotient, rest = split_multiple(a, b)
    if not rest.terms:
        return quotient
    r = rest.value
    if r is not None and y is not None:
        return quotient + _constant(r // y)
    if y is not None and y > 0 and len(rest.terms) == 1:
        (monomial, factor) = rest.terms[0]
        if factor == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], FloorDiv):
            inner, inner_divisor = monomial[0][0].args
            if (inner_divisor.value or 0) > 0:  # (x // a) // b == x // (a * b)
                return quotient + floor_div(inner, inner_divisor * y)
    return quotient + Dim.of(FloorDiv(rest, b))


def modulo(a: Dim, b: Dim) -> Dim:
    """`a % b` (Python's sign). Raises ZeroDivisionError for the constant modulus 0."""
    x, y = a.value, b.value
    if y == 0:
        raise ZeroDivisionError("integer modulo by zero")
    if x is not None and y is not None:
        return _constant(x % y)
    if y in (1, -1):
        return ZERO
    _, rest = split_multiple(a, b)
    if not rest.terms:
        return ZERO
    if rest.value is not None and y is not None:
        return _constant(rest.value % y)
    return Dim.of(Mod(rest, b))


def _flatten(kind: type[_Compound], values: Iterable[Dim]) -> Iterator[Dim]:
    for value in values:
        if len(value.terms) == 1:
            monomial, factor = value.terms[0]
            if factor == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], kind):
                yield from monomial[0][0].args
                continue
        yield value


def _extreme(kind: type[Min] | type[Max], values: Iterable[Dim]) -> Dim:
    kept: list[Dim] = []
    for value in dict.fromkeys(_flatten(kind, values)):
        # drop what another value surely dominates
        if any(_dominates(kind, other, value) for other in kept):
            continue
        kept = [k for k in kept if not _dominates(kind, value, k)]
        kept.append(value)
    if len(kept) == 1:
        return kept[0]
    return Dim.of(kind(*sorted(kept, key=lambda d: d.key)))


def _dominates(kind: type[_Compound], winner: Dim, loser: Dim) -> bool:
    greater, less = (winner, loser) if kind is Max else (loser, winner)
    # nothing outweighs what only the lesser side has: most pairs of many lengths end here
    if all(factor > 0 for _, factor in less.terms):
        present = {atom for monomial, _ in greater.terms for atom, _ in monomial}
        if any(atom not in present for monomial, _ in less.terms for atom, _ in monomial):
            return False
    low, _ = bounds(greater - less)
    return low is not None and low >= 0


def minimum(values: Iterable[Dim]) -> Dim:
    """The least of one or more dims."""
    return _extreme(Min, values)


def maximum(values: Iterable[Dim]) -> Dim:
    """The greatest of one or more dims."""
    return _extreme(Max, values)


Low = Callable[[Symbol], "int | None"]


def _declared_low(symbol: Symbol) -> int | None:
    return symbol.low


def _atom_low(atom: Atom, low: Low) -> int | None:
    """A number that the atom is never below."""
    if isinstance(atom, Symbol):
        return low(atom)
    if isinstance(atom, Mod):
        b, _ = bounds(atom.args[1], low)
        return 0 if b is not None and b > 0 else None
    lows = [bounds(a, low)[0] for a in atom.args]
    if isinstance(atom, FloorDiv):
        n, d = lows
        if n is None or d is None or d <= 0:
            return None
        divisor = atom.args[1].value
        return n // divisor if divisor else (0 if n >= 0 else None)
    if isinstance(atom, Max):
        known = [x for x in lows if x is not None]
        return max(known) if known else None
    return None if None in lows else min(x for x in lows if x is not None)


def bounds(dim: Dim, low: Low = _declared_low) -> tuple[int | None, int | None]:
    """Integers that the dim never leaves, None where there is none known.

    Every atom `a` with a known least value `l` is read as `l + a'`, `a' >= 0`, and the product expanded: where then no
    term but the constant can pull below (above) zero, the constant is the bound. This proves `h * e - h >= 0`.
    """
    value = dim.value
    if value is not None:
        return value, value
    return _declared_bounds(dim) if low is _declared_low else _bounds(dim, low)


@lru_cache(maxsize=65_536)
def _declared_bounds(dim: Dim) -> tuple[int | None, int | None]:
    return _bounds(dim, _declared_low)


def _bounds(dim: Dim, low: Low) -> tuple[int | None, int | None]:
    shifted: dict[Monomial, int] = {}
    for monomial, factor in dim.terms:
        product: list[tuple[Monomial, int]] = [((), factor)]
        for atom, power in monomial:
            least = _atom_low(atom, low)
            if least is None:
                return None, None
            for _ in range(power):
                product = [
                    term
                    for m, c in product
                    for term in (
                        ((_times(m, ((atom, 1),)), c), (m, c * least)) if least else ((_times(m, ((atom, 1),)), c),)
                    )
                ]
        for m, c in product:
            shifted[m] = shifted.get(m, 0) + c
    constant = shifted.pop((), 0)
    rest = shifted.values()
    return (constant if all(c >= 0 for c in rest) else None, constant if all(c <= 0 for c in rest) else None)


def without_quotients(dim: Dim) -> tuple[Dim, int] | None:
    """A dim, and a number, such that `dim` is no less than the one divided by the other: quotients that are taken away, `n - n//4`, are read as if
    nothing was rounded down. None where the dim takes no quotient by a number away."""
    scale = 1
    for _ in range(8):
        taken = next(
            (
                (atom, factor)
                for monomial, factor in dim.terms
                for atom, power in monomial
                if factor < 0
                and len(monomial) == 1
                and power == 1
                and isinstance(atom, FloorDiv)
                and (atom.args[1].value or 0) > 0
            ),
            None,
        )
        if taken is None:
            break
        atom, factor = taken
        divisor = atom.args[1].value
        assert divisor is not None
        dim = (dim - Dim.of(atom) * factor) * divisor + atom.args[0] * factor
        scale *= divisor
    return None if scale == 1 else (dim, scale)


def content(dim: Dim) -> tuple[int, Monomial]:
    """The greatest integer and the greatest monomial that divide every term."""
    number = 0
    common: dict[Atom, int] | None = None
    for monomial, factor in dim.terms:
        number = gcd(number, factor)
        powers = dict(monomial)
        common = powers if common is None else {a: min(p, powers[a]) for a, p in common.items() if a in powers}
    return number, tuple(sorted((common or {}).items(), key=lambda t: t[0].key))


ZERO = Dim()
ONE = _constant(1)
