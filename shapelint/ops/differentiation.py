"""`torch.autograd.grad` and `torch.autograd.backward`: gradients asked for by name."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.shapes.shape import product
from shapelint.values.model import NONE, Bool, NoneValue, OneOf, Tuple, Unknown, Value

_LEAF = "torch.Tensor.requires_grad_"
C1 = Constraint("C1", "backward-scalar", "without a gradient each output has exactly one entry")
C2 = Constraint("C2", "backward-scalar", "a gradient has the shape of its output")


def _draw(rng: random.Random) -> tuple[Sample, object]:
    sizes = [1] * rng.randint(0, 2) if rng.random() < 0.4 else [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    x = Sample(_LEAF, (t(*sizes),))
    if rng.random() < 0.4:
        return x, None
    if sizes and rng.random() < 0.4:
        sizes[rng.randrange(len(sizes))] += 1
    return x, t(*sizes) if rng.random() < 0.9 else t(*sizes, 1)


def _demand(cx: Context, outputs: Value, gradients: Value) -> None:
    """C1 and C2, for each output."""
    given = cx.items(outputs) if isinstance(outputs, Tuple) else (outputs,)
    sides: tuple[Value, ...] = (NONE,) * len(given)
    if not isinstance(gradients, NoneValue):
        sides = cx.items(gradients) if isinstance(gradients, Tuple) else (gradients,)
    for one, side in zip(given, sides, strict=False):
        x, gradient = cx.tensor(one), cx.maybe_tensor(side)
        if gradient is None:
            if x.shape.ranked:
                count = product(x.shape.dims)
                headline = say("grad can be implicitly created only for scalar outputs, not for {shape}", shape=x.shape)
                cx.demand_equal("C1", 1, count, headline)
            continue
        headline = say(
            "mismatch in shape: the gradient has {got} and the output has {want}", got=gradient.shape, want=x.shape
        )
        if x.shape.rank is None and gradient.shape.rank is not None:
            x, gradient = gradient, x
        if x.shape.rank is not None:
            gradient = cx.ranks(gradient, (x.shape.rank,), "C2", headline, "gradient")
            for a, b in zip(x.shape.dims, gradient.shape.dims, strict=True):
                cx.demand_equal("C2", a, b, headline, operand="gradient")


def _grad_sample(rng: random.Random) -> Sample:
    x, gradient = _draw(rng)
    inputs = [Sample(_LEAF, (t(2, 3),)) for _ in range(rng.randint(1, 2))]
    # two tensors of a sample are not computed from each other
    options = {"allow_unused": True, **({"grad_outputs": gradient} if gradient is not None else {})}
    if rng.random() < 0.5:
        return Sample("torch.autograd.grad", (x, inputs[0]), options)
    return Sample("torch.autograd.grad", ([x], tuple(inputs)), options)


GRAD = op(
    "autograd.grad",
    ("torch.autograd.grad",),
    """outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, only_inputs=True, allow_unused=None,
    is_grads_batched=False, materialize_grads=False""",
    (C1, C2),
    _grad_sample,
)


@GRAD.rule
def grad(
    cx: Context,
    outputs: Value,
    inputs: Value,
    grad_outputs: Value,
    allow_unused: Value,
    is_grads_batched: Value,
    **options: Value,
) -> Value:
    """`outputs, inputs [(a,), (b, c), …] -> ((a,), (b, c), …)`: one gradient for each input, of its shape.

    C1: one entry of each output, where no gradient is given. C2: a gradient has the shape of its output.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
    """
    if cx.flag(is_grads_batched):
        raise CannotTell("dynamic-value")
    if isinstance(inputs, Unknown):
        raise CannotTell(inputs.reason, inputs.detail)  # one tensor or several
    wanted = cx.tensors(inputs) if isinstance(inputs, Tuple) else [cx.tensor(inputs)]
    sure = isinstance(allow_unused, NoneValue) or (isinstance(allow_unused, Bool) and allow_unused.value is False)
    result = Tuple(tuple(x if sure else OneOf((x, NONE)) for x in wanted))
    cx.expect(result)
    _demand(cx, outputs, grad_outputs)
    return result


def _backward_sample(rng: random.Random) -> Sample:
    x, gradient = _draw(rng)
    if gradient is None:
        return Sample("torch.autograd.backward", (x,) if rng.random() < 0.5 else ([x],))
    if rng.random() < 0.5:
        return Sample("torch.autograd.backward", (x, gradient))
    return Sample("torch.autograd.backward", ([x],), {"grad_tensors": [gradient]})


BACKWARD = op(
    "autograd.backward",
    ("torch.autograd.backward",),
    "tensors, grad_tensors=None, retain_graph=None, create_graph=False, grad_variables=None, inputs=None",
    (C1, C2),
    _backward_sample,
)


@BACKWARD.rule
def backward(cx: Context, tensors: Value, grad_tensors: Value, **options: Value) -> Value:
    """`tensors, gradients -> None`

    C1: one entry of each tensor, where no gradient is given. C2: a gradient has the shape of its tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html
    """
    cx.expect(NONE)
    _demand(cx, tensors, grad_tensors)
    return NONE
