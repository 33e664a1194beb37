"""`nn.GroupNorm` and `F.group_norm`: normalisation over groups of channels."""

from __future__ import annotations

import random

from shapelint.ops.channel_axis import channels_second
from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.conv import require_groups
from shapelint.ops.spatial import float_tensor
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import NONE, Tensor, Value

C1 = Constraint("C1", "norm-features", "`input` has `num_channels` channels")
C2 = Constraint("C2", "norm-features", "`input` has two axes or more")
C3 = Constraint("C3", "norm-features", "there is more than one value per group to take a mean of")
C4 = Constraint("C4", "invalid-option", "`num_groups` divides the channels")
C5 = Constraint("C5", "norm-features", "`weight` and `bias` have an entry for every channel")


def _normalise(cx: Context, input: Value, groups: Dim, want: Dim | None) -> tuple[Tensor, Axis]:
    x, axis = channels_second(cx, input, None, "C2")
    cx.expect(x)
    if want is not None:
        cx.demand_equal(
            "C1",
            want,
            axis.size,
            say("{subject} expects {want} channels but receives {got}", want=want, got=axis.size),
            label=say("{@input} has {got} channels", got=axis.size),
        )
    require_groups(cx, "C4", axis.size, groups, "number of channels")
    return x, axis


def _demand_values(cx: Context, x: Tensor, axis: Axis, groups: Dim) -> None:
    if x.shape.rank is not None:
        per_group = (axis.size // groups, *(d for place, d in enumerate(x.shape.dims) if place != 1))
        if all(cx.surely(n, 1) for n in per_group):
            cx.refute("C3", say("expected more than 1 value per channel, got input of size {shape}", shape=x.shape))


def _sample_sizes(rng: random.Random, channels: int) -> list[int]:
    rank = rng.randint(2, 4) if rng.random() < 0.92 else rng.randint(0, 1)
    sizes = [rng.randint(1, 3) for _ in range(rank)]
    if rank > 1 and rng.random() < 0.8:
        sizes[1] = channels
    if rng.random() < 0.15:
        sizes[:1], sizes[2:] = [1] * len(sizes[:1]), [1] * len(sizes[2:])
    return sizes


def _layer_sample(rng: random.Random) -> Sample:
    groups = rng.randint(1, 3)
    channels = groups * rng.randint(1, 3) if rng.random() < 0.9 else rng.randint(1, 4)
    options = {"affine": False} if rng.random() < 0.3 else {}
    return Sample(
        "torch.nn.GroupNorm", (t(*_sample_sizes(rng, channels)),), init=(groups, channels), init_kwargs=options
    )


GROUP_NORM = layer(
    "GroupNorm",
    ("torch.nn.GroupNorm",),
    "num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None, *, bias=True",
    call="input",
    constraints=(C1, C2, C3, C4),
    samples=_layer_sample,
)


@GROUP_NORM.build
def group_norm_build(cx: Context, layer: Layer) -> None:
    """C4 is raised by the constructor."""
    require_groups(cx, "C4", layer.size("num_channels"), layer.int("num_groups"), "num_channels")


@GROUP_NORM.rule
def group_norm_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(N, num_channels, *) -> (N, num_channels, *)`.

    C1: axis 1 has `num_channels` entries (without weights nothing asks for it). C2: two axes or more. C3: more than one
    value per group.
    C4: `num_groups` divides the channels.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """
    want = layer.size("num_channels") if layer.flag("affine") else None
    groups = layer.int("num_groups")
    x, axis = _normalise(cx, input, groups, want)
    _demand_values(cx, x, axis, groups)
    return x


@GROUP_NORM.attributes
def group_norm_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    if name in ("weight", "bias"):
        present = layer.flag("affine") and (name == "weight" or layer.flag("bias"))
        return float_tensor(layer.size("num_channels")) if present else NONE
    return None


def _function_draw(rng: random.Random, name: str) -> Sample:
    groups = rng.randint(1, 3)
    channels = groups * rng.randint(1, 3)
    options = {
        n: t(channels if rng.random() < 0.85 else channels + 1) for n in ("weight", "bias") if rng.random() < 0.5
    }
    if rng.random() < 0.1:
        options["weight"] = t(channels, 1)
    return Sample(name, (t(*_sample_sizes(rng, channels)), groups), options)


def _demand_vectors(cx: Context, axis: Axis, **given: Value) -> None:
    for operand, value in given.items():
        vector = cx.maybe_tensor(value)
        if vector is None:
            continue
        headline = say(
            "expected {operand} to be a vector with one entry for each of {want} channels, but got {got}",
            operand=operand,
            want=axis.size,
            got=vector.shape,
        )
        vector = cx.ranks(vector, (1,), "C5", headline, operand)
        cx.demand_equal("C5", axis.size, vector.shape.dims[0], headline, operand=operand)


GROUP_FUNCTION = op(
    "group_norm",
    ("torch.nn.functional.group_norm",),
    "input, num_groups, weight=None, bias=None, eps=1e-05",
    constraints=(C2, C3, C4, C5),
    samples=lambda rng: _function_draw(rng, "torch.nn.functional.group_norm"),
)


@GROUP_FUNCTION.rule
def group_norm(cx: Context, input: Value, num_groups: Value, weight: Value, bias: Value, eps: Value) -> Value:
    """`(N, C, *) -> (N, C, *)`.

    C2: two axes or more. C3: more than one value per group. C4: `num_groups` divides `C`. C5: `weight` and `bias` are
    `(C,)`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
    """
    groups = cx.int(num_groups)
    x, axis = _normalise(cx, input, groups, None)
    _demand_values(cx, x, axis, groups)
    _demand_vectors(cx, axis, weight=weight, bias=bias)
    return x


BARE_GROUP_NORM = op(
    "torch.group_norm",
    ("torch.group_norm",),
    "input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True",
    constraints=(C2, C4, C5),
    samples=lambda rng: _function_draw(rng, "torch.group_norm"),
)


@BARE_GROUP_NORM.rule
def bare_group_norm(
    cx: Context, input: Value, num_groups: Value, weight: Value, bias: Value, eps: Value, cudnn_enabled: Value
) -> Value:
    """`(N, C, *) -> (N, C, *)`; unlike `F.group_norm` it takes a single value per group.

    C2: two axes or more. C4: `num_groups` divides `C`. C5: `weight` and `bias` are `(C,)`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
    """
    x, axis = _normalise(cx, input, cx.int(num_groups), None)
    _demand_vectors(cx, axis, weight=weight, bias=bias)
    return x
