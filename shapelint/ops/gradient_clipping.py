"""`torch.nn.utils.clip_grad_norm_`, `get_total_norm`: they ask nothing of the shapes of parameters."""

from __future__ import annotations

import random

from shapelint.ops.contract import Context, Sample, op, t
from shapelint.values.model import Tensor, Value


def _tensors(rng: random.Random) -> object:
    tensors = [t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 2)))) for _ in range(rng.randint(1, 3))]
    return tensors[0] if rng.random() < 0.2 else tensors


def _norm_sample(rng: random.Random) -> Sample:
    options = {"norm_type": rng.choice([1.0, 2.0])} if rng.random() < 0.5 else {}
    return Sample(rng.choice(CLIP_NORM.torch), (_tensors(rng), 1.0), options)


CLIP_NORM = op(
    "clip_grad_norm_",
    ("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_norm", "torch.nn.utils.clip_grad.clip_grad_norm_"),
    "parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None",
    samples=_norm_sample,
)


@CLIP_NORM.rule
def clip_grad_norm(
    cx: Context, parameters: Value, max_norm: Value, norm_type: Value, error_if_nonfinite: Value, foreach: Value
) -> Value:
    """`parameters -> ()`: the norm of all gradients together.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """
    return Tensor.of()


def _total_sample(rng: random.Random) -> Sample:
    return Sample(TOTAL_NORM.torch[0], (_tensors(rng),), {"norm_type": 2.0} if rng.random() < 0.5 else {})


TOTAL_NORM = op(
    "get_total_norm",
    ("torch.nn.utils.get_total_norm",),
    "tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None",
    samples=_total_sample,
)


@TOTAL_NORM.rule
def get_total_norm(cx: Context, tensors: Value, norm_type: Value, error_if_nonfinite: Value, foreach: Value) -> Value:
    """`tensors -> ()`: the norm of all of them together.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
    """
    return Tensor.of()
