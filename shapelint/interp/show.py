"""What `shapelint show` shows: the shape of every tensor expression, in each context that reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapelint.diagnostics import Location
from shapelint.interp.events import Evaluated, Event, Observer
from shapelint.interp.naming import Naming
from shapelint.interp.requirements import Asked, Asking, Requirement
from shapelint.interp.run import Run
from shapelint.interp.worlds import world_text
from shapelint.shapes.facts import Facts
from shapelint.shapes.shape import Segment, Shape
from shapelint.values.model import OneOf, Opaque, Tensor, Unknown, Value

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule, Project

MAX_CONTEXTS = 8  # of one expression within one reading
Key = int | tuple[int, tuple[int, ...]]
"""A node, or a place within the value of a node."""


@dataclass(frozen=True, slots=True)
class ShownContext:
    """What an expression is in one reading. `shape` is None where `reason` says why it is not known; `concrete` is set where every size is a
    number; "..." stands for an unknown run of axes."""

    entry: str
    world: str
    shape: tuple[int | str, ...] | None
    concrete: tuple[int, ...] | None = None
    reason: str | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression whose value is a tensor or could be one."""

    location: Location
    text: str
    contexts: tuple[ShownContext, ...]


@dataclass(eq=False)
class _Seen:
    values: list[tuple[Value, Facts]] = field(default_factory=list)


class Recorder(Observer):
    """Keeps the values of a file's expressions while one entry is read."""

    def __init__(self, path: str, sink: dict[Key, list[ShownContext]]) -> None:
        self.path = path
        self.sink = sink
        self.seen: dict[Key, _Seen] = {}

    def event(self, run: Run, event: Event) -> None:
        if not isinstance(event, Evaluated) or event.where.site.path != self.path:
            return
        self.keep(run, event.where.site.node, _shown(run, event.value))

    def keep(self, run: Run, key: Key, values: list[Value]) -> None:
        """Remember what something was, with what is known at this moment."""
        for value in values:
            kept = self.seen.setdefault(key, _Seen()).values
            if len(kept) < MAX_CONTEXTS:
                kept.append((value, run.state.facts))

    def finish(self, run: Run) -> None:
        naming = Naming(run)
        world = world_text(run)
        for key, seen in self.seen.items():
            contexts = self.sink.setdefault(key, [])
            for value, facts in seen.values:
                context = _context(run, value, facts, naming, run.entry, world)
                if context not in contexts:
                    contexts.append(context)


def _shown(run: Run, value: Value) -> list[Value]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, OneOf):
        return [v for o in value.options for v in _shown(run, o)]
    if isinstance(value, Opaque) and value.origin == "input":
        return [value]
    if isinstance(value, Unknown):
        return [value]
    return []


def settled(run: Run, shape: Shape, facts: Facts) -> Shape:
    """The shape with what is known at the end of the reading, and where that path ended early, what was known then."""
    at_end = run.state.facts.read(shape, generic=True)
    if at_end.ranked and not any(s.kind == "input" for s in at_end.symbols):
        return at_end
    then = facts.read(at_end, generic=True)
    return run.state.facts.read(then, generic=True)


def _context(run: Run, value: Value, facts: Facts, naming: Naming, entry: str, world: str) -> ShownContext:
    if isinstance(value, Opaque):
        if value.path not in run.adopted:
            return ShownContext(entry, world, None, None, "dynamic-value")
        value = run.adopted[value.path]
    if isinstance(value, Unknown):
        return ShownContext(entry, world, None, None, value.reason)
    assert isinstance(value, Tensor)
    shape = settled(run, value.shape, facts)
    if shape.parts and all(isinstance(p, Segment) for p in shape.parts):
        return ShownContext(entry, world, ("...",), None, "dynamic-value")
    dims: list[int | str] = []
    for part in shape.parts:
        if isinstance(part, Segment):
            dims.append("...")
        else:
            number = part.size.value
            dims.append(number if number is not None else naming.dim(part.size))
    return ShownContext(entry, world, tuple(dims), shape.concrete, None, value.assumed)


@dataclass(frozen=True, slots=True)
class Shown:
    """What `shapelint show` shows of one file: its expressions in the order of the text, and what its classes ask of whoever builds them."""

    expressions: tuple[Expression, ...]
    requirements: tuple[Requirement, ...] = ()


def shown(project: Project, loaded: LoadedModule) -> list[Shown]:
    """Reads a file: every expression whose value is a tensor or could be one, and the requirements of its classes."""
    from shapelint.interp.entries import Reader

    sink: dict[Key, list[ShownContext]] = {}
    asked = Asked()
    Reader(project, loaded, lambda run: (Recorder(loaded.path, sink), Asking(asked)), showing=True).read()
    return [Shown(tuple(as_expressions(loaded, sink)), asked.requirements(loaded))]


def as_expressions(loaded: LoadedModule, sink: dict[Key, list[ShownContext]]) -> list[Expression]:
    """What a `Recorder` kept of nodes, in the order of the text, without what is not known to be a tensor."""
    found = []
    for node, contexts in sink.items():
        if not isinstance(node, int) or node == 0:
            continue
        if all(c.shape is None and c.reason == "dynamic-value" for c in contexts):
            continue
        location = Location(loaded.path, *loaded.lowered.span(node))
        found.append(Expression(location, loaded.lowered.text(node), tuple(contexts)))
    return sorted(found, key=lambda e: e.location)
