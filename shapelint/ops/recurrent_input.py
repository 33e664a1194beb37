"""What layers over sequences read: a batch of sequences, one sequence, or packed sequences."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.ops.contract import Context, say
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import Dtype, Packed, Tensor, Value


@dataclass(frozen=True, slots=True)
class Steps:
    """An input `x` or `packed`. `lead` is what a state has between its rows and its features: the batch axis, nothing,
    or a run that holds one or none. `step` is the axis of steps where it is known which that is."""

    x: Tensor | None
    packed: Packed | None
    lead: tuple[Part, ...]
    step: Part | None
    feature: Axis

    @property
    def dtype(self) -> Dtype | None:
        return self.packed.dtype if self.packed is not None else self.x.dtype if self.x is not None else None

    @property
    def assumed(self) -> bool:
        return self.x is not None and self.x.assumed


def read_steps(cx: Context, value: Value, name: str, batch_first: bool | None, ranks: frozenset[int]) -> Steps:
    """The input of a recurrent layer. Demands (C2) two or three axes.

    `ranks` are the ranks of the states given, which settle an open rank. One that nothing settles stays open between
    both readings, the batched one preferred. `batch_first` None leaves open which axis is the batch.
    """
    if isinstance(value, Packed):
        return _packed(cx, value, name)
    x = cx.tensor(value)
    headline = say("{subject} expects input to be 2-D or 3-D but receives a tensor of shape {shape}", shape=x.shape)
    x = cx.ranks(x, (2, 3), "C2", headline)
    if x.shape.rank is None and len(ranks) == 1 and (fixed := cx.facts.fix_rank(x.shape, *ranks)) is not None:
        x = x.with_parts(fixed.parts)
    return read_layout(cx, x, name, batch_first)


def read_layout(cx: Context, x: Tensor, name: str, batch_first: bool | None) -> Steps:
    """Which axes are which, of a tensor that has two axes, three, or either."""
    if x.shape.rank is None:
        return _open(cx, x, name, batch_first)
    *lead, feature = x.shape.axes
    if len(lead) == 1:
        cx.role(lead[0], "step", "proved", f"nn.{name} reads a tensor of two axes as one sequence")
        return Steps(x, None, (), lead[0], feature)
    if batch_first is None:
        return Steps(x, None, (cx.fresh("batch", 1),), None, feature)
    batch, step = lead if batch_first else reversed(lead)
    _roles(cx, batch, step, name, batch_first)
    return Steps(x, None, (batch,), step, feature)


def _roles(cx: Context, batch: Part, step: Part, name: str, batch_first: bool) -> None:
    why = f"batch_first={batch_first} of nn.{name}"
    cx.role(batch, "batch", "proved", why)
    cx.role(step, "step", "proved", why)


def _packed(cx: Context, value: Packed, name: str) -> Steps:
    rest = cx.facts.shape(Shape(value.rest))
    fixed = cx.facts.fix_rank(rest, 1)  # what was packed has three axes then, whatever was assumed of it
    if fixed is None:
        cx.assumed = value.assumed
        rest = cx.told(Shape(value.rest))
        cx.refute(
            "C2",
            say(
                "{subject} expects packed steps with one axis of features but receives steps of shape {shape}",
                shape=rest,
            ),
            # an LSTM on a CPU does not count the axes of equally long sequences
            possible=name == "LSTM" and len(rest.parts) > 1 and not any(cx.never(a.size, 1) for a in rest.prefix),
        )
    return Steps(None, value, (value.batch,), value.seq, fixed.axes[0])


def _open(cx: Context, x: Tensor, name: str, batch_first: bool | None) -> Steps:
    """An input that has two or three axes: one of them is optional."""
    facts = cx.facts
    shape = facts.reveal_suffix(x.shape, 1, 2)
    if len(shape.parts) == 2:  # nothing but the features is known
        shape = facts.reveal_suffix(shape, 2, 2) if batch_first else facts.reveal_prefix(shape, 1, 2)
    if len(shape.parts) > 3:  # three axes are known, so the run holds none
        shape = facts.fix_rank(shape, 3) or shape
    if shape.ranked:
        return read_layout(cx, x.with_parts(shape.parts), name, batch_first)
    first, second, feature = shape.parts
    assert isinstance(feature, Axis)
    run, seen = (first, second) if isinstance(first, Segment) else (second, first)
    assert isinstance(run, Segment)
    facts.either(run, (Axis.fresh(Dim.symbol("step" if batch_first and run is second else "batch", "input")),))
    (optional,) = facts.readings[run]
    x = x.with_parts(shape.parts)
    if batch_first is None:
        lead = Segment("batch")
        facts.either(lead, (cx.fresh("batch", 1),))
        return Steps(x, None, (lead,), None, feature)
    batch, step = (first, second) if batch_first else (second, first)
    if batch is run:
        _roles(cx, optional, step, name, batch_first)
        return Steps(x, None, (run,), step, feature)
    # the axis that was seen is the batch of a batch, or the steps of one sequence
    assert isinstance(seen, Axis)
    lead = Segment("batch")
    facts.either(lead, (seen,))
    _roles(cx, seen, optional, name, batch_first)
    return Steps(x, None, (lead,), None, feature)
