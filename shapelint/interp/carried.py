"""What one pass of a loop hands to the next, as its text tells: names that no pass depends on need no proof that passes go on alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shapelint.interp.names import lookup
from shapelint.interp.objects import (
    Builtin,
    ClassValue,
    DictObject,
    Frame,
    FunctionValue,
    Instance,
    ListObject,
    Namespace,
)
from shapelint.interp.run import Run
from shapelint.interp.state import State
from shapelint.program import model
from shapelint.program.walk import names, parts, walk
from shapelint.values.model import Bool, External, Float, Int, LayerConfig, Opaque, Ref, Str, Tensor, Value

_HOLDERS = (Frame, Instance, ListObject, DictObject, LayerConfig)
_INERT = (Tensor, Int, Float, Str, Bool, Opaque, External, ClassValue, Namespace)
MAX_ASKED = 1_500  # objects that are asked whether they refer to a list
_SEEING = ("locals", "globals", "vars", "exec", "eval", "dir")  # what sees names that it does not mention


@dataclass(frozen=True, slots=True)
class Carried:
    """Names of the frame of a loop that no pass depends on: those that each pass binds before it reads them (`rebound`), those to which passes only
    add (`sums`), and those of lists to which passes only append (`lists`); and the list that a comprehension makes, by its address (`result`).
    `blind` is the name that a loop binds for each pass, where no pass reads it but to print it."""

    rebound: frozenset[str] = frozenset()
    sums: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    result: int | None = None
    blind: str | None = None


NOTHING = Carried()


@dataclass(slots=True)
class _Uses:
    """How the text of a loop's body uses names. `jumps` says whether a pass may be left before its end."""

    read: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    appended: set[str] = field(default_factory=set)
    jumps: bool = False
    all: bool = False

    @property
    def met(self) -> set[str]:
        return self.read | self.stored | self.added | self.appended


def by_comprehension(target: model.Expr, result: Ref) -> Carried:
    """What the passes of a comprehension hand on."""
    return Carried(frozenset(_bound(target)), result=result.address)


def by_loop(run: Run, node: model.For) -> Carried:
    """What the passes of a `for` loop hand on, kept for the project that it is part of."""
    key = (str(run.top.module.absolute), node.id)
    known = run.project.notes.get(key)
    if not isinstance(known, Carried):
        known = run.project.notes[key] = _of_text(node)
    if any(not isinstance(lookup(run, name), Builtin) for name in _TEXTS):  # the program's own `print` may do anything
        return Carried(frozenset(_bound(node.target)))
    if not run.top.scope:  # a script's own names
        read = _read_by_functions(run)
        blind = None if known.blind in read else known.blind
        return Carried(known.rebound - read, known.sums - read, known.lists - read, blind=blind)
    if run.top.captured:  # a function may read them
        return Carried(frozenset(_bound(node.target)))
    return known


def _of_text(node: model.For) -> Carried:
    uses = _Uses()
    rebound = set(_bound(node.target))
    for statement in node.body:
        before = uses.met
        if isinstance(statement, model.Assign) and not uses.jumps and all(map(_is_plain, statement.targets)):
            _use(uses, statement.value)
            rebound |= {n for target in statement.targets for n in _bound(target) if n not in before | uses.read}
            uses.stored.update(n for target in statement.targets for n in _bound(target))
        else:
            _use(uses, statement)
    if uses.all:
        return Carried(frozenset(_bound(node.target)))
    again = set(names(node.iterable)) | set(names(node.orelse))
    sums = uses.added - uses.read - uses.appended - rebound
    lists = uses.appended - uses.read - uses.added - uses.stored - again - rebound
    blind = node.target.name if isinstance(node.target, model.Name) and node.target.name not in uses.met else None
    return Carried(frozenset(rebound), frozenset(sums), frozenset(lists), blind=blind)


def _is_plain(target: model.Expr) -> bool:
    """Whether a target binds names and does nothing else."""
    if isinstance(target, (model.TupleExpr, model.ListExpr)):
        return all(map(_is_plain, target.items))
    return isinstance(target, model.Name)


def _bound(target: model.Expr) -> Iterable[str]:
    """The names that a target binds."""
    if isinstance(target, model.Name):
        return (target.name,)
    if isinstance(target, (model.TupleExpr, model.ListExpr)):
        return [name for item in target.items for name in _bound(item)]
    return ()


