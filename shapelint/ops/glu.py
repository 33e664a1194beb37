"""`F.glu`, `nn.GLU`: one half of an axis gates the other."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.reductions import sample_dims
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
C2 = Constraint("C2", "split-size", "the axis is even")


def _halved(cx: Context, input: Value, dim: Value) -> Tensor:
    x = cx.tensor(input)
    if x.shape.rank == 0:
        cx.refute("C2", say("glu does not support scalars because the halving size must be even"))
    x, at = cx.axis(x, dim, "C1")
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    parts = list(x.shape.parts)
    parts[at] = axis.resized(axis.size // 2)
    result = x.with_parts(parts)
    cx.expect(result)
    odd = (axis.size % 2).value
    if odd:
        cx.refute(
            "C2", say("halving dimension must be even, but dimension {dim} is size {size}", dim=at, size=axis.size)
        )
    if odd is None:
        cx.facts.learn_divides(axis.size, 2)
        cx.facts.raise_low(axis.size, 2)
    return result


def _sizes(rng: random.Random) -> list[int]:
    return [rng.choice([2, 4, 2, 6, 3]) for _ in range(rng.randint(0, 4))]


def _sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    dim = sample_dims(rng, len(sizes), False)
    if rng.random() < 0.3:
        return Sample("torch.nn.functional.glu", (t(*sizes),))
    if rng.random() < 0.5:
        return Sample("torch.nn.functional.glu", (t(*sizes), dim))
    return Sample("torch.nn.functional.glu", (t(*sizes),), {"dim": dim})


GLU = op("glu", ("torch.nn.functional.glu",), "input, dim=-1", (C1, C2), _sample)


@GLU.rule
def glu(cx: Context, input: Value, dim: Value) -> Value:
    """`(*, 2*n, *) -> (*, n, *)`.

    C1: `dim` is an axis of the tensor. C2: that axis is even.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
    """
    return _halved(cx, input, dim)


def _layer_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    dims = () if rng.random() < 0.3 else (sample_dims(rng, len(sizes), False),)
    return Sample("torch.nn.GLU", (t(*sizes),), init=dims)


GLU_LAYER = layer("GLU", ("torch.nn.GLU",), "dim=-1", "input", (C1, C2), _layer_sample)


@GLU_LAYER.rule
def glu_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(*, 2*n, *) -> (*, n, *)`.

    C1: `dim` is an axis of the tensor. C2: that axis is even.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """
    return _halved(cx, input, layer.value("dim"))
