"""Names: how they are looked up and bound, and how imports bring them in."""

from __future__ import annotations

from shapelint.interp.faults import note_fault
from shapelint.interp.objects import Builtin, Deferred, Frame, Instance, ListObject, Namespace
from shapelint.interp.run import Activation, PathEnds, Run
from shapelint.interp.state import State
from shapelint.ops.index import is_own, own_within
from shapelint.program import model
from shapelint.program.project import LoadedModule
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Segment
from shapelint.values.model import External, NoneValue, Opaque, Stacked, Str, Tensor, Unknown, Value

BUILTIN_NAMES = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "callable",
        "chr",
        "dict",
        "dir",
        "divmod",
        "enumerate",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "globals",
        "hasattr",
        "hash",
        "id",
        "input",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "locals",
        "map",
        "max",
        "min",
        "next",
        "object",
        "open",
        "ord",
        "pow",
        "print",
        "property",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "setattr",
        "slice",
        "sorted",
        "staticmethod",
        "classmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "vars",
        "zip",
        "NotImplemented",
        "delattr",
        "exec",
        "eval",
        "compile",
        "memoryview",
        "bytearray",
        "complex",
        "__import__",
        "hex",
        "oct",
        "bin",
        "ascii",
        "breakpoint",
        "exit",
        "quit",
    ]
)


def lookup(run: Run, name: str) -> Value | None:
    """The value of a name in the call in progress; None where nothing binds it."""
    state = run.state
    top = run.top
    if name not in top.global_names:
        for address in (top.frame.address, *top.scope):
            found = _in_frame(run, address, name)
            if found is not None:
                return _as_set(run, found, name) if top.scope and address == top.scope[-1] else found
    else:
        found = _in_frame(run, module_frame(state, top), name)
        if found is not None:
            return _as_set(run, found, name)
    if name in BUILTIN_NAMES:
        return Builtin(name)
    if name == "__name__":
        return Str("__main__" if run.kind != "open" and top.module is run.root else top.module.name)
    if name == "__file__":
        return Str(None)
    if name.endswith(("Error", "Exception", "Warning")) or name in ("StopIteration", "KeyboardInterrupt", "SystemExit"):
        return External(f"builtins.{name}")
    return None


def _as_set(run: Run, value: Value, name: str) -> Value:
    """A name of a module as functions find it: of one that is None at first, and that some function sets, nobody knows what it is by then."""
    if isinstance(value, NoneValue) and run.kind == "open" and name in run.top.module.lowered.module.rebound:
        return Unknown("dynamic-value", name)
    return value


def module_frame(state: State, activation: Activation) -> int:
    """The address of the frame of the module that the call in progress is in."""
    return activation.scope[-1] if activation.scope else activation.frame.address


def _in_frame(run: Run, address: int, name: str) -> Value | None:
    frame = run.state.find(address)
    if not isinstance(frame, Frame):
        return None
    value = frame.names.get(name)
    if isinstance(value, Deferred):
        value = resolve_deferred(run, value)
        if isinstance(run.state.find(address), Frame):
            writable = run.state.write(address)
            assert isinstance(writable, Frame)
            writable.names[name] = value
        return value
    if value is None:
        for star in reversed(frame.stars):
            from shapelint.ops.index import find

            if find(f"{star}.{name}") is not None:
                return External(f"{star}.{name}")
    return value


def assign_name(run: Run, name: str, value: Value) -> None:
    """Bind a name where Python would."""
    value = identified(run, value, name)
    top = run.top
    top.forks.discard(name)
    if name in top.global_names:
        frame = run.state.write(module_frame(run.state, top))
    elif name in top.nonlocal_names:
        frame = None
        for address in top.scope[:-1]:
            candidate = run.state.find(address)
            if isinstance(candidate, Frame) and name in candidate.names:
                frame = run.state.write(address)
                break
        frame = frame or run.frame()
    else:
        frame = run.frame()
    assert isinstance(frame, Frame)
    if (not top.scope or name in top.global_names) and is_own(f"{top.module.name}.{name}"):
        frame.names[f"{name}.body"] = value  # still read, as what nobody calls
        value = External(f"{top.module.name}.{name}")
    frame.names[name] = value


def identified(run: Run, value: Value, name: str) -> Value:
    """What a name is bound to: of an unknown value, one and the same from here on."""
    if not isinstance(value, Unknown) or value.extent is not None or value.reason == "after-error":
        return value
    extent = Segment(name)
    if isinstance(value, Stacked) and value.lead is not None:
        run.state.facts.bind_segment(extent, (value.lead, Segment(name)))
        return Stacked(value.reason, value.detail, extent, lead=value.lead)
    number = value.number if value.number is not None else Dim.symbol(name, "unknown", None)
    return Unknown(value.reason, value.detail, extent, number=number)


def rebind(run: Run, old: Tensor, new: Tensor) -> None:
    """A tensor was changed in place (`x.unsqueeze_(0)`): whatever held it now holds what became of it. Names of the call in progress follow
    in any case; other names, attributes and lists where its shape moved."""
    facts = run.state.facts
    moved = facts.shape(old.shape).parts != facts.shape(new.shape).parts

    def now(value: Value) -> Value:
        if isinstance(value, Unknown):  # who holds the same axes need not hold the same tensor
            return value.anonymous() if moved and old.shape.parts == (value.extent,) else value
        same = value is old or (isinstance(value, Opaque) and run.adopted.get(value.path) is old)
        return new if same else value

    if moved:
        given = [
            Opaque(path, "input") for path, tensor in run.adopted.items() if tensor is old and not path.isidentifier()
        ]
        run.state.put.update((p, new) for p in (*given, *[p for p, v in run.state.put.items() if v is old]))
    for address in list(run.state.heap) if moved else [run.top.frame.address]:
        thing = run.state.read(address)
        if isinstance(thing, (Frame, Instance)):
            held = thing.names if isinstance(thing, Frame) else thing.attrs
            changed = {k: n for k, v in held.items() if (n := now(v)) is not v}
            if changed:
                writable = run.state.write(address)
                (writable.names if isinstance(writable, Frame) else writable.attrs).update(changed)  # type: ignore[union-attr]
        elif isinstance(thing, ListObject) and thing.items is not None and any(now(v) is not v for v in thing.items):
            writable = run.state.write(address)
            assert isinstance(writable, ListObject)
            assert writable.items is not None
            writable.items = [now(v) for v in writable.items]


