"""Reductions that give values and indices, `max`, `min`, `median`, `mode`; and `aminmax` and `quantile`."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import assemble, near, promote
from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.ops.reductions import reduced, sample_dims
from shapelint.values.model import Int, NoneValue, Tensor, Tuple, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
C2 = Constraint("C2", "broadcast-shape", "two tensors broadcast")


def values_and_indices(x: Tensor, name: str) -> Tuple:
    """The named tuple that torch gives."""
    return Tuple((x, x.with_dtype("int")), names=("values", "indices"), type_name=f"torch.return_types.{name}")


def _max_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 4)
    base = [rng.randint(1, 4) for _ in range(rank)]
    x = t(*base, dtype=rng.choice(["float", "int"]))
    name, draw = rng.choice(MAX.torch), rng.random()
    if draw < 0.15:
        return Sample(name, (x,))
    if draw < 0.45:
        other = t(*near(rng, base))
        return Sample(name, (x, other)) if draw < 0.3 else Sample(name, (x,), {"other": other})
    dim, keepdim = sample_dims(rng, rank, False), rng.random() < 0.5
    if draw < 0.7:
        return Sample(name, (x, dim, keepdim) if draw < 0.6 else (x, dim))
    return Sample(name, (x,), {"dim" if draw < 0.9 else "axis": dim, "keepdim": keepdim})


MAX = op(
    "max",
    both("max min"),
    (
        "input, dim=None, keepdim=False, *, out=None",
        "input, other, *, out=None",
        "input, axis, keepdim=False, *, out=None",
    ),
    (C1, C2),
    _max_sample,
)


@MAX.rule
def max_(cx: Context, input: Value, keepdim: Value | None = None, out: Value | None = None, **how: Value) -> Value:
    """`(*) -> ()`; with `dim` `(*, n, *) -> values (*, *), indices (*, *)`; with another tensor as `maximum`.

    C1: `dim` is an axis of the tensor. C2: two tensors broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.max.html
    """
    x = cx.tensor(input)
    second = next(iter(how.values()))
    if isinstance(second, NoneValue):
        return x.with_parts(())
    if isinstance(second, Tensor) and not (second.dtype == "int" and second.shape.rank == 0):
        return assemble(cx, (x, second), "C2", promote((x.dtype, cx.tensor(second).dtype)))
    if not isinstance(second, Int):
        second = Int(cx.int(second))
    x, parts = reduced(cx, x, second, keepdim is not None and cx.flag(keepdim))
    return values_and_indices(x.with_parts(parts), "max")


def _median_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(["float", "int"]))
    name = rng.choice(MEDIAN.torch)
    if rng.random() < 0.15:
        return Sample(name, (x,))
    dim, keepdim = sample_dims(rng, rank, False), rng.random() < 0.5
    return (
        Sample(name, (x, dim, keepdim)) if rng.random() < 0.5 else Sample(name, (x,), {"dim": dim, "keepdim": keepdim})
    )


MEDIAN = op("median", both("median nanmedian"), "input, dim=None, keepdim=False, *, out=None", (C1,), _median_sample)


@MEDIAN.rule
def median(cx: Context, input: Value, dim: Value, keepdim: Value, out: Value) -> Value:
    """`(*) -> ()`; with `dim` `(*, n, *) -> values (*, *), indices (*, *)`.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.median.html
    """
    x = cx.tensor(input)
    if isinstance(dim, NoneValue):
        return x.with_parts(())
    x, parts = reduced(cx, x, dim, cx.flag(keepdim))
    return values_and_indices(x.with_parts(parts), "median")


def _mode_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(["float", "int"]))
    name = rng.choice(MODE.torch)
    if rng.random() < 0.15:
        return Sample(name, (x,))
    dim, keepdim = sample_dims(rng, rank, False), rng.random() < 0.5
    return (
        Sample(name, (x, dim, keepdim)) if rng.random() < 0.5 else Sample(name, (x,), {"dim": dim, "keepdim": keepdim})
    )


MODE = op("mode", both("mode"), "input, dim=-1, keepdim=False, *, out=None", (C1,), _mode_sample)


@MODE.rule
def mode(cx: Context, input: Value, dim: Value, keepdim: Value, out: Value) -> Value:
    """`(*, n, *) -> values (*, *), indices (*, *)`.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.mode.html
    """
    x, parts = reduced(cx, cx.tensor(input), dim, cx.flag(keepdim))
    return values_and_indices(x.with_parts(parts), "mode")


def _aminmax_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    options = {"dim": sample_dims(rng, rank, False)} if rng.random() < 0.8 else {}
    if rng.random() < 0.4:
        options["keepdim"] = rng.random() < 0.5
    return Sample(rng.choice(AMINMAX.torch), (x,), options)


AMINMAX = op("aminmax", both("aminmax"), "input, *, dim=None, keepdim=False, out=None", (C1,), _aminmax_sample)


@AMINMAX.rule
def aminmax(cx: Context, input: Value, dim: Value, keepdim: Value, out: Value) -> Value:
    """`(*, n, *) -> min (*, *), max (*, *)`; without `dim` all axes go.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.aminmax.html
    """
    x, parts = reduced(cx, cx.tensor(input), dim, cx.flag(keepdim))
    found = x.with_parts(parts)
    return Tuple((found, found), names=("min", "max"), type_name="torch.return_types.aminmax")


def _quantile_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 3)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    q = rng.choice([0.5, 0.5, t(), t(2), t(3), t(2, 2)])
    name = rng.choice(QUANTILE.torch)
    if rng.random() < 0.2:
        return Sample(name, (x, q))
    return Sample(name, (x, q, sample_dims(rng, rank, False)), {"keepdim": rng.random() < 0.5})


QUANTILE = op(
    "quantile",
    both("quantile nanquantile"),
    "input, q, dim=None, keepdim=False, *, interpolation='linear', out=None",
    (C1, Constraint("C2", "broadcast-shape", "`q` has at most one axis")),
    _quantile_sample,
)


@QUANTILE.rule
def quantile(
    cx: Context, input: Value, q: Value, dim: Value, keepdim: Value, interpolation: Value, out: Value
) -> Value:
    """`(*, n, *), q (m,) -> (m, *, *)`; a single `q` adds no axis; without `dim` all axes go.

    C1: `dim` is an axis of the tensor. C2: `q` has at most one axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.quantile.html
    """
    wanted = cx.tensor(q)
    wanted = cx.ranks(
        wanted, (0, 1), "C2", say("q must be a scalar or 1D tensor but has the shape {q}", q=wanted.shape), "q"
    )
    x, parts = reduced(cx, cx.tensor(input), dim, cx.flag(keepdim))
    if wanted.shape.rank is None:
        raise CannotTell("dynamic-value", "rank")
    return x.with_parts((*wanted.shape.parts, *parts))
