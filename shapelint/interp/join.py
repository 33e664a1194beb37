"""Joining paths: what holds on both of two states, with differing values kept apart as alternatives up to a budget."""

from __future__ import annotations

from shapelint.interp.objects import (
    Deferred,
    DictObject,
    Frame,
    HeapObject,
    Instance,
    Iterable,
    ListObject,
    Repeated,
    in_any_order,
)
from shapelint.interp.state import State
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import (
    NO_GUARD,
    Bool,
    Float,
    Guard,
    Int,
    NoneValue,
    OneOf,
    Opaque,
    Ref,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

MAX_ALTERNATIVES = 4


def _parts(thing: Instance) -> list[Value] | None:
    return thing.rows if thing.parts is None else [value for _, value in thing.parts]


def same_shape(a: Shape, b: Shape, left: Facts, right: Facts) -> bool:
    """Whether two shapes, each read through its own facts, are the same."""
    if a is b and left is right:
        return True
    x, y = left.shape(a), right.shape(b)
    return len(x.parts) == len(y.parts) and all(p == q for p, q in zip(x.parts, y.parts))


def same_value(a: Value, b: Value, left: Facts, right: Facts) -> bool:
    """Whether two values, each read through its own facts, are the same."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.dtype == b.dtype and same_shape(a.shape, b.shape, left, right)
    if isinstance(a, Int) and isinstance(b, Int):
        return left.resolve(a.dim) == right.resolve(b.dim)
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        return len(a.items) == len(b.items) and all(same_value(x, y, left, right) for x, y in zip(a.items, b.items))
    if isinstance(a, OneOf) and isinstance(b, OneOf):
        return (
            a.guards == b.guards
            and len(a.options) == len(b.options)
            and all(same_value(x, y, left, right) for x, y in zip(a.options, b.options))
        )
    if isinstance(a, Unknown):
        return True
    return a == b


class Join:
    """Joins two states into one. `lossy` tells afterwards whether values of different shape, rank or type met.

    With `widen`, differing values lose what differs (for loops) instead of being kept apart.
    """

    def __init__(self, left: State, right: State, *, widen: bool = False) -> None:
        self.left = left
        self.right = right
        self.widen = widen
        self.lossy = False
        self.changed = False
        self.joined = left  # the state that is being made
        self.met: list[int] = []  # the addresses of the objects that were joined

    def state(self) -> State:
        joined = self.left.fork()
        joined.facts = self.left.facts.join(self.right.facts)
        joined.assumed = {c: v for c, v in self.left.assumed.items() if self.right.assumed.get(c) == v}
        joined.tensors = self.left.tensors & self.right.tensors
        joined.put = {given: self._put(given) for given in (*self.left.put, *self.right.put)}
        joined.taken = {b: v for b, v in self.left.taken.items() if self.right.taken.get(b) == v}
        joined.advanced = {it: self._taken(it) for it in (*self.left.advanced, *self.right.advanced)}
        joined.escaped = self.left.escaped | self.right.escaped
        joined.left = tuple(dict.fromkeys((*self.left.left, *self.right.left)))
        self.joined = joined
        self.met = self.apart()
        for address in self.met:
            mine, theirs = self.left.find(address), self.right.find(address)
            if mine is None and theirs is not None:
                joined.heap[address] = theirs
            elif mine is not None and theirs is not None:
                joined.heap[address] = self.thing(mine, theirs)
        return joined

    def _taken(self, iterator: Iterable) -> int | None:
        """How many elements were taken from an iterator."""
        mine, theirs = self.left.advanced.get(iterator, 0), self.right.advanced.get(iterator, 0)
        if mine != theirs and iterator in self.left.advanced:
            self.changed = True
        return mine if mine == theirs else None

    def apart(self) -> list[int]:
        """The addresses of the objects that are to be joined: those that are not the same on both sides."""
        # most are: they are passed over without a set of all addresses
        left, right = self.left.heap, self.right.heap
        found = [a for a, thing in left.items() if right.get(a) is not thing and self.right.find(a) is not thing]
        return found + [a for a, thing in right.items() if a not in left and self.left.find(a) is not thing]

    def _put(self, given: Opaque) -> Value:
        """What stands in an entry of what is chosen outside: where one side put nothing, what it was given with."""
        return self.value(self.left.put.get(given, given), self.right.put.get(given, given))

    def thing(self, mine: HeapObject, theirs: HeapObject) -> HeapObject:
        if isinstance(mine, Frame) and isinstance(theirs, Frame):
            return Frame(self.names(mine.names, theirs.names), tuple(dict.fromkeys((*mine.stars, *theirs.stars))))
        if isinstance(mine, Instance) and isinstance(theirs, Instance):
            joined = mine.copy()
            joined.attrs = self.names(mine.attrs, theirs.attrs)
            joined.maybe = mine.maybe | theirs.maybe | (mine.attrs.keys() ^ theirs.attrs.keys())
            joined.vague = mine.vague or theirs.vague
            joined.modules = mine.modules if mine.modules == theirs.modules else None
            joined.config = mine.config if mine.config is theirs.config else mine.config or theirs.config
            if mine.parts != theirs.parts:
                if (
                    mine.parts is not None
                    and theirs.parts is not None
                    and [n for n, _ in mine.parts] == [n for n, _ in theirs.parts]
                ):
                    joined.parts = [(n, self.value(a, b)) for (n, a), (_, b) in zip(mine.parts, theirs.parts)]
                else:
                    joined.parts = None
                    joined.rows = self.rows(_parts(mine), _parts(theirs))
                    self.lossy = True
            elif mine.rows != theirs.rows:
                joined.rows = self.rows(mine.rows, theirs.rows)
            return joined
        if isinstance(mine, ListObject) and isinstance(theirs, ListObject):
            both = self.lists(mine, theirs)
            return both if mine.capacity is None and theirs.capacity is None else self._confined(both, mine, theirs)
        if isinstance(mine, DictObject) and isinstance(theirs, DictObject):
            return self.dicts(mine, theirs)
        return mine

    def names(self, mine: dict[str, Value], theirs: dict[str, Value]) -> dict[str, Value]:
        joined: dict[str, Value] = {}
        for name, value in mine.items():
            other = theirs.get(name)
            # a name that only one path binds: a path in which it would be unbound cannot use it
            joined[name] = value if other is None else self.value(value, other)
        for name, value in theirs.items():
            joined.setdefault(name, value)
        return joined

    def dicts(self, mine: DictObject, theirs: DictObject) -> DictObject:
        """A key that only one side put in may be missing; what further keys hold is known where both sides that have some know it."""
        element = mine.element or theirs.element
        if mine.open and theirs.open:
            known = mine.element is not None and theirs.element is not None
            element = self.value(mine.element, theirs.element) if known else None  # type: ignore[arg-type]
        maybe = mine.maybe | theirs.maybe | (mine.items.keys() ^ theirs.items.keys())
        return DictObject(self.names(mine.items, theirs.items), mine.open or theirs.open, element, maybe)

    def lists(self, mine: ListObject, theirs: ListObject) -> ListObject:
        if mine.items is not None and theirs.items is not None and len(mine.items) == len(theirs.items):
            return ListObject([self.value(a, b) for a, b in zip(mine.items, theirs.items)], is_set=mine.is_set)
        self.lossy = True
        self.changed = True
        elements = [*(mine.items or []), *(theirs.items or []), *(e for e in (mine.element, theirs.element) if e)]
        element: Value = Unknown("dynamic-value")
        if elements:
            element = elements[0]
            for other in elements[1:]:
                element = self.value(element, other)
        length = mine.length if mine.length is not None and mine.length == theirs.length else None
        rows = self.rows(
            mine.rows if mine.items is None else mine.items, theirs.rows if theirs.items is None else theirs.items
        )
        return ListObject(None, element, length, is_set=mine.is_set, rows=None if mine.is_set else rows)

    def _confined(self, joined: ListObject, mine: ListObject, theirs: ListObject) -> ListObject:
        """A deque after either side. What more elements it would hold if nothing had been pushed out is not known."""
        same = mine.capacity is not None and mine.capacity == theirs.capacity
        joined.capacity = mine.capacity if same else Dim.symbol("n", "unknown", 0)
        most = joined.capacity.value if joined.capacity is not None else None
        if joined.items is not None and len(joined.items) <= max(len(mine.items or ()), most or 0):
            return joined
        rows = joined.rows if joined.items is None else joined.items
        return ListObject(
            None, joined.element, capacity=joined.capacity, rows=None if rows is None else in_any_order(rows)
        )

    def rows(self, mine: list[Value] | None, theirs: list[Value] | None) -> list[Value] | None:
        """The order of the elements of a list that is longer on one side, where that can be told: what it has more may be there or not."""
        if mine is None or theirs is None:
            return None
        short, long = sorted((mine, theirs), key=len)
        if long[: len(short)] != short:
            return None
        return [*short, Repeated(tuple(long[len(short) :]))] if len(long) > len(short) else short

    def value(self, a: Value, b: Value) -> Value:
        left, right = self.left.facts, self.right.facts
        if isinstance(a, Unknown) and isinstance(b, Unknown):
            return a if a == b else a.anonymous()
        if same_value(a, b, left, right):
            return a
        for unread, read in ((a, b), (b, a)):
            found = unread.found if isinstance(unread, Deferred) else None
            if found is not None and same_value(found, read, left, right):
                return read
        self.changed = True
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            self.lossy = self.lossy or isinstance(a, Tensor) or isinstance(b, Tensor)
            return a.anonymous() if isinstance(a, Unknown) else b.anonymous()  # type: ignore[attr-defined]
        if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.items) == len(b.items) and a.kind == b.kind:
            return Tuple(tuple(self.value(x, y) for x, y in zip(a.items, b.items)), a.kind, a.names, a.type_name)
        if isinstance(a, Bool) and isinstance(b, Bool):
            return self._flag(a, b)
        if isinstance(a, Float) and isinstance(b, Float):
            return Float(None)
        texts = all(isinstance(o, Str) for v in (a, b) for o in (v.options if isinstance(v, OneOf) else (v,)))
        if texts and (self.widen or not self._guard(self.left, self.right)):
            return Str(None)
        if isinstance(a, Tensor) and isinstance(b, Tensor) and same_shape(a.shape, b.shape, left, right):
            return Tensor(
                left.shape(a.shape), a.dtype if a.dtype == b.dtype else None, a.step, a.assumed or b.assumed, a.array
            )
        self.lossy = self.lossy or not texts
        distinct: list[tuple[Value, Guard]] = []
        for option, guard in (*self._options(a, self.left, self.right), *self._options(b, self.right, self.left)):
            place = next((i for i, (v, _) in enumerate(distinct) if same_value(option, v, left, left)), None)
            if place is None:
                distinct.append((option, guard))
            else:
                distinct[place] = (distinct[place][0], distinct[place][1] & guard)
        if len(distinct) == 1:
            return distinct[0][0]
        if self.widen or len(distinct) > MAX_ALTERNATIVES:
            return Str(None) if texts else widened([option for option, _ in distinct])
        guards = tuple(guard for _, guard in distinct)
        return OneOf(tuple(option for option, _ in distinct), guards if any(guards) else ())

    def _flag(self, a: Bool, b: Bool) -> Bool:
        """A flag that the two sides of a test set differently says which way the test went."""
        if a.value is None or b.value is None or self.widen:
            return Bool(None)
        taken = ((c, v) for c, v in self.left.taken.items() if self.right.taken.get(c, v) != v)
        branch, held = next(taken, (None, True))
        return Bool(None, branch, branch is not None and held != a.value)

    @staticmethod
    def _guard(mine: State, other: State) -> Guard:
        """Which way tests went on one side alone."""
        return frozenset((c, v) for c, v in mine.taken.items() if other.taken.get(c) != v)

    def _options(self, value: Value, mine: State, other: State) -> list[tuple[Value, Guard]]:
        """The alternatives of a value with what its own side knows written into them."""
        facts = mine.facts
        if isinstance(value, OneOf):
            return [
                (o, guard | inner)
                for v, guard in value.guarded
                if mine.admits(guard)
                for o, inner in self._options(v, mine, other)
            ]
        guard = NO_GUARD if self.widen else self._guard(mine, other)
        if isinstance(value, Tensor):
            return [(Tensor(facts.shape(value.shape), value.dtype, value.step, value.assumed, value.array), guard)]
        if isinstance(value, Int):
            return [(Int(facts.resolve(value.dim)), guard)]
        return [(value, guard)]


def widened(options: list[Value]) -> Value:
    """One value that covers several, with fresh unknown sizes where they differ."""
    kept = [o for o in options if not isinstance(o, NoneValue)]
    if len(kept) != len(options):
        inner = widened(kept) if kept else Unknown("dynamic-value")
        return (
            inner
            if isinstance(inner, Unknown)
            else OneOf((next(o for o in options if isinstance(o, NoneValue)), inner))
        )
    if all(isinstance(o, Tensor) for o in options):
        tensors = [o for o in options if isinstance(o, Tensor)]
        first = tensors[0]
        dtype = first.dtype if all(x.dtype == first.dtype for x in tensors) else None
        ranks = {x.shape.rank for x in tensors}
        if len(ranks) == 1 and None not in ranks:
            parts: list[Part] = []
            for axes in zip(*(x.shape.axes for x in tensors)):
                same = all(a == axes[0] for a in axes)
                parts.append(
                    axes[0]
                    if same
                    else Axis(Dim.symbol("n", "unknown"), axes[0].factors if len(axes[0].factors) == 1 else ())
                )
            return Tensor(Shape(tuple(parts)), dtype, first.step, any(x.assumed for x in tensors), first.array)
        return Tensor(Shape.unknown("joined"), dtype, first.step, True, first.array)
    if all(isinstance(o, Int) for o in options):
        return Int(Dim.symbol("n", "unknown", None))
    if all(isinstance(o, Ref) for o in options):
        return (
            OneOf(tuple(options[:MAX_ALTERNATIVES])) if len(options) <= MAX_ALTERNATIVES else Unknown("dynamic-value")
        )
    return Unknown("dynamic-value")


def join(left: State, right: State) -> State:
    """What holds on both paths."""
    return Join(left, right).state()


def join_values(pairs: list[tuple[Value, State]]) -> tuple[Value, State]:
    """Join several outcomes of one evaluation: the value and the state that hold for all."""
    value, state = pairs[0]
    for other_value, other_state in pairs[1:]:
        joiner = Join(state, other_state)
        value = joiner.value(value, other_value)
        state = joiner.state()
    return value, state
