"""Layers whose input size is read from the first call: they ask nothing of it."""

from __future__ import annotations

import random

from shapelint.ops.channel_axis import channels_second
from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, say, t
from shapelint.ops.conv import layer_dims, layer_window, require_groups, sizes_around
from shapelint.ops.conv_transpose import layer_spread
from shapelint.ops.norm import BATCH_RANKS, demand_features
from shapelint.ops.spatial import spatial
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Value

C1 = Constraint("C1", "conv-input-rank", "`input` is `([batch], channels, *space)`")
C2 = Constraint("C2", "conv-size", "the kernel fits into the padded input")
C3 = Constraint("C3", "conv-channels", "`groups` divides the channels")
N2 = Constraint(
    "C2", "norm-features", "without a batch, axis 1, which is read as `num_features`, has as many entries as axis 0"
)
N1 = Constraint("C1", "norm-features", "`input` has a number of axes that the layer takes")


def _linear_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(1, 3) if rng.random() < 0.8 else 0)]
    return Sample("torch.nn.LazyLinear", (t(*sizes),), init=(rng.randint(1, 4),))


LINEAR = layer(
    "LazyLinear",
    ("torch.nn.LazyLinear",),
    "out_features, bias=True, device=None, dtype=None",
    call="input",
    constraints=(Constraint("C1", "linear-in-features", "`input` has at least one axis"),),
    samples=_linear_sample,
)


@LINEAR.rule
def lazy_linear(cx: Context, layer: Layer, input: Value) -> Value:
    """`(*, any) -> (*, out_features)`.

    C1: at least one axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html
    """
    x = cx.tensor(input)
    x = cx.at_least_rank(x, 1, "C1", say("{subject} expects a tensor with features but receives a scalar"))
    cx.role(x.shape.parts[-1], "feature", "proved", "nn.LazyLinear reads it as features")
    return x.with_parts((*x.shape.parts[:-1], Axis.fresh(layer.size("out_features")))).with_dtype("float")


def _conv_draw(rng: random.Random, family: str) -> Sample:
    count = rng.randint(1, 3)
    groups = rng.choice([1, 2])
    options: dict[str, object] = {"groups": groups} if groups > 1 else {}
    if rng.random() < 0.5:
        options |= {"stride": rng.randint(1, 2), "padding": 0 if "Transpose" in family else rng.randint(0, 1)}
    channels = groups * rng.randint(1, 2) if rng.random() < 0.65 else 3
    x = t(*sizes_around(rng, count, channels, 1, 4))
    init = (2 * rng.randint(1, 2), rng.randint(1, 3))
    return Sample(f"torch.nn.{family}{count}d", (x,), init=init, init_kwargs=options)


def _layer_names(family: str) -> tuple[str, ...]:
    return tuple(f"torch.nn.{family}{count}d" for count in (1, 2, 3))


def _demand_groups(cx: Context, layer: Layer, channels: Dim) -> None:
    require_groups(cx, "C3", channels, layer.int("groups"), "number of channels")


CONV = layer(
    "LazyConv",
    _layer_names("LazyConv"),
    "out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros', "
    "device=None, dtype=None",
    call="input",
    constraints=(C1, C2, C3),
    samples=lambda rng: _conv_draw(rng, "LazyConv"),
)


@CONV.rule
def lazy_conv(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], any, *L) -> ([N], out_channels, *L')` with the formula of `nn.Conv2d`.

    C1: one batch axis or none. C2: the kernel fits. C3: `groups` divides the channels.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html
    """
    found = spatial(cx, input, layer_dims(layer.name), "C1")
    window = layer_window(cx, layer)
    result = found.to(layer.size("out_channels"), window.slide(cx, found.space)).with_dtype("float")
    cx.expect(result)
    _demand_groups(cx, layer, found.channel.size)
    window.fit(cx, found.space, "C2")
    return result


CONV_TRANSPOSE = layer(
    "LazyConvTranspose",
    _layer_names("LazyConvTranspose"),
    "out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, "
    "padding_mode='zeros', device=None, dtype=None",
    call="input",
    constraints=(C1, C3),
    samples=lambda rng: _conv_draw(rng, "LazyConvTranspose"),
)


@CONV_TRANSPOSE.rule
def lazy_conv_transpose(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], any, *L) -> ([N], out_channels, *L')` with the formula of `nn.ConvTranspose2d`.

    C1: one batch axis or none. C3: `groups` divides the channels.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html
    """
    found = spatial(cx, input, layer_dims(layer.name), "C1")
    sizes = layer_spread(cx, layer).sizes(found.space)
    space = [axis.resized(size) for axis, size in zip(found.space, sizes, strict=True)]
    result = found.to(layer.size("out_channels"), space).with_dtype("float")
    cx.expect(result)
    _demand_groups(cx, layer, found.channel.size)
    return result


def _batch_sample(rng: random.Random) -> Sample:
    count = rng.randint(1, 3)
    ranks = BATCH_RANKS[f"BatchNorm{count}d"]
    assert ranks is not None
    rank = rng.choice(ranks) if rng.random() < 0.85 else rng.randint(1, 5)
    return Sample(f"torch.nn.LazyBatchNorm{count}d", (t(*(rng.randint(2, 3) for _ in range(rank))),))


BATCH_NORM = layer(
    "LazyBatchNorm",
    _layer_names("LazyBatchNorm"),
    "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *, bias=True",
    call="input",
    constraints=(N1,),
    samples=_batch_sample,
)


@BATCH_NORM.rule
def lazy_batch_norm(cx: Context, layer: Layer, input: Value) -> Value:
    """`(N, any, *) -> (N, any, *)`.

    C1: the rank is right.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html
    """
    ranks = BATCH_RANKS[layer.name.removeprefix("Lazy")]
    return channels_second(cx, input, ranks, "C1")[0]


def _instance_sample(rng: random.Random) -> Sample:
    count = rng.randint(1, 3)
    rank = count + rng.choice([1, 2]) if rng.random() < 0.85 else rng.randint(1, 6)
    return Sample(f"torch.nn.LazyInstanceNorm{count}d", (t(*(rng.randint(2, 3) for _ in range(rank))),))


INSTANCE_NORM = layer(
    "LazyInstanceNorm",
    _layer_names("LazyInstanceNorm"),
    "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *, bias=True",
    call="input",
    constraints=(N1, N2),
    samples=_instance_sample,
)


@INSTANCE_NORM.rule
def lazy_instance_norm(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], any, *L) -> ([N], any, *L)`.

    C1: one batch axis or none. C2: the layer takes the size of axis 1 for its features, batched or not.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html
    """
    found = spatial(cx, input, layer_dims(layer.name), "C1")
    if not found.lead and (layer.flag("affine") or layer.flag("track_running_stats")):
        demand_features(cx, found.space[0].size, found.channel, "C2")
    return found.to(found.channel, found.space)
