"""Numbers for the sizes that the code leaves open: small, distinct, and in keeping with everything that is known of
them. Needs no torch."""

from __future__ import annotations

import random

from shapelint.shapes.dim import Dim, FloorDiv, Symbol
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis, Part, Segment, Shape

SMALL = 12
LARGEST = 4096
SEARCHED = 512
"""Up to here numbers are tried one by one where what they must be cannot be solved for."""


class Contradiction(Exception):
    """The numbers chosen so far break something that is known of the sizes: another draw may do better."""


class Sizes:
    """One draw. Symbols get their numbers when they are first asked for, or from what torch is seen to give."""

    def __init__(self, facts: Facts, seed: int) -> None:
        self.facts = facts
        self.values: dict[Symbol, int] = {}
        self.drawn: list[Symbol] = []
        self.runs: dict[Segment, tuple[int, ...]] = {}
        self._seed = seed
        self._rank = (1, 0, 2)[seed % 3]
        self._random = random.Random(seed)
        self._pool = list(range(2, SMALL))
        if seed:
            self._random.shuffle(self._pool)
        else:
            self._pool.sort(key=lambda n: (n % 2 == 0, n))  # 3, 5, 7, …: a size is then seldom a multiple of another

    # sizes

    def number(self, dim: Dim, *, counts: bool = False) -> int:
        """The number that a dim stands for, `counts` where it counts the entries of an axis. Raises Contradiction where no
        number can be given."""
        dim = self.facts.resolve(dim, generic=True)
        for symbol in sorted(dim.symbols, key=lambda s: s.uid):
            if symbol not in self.values:
                self._draw(symbol, counts and symbol is dim.lone_symbol)
        number = self._value(dim)
        if number <= 0 and any(isinstance(atom, FloorDiv) for monomial, _ in dim.terms for atom, _ in monomial):
            raise Contradiction("a quotient is rounded to nothing")
        return number

    def size(self, dim: Dim) -> int:
        """The number of entries of an axis. Raises Contradiction where an open one would be empty or beyond all
        measure."""
        number = self.number(dim, counts=True)
        is_open = self.facts.resolve(dim, generic=True).value is None
        if number < 0 or (is_open and not 1 <= number <= LARGEST):
            raise Contradiction(f"an axis of {number} entries")
        return number

    def shape(self, shape: Shape) -> tuple[int, ...]:
        """The sizes of a shape; an unknown run of axes is given a few."""
        return tuple(n for part in self.facts.read(shape, generic=True).parts for n in self.part(part))

    def part(self, part: Part) -> tuple[int, ...]:
        """The sizes of an axis, or of a run of them."""
        if isinstance(part, Axis):
            return (self.size(part.size),)
        if part not in self.runs:
            self.runs[part] = tuple(self._next(2) for _ in range(self._rank))
        return self.runs[part]

    def known(self, dim: Dim) -> int | None:
        """The number of a dim, None where a symbol in it has none yet."""
        dim = self.facts.resolve(dim, generic=True)
        return self._value(dim) if all(s in self.values for s in dim.symbols) else None

    def _value(self, dim: Dim) -> int:
        try:
            return dim.evaluate(self.values.__getitem__)
        except ZeroDivisionError:
            raise Contradiction("a size is divided by 0") from None

    # symbols

    def _draw(self, symbol: Symbol, counts: bool) -> None:
        least = self.facts.least(symbol)
        low = max(2, least if least is not None else 2)
        number = self._demanded(symbol, low)
        if number is None and symbol.kind == "unknown" and least == 0 and not counts:
            number = 1  # the number of a pass or an index: it stays below every size
        self.drawn.append(symbol)
        self.values[symbol] = number if number is not None else self._next(low)
        self._check()

    def _demanded(self, symbol: Symbol, low: int) -> int | None:
        """What the facts leave of a symbol, once the others have their numbers."""
        for numerator, divisor in self.facts.divides:
            n = self.facts.resolve(numerator, generic=True)
            if n.lone_symbol is symbol and symbol not in self.facts.resolve(divisor, generic=True).symbols:
                each = self.number(divisor)
                if each > 0:
                    return each * max(-(-low // each), self._random.randint(2, 4))
        for left, right in self.facts.pending:
            difference = self.facts.resolve(left - right, generic=True)
            if symbol in difference.symbols and all(s in self.values for s in difference.symbols if s is not symbol):
                number = self._root(difference, symbol, low)
                if number is not None:
                    return number
        return None

    def _root(self, difference: Dim, symbol: Symbol, low: int) -> int | None:
        """The least number from `low` on for which a difference is 0; its other symbols have their numbers."""
        try:
            alone = difference.substitute(lambda s: None if s is symbol else Dim.of(self.values[s]))
        except ZeroDivisionError:
            return None
        factors = dict(alone.terms)
        slope, rest = factors.pop(((symbol, 1),), 0), factors.pop((), 0)
        if slope and not factors:
            number = -rest // slope
            return number if number >= low and slope * number + rest == 0 else None
        for number in range(low, SEARCHED):
            try:
                if alone.evaluate(lambda _, n=number: n) == 0:  # type: ignore[misc]
                    return number
            except ZeroDivisionError:
                continue
        return None

    def _next(self, low: int) -> int:
        taken = set(self.values.values())
        for number in self._pool:
            if number >= low and number not in taken:
                self._pool.remove(number)
                return number
        number = low + (self._random.randint(0, low) if self._seed else 0)  # the least size alone may be a special case
        while number in taken:
            number += 1
        return number

    def _check(self) -> None:
        """Raises Contradiction where a fact all of whose symbols have numbers does not hold."""
        for numerator, divisor in self.facts.divides:
            n, k = self.known(numerator), self.known(divisor)
            if n is not None and k and n % k:
                raise Contradiction(f"{k} does not divide {n}")
        for left, right in self.facts.pending:
            a, b = self.known(left), self.known(right)
            if a is not None and b is not None and a != b:
                raise Contradiction(f"{a} is not {b}")

    def learn(self, dim: Dim, seen: int) -> int | None:
        """Torch gave an axis `seen` entries. Returns what was expected where that is another number."""
        dim = self.facts.resolve(dim, generic=True)
        symbol = dim.lone_symbol
        if symbol is not None and symbol not in self.values:
            self.values[symbol] = seen
            return None
        expected = self.known(dim)
        return None if expected is None or expected == seen else expected
