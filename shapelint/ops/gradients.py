"""Gradients of a tensor: `requires_grad_`, `backward`, `grad`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.size import any_tensor
from shapelint.shapes.shape import product
from shapelint.values.model import NONE, OneOf, Value

_METHOD = "torch.Tensor."


def _requires_sample(rng: random.Random) -> Sample:
    x = any_tensor(rng)
    if rng.random() < 0.3:
        return Sample(_METHOD + "requires_grad_", (x, rng.random() < 0.4))
    return Sample(_METHOD + "requires_grad_", (x,))


REQUIRES_GRAD = op(
    "requires_grad_",
    (_METHOD + "requires_grad_",),
    "input, requires_grad=True",
    constraints=(Constraint("C1", "gradient-dtype", "only floats have gradients"),),
    samples=_requires_sample,
)


@REQUIRES_GRAD.rule
def requires_grad_(cx: Context, input: Value, requires_grad: Value) -> Value:
    """`(*) -> (*)`: the same tensor.

    C1: the entries are floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.requires_grad_.html
    """
    x = cx.tensor(input)
    cx.expect(x)
    if x.dtype in ("int", "bool") and cx.flag(requires_grad):
        headline = say("only Tensors of floating point dtype can require gradients, not {kind}", kind=x.dtype)
        cx.refute("C1", headline)
    return x


def _backward_sample(rng: random.Random) -> Sample:
    sizes = [1] * rng.randint(0, 2) if rng.random() < 0.4 else [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    x = Sample(_METHOD + "requires_grad_", (t(*sizes),))
    if rng.random() < 0.4:
        return Sample(_METHOD + "backward", (x,), {"retain_graph": True} if rng.random() < 0.3 else {})
    if sizes and rng.random() < 0.4:
        sizes[rng.randrange(len(sizes))] += 1
    gradient = t(*sizes) if rng.random() < 0.9 else t(*sizes, 1)
    if rng.random() < 0.5:
        return Sample(_METHOD + "backward", (x, gradient))
    return Sample(_METHOD + "backward", (x,), {"gradient": gradient})


BACKWARD = op(
    "backward",
    (_METHOD + "backward",),
    "input, gradient=None, retain_graph=None, create_graph=False, inputs=None",
    constraints=(
        Constraint("C1", "backward-scalar", "without a gradient the tensor has exactly one entry"),
        Constraint("C2", "backward-scalar", "the gradient has the shape of the tensor"),
    ),
    samples=_backward_sample,
)


@BACKWARD.rule
def backward(cx: Context, input: Value, gradient: Value, **options: Value) -> Value:
    """`(1, …, 1) -> None`; `(*), gradient (*) -> None`.

    C1: one entry, where no gradient is given. C2: the gradient has the shape of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
    """
    cx.expect(NONE)
    x, given = cx.tensor(input), cx.maybe_tensor(gradient)
    if given is None:
        if x.shape.ranked:
            count = product(x.shape.dims)
            headline = say("grad can be implicitly created only for scalar outputs, not for {shape}", shape=x.shape)
            cx.demand_equal("C1", 1, count, headline)
        return NONE
    headline = say("mismatch in shape: the gradient has {got} and the output has {want}", got=given.shape, want=x.shape)
    if x.shape.rank is None and given.shape.rank is not None:
        x, given = given, x
    if x.shape.rank is not None:
        given = cx.ranks(given, (x.shape.rank,), "C2", headline, "gradient")
        for a, b in zip(x.shape.dims, given.shape.dims, strict=True):
            cx.demand_equal("C2", a, b, headline, operand="gradient")
    return NONE


def _grad_sample(rng: random.Random) -> Sample:
    return Sample(_METHOD + "grad", (any_tensor(rng),))


GRAD = op("grad", (_METHOD + "grad",), "input", samples=_grad_sample)


@GRAD.rule
def grad(cx: Context, input: Value) -> Value:
    """`(*) -> (*)`, or None before the first backward pass.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.grad.html
    """
    return OneOf((cx.tensor(input), NONE))


def _hook_sample(rng: random.Random) -> Sample:
    x = Sample(_METHOD + "requires_grad_", (t(2, rng.randint(1, 3)),))
    return Sample(_METHOD + "retain_grad", (x,))


RETAIN = op("retain_grad", (_METHOD + "retain_grad",), "input", samples=_hook_sample)


@RETAIN.rule
def retain_grad(cx: Context, input: Value) -> Value:
    """`(*) -> None`

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html
    """
    return NONE
