"""What convolutions and pools have in common: an optional batch axis, channels, and windows that slide over space."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import floor

from shapelint.ops.contract import Context, Message, say
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import Float, Int, Tensor, Tuple, Value


@dataclass(frozen=True, slots=True)
class Spatial:
    """An input of shape `([batch], channel, *space)`. `lead` holds the batch axis, or nothing, or a run that holds one
    or none."""

    x: Tensor
    lead: tuple[Part, ...]
    channel: Axis
    space: tuple[Axis, ...]

    def to(self, channel: Axis | Dim, space: Iterable[Axis]) -> Tensor:
        """A tensor with the same batch axis."""
        axis = channel if isinstance(channel, Axis) else Axis.fresh(channel)
        return self.x.with_parts((*self.lead, axis, *space))

    def filtered(self, cx: Context, channels: Dim, space: Iterable[Axis]) -> Tensor:
        """A tensor with the same batch axis and the channels that a layer gives."""
        axis = Axis.fresh(channels)
        cx.role(axis, "channel", "proved", "the channels that a convolution gives")
        return self.to(axis, space)


def spatial(cx: Context, value: Value, count: int, constraint: str, channels: Dim | None = None) -> Spatial:
    """An input with `count` axes of space, batched or not.

    An unknown rank stays open between both readings, with the batched one preferred. Channels and space count from the
    right and are
    the same in both. Demands a rank of `count + 1` or `count + 2` (`constraint`). `channels` is the size that the
    channel axis will
    be asked to have.
    """
    x = cx.tensor(value)
    x = cx.ranks(x, (count + 1, count + 2), constraint, _rank_headline(x, count))
    if x.shape.rank is None and x.shape.prefix and channels is not None:
        if cx.facts.compare(x.shape.prefix[0].size, channels, proof=True) is Verdict.DIFFERENT:
            fixed = cx.facts.fix_rank(x.shape, count + 2)  # the first axis is not that of the channels
            x = x if fixed is None else x.with_parts(fixed.parts)
    if x.shape.rank is None and not x.shape.prefix:
        shape = cx.facts.reveal_suffix(x.shape, count + 1, count + 1)
        lead = shape.parts[: len(shape.parts) - count - 1]
        if lead and isinstance(lead[0], Segment):
            cx.facts.either(lead[0], (Axis.fresh(Dim.symbol("batch", "input")),))
        found = _split(x.with_parts(shape.parts), lead, count)
    elif x.shape.rank is None and len(x.shape.prefix) == 1:
        found = _known_first(cx, x, count, channels)
    else:
        if x.shape.rank is None:
            read = cx.facts.copy().fix_rank(x.shape, count + 2)
            assert read is not None
            cx.assumed = True
            x = replace(x, shape=read, assumed=True)
        found = _split(x, x.shape.parts[: len(x.shape.parts) - count - 1], count)
    if len(found.lead) == 1:
        cx.role(found.lead[0], "batch", "proved", "the layer reads it as the batch")
    cx.role(found.channel, "channel", "proved", "the layer reads it as channels")
    for axis in found.space:
        cx.role(axis, "space", "proved", "the layer slides over it")
    return found


def _split(x: Tensor, lead: tuple[Part, ...], count: int) -> Spatial:
    channel, *space = (p for p in x.shape.parts[len(x.shape.parts) - count - 1 :] if isinstance(p, Axis))
    return Spatial(x, lead, channel, tuple(space))


def _known_first(cx: Context, x: Tensor, count: int, channels: Dim | None) -> Spatial:
    """Only the first axis was seen (`n = x.size(0)`): the batch, or the channels of an input without one."""
    shape = cx.facts.reveal_suffix(x.shape, count, count + 1)
    first, between = shape.parts[:2]
    assert isinstance(first, Axis)
    assert isinstance(between, Segment)
    channel = Axis.fresh(channels if channels is not None else Dim.symbol("channels", "input"))
    cx.facts.either(between, (channel,))
    lead = Segment("batch")
    cx.facts.either(lead, (first,))
    return Spatial(
        x.with_parts(shape.parts), (lead,), channel, tuple(p for p in shape.parts[2:] if isinstance(p, Axis))
    )


def _rank_headline(x: Tensor, count: int) -> Message:
    return say(
        "{subject} expects {low} axes (unbatched) or {high} (batched) but receives a tensor of shape {shape}",
        low=count + 1,
        high=count + 2,
        shape=x.shape,
    )


def require_positive(cx: Context, constraint: str, name: str, dims: Iterable[Dim], least: int = 1) -> None:
    """Demand that an option be at least `least` along every axis."""
    for dim in dims:
        if cx.facts.at_most(dim, least - 1, proof=True):
            cx.refute(
                constraint,
                say("{name} of {subject} must be at least {least} but is {got}", name=name, least=least, got=dim),
                operand=name,
                sizes=(Dim.of(least), dim),
            )
        cx.facts.raise_low(dim, least)


def extent(kernel: Dim, dilation: Dim) -> Dim:
    """How many entries a window spans: `dilation*(kernel - 1) + 1`."""
    return dilation * (kernel - 1) + 1


def int_tuple(dims: Iterable[Dim]) -> Tuple:
    """Ints as a layer keeps them: `conv.stride` is `(2, 2)`."""
    return Tuple(tuple(Int(d) for d in dims))


def float_tensor(*sizes: Dim) -> Tensor:
    """A parameter of a layer."""
    return Tensor(Shape.of(*sizes), "float")


def scaled(cx: Context, size: Dim, value: Value) -> Dim:
    """`floor(size * factor)` for an int or float factor; unknown where floating point may round either way."""
    if isinstance(value, Float):
        factor = value.value
        if factor is None:
            return Dim.symbol("scaled", "unknown", 0)
        if size.value is not None:
            return Dim.of(floor(size.value * factor))
        numerator, denominator = factor.as_integer_ratio()
        if denominator > 1024:
            return Dim.symbol("scaled", "unknown", 0)
        return size * numerator // denominator
    return size * cx.int(value)
