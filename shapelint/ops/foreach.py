"""`torch._foreach_*`: one op over lists of tensors."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Context, Sample, op, t
from shapelint.values.model import Sequence, Tuple, Value

_UNARY = "abs exp neg reciprocal sqrt"
_BINARY = "add sub mul div maximum minimum"
_TERNARY = "addcmul addcdiv lerp"


def _sample(rng: random.Random) -> Sample:
    tensors = [t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3)))) for _ in range(rng.randint(1, 3))]
    name = rng.choice(FOREACH.torch)
    last = name.removeprefix("torch._foreach_").rstrip("_")
    if last in _TERNARY.split():
        return Sample(name, (tensors, list(tensors), list(tensors)))
    if last in _BINARY.split() and rng.random() < 0.5:
        return Sample(name, (tensors, 0.5))
    return Sample(name, (tensors,) if last in (*_UNARY.split(), "zero") else (tensors, list(tensors)))


FOREACH = op(
    "foreach",
    tuple(f"torch._foreach_{name}" for name in f"{_UNARY} {_BINARY} {_TERNARY} zero_ copy_".split()),
    "tensors, *args, **kwargs",
    samples=_sample,
)


@FOREACH.rule
def foreach(cx: Context, tensors: Value, args: Value, kwargs: Value) -> Value:
    """`[(a,), (b, c), …] -> [(a,), (b, c), …]`: each tensor with the entry of the other list, or with one number.
    The functions that overwrite their tensors give them back.

    Follows https://docs.pytorch.org/docs/stable/torch.html#foreach-operations
    """
    if isinstance(tensors, (Tuple, Sequence)):
        return Tuple(tuple(cx.tensors(tensors)))
    raise CannotTell("dynamic-value")
