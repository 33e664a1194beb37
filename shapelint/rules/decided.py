"""Calls whose shapes are all known: where one goes well, nothing that claims to fail for all sizes can stand."""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.interp.events import LayerBuilt, OpCalled, Unpacked
from shapelint.interp.objects import DictObject, Instance, ListObject
from shapelint.interp.run import Run
from shapelint.rules.findings import Decided, Finding, Place, Reached, Route
from shapelint.values.model import Bool, Float, Int, OneOf, Opaque, Ref, Str, Tensor, Tuple, Unknown, Value

MAX_ROUTE = 6
"""So many calls are told of the way to a place; what is reached by more is not compared."""


def route(run: Run) -> Route:
    """How the code that runs was reached."""
    steps = []
    for call in reversed(run.stack[1:]):  # the first is the file itself
        thing = run.state.read(call.receiver) if isinstance(call.receiver, Ref) else None
        owner = ""
        if isinstance(thing, Instance) and not isinstance(thing.cls, str):
            owner = f"{thing.cls.module.path}:{thing.cls.qualname}"
        steps.append(Reached(owner, Place(call.call.path, call.call.node) if call.call is not None else None))
    return tuple(steps)


def decided(run: Run, event: OpCalled | LayerBuilt | Unpacked) -> Decided | None:
    """What a call that went well proves, None where something about it is unknown or it need not come to pass."""
    if run.kind == "open" or run.failed or run.blurred or event.where.guarded:
        return None
    if isinstance(event, OpCalled):
        if event.assumed or event.generic or not event.told:
            return None
        given = [*event.arguments.values(), *(event.config.args.values() if event.config is not None else ())]
    elif isinstance(event, LayerBuilt):
        given = list(event.config.args.values())
    else:
        given = list(event.values or (Unknown("dynamic-value"),))
    if not all(_is_known(run, value) for value in given):
        return None
    site = event.where.site
    return Decided(Place(site.path, site.node), route(run)[:MAX_ROUTE])


def _is_known(run: Run, value: Value) -> bool:
    if isinstance(value, Tensor):
        return run.state.facts.read(value.shape).concrete is not None
    if isinstance(value, Int):
        return run.state.facts.resolve(value.dim).value is not None
    if isinstance(value, (Bool, Float, Str)):
        return value.value is not None
    if isinstance(value, Tuple):
        return all(_is_known(run, item) for item in value.items)
    if isinstance(value, Ref):
        thing = run.state.read(value)
        if isinstance(thing, ListObject):
            return thing.items is not None and all(_is_known(run, item) for item in thing.items)
        return not isinstance(thing, (DictObject, Instance))
    return not isinstance(value, (Opaque, OneOf, Unknown))


def is_refuted(finding: Finding, calls: Iterable[Decided]) -> bool:
    """Whether a finding claims to fail for all sizes, and a decided call went well at its place, reached in the same way: by a method of the same
    class, through the same calls. A finding of one world claims nothing of the others, in which the call may be."""
    if finding.severity != "error" or finding.seen.kind != "open" or finding.seen.flag or not finding.route:
        return False
    *inner, entry = finding.route
    for call in calls:
        there = call.route[: len(finding.route)]
        if len(there) == len(finding.route) and list(there[:-1]) == inner and there[-1].owner == entry.owner:
            return True
    return False
