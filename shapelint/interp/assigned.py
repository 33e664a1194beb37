"""The shapes that assignments bind: of each target of each assignment, beside those of all expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapelint.diagnostics import Location
from shapelint.interp.entries import Reader
from shapelint.interp.events import Evaluated, Event
from shapelint.interp.objects import ListObject
from shapelint.interp.requirements import Asked, Asking, Requirement
from shapelint.interp.run import Run
from shapelint.interp.show import Expression, Key, Recorder, ShownContext, _shown, as_expressions
from shapelint.program import model
from shapelint.program.walk import walk
from shapelint.values.model import OneOf, Ref, Tuple, Value

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule, Project

Path = tuple[int, ...]
"""Which part of a value a target takes: () all of it, (1, 0) the first item of its second item."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The expressions of a file, the targets of its assignments with what they were bound to, and what its classes ask."""

    expressions: tuple[Expression, ...]
    assigned: tuple[Expression, ...]
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class _Target:
    node: int
    value: int
    path: Path


class _Unpacked(Recorder):
    """Keeps, beside the values of expressions, the items of those that are unpacked."""

    def __init__(self, path: str, sink: dict[Key, list[ShownContext]], wanted: dict[int, set[Path]]) -> None:
        super().__init__(path, sink)
        self.wanted = wanted

    def event(self, run: Run, event: Event) -> None:
        super().event(run, event)
        if isinstance(event, Evaluated) and event.where.site.path == self.path:
            node = event.where.site.node
            for path in self.wanted.get(node, ()):
                self.keep(run, (node, path), _items(run, event.value, path))


def _items(run: Run, value: Value, path: Path) -> list[Value]:
    """What stands at a place within a value, once for each of its alternatives."""
    if not path:
        return _shown(run, value)
    if isinstance(value, OneOf):
        return [item for option in value.options for item in _items(run, option, path)]
    inside: tuple[Value, ...] | list[Value] | None = None
    if isinstance(value, Tuple):
        inside = value.items
    elif isinstance(value, Ref):
        thing = run.state.read(value)
        inside = thing.items if isinstance(thing, ListObject) else None
    if inside is None or path[0] >= len(inside):
        return []
    return _items(run, inside[path[0]], path[1:])


def shapes(project: Project, loaded: LoadedModule) -> Shapes:
    """Read a file once for the shapes of its expressions and of what its assignments bind."""
    targets = list(_targets(loaded.lowered.module))
    wanted: dict[int, set[Path]] = {}
    for target in targets:
        wanted.setdefault(target.value, set()).add(target.path)
    sink: dict[Key, list[ShownContext]] = {}
    asked = Asked()
    Reader(project, loaded, lambda run: (_Unpacked(loaded.path, sink, wanted), Asking(asked)), showing=True).read()
    assigned = []
    for target in targets:
        contexts = sink.get((target.value, target.path), [])
        if any(context.shape is not None for context in contexts):
            location = Location(loaded.path, *loaded.lowered.span(target.node))
            assigned.append(Expression(location, loaded.lowered.text(target.node), tuple(contexts)))
    targeted = tuple(sorted(assigned, key=lambda one: one.location))
    return Shapes(tuple(as_expressions(loaded, sink)), targeted, asked.requirements(loaded))


def _targets(module: model.Module) -> Iterator[_Target]:
    """The names and attributes that assignments of single values, or of as many values as targets, bind."""
    for thing in walk(module):
        if isinstance(thing, model.Assign):
            for target in thing.targets:
                yield from _places(target, thing.value.id, ())
        elif isinstance(thing, (model.AnnAssign, model.NamedExpr)) and thing.value is not None:
            yield from _places(thing.target, thing.value.id, ())


def _places(target: model.Expr, value: int, path: Path) -> Iterator[_Target]:
    if isinstance(target, (model.Name, model.Attribute)):
        yield _Target(target.id, value, path)
    elif isinstance(target, (model.TupleExpr, model.ListExpr)):
        for place, item in enumerate(target.items):
            if isinstance(item, model.Starred):
                return  # how many values it takes is not told by the text
            yield from _places(item, value, (*path, place))
