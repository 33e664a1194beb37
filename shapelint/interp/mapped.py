"""`torch.vmap`: a function that is run on each slice of its arguments, and whose results are stacked."""

from __future__ import annotations

from dataclasses import replace

from shapelint.interp.calls import Arguments, call_with
from shapelint.interp.objects import Partial
from shapelint.interp.run import Run
from shapelint.shapes.shape import Axis
from shapelint.values.model import External, Int, NoneValue, Opaque, Tensor, Tuple, Unknown, Value

MAPPED = "torch.vmap.mapped"


def mapping(run: Run, given: Arguments) -> Value:
    """What `torch.vmap(function, in_dims=0, out_dims=0)` gives: the function that is called in its place."""
    named = dict(zip(("func", "in_dims", "out_dims"), given.args)) | given.kwargs
    function = named.pop("func", None)
    if given.inexact or function is None:
        return Unknown("dynamic-value", "vmap")
    dims = [named.get(name, Int.of(0)) for name in ("in_dims", "out_dims")]
    return Partial(External(MAPPED), (function, *dims), {})


def call_mapped(run: Run, given: Arguments) -> Value:
    """Call such a function: each argument without its mapped axis, each result with it."""
    function, in_dims, out_dims, *args = given.args
    if given.inexact:
        return Unknown("dynamic-value", "vmap")
    each = in_dims.items if isinstance(in_dims, Tuple) else (in_dims,) * len(args)
    if len(each) != len(args):
        return Unknown("dynamic-value", "vmap")
    over: list[Axis] = []
    slices = [_without(run, value, dim, over) for value, dim in zip(args, each)]
    named = {name: _without(run, value, Int.of(0), over) for name, value in given.kwargs.items()}
    if not over or any(value is None for value in (*slices, *named.values())):
        return Unknown("dynamic-value", "vmap")
    inner = Arguments(
        [value for value in slices if value is not None],
        {name: value for name, value in named.items() if value is not None},
        given.nodes[3:],
        given.kwarg_nodes,
        given.node,
        given.callee,
    )
    return _with(call_with(run, function, inner), out_dims, over[0])


def _without(run: Run, value: Value, dim: Value, over: list[Axis]) -> Value | None:
    """What the function sees of an argument; None where that is not known. Adds the axis that is mapped over to `over`."""
    if isinstance(dim, NoneValue):
        return value
    if isinstance(value, Opaque) and value.origin == "input":
        value = run.adopt(value)
    place = dim.dim.value if isinstance(dim, Int) else None
    if not isinstance(value, Tensor) or place is None:
        return None
    facts = run.state.facts
    shape = facts.reveal_prefix(value.shape, place + 1) if place >= 0 else facts.reveal_suffix(value.shape, -place)
    if not -len(shape.parts) <= place < len(shape.parts):
        return None
    axis = shape.parts[place]
    if not isinstance(axis, Axis):
        return None
    over.append(axis)
    parts = list(shape.parts)
    del parts[place]
    return value.with_parts(parts)


def _with(value: Value, dim: Value, axis: Axis) -> Value:
    """A result as all slices together give it."""
    if isinstance(value, Tuple):
        dims = dim.items if isinstance(dim, Tuple) else (dim,) * len(value.items)
        if len(dims) != len(value.items):
            return Unknown("dynamic-value", "vmap")
        return replace(value, items=tuple(_with(v, d, axis) for v, d in zip(value.items, dims)))
    place = dim.dim.value if isinstance(dim, Int) else None
    if not isinstance(value, Tensor) or place is None:
        return value if isinstance(value, Unknown) else Unknown("dynamic-value", "vmap")
    parts = list(value.shape.parts)
    if place < 0 and value.shape.ranked:
        place += len(parts) + 1
    if not 0 <= place <= len(value.shape.prefix):
        return Unknown("dynamic-value", "rank")
    parts.insert(place, axis)
    return value.with_parts(parts)
