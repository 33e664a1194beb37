"""Laws of loops: what holds before every pass of a loop, shown by induction.

Two passes prove no law. What the state is before pass `number` is first guessed from two passes: what grew may grow by as much in every pass, an
element that was appended may be appended by each. Then the body is run once more from the guess, quietly, in a pass of any number, and must leave the
guess for the next number. What it does not leave so is given up, for a size that is another one in every pass or for nothing known, until what is
left holds. Only that is taken to be true of all passes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from shapelint.interp.carried import NOTHING, Carried, held_by, held_once
from shapelint.interp.join import MAX_ALTERNATIVES, Join, same_value, widened
from shapelint.interp.objects import (
    DictObject,
    Frame,
    FunctionValue,
    HeapObject,
    Instance,
    ListObject,
    Repeated,
)
from shapelint.interp.rows import Renaming, flat, length_of, met
from shapelint.interp.run import Run
from shapelint.interp.state import State
from shapelint.shapes.dim import ZERO, Dim, Symbol
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import (
    Bool,
    Float,
    Guard,
    Int,
    OneOf,
    Ref,
    Sequence,
    SizeOf,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
    anonymous,
)

TURNS = 6  # passes that are run to find a law; what still changes in the last two is given up
DEPTH = 8  # how deep objects are compared


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the reading: symbols and runs of axes with a higher uid were made later."""

    symbol: int = field(default_factory=lambda: Symbol("", "unknown").uid)
    run: int = field(default_factory=lambda: Segment("").uid)


@dataclass(eq=False)
class Loop:
    """One loop whose law is sought. `number` stands for the number of a pass, `base` is the least; what was made after `mark` belongs to a pass, and
    tests behind the `branch` were made in one."""

    number: Symbol
    base: int
    mark: Mark
    branch: int
    own: set[Symbol] = field(default_factory=set)  # sizes that are another number in every pass
    runs: set[Segment] = field(default_factory=set)  # axes that are others in every pass
    lossy: bool = False  # whether anything was given up
    changed: set[int] = field(default_factory=set)  # addresses of what the passes change
    carried: Carried = NOTHING
    frame: int = 0  # where the names live that passes hand on
    calm: bool = False  # whether no pass has left the loop otherwise than at its end
    lists: frozenset[int] = frozenset()  # addresses of lists that passes only append to, by the text

    within: bool = False  # whether a pass of a loop around it is run to prove a law: objects that passes leave behind are not kept apart

    def without_proof(self, run: Run, calm: bool, carried: Carried) -> None:
        """Let the text of the loop show what no pass depends on. What left the loop in a pass that was run stands for no other pass."""
        frame, state = run.top.frame.address, run.state
        self.carried, self.frame, self.calm, self.within = carried, frame, calm, run.quiet > 0
        self.lists = frozenset(held_by(state, frame, carried.lists)) if calm else frozenset()

    def after(self, law: State, count: Dim | None) -> State:
        """The state before the pass of a number, as the law says; with None before a pass that nobody knows."""
        state = law.fork()
        if count is None:
            return state
        here = _InPlace(state, {self.number: count})
        for address in self.changed:
            thing = state.heap.get(address)
            moved = None if thing is None else here.thing(thing)
            if moved is not None:
                state.heap[address] = moved
        return state

    def varies(self, symbol: Symbol) -> bool:
        """Whether a symbol may stand for another number in another pass."""
        return symbol is self.number or (symbol.kind != "parameter" and symbol.uid > self.mark.symbol)


class _InPlace(Renaming):
    """Replaces symbols in an object itself, and not in what it refers to."""

    def _object(self, ref: Ref) -> Value:
        return ref

    def thing(self, thing: object) -> HeapObject | None:  # type: ignore[override]
        if isinstance(thing, Frame):
            names = self._dict(thing.names)
            return None if names is thing.names else Frame(dict(names), thing.stars)
        return super().thing(thing)


