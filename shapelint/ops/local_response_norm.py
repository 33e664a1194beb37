"""`nn.LocalResponseNorm` and `F.local_response_norm`: normalisation over neighbouring channels."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "norm-features", "`input` has three axes or more")
C2 = Constraint("C2", "invalid-option", "`size` is at least 1")


def _normalise(cx: Context, input: Value, size: Value) -> Tensor:
    x = cx.tensor(input)
    cx.expect(x)
    x = cx.at_least_rank(x, 3, "C1", say("expected 3D or higher dimensionality input (got {shape})", shape=x.shape))
    window = cx.int(size)
    if cx.facts.at_most(window, 0, proof=True):
        cx.refute("C2", say("size of {subject} must be at least 1 but is {size}", size=window), operand="size")
    return x


def _sizes(rng: random.Random) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(3, 5) if rng.random() < 0.8 else rng.randint(1, 2))]


def _layer_sample(rng: random.Random) -> Sample:
    size = rng.randint(1, 4) if rng.random() < 0.9 else -1
    return Sample("torch.nn.LocalResponseNorm", (t(*_sizes(rng)),), init=(size,))


LOCAL_RESPONSE_NORM = layer(
    "LocalResponseNorm",
    ("torch.nn.LocalResponseNorm",),
    "size, alpha=0.0001, beta=0.75, k=1.0",
    call="input",
    constraints=(C1, C2),
    samples=_layer_sample,
)


@LOCAL_RESPONSE_NORM.rule
def local_response_norm_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(N, C, *) -> (N, C, *)`.

    C1: three axes or more. C2: `size` is at least 1.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
    """
    return _normalise(cx, input, layer.value("size"))


def _function_sample(rng: random.Random) -> Sample:
    size = rng.randint(1, 4) if rng.random() < 0.9 else -1
    return Sample("torch.nn.functional.local_response_norm", (t(*_sizes(rng)), size))


FUNCTION = op(
    "local_response_norm",
    ("torch.nn.functional.local_response_norm",),
    "input, size, alpha=0.0001, beta=0.75, k=1.0",
    constraints=(C1, C2),
    samples=_function_sample,
)


@FUNCTION.rule
def local_response_norm(cx: Context, input: Value, size: Value, alpha: Value, beta: Value, k: Value) -> Value:
    """`(N, C, *) -> (N, C, *)`.

    C1: three axes or more. C2: `size` is at least 1.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
    """
    return _normalise(cx, input, size)
