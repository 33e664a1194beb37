"""Arrays of NumPy made from sizes, ranges and lists, as they are at the border to torch."""

from __future__ import annotations

import random
from dataclasses import replace

from shapelint.ops.contract import CannotTell, Constraint, Context, Refuted, Sample, op, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.factories import NEGATIVE, NOT_INTS, asked_axis, fill_kind, listed_shape, some_sizes
from shapelint.ops.ranges import counted
from shapelint.ops.size import any_tensor
from shapelint.ops.tensor_data import MIXED, RAGGED, data_tensor, some_data
from shapelint.shapes.shape import Shape
from shapelint.values.model import (
    NONE,
    Dtype,
    External,
    Float,
    Int,
    NoneValue,
    Sequence,
    SizeOf,
    Str,
    Tensor,
    Tuple,
    Value,
)

_DTYPES = ("numpy.float32", "numpy.int64", "numpy.bool_", "builtins.int", "builtins.float")


_OBJECTS = ("object", "object_", "O")


def array_kind(value: Value, default: Dtype | None = None) -> Dtype | None:
    """What `np.float32`, `float` or "float32" asks for; `default` for None; None for what is not known. Raises CannotTell for arrays of objects:
    what an entry is, and what may be asked of it, is then open."""
    if isinstance(value, (External, Str)):
        asked = value.name.rpartition(".")[2] if isinstance(value, External) else value.value
        if asked in _OBJECTS:
            raise CannotTell("dynamic-value", "an array of objects")
    if isinstance(value, Str) and value.value is not None:
        return dtype_kind(External(f"numpy.{value.value}"))
    return dtype_kind(value, default)


def an_array(cx: Context, value: Value) -> Tensor:
    """The argument as an array: an array, a tensor, a number, or nested lists."""
    if isinstance(value, Tensor):
        return replace(cx.tensor(value), array=True)
    if isinstance(value, (Tuple, Sequence, SizeOf, Int, Float)):
        return replace(data_tensor(cx, _arrays(value), None), array=True)
    return replace(cx.tensor(value), array=True)


def _holds_tuples(value: Value) -> bool:
    """Whether a list has tuples at some level, which a dtype of several fields reads as one entry each."""
    if isinstance(value, Tuple):
        return any((isinstance(v, Tuple) and v.kind == "tuple") or _holds_tuples(v) for v in value.items)
    if isinstance(value, Sequence):
        element = value.element
        return (isinstance(element, Tuple) and element.kind == "tuple") or _holds_tuples(element)
    return False


def _arrays(value: Value) -> Value:
    """Nested lists whose tensors count as arrays, as they do for NumPy."""
    if isinstance(value, Tensor):
        return replace(value, array=True)
    if isinstance(value, Tuple):
        return replace(value, items=tuple(_arrays(v) for v in value.items))
    if isinstance(value, Sequence):
        return replace(value, element=_arrays(value.element))
    return value


def size_of(cx: Context, value: Value) -> Shape:
    """The shape that one int or a tuple of ints asks for. Refutes C1 and C2."""
    if isinstance(value, (Int, Float)):
        return Shape((asked_axis(cx, value),))
    return listed_shape(cx, value)


def new_array(shape: Shape, kind: Dtype | None) -> Tensor:
    """An array."""
    return Tensor(shape, kind, array=True)


def some_dtype(rng: random.Random) -> dict[str, object]:
    """`dtype=` now and then."""
    if rng.random() < 0.6:
        return {}
    return {"dtype": "float32" if rng.random() < 0.2 else External(rng.choice(_DTYPES))}


# Sizes alone -------------------------------------------------------------------------------------


def draw_size(rng: random.Random) -> object:
    """An int or a tuple of ints, often wrong."""
    chance = rng.random()
    if chance < 0.15:
        return rng.choice((2.5, (2, 1.5)))
    return some_sizes(rng) if chance < 0.75 else rng.choice((3, 0, -2, 2))


def _filled_sample(rng: random.Random) -> Sample:
    name, size, options = rng.choice(FILLED.torch), draw_size(rng), some_dtype(rng)
    return Sample(name, (size,), options) if rng.random() < 0.8 else Sample(name, (), {"shape": size, **options})


