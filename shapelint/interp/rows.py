"""Rows: the order of what loops put into a list, where how many passes they make is open.

A row is a value, or `Repeated` for what the further passes of a loop add. What a pass adds may depend on its number (`Repeated.index`) and on
what is another number in every pass (`Repeated.own`): whoever reads an element gets a copy in which these symbols are new ones, so that no two
elements are taken for one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from shapelint.interp.join import Join
from shapelint.interp.objects import DictObject, Instance, ListObject, Repeated
from shapelint.interp.state import State
from shapelint.shapes.dim import ZERO, Dim, Symbol
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import (
    Float,
    Int,
    LayerConfig,
    OneOf,
    Ref,
    Sequence,
    SizeOf,
    Slice,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

Rows = Collection[Value]

# Symbols in values -------------------------------------------------------------------------------


class Renaming:
    """Values with some of their symbols replaced. An object that holds such a symbol is copied, any other stays the same object."""

    def __init__(
        self,
        state: State,
        table: Mapping[Symbol, Dim],
        into: State | None = None,
        runs: Mapping[Segment, Segment] | None = None,
    ) -> None:
        self.state = state
        self.table = table
        self.runs = runs or {}  # unknown runs of axes, replaced as well
        self.into = state if into is None else into  # where copies are kept
        self._copies: dict[int, Value] = {}

    def dim(self, dim: Dim) -> Dim:
        return self.state.facts.resolve(dim).substitute(self.table.get)

    def shape(self, shape: Shape) -> Shape:
        known = self.state.facts.shape(shape)
        parts: list[Part] = []
        for part in known.parts:
            if isinstance(part, Segment):
                parts.append(self.runs.get(part, part))
                continue
            size = self.dim(part.size)
            parts.append(part if size == part.size else Axis.fresh(size))
        return shape if all(a is b for a, b in zip(parts, known.parts)) else Shape(tuple(parts))

    def value(self, value: Value) -> Value:
        """The value; itself where nothing in it is replaced."""
        if isinstance(value, Int):
            size = self.dim(value.dim)
            return value if size == value.dim else Int(size)
        if isinstance(value, Tensor):
            shape = self.shape(value.shape)
            return value if shape is value.shape else replace(value, shape=shape)
        if isinstance(value, SizeOf):
            shape = self.shape(value.shape)
            return value if shape is value.shape else SizeOf(shape)
        if isinstance(value, Float) and value.exact is not None:
            n, d = (self.dim(one) for one in value.exact)
            return value if (n, d) == value.exact else Float(value.value, (n, d))
        if isinstance(value, Tuple):
            items = self.values(value.items)
            return value if items is value.items else replace(value, items=items)
        if isinstance(value, OneOf):
            options = self.values(value.options)
            return value if options is value.options else OneOf(options)
        if isinstance(value, Slice):
            bounds = (value.lower, value.upper, value.step)
            moved = self.values(bounds)
            return value if moved is bounds else Slice(*moved)
        if isinstance(value, Sequence):
            element = self.value(value.element)
            length = None if value.length is None else self.dim(value.length)
            if element is value.element and length == value.length:
                return value
            return Sequence(element, length, value.kind)
        if isinstance(value, Repeated):
            return self._repeated(value)
        return self._object(value) if isinstance(value, Ref) else value

    def values(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        moved = tuple(self.value(v) for v in values)
        return values if all(a is b for a, b in zip(values, moved)) else moved

    def _repeated(self, row: Repeated) -> Repeated:
        bound = row.own | ({row.index} if row.index is not None else set())
        inner = self
        if bound & self.table.keys() or row.runs & self.runs.keys():
            table = {symbol: dim for symbol, dim in self.table.items() if symbol not in bound}
            runs = {run: other for run, other in self.runs.items() if run not in row.runs}
            inner = Renaming(self.state, table, self.into, runs)
        values, base = inner.values(row.values), self.dim(row.base)
        times = None if row.times is None else self.dim(row.times)
        if values is row.values and times == row.times and base == row.base:
            return row
        return replace(row, values=values, times=times, base=base)

    def _object(self, ref: Ref) -> Value:
        if ref.address in self._copies:
            return self._copies[ref.address]
        self._copies[ref.address] = ref  # what is reached again from within
        thing = self.state.find(ref.address)
        copy = None if thing is None else self.thing(thing)
        if copy is not None:
            self._copies[ref.address] = self.into.allocate(copy)
        return self._copies[ref.address]

    def thing(self, thing: object) -> Instance | ListObject | DictObject | None:
        """A copy of an object; None where nothing in it is replaced."""
        if isinstance(thing, Instance):
            return self._instance(thing)
        if isinstance(thing, ListObject):
            items = None if thing.items is None else self._list(thing.items)
            rows = None if thing.rows is None else self._list(thing.rows)
            element = None if thing.element is None else self.value(thing.element)
            length = None if thing.length is None else self.dim(thing.length)
            if items is thing.items and rows is thing.rows and element is thing.element and length == thing.length:
                return None
            return ListObject(items, element, length, is_set=thing.is_set, rows=rows, capacity=thing.capacity)
        if isinstance(thing, DictObject):
            named = self._dict(thing.items)
            return None if named is thing.items else DictObject(named, thing.open, thing.element, thing.maybe)
        return None

    def _instance(self, thing: Instance) -> Instance | None:
        config = thing.config
        given = None if config is None else self._dict(config.args)
        attrs = self._dict(thing.attrs)
        parts = None if thing.parts is None else self._list([v for _, v in thing.parts])
        rows = None if thing.rows is None else self._list(thing.rows)
        same_parts = thing.parts is None or all(v is w for (_, v), w in zip(thing.parts, parts or ()))
        if attrs is thing.attrs and rows is thing.rows and same_parts and (config is None or given is config.args):
            return None
        copy = thing.copy()
        copy.attrs, copy.rows = dict(attrs), rows
        if config is not None and given is not None:
            copy.config = LayerConfig(config.name, given, config.site)
        if thing.parts is not None and parts is not None:
            copy.parts = [(n, v) for (n, _), v in zip(thing.parts, parts)]
        return copy

    def _list(self, values: list[Value]) -> list[Value]:
        moved = [self.value(v) for v in values]
        return values if all(a is b for a, b in zip(values, moved)) else moved

    def _dict(self, values: dict[str, Value]) -> dict[str, Value]:
        moved = {key: self.value(v) for key, v in values.items()}
        return values if all(moved[key] is v for key, v in values.items()) else moved


class _Meeting(Renaming):
    """Replaces nothing, and keeps what it meets."""

    def __init__(self, state: State) -> None:
        super().__init__(state, {})
        self.symbols: set[Symbol] = set()
        self.segments: set[Segment] = set()

    def dim(self, dim: Dim) -> Dim:
        self.symbols |= self.state.facts.resolve(dim).symbols
        return dim

    def shape(self, shape: Shape) -> Shape:
        known = self.state.facts.shape(shape)
        self.symbols |= known.symbols
        self.segments.update(p for p in known.parts if isinstance(p, Segment))
        return shape

    def _repeated(self, row: Repeated) -> Repeated:
        symbols, segments = met(self.state, row.values)
        self.symbols |= symbols - row.own - {row.index}
        self.segments |= segments - row.runs
        for dim in (row.times, row.base):
            self.symbols |= frozenset() if dim is None else dim.symbols
        return row


def met(state: State, values: Iterable[Value]) -> tuple[set[Symbol], set[Segment]]:
    """Every symbol and every unknown run of axes in some values and in the objects that they hold."""
    meeting = _Meeting(state)
    for value in values:
        meeting.value(value)
    return meeting.symbols, meeting.segments


# Reading rows ------------------------------------------------------------------------------------


def at(state: State, row: Repeated, place: Dim) -> tuple[Value, ...]:
    """What a repetition adds; the first one has the place 0."""
    table = {s: Dim.symbol(s.name, s.kind, s.low) for s in row.own}
    if row.index is not None:
        table[row.index] = row.base + place * row.step
    runs = {run: Segment(run.name) for run in row.runs}
    return Renaming(state, table, runs=runs).values(row.values) if table or runs else row.values


def any_repetition(state: State, row: Repeated) -> tuple[Value, ...]:
    """What some repetition adds, nobody knows which."""
    return at(state, row, Dim.symbol("i", "unknown", 0))


def flat(state: State, rows: Iterable[Value]) -> list[Value]:
    """One element of each kind that the rows hold."""
    found: list[Value] = []
    for row in rows:
        found.extend(flat(state, any_repetition(state, row)) if isinstance(row, Repeated) else [row])
    return found


def any_of(state: State, rows: Iterable[Value]) -> Value:
    """One value that each element may be."""
    values = flat(state, rows)
    if not values:
        return Unknown("dynamic-value")
    value = values[0]
    for other in values[1:]:
        value = Join(state, state).value(value, other)
    return value


def length_of(rows: Iterable[Value]) -> Dim | None:
    """How many elements the rows are; None where that is not known."""
    total = ZERO
    for row in rows:
        if not isinstance(row, Repeated):
            total = total + 1
            continue
        inner = length_of(row.values)
        if inner is None or row.times is None:
            return None
        total = total + row.times * inner
    return total


def first_of(state: State, rows: Rows) -> Value | None:
    """The first element, None where there may be several."""
    row = next(iter(rows), None)
    if not isinstance(row, Repeated):
        return row
    if row.times is None or not state.facts.at_least(row.times, 1):
        return None
    return first_of(state, at(state, row, ZERO))


def last_of(state: State, rows: Rows) -> Value | None:
    """The last element, None where there may be several."""
    return first_of(state, turned(rows))


def element_at(state: State, rows: Rows, place: int) -> Value:
    """The element at a place from 0; one that may be any where the place may be in several rows."""
    left = place
    for i, row in enumerate(rows):
        if not isinstance(row, Repeated):
            if left == 0:
                return row
            left -= 1
            continue
        if len(row.values) == 1 and not isinstance(row.values[0], Repeated) and i == len(rows) - 1:
            return at(state, row, Dim.of(left))[0]
        break
    return any_of(state, rows)


def element_of_number(state: State, rows: Rows, place: Dim) -> Value:
    """The element at a place that is an open number: the one of that number, where all rows from there on are one loop's."""
    for i, row in enumerate(rows):
        if isinstance(row, Repeated):
            if len(row.values) == 1 and not isinstance(row.values[0], Repeated) and i == len(rows) - 1:
                return at(state, row, place)[0]
            break
        if not state.facts.at_least(place, 1):
            break
        place = place - 1
    return any_of(state, rows)