def settled(
    run: Run, loop: Loop, one: State, two: State, later: Callable[[], Value], body: Callable[[Value], bool]
) -> State:
    """The law of a loop, from the states before and after the pass of the number `base`. `body` runs a pass and tells whether a path leads through
    it; `later` gives what it is run on in a pass of any number."""
    outcomes = run.top.outcomes
    guess = Law(loop, one, two, loop.base)
    law = guess.state()
    for turn in range(TURNS):
        if not guess.changed:
            break
        run.top.forget(outcomes)  # of a pass from a guess that did not hold
        run.state = law.fork()
        with run.silently():
            alive = body(later())
        if not alive:
            loop.lossy = True
            return Law(loop, one, two, loop.base, giving_up=True).state()
        guess = Law(loop, law, run.state, None, giving_up=turn >= TURNS - 3)
        law = guess.state()
    return law


class Law(Join):
    """One step towards the law of a loop: joins the state before a pass with the state after it into a better guess of what holds before every
    pass. `base` is the number of the pass where its states were real; None where the pass was run from a guess, for any number."""

    def __init__(self, loop: Loop, before: State, after: State, base: int | None, *, giving_up: bool = False) -> None:
        super().__init__(before, after, widen=True)
        self.loop = loop
        self.base = base
        self.giving_up = giving_up
        self.lawless = False  # inside what lists hold, where each pass has an element of its own
        self.joined = before
        self.appended: set[int] = set()  # addresses of lists that passes add to and do not read, by the text
        self.matched: dict[Symbol | Part, object] = {}  # what stands for sizes and axes that are others in every pass

    def state(self) -> State:
        joined = super().state()
        self.loop.changed.update(self.met)
        self.loop.lossy = self.loop.lossy or self.lossy
        # a list that something else refers to may be read all the same
        made = self.loop.carried.result
        self.changed = self.changed or any(a != made and not held_once(self.right, a) for a in self.appended)
        return joined

    def _unread(self) -> Iterator[int]:
        """The addresses of lists that no pass reads, if nothing but one name refers to them."""
        yield from self.loop.lists
        if self.loop.carried.result is not None:
            yield self.loop.carried.result

    def apart(self) -> list[int]:
        """What earlier guesses changed must be left as the law says even where the last pass did not touch it."""
        found = super().apart()
        return [*found, *self.loop.changed.difference(found)]

    # sizes

    def size(self, a: Dim, b: Dim, low: int | None) -> Dim:
        """What a size is before every pass."""
        number = Dim.of(self.loop.number)
        x, y = self.left.facts.resolve(a), self.right.facts.resolve(b)
        if self.base is not None:
            if x == y:
                return x
            self.changed = True
            base = Dim.of(self.base)
            step = y.substitute({self.loop.number: base}.get) - x
            if not self.giving_up and not self.lawless and not any(map(self.loop.varies, step.symbols)):
                return x + (number - base) * step
            return self._given_up(low)
        if x.lone_symbol in self.loop.own or y == x.substitute({self.loop.number: number + 1}.get):
            return x
        self.changed = True
        return self._given_up(low)

    def _given_up(self, low: int | None) -> Dim:
        self.lossy = True
        size = Dim.symbol("n", "unknown", low)
        self.loop.own.update(size.symbols)
        return size

    # values

    def value(self, a: Value, b: Value) -> Value:
        left, right = self.left.facts, self.right.facts
        if isinstance(a, Unknown):
            self.changed = self.changed or (a.extent is not None and a != b)
            return a if a == b else a.anonymous()
        if not self._counts(a) and same_value(a, b, left, right):
            return a
        for plain in (Float, Bool, Str):
            if isinstance(a, plain) and isinstance(b, plain) and a == plain(None):
                return a
        if isinstance(a, Int) and isinstance(b, Int):
            size = self.size(a.dim, b.dim, None)
            return a if size == left.resolve(a.dim) else Int(size)
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            return self._tensor(a, b)
        if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.items) == len(b.items) and a.kind == b.kind:
            items = tuple(self.value(x, y) for x, y in zip(a.items, b.items))
            return a if all(x is y for x, y in zip(items, a.items)) else replace(a, items=items)
        if isinstance(a, OneOf) or isinstance(b, OneOf):
            return self._alternatives(a, b)
        if isinstance(a, Ref) and isinstance(b, Ref) and self._stands_for(a, b):
            return a
        self.changed = self.lossy = True
        if self.giving_up or self._counts(a) or self._counts(b):
            return Unknown("dynamic-value")
        return self._widened([a, b])

    def _tensor(self, a: Tensor, b: Tensor) -> Tensor:
        x, y = self.left.facts.shape(a.shape), self.right.facts.shape(b.shape)
        dtype = a.dtype if a.dtype in (b.dtype, None) else None
        assumed = a.assumed or b.assumed
        self.changed = self.changed or dtype != a.dtype or assumed != a.assumed
        if not _same_ranks(x, y):
            if _is_anything(x) and x.parts[0] in self.loop.runs:
                return a if assumed == a.assumed and dtype == a.dtype else replace(a, dtype=dtype, assumed=assumed)
            self.changed = self.lossy = True
            anything = Segment("joined")
            self.loop.runs.add(anything)
            return Tensor(Shape((anything,)), dtype, b.step, True, a.array)
        parts: list[Part] = []
        for p, q in zip(x.parts, y.parts):
            if not isinstance(p, Axis) or not isinstance(q, Axis):
                parts.append(p)
                continue
            size = self.size(p.size, q.size, 0)
            kept = p.factors if len(p.factors) == 1 and size.lone_symbol in self.loop.own else ()
            parts.append(p if size == p.size else Axis(size, kept) if kept else Axis.fresh(size))
        if dtype == a.dtype and assumed == a.assumed and all(p is q for p, q in zip(parts, x.parts)):
            return a
        return Tensor(Shape(tuple(parts)), dtype, b.step, assumed, a.array)

    def _alternatives(self, a: Value, b: Value) -> Value:
        """Alternatives that cover those of another value: an option for each kind."""
        options = list(a.options) if isinstance(a, OneOf) else [a]
        known = len(options)
        moved = False
        for other in b.options if isinstance(b, OneOf) else (b,):
            place = next((i for i, o in enumerate(options) if self._is_kind(o, other)), None)
            if place is None:
                options.append(_resolved(self.right, other))
                continue
            wider = self.value(options[place], other)
            moved = moved or wider is not options[place]
            options[place] = wider
        if len(options) == known and not moved:
            if not isinstance(a, OneOf) or not a.guards or (isinstance(b, OneOf) and b.guards == a.guards):
                return a
            if isinstance(b, OneOf) and not self._lasting(a) and not self._lasting(b):
                return OneOf(a.options)
            # which way tests went before the loop does not tell where the alternatives stand after a pass
            self.changed = True
            return OneOf(a.options)
        self.changed = True
        if len(options) > MAX_ALTERNATIVES or self.giving_up or any(map(self._counts, options[known:])):
            self.lossy = True
            return Unknown("dynamic-value")
        return OneOf(tuple(options))

    def _is_kind(self, a: Value, b: Value) -> bool:
        """Whether one alternative can stand for both."""
        if isinstance(a, Ref) or isinstance(b, Ref):
            return a == b or (isinstance(a, Ref) and isinstance(b, Ref) and self._stands_for(a, b))
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            return _same_ranks(self.left.facts.shape(a.shape), self.right.facts.shape(b.shape))
        return type(a) is type(b) and (isinstance(a, Int) or same_value(a, b, self.left.facts, self.right.facts))

    def _widened(self, values: list[Value]) -> Value:
        """One value for several of different kinds."""
        before = Dim.symbol("n", "unknown").lone_symbol
        value = widened([_resolved(self.left, values[0]), *(_resolved(self.right, v) for v in values[1:])])
        assert before is not None
        self.loop.own.update(s for d in _dims(self.left, value) for s in d.symbols if s.uid > before.uid)
        return value

    def _counts(self, value: Value) -> bool:
        """Whether a value has sizes that depend on the number of the pass."""
        number = self.loop.number
        return any(number in d.symbols for s in (self.left, self.right) for d in _dims(s, value))

    # objects

    def _stands_for(self, a: Ref, b: Ref) -> bool:
        """Whether an object that a pass made is like the one that the pass before made at its place, in all that is known of it."""
        if b.address in self.left.heap:
            return False
        for state, value in ((self.left, a), (self.right, b)):
            symbols, runs = met(state, [value])
            if any(map(self.loop.varies, symbols)) or any(r.uid > self.loop.mark.run for r in runs):
                return False
        return self._covers(a, b)

    def _covers(self, a: Value, b: Value, depth: int = 0) -> bool:
        """Whether all that is known of one value holds of another."""
        if depth > DEPTH:
            return False
        left, right = self.left.facts, self.right.facts
        if isinstance(a, Unknown):
            return True
        if type(a) is not type(b):
            return False
        if isinstance(a, Int) and isinstance(b, Int):
            return self._covers_size(a.dim, b.dim)
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            x, y = left.shape(a.shape), right.shape(b.shape)
            if _is_anything(x) and self._matches(x.parts[0], y.parts):
                return True
            if len(x.parts) != len(y.parts) or not all(
                p is q or self._matches(p, (q,)) if isinstance(p, Segment) else isinstance(q, Axis)
                for p, q in zip(x.parts, y.parts)
            ):
                return False
            axes = [(p, q) for p, q in zip(x.parts, y.parts) if isinstance(p, Axis) and isinstance(q, Axis)]
            return a.dtype in (None, b.dtype) and all(self._covers_size(p.size, q.size) for p, q in axes)
        if isinstance(a, Tuple) and isinstance(b, Tuple):
            return self._all_cover(a.items, b.items, depth)
        if isinstance(a, OneOf) and isinstance(b, OneOf) and self._lasting(a) in ((), self._lasting(b)):
            return self._all_cover(a.options, b.options, depth)
        if isinstance(a, FunctionValue) and isinstance(b, FunctionValue):
            return a.node is b.node
        if isinstance(a, Ref) and isinstance(b, Ref):
            if a.address == b.address:
                return True
            mine, theirs = self.left.find(a.address) or self.joined.find(a.address), self.right.find(b.address)
            return mine is not None and theirs is not None and self._covers_thing(mine, theirs, depth)
        return same_value(a, b, left, right)

    def _lasting(self, value: OneOf) -> tuple[Guard, ...]:
        """What alternatives say of tests before the loop. Which way a test went within a pass is forgotten when the loop is left."""
        first = self.loop.branch
        guards = tuple(
            frozenset((b, held) for b, held in guard if not (isinstance(b.key, int) and b.key > first))
            for guard in value.guards
        )
        return guards if any(guards) else ()

    def _covers_size(self, a: Dim, b: Dim) -> bool:
        x, y = self.left.facts.resolve(a), self.right.facts.resolve(b)
        symbol = x.lone_symbol
        return x == y or (symbol is not None and self._is_own(symbol) and self.matched.setdefault(symbol, y) == y)

    def _matches(self, run: Part, parts: tuple[Part, ...]) -> bool:
        """Whether a run of axes that are others in every pass may be these, wherever it stands."""
        own = isinstance(run, Segment) and run.uid > self.loop.mark.run
        return own and self.matched.setdefault(run, parts) == parts

    def _is_own(self, symbol: Symbol) -> bool:
        return symbol in self.loop.own or (symbol is not self.loop.number and self.loop.varies(symbol))

    def _all_cover(self, mine: Collection[Value], theirs: Collection[Value], depth: int) -> bool:
        return len(mine) == len(theirs) and all(self._covers(x, y, depth + 1) for x, y in zip(mine, theirs))

    def _covers_thing(self, mine: HeapObject, theirs: HeapObject, depth: int) -> bool:
        if isinstance(mine, ListObject) and isinstance(theirs, ListObject):
            if mine.items is None or theirs.items is None:
                return mine.rows is not None and mine.rows == theirs.rows
            return self._all_cover(mine.items, theirs.items, depth)
        if isinstance(mine, DictObject) and isinstance(theirs, DictObject):
            same = mine.items.keys() == theirs.items.keys() and mine.open >= theirs.open and mine.maybe >= theirs.maybe
            return same and self._all_cover(list(mine.items.values()), list(theirs.items.values()), depth)
        if not isinstance(mine, Instance) or not isinstance(theirs, Instance):
            return False
        if mine.cls != theirs.cls or mine.attrs.keys() != theirs.attrs.keys() or mine.rows != theirs.rows:
            return False
        if (mine.config is None) != (theirs.config is None) or (mine.parts is None) != (theirs.parts is None):
            return False
        if mine.config is not None and theirs.config is not None:
            given, other = mine.config.args, theirs.config.args
            if mine.config.name != theirs.config.name or given.keys() != other.keys():
                return False
            if not self._all_cover(list(given.values()), [other[k] for k in given], depth):
                return False
        if not self._all_cover(list(mine.attrs.values()), [theirs.attrs[k] for k in mine.attrs], depth):
            return False
        return self._all_cover([v for _, v in mine.parts or ()], [v for _, v in theirs.parts or ()], depth)

    def names(self, mine: dict[str, Value], theirs: dict[str, Value]) -> dict[str, Value]:
        free = self._free(mine, theirs) if _is_frame(self.left, self.loop.frame, mine) else {}
        joined = super().names({n: v for n, v in mine.items() if n not in free} if free else mine, theirs)
        joined.update(free)
        last = {self.loop.number: Dim.of(self.loop.number) - 1}
        for name in theirs.keys() - mine.keys():
            joined[name] = _InPlace(self.right, last).value(joined[name])  # what the pass before bound
        return joined

    def _free(self, mine: dict[str, Value], theirs: dict[str, Value]) -> dict[str, Value]:
        """What names hold before every pass that no pass depends on: a pass of any number shows it, and need not be run again to prove it."""
        found = {}
        for name in (*self.loop.carried.rebound, *(self.loop.carried.sums if self.loop.calm else ())):
            a, b = mine.get(name), theirs.get(name)
            if a is not None and b is not None:
                value = self._bound_anew(a, b) if name in self.loop.carried.rebound else self._sum(a, b)
                if value is not None:
                    found[name] = value
        return found

    def _bound_anew(self, a: Value, b: Value) -> Value | None:
        """What a name holds that each pass binds before it reads it; None where passes must show it."""
        number = self.loop.number
        value = _InPlace(self.right, {number: Dim.of(number) - 1}).value(b)
        before = value if self.base is None else _InPlace(self.right, {number: Dim.of(self.base - 1)}).value(b)
        if isinstance(a, Ref) and isinstance(b, Ref) and not self.loop.within:
            return None
        if isinstance(a, Unknown) or isinstance(value, Unknown):
            return Unknown("dynamic-value")
        if same_value(a, before, self.left.facts, self.right.facts):
            return value
        if self._refers(a) or self._refers(value):
            return Unknown("dynamic-value") if self.loop.within else None
        return self._widened([a, value])

    def _sum(self, a: Value, b: Value) -> Value | None:
        """What a name holds to which passes only add; None where passes must show it."""
        if (
            self.base is None
            or same_value(a, b, self.left.facts, self.right.facts)
            or self._refers(a)
            or self._refers(b)
        ):
            return None
        if not isinstance(a, Int) or not isinstance(b, Int):
            return Unknown("dynamic-value")
        if self.loop.number in self.right.facts.resolve(b.dim).symbols:
            return Int(self._given_up(None))  # it grows by another number in every pass
        before = self.changed
        size = self.size(a.dim, b.dim, None)
        self.changed = before
        return Int(size)

    @staticmethod
    def _refers(value: Value) -> bool:
        """Whether a value leads to objects."""
        inner = value.items if isinstance(value, Tuple) else value.options if isinstance(value, OneOf) else ()
        return isinstance(value, Ref) or any(map(Law._refers, inner))

    def thing(self, mine: HeapObject, theirs: HeapObject) -> HeapObject:
        if mine is theirs and not self._moves(mine):
            return mine
        joined = super().thing(mine, theirs)
        if isinstance(joined, Instance) and isinstance(mine, Instance) and isinstance(theirs, Instance):
            if joined.parts is None and mine.rows is not None:
                joined.rows = self.rows(mine.rows, theirs.rows)
            if joined.rows is not None:
                joined.length = length_of(joined.rows)
        return joined

    def _moves(self, thing: HeapObject) -> bool:
        """Whether the guess says of an object that it is another before each pass."""
        known: tuple[object, ...] = (thing.first, thing.last) if isinstance(thing, ListObject) else ()
        if isinstance(thing, Instance):
            known = (thing.element, thing.length)
        table = {self.loop.number: Dim.of(self.loop.number) + 1}
        sides = (self.left, self.right)
        return any(one is not None for one in known) or any(_InPlace(s, table).thing(thing) is not None for s in sides)

    def dicts(self, mine: DictObject, theirs: DictObject) -> DictObject:
        joined = super().dicts(mine, theirs)
        same = joined.items.keys() == mine.items.keys() and joined.open == mine.open
        if not same or joined.maybe != mine.maybe or (joined.element is None) != (mine.element is None):
            self.changed = True
        return joined

    # lists

    def lists(self, mine: ListObject, theirs: ListObject) -> ListObject:
        if mine.items is not None and theirs.items is not None and len(mine.items) == len(theirs.items):
            return super().lists(mine, theirs)
        a = mine.rows if mine.items is None else mine.items
        b = theirs.rows if theirs.items is None else theirs.items
        before = self.changed
        rows = None if mine.is_set else self.rows(a, b)
        if rows is not None and self.base is not None:
            address = next((a for a in self._unread() if self.left.find(a) is mine), None)
            if address is not None:
                self.changed = before  # no pass depends on what it adds to
                self.appended.add(address)
        if rows is None:
            rows = self._in_any_order(mine, theirs)
        if rows is not None:
            return ListObject(None, None, length_of(rows), is_set=mine.is_set, rows=rows)
        self.changed = self.changed or mine.element is not None
        self.lossy = True
        return ListObject(None, Unknown("dynamic-value"), is_set=mine.is_set)

    def rows(self, mine: list[Value] | None, theirs: list[Value] | None) -> list[Value] | None:
        """The order of a list to which each pass adds; None where more than that happens to it."""
        if mine is None or theirs is None or len(theirs) < len(mine):
            return None
        facts = (self.left.facts, self.right.facts)
        if not all(a == b or same_value(a, b, *facts) for a, b in zip(mine, theirs)):
            return None
        new = theirs[len(mine) :]
        if self.base is not None:
            self.changed = self.changed or bool(new)
            return [*mine, self._repeated(new, Dim.of(self.loop.number) - self.base)] if new else mine
        last = mine[-1] if mine and isinstance(mine[-1], Repeated) else None
        grows = last is not None and last.times is not None and self.loop.number in last.times.symbols
        if last is None or not (grows or last.times is None):
            if not new:
                return mine
            self.changed = self.lossy = True
            return [*mine, self._repeated(new, None)]
        if not new:
            if not grows:
                return mine
            self.changed = self.lossy = True
            return [*mine[:-1], replace(last, times=None)]
        if self._covers_row(last, new):
            return mine
        self.changed = True
        if self.giving_up or not grows:
            return None
        return [*mine[:-1], self._repeated(new, last.times)]

    def _repeated(self, new: list[Value], times: Dim | None) -> Repeated:
        """What a pass adds, as the row for what all further ones add."""
        values = tuple(_resolved(self.right, v) for v in new)
        symbols, segments = met(self.right, values)
        index = None
        if self.loop.number in symbols:
            index = Symbol("i", "unknown", self.loop.base)
            values = Renaming(self.right, {self.loop.number: Dim.of(index)}, self.joined).values(values)
        own = frozenset(s for s in symbols if s is not self.loop.number and self.loop.varies(s))
        runs = frozenset(s for s in segments if s.uid > self.loop.mark.run)
        return Repeated(tuple(map(anonymous, values)), times, own, index, Dim.of(self.loop.base), runs=runs)

    def _covers_row(self, row: Repeated, new: list[Value]) -> bool:
        """Whether what a pass of any number adds is what a row says."""
        table = {} if row.index is None else {row.index: Dim.of(self.loop.number)}
        values = Renaming(self.left, table, self.joined).values(row.values)
        self.matched = {}
        return self._all_cover(values, new, 0)

    def _in_any_order(self, mine: ListObject, theirs: ListObject) -> list[Value] | None:
        """Rows of any number of elements, each of which may be any that was ever in the list; None where too many kinds of them are."""
        sides = []
        for thing, state in ((mine, self.left), (theirs, self.right)):
            rows = thing.rows if thing.items is None else thing.items
            if rows is None and thing.element is None:
                return None
            sides.append([thing.element] if rows is None and thing.element is not None else flat(state, rows or ()))
        self.lawless = True
        try:
            known: Value | None = sides[0][0] if sides[0] else sides[1][0] if sides[1] else None
            for value in [*sides[0][1:], *sides[1]]:
                assert known is not None
                known = self.value(known, value)
        finally:
            self.lawless = False
        self.lossy = True
        if known is None or self._counts(known):
            self.changed = True
            return None
        row = self._repeated([known], None)
        again = [mine.rows[0]] if mine.items is None and mine.rows is not None and len(mine.rows) == 1 else []
        if again and isinstance(again[0], Repeated) and again[0].times is None and self._covers_row(again[0], [known]):
            return mine.rows
        self.changed = True
        return None if self.giving_up else [row]


