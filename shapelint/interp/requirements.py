"""What a class asks of whoever builds it: the demands between its constructor's parameters that every way through an entry makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapelint.diagnostics import Location
from shapelint.interp.events import Event, Observer, OpCalled
from shapelint.interp.run import Run
from shapelint.interp.worlds import world_text
from shapelint.program import model
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Facts, Verdict
from shapelint.shapes.printing import format_dim
from shapelint.values.model import Site

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule


@dataclass(frozen=True, slots=True)
class Requirement:
    """A demand that some choices of parameters meet and others do not, as `2*encoder_size == decoder_size` or `heads divides width`.

    `location` is the name of the class, `place` the first op that makes the demand, None where the constructor or an assertion does; `worlds` are
    the readings in which it is made, () where all of the entry's make it."""

    location: Location
    entry: str
    text: str
    place: Location | None = None
    worlds: tuple[str, ...] = ()


@dataclass(eq=False)
class _Asked:
    """What the readings of one entry ask, by its text: the op that asks, and the worlds in which it does."""

    places: dict[str, Site | None] = field(default_factory=dict)
    worlds: dict[str, list[str]] = field(default_factory=dict)
    readings: int = 0


class Asked:
    """The demands of all readings of a file."""

    def __init__(self) -> None:
        self.entries: dict[str, _Asked] = {}

    def requirements(self, loaded: LoadedModule) -> tuple[Requirement, ...]:
        """What the file's classes ask, in the order of the text."""
        classes = dict(_classes(loaded.lowered.module.body))
        found = []
        for entry, asked in self.entries.items():
            node = classes.get(entry.rpartition(".")[0])
            if node is None:
                continue
            location = Location(loaded.path, *loaded.lowered.span(node.name_id))
            for text, worlds in asked.worlds.items():
                site = asked.places[text]
                inside = site is not None and site.path == loaded.path and site.node
                place = Location(loaded.path, *loaded.lowered.span(site.node)) if site is not None and inside else None
                always = len(worlds) == asked.readings
                found.append(Requirement(location, entry, text, place, () if always else tuple(worlds)))
        return tuple(sorted(found, key=lambda one: one.location))


class Asking(Observer):
    """Keeps what one reading of an entry asks of the constructor's parameters."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.demands: list[tuple[Dim, Dim, Site]] = []

    def event(self, run: Run, event: Event) -> None:
        if isinstance(event, OpCalled) and run.kind == "open" and not event.where.guarded and not event.assumed:
            self.demands += [(one.left, one.right, event.where.site) for one in event.latent]

    def finish(self, run: Run) -> None:
        if run.kind != "open" or run.passes_with is not None:
            return
        kept = self.asked.entries.setdefault(run.entry, _Asked())
        kept.readings += 1
        for text, site in _texts(run, self.demands):
            kept.places.setdefault(text, site)
            worlds = kept.worlds.setdefault(text, [])
            world = world_text(run)
            if world not in worlds:
                worlds.append(world)


def _texts(run: Run, demands: list[tuple[Dim, Dim, Site]]) -> Iterator[tuple[str, Site | None]]:
    """The demands that hold at the end of a reading on every way to it, in words."""
    facts = run.state.facts
    met = Facts()
    for left, right, site in demands:
        if facts.compare(left, right) is Verdict.SAME and met.compare(left, right) is not Verdict.SAME:
            met.equate(left, right)
            yield f"{format_dim(left, run.namer)} == {format_dim(right, run.namer)}", site
    pairs = [
        (number, divisor)
        for number, divisor in facts.divides
        if all(s.kind == "parameter" for s in (*number.symbols, *divisor.symbols)) and divisor.value != 1
    ]
    for text in sorted(f"{format_dim(k, run.namer)} divides {format_dim(n, run.namer)}" for n, k in pairs):
        yield text, None


def _classes(body: tuple[model.Stmt, ...], outer: str = "") -> Iterator[tuple[str, model.ClassDef]]:
    """The classes of a module and those within them, by their qualified names."""
    for statement in body:
        if isinstance(statement, model.ClassDef):
            name = f"{outer}{statement.name}"
            yield name, statement
            yield from _classes(statement.body, f"{name}.")