def turned(rows: Iterable[Value]) -> list[Value]:
    """The rows from behind."""
    found: list[Value] = []
    for row in reversed(list(rows)):
        if not isinstance(row, Repeated):
            found.append(row)
            continue
        values = tuple(turned(row.values))
        if row.index is None:
            found.append(replace(row, values=values))
        elif row.times is None:  # how far the last one is from the first is not known
            found.append(replace(row, values=values, own=row.own | {row.index}, index=None))
        else:
            found.append(replace(row, values=values, base=row.base + (row.times - 1) * row.step, step=-row.step))
    return found


def from_place(rows: Iterable[Value], count: int) -> list[Value] | None:
    """The rows without the first `count` elements; None where that cannot be told."""
    left = list(rows)
    for _ in range(count):
        row = left[0] if left else None
        if not isinstance(row, Repeated):
            left = left[1:]
        elif row.times is None or len(row.values) > 1 or isinstance(row.values[0], Repeated):
            return None
        else:
            left[0] = replace(row, times=row.times - 1, base=row.base + row.step)
    return left


def sliced(rows: Rows, lower: int | None, upper: int | None, step: int | None) -> list[Value] | None:
    """`rows[lower:upper:step]`; None where that cannot be told."""
    if step == -1 and lower is None and upper is None:
        return turned(rows)
    lower = lower or 0
    if step not in (None, 1) or lower < 0 or (upper is not None and upper > 0):
        return None
    left = from_place(rows, lower)
    if left is None or not upper:
        return [] if upper == 0 else left
    behind = from_place(turned(left), -upper)
    return None if behind is None else turned(behind)