FILLED = op(
    "numpy.zeros",
    ("numpy.zeros", "numpy.ones", "numpy.empty"),
    "shape, dtype=None, order='C', **options",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_filled_sample,
)


@FILLED.rule
def filled(cx: Context, shape: Value, dtype: Value, **options: Value) -> Value:
    """`size -> (*size)`

    C1: no size is negative. C2: sizes are ints.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.zeros.html
    """
    kind = array_kind(dtype, "float")
    cx.expect(new_array(Shape.unknown("sizes"), kind))
    return new_array(size_of(cx, shape), kind)


def _full_sample(rng: random.Random) -> Sample:
    return Sample("numpy.full", (draw_size(rng), rng.choice((1, 1.5, True))), some_dtype(rng))


FULL = op(
    "numpy.full",
    ("numpy.full",),
    "shape, fill_value, dtype=None, order='C', **options",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_full_sample,
)


@FULL.rule
def full(cx: Context, shape: Value, fill_value: Value, dtype: Value, **options: Value) -> Value:
    """`size, value -> (*size)`, of the kind of the value.

    C1: no size is negative. C2: sizes are ints.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.full.html
    """
    if isinstance(dtype, NoneValue) and isinstance(fill_value, NoneValue):
        raise CannotTell("dynamic-value", "an array of objects")
    kind = array_kind(dtype) if not isinstance(dtype, NoneValue) else fill_kind(fill_value, NONE)
    cx.expect(new_array(Shape.unknown("sizes"), kind))
    return new_array(size_of(cx, shape), kind)


def _eye_sample(rng: random.Random) -> Sample:
    n, m = rng.choice((1, 2, 3, 0, -1, 2.5)), rng.choice((1, 2, 3, -1))
    if rng.random() < 0.3:
        return Sample("numpy.identity", (n,), some_dtype(rng))
    if rng.random() < 0.4:
        return Sample("numpy.eye", (n, m, rng.randint(-1, 1)), some_dtype(rng))
    return Sample("numpy.eye", (n,), {"M": m, **some_dtype(rng)} if rng.random() < 0.4 else {})


EYE = op(
    "numpy.eye",
    ("numpy.eye", "numpy.identity"),
    "N, M=None, k=0, dtype=None, **options",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_eye_sample,
)


@EYE.rule
def eye(cx: Context, N: Value, M: Value, dtype: Value, **options: Value) -> Value:
    """`n, m -> (n, m)`; `n -> (n, n)`.

    C1: no size is negative. C2: sizes are ints.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.eye.html
    """
    rows = asked_axis(cx, N)
    return new_array(Shape((rows, asked_axis(cx, N if isinstance(M, NoneValue) else M))), array_kind(dtype, "float"))


def _like_sample(rng: random.Random) -> Sample:
    name = rng.choice(LIKE.torch)
    x: object = any_tensor(rng) if rng.random() < 0.8 else [[1, 2]]
    return Sample(name, (x, 1) if name.endswith("full_like") else (x,), some_dtype(rng))


LIKE = op(
    "numpy.zeros_like",
    tuple(f"numpy.{n}_like" for n in ("zeros", "ones", "empty", "full")),
    ("a, dtype=None, **options", "a, fill_value, dtype=None, **options"),
    samples=_like_sample,
)


@LIKE.rule
def like(cx: Context, a: Value, dtype: Value, **options: Value) -> Value:
    """`(*) -> (*)`

    Follows https://numpy.org/doc/stable/reference/generated/numpy.zeros_like.html
    """
    x = an_array(cx, a)
    return x.with_dtype(array_kind(dtype, x.dtype))


# Ranges ------------------------------------------------------------------------------------------


def _arange_sample(rng: random.Random) -> Sample:
    a, b = (rng.randint(-3, 8) if rng.random() < 0.85 else rng.choice((0.5, 4.0)) for _ in range(2))
    step = rng.choice((1, 2, 3, -1, 0.5, 0))
    options = some_dtype(rng) if isinstance(a, int) and isinstance(b, int) and isinstance(step, int) else {}
    if "dtype" in options:
        options["dtype"] = External("numpy.int64")
    form = rng.randrange(4)
    if form == 0:
        return Sample("numpy.arange", (b,), options)
    if form == 1:
        return Sample("numpy.arange", (a, b), options)
    return Sample("numpy.arange", (a, b, step), options) if form == 2 else Sample("numpy.arange", (a,), {"stop": b})


