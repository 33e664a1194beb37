"""Batch and instance normalisation. Layers are taken in evaluation mode: demands of training alone are not made."""

from __future__ import annotations

import random

from shapelint.ops.channel_axis import channels_second
from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.spatial import float_tensor, spatial
from shapelint.shapes.dim import ONE, Dim
from shapelint.shapes.shape import Axis, product
from shapelint.values.model import NONE, Tensor, Value

C1 = Constraint("C1", "norm-features", "`input` has `num_features` channels")
C2 = Constraint("C2", "norm-features", "`input` has a number of axes that the layer takes")
C3 = Constraint("C3", "norm-features", "there is more than one value per channel to take a mean of")
C4 = Constraint("C4", "norm-features", "statistics, `weight` and `bias` have an entry for every channel")
C5 = Constraint("C5", "invalid-option", "running statistics are given where the input's own are not used")

BATCH_RANKS = {"BatchNorm1d": (2, 3), "BatchNorm2d": (4,), "BatchNorm3d": (5,), "SyncBatchNorm": None}


def demand_features(cx: Context, want: Dim, axis: Axis, constraint: str = "C1") -> None:
    """Demand the number of channels that a layer was built for."""
    cx.demand_equal(
        constraint,
        want,
        axis.size,
        say("{subject} expects {want} features but receives {got}", want=want, got=axis.size),
        label=say("{@input} has {got} channels", got=axis.size),
    )


def demand_values(cx: Context, x: Tensor, sizes: list[Dim]) -> None:
    """C3: the product of `sizes` is not 1."""
    if all(cx.surely(n, 1) for n in sizes):
        cx.refute("C3", say("expected more than 1 value per channel, got input of size {shape}", shape=x.shape))


def _batch_sample(rng: random.Random) -> Sample:
    name = rng.choice(list(BATCH_RANKS))
    channels = rng.randint(1, 4)
    ranks = BATCH_RANKS[name] or (2, 3, 4)
    rank = rng.choice(ranks) if rng.random() < 0.85 else rng.randint(1, 5)
    sizes = [rng.randint(1, 3) for _ in range(rank)]
    if rank > 1 and rng.random() < 0.8:
        sizes[1] = channels
    if rng.random() < 0.1:
        sizes[0], sizes[2:] = 1, [1] * len(sizes[2:])
    options = {k: False for k in ("affine", "track_running_stats") if rng.random() < 0.25}
    return Sample(f"torch.nn.{name}", (t(*sizes),), init=(channels,), init_kwargs=options)


BATCH_NORM = layer(
    "BatchNorm",
    ("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d", "torch.nn.SyncBatchNorm"),
    "num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, process_group=None, "
    "device=None, dtype=None, *, bias=True",
    call="input",
    constraints=(C1, C2, C3),
    samples=_batch_sample,
)


