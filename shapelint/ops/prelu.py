"""`F.prelu`, `nn.PReLU`: a slope for all entries, or one for each channel."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "norm-features", "axis 1 of `input` has as many entries as there are slopes, unless there is one")
C2 = Constraint("C2", "norm-features", "`weight` has at most one axis")


def _apply(cx: Context, x: Tensor, slopes: Dim) -> Tensor:
    cx.expect(x)
    if not cx.never(slopes, 1):
        return x
    if x.shape.rank is None:
        x = x.with_parts(cx.facts.reveal_prefix(x.shape, 2).parts)  # of fewer axes torch reads one channel
    channel = x.shape.parts[1] if len(x.shape.parts) > 1 else Axis(Dim.of(1))
    assert isinstance(channel, Axis)
    cx.demand_equal(
        "C1",
        slopes,
        channel.size,
        say("{subject} has {want} slopes but {@input} has {got} channels", want=slopes, got=channel.size),
        label=say("{@input} has the shape {shape}", shape=x.shape),
    )
    return x


def _sizes(rng: random.Random) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(0, 4))]


def _sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    slopes = sizes[1] if len(sizes) > 1 and rng.random() < 0.5 else rng.randint(1, 4)
    draw = rng.random()
    weight = t() if draw < 0.1 else t(slopes, 1) if draw < 0.2 else t(slopes)
    return Sample(rng.choice(PRELU.torch), (t(*sizes), weight))


PRELU = op(
    "prelu",
    ("torch.nn.functional.prelu", "torch.prelu", "torch.Tensor.prelu"),
    "input, weight",
    (C1, C2),
    _sample,
)


@PRELU.rule
def prelu(cx: Context, input: Value, weight: Value) -> Value:
    """`(*) -> (*)`; with `weight` `(channels,)`, `(batch, channels, *) -> (batch, channels, *)`.

    C1: unless there is one slope, axis 1 of `input` has as many entries. C2: `weight` has at most one axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
    """
    x, w = cx.tensor(input), cx.tensor(weight)
    cx.expect(x)
    headline = say("expected `weight` to be a scalar or 1D tensor, but got {shape}", shape=w.shape)
    w = cx.ranks(w, (0, 1), "C2", headline, "weight")
    return _apply(cx, x, w.shape.dims[0] if w.shape.rank == 1 else Dim.of(1))


def _layer_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    slopes = sizes[1] if len(sizes) > 1 and rng.random() < 0.5 else rng.randint(1, 4)
    return Sample("torch.nn.PReLU", (t(*sizes),), init=(slopes,) if rng.random() < 0.9 else ())


PRELU_LAYER = layer(
    "PReLU", ("torch.nn.PReLU",), "num_parameters=1, init=0.25, device=None, dtype=None", "input", (C1,), _layer_sample
)


@PRELU_LAYER.rule
def prelu_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(*) -> (*)`; with `num_parameters > 1`, `(batch, channels, *) -> (batch, channels, *)`.

    C1: unless there is one slope, axis 1 of `input` has as many entries.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """
    return _apply(cx, cx.tensor(input), layer.size("num_parameters"))


@PRELU_LAYER.attributes
def prelu_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    return Tensor(Shape.of(layer.size("num_parameters")), "float") if name == "weight" else None
