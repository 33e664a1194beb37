"""`torch.unique`, `torch.unique_consecutive`: as many entries as differ."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Op, Sample, op, t
from shapelint.ops.pointwise import both
from shapelint.shapes.shape import Axis
from shapelint.values.model import NoneValue, Tensor, Tuple, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")


def _sample(rng: random.Random, name: str, flags: tuple[str, ...]) -> Sample:
    rank = rng.randint(1, 3)
    x = t(*(rng.randint(1, 3) for _ in range(rank)), dtype="int")
    options: dict[str, object] = {flag: rng.random() < 0.5 for flag in flags if rng.random() < 0.5}
    if rng.random() < 0.6:
        options["dim"] = rng.randrange(-rank, rank) if rng.random() < 0.7 else rank + 1
    return Sample(name, (x,), options)


def _unique(cx: Context, input: Value, dim: Value, inverse: Value, counts: Value) -> Value:
    x = cx.tensor(input)
    wanted = (cx.flag(inverse), cx.flag(counts))
    found = cx.fresh("unique")
    if isinstance(dim, NoneValue):
        values, places = x.with_parts((found,)), x
    else:
        x, at = cx.axis(x, dim, "C1")
        parts = list(x.shape.parts)
        axis = parts[at]
        assert isinstance(axis, Axis)
        parts[at] = axis.resized(found.size)
        values, places = x.with_parts(parts), x.with_parts((axis,))
    times: Tensor = x.with_parts((found,))
    extra = [z.with_dtype("int") for z, want in zip((places, times), wanted, strict=True) if want]
    return Tuple((values, *extra)) if extra else values


UNIQUE: Op = op(
    "unique",
    both("unique"),
    "input, sorted=True, return_inverse=False, return_counts=False, dim=None",
    (C1,),
    lambda rng: _sample(rng, rng.choice(UNIQUE.torch), ("sorted", "return_inverse", "return_counts")),
)


@UNIQUE.rule
def unique(cx: Context, input: Value, sorted: Value, return_inverse: Value, return_counts: Value, dim: Value) -> Value:
    """`(*) -> (k,)`; with `dim` `(*, n, *) -> (*, k, *)`; inverse `(*)` or `(n,)` and counts `(k,)` if asked for.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.unique.html
    """
    return _unique(cx, input, dim, return_inverse, return_counts)


CONSECUTIVE: Op = op(
    "unique_consecutive",
    both("unique_consecutive"),
    "input, return_inverse=False, return_counts=False, dim=None",
    (C1,),
    lambda rng: _sample(rng, rng.choice(CONSECUTIVE.torch), ("return_inverse", "return_counts")),
)


@CONSECUTIVE.rule
def unique_consecutive(cx: Context, input: Value, return_inverse: Value, return_counts: Value, dim: Value) -> Value:
    """`(*) -> (k,)`; with `dim` `(*, n, *) -> (*, k, *)`; inverse `(*)` or `(n,)` and counts `(k,)` if asked for.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.unique_consecutive.html
    """
    return _unique(cx, input, dim, return_inverse, return_counts)
