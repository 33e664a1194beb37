"""`torch.clamp` and functions of three tensors that broadcast: `lerp`, `addcmul`, `addcdiv`."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import assemble, near, promote, some_sizes
from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.values.model import NoneValue, Value

C1 = Constraint("C1", "broadcast-shape", "the sizes are equal or 1, counted from the last axis")
C2 = Constraint("C2", "invalid-option", "at least one bound is given")


def _clamp_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    x = t(*base, dtype=rng.choice(["float", "int"]))
    name = rng.choice(CLAMP.torch)

    def bounds(tensors: bool) -> object:
        if rng.random() < 0.3:
            return None
        return t(*near(rng, base)) if tensors else rng.choice([0, 0.5, 1])

    tensors = rng.random() < 0.5
    low, high = bounds(tensors), bounds(tensors)
    return Sample(name, (x, low, high)) if rng.random() < 0.5 else Sample(name, (x,), {"min": low, "max": high})


CLAMP = op("clamp", both("clamp clip"), "input, min=None, max=None, *, out=None", (C1, C2), _clamp_sample)


@CLAMP.rule
def clamp(cx: Context, input: Value, min: Value, max: Value, out: Value) -> Value:
    """`input (*), min (*), max (*) -> (*)` by broadcasting; a number has no axes.

    C1: counted from the last axis, sizes are equal or 1. C2: `min` or `max` is given.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.clamp.html
    """
    x = cx.tensor(input)
    cx.expect(x)
    given = [v for v in (min, max) if not isinstance(v, NoneValue)]
    if not given:
        cx.refute("C2", say("at least one of min or max must not be None"), operand="min")
    dtype = promote(cx.tensor(v).dtype for v in (x, *given))
    return assemble(cx, (x, *given), "C1", dtype)


def _three_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    x, y, z = t(*base), t(*near(rng, base)), t(*near(rng, base))
    name = rng.choice(THREE.torch)
    if name.endswith("lerp"):
        return Sample(name, (x, y, z if rng.random() < 0.6 else 0.3))
    return Sample(name, (x, y, z), {"value": 2} if rng.random() < 0.5 else {})


THREE = op(
    "lerp",
    both("lerp addcmul addcdiv"),
    ("input, end, weight, *, out=None", "input, tensor1, tensor2, *, value=1, out=None"),
    (C1,),
    _three_sample,
)


@THREE.rule
def lerp(cx: Context, input: Value, out: Value, value: Value | None = None, **others: Value) -> Value:
    """`(*), (*), (*) -> (*)` by broadcasting.

    C1: counted from the last axis, sizes are equal or 1.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.lerp.html
    """
    operands = (input, *others.values())
    return assemble(cx, operands, "C1", promote(cx.tensor(v).dtype for v in operands))
