"""`nn.LayerNorm`, `nn.RMSNorm` and their functions: normalisation over the last axes."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import NONE, Tensor, Value

C1 = Constraint("C1", "norm-features", "the last axes of `input` are `normalized_shape`")
C2 = Constraint("C2", "norm-features", "`input` has as many axes as `normalized_shape` or more")
C3 = Constraint("C3", "norm-features", "`weight` and `bias` have the shape `normalized_shape`")
C4 = Constraint("C4", "invalid-option", "`normalized_shape` names at least one axis")


def _normalise(cx: Context, input: Value, sizes: list[Dim]) -> Tensor:
    x = cx.tensor(input)
    if not sizes:
        cx.refute("C4", say("expected normalized_shape to be at least 1-dimensional"), operand="normalized_shape")
    wanted = Shape.of(*sizes)
    cx.expect(x.with_dtype("float"))
    headline = say("{subject} expects the last axes to be {want} but receives {shape}", want=wanted, shape=x.shape)
    x = cx.at_least_rank(x, len(sizes), "C2", headline)
    result = x.with_dtype("float")
    cx.expect(result)
    for place, want in zip(range(-len(sizes), 0), sizes, strict=True):
        axis = x.shape.parts[place]
        assert isinstance(axis, Axis)
        cx.demand_equal(
            "C1",
            want,
            axis.size,
            say("{subject} expects {want} features but receives {got}", want=want, got=axis.size),
            label=say("axis {place} of {@input} is {got}", place=place, got=axis.size),
        )
    if len(sizes) == 1:
        last = x.shape.parts[-1]
        cx.role(last, "feature", "proved", "the layer normalises over features")
    return result


def _as_built(cx: Context, layer: Layer, x: Tensor) -> Tensor:
    if x.shape.rank is None:
        x = x.with_parts(cx.facts.reveal_suffix(x.shape, 1).parts)
    assumed = cx.assumed
    result = _normalise(cx, x, cx.ints(layer.value("normalized_shape")))
    cx.assumed = assumed  # whether it reads one axis or several, what it gives has those that it was given
    return result


def _demand_affine(cx: Context, value: Value, sizes: list[Dim], operand: str) -> None:
    given = cx.maybe_tensor(value)
    if given is None:
        return
    headline = say(
        "expected {operand} to be of same shape as normalized_shape {want}, but got {got}",
        operand=operand,
        want=Shape.of(*sizes),
        got=given.shape,
    )
    given = cx.ranks(given, (len(sizes),), "C3", headline, operand)
    for want, got in zip(sizes, given.shape.dims, strict=True):
        cx.demand_equal("C3", want, got, headline, operand=operand)


def _sample_sizes(rng: random.Random) -> tuple[list[int], list[int]]:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(1, 2))]
    lead = [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]
    last = list(sizes)
    if rng.random() < 0.25:
        last[rng.randrange(len(last))] = rng.randint(1, 4)
    return sizes, ([*lead, *last] if rng.random() < 0.92 else last[1:])


def _layer_sample(rng: random.Random) -> Sample:
    sizes, got = _sample_sizes(rng)
    given = sizes[0] if len(sizes) == 1 and rng.random() < 0.7 else rng.choice([sizes, tuple(sizes)])
    if rng.random() < 0.04:
        given = []
    options = {"elementwise_affine": False} if rng.random() < 0.2 else {}
    return Sample(rng.choice(LAYER_NORM.torch), (t(*got),), init=(given,), init_kwargs=options)


LAYER_NORM = layer(
    "LayerNorm",
    ("torch.nn.LayerNorm",),
    "normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None, dtype=None",
    call="input",
    constraints=(C1, C2, C4),
    samples=_layer_sample,
)


@LAYER_NORM.rule
def layer_norm_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(*, *normalized_shape) -> (*, *normalized_shape)`; an int is one axis.

    C1: the last sizes are `normalized_shape`. C2: there are so many axes. C4: `normalized_shape` is not empty.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """
    return _as_built(cx, layer, cx.tensor(input))


