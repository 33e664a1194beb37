"""Channels rearranged: `PixelShuffle`, `PixelUnshuffle`, `ChannelShuffle` and their functions."""

from __future__ import annotations

import random
from collections.abc import Callable

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, layer, op, say, t
from shapelint.ops.spatial import require_positive
from shapelint.shapes.dim import Dim, divide_exactly
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "input-rank", "`input` has three axes or more")
C2 = Constraint("C2", "reshape-size", "the sizes divide evenly")
C3 = Constraint("C3", "invalid-option", "the factor is at least 1")


def _divided(cx: Context, size: Dim, by: Dim, what: str) -> Dim:
    number, divisor = cx.facts.resolve(size), cx.facts.resolve(by)
    if number.value is not None and divisor.value is not None and number.value % divisor.value:
        cx.refute(
            "C2",
            say(
                "{subject} expects {what} to be divisible by {by}, but it is {size}", what=what, by=divisor, size=number
            ),
            sizes=(divisor, number),
        )
    cx.facts.learn_divides(number, divisor)
    exact = divide_exactly(number, divisor)
    return exact if exact is not None else number // divisor


def _last_three(cx: Context, input: Value) -> tuple[Tensor, Axis, Axis, Axis]:
    x = cx.tensor(input)
    x = cx.at_least_rank(
        x, 3, "C1", say("{subject} expects input to have at least 3 dimensions, but got {shape}", shape=x.shape)
    )
    channel, height, width = (p for p in x.shape.parts[-3:] if isinstance(p, Axis))
    return x, channel, height, width


def _shuffle(cx: Context, input: Value, factor: Value) -> Tensor:
    r = cx.int(factor)
    require_positive(cx, "C3", "upscale_factor", [r])
    x, channel, height, width = _last_three(cx, input)
    cx.expect(
        x.with_parts(
            (*x.shape.parts[:-3], cx.fresh("channels"), height.resized(height.size * r), width.resized(width.size * r))
        )
    )
    fewer = channel.resized(_divided(cx, channel.size, r * r, "channels"))
    return x.with_parts((*x.shape.parts[:-3], fewer, height.resized(height.size * r), width.resized(width.size * r)))


def _unshuffle(cx: Context, input: Value, factor: Value) -> Tensor:
    r = cx.int(factor)
    require_positive(cx, "C3", "downscale_factor", [r])
    x, channel, height, width = _last_three(cx, input)
    low = height.resized(_divided(cx, height.size, r, "height"))
    narrow = width.resized(_divided(cx, width.size, r, "width"))
    return x.with_parts((*x.shape.parts[:-3], channel.resized(channel.size * r * r), low, narrow))


def _regroup(cx: Context, input: Value, groups: Value) -> Tensor:
    parts = cx.int(groups)
    require_positive(cx, "C3", "groups", [parts])
    x = cx.tensor(input)
    cx.expect(x)
    x = cx.at_least_rank(
        x, 3, "C1", say("{subject} expects input with more than 2 axes, but got {shape}", shape=x.shape)
    )
    read = cx.read(x)
    if read.shape.rank is not None:
        _divided(cx, read.shape.dims[1], parts, "channels")
    return x


def _draw(rng: random.Random, name: str) -> tuple[object, int]:
    r = rng.randint(1, 3) if rng.random() < 0.93 else rng.choice([0, -1])
    rank = rng.randint(3, 5) if rng.random() < 0.9 else rng.randint(1, 2)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    good = rng.random() < 0.75
    if "Channel" in name or "channel" in name:
        if good and rank > 1:
            sizes[1] = max(r, 1) * rng.randint(1, 2)
    elif "Un" in name or "un" in name:
        if good:
            sizes[-2:] = [max(r, 1) * rng.randint(1, 2) for _ in sizes[-2:]]
    elif good and rank > 2:
        sizes[-3] = max(r, 1) ** 2 * rng.randint(1, 2)
    return t(*sizes), r


_Rule = Callable[[Context, Value, Value], Tensor]


def _layer(name: str, option: str, apply: _Rule) -> Op:
    def sample(rng: random.Random) -> Sample:
        x, r = _draw(rng, name)
        return Sample(f"torch.nn.{name}", (x,), init=(r,))

    made = layer(name, (f"torch.nn.{name}",), option, "input", (C1, C2, C3), sample)

    @made.rule
    def rule(cx: Context, layer: Layer, input: Value) -> Value:
        """`PixelShuffle(r)`: `(*, C*r*r, H, W) -> (*, C, H*r, W*r)`; `PixelUnshuffle(r)` the reverse;
        `ChannelShuffle(groups)` keeps
        the shape.

        C1: three axes or more. C2: what is divided divides evenly. C3: a factor of at least 1.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
        """
        return apply(cx, input, layer.value(option))

    if name == "ChannelShuffle":

        @made.build
        def build(cx: Context, layer: Layer) -> None:
            require_positive(cx, "C3", "groups", [layer.int("groups")])

    return made


def _function(name: str, option: str, apply: _Rule, names: tuple[str, ...]) -> Op:
    def sample(rng: random.Random) -> Sample:
        return Sample(rng.choice(names), _draw(rng, name))

    made = op(name, names, f"input, {option}", (C1, C2, C3), sample)

    @made.rule
    def rule(cx: Context, input: Value, **options: Value) -> Value:
        """`pixel_shuffle(x, r)`: `(*, C*r*r, H, W) -> (*, C, H*r, W*r)`; `pixel_unshuffle(x, r)` the reverse;
        `channel_shuffle(x, groups)`
        keeps the shape.

        C1: three axes or more. C2: what is divided divides evenly. C3: a factor of at least 1.
        Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
        """
        return apply(cx, input, options[option])

    return made


_F = "torch.nn.functional."
LAYERS = [
    _layer("PixelShuffle", "upscale_factor", _shuffle),
    _layer("PixelUnshuffle", "downscale_factor", _unshuffle),
    _layer("ChannelShuffle", "groups", _regroup),
]
FUNCTIONS = [
    _function("pixel_shuffle", "upscale_factor", _shuffle, (f"{_F}pixel_shuffle", "torch.pixel_shuffle")),
    _function("pixel_unshuffle", "downscale_factor", _unshuffle, (f"{_F}pixel_unshuffle", "torch.pixel_unshuffle")),
    _function("channel_shuffle", "groups", _regroup, (f"{_F}channel_shuffle", "torch.channel_shuffle")),
]
