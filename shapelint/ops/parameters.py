"""Tensors that a module owns, or that autograd was told of: `nn.Parameter`, `nn.Buffer`, `Variable`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Context, Sample, op
from shapelint.ops.size import any_tensor
from shapelint.ops.tensor_data import NO_GRADIENT, demand_gradient
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import NoneValue, Tensor, Value


def _parameter_sample(rng: random.Random) -> Sample:
    name, x = rng.choice(PARAMETER.torch), any_tensor(rng)
    if rng.random() < 0.4:
        return Sample(name, (x,))
    gradient = rng.random() < 0.5
    return Sample(name, (x, gradient)) if rng.random() < 0.5 else Sample(name, (x,), {"requires_grad": gradient})


PARAMETER = op(
    "Parameter",
    ("torch.nn.Parameter", "torch.nn.parameter.Parameter"),
    "data=None, requires_grad=True",
    constraints=(NO_GRADIENT,),
    samples=_parameter_sample,
)


@PARAMETER.rule
def parameter(cx: Context, data: Value, requires_grad: Value) -> Value:
    """`(*) -> (*)`: the same tensor; empty where there is none.

    C6: only floats have gradients.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
    """
    return _owned(cx, data, requires_grad)


def _owned(cx: Context, data: Value, requires_grad: Value) -> Tensor:
    if isinstance(data, NoneValue):
        return Tensor(Shape((Axis.fresh(0),)), "float")
    x = cx.tensor(data)
    cx.expect(x)
    demand_gradient(cx, x, requires_grad)
    return x


def _variable_sample(rng: random.Random) -> Sample:
    x, chance = any_tensor(rng), rng.random()
    if chance < 0.2:
        return Sample("torch.autograd.Variable", (x,), {"volatile": True})
    return Sample("torch.autograd.Variable", (x,), {"requires_grad": rng.random() < 0.6} if chance < 0.8 else {})


VARIABLE = op(
    "Variable",
    ("torch.autograd.Variable", "torch.autograd.variable.Variable"),
    "data=None, requires_grad=False, volatile=False",
    constraints=(NO_GRADIENT,),
    samples=_variable_sample,
)


@VARIABLE.rule
def variable(cx: Context, data: Value, requires_grad: Value, volatile: Value) -> Value:
    """`(*) -> (*)`: the same tensor.

    C6: only floats have gradients.
    Follows https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated
    """
    return _owned(cx, data, requires_grad)


def _buffer_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(BUFFER.torch), (any_tensor(rng),), {"persistent": False} if rng.random() < 0.3 else {})


BUFFER = op(
    "Buffer", ("torch.nn.Buffer", "torch.nn.parameter.Buffer"), "data=None, persistent=True", samples=_buffer_sample
)


@BUFFER.rule
def buffer(cx: Context, data: Value, persistent: Value) -> Value:
    """`(*) -> (*)`: the same tensor; empty where there is none.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
    """
    return _owned(cx, data, NoneValue())
