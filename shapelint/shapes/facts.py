"""What is known on one path of the program: bindings of symbols and runs of axes, least values, divisibility.

A binding is a fact in the state of the path, not a change to a symbol: it forks at a branch, a join keeps what both sides know,
and shapes are read through it, so that every alias sees it. Two strengths are kept apart. *Proved* bindings follow from a demand
that torch would otherwise have rejected. *Generic* bindings rest on sizes being in general position (an open size is not 1, two
open sizes that must broadcast are equal): inference reads through both, proofs through the proved ones alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

from shapelint.shapes.dim import (
    ONE,
    Dim,
    DimLike,
    FloorDiv,
    Monomial,
    Symbol,
    bounds,
    content,
    divide_exactly,
    without_quotients,
)
from shapelint.shapes.shape import Axis, Factor, Part, Segment, Shape


class Verdict(Enum):
    """How two dims compare over every admissible value of their symbols."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


class Demand(Enum):
    """What became of a demand that two dims be equal."""

    HOLDS = "holds"  # true, or made true by binding an open symbol
    FAILS = "fails"  # false for every admissible value
    LATENT = "latent"  # true for some choices of parameters only; recorded as an equality of this path
    OPEN = "open"  # nothing could be learned


_SOLVE_ORDER = {"unknown": 0, "input": 1, "parameter": 2}