class _Alike(Law):
    """The state before a pass joined with the state after it, where all passes are given the like. What each binds anew is what this one bound."""

    def __init__(self, loop: Loop, before: State, after: State) -> None:
        super().__init__(loop, before, after, 0)
        self.bound: dict[str, Value] = {}

    def _free(self, mine: dict[str, Value], theirs: dict[str, Value]) -> dict[str, Value]:
        found = super()._free(mine, theirs)
        self.bound.update((name, value) for name, value in found.items() if name in self.loop.carried.sums)
        return found

    def _bound_anew(self, a: Value, b: Value) -> Value | None:
        return b


def alike(loop: Loop, before: State, after: State) -> State | None:
    """The law of a loop whose passes are given the like, as its first pass and its text tell it: that pass changed nothing that a further one depends
    on. None where it did."""
    guess = _Alike(loop, before, after)
    joined = guess.state()
    # what code that is not read got hold of, it may change in a further pass
    if guess.changed or before.advanced != after.advanced:
        return None
    if any(before.find(address) is not None for address in after.escaped - before.escaped):
        return None
    law = after.fork()
    for address in guess.appended:
        law.heap[address] = joined.heap[address]
    if guess.bound:
        frame = law.write(loop.frame)
        assert isinstance(frame, Frame)
        frame.names.update(guess.bound)
    return law


