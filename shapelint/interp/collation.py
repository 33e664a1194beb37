"""What a `DataLoader` makes of samples: batches, as `default_collate` of torch makes them, new ones in each pass.

Source: https://github.com/pytorch/pytorch/blob/main/torch/utils/data/_utils/collate.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shapelint.interp.objects import DictObject, ListObject
from shapelint.interp.run import Run
from shapelint.ops.contract import Evidence
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Factor, Shape
from shapelint.values.model import (
    Bool,
    Float,
    Int,
    Ref,
    Sequence,
    Site,
    Stacked,
    Step,
    Str,
    Tensor,
    Tuple,
    Unknown,
    Value,
)


def collated(run: Run, item: Value, number: Dim, built: Site | None) -> Value:
    """Samples like `item` stacked into a batch of `number` by the loader built there. The batch axis is one and the same for all parts."""
    factor = Factor(number)

    def stacked(value: Value, in_tuple: bool) -> Value:
        if isinstance(value, (Tensor, Unknown)):
            evidence = Evidence("batch", "proved", "a DataLoader puts samples along it")
            run.state.facts.roles.setdefault(factor, (evidence,))
        if isinstance(value, Tensor):
            shape = Shape((Axis(number, (factor,)), *run.state.facts.shape(value.shape).parts))
            step = value.step if built is None else Step(built, shape, "", value.step, "batch")
            return Tensor(shape, value.dtype, step, value.assumed)
        if isinstance(value, Int):
            return Tensor(Shape((Axis(number, (factor,)),)), "int")
        if isinstance(value, Bool):
            return Tensor(Shape((Axis(number, (factor,)),)), "bool")
        if isinstance(value, Float):
            return Tensor(Shape((Axis(number, (factor,)),)), "float")
        if isinstance(value, Str):
            if in_tuple:
                return Sequence(value, number, "tuple")  # what `zip` gives for one place of the samples
            return run.state.allocate(ListObject(None, value, number))
        if isinstance(value, Unknown) and value.reason != "after-error":
            return Stacked(value.reason, value.detail, lead=Axis(number, (factor,)))
        return Unknown("dynamic-value")

    return _in_containers(run, item, stacked)


def converted(run: Run, item: Value) -> Value:
    """A sample of a loader that makes no batches (`batch_size=None`): arrays become tensors."""

    def tensor(value: Value, in_tuple: bool) -> Value:
        return replace(value, array=False) if isinstance(value, Tensor) else value

    return _in_containers(run, item, tensor)


def _in_containers(run: Run, item: Value, leaf: Callable[[Value, bool], Value], in_tuple: bool = False) -> Value:
    """The same containers around other values, but that a tuple becomes a list, unless its places have names."""
    if isinstance(item, Tuple):
        values = [_in_containers(run, v, leaf, True) for v in item.items]
        return replace(item, items=tuple(values)) if item.names else run.state.allocate(ListObject(values))
    held = run.state.read(item) if isinstance(item, Ref) else None
    if isinstance(held, DictObject):
        made = held.copy()
        made.items = {key: _in_containers(run, v, leaf) for key, v in held.items.items()}
        made.element = None if held.element is None else _in_containers(run, held.element, leaf)
        return run.state.allocate(made)
    if isinstance(held, ListObject):
        if held.items is None or held.is_set:
            return Unknown("dynamic-value")
        return run.state.allocate(ListObject([_in_containers(run, v, leaf, True) for v in held.items]))
    return leaf(item, in_tuple)


def own_batch(run: Run, value: Value) -> Value:
    """What a loop over a loader meets in one of its passes: lists and dicts of its own, so that what is written into one is not in the next."""
    if isinstance(value, Tuple):
        return replace(value, items=tuple(own_batch(run, v) for v in value.items))
    if isinstance(value, Tensor):
        return replace(value)  # what is done to it in place is done to no other
    if not isinstance(value, Ref) or value.address not in run.batches:
        return value
    made = run.state.read(value).copy()
    if isinstance(made, DictObject):
        made.items = {key: own_batch(run, v) for key, v in made.items.items()}
    elif isinstance(made, ListObject) and made.items is not None:
        made.items = [own_batch(run, v) for v in made.items]
    mine = run.state.allocate(made)
    run.batches.add(mine.address)
    return mine


def keep_apart(run: Run, batch: Value) -> Value:
    """Mark the lists and dicts that a batch is made of as such that each pass has its own."""
    if isinstance(batch, Tuple):
        for value in batch.items:
            keep_apart(run, value)
    elif isinstance(batch, Ref):
        held = run.state.read(batch)
        if isinstance(held, (ListObject, DictObject)):
            run.batches.add(batch.address)
            inner = held.items.values() if isinstance(held, DictObject) else held.items or ()
            for value in inner:
                keep_apart(run, value)
    return batch
