"""`torch.scalar_tensor`: a number as a tensor without axes."""

from __future__ import annotations

import random

from shapelint.ops.contract import Context, Sample, op
from shapelint.ops.dtypes import dtype_kind
from shapelint.values.model import External, Tensor, Value

_DTYPES = ("torch.float64", "torch.long", "torch.bool")


def _sample(rng: random.Random) -> Sample:
    options = {"dtype": External(rng.choice(_DTYPES))} if rng.random() < 0.5 else {}
    return Sample("torch.scalar_tensor", (rng.choice((1, 0.5, True)),), options)


SCALAR = op(
    "scalar_tensor",
    ("torch.scalar_tensor",),
    "s, *, dtype=None, layout=None, device=None, pin_memory=None, requires_grad=False",
    samples=_sample,
)


@SCALAR.rule
def scalar_tensor(cx: Context, s: Value, dtype: Value, **options: Value) -> Value:
    """`number -> ()`; a float unless a dtype is given.

    Follows https://docs.pytorch.org/docs/stable/tensors.html
    """
    return Tensor.of(dtype=dtype_kind(dtype, "float"))
