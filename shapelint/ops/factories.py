"""Tensors made from sizes (`zeros`, `rand`, `full`, `eye`, windows), and how sizes are read."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import (
    NONE,
    Bool,
    Dtype,
    External,
    Float,
    Int,
    Opaque,
    Sequence,
    SizeOf,
    Str,
    Tensor,
    Tuple,
    Value,
)

OPTIONS = "*, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False"
NEGATIVE = Constraint("C1", "invalid-option", "no size is negative")
NOT_INTS = Constraint("C2", "invalid-option", "sizes are ints")


# How sizes are read ------------------------------------------------------------------------------


def asked_axis(cx: Context, value: Value) -> Axis:
    """The new axis that an int asks for; of an unknown size where the argument is not known. Refutes C1 and C2."""
    if isinstance(value, Float) and (value.value is not None or value.exact is not None):
        cx.refute("C2", say("{subject} expects sizes that are ints but receives a float"), operand="size")
    if isinstance(value, SizeOf) and all(isinstance(p, Segment) for p in cx.facts.shape(value.shape).parts):
        return cx.fresh("n")  # what has no more than a method `size` need be no tensor
    if isinstance(value, SizeOf) and cx.facts.shape(value.shape).rank is None:
        raise CannotTell("dynamic-value")  # `*x.shape`, of nobody knows how many sizes
    if isinstance(value, (Tuple, Str, SizeOf)):
        cx.refute("C2", say("{subject} expects sizes that are ints"), operand="size")
    try:
        dim = cx.int(value)
    except CannotTell:
        return cx.fresh("n")
    if cx.facts.at_most(dim, -1, proof=True):
        cx.refute(
            "C1", say("trying to create tensor with negative dimension {size}", size=dim), operand="size", sizes=(dim,)
        )
    cx.facts.raise_low(dim, 0)
    return Axis.fresh(dim)


def listed_shape(cx: Context, value: Value) -> Shape:
    """The shape that one list of sizes asks for: a tuple, a list, `x.shape`. Refutes C1 and C2."""
    if isinstance(value, SizeOf):
        return cx.told(value.shape)
    if isinstance(value, (Int, Bool, Float, Str)):
        cx.refute("C2", say("{subject} expects a tuple of ints as sizes"), operand="size")
    if isinstance(value, (Tuple, Sequence)):
        try:
            items = cx.items(value)
        except CannotTell:
            return Shape.unknown("sizes")
        return Shape(tuple(asked_axis(cx, v) for v in items))
    return Shape.unknown("sizes")


def asked_shape(cx: Context, sizes: Value) -> Shape:
    """The shape that a star parameter asks for: `2, 3` or `(2, 3)`. Refutes C1 and C2.

    One argument that was chosen outside may be an int or a list: it is taken for an int, which the answer tells.
    """
    items = cx.items(sizes)
    if len(items) != 1 or isinstance(items[0], (Int, Float)):
        return Shape(tuple(asked_axis(cx, v) for v in items))
    only = items[0]
    if isinstance(only, Opaque):
        try:
            return Shape(tuple(Axis.fresh(size) for size in cx.ints(only)))
        except CannotTell:
            cx.assumed = True
            return Shape((cx.fresh("n"),))
    if isinstance(only, Tensor) and cx.tensor(only).shape.rank == 0:
        return Shape((cx.fresh("n"),))
    if isinstance(only, Bool):
        if only.value is None:
            raise CannotTell("dynamic-value")  # what `a or b` gives is known for a truth, not for its type
        cx.refute("C2", say("{subject} expects sizes that are ints but receives a bool"), operand="size")
    return listed_shape(cx, only)


# Samples -----------------------------------------------------------------------------------------

_DTYPES = ("torch.float32", "torch.long", "torch.bool", "torch.float64", "torch.int", "torch.complex64")


def some_sizes(rng: random.Random, least: int = 0) -> tuple[int, ...]:
    """A few sizes, now and then one that is negative or 0."""
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(least, 3))]
    if sizes and rng.random() < 0.3:
        sizes[rng.randrange(len(sizes))] = rng.choice((0, -1, -2))
    return tuple(sizes)


def some_options(rng: random.Random) -> dict[str, object]:
    """`dtype=` and the like."""
    options: dict[str, object] = {}
    if rng.random() < 0.4:
        options["dtype"] = External(rng.choice(_DTYPES))
    if rng.random() < 0.2:
        options["device"] = "cpu"
    if rng.random() < 0.1:
        options["requires_grad"] = False
    return options


def spelled_sizes(rng: random.Random, sizes: tuple[int, ...]) -> tuple[object, ...]:
    """Sizes as the arguments of a star parameter: one by one, or as one tuple or list; sometimes wrong."""
    chance = rng.random()
    if chance < 0.1:
        return ((*sizes, 2.0),) if chance < 0.05 else (2.5,)
    if chance < 0.14:
        return (sizes, 2)
    if sizes and chance < 0.5:
        return sizes
    return (sizes,) if chance < 0.75 else (list(sizes),)


# Sizes alone -------------------------------------------------------------------------------------


def _filled_sample(rng: random.Random) -> Sample:
    name = rng.choice(FILLED.torch)
    sizes = some_sizes(rng)
    options = some_options(rng)
    if name in ("torch.rand", "torch.randn") and options.get("dtype") not in (None, External("torch.float64")):
        del options["dtype"]
    if rng.random() < 0.15:
        return Sample(name, (), {"size": sizes, **options})
    return Sample(name, spelled_sizes(rng, sizes), options)


FILLED = op(
    "zeros",
    ("torch.zeros", "torch.ones", "torch.empty", "torch.rand", "torch.randn"),
    f"*size, {OPTIONS[3:]}, generator=None, names=None, memory_format=None",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_filled_sample,
)


@FILLED.rule
def filled(cx: Context, size: Value, dtype: Value, **options: Value) -> Value:
    """`size -> (*size)`.

    C1: no size is negative. C2: sizes are ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.zeros.html
    """
    kind = dtype_kind(dtype, "float")
    cx.expect(Tensor.unknown(dtype=kind))
    return Tensor(asked_shape(cx, size), kind)


def fill_kind(value: Value, dtype: Value) -> Dtype | None:
    """The kind of entries that a fill value gives where no dtype is given."""
    if not isinstance(dtype, type(NONE)):
        return dtype_kind(dtype)
    if isinstance(value, Tensor):
        return value.dtype
    return (
        "bool"
        if isinstance(value, Bool)
        else "int"
        if isinstance(value, Int)
        else "float"
        if isinstance(value, Float)
        else None
    )


def _full_sample(rng: random.Random) -> Sample:
    value = rng.choice((1, 1.5, True, 0, t(), t(dtype="int"), float("-inf")))
    sizes: object = some_sizes(rng)
    if rng.random() < 0.2:
        sizes = rng.choice((2, 2.5, (2, 1.5)))
    options = some_options(rng)
    if value in (float("-inf"), 1.5) and options.get("dtype") not in (None, External("torch.float64")):
        del options["dtype"]
    if rng.random() < 0.2:
        return Sample("torch.full", (), {"size": sizes, "fill_value": value, **options})
    if rng.random() < 0.05:
        return Sample("torch.full", (sizes, t(2)))
    return Sample("torch.full", (sizes, value), options)


FULL = op(
    "full",
    ("torch.full",),
    f"size, fill_value, {OPTIONS}, names=None",
    constraints=(NEGATIVE, NOT_INTS, Constraint("C3", "invalid-option", "`fill_value` is one number")),
    samples=_full_sample,
)


@FULL.rule
def full(cx: Context, size: Value, fill_value: Value, dtype: Value, **options: Value) -> Value:
    """`size, value -> (*size)`, of the kind of the value.

    C1: no size is negative. C2: sizes are a tuple or list of ints. C3: `fill_value` is one number.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.full.html
    """
    kind = fill_kind(fill_value, dtype)
    cx.expect(Tensor.unknown(dtype=kind))
    result = Tensor(listed_shape(cx, size), kind)
    cx.expect(result)
    demand_number(cx, fill_value)
    return result


def demand_number(cx: Context, value: Value) -> None:
    """C3: a tensor serves as a number where it has no axes."""
    if isinstance(value, Tensor):
        x = cx.tensor(value)
        headline = say("{subject} expects a number as fill value but receives a tensor of shape {shape}", shape=x.shape)
        cx.ranks(x, (0,), "C3", headline, "fill_value")


# Squares and windows -----------------------------------------------------------------------------


def _eye_sample(rng: random.Random) -> Sample:
    n = rng.choice((0, 1, 2, 3, 4, -1, 2.5))
    m = rng.choice((0, 1, 2, 3, -2))
    options = some_options(rng)
    if rng.random() < 0.4:
        return Sample("torch.eye", (n,), options)
    return (
        Sample("torch.eye", (n, m), options) if rng.random() < 0.7 else Sample("torch.eye", (n,), {"m": m, **options})
    )


EYE = op("eye", ("torch.eye",), f"n, m=None, {OPTIONS}", constraints=(NEGATIVE, NOT_INTS), samples=_eye_sample)


@EYE.rule
def eye(cx: Context, n: Value, m: Value, dtype: Value, **options: Value) -> Value:
    """`n, m -> (n, m)`; `n -> (n, n)`.

    C1: no size is negative. C2: sizes are ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.eye.html
    """
    kind = dtype_kind(dtype, "float")
    cx.expect(Tensor.of(cx.fresh("n").size, cx.fresh("m").size, dtype=kind))
    rows: Part = asked_axis(cx, n)
    return Tensor(Shape((rows, asked_axis(cx, n if isinstance(m, type(NONE)) else m))), kind)


_WINDOWS = tuple(f"torch.{name}_window" for name in ("hann", "hamming", "blackman", "bartlett", "kaiser"))


def _window_sample(rng: random.Random) -> Sample:
    length = rng.choice((0, 1, 2, 5, 8, -1, 2.5))
    options = some_options(rng)
    if options.get("dtype") not in (None, External("torch.float64")):
        del options["dtype"]
    if rng.random() < 0.5:
        return Sample(rng.choice(_WINDOWS), (length, rng.random() < 0.5), options)
    return Sample(rng.choice(_WINDOWS), (), {"window_length": length, **options})


WINDOW = op(
    "window",
    _WINDOWS,
    f"window_length, periodic=True, alpha=0.5, beta=0.5, {OPTIONS}",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_window_sample,
)


@WINDOW.rule
def window(cx: Context, window_length: Value, dtype: Value, **options: Value) -> Value:
    """`n -> (n,)`: the weights of a window.

    C1: the length is not negative. C2: it is an int.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.hann_window.html
    """
    kind = dtype_kind(dtype, "float")
    cx.expect(Tensor(Shape((cx.fresh("window"),)), kind))
    return Tensor(Shape((asked_axis(cx, window_length),)), kind)
