"""NumPy's makers of arrays: `zeros`, `random.rand`, `array`, `arange`. What comes out is marked as an array."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.factories import asked_axis, listed_shape
from shapelint.ops.slicing import greatest
from shapelint.ops.tensor_data import MIXED, RAGGED, data_tensor
from shapelint.shapes.dim import ZERO
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Dtype, External, Float, Int, NoneValue, Tensor, Tuple, Value

NEGATIVE = Constraint("C1", "invalid-option", "no size is negative")


def array(*sizes: int) -> Sample:
    """An array of a sample."""
    return Sample("torch.Tensor.numpy", (t(*sizes),))


def array_sizes(rng: random.Random, least: int = 0) -> list[int]:
    """For a sample: up to three sizes."""
    return [rng.randint(1, 4) for _ in range(rng.randint(least, 3))]


def as_array(value: Value) -> Value:
    """The tensor marked as an array."""
    return replace(value, array=True) if isinstance(value, Tensor) else value


def array_kind(value: Value, default: Dtype | None) -> Dtype | None:
    """The kind of entries that `numpy.float32` asks for."""
    if isinstance(value, External) and value.name.startswith("numpy."):
        name = value.name.rpartition(".")[2].rstrip("_0123456789")
        kinds: dict[str, Dtype] = {"float": "float", "int": "int", "uint": "int", "bool": "bool", "complex": "complex"}
        return kinds.get(name)
    return dtype_kind(value, default)


def _like(names: str, owner: str = "numpy") -> tuple[str, ...]:
    return tuple(f"{owner}.{name}" for name in names.split())


def _filled_sample(rng: random.Random) -> Sample:
    name = rng.choice(FILLED.torch)
    sizes: Any = tuple(array_sizes(rng))
    if rng.random() < 0.35:
        sizes = (*sizes, -1)
    elif rng.random() < 0.4:
        sizes = rng.randint(1, 4)
    return Sample(name, (sizes, 0.5) if name == "numpy.full" else (sizes,))


FILLED = op(
    "numpy.zeros",
    _like("zeros ones empty full"),
    ("shape, fill_value=None, dtype=None, order='C', **options",),
    constraints=(NEGATIVE,),
    samples=_filled_sample,
)


@FILLED.rule
def filled(cx: Context, shape: Value, fill_value: Value, dtype: Value, **options: Value) -> Value:
    """`(n0, n1, …) -> (n0, n1, …)`: an array of that shape.

    C1: no size is negative.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.zeros.html
    """
    made = Shape((asked_axis(cx, shape),)) if isinstance(shape, Int) else listed_shape(cx, shape)
    default: Dtype | None = "float" if isinstance(fill_value, (NoneValue, Float)) else None
    return Tensor(made, array_kind(dtype, default), array=True)


def _star_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(STAR.torch), (*array_sizes(rng, 1), *((-1,) if rng.random() < 0.4 else ())))


STAR = op("numpy.random.rand", _like("rand randn", "numpy.random"), "*shape", (NEGATIVE,), _star_sample)


@STAR.rule
def star(cx: Context, shape: Value) -> Value:
    """`n0, n1, … -> (n0, n1, …)`; a number without sizes.

    C1: no size is negative.
    Follows https://numpy.org/doc/stable/reference/random/generated/numpy.random.rand.html
    """
    axes = tuple(asked_axis(cx, v) for v in cx.items(shape))
    return Tensor(Shape(axes), "float", array=True) if axes else Float()


def _drawn_sample(rng: random.Random) -> Sample:
    name = rng.choice(DRAWN.torch)
    sizes: Any = tuple(array_sizes(rng))
    if rng.random() < 0.35:
        sizes = (*sizes, -1)
    elif rng.random() < 0.3:
        sizes = rng.randint(1, 4)
    if name in _ONLY_SIZED:
        return Sample(name, (sizes,))
    return Sample(name, (0, 1, sizes)) if rng.random() < 0.5 else Sample(name, (0, 1), {"size": sizes})


_ONLY_SIZED = _like("random random_sample standard_normal", "numpy.random")
DRAWN = op(
    "numpy.random.normal",
    (*_ONLY_SIZED, *_like("normal uniform randint", "numpy.random")),
    ("size=None", "low, high=None, size=None, **options", "loc=0.0, scale=1.0, size=None"),
    constraints=(NEGATIVE,),
    samples=_drawn_sample,
)


@DRAWN.rule
def drawn(cx: Context, size: Value, low: Value | None = None, high: Value | None = None, **options: Value) -> Value:
    """`(n0, n1, …) -> (n0, n1, …)`: an array of that shape; a number without a size.

    C1: no size is negative.
    Follows https://numpy.org/doc/stable/reference/random/generated/numpy.random.normal.html
    """
    if isinstance(size, NoneValue):
        raise CannotTell("dynamic-value")
    made = Shape((asked_axis(cx, size),)) if isinstance(size, Int) else listed_shape(cx, size)
    return Tensor(made, None, array=True)


def _array_sample(rng: random.Random) -> Sample:
    name = rng.choice(ARRAY.torch)
    if rng.random() < 0.3:
        return Sample(name, (array(*array_sizes(rng)),))
    rows, columns = rng.randint(1, 3), rng.randint(1, 3)
    nested: list[Any] = [[0.5] * columns for _ in range(rows)]
    if rng.random() < 0.5:
        nested.append([0.5] * (columns + 1) if rng.random() < 0.5 else 0.5)
    return Sample(name, (nested if rng.random() < 0.8 else [1.0] * columns,))


ARRAY = op(
    "numpy.array",
    _like("array asarray copy"),
    "object, dtype=None, **options",
    constraints=(RAGGED, MIXED),
    samples=_array_sample,
)


@ARRAY.rule
def numpy_array(cx: Context, object: Value, dtype: Value, **options: Value) -> Value:
    """`[[…], …] -> (n0, n1, …)`: an array of nested lists, or of what is one.

    C3: lists of one level are equally long. C4: one level holds numbers alone, or lists alone.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.array.html
    """
    kind = array_kind(dtype, None)
    if isinstance(object, Tensor):
        return as_array(cx.tensor(object).with_dtype(kind or object.dtype))
    if _holds_tensor(object):
        raise CannotTell("dynamic-value")  # NumPy asks a tensor for its entries, one by one
    return as_array(data_tensor(cx, object, kind))


def _holds_tensor(value: Value) -> bool:
    return isinstance(value, Tuple) and any(
        (isinstance(v, Tensor) and not v.array) or _holds_tensor(v) for v in value.items
    )


def _arange_sample(rng: random.Random) -> Sample:
    start, end = rng.randint(-2, 6), rng.randint(-2, 6)
    step = rng.choice([1, 2, 3, -1, -2, 0, 0])
    return Sample("numpy.arange", rng.choice([(end,), (start, end), (start, end, step), (start, end, 0)]))


ARANGE = op(
    "numpy.arange",
    ("numpy.arange",),
    ("end, *, dtype=None", "start, end, step=1, dtype=None"),
    constraints=(Constraint("C1", "invalid-option", "`step` is not 0"),),
    samples=_arange_sample,
)


@ARANGE.rule
def arange(cx: Context, end: Value, dtype: Value, start: Value | None = None, step: Value | None = None) -> Value:
    """`start, end, step -> (ceil((end - start) / step),)`; empty where `end` lies behind `start`.

    C1: `step` is not 0.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.arange.html
    """
    first, by = start or Int.of(0), step or Int.of(1)
    if any(isinstance(v, Float) for v in (first, end, by)):
        return Tensor(Shape((cx.fresh("n", 0),)), array_kind(dtype, "float"), array=True)
    stride = cx.known_int(by)
    if stride == 0:
        cx.refute("C1", say("maximum allowed size exceeded: the step is 0"), operand="step")
    span = cx.int(end) - cx.int(first)
    length = (span + stride - 1) // stride if stride > 0 else (-span - stride - 1) // -stride
    axis = Axis.fresh(greatest(cx.facts, cx.facts.resolve(length), ZERO))
    return Tensor(Shape((axis,)), array_kind(dtype, "int"), array=True)