ARANGE = op(
    "numpy.arange",
    ("numpy.arange",),
    ("stop, *, dtype=None, device=None, like=None", "start, stop, step=1, dtype=None, *, device=None, like=None"),
    constraints=(Constraint("C1", "invalid-option", "`step` is not 0"),),
    samples=_arange_sample,
)


@ARANGE.rule
def arange(
    cx: Context, stop: Value, dtype: Value, start: Value | None = None, step: Value | None = None, **options: Value
) -> Value:
    """`start, stop, step -> (ceil((stop - start) / step),)`, or `(0,)` where `stop` lies on the other side.

    C1: `step` is not 0.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.arange.html
    """
    given = [v for v in (start, stop, step) if v is not None]
    kind: Dtype | None = "float" if any(isinstance(v, Float) for v in given) else None
    if all(isinstance(v, Int) for v in given):
        kind = "int"
    axis = counted(cx, start or Int.of(0), stop, step or Int.of(1), empty=True)
    return new_array(Shape((axis,)), array_kind(dtype, kind))


def _linspace_sample(rng: random.Random) -> Sample:
    name, num = rng.choice(LINSPACE.torch), rng.choice((0, 1, 5, 3, -1, 2.5))
    if rng.random() < 0.2:
        return Sample(name, (0, 1))
    if rng.random() < 0.5:
        return Sample(name, (0.5, 2, num), some_dtype(rng))
    return Sample(name, (), {"start": 1, "stop": 2, "num": num, "endpoint": False})


LINSPACE = op(
    "numpy.linspace",
    ("numpy.linspace", "numpy.logspace"),
    "start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, **options",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_linspace_sample,
)


@LINSPACE.rule
def linspace(
    cx: Context, start: Value, stop: Value, num: Value, retstep: Value, dtype: Value, **options: Value
) -> Value:
    """`start, stop, n -> (n,)`

    C1: `num` is not negative. C2: it is an int.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.linspace.html
    """
    if cx.flag(retstep) or any(isinstance(v, Tensor) for v in (start, stop)):
        raise CannotTell("dynamic-value")
    return new_array(Shape((asked_axis(cx, num),)), array_kind(dtype, "float"))


# Data --------------------------------------------------------------------------------------------

_MAKERS = ("numpy.array", "numpy.asarray", "numpy.ascontiguousarray", "numpy.copy")


def _array_sample(rng: random.Random) -> Sample:
    name, chance = rng.choice(_MAKERS), rng.random()
    if chance < 0.5:
        data = some_data(rng, tensors=False)
    elif chance < 0.6:
        data = any_tensor(rng)
    else:
        sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
        data = [t(*sizes) for _ in range(rng.randint(1, 3))]
        if chance < 0.8:
            data.append(t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 2)))))
    if name.endswith("ascontiguousarray") and not isinstance(data, list):
        data = t(2, 3)
    return Sample(name, (data,), some_dtype(rng) if not name.endswith("copy") else {})


ARRAY = op(
    "numpy.array", _MAKERS, "object, dtype=None, *, copy=True, ndmin=0, **options", (RAGGED, MIXED), _array_sample
)


@ARRAY.rule
def array(cx: Context, object: Value, dtype: Value, ndmin: Value, **options: Value) -> Value:
    """`[[…], …] -> (n0, n1, …)`, by the lengths of the nested lists; arrays in a list are stacked.

    C3: lists of one level are equally long. C4: they hold numbers alone, or lists alone.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.array.html
    """
    cx.expect(new_array(Shape.unknown("data"), array_kind(dtype)))
    if cx.known_int(ndmin) != 0:
        raise CannotTell("dynamic-value")
    if not isinstance(dtype, NoneValue) and array_kind(dtype) is None and _holds_tuples(object):
        raise CannotTell("dynamic-value", "entries may be records")
    try:
        x = an_array(cx, object)
    except Refuted:
        if isinstance(dtype, NoneValue) or array_kind(dtype) is not None:
            raise
        raise CannotTell("dynamic-value", "objects may be lists of any length") from None
    return x.with_dtype(array_kind(dtype, x.dtype))