class OrNone(Join):
    """Joins the state before a loop that may make no pass with its law: what the law says of no pass is no exception to it."""

    def __init__(self, loop: Loop, before: State, law: State) -> None:
        super().__init__(before, law)
        self._none = _InPlace(law, {loop.number: ZERO})

    def value(self, a: Value, b: Value) -> Value:
        none = self._none.value(b)
        if none is not b and same_value(a, none, self.left.facts, self.right.facts):
            return _resolved(self.right, b)
        return super().value(a, b)

    def lists(self, mine: ListObject, theirs: ListObject) -> ListObject:
        joined = super().lists(mine, theirs)
        before = mine.length if mine.items is None else Dim.of(len(mine.items))
        if joined.items is None and theirs.length is not None and before == self._none.dim(theirs.length):
            joined.length = theirs.length
        return joined


def _same_ranks(x: Shape, y: Shape) -> bool:
    """Whether two shapes have as many axes, an unknown run among them being the same one at the same place."""
    return len(x.parts) == len(y.parts) and all(
        p is q if isinstance(p, Segment) or isinstance(q, Segment) else True for p, q in zip(x.parts, y.parts)
    )


def _is_frame(state: State, address: int, names: dict[str, Value]) -> bool:
    thing = state.find(address)
    return isinstance(thing, Frame) and thing.names is names


