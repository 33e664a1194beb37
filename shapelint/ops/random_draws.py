"""Random tensors that are more than sizes: `randint`, `randperm`, `normal`, `multinomial`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.factories import NEGATIVE, NOT_INTS, OPTIONS, asked_axis, listed_shape, some_options, some_sizes
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Bool, Dtype, External, Int, Tensor, Value

_RANDINT_DTYPES = (External("torch.long"), External("torch.float32"), External("torch.int"))
EMPTY_RANGE = Constraint("C3", "invalid-option", "`low` is less than `high`")


def demand_range(cx: Context, low: Value, high: Value) -> None:
    """C3: some int is at least `low` and less than `high`."""
    if isinstance(low, Int) and isinstance(high, Int):
        a, b = cx.int(low), cx.int(high)
        if cx.facts.at_most(b - a, 0, proof=True):
            headline = say(
                "random_ expects 'from' to be less than 'to', but got from={low} >= to={high}", low=a, high=b
            )
            cx.refute("C3", headline, operand="high", sizes=(a, b))


def demand_floats(cx: Context, x: Tensor, kind: Dtype | None) -> None:
    """C1: the drawn entries are floats. Where there are none to draw, torch does not always look."""
    if kind in ("int", "bool") and not any(isinstance(p, Axis) and cx.surely(p.size, 0) for p in x.shape.parts):
        cx.refute("C1", say("{subject} is not implemented for {kind}", kind=kind))


def _randint_sample(rng: random.Random) -> Sample:
    low, high = rng.choice((0, 0, 1, 3)), rng.choice((5, 9, 2))
    if rng.random() < 0.1:
        high = rng.choice((0, -1))
    sizes: object = some_sizes(rng) if rng.random() < 0.9 else rng.choice((3, (2, 2.5)))
    options = some_options(rng)
    if "dtype" in options:
        options["dtype"] = rng.choice(_RANDINT_DTYPES)
    form = rng.randrange(5)
    if form == 0:
        return Sample("torch.randint", (high, sizes), options)
    if form == 1:
        return Sample("torch.randint", (low, high, sizes), options)
    if form == 2:
        return Sample("torch.randint", (low, high), {"size": sizes, **options})
    if form == 3:
        return Sample("torch.randint", (high,), {"size": sizes, **options})
    return Sample("torch.randint", (), {"low": low, "high": high, "size": sizes, **options})


RANDINT = op(
    "randint",
    ("torch.randint",),
    (f"high, size, {OPTIONS}, generator=None", f"low, high, size, {OPTIONS}, generator=None"),
    constraints=(NEGATIVE, NOT_INTS, EMPTY_RANGE),
    samples=_randint_sample,
)


@RANDINT.rule
def randint(cx: Context, high: Value, size: Value, dtype: Value, low: Value | None = None, **options: Value) -> Value:
    """`low, high, size -> (*size)`.

    C1: no size is negative. C2: sizes are a tuple or list of ints. C3: `low` is less than `high`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.randint.html
    """
    kind = dtype_kind(dtype, "int")
    cx.expect(Tensor.unknown(dtype=kind))
    result = Tensor(listed_shape(cx, size), kind)
    cx.expect(result)
    demand_range(cx, Int.of(0) if low is None else low, high)
    return result


def _randperm_sample(rng: random.Random) -> Sample:
    n = rng.choice((0, 1, 2, 3, 4, 5, -1, -2, 2.5))
    return Sample("torch.randperm", (n,)) if rng.random() < 0.8 else Sample("torch.randperm", (), {"n": n})


RANDPERM = op("randperm", ("torch.randperm",), f"n, {OPTIONS}, generator=None", (NEGATIVE, NOT_INTS), _randperm_sample)


@RANDPERM.rule
def randperm(cx: Context, n: Value, dtype: Value, **options: Value) -> Value:
    """`n -> (n,)`: the numbers from 0 to n - 1, shuffled.

    C1: `n` is not negative. C2: it is an int.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.randperm.html
    """
    kind = dtype_kind(dtype, "int")
    cx.expect(Tensor(Shape((cx.fresh("n"),)), kind))
    return Tensor(Shape((asked_axis(cx, n),)), kind)


def _normal_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    mean, std = t(*sizes), t(*(rng.choice((s, s, 1, s + 1)) for s in sizes[rng.randint(0, 1) :]))
    form = rng.randrange(5)
    if form == 0:
        return Sample("torch.normal", (mean, std))
    if form == 1:
        return Sample("torch.normal", (mean, 0.5)) if rng.random() < 0.5 else Sample("torch.normal", (mean,))
    if form == 2:
        return (
            Sample("torch.normal", (0.5, std))
            if rng.random() < 0.5
            else Sample("torch.normal", (), {"mean": mean, "std": std})
        )
    size = some_sizes(rng) if rng.random() < 0.8 else rng.choice(((2, 2.5), 3))
    if form == 3:
        return Sample("torch.normal", (0.0, 1.0, size))
    return Sample("torch.normal", (), {"mean": 0, "std": 1, "size": size})


NORMAL = op(
    "normal",
    ("torch.normal",),
    (f"mean, std, size, {OPTIONS}, generator=None", "mean, std=1.0, *, generator=None, out=None"),
    constraints=(NEGATIVE, NOT_INTS, Constraint("C3", "broadcast-shape", "`mean` and `std` broadcast")),
    samples=_normal_sample,
)


@NORMAL.rule
def normal(cx: Context, mean: Value, std: Value, size: Value | None = None, **options: Value) -> Value:
    """`(*), (*) -> (*)`, entry by entry; `number, number, size -> (*size)`.

    C1: no size is negative. C2: sizes are ints. C3: `mean` and `std` broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.normal.html
    """
    cx.expect(Tensor.unknown(dtype="float"))
    if size is not None:
        return Tensor(listed_shape(cx, size), "float")
    given = [cx.tensor(v) for v in (mean, std)]
    return Tensor(Shape(cx.broadcast(given, "C3")), "float")


def _multinomial_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 4) for _ in range(rng.choice((1, 1, 2, 2, 2, 0, 3)))]
    x = t(*sizes, dtype="float" if rng.random() < 0.9 else "int")
    draws = rng.choice((1, 1, 2, 3, 5, 0, -1))
    name = rng.choice(MULTINOMIAL.torch)
    if rng.random() < 0.4:
        return Sample(name, (x, draws))
    if rng.random() < 0.5:
        return Sample(name, (x, draws, rng.random() < 0.6))
    return Sample(name, (x,), {"num_samples": draws, "replacement": rng.random() < 0.6})


MULTINOMIAL = op(
    "multinomial",
    ("torch.multinomial", "torch.Tensor.multinomial"),
    "input, num_samples, replacement=False, *, generator=None, out=None",
    constraints=(
        Constraint("C1", "invalid-option", "`num_samples` is at least 1"),
        Constraint("C2", "invalid-option", "the weights have one or two axes"),
        Constraint("C3", "invalid-option", "no more samples than weights without replacement"),
        Constraint("C4", "invalid-option", "the weights are floats"),
    ),
    samples=_multinomial_sample,
)


@MULTINOMIAL.rule
def multinomial(cx: Context, input: Value, num_samples: Value, replacement: Value, **options: Value) -> Value:
    """`(b, n), k -> (b, k)`; `(n,), k -> (k,)`: indices into the last axis.

    C1: `k` is at least 1. C2: one or two axes. C3: `k` at most `n` without replacement. C4: weights are floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html
    """
    x = cx.tensor(input)
    x = cx.ranks(x, (1, 2), "C2", say("prob_dist must be 1 or 2 dim, but {@input} has shape {shape}", shape=x.shape))
    x = cx.at_least_rank(x, 1, "C2", say("prob_dist must be 1 or 2 dim"))
    draws = cx.int(num_samples)
    result = x.with_parts((*x.shape.parts[:-1], Axis.fresh(draws))).with_dtype("int")
    cx.expect(result)
    if x.dtype in ("int", "bool"):
        cx.refute("C4", say("multinomial only supports floating-point dtypes for input, got: {kind}", kind=x.dtype))
    if cx.facts.at_most(draws, 0, proof=True):
        cx.refute("C1", say("cannot sample n_sample <= 0 samples"), operand="num_samples", sizes=(draws,))
    cx.facts.raise_low(draws, 1)
    weights = x.shape.parts[-1]
    assert isinstance(weights, Axis)
    once = isinstance(replacement, Bool) and replacement.value is False
    if once and cx.facts.at_most(weights.size - draws, -1, proof=True):
        headline = say("cannot sample {draws} > {size} samples without replacement", draws=draws, size=weights.size)
        cx.refute("C3", headline, operand="num_samples", sizes=(weights.size, draws))
    return result
