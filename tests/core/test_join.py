"""Joins against what was there on either path: whatever a value was before the paths met, the joined value still admits it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from shapelint.interp.join import Join
from shapelint.interp.objects import Builtin, DictObject, Frame, Instance, ListObject
from shapelint.interp.state import State
from shapelint.shapes.dim import Dim, Symbol
from shapelint.shapes.shape import Axis, Segment, Shape
from shapelint.values.model import (
    NONE,
    Bool,
    Float,
    Int,
    NoneValue,
    OneOf,
    Ref,
    Sequence,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)


@dataclass(frozen=True)
class Sizes:
    """The shape of a real tensor."""

    sizes: tuple[int, ...]


@dataclass
class Path:
    """One path: a state, the integers behind its symbols, and what each drawn value really is."""

    state: State
    numbers: dict[Symbol, int] = field(default_factory=dict)


SHARED = [Symbol(f"p{i}", "parameter") for i in range(3)]


@st.composite
def sizes(draw: st.DrawFn, path: Path) -> tuple[Dim, int]:
    if draw(st.booleans()):
        number = draw(st.integers(1, 3))
        return Dim.of(number), number
    symbol = draw(st.sampled_from(SHARED))
    extra = draw(st.integers(0, 1))
    return Dim.of(symbol) + extra, path.numbers[symbol] + extra


@st.composite
def values(draw: st.DrawFn, path: Path, depth: int = 2) -> tuple[Value, object]:
    """A value of the interpreter and a Python object that it stands for."""
    kinds = ["int", "tensor", "run", "none", "str", "bool", "float", "unknown"] + ["tuple"] * (depth > 0)
    kind = draw(st.sampled_from(kinds))
    if kind == "int":
        dim, number = draw(sizes(path))
        return Int(dim), number
    if kind == "tensor":
        pairs = draw(st.lists(sizes(path), max_size=3))
        return Tensor(Shape(tuple(Axis.fresh(d) for d, _ in pairs))), Sizes(tuple(n for _, n in pairs))
    if kind == "run":
        hidden = draw(st.lists(st.integers(1, 3), max_size=2))
        dim, number = draw(sizes(path))
        return Tensor(Shape((Segment("x"), Axis.fresh(dim)))), Sizes((*hidden, number))
    if kind == "none":
        return NONE, None
    if kind == "str":
        text = draw(st.sampled_from(["a", "b"]))
        return Str(text), text
    if kind == "bool":
        truth = draw(st.booleans())
        return Bool(truth), truth
    if kind == "float":
        value = draw(st.sampled_from([0.5, 1.5]))
        return Float(value), value
    if kind == "unknown":
        return Unknown("dynamic-value"), draw(st.sampled_from([None, 3, Sizes((2, 2))]))
    items = draw(st.lists(values(path, depth - 1), max_size=3))
    return Tuple(tuple(v for v, _ in items)), tuple(c for _, c in items)


@st.composite
def paths(draw: st.DrawFn) -> Path:
    return Path(State({}), {symbol: draw(st.integers(1, 3)) for symbol in SHARED})


def admits(value: Value, thing: object, path: Path, state: State, free: dict[Symbol, int]) -> bool:
    """Whether a joined value may be `thing` on this path. Symbols that the join made stand for any one number."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, OneOf):
        return any(admits(option, thing, path, state, dict(free)) for option in value.options)
    if isinstance(value, NoneValue):
        return thing is None
    if isinstance(value, (Str, Bool, Float)):
        kind = {Str: str, Bool: bool, Float: float}[type(value)]
        return isinstance(thing, kind) and value.value in (None, thing)
    if isinstance(value, Int):
        return isinstance(thing, int) and not isinstance(thing, bool) and is_size(value.dim, thing, path, state, free)
    if isinstance(value, Tuple):
        return (
            isinstance(thing, tuple)
            and len(thing) == len(value.items)
            and all(admits(v, t, path, state, free) for v, t in zip(value.items, thing, strict=True))
        )
    if isinstance(value, Sequence):
        return isinstance(thing, (tuple, list)) and all(
            admits(value.element, t, path, state, dict(free)) for t in thing
        )
    if isinstance(value, Tensor):
        shape = state.facts.shape(value.shape)
        if not isinstance(thing, Sizes):
            return False
        if shape.ranked and len(shape.parts) != len(thing.sizes):
            return False
        if len(shape.parts) - (not shape.ranked) > len(thing.sizes):
            return False
        pairs = [*zip(shape.prefix, thing.sizes)]
        if not shape.ranked and shape.suffix:
            pairs += [*zip(shape.suffix, thing.sizes[-len(shape.suffix) :])]
        return all(is_size(axis.size, size, path, state, free) for axis, size in pairs)
    raise AssertionError(f"{value} is not drawn")


def is_size(dim: Dim, number: int, path: Path, state: State, free: dict[Symbol, int]) -> bool:
    dim = state.facts.resolve(dim).substitute(lambda s: Dim.of(path.numbers[s]) if s in path.numbers else None)
    dim = dim.substitute(lambda s: Dim.of(free[s]) if s in free else None)
    if dim.value is not None:
        return dim.value == number
    symbol = dim.lone_symbol
    if symbol is not None:
        free[symbol] = number
    return True