@LAYER_NORM.attributes
def layer_norm_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    if name in ("weight", "bias"):
        present = layer.flag("elementwise_affine") and (name == "weight" or layer.flag("bias"))
        return Tensor(Shape.of(*cx.ints(layer.value("normalized_shape"))), "float") if present else NONE
    return None


def _rms_sample(rng: random.Random) -> Sample:
    sample = _layer_sample(rng)
    return Sample("torch.nn.RMSNorm", sample.args, init=sample.init, init_kwargs=sample.init_kwargs)


RMS_NORM = layer(
    "RMSNorm",
    ("torch.nn.RMSNorm",),
    "normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None",
    call="x",
    constraints=(C1, C2, C4),
    samples=_rms_sample,
)


@RMS_NORM.rule
def rms_norm_layer(cx: Context, layer: Layer, x: Value) -> Value:
    """`(*, *normalized_shape) -> (*, *normalized_shape)`.

    C1, C2, C4: as for `nn.LayerNorm`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
    """
    return _as_built(cx, layer, cx.tensor(x))


@RMS_NORM.attributes
def rms_norm_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    if name == "weight":
        present = layer.flag("elementwise_affine")
        return Tensor(Shape.of(*cx.ints(layer.value("normalized_shape"))), "float") if present else NONE
    return None


def _affine_sample(rng: random.Random, sizes: list[int]) -> object:
    return t(*sizes) if rng.random() < 0.8 else t(*sizes, 1) if rng.random() < 0.3 else t(*(n + 1 for n in sizes))


def _function_sample(rng: random.Random) -> Sample:
    sizes, got = _sample_sizes(rng)
    options = {name: _affine_sample(rng, sizes) for name in ("weight", "bias") if rng.random() < 0.4}
    given = sizes if rng.random() < 0.95 else []
    return Sample(rng.choice(FUNCTION.torch), (t(*got), given), options if given else {})


FUNCTION = op(
    "layer_norm",
    ("torch.nn.functional.layer_norm", "torch.layer_norm"),
    "input, normalized_shape, weight=None, bias=None, eps=1e-05, cudnn_enable=True",
    constraints=(C1, C2, C3, C4),
    samples=_function_sample,
)


@FUNCTION.rule
def layer_norm(
    cx: Context, input: Value, normalized_shape: Value, weight: Value, bias: Value, eps: Value, cudnn_enable: Value
) -> Value:
    """`(*, *normalized_shape) -> (*, *normalized_shape)`.

    C1, C2, C4: as for `nn.LayerNorm`. C3: `weight` and `bias` have the shape `normalized_shape`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    sizes = cx.ints(normalized_shape)
    result = _normalise(cx, input, sizes)
    _demand_affine(cx, weight, sizes, "weight")
    _demand_affine(cx, bias, sizes, "bias")
    return result


def _rms_function_sample(rng: random.Random) -> Sample:
    sizes, got = _sample_sizes(rng)
    options = {"weight": _affine_sample(rng, sizes)} if rng.random() < 0.5 else {}
    given = sizes if rng.random() < 0.95 else []
    return Sample(rng.choice(RMS_FUNCTION.torch), (t(*got), given), options if given else {})


RMS_FUNCTION = op(
    "rms_norm",
    ("torch.nn.functional.rms_norm", "torch.rms_norm"),
    "input, normalized_shape, weight=None, eps=None",
    constraints=(C1, C2, C3, C4),
    samples=_rms_function_sample,
)


@RMS_FUNCTION.rule
def rms_norm(cx: Context, input: Value, normalized_shape: Value, weight: Value, eps: Value) -> Value:
    """`(*, *normalized_shape) -> (*, *normalized_shape)`.

    C1, C2, C4: as for `nn.LayerNorm`. C3: `weight` has the shape `normalized_shape`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
    """
    sizes = cx.ints(normalized_shape)
    result = _normalise(cx, input, sizes)
    _demand_affine(cx, weight, sizes, "weight")
    return result