def _use(uses: _Uses, thing: object) -> None:
    """Note how a part of a loop's body uses names. What is not one of the forms told apart here reads whatever it mentions."""
    if isinstance(thing, model.Name):
        uses.read.add(thing.name)
        uses.all = uses.all or thing.name in _SEEING
    elif isinstance(thing, model.AugAssign) and thing.op in ("+", "-") and isinstance(thing.target, model.Name):
        uses.added.add(thing.target.name)
        _use(uses, thing.value)
    elif isinstance(thing, model.Assign):
        for target in thing.targets:
            if _is_plain(target):
                uses.stored.update(_bound(target))
            else:
                _use(uses, target)
        _use(uses, thing.value)
    elif _only_shows(thing):
        return
    elif isinstance(thing, model.ExprStmt) and (appended := _appended(thing.value)) is not None:
        uses.appended.add(appended[0])
        _use(uses, appended[1])
    elif isinstance(thing, (model.FunctionDef, model.ClassDef, model.Import, model.ImportFrom, model.Scope)):
        uses.all = True
    elif isinstance(thing, (model.Handler, model.MatchCase)):
        uses.read.update((thing.name,) if isinstance(thing, model.Handler) and thing.name else ())
        uses.read.update(thing.captures if isinstance(thing, model.MatchCase) else ())
        for part in parts(thing):
            _use(uses, part)
    else:
        leaves = isinstance(thing, (model.Return, model.Raise, model.Yield, model.Delete))
        uses.jumps = uses.jumps or leaves or (isinstance(thing, model.Jump) and thing.kind != "pass")
        for part in parts(thing):
            _use(uses, part)


_TEXTS = ("abs", "float", "format", "int", "len", "max", "min", "print", "round", "str", "sum")


def _only_shows(statement: object) -> bool:
    """Whether a statement does nothing but print, maybe in some passes only."""
    if isinstance(statement, model.If):
        return _is_text(statement.test) and all(map(_only_shows, (*statement.body, *statement.orelse)))
    call = statement.value if isinstance(statement, model.ExprStmt) else None
    prints = isinstance(call, model.Call) and isinstance(call.func, model.Name) and call.func.name == "print"
    return prints and _is_text(call)


def _is_text(thing: object) -> bool:
    """Whether evaluating an expression changes nothing: names and what is made of them to be shown."""
    if isinstance(thing, model.Call):
        shown = thing.func.name in _TEXTS if isinstance(thing.func, model.Name) else False
        formats = (
            isinstance(thing.func, model.Attribute) and thing.func.name in ("format", "item") and not _calls(thing)
        )
        return (shown or formats) and all(map(_is_text, thing.args))
    if isinstance(thing, (model.NamedExpr, model.Await, model.Yield, model.Lambda, model.Comprehension)):
        return False
    return all(map(_is_text, parts(thing)))


def _calls(call: model.Call) -> bool:
    return any(isinstance(one, model.Call) for one in walk(call.func))


def _appended(call: model.Expr) -> tuple[str, model.Expr] | None:
    """The list and what `list.append(value)` adds to it."""
    if not isinstance(call, model.Call) or not isinstance(call.func, model.Attribute) or call.func.name != "append":
        return None
    plain = len(call.args) == 1 and not call.args[0].star and call.args[0].keyword is None
    return (call.func.value.name, call.args[0].value) if plain and isinstance(call.func.value, model.Name) else None


def _read_by_functions(run: Run) -> frozenset[str]:
    """The names that functions and classes of a file mention: of a script's own, these are read wherever such a function is called."""
    key = (str(run.top.module.absolute), -1)
    known = run.project.notes.get(key)
    if not isinstance(known, frozenset):
        kinds = (model.FunctionDef, model.ClassDef, model.Lambda)
        known = frozenset(
            n for one in walk(run.top.module.lowered.module) if isinstance(one, kinds) for n in names(one)
        )
        run.project.notes[key] = known
    return known


# Lists that nothing else can reach ------------------------------------------------------------------


def held_by(state: State, frame: int, names: Iterable[str]) -> dict[int, str]:
    """The addresses of what names of a frame refer to."""
    thing = state.find(frame)
    held = {name: thing.names.get(name) for name in names} if isinstance(thing, Frame) else {}
    return {ref.address: name for name, ref in held.items() if isinstance(ref, Ref)}


def held_once(state: State, address: int) -> bool:
    """Whether an object was made in this reading and only one thing refers to it. Too many objects are not asked."""
    if len(state.heap) > MAX_ASKED:
        return False
    if address not in state.heap or address in state.escaped or address in state.base or address in state.store:
        return False
    holders = (*state.heap.values(), *state.put.values())
    return sum(one.address == address for thing in holders for one in _refs(thing)) == 1


def _refs(thing: object) -> Iterator[Ref]:
    """What an object or a value refers to."""
    pending = [thing]
    while pending:
        one = pending.pop()
        if isinstance(one, Ref):
            yield one
        elif isinstance(one, (list, tuple)):
            pending.extend(one)
        elif isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, FunctionValue):
            pending.append(one.defaults)
        elif _holds.get(type(one)) or (type(one) not in _holds and _may_hold(type(one))):
            pending.extend(parts(one))


_holds: dict[type, bool] = {}


def _may_hold(kind: type) -> bool:
    """Whether objects or values of a kind may refer to objects."""
    _holds[kind] = issubclass(kind, (*_HOLDERS, Value)) and not issubclass(kind, _INERT)
    return _holds[kind]