def _is_anything(shape: Shape) -> bool:
    return len(shape.parts) == 1 and isinstance(shape.parts[0], Segment)


def _resolved(state: State, value: Value) -> Value:
    """A value with what its own side knows written into it."""
    if isinstance(value, Tensor):
        return replace(value, shape=state.facts.shape(value.shape))
    if isinstance(value, Int):
        return Int(state.facts.resolve(value.dim))
    if isinstance(value, Tuple):
        return replace(value, items=tuple(_resolved(state, v) for v in value.items))
    return value


def _dims(state: State, value: Value) -> Iterator[Dim]:
    """Every size in a value itself, objects apart."""
    if isinstance(value, Int):
        yield state.facts.resolve(value.dim)
    elif isinstance(value, (Tensor, SizeOf)):
        yield from (p.size for p in state.facts.shape(value.shape).parts if isinstance(p, Axis))
    elif isinstance(value, (Tuple, OneOf)):
        for inner in value.items if isinstance(value, Tuple) else value.options:
            yield from _dims(state, inner)
    elif isinstance(value, Sequence):
        yield from _dims(state, value.element)
        if value.length is not None:
            yield state.facts.resolve(value.length)
    elif isinstance(value, Float) and value.exact is not None:
        yield from map(state.facts.resolve, value.exact)


__all__ = ["Law", "Loop", "Mark", "OrNone", "alike", "settled"]
