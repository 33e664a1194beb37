"""Arrays of NumPy entry by entry, reduced, squeezed and repeated, where NumPy and torch differ."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.numpy_arrays import an_array, array_kind
from shapelint.ops.reductions import C1, C2, reduced, sample_dims
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Shape, product
from shapelint.values.model import Dtype, Float, Int, NoneValue, SizeOf, Tensor, Tuple, Value

_PAGE = "Follows https://numpy.org/doc/stable/reference/"
_ANY: tuple[Dtype, ...] = ("float", "int", "bool")
_NUMBERS: tuple[Dtype, ...] = ("float", "int")


def _sizes(rng: random.Random, least: int = 0) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(least, 3))]


# Entry by entry ----------------------------------------------------------------------------------


def _unary(name: str, functions: str, kind: Dtype | None) -> Op:
    """Functions that keep the shape; `kind` is that of the result, None keeps it."""
    names = tuple(f"numpy.{f}" for f in functions.split())

    def sample(rng: random.Random) -> Sample:
        x = t(*_sizes(rng), dtype=rng.choice(_NUMBERS))
        return Sample(rng.choice(names), ([1, 2],) if rng.random() < 0.1 else (x,))

    made = op(name, names, "x, **options", samples=sample)

    def rule(cx: Context, x: Value, **options: Value) -> Value:
        if isinstance(x, (Int, Float)):
            return x if kind is None else Float()
        given = an_array(cx, x)
        if given.dtype == "complex" or (kind == "float" and given.dtype is None):
            return given.with_dtype(None)
        return given if kind is None else given.with_dtype(kind)

    rule.__doc__ = f"`(*) -> (*)`, entry by entry.\n\n{_PAGE}ufuncs.html"
    made.rule(rule)
    return made


UNARY = [
    _unary(
        "numpy.exp",
        "exp exp2 expm1 log log1p log2 log10 sqrt sin cos tan arcsin arccos arctan arcsinh sinh cosh tanh cbrt rint radians "
        "degrees deg2rad rad2deg",
        "float",
    ),
    _unary("numpy.abs", "abs absolute negative sign square floor ceil round nan_to_num around", None),
]


# Reductions --------------------------------------------------------------------------------------


_METHODS = ("sum", "prod", "mean", "std", "var", "max", "min", "all", "any", "argmax", "argmin")


def _reduction(name: str, words: str, kind: Dtype | None, several: bool = True, typed: bool = False) -> Op:
    """Functions of NumPy and methods of its arrays that reduce axes."""
    functions = tuple(f"numpy.{w}" for w in words.split())
    methods = tuple(f"numpy.ndarray.{w}" for w in words.split() if w in _METHODS)

    def sample(rng: random.Random) -> Sample:
        sizes = _sizes(rng)
        x, called = t(*sizes, dtype=rng.choice(_ANY if name != "numpy.median" else _NUMBERS)), rng.choice(made.torch)
        if rng.random() < 0.15:
            return Sample(called, (x,))
        axis = sample_dims(rng, len(sizes), several) if sizes else rng.choice((None, 1, 5))
        if isinstance(axis, list):
            axis = tuple(axis)
        options: dict[str, object] = {"keepdims": True} if rng.random() < 0.4 else {}
        if rng.random() < 0.5:
            return Sample(called, (x, axis), options)
        return Sample(called, (x,), {"axis": axis, **options})

    made = op(
        name,
        (*functions, *methods),
        "a, axis=None, dtype=None, out=None, keepdims=False, *, ddof=0, initial=None, **options",
        constraints=(C1, C2) if several else (C1,),
        samples=sample,
    )

    def rule(cx: Context, a: Value, axis: Value, dtype: Value, keepdims: Value, **options: Value) -> Value:
        x = an_array(cx, a)
        x, parts = reduced(cx, x, axis, cx.flag(keepdims))
        result = kind or ("int" if typed and x.dtype == "bool" else x.dtype)
        result = None if x.dtype == "complex" or (x.dtype is None and kind is None) else result
        return x.with_parts(parts).with_dtype(array_kind(dtype, result))

    rule.__doc__ = f"""`(*, n, *) -> (*, *)`; with `keepdims` `(*, 1, *)`; without `axis` all axes go.

    C1: `axis` names axes of the array.{" C2: none of them twice." if several else ""}
    {_PAGE}routines.math.html
    """
    made.rule(rule)
    return made


REDUCTIONS = [
    _reduction("numpy.sum", "sum prod", None, typed=True),
    _reduction("numpy.mean", "mean std var", "float"),
    _reduction("numpy.nanmean", "nanmean nanstd nanvar nanmedian median", "float"),
    _reduction("numpy.max", "max min amax amin", None),
    _reduction("numpy.nanmax", "nanmax nanmin", None),
    _reduction("numpy.nansum", "nansum nanprod", None, typed=True),
    _reduction("numpy.count_nonzero", "count_nonzero", "int"),
    _reduction("numpy.all", "all any", "bool"),
    _reduction("numpy.argmax", "argmax argmin nanargmax nanargmin", "int", several=False),
]


# Sizes -------------------------------------------------------------------------------------------

SIZE = op(
    "numpy.ndarray.size",
    ("numpy.ndarray.size",),
    "a",
    samples=lambda rng: Sample("numpy.ndarray.size", (t(*_sizes(rng)),)),
)


@SIZE.rule
def size(cx: Context, a: Value) -> Value:
    """`(n1, …, nk) -> n1 * … * nk`.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.ndarray.size.html
    """
    x = an_array(cx, a)
    return Int(product(x.shape.dims)) if x.shape.ranked else Int(Dim.symbol("size", "unknown", 0))


# squeeze and repeat ------------------------------------------------------------------------------


def _squeeze_sample(rng: random.Random) -> Sample:
    sizes = [rng.choice((1, 1, 2, 3)) for _ in range(rng.randint(1, 4))]
    name, rank = rng.choice(SQUEEZE.torch), len(sizes)
    if rng.random() < 0.25:
        return Sample(name, (t(*sizes),))
    axis: object = rng.randrange(-rank, rank) if rng.random() < 0.8 else rng.choice((rank, -rank - 1))
    return Sample(name, (t(*sizes), axis)) if rng.random() < 0.5 else Sample(name, (t(*sizes),), {"axis": axis})


SQUEEZE = op(
    "numpy.squeeze",
    ("numpy.squeeze", "numpy.ndarray.squeeze"),
    "a, axis=None",
    constraints=(C1, Constraint("C3", "reshape-size", "the axis has one entry")),
    samples=_squeeze_sample,
)


@SQUEEZE.rule
def squeeze(cx: Context, a: Value, axis: Value) -> Value:
    """`(m, 1, n) -> (m, n)`: the axis of 1 that is named, else all of them.

    C1: `axis` is an axis of the array. C3: it has one entry.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.squeeze.html
    """
    x = an_array(cx, a)
    if isinstance(axis, NoneValue):
        if not x.shape.ranked or not all(cx.surely(d, 1) or cx.never(d, 1) for d in x.shape.dims):
            return x.with_parts(Shape.unknown("squeezed").parts)
        return x.with_parts([p for p in x.shape.axes if not cx.surely(p.size, 1)])
    if isinstance(axis, Tuple):
        raise CannotTell("dynamic-value")
    x, at = cx.axis(x, axis, "C1")
    if not x.shape.parts:
        return x
    part = x.shape.parts[at]
    assert isinstance(part, Axis)
    headline = say("cannot select an axis to squeeze out which has size not equal to one: {size}", size=part.size)
    parts = [p for i, p in enumerate(x.shape.parts) if i != at % len(x.shape.parts)]
    cx.expect(x.with_parts(parts))
    cx.demand_equal("C3", 1, part.size, headline, operand="a")
    return x.with_parts(parts)


def _repeat_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    name, rank = rng.choice(REPEAT.torch), len(sizes)
    axis = rng.randrange(-rank, rank) if rng.random() < 0.7 else rng.choice((rank, -rank - 1))
    count = rng.choice((0, 1, 2, 3))
    if rng.random() < 0.3:
        return Sample(name, (t(*sizes), count))
    if rng.random() < 0.5:
        return Sample(name, (t(*sizes), count, axis))
    return Sample(name, (t(*sizes), count), {"axis": axis})


REPEAT = op(
    "numpy.repeat",
    ("numpy.repeat", "numpy.ndarray.repeat"),
    "a, repeats, axis=None",
    constraints=(C1,),
    samples=_repeat_sample,
)


@REPEAT.rule
def repeat(cx: Context, a: Value, repeats: Value, axis: Value) -> Value:
    """`(m, n), k, axis=0 -> (m * k, n)`; without `axis`, `(m * n * k,)`: each entry `k` times in a row.

    C1: `axis` is an axis of the array.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.repeat.html
    """
    x = an_array(cx, a)
    count = None if isinstance(repeats, (Tuple, SizeOf, Tensor)) else cx.int(repeats)
    if isinstance(axis, NoneValue):
        known = x.shape.ranked and count is not None
        whole = Axis.fresh(product(x.shape.dims) * count) if known and count is not None else cx.fresh("repeated")
        return x.with_parts((whole,))
    x, at = cx.axis(x, axis, "C1")
    parts: list[Part] = list(x.shape.parts)
    part = parts[at]
    assert isinstance(part, Axis)
    parts[at] = Axis.fresh(part.size * count) if count is not None else cx.fresh("repeated")
    return x.with_parts(parts)