@BATCH_NORM.rule
def batch_norm_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(N, num_features, *) -> (N, num_features, *)` with 0 or 1 axes of space for `BatchNorm1d`, 2 and 3 for the
    others.

    C1: axis 1 has `num_features` entries. C2: the rank is right. C3: without running statistics, more than one value
    per channel.
    Without running statistics and weights nothing is asked of the channels.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """
    want = layer.size("num_features")
    x, axis = channels_second(cx, input, BATCH_RANKS[layer.name], "C2")
    cx.expect(x)
    tracked = layer.flag("track_running_stats")
    if tracked or layer.flag("affine"):
        demand_features(cx, want, axis)
    if not tracked and x.shape.rank is not None:
        demand_values(cx, x, [d for place, d in enumerate(x.shape.dims) if place != 1])
    return x


@BATCH_NORM.attributes
def batch_norm_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    if name in ("weight", "bias"):
        present = layer.flag("affine") and (name == "weight" or layer.flag("bias"))
        return float_tensor(layer.size("num_features")) if present else NONE
    if name in ("running_mean", "running_var"):
        return float_tensor(layer.size("num_features")) if layer.flag("track_running_stats") else NONE
    if name == "num_batches_tracked":
        return Tensor.of(dtype="int") if layer.flag("track_running_stats") else NONE
    return None


def _instance_sample(rng: random.Random) -> Sample:
    count = rng.randint(1, 3)
    channels = rng.randint(1, 4)
    rank = count + rng.choice([1, 2]) if rng.random() < 0.9 else rng.randint(1, 5)
    sizes = [rng.randint(1, 3) for _ in range(rank)]
    if rank > count and rng.random() < 0.8:
        sizes[-count - 1] = channels
    if rng.random() < 0.1:
        sizes[-count:] = [1] * count
    options = {k: True for k in ("affine", "track_running_stats") if rng.random() < 0.3}
    return Sample(f"torch.nn.InstanceNorm{count}d", (t(*sizes),), init=(channels,), init_kwargs=options)


INSTANCE_NORM = layer(
    "InstanceNorm",
    ("torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d"),
    "num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, "
    "device=None, dtype=None, *, bias=True",
    call="input",
    constraints=(C1, C2, C3),
    samples=_instance_sample,
)


@INSTANCE_NORM.rule
def instance_norm_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`([N], num_features, *L) -> ([N], num_features, *L)`.

    C1: with weights or running statistics, `num_features` channels. C2: one batch axis or none. C3: without running
    statistics, more than one
    entry of space.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """
    want = layer.size("num_features")
    found = spatial(cx, input, int(layer.name[-2]), "C2", want)
    result = found.to(found.channel, found.space)
    cx.expect(result)
    tracked = layer.flag("track_running_stats")
    if tracked or layer.flag("affine"):
        demand_features(cx, want, found.channel)
    if not tracked:
        demand_values(cx, result, [a.size for a in found.space])
    return result


INSTANCE_NORM.attributes(batch_norm_attributes)


def _demand_entries(cx: Context, value: Value, axis: Axis, operand: str) -> None:
    given = cx.maybe_tensor(value)
    if given is None:
        return
    got = product(cx.ranked(given).shape.dims)
    cx.demand_equal(
        "C4",
        axis.size,
        got,
        say("{operand} should contain {want} elements not {got}", operand=operand, want=axis.size, got=got),
        operand=operand,
    )


def _function_sample(rng: random.Random) -> Sample:
    channels = rng.randint(1, 3)
    rank = rng.randint(2, 5) if rng.random() < 0.92 else 1
    sizes = [rng.randint(1, 3), channels, *(rng.randint(1, 3) for _ in range(3))][:rank]
    if rng.random() < 0.1:
        sizes[0], sizes[2:] = 1, [1] * len(sizes[2:])

    def vector() -> object:
        return t(channels if rng.random() < 0.9 else channels + 1)

    name = rng.choice(["running_mean", "weight", "bias"])
    options: dict[str, object] = {
        n: vector() for n in ("weight", "bias", name) if rng.random() < 0.5 and n != "running_mean"
    }
    training = rng.random() < 0.4
    if training:
        options["training"] = True
    stats = (vector(), vector()) if rng.random() < (0.5 if training else 0.85) else (None, None)
    return Sample("torch.nn.functional.batch_norm", (t(*sizes), *stats), options)


BATCH_FUNCTION = op(
    "batch_norm",
    ("torch.nn.functional.batch_norm",),
    "input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05",
    constraints=(C2, C3, C4, C5),
    samples=_function_sample,
)


@BATCH_FUNCTION.rule
def batch_norm(
    cx: Context,
    input: Value,
    running_mean: Value,
    running_var: Value,
    weight: Value,
    bias: Value,
    training: Value,
    momentum: Value,
    eps: Value,
) -> Value:
    """`(N, C, *) -> (N, C, *)`.

    C2: two axes or more. C3: in training, more than one value per channel. C4: statistics, `weight` and `bias` of `C`
    entries.
    C5: running statistics in evaluation.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
    """
    named = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    x = cx.tensor(input)
    x, axis = channels_second(cx, input, None, "C2")
    cx.expect(x)
    if cx.flag(training):
        if x.shape.rank is not None:
            demand_values(cx, x, [d for place, d in enumerate(x.shape.dims) if place != 1])
    elif cx.is_none(running_mean) or cx.is_none(running_var):
        cx.refute(
            "C5", say("expected running_mean and running_var to be given in evaluation mode"), operand="running_mean"
        )
    for name, value in named.items():
        _demand_entries(cx, value, axis, name)
    return x


def _instance_function_sample(rng: random.Random) -> Sample:
    channels = rng.randint(1, 3)
    rank = rng.randint(3, 5) if rng.random() < 0.9 else rng.randint(1, 2)
    sizes = [rng.randint(1, 3), channels, *(rng.randint(1, 3) for _ in range(3))][:rank]
    if rng.random() < 0.1:
        sizes[2:] = [1] * len(sizes[2:])

    def vector() -> object:
        return t(channels if rng.random() < 0.9 else channels + 1)

    options: dict[str, object] = {n: vector() for n in ("weight", "bias") if rng.random() < 0.5}
    if rng.random() < 0.5:
        options |= {"running_mean": vector(), "running_var": vector()}
    if rng.random() < 0.3:
        options["use_input_stats"] = False
    return Sample("torch.nn.functional.instance_norm", (t(*sizes),), options)


INSTANCE_FUNCTION = op(
    "instance_norm",
    ("torch.nn.functional.instance_norm",),
    "input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05",
    constraints=(C2, C3, C4, C5),
    samples=_instance_function_sample,
)


@INSTANCE_FUNCTION.rule
def instance_norm(
    cx: Context,
    input: Value,
    running_mean: Value,
    running_var: Value,
    weight: Value,
    bias: Value,
    use_input_stats: Value,
    momentum: Value,
    eps: Value,
) -> Value:
    """`(N, C, *L) -> (N, C, *L)`.

    C2: two axes or more. C3: with the input's own statistics, more than one entry of space. C4: statistics, `weight`
    and `bias` of `C` entries. C5:
    running statistics where the input's own are not used.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
    """
    x, axis = channels_second(cx, input, None, "C2")
    cx.expect(x)
    if cx.flag(use_input_stats):
        if x.shape.rank is not None:
            demand_values(cx, x, list(x.shape.dims[2:]) or [ONE])
    elif cx.is_none(running_mean) or cx.is_none(running_var):
        cx.refute("C5", say("expected running_mean and running_var to be defined when use_input_stats is false"))
    for name, value in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        _demand_entries(cx, value, axis, name)
    return x
