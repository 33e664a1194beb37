"""The recurrent layers that a class builds, as the analyser reads them. Needs no torch."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shapelint.diagnostics import Failure, Location
from shapelint.reference.sizes import Kind, Sizes
from shapelint.shapes.dim import Dim
from shapelint.values.conditions import IsTrue
from shapelint.values.model import Bool, Int, NoneValue, Opaque, Value

if TYPE_CHECKING:
    from shapelint.interp.events import LayerBuilt
    from shapelint.interp.run import Run
    from shapelint.shapes.facts import Facts

KINDS: dict[str, Kind] = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}


class NotFound(Exception):
    """There is no such layer; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """A recurrent layer of a class: where it is built, the code that builds it, in which world, and its sizes.
    `assumed` says what was taken for options that the code leaves to its callers."""

    location: Location
    text: str
    world: str
    sizes: Sizes
    assumed: tuple[str, ...]


def layers_of(path: str, class_name: str) -> list[BuiltLayer]:
    """The recurrent layers that a class (and what it builds in turn) constructs, read with symbols for its parameters,
    in the order of the text.

    Raises NotFound.
    """
    from shapelint.interp.entries import Reader
    from shapelint.interp.events import Event, LayerBuilt, Observer
    from shapelint.program.project import Project, find_root
    from shapelint.source.depth import roomy

    absolute = os.path.abspath(path)
    if not os.path.isfile(absolute):
        raise NotFound(f"there is no file {path}")
    shown = path.replace(os.sep, "/")
    project = Project(find_root(absolute, os.path.dirname(absolute)), (shown,))
    loaded = project.load(absolute, None, shown)
    if isinstance(loaded, Failure):
        raise NotFound(f"{path}: {loaded.message}")
    found: dict[tuple[object, ...], BuiltLayer] = {}
    classes: set[str] = set()

    class Builds(Observer):
        def __init__(self) -> None:
            self.events: list[tuple[LayerBuilt, Facts]] = []

        def event(self, run: Run, event: Event) -> None:
            if isinstance(event, LayerBuilt) and event.config.name.rpartition(".")[2] in KINDS:
                self.events.append((event, run.state.facts.copy()))  # uses that come later may demand other sizes

        def finish(self, run: Run) -> None:
            owner = run.entry.rpartition(".")[0]
            if run.kind != "open" or not owner:
                return
            classes.add(owner)
            if owner == class_name:
                for event, facts in self.events:
                    layer = _built(run, event, facts)
                    if layer is not None:
                        found.setdefault((layer.location, layer.sizes.construction, layer.assumed), layer)

    roomy(Reader(project, loaded, lambda run: (Builds(),)).read)
    if not found:
        if class_name in classes:
            raise NotFound(f"`{class_name}` builds no LSTM, GRU or RNN whose sizes can be told")
        known = ", ".join(f"`{name}`" for name in sorted(classes)) or "none"
        raise NotFound(f"there is no module class `{class_name}` in {path} (classes: {known})")
    ordered = sorted(found.values(), key=lambda one: one.location)
    alone = {one.location for one in ordered if sum(o.location == one.location for o in ordered) == 1}
    return [replace(one, world="") if one.location in alone else one for one in ordered]


def _built(run: Run, event: LayerBuilt, facts: Facts) -> BuiltLayer | None:
    """None where a size of the layer cannot be told."""
    from shapelint.interp.worlds import world_text

    args = event.config.args
    site = event.where.site
    module = run.root if run.root.path == site.path else run.project.at(site.path)
    input_size, hidden = (_dim(run, facts, args.get(name)) for name in ("input_size", "hidden_size"))
    if input_size is None or hidden is None or module is None:
        return None
    assumed: list[str] = []

    def flag(name: str, default: bool) -> bool:
        value = _flag(run, args.get(name))
        if value is None:
            assumed.append(f"{name}={default}")
        return default if value is None else value

    layers = _dim(run, facts, args.get("num_layers"))
    if layers is None or layers.value is None:
        assumed.append("num_layers=1")
    proj = _dim(run, facts, args["proj_size"]) if "proj_size" in args else None
    kind = KINDS[event.config.name.rpartition(".")[2]]
    sizes = Sizes(
        kind=kind,
        input=input_size,
        hidden=hidden,
        batch=Dim.symbol("batch", "parameter"),
        steps=Dim.symbol("seq", "parameter"),
        proj=proj if kind == "lstm" and proj is not None and proj.value != 0 else None,
        layers=(layers.value if layers is not None else None) or 1,
        bidirectional=flag("bidirectional", False),
        batch_first=flag("batch_first", False),
        bias=flag("bias", True),
    )
    text = " ".join(module.lowered.text(site.node).split())
    location = Location(site.path, *module.lowered.span(site.node))
    return BuiltLayer(location, text, world_text(run), sizes, tuple(assumed))


def _dim(run: Run, facts: Facts, value: Value | None) -> Dim | None:
    if isinstance(value, Opaque) and value.path not in run.adopted:
        return facts.resolve(run.symbol(value.path, value.origin), generic=True)
    return facts.resolve(value.dim, generic=True) if isinstance(value, Int) else None


def _flag(run: Run, value: Value | None) -> bool | None:
    if isinstance(value, Bool):
        if value.value is None and value.condition in run.world:
            return run.world[value.condition] != value.negated
        return value.value
    if isinstance(value, NoneValue):
        return False
    if isinstance(value, Opaque):
        return run.world.get(IsTrue(value.path))
    return None
