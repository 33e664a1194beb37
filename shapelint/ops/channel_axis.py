"""The channels of `(batch, channels, *)`: an axis that counts from the left."""

from __future__ import annotations

from collections.abc import Iterable

from shapelint.ops.contract import Context, Message, say
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Value


def channels_second(cx: Context, value: Value, allowed: Iterable[int] | None, constraint: str) -> tuple[Tensor, Axis]:
    """An input `(batch, channels, *)` and its axis of channels. `allowed` are the ranks that are accepted, None for any
    of 2 or more.

    Where the rank is open between a batched and an unbatched reading (as a convolution leaves it), what reads a batch has shown that there is one:
    the other reading would take channels for samples.
    """
    x = cx.tensor(value)
    headline = say("{subject} expects a tensor of shape (batch, channels, ...) but receives {shape}", shape=x.shape)
    if allowed is None:
        x = _two_or_more(cx, x, constraint, headline)
    else:
        x = cx.ranks(x, tuple(allowed), constraint, headline)
    if x.shape.rank is None:
        _, greatest = cx.facts.admissible_ranks(x.shape)
        read = cx.facts.read(x.shape)
        if greatest is not None and read.rank is not None:
            x = x.with_parts(cx.facts.reveal_prefix(x.shape, read.rank).parts)
        else:
            x = x.with_parts(cx.facts.reveal_prefix(x.shape, 2).parts)
    axis = x.shape.parts[1]
    assert isinstance(axis, Axis)
    cx.role(x.shape.parts[0], "batch", "proved", "the layer reads it as the batch")
    cx.role(axis, "channel", "proved", "the layer reads it as channels")
    return x, axis


def _two_or_more(cx: Context, x: Tensor, constraint: str, headline: Message) -> Tensor:
    _, greatest = cx.facts.admissible_ranks(x.shape)
    if greatest is not None and greatest < 2:
        cx.refute(constraint, headline)
    return x