class Facts:
    """Mutable knowledge of one path; `copy` forks it."""

    __slots__ = (
        "_both",
        "divides",
        "doubtful",
        "excluded",
        "generic",
        "low",
        "oracle",
        "pending",
        "positive",
        "presumed",
        "proved",
        "ranks",
        "readings",
        "roles",
        "segments",
    )

    def __init__(self) -> None:
        self.proved: dict[Symbol, Dim] = {}
        self.generic: dict[Symbol, Dim] = {}
        self.segments: dict[Segment, tuple[Part, ...]] = {}
        self.readings: dict[Segment, tuple[Axis, ...]] = {}  # runs of these axes or none
        self.excluded: frozenset[tuple[Segment, int]] = frozenset()  # numbers of axes that a run does not have
        self.low: dict[Symbol, int] = {}
        self.positive: frozenset[FloorDiv] = frozenset()  # quotients that are 1 or more
        self.divides: frozenset[tuple[Dim, Dim]] = frozenset()
        # and the symbols that could still decide them; whether they rest on general position alone
        self.pending: dict[tuple[Dim, Dim], tuple[frozenset[Symbol], bool]] = {}
        self.roles: dict[Factor, tuple[object, ...]] = {}
        self.doubtful: frozenset[Segment] = frozenset()
        # whether what is learned now rests on an assumption about a rank: sizes are then generic, and runs in doubt
        self.presumed = False
        self.ranks: dict[Symbol, Shape] = {}  # what an open number of axes is the rank of; a table for all paths
        # decides whether a run holds no further axis than the number known beside it
        self.oracle: Callable[[Segment, int], bool | None] | None = None
        self._both: dict[Symbol, Dim] | None = None

    def copy(self) -> Facts:
        other = Facts.__new__(Facts)
        other.proved = dict(self.proved)
        other.generic = dict(self.generic)
        other.segments = dict(self.segments)
        other.readings = dict(self.readings)
        other.excluded = self.excluded
        other.low = dict(self.low)
        other.positive = self.positive
        other.divides = self.divides
        other.pending = dict(self.pending)
        other.roles = dict(self.roles)
        other.doubtful = self.doubtful
        other.presumed = self.presumed
        other.ranks = self.ranks
        other.oracle = self.oracle
        other._both = self._both
        return other

    def without(self, symbols: Iterable[Symbol]) -> Facts:
        """The same facts, but for the bindings of these symbols."""
        other = self.copy()
        for symbol in symbols:
            other.proved.pop(symbol, None)
            other.generic.pop(symbol, None)
        other._both = None
        return other

    def join(self, other: Facts) -> Facts:
        """What both sides know."""
        joined = Facts()
        joined.oracle = self.oracle
        joined.ranks = self.ranks
        joined.doubtful = self.doubtful | other.doubtful
        joined.proved = {s: d for s, d in self.proved.items() if other.proved.get(s) == d}
        # a proof on one side and an assumption on the other agree as an assumption
        mine, theirs = {**self.generic, **self.proved}, {**other.generic, **other.proved}
        joined.generic = {s: d for s, d in mine.items() if s not in joined.proved and theirs.get(s) == d}
        joined.segments = {s: p for s, p in self.segments.items() if other.segments.get(s) == p}
        joined.readings = {s: p for s, p in self.readings.items() if other.readings.get(s) == p}
        joined.excluded = self.excluded & other.excluded
        joined.low = {s: min(n, other.low[s]) for s, n in self.low.items() if s in other.low}
        joined.positive = self.positive & other.positive
        joined.divides = self.divides & other.divides
        for pair, (symbols, generic) in self.pending.items():
            if pair in other.pending:
                more, also = other.pending[pair]
                joined.pending[pair] = (symbols | more, generic or also)
        for factor, evidence in self.roles.items():
            both = tuple(e for e in evidence if e in other.roles.get(factor, ()))
            if both:
                joined.roles[factor] = both
        return joined

    def keep_own(self, other: Facts, run: Segment, symbol: Symbol) -> None:
        """What another path knows of runs and sizes that it made after these two, which no path but that one can speak of."""
        self.segments.update((s, p) for s, p in other.segments.items() if s.uid > run.uid)
        self.readings.update((s, p) for s, p in other.readings.items() if s.uid > run.uid)
        self.excluded |= {(s, n) for s, n in other.excluded if s.uid > run.uid}
        self.proved.update((s, d) for s, d in other.proved.items() if s.uid > symbol.uid)
        self.generic.update((s, d) for s, d in other.generic.items() if s.uid > symbol.uid)
        self.low.update((s, n) for s, n in other.low.items() if s.uid > symbol.uid)
        self._both = None

    def forget_generic(self) -> None:
        """Drop what rests on sizes being in general position: what is left is proved."""
        self.generic = {}
        self._both = None

    # Reading ---------------------------------------------------------------------------------

    def least(self, symbol: Symbol) -> int | None:
        """The smallest admissible value of a symbol on this path."""
        known = self.low.get(symbol)
        if known is None:
            return symbol.low
        return known if symbol.low is None else max(known, symbol.low)

    def resolve(self, dim: Dim, *, generic: bool = False) -> Dim:
        """The dim read through what is proved; with `generic`, through what general position tells too. What is kept or handed on is read without,
        so that nothing proved later rests on it."""
        table = self.proved
        if generic and self.generic:
            if self._both is None:
                self._both = {**self.generic, **self.proved}
            table = self._both
        dim = _read_through(dim, table)
        return self._use_divisibility(dim, table) if self.divides else dim

    def _use_divisibility(self, dim: Dim, table: dict[Symbol, Dim]) -> Dim:
        """`k * (n // k)` is `n` where `k` is known to divide `n`; both are read through `table`, as the dim was."""
        if all(isinstance(a, Symbol) for m, _ in dim.terms for a, _ in m):
            return dim
        known = {(_read_through(n, table), _read_through(k, table)) for n, k in self.divides}
        changed = True
        while changed:
            changed = False
            for monomial, factor in dim.terms:
                for atom, power in monomial:
                    if not isinstance(atom, FloorDiv) or power != 1 or (atom.args[0], atom.args[1]) not in known:
                        continue
                    n, k = atom.args
                    rest: Monomial = tuple((a, p) for a, p in monomial if a is not atom)
                    others = divide_exactly(Dim(((rest, factor),)), k)
                    if others is not None:
                        dim = dim - Dim(((monomial, factor),)) + others * n
                        changed = True
                        break
                if changed:
                    break
        return dim

    def shape(self, shape: Shape, *, generic: bool = False) -> Shape:
        """The shape read through bindings of its runs and sizes; `generic` as for `resolve`."""
        parts: list[Part] = []
        stack = list(reversed(shape.parts))
        changed = False
        while stack:
            part = stack.pop()
            if isinstance(part, Segment):
                bound = self.segments.get(part)
                if bound is None:
                    parts.append(part)
                else:
                    changed = True
                    stack.extend(reversed(bound))
                continue
            size = self.resolve(part.size, generic=generic)
            if size is not part.size and size != part.size:
                changed = True
                part = Axis(size, part.factors)
            parts.append(part)
        return Shape(tuple(parts)) if changed else shape

    def presume(self, size: Dim) -> Dim:
        """A size that rests on an assumption: inference reads it as what it is taken for, proofs as a number that nothing tells."""
        symbol = Dim.symbol("n", "unknown", 0)
        assert symbol.lone_symbol is not None
        self.bind(symbol.lone_symbol, size, generic=True)
        return symbol

    def sizes(self, shape: Shape) -> list[Dim]:
        """The sizes of a ranked shape as ints, which may go where the shape does not; presumed where its rank is in doubt."""
        dims = self.shape(shape).dims
        return [self.presume(d) for d in dims] if self.in_doubt(shape) else list(dims)

    def compare(self, a: DimLike, b: DimLike, *, proof: bool = False) -> Verdict:
        """`SAME`, `DIFFERENT` for every admissible value, or `UNSURE`."""
        difference = self.resolve(Dim.of(a) - Dim.of(b), generic=not proof)
        if not difference.terms:
            return Verdict.SAME
        if self._never_zero(difference):
            return Verdict.DIFFERENT
        return Verdict.UNSURE

    def _never_zero(self, dim: Dim) -> bool:
        if dim.value is not None:
            return dim.value != 0
        number, common = content(Dim(t for t in dim.terms if t[0]))
        constant = next((c for m, c in dim.terms if not m), 0)
        if number and constant % number:
            return True
        if constant == 0 and common:  # a product is zero only if a factor is
            if all((bounds(Dim.of(a), self.least)[0] or 0) > 0 or a in self.positive for a, _ in common):
                rest = divide_exactly(dim, Dim(((common, 1),)))
                if rest is not None:
                    dim = rest
        low, high = bounds(dim, self.least)
        return (low is not None and low > 0) or (high is not None and high < 0)

    def at_least(self, dim: DimLike, number: int, *, proof: bool = False) -> bool:
        """Whether the dim is surely `number` or more."""
        size = self.resolve(Dim.of(dim), generic=not proof)
        low, _ = bounds(size, self.least)
        if low is None and (rounded := without_quotients(size)) is not None:
            whole, scale = rounded
            least, _ = bounds(whole, self.least)
            low = None if least is None else -(-least // scale)
        return low is not None and low >= number

    def at_most(self, dim: DimLike, number: int, *, proof: bool = False) -> bool:
        """Whether the dim is surely `number` or less."""
        _, high = bounds(self.resolve(Dim.of(dim), generic=not proof), self.least)
        return high is not None and high <= number

    # Learning --------------------------------------------------------------------------------

    def raise_low(self, dim: DimLike, number: int) -> None:
        """Learn that a dim is `number` or more, where that says something of one symbol: `(n - 3)//2 + 1 >= 1` gives `n >= 3`."""
        dim = self.resolve(Dim.of(dim))
        while not self.presumed:
            open_terms = [t for t in dim.terms if t[0]]
            if len(open_terms) != 1:
                return
            monomial, factor = open_terms[0]
            atom, power = monomial[0]
            if len(monomial) > 1 and factor > 0 and number > 0 and len(dim.terms) == 1:
                self._raise_factors(monomial)
                return
            if factor < 0 or power != 1 or len(monomial) != 1:
                return
            constant = next((c for m, c in dim.terms if not m), 0)
            number = -((constant - number) // factor)  # rounded up
            if isinstance(atom, Symbol):
                least = self.least(atom)
                if least is None or least < number:
                    self.low[atom] = number
                return
            divisor = atom.args[1].value if isinstance(atom, FloorDiv) else None
            if divisor is None or divisor <= 0:
                if isinstance(atom, FloorDiv) and number == 1:
                    self.positive |= {atom}
                return
            dim, number = self.resolve(atom.args[0]), number * divisor

    def _raise_factors(self, monomial: Monomial) -> None:
        """A product of sizes that is 1 or more has no factor of 0."""
        lows = [bounds(Dim.of(a), self.least)[0] for a, _ in monomial]
        if all(low is not None and low >= 0 for low in lows):
            for atom, _ in monomial:
                self.raise_low(Dim.of(atom), 1)

    def learn_divides(self, number: DimLike, divisor: DimLike) -> None:
        """Learn that `divisor` divides `number`."""
        if self.presumed:
            return
        n, k = self.resolve(Dim.of(number)), self.resolve(Dim.of(divisor))
        if divide_exactly(n, k) is None:
            self.divides = self.divides | {(n, k)}

    def known_divides(self, number: DimLike, divisor: DimLike) -> bool:
        n, k = self.resolve(Dim.of(number)), self.resolve(Dim.of(divisor))
        if divide_exactly(n, k) is not None:
            return True
        return self.resolve((n // k) * k) == n

    def bind(self, symbol: Symbol, dim: Dim, *, generic: bool = False) -> bool:
        """Bind an open symbol. Returns False where the dim speaks of the symbol itself. A proved binding reads its dim through what is
        proved alone: else what is only assumed would become a proof."""
        generic = generic or self.presumed
        dim = self.resolve(dim, generic=generic)
        if symbol in dim.symbols:
            return False
        assumed: list[tuple[Symbol, Dim]] = []
        if generic:
            self.generic[symbol] = dim
        else:
            # what was assumed of the symbol, and what leads back to it, is assumed anew on top of what is now proved
            if symbol in self.generic or symbol in self.resolve(dim, generic=True).symbols:
                assumed = [
                    (s, d)
                    for s, d in self.generic.items()
                    if s is symbol or symbol in self.resolve(d, generic=True).symbols
                ]
                for known, _ in assumed:
                    del self.generic[known]
            self.proved[symbol] = dim
            least = self.least(symbol)
            if least is not None:
                self.raise_low(dim, least)
        self._both = None
        for known, value in assumed:
            self.equate(Dim.of(known), value, generic=True)
        for pair in [pair for pair, (symbols, _) in self.pending.items() if symbol in symbols]:
            waiting = self.pending.pop(pair, None)
            if waiting is not None:
                self.equate(*pair, generic=generic or waiting[1])
        return True

    def bind_segment(self, segment: Segment, parts: tuple[Part, ...]) -> None:
        """Learn what axes a run consists of."""
        if self.presumed:
            self.doubtful |= {segment}
        self.segments[segment] = parts
        rest = [p for p in parts if isinstance(p, Segment)]
        if segment in self.doubtful:
            self.doubtful |= {*rest}  # a shape that was read already holds these alone
        if len(rest) == 1:
            known = len(parts) - 1
            self.excluded |= {(rest[0], n - known) for run, n in self.excluded if run == segment and n >= known}

    def either(self, segment: Segment, axes: tuple[Axis, ...]) -> None:
        """Learn that a run holds `axes` or nothing at all, as the optional batch axis of a convolution does."""
        if segment not in self.segments:
            self.readings.setdefault(segment, axes)

    def read(self, shape: Shape, *, generic: bool = False) -> Shape:
        """The shape under the preferred reading: with the axes of a run that holds them or none. `generic` as for `resolve`."""
        shape = self.shape(shape, generic=generic)
        at = shape.segment_index
        chosen = None if at is None else self.readings.get(shape.parts[at])  # type: ignore[arg-type]
        if at is None or chosen is None:
            return shape
        return self.shape(Shape((*shape.parts[:at], *chosen, *shape.parts[at + 1 :])), generic=generic)

    def admissible_ranks(self, shape: Shape) -> tuple[int, int | None]:
        """The least and the greatest number of axes that a shape may have (None where there may be any number)."""
        shape = self.shape(shape)
        at = shape.segment_index
        if at is None:
            return len(shape.parts), len(shape.parts)
        least = len(shape.parts) - 1
        chosen = self.readings.get(shape.parts[at])  # type: ignore[arg-type]
        return least, None if chosen is None else least + len(chosen)

    def rank(self, shape: Shape) -> Dim:
        """The number of axes of a shape: where that is open, a symbol that `ranks` leads back to the shape."""
        least, most = self.admissible_ranks(shape)
        if least == most:
            return Dim.of(least)
        rank = Dim.symbol("rank", "unknown", least)
        symbol = rank.lone_symbol
        assert symbol is not None
        self.ranks[symbol] = shape
        return rank

    def excludes_rank(self, shape: Shape, rank: int) -> bool:
        """Whether it was learned that a shape has another number of axes than `rank`."""
        shape = self.shape(shape)
        at = shape.segment_index
        return at is not None and (shape.parts[at], rank - (len(shape.parts) - 1)) in self.excluded

    def exclude_rank(self, shape: Shape, rank: int) -> bool:
        """Learn that a shape has another number of axes than `rank`; False where it has just these."""
        least, most = self.admissible_ranks(shape)
        if rank == least:
            return self.limit_rank(shape, rank + 1, None)
        if rank == most:
            return self.limit_rank(shape, 0, rank - 1)
        shape = self.shape(shape)
        at = shape.segment_index
        if at is not None and rank > least:
            run = shape.parts[at]
            assert isinstance(run, Segment)
            self.excluded |= {(run, rank - least)}
        return True

    def limit_rank(self, shape: Shape, least: int, most: int | None) -> bool:
        """Learn that a shape has `least` to `most` axes (None: any number); False where it cannot."""
        low, high = self.admissible_ranks(shape)
        if most is not None and most <= max(low, least):
            return most >= max(low, least) and self.fix_rank(shape, most) is not None
        if high is not None and (least > high or (most is not None and most < high)):
            # a run of some axes or none: what is left of the two
            return least <= high and self.fix_rank(shape, high if least > low else low) is not None
        if least > low:
            self.reveal_prefix(shape, least - len(self.shape(shape).suffix), least)
        return True

    def equate(self, a: DimLike, b: DimLike, *, generic: bool = False) -> Demand:
        """Demand that two sizes be equal, and learn from it what can be learned.

        An equality with one open symbol is solved (`k*hidden == hidden` gives `k = 1`); with none the demand is LATENT, and
        the equality holds on the rest of this path, since torch would otherwise have raised.
        """
        left, right = Dim.of(a), Dim.of(b)
        generic = generic or self.presumed
        if self.compare(left, right, proof=not generic) is Verdict.SAME:
            return Demand.HOLDS
        verdict = self.compare(left, right)
        if verdict is Verdict.DIFFERENT:
            return Demand.FAILS
        difference = self._reduced(self.resolve(left - right, generic=generic))
        latent = verdict is not Verdict.SAME and all(s.kind == "parameter" for s in difference.symbols)
        symbols = difference.symbols
        if self._solve(difference, generic) or (not generic and self._learn_division(difference)):
            return Demand.LATENT if latent else Demand.HOLDS
        if verdict is Verdict.SAME:
            return Demand.HOLDS
        if not generic and self.generic:  # with what is assumed, more may be told, as an assumption
            likely = self._reduced(self.resolve(left - right, generic=True))
            symbols |= likely.symbols
            self._solve(likely, True)
        _, before = self.pending.get((left, right), (None, True))
        self.pending[left, right] = (symbols, generic and before)
        return Demand.LATENT if latent else Demand.OPEN

    def is_demanded(self, a: Dim, b: Dim) -> bool:
        """Whether something on this path asked that two sizes be equal, which no open symbol could be solved for: it would otherwise have raised."""
        difference = self.resolve(a - b)
        return any(
            not generic and self.resolve(left - right) in (difference, -difference)
            for (left, right), (_, generic) in self.pending.items()
        )

    def _reduced(self, difference: Dim) -> Dim:
        """A difference without the factors of all its terms that are surely positive: it is zero exactly where the whole is."""
        number, common = content(difference)
        for divisor in (Dim(((common, number),)), Dim((((), number),))):
            positive = all((bounds(Dim.of(x), self.least)[0] or 0) > 0 for m, _ in divisor.terms for x, _ in m)
            if positive:
                return divide_exactly(difference, divisor) or difference
        return difference

    def _solve(self, difference: Dim, generic: bool) -> bool:
        candidates: list[tuple[int, int, Symbol, int]] = []
        for monomial, factor in difference.terms:
            if abs(factor) != 1 or len(monomial) != 1:
                continue
            atom, power = monomial[0]
            if power != 1 or not isinstance(atom, Symbol):
                continue
            rest = difference - Dim(((monomial, factor),))
            if atom in rest.symbols:
                continue
            candidates.append((_SOLVE_ORDER[atom.kind], -atom.uid, atom, factor))
        for _, _, symbol, factor in sorted(candidates, key=lambda c: c[:2]):
            rest = difference - Dim(((((symbol, 1),), factor),))
            solution = -rest if factor == 1 else rest
            least = self.least(symbol)
            if least is not None:
                _, high = bounds(solution, self.least)
                if high is not None and high < least:
                    continue
            if self.bind(symbol, solution, generic=generic):
                return True
        return False

    def _learn_division(self, difference: Dim) -> bool:
        """`heads * (d // heads) == d` holds exactly if `heads` divides `d`."""
        for monomial, _ in difference.terms:
            for atom, power in monomial:
                if isinstance(atom, FloorDiv) and power == 1:
                    trial = self.copy()
                    trial.learn_divides(atom.args[0], atom.args[1])
                    if not trial.resolve(difference).terms:
                        self.divides = trial.divides
                        return True
        return False

    # Rank ------------------------------------------------------------------------------------

    def _ends(self, run: Segment, known: int, open_: bool) -> bool:
        """Whether a run holds no axis, where an axis that is asked for may lie in it or behind it (`open_`). The reading decides, once for each
        world; where nothing does, the axis is taken to lie in the run, which leaves a doubt on every shape that holds it."""
        if not open_ or (run, 0) in self.excluded:
            return False
        answer = self.oracle(run, known) if self.oracle is not None else None
        if answer is None:
            self.presumed = True
            self.doubtful = self.doubtful | {run}
            return False
        if answer:
            self.bind_segment(run, ())
        return answer

    def end_if_full(self, shape: Shape, total: Dim) -> Shape:
        """The shape of a tensor of `total` entries, where its known axes hold them all: the run between them then has no axis, unless it has
        axes of 1. The reading decides, as for `reveal_prefix`."""
        shape = self.shape(shape)
        at = shape.segment_index
        if at is None:
            return shape
        run = shape.parts[at]
        known = ONE
        for part in shape.parts:
            if isinstance(part, Axis):
                known = known * part.size
        if isinstance(run, Segment) and run not in self.readings and self.compare(known, total) is Verdict.SAME:
            self._ends(run, at, True)
        return self.shape(shape)

    def end_run(self, shape: Shape) -> None:
        """Ask whether the unknown run of a shape holds no axis at all. The reading decides, as for `reveal_prefix`."""
        at = shape.segment_index
        run = None if at is None else shape.parts[at]
        if (
            isinstance(run, Segment)
            and run not in self.readings
            and (run, 0) not in self.excluded
            and self.oracle is not None
            and self.oracle(run, len(shape.parts) - 1)
        ):
            self.bind_segment(run, ())

    def in_doubt(self, shape: Shape) -> bool:
        """Whether the rank of a shape, read through the facts, rests on a doubt."""
        if not self.doubtful:
            return False
        waiting = [p for p in shape.parts if isinstance(p, Segment)]
        while waiting:
            run = waiting.pop()
            if run in self.doubtful:
                return True
            waiting.extend(p for p in self.segments.get(run, ()) if isinstance(p, Segment))
        return False

    def reveal_prefix(self, shape: Shape, count: int, least: int = 0) -> Shape:
        """The shape with at least `count` axes known from the left, of a tensor that has `least` axes or more;
        binds the run that hides them (each axis a fresh input symbol)."""
        shape = self.shape(shape)
        while not shape.ranked and len(shape.prefix) < count:
            at = shape.segment_index
            assert at is not None
            run = shape.parts[at]
            assert isinstance(run, Segment)
            if run in self.readings:  # more than nothing is in the run, so it holds its axes
                self.bind_segment(run, self.readings[run])
                shape = self.shape(shape)
                continue
            if self._ends(run, at, count - at <= len(shape.suffix) and least < len(shape.parts)):
                shape = self.shape(shape)
                continue
            axis = Axis.fresh(Dim.symbol(f"{run.name}.{at}", "input"))
            self.bind_segment(run, (axis, Segment(run.name)))
            shape = self.shape(shape)
        return shape

    def reveal_suffix(self, shape: Shape, count: int, least: int = 0) -> Shape:
        """The shape with at least `count` axes known from the right, of a tensor that has `least` axes or more."""
        shape = self.shape(shape)
        while not shape.ranked and len(shape.suffix) < count:
            at = shape.segment_index
            assert at is not None
            run = shape.parts[at]
            assert isinstance(run, Segment)
            if run in self.readings:
                self.bind_segment(run, self.readings[run])
                shape = self.shape(shape)
                continue
            behind = len(shape.suffix)
            if self._ends(run, behind, count - behind <= len(shape.prefix) and least < len(shape.parts)):
                shape = self.shape(shape)
                continue
            place = at - len(shape.parts)
            axis = Axis.fresh(Dim.symbol(f"{run.name}.{place}", "input"))
            self.bind_segment(run, (Segment(run.name), axis))
            shape = self.shape(shape)
        return shape

    def fix_rank(self, shape: Shape, rank: int) -> Shape | None:
        """The shape with exactly `rank` axes; None where it is known to have another number."""
        shape = self.shape(shape)
        if shape.ranked:
            return shape if len(shape.parts) == rank else None
        missing = rank - (len(shape.parts) - 1)
        at = shape.segment_index
        assert at is not None
        run = shape.parts[at]
        assert isinstance(run, Segment)
        if missing < 0 or (run, missing) in self.excluded:
            return None
        if run in self.readings:
            if missing not in (0, len(self.readings[run])):
                return None
            self.bind_segment(run, self.readings[run] if missing else ())
            return self.shape(shape)
        axes = tuple(Axis.fresh(Dim.symbol(f"{run.name}.{at + i}", "input")) for i in range(missing))
        self.bind_segment(run, axes)
        return self.shape(shape)

    # Equality of whole shapes ----------------------------------------------------------------

    def equate_all(self, left: Iterable[DimLike], right: Iterable[DimLike]) -> list[Demand]:
        return [self.equate(a, b) for a, b in zip(left, right)]


def _read_through(dim: Dim, table: dict[Symbol, Dim]) -> Dim:
    """The dim with its symbols replaced by what a table binds them to. Bindings are acyclic; the bound is a belt."""
    for _ in range(64):
        if not table or not any(s in table for s in dim.symbols):
            break
        dim = dim.substitute(table.get)
    return dim


__all__ = ["ONE", "Demand", "Facts", "Verdict"]