@given(st.data(), st.booleans())
def test_a_joined_value_is_what_it_was_on_either_path(data: st.DataObject, widen: bool) -> None:
    left, right = data.draw(paths()), data.draw(paths())
    one, real = data.draw(values(left))
    other, also = data.draw(values(right))
    joiner = Join(left.state, right.state, widen=widen)
    value = joiner.value(one, other)
    state = joiner.state()
    assert admits(value, real, left, state, {})
    assert admits(value, also, right, state, {})


@given(st.data())
def test_three_paths_join_as_two(data: st.DataObject) -> None:
    drawn = [data.draw(paths()) for _ in range(3)]
    pairs = [data.draw(values(path)) for path in drawn]
    value, state = pairs[0][0], drawn[0].state
    for (other, _), path in zip(pairs[1:], drawn[1:], strict=True):
        joiner = Join(state, path.state)
        value, state = joiner.value(value, other), joiner.state()
    for (_, real), path in zip(pairs, drawn, strict=True):
        assert admits(value, real, path, state, {})


@given(st.data(), st.booleans())
def test_names_and_containers_keep_what_either_path_left(data: st.DataObject, widen: bool) -> None:
    """A frame, a list and a dict that both paths changed."""
    base = State({})
    frame = base.allocate(Frame({}))
    rows = base.allocate(ListObject([]))
    table = base.allocate(DictObject({}))
    holder = base.allocate(Instance("library.Thing"))
    left, right = data.draw(paths()), data.draw(paths())
    left.state, right.state = base.fork(), base.fork()
    real: list[tuple[dict[str, object], list[object], dict[str, object]]] = []
    for path in (left, right):
        names = data.draw(st.dictionaries(st.sampled_from("ab"), values(path, 1)))
        items = data.draw(st.lists(values(path, 1), max_size=3))
        entries = data.draw(st.dictionaries(st.sampled_from("kl"), values(path, 1)))
        path.state.write(frame).names.update({n: v for n, (v, _) in names.items()})  # type: ignore[union-attr]
        path.state.write(rows).items.extend(v for v, _ in items)  # type: ignore[union-attr]
        path.state.write(table).items.update({k: v for k, (v, _) in entries.items()})  # type: ignore[union-attr]
        for name, (value, _) in names.items():
            path.state.write(holder).put(name, value)  # type: ignore[union-attr]
        real.append(
            (
                {n: c for n, (_, c) in names.items()},
                [c for _, c in items],
                {k: c for k, (_, c) in entries.items()},
            )
        )
    state = Join(left.state, right.state, widen=widen).state()
    for path, (names_, items_, entries_) in zip((left, right), real, strict=True):
        held = state.read(frame)
        assert isinstance(held, Frame)
        assert all(admits(held.names[n], thing, path, state, {}) for n, thing in names_.items())
        instance = state.read(holder)
        assert isinstance(instance, Instance)
        assert all(admits(instance.attrs[n], real_, path, state, {}) for n, real_ in names_.items())
        assert all(n in names_ or n in instance.maybe for n in instance.attrs)
        row = state.read(rows)
        assert isinstance(row, ListObject)
        if row.items is not None:
            assert len(row.items) == len(items_)
            assert all(admits(v, t, path, state, {}) for v, t in zip(row.items, items_, strict=True))
        else:
            assert row.element is not None
            assert all(admits(row.element, t, path, state, {}) for t in items_)
            if row.length is not None:
                assert is_size(row.length, len(items_), path, state, {})
        entry = state.read(table)
        assert isinstance(entry, DictObject)
        for key, thing in entries_.items():
            assert admits(entry.items[key], thing, path, state, {})
        assert all(key in entries_ or key in entry.maybe for key in entry.items)


def test_a_write_on_one_path_is_not_seen_on_the_other() -> None:
    state = State({})
    ref: Ref = state.allocate(ListObject([NONE]))
    fork = state.fork()
    thing = fork.write(ref)
    assert isinstance(thing, ListObject)
    thing.items = []
    kept = state.read(ref)
    assert isinstance(kept, ListObject)
    assert kept.items == [NONE]


def test_only_what_both_paths_show_to_be_a_tensor_is_one() -> None:
    left, right = State({}), State({})
    both, mine, theirs = Segment("both"), Segment("mine"), Segment("theirs")
    left.tensors, right.tensors = frozenset({both, mine}), frozenset({both, theirs})
    assert Join(left, right).state().tensors == {both}


def test_what_either_path_let_go_is_gone() -> None:
    left, right = State({}), State({})
    left.escaped, right.escaped = frozenset({1}), frozenset({2})
    left.left, right.left = (Builtin("len"),), (Builtin("len"), Builtin("max"))
    joined = Join(left, right).state()
    assert joined.escaped == {1, 2}
    assert joined.left == (Builtin("len"), Builtin("max"))