# Imports -----------------------------------------------------------------------------------------


def import_names(run: Run, node: model.Import) -> None:
    for alias in node.names:
        first = alias.name.partition(".")[0]
        target = alias.asname or first
        wanted = alias.name if alias.asname else first
        if run.project.resolve(run.top.module, wanted, 0) is not None:
            assign_name(run, target, Deferred(wanted, 0, None, run.top.module))
        else:
            assign_name(run, target, External(wanted))


def import_from(run: Run, node: model.ImportFrom) -> None:
    importer = run.top.module
    first_party = node.level > 0 or run.project.resolve(importer, node.module, 0) is not None
    if node.star:
        if first_party:
            _import_star(run, node)
        else:
            frame = run.frame()
            frame.stars = (*frame.stars, node.module)
        return
    for alias in node.names:
        target = alias.asname or alias.name
        if first_party:
            assign_name(run, target, Deferred(node.module, node.level, alias.name, importer))
        else:
            assign_name(run, target, External(f"{node.module}.{alias.name}"))


def _import_star(run: Run, node: model.ImportFrom) -> None:
    loaded = run.project.resolve(run.top.module, node.module, node.level)
    if loaded is None:
        return
    address = namespace(run, loaded)
    frame = run.state.find(address) if address is not None else None
    if not isinstance(frame, Frame):
        return
    exports = loaded.lowered.module.exports
    mine = run.frame()
    for name, value in frame.names.items():
        if name in exports if exports is not None else not name.startswith("_"):
            mine.names[name] = value
    mine.stars = (*mine.stars, *frame.stars)


def resolve_deferred(run: Run, value: Deferred) -> Value:
    """What an imported name of the project is."""
    value.found = _imported(run, value)
    return value.found


def _imported(run: Run, value: Deferred) -> Value:
    loaded = run.project.resolve(value.importer, value.module, value.level)
    if value.name is None:
        if loaded is None:
            return Unknown("outside-project", value.module)
        address = _spelled(run, namespace(run, loaded), value)
        return Namespace(address, loaded) if address is not None else Unknown("outside-project", value.module)
    submodule = run.project.resolve_name(value.importer, value.module, value.level, value.name)
    # `from package import part` inside of the package itself asks for what it is about to bind
    asked = (value.importer.path, value.module, value.level, value.name)
    if loaded is not None and asked not in run.resolving:
        run.resolving.add(asked)
        try:
            address = _spelled(run, namespace(run, loaded), value)
            found = _in_frame(run, address, value.name) if address is not None else None
        finally:
            run.resolving.discard(asked)
        if found is not None:
            return found
    if submodule is not None:
        address = namespace(run, submodule)
        if address is not None:
            return Namespace(address, submodule)
    return Unknown("outside-project", f"{value.module}.{value.name}")


def _spelled(run: Run, address: int | None, imported: Deferred) -> int | None:
    """The frame of an imported module, with the user's own ops that are named as the import spells it."""
    if address is not None and not imported.level:
        for name, own in own_within(imported.module):
            frame = run.state.write(address)
            assert isinstance(frame, Frame)
            frame.names[name] = External(own)
    return address


def namespace(run: Run, loaded: LoadedModule) -> int | None:
    """The frame of a module of the project, which is executed once in a state of its own and shared by every reading."""
    run.files.add(str(loaded.absolute))
    snapshots = run.project.snapshots
    key = str(loaded.absolute)
    if key in snapshots:
        found = snapshots[key]
        if found is None:
            return None  # being executed at this moment: a circular import
        left: tuple[State, int] = found
        _merge(run.state, left[0])
        return left[1]
    snapshots[key] = None
    state, address = execute_module(run, loaded)
    run.state.store.update(state.heap)
    state.heap = {}
    snapshots[key] = (state, address)
    _merge(run.state, state)
    return address


def _merge(into: State, other: State) -> None:
    """What executing a module proved of its own symbols holds on every path."""
    facts, more = into.facts, other.facts
    for symbol, dim in more.proved.items():
        if symbol not in facts.proved:
            facts.bind(symbol, dim)
    for segment, parts in more.segments.items():
        facts.segments.setdefault(segment, parts)


def execute_module(run: Run, loaded: LoadedModule) -> tuple[State, int]:
    """Run a module's body for its definitions, telling no events."""
    from shapelint.interp.run import BudgetSpent
    from shapelint.interp.statements import execute

    state = State(run.state.store)
    frame = state.allocate(Frame())
    inner = Run(run.project, loaded, state, kind="open", entry=loaded.name, steps=50_000)
    inner.splits = False
    inner.quiet = 1
    inner.stack.append(Activation("<module>", frame, (), loaded))
    try:
        execute(inner, loaded.lowered.module.body)
    except (PathEnds, BudgetSpent):
        pass
    except Exception as error:
        note_fault(run.project, loaded, "<module>", error)
    run.files |= inner.files
    return inner.state, frame.address