def numbered(rows: Iterable[Value], start: Dim) -> list[Value] | None:
    """The rows of `enumerate`; None where the numbers cannot be told."""
    found: list[Value] = []
    open_end = False
    for row in rows:
        if open_end:
            return None
        if not isinstance(row, Repeated):
            found.append(Tuple((Int(start), row)))
            start = start + 1
            continue
        if any(isinstance(v, Repeated) for v in row.values):
            return None
        counted = _counted(row)
        assert counted.index is not None
        place = (Dim.of(counted.index) - counted.base) * counted.step
        many = len(counted.values)
        pairs = tuple(Tuple((Int(start + place * many + i), v)) for i, v in enumerate(counted.values))
        found.append(replace(counted, values=pairs))
        open_end = row.times is None
        start = start + (row.times or ZERO) * many
    return found


def _counted(row: Repeated) -> Repeated:
    """The same row with an index that counts the repetitions."""
    if row.index is not None:
        return row
    index = Dim.symbol("i", "unknown", 0).lone_symbol
    return replace(row, index=index, base=ZERO, step=1)


def zipped(state: State, columns: Collection[Rows]) -> list[Value] | None:
    """The rows of `zip`; None where the columns do not run in step."""
    facts: Facts = state.facts
    if len({len(column) for column in columns}) != 1:
        return None
    found: list[Value] = []
    for row in zip(*columns):
        if not any(isinstance(v, Repeated) for v in row):
            found.append(Tuple(tuple(row)))
            continue
        blocks = [v for v in row if isinstance(v, Repeated)]
        times = blocks[0].times
        if len(blocks) < len(row) or any(len(b.values) != 1 or isinstance(b.values[0], Repeated) for b in blocks):
            return None
        if times is None or any(b.times is None or facts.resolve(b.times) != facts.resolve(times) for b in blocks):
            return None
        common = Dim.symbol("i", "unknown", 0)
        values: list[Value] = []
        own: set[Symbol] = set()
        runs: set[Segment] = set()
        for block in blocks:
            # two columns may run over one list, shifted: what is another one in every element is so in each column
            table = {s: Dim.symbol(s.name, s.kind, s.low) for s in block.own}
            apart = {run: Segment(run.name) for run in block.runs}
            own.update(symbol for size in table.values() for symbol in size.symbols)
            runs.update(apart.values())
            if block.index is not None:
                table[block.index] = block.base + common * block.step
            values.append(Renaming(state, table, runs=apart).value(block.values[0]))
        row_of_all = (Tuple(tuple(values)),)
        found.append(Repeated(row_of_all, times, frozenset(own), common.lone_symbol, ZERO, runs=frozenset(runs)))
    return found
