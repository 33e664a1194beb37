"""What attributes hold when an entry is called: what `__init__` left there, or whatever the methods left that were called before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shapelint.interp.calls import may_call
from shapelint.interp.names import BUILTIN_NAMES
from shapelint.interp.objects import (
    BoundMethod,
    ClassInfo,
    ClassValue,
    DictObject,
    Frame,
    FunctionValue,
    Instance,
    ListObject,
)
from shapelint.interp.run import Run
from shapelint.ops.index import find
from shapelint.program import model
from shapelint.program.walk import parts, walk
from shapelint.values.model import External, Int, NoneValue, OneOf, Ref, Tensor, Tuple, Unknown, Value

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule

MAX_HOLDERS = 24  # objects of the project, below the one that is read, whose methods are asked what they write
_STEPS = 2_500  # that all of it may take, in each world of an entry

# methods of lists, sets and dicts that change them
_CHANGING = frozenset(
    (
        "__setitem__", "add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop", "popitem", "popleft",
        "remove", "reverse", "setdefault", "sort", "update",
    )
)  # fmt: skip
_WRITING = ("setattr", "delattr", "exec", "eval", "vars", "globals")
_READING = ("getattr", "hasattr", "vars", "exec", "eval", "globals")
_STORING = ("__setattr__", "__delattr__", "register_buffer", "register_parameter", "add_module", "register_module")


@dataclass(frozen=True, slots=True)
class _Names:
    """What names mean in the text of a function: its first parameter, names of what something else may hold, and what stands for libraries."""

    me: str
    aliases: frozenset[str]
    libraries: Mapping[str, str]
    imported: Set[str]  # from other files of the project
    harmless: Callable[[str], bool]  # whether a function changes nothing of what it is given

    def is_of_library(self, thing: model.Expr) -> bool:
        """Whether nothing that the project holds can be meant: a part of a library, or a tensor that one of its ops makes."""
        if isinstance(thing, model.Call):
            return find(self._library_path(thing.func)) is not None
        return bool(self._library_path(thing))

    def _library_path(self, thing: model.Expr) -> str:
        if isinstance(thing, model.Attribute):
            owner = self._library_path(thing.value)
            return f"{owner}.{thing.name}" if owner else ""
        return self.libraries.get(thing.name, "") if isinstance(thing, model.Name) else ""


@dataclass(slots=True)
class Writes:
    """What the text of a function writes: the attributes of its first parameter and those of other objects, set or changed in place; whether
    it writes in ways that leave the name open, or changes what a local name refers to."""

    own: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    opaque: bool = False

    def matter(self, read: Set[str] | None) -> bool:
        """Whether anything may be among it that someone reads, of whom these names are known (None: any name)."""
        names = self.own | self.others
        return self.opaque or bool(names if read is None else names & read)


def at_entry(run: Run, receiver: Ref, function: FunctionValue, reached_before: Set[tuple[str, int]]) -> None:
    """Let the attributes of an object, and of what it holds, be what any method of theirs may have left there by now, or any function of the file
    that writes to them, but for methods that were `reached_before`, by the constructor. Methods are read with unknown arguments: nothing ties
    what they leave to the sizes of this call."""
    reached = _reached(run, receiver)
    things = [(Ref(address), run.state.read(address)) for address in reached]
    holders = [(ref, t.cls) for ref, t in things if isinstance(t, Instance) and isinstance(t.cls, ClassInfo)]
    called: list[Value] = []
    written: dict[int, set[str]] = {}
    files = {info.module for _, cls in holders for info in cls.mro if isinstance(info, ClassInfo)}
    read = _read_names(run, function, files)
    for place, (ref, cls) in enumerate(holders):
        names = written[ref.address] = set()
        for method in _methods(cls, reached_before):
            writes = writes_of(run, method)
            names |= writes.own
            if place < MAX_HOLDERS and writes.matter(read):
                called.append(BoundMethod(method, ClassValue(cls) if method.kind == "class" else ref))
    others: set[str] = set()
    for outside in _outside(run, function):
        writes = writes_of(run, outside)
        if writes.others if read is None else writes.others & read:
            called.append(outside)
            others |= writes.others
    before = {address: _entries(run, address) for address in reached}
    run.spared = frozenset(ref.address for ref, _ in holders)
    try:
        finished = may_call(run, called, _STEPS)
    finally:
        run.spared = frozenset()
    _forget_objects(run, before)
    for place, (ref, cls) in enumerate(holders):
        lost = {name for path, node, name in run.written if (path, node) == (cls.module.path, cls.node.id)}
        if not finished or place >= MAX_HOLDERS:
            lost |= written[ref.address] | others
        _forget(run, ref, written[ref.address], lost)


def _read_names(run: Run, function: FunctionValue, modules: Set[LoadedModule]) -> Set[str] | None:
    """The attributes that the text of an entry reads, of the classes of some files, and of the functions of these files that they mention; None where
    names are read that the text does not tell."""
    found: set[str] = set()
    texts = [(module, _class_reads(run, module)) for module in sorted(modules, key=lambda m: m.path)]
    if function.owner is None:
        texts.append((function.module, _reads(run, function.module, function.node)))
    for module, reads in texts:
        own, pending, seen = _functions_of(module), list(reads.functions), set()
        found |= reads.names
        if reads.unknown:
            return None
        while pending:
            name = pending.pop()
            node = own.get(name)
            if name in seen or node is None:
                continue
            seen.add(name)
            inner = _reads(run, module, node)
            if inner.unknown:
                return None
            found |= inner.names
            pending.extend(inner.functions)
    return found


@dataclass(frozen=True, slots=True)
class _Reads:
    """The attributes that a text reads, the names that it mentions, and whether it reads attributes that it does not name."""

    names: frozenset[str]
    functions: frozenset[str]
    unknown: bool


def _reads(run: Run, module: LoadedModule, text: object) -> _Reads:
    names: set[str] = set()
    functions: set[str] = set()
    unknown = False
    pending = [text]
    imported = _imported(run, module)
    while pending:
        thing = pending.pop()
        if isinstance(thing, (model.Assign, model.AnnAssign)):
            # what is only set is not read
            targets = thing.targets if isinstance(thing, model.Assign) else (thing.target,)
            for target in targets:
                plain = target.items if isinstance(target, (model.TupleExpr, model.ListExpr)) else (target,)
                pending.extend(one.value if isinstance(one, model.Attribute) else one for one in plain)
            pending.append(thing.value)
            continue
        if isinstance(thing, model.Attribute):
            names.add(thing.name)
            unknown = unknown or thing.name == "__dict__"
        elif isinstance(thing, model.Name):
            functions.add(thing.name)
            unknown = unknown or thing.name in _READING
        elif isinstance(thing, model.Call) and _root(thing.func) in imported:
            # a function of another file may read what it is given
            unknown = unknown or any(isinstance(a.value, (model.Name, model.Attribute)) for a in thing.args)
        pending.extend(parts(thing))
    return _Reads(frozenset(names), frozenset(functions), unknown)


def _imported(run: Run, module: LoadedModule) -> set[str]:
    """The names of a file that are imported from another one of the project."""
    found: set[str] = set()
    for one in walk(module.lowered.module.body):
        if isinstance(one, model.ImportFrom) and (one.level or run.project.resolve(module, one.module, 0) is not None):
            found.update(alias.asname or alias.name for alias in one.names)
        elif isinstance(one, model.Import):
            first = {alias.asname or alias.name.partition(".")[0]: alias.name for alias in one.names}
            found.update(name for name, path in first.items() if run.project.resolve(module, path, 0) is not None)
    return found


def _root(thing: model.Expr) -> str | None:
    """The name that a chain of attributes begins with."""
    while isinstance(thing, model.Attribute):
        thing = thing.value
    return thing.name if isinstance(thing, model.Name) else None


def _functions_of(module: LoadedModule) -> dict[str, model.FunctionDef]:
    return {one.name: one for one in module.lowered.module.body if isinstance(one, model.FunctionDef)}


def _class_reads(run: Run, module: LoadedModule) -> _Reads:
    """What all classes of a file read, kept for the project."""
    key = (str(module.absolute), -2)
    known = run.project.notes.get(key)
    if not isinstance(known, _Reads):
        classes = [one for one in walk(module.lowered.module.body) if isinstance(one, model.ClassDef)]
        known = run.project.notes[key] = _reads(run, module, tuple(classes))
    return known


def _forget_objects(run: Run, before: dict[int, dict[Any, Value]]) -> None:
    """Of objects of the project that may stand in one place only one does: what fails inside of one of them is no fault of this call."""
    for address, entries in before.items():
        for key, value in _entries(run, address).items():
            if (
                value is entries.get(key)
                or not isinstance(value, OneOf)
                or not any(_is_made(run, v) for v in value.options)
            ):
                continue
            thing, unknown = run.state.write(address), Unknown("dynamic-value")
            if isinstance(thing, Instance) and thing.parts is not None and isinstance(key, int):
                thing.parts[key] = (thing.parts[key][0], unknown)
            elif isinstance(thing, Instance):
                thing.attrs[key] = unknown
            elif isinstance(thing, (ListObject, DictObject)) and thing.items is not None:
                thing.items[key] = unknown


def _entries(run: Run, address: int) -> dict[Any, Value]:
    """What an object holds, by the names of attributes, keys and places."""
    thing = run.state.read(address)
    if isinstance(thing, Instance):
        return {**thing.attrs, **{i: part for i, (_, part) in enumerate(thing.parts or ())}}
    if isinstance(thing, DictObject):
        return dict(thing.items)
    return dict(enumerate(thing.items or ())) if isinstance(thing, ListObject) else {}


def _is_made(run: Run, value: Value) -> bool:
    thing = run.state.read(value) if isinstance(value, Ref) else None
    return isinstance(thing, Instance) and isinstance(thing.cls, ClassInfo)


def _forget(run: Run, ref: Ref, written: set[str], lost: set[str]) -> None:
    """Forget what was `lost` sight of, and of the attributes that methods write what surely belongs to an earlier batch."""
    thing = run.state.read(ref)
    assert isinstance(thing, Instance)
    for name in sorted(written | lost):
        old = thing.attrs.get(name)
        if name in lost or old is None or isinstance(old, (NoneValue, Tensor, Unknown, Int)) or _holds_tensors(old):
            writable = run.state.write(ref)
            assert isinstance(writable, Instance)
            writable.attrs[name] = Unknown("dynamic-value", name)


def _holds_tensors(value: Value) -> bool:
    return isinstance(value, Tuple) and any(isinstance(v, Tensor) for v in value.items)


def _reached(run: Run, receiver: Ref) -> list[int]:
    """The addresses of an object and of all that can be reached through it, nearest first."""
    pending: list[Value] = [receiver]
    seen: dict[int, None] = {}
    while pending:
        value = pending.pop(0)
        if isinstance(value, (Tuple, OneOf)):
            pending.extend(value.items if isinstance(value, Tuple) else value.options)
        if not isinstance(value, Ref) or value.address in seen or run.state.find(value.address) is None:
            continue
        seen[value.address] = None
        thing = run.state.read(value)
        pending.extend(_entries(run, value.address).values())
        if isinstance(thing, (Instance, ListObject, DictObject)) and thing.element is not None:
            pending.append(thing.element)
    return list(seen)


def _methods(cls: ClassInfo, reached: Set[tuple[str, int]]) -> Iterator[FunctionValue]:
    """The methods of a class that others may have called by now. What only the constructor calls has done its work."""
    seen: set[str] = set()
    for info in cls.mro:
        if not isinstance(info, ClassInfo):
            continue
        for name, value in info.namespace.items():
            if name in seen or name in ("__init__", "__new__") or not isinstance(value, FunctionValue):
                continue
            seen.add(name)
            done = (value.module.path, value.node.id) in reached
            if value.kind != "static" and (not done or name in _called_elsewhere(info, reached)):
                yield value


def _called_elsewhere(info: ClassInfo, reached: Set[tuple[str, int]]) -> set[str]:
    """The names of methods that the file of a class calls outside of what its constructor has run."""
    found: set[str] = set()
    pending: list[object] = [info.module.lowered.module]
    while pending:
        thing = pending.pop()
        if isinstance(thing, model.FunctionDef) and (
            thing.name == "__init__" or (info.module.path, thing.id) in reached
        ):
            continue
        if isinstance(thing, model.Call) and isinstance(thing.func, model.Attribute):
            found.add(thing.func.name)
        pending.extend(parts(thing))
    return found


def _outside(run: Run, function: FunctionValue) -> Iterator[FunctionValue]:
    """The functions of a file, and the methods of its classes, as anyone may have called them on objects that nobody sees here."""
    frame = run.state.find(function.scope[-1]) if function.scope else None
    for value in list(frame.names.values()) if isinstance(frame, Frame) else ():
        if isinstance(value, FunctionValue) and value.module is function.module:
            yield value
        elif isinstance(value, ClassValue) and value.info.module is function.module:
            yield from (m for m in value.info.namespace.values() if isinstance(m, FunctionValue))


# The text of a function --------------------------------------------------------------------------


def writes_of(run: Run, function: FunctionValue) -> Writes:
    """What the text of a function writes, kept for the project that it is part of."""
    key = (str(function.module.absolute), function.node.id)
    known = run.project.notes.get(key)
    if not isinstance(known, Writes):
        items = function.node.params.items
        me = items[0].name if items and function.owner is not None else ""
        known = run.project.notes[key] = Writes()  # what calls itself finds it begun
        aliases = {p.name for p in items} | set(_aliases(function.node.body))
        libraries = {n: path for n, path in _libraries(run, function).items() if n not in aliases}
        names = _Names(
            me,
            frozenset(aliases),
            libraries,
            _imported(run, function.module),
            lambda name: _leaves_alone(run, function, name),
        )
        for thing in walk(function.node.body):
            _note(known, thing, names)
    return known


def _leaves_alone(run: Run, function: FunctionValue, name: str, asked: frozenset[str] = frozenset()) -> bool:
    """Whether a function of the same file, as a function knows it by its name, writes nothing, and gives what it is given to no other that may. What
    methods of objects write is asked of these."""
    frame = run.state.find(function.scope[-1]) if function.scope else None
    value = frame.names.get(name) if isinstance(frame, Frame) else None
    if isinstance(value, External) or name in asked:
        return True
    if not isinstance(value, FunctionValue) or value.module is not function.module:
        return False
    writes = writes_of(run, value)
    if writes.own or writes.others or writes.opaque:
        return False
    imported, asked = _imported(run, value.module), asked | {name}
    known = {*BUILTIN_NAMES, *(parameter.name for parameter in value.node.params.items)}
    for call in walk(value.node.body):
        if not isinstance(call, model.Call):
            continue
        called = call.func.name if isinstance(call.func, model.Name) else None
        if _root(call.func) in imported:
            return False
        if called is not None and called not in known and not _leaves_alone(run, value, called, asked):
            return False
    return True


def _libraries(run: Run, function: FunctionValue) -> dict[str, str]:
    """The names of a file that stand for libraries, with their dotted paths."""
    frame = run.state.find(function.scope[-1]) if function.scope else None
    names = frame.names if isinstance(frame, Frame) else {}
    return {name: value.name for name, value in names.items() if isinstance(value, External)}


_FRESH = (
    model.ListExpr,
    model.DictExpr,
    model.SetExpr,
    model.Comprehension,
    model.Call,
    model.BinOp,
    model.Const,
)


def _aliases(body: object) -> Iterator[str]:
    """The local names that may refer to what something else holds."""
    for thing in walk(body):
        if isinstance(thing, model.Assign):
            bound = [pair for target in thing.targets for pair in _bindings(target, thing.value)]
        else:
            bound = [(thing.target, thing.iterable)] if isinstance(thing, (model.For, model.Generator)) else []
        for target, value in bound:
            if isinstance(thing, (model.For, model.Generator)) or not isinstance(value, _FRESH):
                yield from (one.name for one in walk(target) if isinstance(one, model.Name))


def _bindings(target: model.Expr, value: model.Expr) -> Iterator[tuple[model.Expr, model.Expr]]:
    """What an assignment binds to what, with displays taken apart: `a, b = [], x` makes a list for `a`."""
    displays = (model.TupleExpr, model.ListExpr)
    if isinstance(target, displays) and isinstance(value, displays) and len(target.items) == len(value.items):
        if not any(isinstance(item, model.Starred) for item in (*target.items, *value.items)):
            for one, other in zip(target.items, value.items):
                yield from _bindings(one, other)
            return
    yield target, value


def _note(writes: Writes, thing: object, names: _Names) -> None:
    if isinstance(thing, (model.Assign, model.Delete)):
        for target in thing.targets:
            _note_target(writes, target, names)
    elif isinstance(thing, (model.AugAssign, model.AnnAssign, model.For, model.Generator)):
        _note_target(writes, thing.target, names)
    elif isinstance(thing, model.WithItem):
        if thing.target is not None:
            _note_target(writes, thing.target, names)
    elif isinstance(thing, model.Call):
        func = thing.func
        if isinstance(func, model.Name):
            # a function may change what an attribute holds, which it is given
            held = any(isinstance(a.value, model.Attribute) for a in thing.args) and func.name not in BUILTIN_NAMES
            writes.opaque = writes.opaque or func.name in _WRITING or (held and not names.harmless(func.name))
        elif isinstance(func, model.Attribute):
            held = any(isinstance(a.value, model.Attribute) for a in thing.args)
            writes.opaque = writes.opaque or (held and _root(func) in names.imported)
            in_place = func.name.endswith("_") and not func.name.endswith("__")
            if func.name in _STORING:
                writes.opaque = True
            elif func.name in _CHANGING or (in_place and not isinstance(func.value, model.Call)):
                _note_changed(writes, func.value, names)  # what an op changes in place of a result is no attribute
    elif isinstance(thing, model.Attribute) and thing.name == "__dict__":
        writes.opaque = True


def _note_target(writes: Writes, target: model.Expr, names: _Names) -> None:
    if isinstance(target, (model.TupleExpr, model.ListExpr)):
        for item in target.items:
            _note_target(writes, item, names)
    elif isinstance(target, model.Starred):
        _note_target(writes, target.value, names)
    elif isinstance(target, model.Attribute):
        owner = target.value
        (writes.own if isinstance(owner, model.Name) and owner.name == names.me else writes.others).add(target.name)
        _note_changed(writes, owner, names)
    elif isinstance(target, model.Subscript):
        _note_changed(writes, target.value, names)


def _note_changed(writes: Writes, changed: model.Expr, names: _Names) -> None:
    """Something is changed in place: the attributes that lead to it hold something else now."""
    while isinstance(changed, (model.Attribute, model.Subscript, model.Call)) and not names.is_of_library(changed):
        if isinstance(changed, model.Attribute):
            owner = changed.value
            (writes.own if isinstance(owner, model.Name) and owner.name == names.me else writes.others).add(
                changed.name
            )
        changed = changed.func if isinstance(changed, model.Call) else changed.value
    if isinstance(changed, model.Name) and changed.name != names.me and changed.name in names.aliases:
        writes.opaque = True
