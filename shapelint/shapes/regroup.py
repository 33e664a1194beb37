"""What a reshape does to axes: which it passes on, merges, splits, or cuts across.

The entries of a tensor lie in memory in the order of its factors, outermost first; a reshape only draws new borders.
Where a border of the target falls on a border between factors (their products from the left are equal), both sides are
told apart. Between two such borders a group of factors meets a group of sizes: one size merges the factors, one factor
is split into the sizes; where several meet several, the sizes cut across the factors. They are then pieces of one mixed
factor, which is undone exactly where a later reshape merges all of them or draws the old borders again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from shapelint.shapes.dim import ONE, ZERO, Dim, divide_exactly
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis, Factor, product

MAX_GROUP = 8  # factors and sizes of a group that is searched for a reordering


@dataclass(frozen=True, slots=True, eq=False)
class Scramble:
    """The target names the source's factors in an order that memory does not have.

    `source` are the factors in memory order; `claims[i]` the factors (or pieces of one, with `parent`) whose sizes
    multiply to `sizes[i]`; `at` is the place of the first of these sizes among the target's axes. No other reading of
    the sizes exists.
    """

    source: tuple[Factor, ...]
    claims: tuple[tuple[Factor, ...], ...]
    sizes: tuple[Dim, ...]
    at: int

    @property
    def merges_apart(self) -> bool:
        """Whether a size merges factors that are not neighbours in memory (otherwise factors merely trade places)."""
        place = {f: i for i, f in enumerate(self.source)}
        return any(
            place[right] - place[left] != 1
            for claim in self.claims
            for left, right in pairwise(claim)
            if left in place and right in place
        )


@dataclass(frozen=True, slots=True, eq=False)
class Regrouped:
    """The axes after a reshape, and the first group that names factors out of their order."""

    axes: tuple[Axis, ...]
    scramble: Scramble | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    """A factor as it lies in the source; None where nothing is known of the axis."""

    factor: Factor | None
    size: Dim


def regroup(facts: Facts, axes: Sequence[Axis], sizes: Sequence[Dim]) -> Regrouped:
    """The axes of `sizes` that a reshape makes of `axes`. The totals must be equal, as torch demands."""
    asked = [facts.resolve(s) for s in sizes]
    targets = [facts.resolve(s, generic=True) for s in asked]
    if ZERO in targets:
        return Regrouped(tuple(Axis(s) for s in asked))
    units = [u for axis in axes for u in _units(facts, axis)]
    found: list[Axis | None] = [None] * len(targets)
    scramble: Scramble | None = None
    wide = [i for i, s in enumerate(targets) if s != ONE]
    kept = [u for u in units if u.size != ONE]
    for source, places in _groups(facts, kept, wide, targets):
        made, mixed = _group(facts, source, [targets[p] for p in places], places[0])
        scramble = scramble or mixed
        for place, axis in zip(places, made, strict=True):
            found[place] = axis
    _whole_axes(facts, axes, found)
    _pass_ones(facts, axes, targets, found)
    return Regrouped(
        tuple(Axis(s, a.factors) if a is not None else Axis.fresh(s) for a, s in zip(found, asked, strict=True)),
        scramble,
    )


def _units(facts: Facts, axis: Axis) -> list[_Unit]:
    size = facts.resolve(axis.size, generic=True)
    if len(axis.factors) <= 1:
        return [_Unit(axis.factors[0] if axis.factors else None, size)]
    parts = [facts.resolve(f.size, generic=True) for f in axis.factors]
    if facts.resolve(product(parts), generic=True) != size:
        return [_Unit(None, size)]
    return [_Unit(f, s) for f, s in zip(axis.factors, parts, strict=True)]


def _groups(
    facts: Facts, units: list[_Unit], places: list[int], targets: list[Dim]
) -> Iterator[tuple[list[_Unit], list[int]]]:
    """Runs of factors and of target places between borders that both sides have, none of them divisible further."""
    borders = _borders(facts, [u.size for u in units], [targets[p] for p in places])
    for (a, b), (c, d) in pairwise(borders):
        if d > b:
            yield units[a:c], places[b:d]


def _borders(facts: Facts, source: list[Dim], target: list[Dim]) -> list[tuple[int, int]]:
    left = _matches(facts, source, target)
    a, b = left[-1]
    # products from the right find borders behind a size that cannot be compared
    right = _matches(facts, source[a:][::-1], target[b:][::-1])
    back = [(len(source) - i, len(target) - j) for i, j in reversed(right)]
    return [*left, *(pair for pair in back if pair not in left)]


def _matches(facts: Facts, source: list[Dim], target: list[Dim]) -> list[tuple[int, int]]:
    """Pairs of counts whose first sizes have equal products, in order, from (0, 0)."""
    products = _running(facts, target)
    found = [(0, 0)]
    for i, total in enumerate(_running(facts, source), 1):
        j = next((j for j, other in enumerate(products, 1) if j > found[-1][1] and other == total), None)
        if j is not None:
            found.append((i, j))
    return found


def _running(facts: Facts, sizes: list[Dim]) -> list[Dim]:
    total, products = ONE, []
    for size in sizes:
        total = facts.resolve(total * size, generic=True)
        products.append(total)
    return products


def _group(facts: Facts, units: list[_Unit], sizes: list[Dim], at: int) -> tuple[list[Axis], Scramble | None]:
    if len(sizes) == 1:
        return [_merged(facts, units, sizes[0])], None
    whole = _combined(facts, units)
    if len(whole) == 1 and len(units) == 1:
        factor = whole[0].factor
        return [Axis(s, (Factor(s, factor, i, len(sizes)),) if factor else ()) for i, s in enumerate(sizes)], None
    if len(whole) != len(units) or any(a is not b for a, b in zip(whole, units, strict=True)):
        again = regroup(facts, [Axis(u.size, (u.factor,) if u.factor else ()) for u in whole], sizes)
        return list(again.axes), again.scramble
    factors = [_named(facts, u) for u in units]
    known = [f for f in factors if f is not None]
    if len(known) != len(units):
        return [Axis(s) for s in sizes], None
    scramble = _scramble(facts, known, sizes, at)
    refined = None if scramble is not None and not scramble.merges_apart else _refined(facts, known, sizes)
    if refined is not None and (scramble is None or _cuts_the_last(refined, known)):
        return refined, None
    scramble = scramble or _scramble_of_pieces(facts, known, sizes, at)
    total = Factor(facts.resolve(product(f.size for f in known), generic=True), mixed=tuple(known))
    return [Axis(s, (Factor(s, total, i, len(sizes)),)) for i, s in enumerate(sizes)], scramble


def _cuts_the_last(axes: list[Axis], factors: list[Factor]) -> bool:
    """Whether a reshape in order cuts no factor but the last, of which numbers cannot say that it is meant otherwise: `batch * seq * heads, width`
    of batch × seq × (heads * width), where `width` happens to be as many as `batch`."""
    return all(f in factors[:-1] or f.parent is factors[-1] for axis in axes for f in axis.factors)


def _named(facts: Facts, unit: _Unit) -> Factor | None:
    """The factor of a unit; a slice of one is a factor of its own size with what is known about the whole."""
    factor = unit.factor
    if factor is None or facts.resolve(factor.size, generic=True) == unit.size:
        return factor
    part = Factor(unit.size, factor)
    if factor in facts.roles:
        facts.roles[part] = facts.roles[factor]
    return part


def _merged(facts: Facts, units: list[_Unit], size: Dim) -> Axis:
    if len(units) == 1:
        return Axis(size, (units[0].factor,) if units[0].factor else ())
    factors = [_named(facts, u) for u in _combined(facts, units)]
    known = tuple(f for f in factors if f is not None)
    return Axis(size, known if len(known) == len(factors) else ())


def _combined(facts: Facts, units: list[_Unit]) -> list[_Unit]:
    """The units with every complete run of pieces replaced by what was split."""
    done: list[_Unit] = []
    for unit in units:
        done.append(unit)
        while (restored := _restored(facts, done)) is not None:
            count, parts = restored
            done[-count:] = parts
            if len(parts) > 1:
                break
    return done


def _restored(facts: Facts, units: list[_Unit]) -> tuple[int, list[_Unit]] | None:
    last = units[-1].factor
    if last is None or last.parent is None or last.place != last.count - 1 or len(units) < last.count or last.count < 2:
        return None
    pieces = [u.factor for u in units[-last.count :]]
    parent = last.parent
    if any(p is None or (p.parent, p.place, p.count) != (parent, i, last.count) for i, p in enumerate(pieces)):
        return None
    total = facts.resolve(product(u.size for u in units[-last.count :]), generic=True)
    if facts.resolve(parent.size, generic=True) != total:
        return None
    if parent.mixed:
        return last.count, [_Unit(f, facts.resolve(f.size, generic=True)) for f in parent.mixed]
    return last.count, [_Unit(parent, total)]


def _refined(facts: Facts, factors: list[Factor], sizes: list[Dim]) -> list[Axis] | None:
    """The axes where each size divides what is left of a factor or is divided by it, so that factors are split and the
    pieces merged."""
    pieces: list[list[tuple[Factor, Dim]]] = []  # per size, what it takes of which factor
    waiting = list(factors)
    left = ONE
    for size in sizes:
        taken: list[tuple[Factor, Dim]] = []
        while size != ONE:
            if left == ONE:
                if not waiting:
                    return None
                left = facts.resolve(waiting[0].size, generic=True)
            whole = divide_exactly(size, left)
            part = divide_exactly(left, size) if whole is None else None
            if whole is not None:
                taken.append((waiting.pop(0), left))
                size, left = whole, ONE
            elif part is not None:
                taken.append((waiting[0], size))
                size, left = ONE, part
            else:
                return None
        pieces.append(taken)
    counts = {f: sum(g is f for taken in pieces for g, _ in taken) for f in factors}
    seen = dict.fromkeys(factors, 0)
    axes = []
    for size, taken in zip(sizes, pieces, strict=True):
        made = []
        for factor, part_size in taken:
            if counts[factor] == 1:
                made.append(factor)
            else:
                made.append(Factor(part_size, factor, seen[factor], counts[factor]))
                seen[factor] += 1
        axes.append(Axis(size, tuple(made)))
    return axes


def _scramble(facts: Facts, factors: list[Factor], sizes: list[Dim], at: int) -> Scramble | None:
    """The one reading of the sizes as factors (or pieces of them) in another order, if there is exactly one."""
    if len(factors) > MAX_GROUP or len(sizes) > MAX_GROUP:
        return None
    readings = list(_covers(facts, tuple(range(len(factors))), tuple(range(len(sizes))), factors, sizes))
    if len(readings) != 1:
        return None
    claims: list[tuple[Factor, ...]] = [()] * len(sizes)
    for sources, places in readings[0]:
        if len(places) == 1:
            claims[places[0]] = tuple(factors[s] for s in sources)
        else:
            whole = factors[sources[0]]
            for i, place in enumerate(places):
                claims[place] = (Factor(sizes[place], whole, i, len(places)),)
    return Scramble(tuple(factors), tuple(claims), tuple(sizes), at)


def _scramble_of_pieces(facts: Facts, factors: list[Factor], sizes: list[Dim], at: int) -> Scramble | None:
    """A reading in which a size merges a factor with a piece of another one that is no neighbour of it (`batch * heads` of
    batch × seq × (heads * width)), or in which factors that are not cut trade places (`seq * heads, batch, width`). The order of
    the pieces within their factor is not known and does not matter."""
    pieces: list[Factor] = []
    home: dict[Factor, int] = {}
    for place, factor in enumerate(factors):
        made = _pieces(facts, factor)
        pieces += made
        home.update(dict.fromkeys(made, place))
    if len(pieces) == len(factors):
        return None
    scramble = _scramble(facts, pieces, sizes, at)
    if scramble is None:
        return None
    apart = any(
        abs(home.get(a, 0) - home.get(b, 0)) > 1 and a in home and b in home
        for claim in scramble.claims
        for a, b in pairwise(claim)
    )
    uncut = [home[f] for claim in scramble.claims for f in claim if f in factors]
    return scramble if apart or uncut != sorted(uncut) else None


def _pieces(facts: Facts, factor: Factor) -> list[Factor]:
    """A factor whose size is a product of symbols, as one piece for each of them."""
    size = facts.resolve(factor.size, generic=True)
    if len(size.terms) != 1:
        return [factor]
    monomial, number = size.terms[0]
    if number != 1 or len(monomial) < 2 or any(power != 1 for _, power in monomial):
        return [factor]
    return [Factor(Dim.of(atom), factor, i, len(monomial)) for i, (atom, _) in enumerate(monomial)]


_Block = tuple[tuple[int, ...], tuple[int, ...]]


def _covers(
    facts: Facts, sources: tuple[int, ...], places: tuple[int, ...], factors: list[Factor], sizes: list[Dim]
) -> Iterator[tuple[_Block, ...]]:
    """Ways to pair factors with sizes of equal product, each time one with one or more; no more than two are told. Which of several equal sizes is
    meant makes no other way: the first of them stands for all, so that they keep their order."""
    if not sources or not places:
        if not sources and not places:
            yield ()
        return
    first, rest = sources[0], sources[1:]
    blocks: list[_Block] = []
    want = facts.resolve(factors[first].size, generic=True)
    for count in range(1, len(places) + 1):
        for chosen in combinations(places, count):
            if any(sizes[p] == sizes[q] for p in chosen for q in places if q < p and q not in chosen):
                continue
            if facts.resolve(product(sizes[p] for p in chosen), generic=True) == want:
                blocks.append(((first,), chosen))
    for count in range(1, len(rest) + 1):
        for others in combinations(rest, count):
            total = facts.resolve(product(factors[s].size for s in (first, *others)), generic=True)
            alike = [p for p in places if sizes[p] == total]
            blocks += [((first, *others), (p,)) for p in alike[:1]]
    found = 0
    for block in blocks:
        remaining = tuple(s for s in sources if s not in block[0]), tuple(p for p in places if p not in block[1])
        for tail in _covers(facts, *remaining, factors, sizes):
            yield (block, *tail)
            found += 1
            if found >= 2:
                return


def _whole_axes(facts: Facts, axes: Sequence[Axis], found: list[Axis | None]) -> None:
    """An axis that passes whole stays the axis it was, with its factors of size 1."""
    by_factors = {
        tuple(f for f in a.factors if facts.resolve(f.size, generic=True) != ONE): a for a in axes if len(a.factors) > 1
    }
    for i, axis in enumerate(found):
        whole = by_factors.get(axis.factors) if axis is not None else None
        if axis is not None and whole is not None and facts.resolve(whole.size, generic=True) == axis.size:
            found[i] = Axis(axis.size, whole.factors)


def _pass_ones(facts: Facts, axes: Sequence[Axis], targets: list[Dim], found: list[Axis | None]) -> None:
    """An axis of size 1 passes where it stands between the same neighbours."""
    total = ONE
    borders: dict[Dim, list[Axis]] = {}
    for axis in axes:
        size = facts.resolve(axis.size, generic=True)
        if size == ONE:
            borders.setdefault(total, []).append(axis)
        total = facts.resolve(total * size, generic=True)
    total = ONE
    for i, size in enumerate(targets):
        if size == ONE:
            waiting = borders.get(total)
            if waiting:
                found[i] = waiting.pop(0)
        total = facts.resolve(total * size, generic=True)


__all__ = ["Regrouped", "Scramble", "regroup"]
