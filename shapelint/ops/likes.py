"""New tensors after the model of another: `zeros_like`, `randint_like`, `new_zeros`, `new_full`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.factories import (
    NEGATIVE,
    NOT_INTS,
    OPTIONS,
    asked_shape,
    demand_number,
    listed_shape,
    some_options,
    some_sizes,
    spelled_sizes,
)
from shapelint.ops.random_draws import EMPTY_RANGE, demand_floats, demand_range
from shapelint.ops.size import any_tensor
from shapelint.values.model import External, Int, Tensor, Value

LIKE_OPTIONS = f"{OPTIONS}, memory_format=None, generator=None"


def _like_sample(rng: random.Random) -> Sample:
    name = rng.choice(LIKE.torch)
    if rng.random() < 0.2:
        return Sample(name, (), {"input": any_tensor(rng), **some_options(rng)})
    return Sample(name, (any_tensor(rng),), some_options(rng))


LIKE = op(
    "zeros_like",
    ("torch.zeros_like", "torch.ones_like", "torch.empty_like"),
    f"input, {LIKE_OPTIONS}",
    samples=_like_sample,
)


@LIKE.rule
def like(cx: Context, input: Value, dtype: Value, **options: Value) -> Value:
    """`(*) -> (*)`

    Follows https://docs.pytorch.org/docs/stable/generated/torch.zeros_like.html
    """
    x = cx.tensor(input)
    return x.with_dtype(dtype_kind(dtype, x.dtype))


def _random_like_sample(rng: random.Random) -> Sample:
    options: dict[str, object] = {}
    if rng.random() < 0.4:
        options["dtype"] = External(rng.choice(("torch.float32", "torch.float64", "torch.long", "torch.bool")))
    x = t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3))), dtype=rng.choice(("float", "int", "bool")))
    return Sample(rng.choice(RANDOM_LIKE.torch), (x,), options)


RANDOM_LIKE = op(
    "rand_like",
    ("torch.rand_like", "torch.randn_like"),
    f"input, {LIKE_OPTIONS}",
    constraints=(Constraint("C1", "invalid-option", "only floats are drawn"),),
    samples=_random_like_sample,
)


@RANDOM_LIKE.rule
def random_like(cx: Context, input: Value, dtype: Value, **options: Value) -> Value:
    """`(*) -> (*)`

    C1: the entries of the result are floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.rand_like.html
    """
    x = cx.tensor(input)
    kind = dtype_kind(dtype, x.dtype)
    cx.expect(x.with_dtype(kind))
    demand_floats(cx, x, kind)
    return x.with_dtype(kind)


def _full_like_sample(rng: random.Random) -> Sample:
    value = rng.choice((1, 1.5, True, t(), t(2, 2)))
    if rng.random() < 0.3:
        return Sample("torch.full_like", (any_tensor(rng),), {"fill_value": value, **some_options(rng)})
    return Sample("torch.full_like", (any_tensor(rng), value), some_options(rng))


NOT_NUMBER = Constraint("C3", "invalid-option", "`fill_value` is one number")
FULL_LIKE = op(
    "full_like", ("torch.full_like",), f"input, fill_value, {LIKE_OPTIONS}", (NOT_NUMBER,), _full_like_sample
)


@FULL_LIKE.rule
def full_like(cx: Context, input: Value, fill_value: Value, dtype: Value, **options: Value) -> Value:
    """`(*), number -> (*)`

    C3: `fill_value` is one number.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.full_like.html
    """
    x = cx.tensor(input)
    result = x.with_dtype(dtype_kind(dtype, x.dtype))
    cx.expect(result)
    demand_number(cx, fill_value)
    return result


def _randint_like_sample(rng: random.Random) -> Sample:
    options: dict[str, object] = {}
    if rng.random() < 0.3:
        options["dtype"] = External(rng.choice(("torch.float32", "torch.long")))
    sizes = tuple(rng.randint(1, 3) for _ in range(rng.randint(0, 3)))
    x = t(*sizes, dtype=rng.choice(("float", "int")))
    high = rng.choice((5, 3, 1, 0, -1))
    if rng.random() < 0.5:
        return Sample("torch.randint_like", (x, high), options)
    low = rng.choice((0, 1, 4))
    if rng.random() < 0.5:
        return Sample("torch.randint_like", (x, low, high), options)
    return Sample("torch.randint_like", (x,), {"low": low, "high": high, **options})


RANDINT_LIKE = op(
    "randint_like",
    ("torch.randint_like",),
    (f"input, high, {LIKE_OPTIONS}", f"input, low, high, {LIKE_OPTIONS}"),
    constraints=(EMPTY_RANGE,),
    samples=_randint_like_sample,
)


@RANDINT_LIKE.rule
def randint_like(
    cx: Context, input: Value, high: Value, dtype: Value, low: Value | None = None, **options: Value
) -> Value:
    """`(*), low, high -> (*)`

    C3: `low` is less than `high`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.randint_like.html
    """
    x = cx.tensor(input)
    result = x.with_dtype(dtype_kind(dtype, x.dtype))
    cx.expect(result)
    demand_range(cx, Int.of(0) if low is None else low, high)
    return result


# Sizes of their own ------------------------------------------------------------------------------

_NEW = ("torch.Tensor.new_zeros", "torch.Tensor.new_ones", "torch.Tensor.new_empty")


def _new_sample(rng: random.Random) -> Sample:
    x, sizes = any_tensor(rng), some_sizes(rng)
    if rng.random() < 0.15:
        return Sample(rng.choice(_NEW), (x,), {"size": sizes, **some_options(rng)})
    return Sample(rng.choice(_NEW), (x, *spelled_sizes(rng, sizes)), some_options(rng))


NEW = op("new_zeros", _NEW, f"input, *size, {OPTIONS[3:]}", constraints=(NEGATIVE, NOT_INTS), samples=_new_sample)


@NEW.rule
def new_zeros(cx: Context, input: Value, size: Value, dtype: Value, **options: Value) -> Value:
    """`(+), size -> (*size)`, of the kind of the tensor.

    C1: no size is negative. C2: sizes are ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html
    """
    kind = dtype_kind(dtype, cx.kind(input))
    cx.expect(Tensor.unknown(dtype=kind))
    return Tensor(asked_shape(cx, size), kind)


def _new_full_sample(rng: random.Random) -> Sample:
    sizes: object = some_sizes(rng) if rng.random() < 0.85 else rng.choice((2, (2, 1.5)))
    value = rng.choice((1, 0.5, True, t(), t(2)))
    x, options = any_tensor(rng), some_options(rng)
    if rng.random() < 0.2:
        return Sample("torch.Tensor.new_full", (x,), {"size": sizes, "fill_value": value, **options})
    return Sample("torch.Tensor.new_full", (x, sizes, value), options)


NEW_FULL = op(
    "new_full",
    ("torch.Tensor.new_full",),
    f"input, size, fill_value, {OPTIONS}",
    constraints=(NEGATIVE, NOT_INTS, NOT_NUMBER),
    samples=_new_full_sample,
)


@NEW_FULL.rule
def new_full(cx: Context, input: Value, size: Value, fill_value: Value, dtype: Value, **options: Value) -> Value:
    """`(+), size, value -> (*size)`, of the kind of the tensor.

    C1: no size is negative. C2: sizes are a tuple or list of ints. C3: `fill_value` is one number.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_full.html
    """
    kind = dtype_kind(dtype, cx.kind(input))
    cx.expect(Tensor.unknown(dtype=kind))
    result = Tensor(listed_shape(cx, size), kind)
    cx.expect(result)
    demand_number(cx, fill_value)
    return result
