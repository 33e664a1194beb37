"""Lists, dicts, tuples and containers of modules: elements read and written, and their methods."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from shapelint.interp import worlds
from shapelint.interp.expressions import as_dim, rows_of, spread_items
from shapelint.interp.join import Join
from shapelint.interp.names import module_frame, resolve_deferred
from shapelint.interp.objects import (
    HPARAMS,
    ClassValue,
    Deferred,
    DictObject,
    Instance,
    ListObject,
    Namespace,
    Range,
    Repeated,
    in_any_order,
)
from shapelint.interp.rows import any_of, element_at, element_of_number, flat, length_of, sliced, turned
from shapelint.interp.run import PathEnds, Run
from shapelint.interp.torch_calls import call_named, exported, supposed, surely_torch
from shapelint.interp.unread import leave_with
from shapelint.program import model
from shapelint.shapes.dim import Dim
from shapelint.shapes.printing import format_dim
from shapelint.shapes.shape import Shape
from shapelint.values.model import (
    NONE,
    Bool,
    EllipsisValue,
    External,
    Float,
    Int,
    NoneValue,
    OneOf,
    Opaque,
    Packed,
    Ref,
    Sequence,
    SizeOf,
    Slice,
    Stacked,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
    anonymous,
)

if TYPE_CHECKING:
    from shapelint.interp.calls import Arguments


def key_of(value: Value) -> object | None:
    """The Python object that a literal key is; None where it is not known."""
    if isinstance(value, Str):
        return value.value
    if isinstance(value, Int):
        return value.dim.value
    if isinstance(value, Bool):
        return value.value
    if isinstance(value, Float):
        return value.value
    if isinstance(value, NoneValue):
        return "\0None"
    if isinstance(value, External):
        return value
    if isinstance(value, Tuple):
        keys = tuple(key_of(v) for v in value.items)
        return None if None in keys else keys

    return value if isinstance(value, ClassValue) else None


def merged(run: Run, values: list[Value]) -> Value:
    """One value that any of several may be."""
    if not values:
        return Unknown("dynamic-value")
    joiner = Join(run.state, run.state)
    value = values[0]
    for other in values[1:]:
        value = joiner.value(value, other)
    return value


# Mappings ----------------------------------------------------------------------------------------


def as_mapping(run: Run, value: Value) -> DictObject | None:
    """The keys and values that a mapping is known to hold, of several alternatives all of theirs; None where nothing tells."""
    if isinstance(value, OneOf):
        joiner = Join(run.state, run.state)
        found: DictObject | None = None
        for option in value.options:
            one = as_mapping(run, option)
            if one is None:
                return None
            found = one if found is None else joiner.dicts(found, one)
        return found
    thing = run.state.read(value) if isinstance(value, Ref) else None
    return thing if isinstance(thing, DictObject) else None


def mapping_of(run: Run, value: Value) -> DictObject | None:
    """What `dict(value)` holds: a mapping, or pairs of keys and values."""
    found = as_mapping(run, value)
    pairs = None if found is not None or isinstance(value, OneOf) else spread_items(run, value)
    if pairs is None:
        return found
    found = DictObject({})
    for pair in pairs:
        if not isinstance(pair, Tuple) or len(pair.items) != 2:
            return None
        put_key(run, found, key_of(pair.items[0]), pair.items[1])
    return found


def put_key(run: Run, thing: DictObject, key: object | None, value: Value) -> None:
    """`thing[key] = value`. A key that is not known may be any of those there are."""
    if key is not None:
        thing.put(key, value)
        return
    for name in thing.changeable():
        thing.items[name] = merged(run, [thing.items[name], value])
    if not thing.open:
        thing.element = anonymous(value)
    elif thing.element is not None:
        thing.element = anonymous(merged(run, [thing.element, value]))
    thing.open = True


def update(run: Run, thing: DictObject, more: DictObject | None) -> None:
    """`thing.update(more)`. A mapping that may hold further keys (None: of which nothing is known) may hold every key, so that no earlier value
    is a fact behind it."""
    more = DictObject({}, True) if more is None else more
    if more.open:
        for key in thing.changeable():
            if key not in more.items or key in more.maybe:
                unknown = Unknown("dynamic-value")
                thing.items[key] = unknown if more.element is None else merged(run, [thing.items[key], more.element])
        if not thing.open:
            thing.element = more.element
        elif thing.element is not None:
            thing.element = None if more.element is None else merged(run, [thing.element, more.element])
        thing.open = True
    for key, value in more.items.items():
        if key not in more.maybe:
            thing.put(key, value)
        elif key in thing.items:
            thing.items[key] = merged(run, [thing.items[key], value])
        else:
            thing.items[key] = value
            thing.maybe |= {key}


# Reading elements --------------------------------------------------------------------------------


def subscript(run: Run, owner: Value, index: Value, node: model.Subscript) -> Value:
    """`owner[index]`."""
    if isinstance(owner, Tensor):
        if owner.array:
            site = (node.value.id, node.index.id)
            found = call_named(run, "numpy.ndarray.__getitem__", (owner, index), {}, node.id, site)
            if not isinstance(found, Unknown) or found.reason != "unsupported-op":
                return found
        if _steps_back(index) and (owner.array or not surely_torch(owner)):
            forward = _forward(index)
            if forward is None:
                return Unknown("dynamic-value")
            index = forward  # only NumPy arrays take such a slice; it has as many entries as one forward
        return call_named(run, "torch.Tensor.__getitem__", (owner, index), {}, node.id, (node.value.id, node.index.id))
    if isinstance(owner, Opaque):
        return _of_opaque(run, owner, index, node)
    if isinstance(owner, Tuple):
        if owner.kind == "tuple" and _indexes_tensors_alone(index) and any(isinstance(v, Tensor) for v in owner.items):
            detail = {"use": "index", "node": node.value.id}
            return run.misuse(node.id, "tuple-as-tensor", detail, owner)
        return _of_items(run, list(owner.items), index, lambda items: Tuple(tuple(items), owner.kind))
    if isinstance(owner, SizeOf):
        return _of_size(run, owner, index)
    if isinstance(owner, Sequence):
        return _of_sequence(run, owner, index)
    if isinstance(owner, Packed):
        place = key_of(index)
        if run.alternatives and _indexes_tensors_alone(index):
            raise PathEnds
        return packed_item(run, owner, place) if isinstance(place, int) else Unknown("dynamic-value")
    if isinstance(owner, Range):
        items = spread_items(run, owner)
        if items is not None:
            return _of_items(run, items, index, lambda x: Tuple(tuple(x)))
        number = Int(Dim.symbol("i", "unknown", None))
        return Sequence(number, None, "list") if isinstance(index, Slice) else number
    if isinstance(owner, Ref):
        # a None may be what a place is before it is known
        if isinstance(index, (Tuple, EllipsisValue)) and _lists_tensors(run, owner):
            detail = {"use": "index", "node": node.value.id}
            return run.misuse(node.id, "list-as-tensor", detail, exported(run, owner))
        return _of_object(run, owner, index)
    if isinstance(owner, Str) and owner.value is not None:
        place = key_of(index)
        if isinstance(place, int) and -len(owner.value) <= place < len(owner.value):
            return Str(owner.value[place])
        return Str(None)
    if isinstance(owner, External):
        if owner.name == "sys.modules":
            return loaded_module(run, index)
        return owner if owner.name.startswith("typing") else Unknown("outside-project", owner.name)
    if isinstance(owner, ClassValue) and any(b in _GENERIC for b in owner.info.library_bases):
        return owner  # for type checkers
    if not isinstance(owner, Unknown):
        return Unknown("dynamic-value")
    if isinstance(owner, Stacked) and isinstance(index, Str):
        return anonymous(owner)
    # an entry may be anything; a part that slices cut out is of the kind of the whole
    cut = isinstance(index, Slice) or _indexes_tensors_alone(index)
    return supposed(run, "__getitem__", owner, (index,), {}) if cut else owner.anonymous()


def loaded_module(run: Run, index: Value) -> Value:
    """`sys.modules[name]`, of the project."""
    top = run.top
    if not isinstance(index, Str) or index.value is None:
        return Unknown("dynamic-value", "sys.modules")
    if index.value in ("__main__", top.module.name):
        return Namespace(module_frame(run.state, top), top.module)
    return resolve_deferred(run, Deferred(index.value, 0, None, top.module))


_GENERIC = ("typing.Generic", "typing.Protocol", "typing_extensions.Generic", "typing_extensions.Protocol")


def _steps_back(index: Value) -> bool:
    """Whether an index holds a slice that runs backwards."""
    entries = index.items if isinstance(index, Tuple) else (index,)
    return any(isinstance(e, Slice) and isinstance(e.step, Int) and (e.step.dim.value or 0) < 0 for e in entries)


def _forward(index: Value) -> Value | None:
    """An index that runs forward wherever one without bounds runs backwards (`x[:, ::-1]`); None where one has bounds."""
    if isinstance(index, Tuple):
        entries = [_forward(e) for e in index.items]
        return None if None in entries else replace(index, items=tuple(e for e in entries if e is not None))
    if not _steps_back(index):
        return index
    assert isinstance(index, Slice)
    assert isinstance(index.step, Int)
    whole = isinstance(index.lower, NoneValue) and isinstance(index.upper, NoneValue)
    return Slice(NONE, NONE, Int(-index.step.dim)) if whole else None


def _of_opaque(run: Run, owner: Opaque, index: Value, node: model.Subscript) -> Value:
    if owner.path in run.adopted or (owner.origin == "input" and _indexes_tensor(index)):
        return subscript(run, run.adopt(owner), index, node)
    key = key_of(index)
    if key is not None:
        return run.part(owner, f"[{key!r}]")
    field = _configured(run, index)
    if field is not None:
        return Opaque(f"{owner.path}[{field}]", owner.origin)
    if isinstance(index, (Slice, Int)) or as_dim(run, index) is not None:
        if owner.origin == "input":
            return subscript(run, run.adopt(owner), index, node)
        if isinstance(index, Slice):
            return Unknown("dynamic-value")
        return Opaque(f"{owner.path}[i]", owner.origin)
    return Unknown("dynamic-value")


def _configured(run: Run, index: Value) -> str | None:
    """The text of a key that nothing but the configuration decides (`batch[self.ITEM_ID]`). It may well be a string, also where two were added:
    the same text is the same key, any other text another one."""
    if isinstance(index, Opaque) and index.origin == "parameter":
        return index.path
    if isinstance(index, Int) and index.dim.value is None and all(s.kind == "parameter" for s in index.dim.symbols):
        return format_dim(index.dim)
    return None


def _indexes_tensor(index: Value) -> bool:
    """Whether an index is of a form that only tensors (and arrays) take."""
    if isinstance(index, Tuple):
        return any(not isinstance(v, (Str, Bool)) for v in index.items)
    return isinstance(index, (NoneValue, Tensor)) or type(index).__name__ == "EllipsisValue"


def _indexes_tensors_alone(index: Value) -> bool:
    """Whether a tuple of Python surely refuses an index that a tensor takes: `out[:, -1]`, `out[..., 0]`, `out[None]`."""
    return isinstance(index, (Tuple, NoneValue, EllipsisValue))


def _lists_tensors(run: Run, owner: Ref) -> bool:
    """Whether an object is a list of Python that holds tensors and nothing else."""
    thing = run.state.read(owner)
    if not isinstance(thing, ListObject) or thing.is_set:
        return False
    items = (
        [thing.element]
        if thing.items is None and thing.rows is None
        else thing.items or flat(run.state, thing.rows or ())
    )
    return bool(items) and all(isinstance(v, Tensor) for v in items)


def _of_items(run: Run, items: list[Value] | None, index: Value, rebuild: Callable[[list[Value]], Value]) -> Value:
    if items is None:
        return Unknown("dynamic-value")
    if isinstance(index, Slice):
        bounds = [None if isinstance(p, NoneValue) else key_of(p) for p in (index.lower, index.upper, index.step)]
        given = (index.lower, index.upper, index.step)
        if any(b is None and not isinstance(p, NoneValue) for b, p in zip(bounds, given)):
            return Unknown("dynamic-value")
        try:
            return rebuild(items[slice(*bounds)])  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return Unknown("dynamic-value")
    place = key_of(index)
    if isinstance(place, int):
        if -len(items) <= place < len(items):
            return items[place]
        return Unknown("dynamic-value")
    return merged(run, items) if items and len(items) <= 16 else Unknown("dynamic-value")


def _of_size(run: Run, owner: SizeOf, index: Value) -> Value:
    facts = run.state.facts
    if isinstance(index, Slice):
        lower, upper = (key_of(p) if not isinstance(p, NoneValue) else None for p in (index.lower, index.upper))
        shape = facts.shape(owner.shape)
        if shape.ranked:
            return _of_items(
                run, [Int(d) for d in facts.sizes(owner.shape)], index, lambda x: Tuple(tuple(x), owner.kind)
            )
        if not isinstance(index.step, NoneValue):
            return Unknown("dynamic-value")
        if isinstance(lower, int) and lower < 0 and upper is None:
            shape = facts.reveal_suffix(shape, -lower)
            return Tuple(tuple(Int(a.size) for a in shape.suffix[lower:]), owner.kind)
        if lower in (None, 0) and isinstance(upper, int) and upper >= 0:
            shape = facts.reveal_prefix(shape, upper)
            return Tuple(tuple(Int(a.size) for a in shape.prefix[:upper]), owner.kind)
        if lower in (None, 0) and isinstance(upper, int):
            shape = facts.reveal_suffix(shape, -upper)
            return SizeOf(Shape(shape.parts[:upper]), owner.kind)
        if isinstance(lower, int) and upper is None:
            shape = facts.reveal_prefix(shape, lower)
            return SizeOf(Shape(shape.parts[lower:]), owner.kind)
        if isinstance(lower, int) and isinstance(upper, int) and lower >= 0 > upper:
            shape = facts.reveal_suffix(facts.reveal_prefix(shape, lower), -upper)
            return SizeOf(Shape(shape.parts[lower:upper]), owner.kind)
        return Unknown("dynamic-value")
    place = key_of(index)
    if not isinstance(place, int):
        return Int(Dim.symbol("n", "unknown", 0))
    shape = facts.reveal_prefix(owner.shape, place + 1) if place >= 0 else facts.reveal_suffix(owner.shape, -place)
    axes = shape.prefix if place >= 0 else shape.suffix
    if -len(axes) <= place < len(axes):
        size = axes[place].size
        return Int(facts.presume(size) if facts.in_doubt(owner.shape) else size)
    return Unknown("dynamic-value")


def _of_sequence(run: Run, owner: Sequence, index: Value) -> Value:
    if isinstance(index, Slice):
        return Sequence(owner.element, None, owner.kind)
    place = key_of(index)
    if place == 0 and owner.first is not None:
        return owner.first
    if place == -1 and owner.last is not None:
        return owner.last
    return owner.element


def packed_item(run: Run, packed: Packed, place: object) -> Value:
    """A field of a `PackedSequence` by position: data, batch_sizes, sorted_indices, unsorted_indices."""
    from shapelint.interp.torch_calls import CallContext
    from shapelint.ops.packed import packed_attribute

    names = ("data", "batch_sizes", "sorted_indices", "unsorted_indices")
    if not isinstance(place, int) or not -4 <= place < 4:
        return Unknown("dynamic-value")
    return packed_attribute(CallContext(run), packed, names[place]) or Unknown("dynamic-value")


def _of_object(run: Run, owner: Ref, index: Value) -> Value:
    thing = run.state.read(owner)
    if isinstance(thing, ListObject):
        if thing.items is not None:
            return _of_items(run, thing.items, index, lambda items: run.state.allocate(ListObject(items)))
        if thing.rows is not None:
            return _of_rows(
                run,
                thing.rows,
                index,
                lambda rows: run.state.allocate(ListObject(None, None, length_of(rows), rows=rows)),
            )
        if isinstance(index, Slice):
            return run.state.allocate(ListObject(None, thing.element))
        place = key_of(index)
        if place == 0 and thing.first is not None:
            return thing.first
        if place == -1 and thing.last is not None:
            return thing.last
        return thing.element or Unknown("dynamic-value")
    if isinstance(thing, DictObject):
        key = key_of(worlds.settle(run, index))
        if key is not None and key in thing.items:
            return thing.items[key]
        if key is None and thing.items:
            return _by_open_key(run, thing, index)
        return thing.element or Unknown("dynamic-value")
    if isinstance(thing, Instance):
        if thing.cls == HPARAMS:
            return thing.attrs.get(str(key_of(index)), Unknown("dynamic-value"))
        if thing.parts is not None:
            return _of_parts(run, thing, index)
        if thing.rows is not None and thing.library_name in ("torch.nn.ModuleList", "torch.nn.Sequential"):
            return _of_rows(
                run,
                thing.rows,
                index,
                lambda rows: run.state.allocate(Instance(thing.cls, length=length_of(rows), rows=rows)),
            )
        if thing.element is not None:
            return thing.element
        from shapelint.interp.objects import ClassInfo

        if isinstance(thing.cls, ClassInfo) and run.state.find_in_class(thing.cls, "__getitem__") is not None:
            from shapelint.interp.attributes import attribute
            from shapelint.interp.calls import call

            method = attribute(run, owner, "__getitem__", model.Name(0, "__getitem__"))
            return call(run, method, (index,), {}, None)
    return Unknown("dynamic-value")


def _of_rows(run: Run, rows: list[Value], index: Value, rebuild: Callable[[list[Value]], Value]) -> Value:
    """An element, or a slice, of what loops built."""
    state = run.state
    if isinstance(index, Slice):
        bounds = [None if isinstance(p, NoneValue) else key_of(p) for p in (index.lower, index.upper, index.step)]
        given = (index.lower, index.upper, index.step)
        known = all(isinstance(b, int) or isinstance(p, NoneValue) for b, p in zip(bounds, given))
        found = sliced(rows, *bounds) if known else None  # type: ignore[arg-type]
        return rebuild([Repeated((any_of(state, rows),))] if found is None else found)
    place = key_of(index)
    if isinstance(place, int):
        if place >= 0:
            return element_at(state, rows, place)
        return element_at(state, turned(rows), -place - 1)
    number = as_dim(run, index)
    return element_of_number(state, rows, number) if number is not None else any_of(state, rows)


def _by_open_key(run: Run, thing: DictObject, index: Value) -> Value:
    """A dict read by a key that a world decides: `{"lstm": nn.LSTM, "gru": nn.GRU}[kind]`."""
    from shapelint.interp.worlds import equal, require

    if isinstance(index, Opaque) and not thing.open and len(thing.items) <= 6:
        for key, value in thing.items.items():
            if isinstance(key, str) and require(run, equal(run, index, Str(key))) is True:
                return value
    if len(thing.items) > 4 or (thing.open and thing.element is None):
        return Unknown("dynamic-value")
    return merged(run, [*thing.items.values(), *([thing.element] if thing.element is not None else [])])


def _of_parts(run: Run, thing: Instance, index: Value) -> Value:
    assert thing.parts is not None
    values = [v for _, v in thing.parts]
    key = key_of(index)
    if isinstance(key, str):
        return next((v for n, v in thing.parts if n == key), Unknown("dynamic-value"))

    def rebuild(items: list[Value]) -> Value:
        return run.state.allocate(Instance(thing.cls, parts=[(str(i), v) for i, v in enumerate(items)]))

    return _of_items(run, values, index, rebuild)


# Writing elements --------------------------------------------------------------------------------


def set_item(run: Run, owner: Value, index: Value, value: Value, node: model.Subscript) -> None:
    """`owner[index] = value`."""
    if isinstance(owner, Tensor) or (isinstance(owner, Opaque) and owner.path in run.adopted):
        tensor = owner if isinstance(owner, Tensor) else run.adopt(owner)
        call_named(run, "torch.Tensor.__setitem__", (tensor, index, value), {}, node.id, (node.value.id, node.index.id))
        return
    if isinstance(owner, Opaque):
        key = key_of(index)
        if isinstance(key, int) and owner.origin == "input":
            # of a list, or stretched to the size of an entry of a tensor
            value = replace(value, assumed=True) if isinstance(value, Tensor) else Unknown("dynamic-value")
        if isinstance(key, (int, str)):
            run.state.put[Opaque(f"{owner.path}[{key!r}]", owner.origin)] = value
        return
    if isinstance(owner, Unknown) and _indexes_tensors_alone(index):
        supposed(run, "__getitem__", owner, (index,), {})  # as many axes as the index has
    leave_with(run, owner, (value,))
    if not isinstance(owner, Ref):
        return
    thing = run.state.write(owner)
    if isinstance(thing, ListObject):
        place = key_of(index)
        if thing.items is not None and isinstance(place, int) and -len(thing.items) <= place < len(thing.items):
            thing.items[place] = value
        elif thing.items is not None and not isinstance(index, Slice):
            thing.items = [merged(run, [v, value]) for v in thing.items]
        else:
            leading = [*itertools.takewhile(lambda row: not isinstance(row, Repeated), thing.rows or ())]
            if thing.rows is not None and isinstance(place, int) and 0 <= place < len(leading):
                thing.rows[place] = value
                return
            held = [_any_element(run, thing)] if thing.items is None else thing.items
            length = length_of(thing.rows) if thing.rows is not None and not isinstance(index, Slice) else None
            element = merged(run, [v for v in (*held, value) if v is not None])
            thing.items, thing.element, thing.rows = None, None, [Repeated((element,), length)]
            thing.length = length
    elif isinstance(thing, DictObject):
        put_key(run, thing, key_of(worlds.settle(run, index)), value)
    elif isinstance(thing, Instance) and thing.parts is not None:
        key = key_of(index)
        if isinstance(key, int) and -len(thing.parts) <= key < len(thing.parts):
            thing.parts[key] = (thing.parts[key][0], value)
        elif isinstance(key, str):
            thing.parts = [(n, v) for n, v in thing.parts if n != key] + [(key, value)]
        else:
            thing.parts = None


def extend(run: Run, owner: Ref, more: Value) -> None:
    """`list.extend`, `list += more`."""
    items = spread_items(run, more)
    thing = run.state.write(owner)
    assert isinstance(thing, ListObject)
    if thing.items is not None and items is not None:
        thing.items.extend(items)
        confine(run, thing)
        return
    behind = rows_of(run, more) if items is None else items
    before = thing.items if thing.items is not None else thing.rows
    thing.rows = None if before is None or behind is None else [*before, *behind]
    from shapelint.interp.iteration import plan

    passes = plan(run, more)
    known = [
        *(thing.items or []),
        *([thing.element] if thing.element else []),
        *(items or [passes.first, passes.later]),
    ]
    thing.items, thing.element, thing.length = None, merged(run, known), length_of(thing.rows) if thing.rows else None
    confine(run, thing)


def extend_left(run: Run, owner: Ref, more: Value) -> None:
    """`deque.extendleft`: what is put in last is the first afterwards."""
    items = spread_items(run, more)
    thing = run.state.write(owner)
    assert isinstance(thing, ListObject)
    if thing.items is None or items is None:
        extend(run, owner, more)
        thing = run.state.write(owner)
        assert isinstance(thing, ListObject)
        thing.rows = None if thing.rows is None else in_any_order(thing.rows)
        return
    thing.items[:0] = reversed(items)
    confine(run, thing, left=True)


def confine(run: Run, thing: ListObject, *, left: bool = False) -> None:
    """Push out of a deque what it cannot hold, after elements were put in at its end (at its beginning with `left`). Where its capacity is not
    known it may hold any of them."""
    if thing.capacity is None:
        return
    capacity = run.state.facts.resolve(thing.capacity)
    if thing.items is not None:
        items = thing.items
        if capacity.value is not None:
            surplus = max(len(items) - capacity.value, 0)
            thing.items = items[: len(items) - surplus] if left else items[surplus:]
        elif items:
            thing.items, thing.rows, thing.length = None, in_any_order(items), None
        return
    thing.rows = None if thing.rows is None else in_any_order(thing.rows)
    if thing.length is None or capacity.value is None or thing.length.value is None:
        thing.length = None
    else:
        thing.length = Dim.of(min(thing.length.value, capacity.value))


def _rotate(run: Run, thing: ListObject, by: Value) -> None:
    """`deque.rotate(n)`."""
    steps = key_of(by)
    if not thing.items:
        return
    if isinstance(steps, int):
        steps %= len(thing.items)
        thing.items = [*thing.items[-steps:], *thing.items[:-steps]] if steps else thing.items
    else:
        thing.items = [merged(run, thing.items)] * len(thing.items)


# Methods -----------------------------------------------------------------------------------------


def _any_element(run: Run, thing: ListObject) -> Value | None:
    return thing.element if thing.rows is None else any_of(run.state, thing.rows)


def list_method(run: Run, owner: Ref, thing: ListObject, name: str, args: list[Value]) -> Value:
    """A method of a list or a set."""
    if name in ("append", "add", "appendleft") and args:
        writable = run.state.write(owner)
        assert isinstance(writable, ListObject)
        if writable.items is not None:
            if name == "appendleft":
                writable.items.insert(0, args[0])
            else:
                writable.items.append(args[0])
        else:
            places = {"append": lambda rows: [*rows, args[0]], "appendleft": lambda rows: [args[0], *rows]}
            if writable.rows is not None and name in places:
                writable.rows = places[name](writable.rows)
            else:
                writable.element = merged(run, [v for v in (_any_element(run, writable), args[0]) if v is not None])
                writable.rows = None
            writable.length = writable.length + 1 if writable.length is not None and not writable.is_set else None
        confine(run, writable, left=name == "appendleft")
        return NONE
    if name in ("extend", "update") and args:
        extend(run, owner, args[0])
        return NONE
    if name == "extendleft" and args:
        extend_left(run, owner, args[0])
        return NONE
    if name in ("insert", "pop", "popleft", "reverse", "clear", "sort", "remove", "rotate"):
        shuffled = run.state.write(owner)
        assert isinstance(shuffled, ListObject)
        if shuffled.rows is not None:
            shuffled.element, shuffled.rows = any_of(run.state, shuffled.rows), None
        shuffled.first = shuffled.last = shuffled.length = None
    if name == "insert" and len(args) == 2:
        writable = run.state.write(owner)
        assert isinstance(writable, ListObject)
        place = key_of(args[0])
        if writable.items is not None and isinstance(place, int):
            writable.items.insert(place, args[1])
        else:
            writable.items, writable.element = None, Unknown("dynamic-value")
        return NONE
    if name in ("pop", "popleft"):
        writable = run.state.write(owner)
        assert isinstance(writable, ListObject)
        place = 0 if name == "popleft" else key_of(args[0]) if args else -1
        if writable.is_set:
            place = None  # any of them
        if writable.items and isinstance(place, int) and -len(writable.items) <= place < len(writable.items):
            return writable.items.pop(place)
        if writable.items is not None:
            element = merged(run, writable.items)
            writable.items, writable.element = None, element
        return writable.element or Unknown("dynamic-value")
    if name == "rotate":
        writable = run.state.write(owner)
        assert isinstance(writable, ListObject)
        _rotate(run, writable, args[0] if args else Int.of(1))
        return NONE
    if name == "reverse":
        writable = run.state.write(owner)
        assert isinstance(writable, ListObject)
        if writable.items is not None:
            writable.items.reverse()
        return NONE
    if name in ("clear",):
        writable = run.state.write(owner)
        assert isinstance(writable, ListObject)
        writable.items, writable.element = [], None
        return NONE
    if name in ("sort", "remove"):
        writable = run.state.write(owner)
        assert isinstance(writable, ListObject)
        if writable.items is not None and writable.items:
            element = merged(run, writable.items)
            writable.length = Dim.of(len(writable.items)) if name == "sort" else None
            writable.items, writable.element = None, element
        return NONE
    if name == "copy":
        return run.state.allocate(thing.copy())
    if name == "index":
        return Int(Dim.symbol("i", "unknown", 0))
    if name == "count":
        return Int(Dim.symbol("n", "unknown", 0))
    return Unknown("dynamic-value", name)


def dict_method(run: Run, owner: Ref, thing: DictObject, name: str, given: Arguments) -> Value:
    """A method of a dict."""
    from shapelint.interp.objects import Iterable

    if name in ("items", "keys", "values"):
        return Iterable(name, (owner,))
    writable = run.state.write(owner) if name in _CHANGING_A_DICT else thing
    assert isinstance(writable, DictObject)
    if given.inexact and name != "update":
        if name in _CHANGING_A_DICT:
            writable.forget()
        return Unknown("dynamic-value", name)
    if name in ("get", "pop", "setdefault", "__getitem__") and given.args:
        return _entry(run, writable, name, given)
    if name == "__setitem__" and len(given.args) == 2:
        put_key(run, writable, key_of(given.args[0]), given.args[1])
        return NONE
    if name in ("update", "__ior__"):
        for arg in given.args:
            update(run, writable, mapping_of(run, arg))
        update(run, writable, DictObject(dict(given.kwargs), given.inexact))
        return NONE if name == "update" else owner
    if name == "copy":
        return run.state.allocate(thing.copy())
    if name == "clear":
        writable.items.clear()
        writable.open, writable.element, writable.maybe = False, None, frozenset()
        return NONE
    if name in _CHANGING_A_DICT:
        writable.forget()
    return Unknown("dynamic-value", name)


_CHANGING_A_DICT = frozenset(
    ("pop", "popitem", "setdefault", "update", "clear", "__setitem__", "__delitem__", "__ior__", "move_to_end")
)


def _entry(run: Run, thing: DictObject, name: str, given: Arguments) -> Value:
    """`get`, `pop` and `setdefault`: the entry of a key, or a default where it may be missing."""
    key = key_of(worlds.settle(run, given.args[0]))
    default = given.args[1] if len(given.args) > 1 else given.kwargs.get("default", NONE)
    if key is None:
        if name == "pop":
            thing.forget()  # it may be any of them that is gone
        elif name == "setdefault":
            put_key(run, thing, None, default)
        return Unknown("dynamic-value")
    found: Value = Unknown("dynamic-value")
    if key in thing.items:
        found = thing.items[key]
        if key in thing.maybe and (name in ("get", "setdefault") or len(given.args) > 1):
            found = merged(run, [found, default])
    elif not thing.open:
        found = default
    if name == "pop":
        thing.drop(key)
    elif name == "setdefault":
        thing.put(key, found)
    return found


__all__ = [
    "OneOf",
    "as_mapping",
    "dict_method",
    "extend",
    "key_of",
    "list_method",
    "loaded_module",
    "merged",
    "packed_item",
    "set_item",
    "subscript",
]
