"""Functions of NumPy that have a counterpart in torch: sorted, clipped, chosen, stacked and padded arrays, and pairs."""

from __future__ import annotations

import random
from dataclasses import replace

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.diff import DIFF
from shapelint.ops.numpy_arrays import an_array
from shapelint.ops.repeat import TILE
from shapelint.ops.stack import COLUMN_STACK, DSTACK, HSTACK, VSTACK
from shapelint.shapes.shape import Axis, Shape, product
from shapelint.values.model import NONE, Dtype, Float, Int, NoneValue, Sequence, Tensor, Tuple, Value

_PAGE = "Follows https://numpy.org/doc/stable/reference/generated/"
RANGE = Constraint("C1", "axis-out-of-range", "`axis` is an axis of the array")
BROADCAST = Constraint("C1", "broadcast-shape", "the arrays broadcast")


def _sizes(rng: random.Random, least: int = 0) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(least, 3))]


# Along an axis, which stays ----------------------------------------------------------------------


def _along(name: str, functions: str, kind: Dtype | None, default: int | None) -> Op:
    """Functions that keep the shape and read the entries along an axis; None flattens first."""
    names = tuple(f"numpy.{f}" for f in functions.split())

    def sample(rng: random.Random) -> Sample:
        sizes = _sizes(rng, 1)
        x, called = t(*sizes, dtype=rng.choice(("float", "int", "bool"))), rng.choice(names)
        if rng.random() < 0.2:
            return Sample(called, (x,))
        axis = rng.randrange(-len(sizes), len(sizes)) if rng.random() < 0.6 else rng.choice([None, len(sizes)])
        return Sample(called, (x, axis)) if rng.random() < 0.5 else Sample(called, (x,), {"axis": axis})

    made = op(name, names, f"a, axis={default}, **options", (RANGE,), sample)

    def rule(cx: Context, a: Value, axis: Value, options: Value) -> Value:
        x = an_array(cx, a)
        if kind is not None or (x.dtype == "bool" and name == "numpy.cumsum"):
            x = x.with_dtype(kind or "int")
        if isinstance(axis, NoneValue):
            x = cx.ranked(x)
            flat = Axis.fresh(product(x.shape.dims))
            return x.with_parts((flat,) if len(x.shape.parts) != 1 else x.shape.parts)
        return cx.axis(x, axis, "C1")[0]

    rule.__doc__ = f"""`(*) -> (*)`, read along `axis`; without one, all entries in one axis.

    C1: `axis` is an axis of the array.
    {_PAGE}{names[0]}.html
    """
    made.rule(rule)
    return made


ALONG = [
    _along("numpy.sort", "sort", None, -1),
    _along("numpy.argsort", "argsort", "int", -1),
    _along("numpy.cumsum", "cumsum cumprod", None, None),
]


# Pairs -------------------------------------------------------------------------------------------


def _pair(name: str, functions: str, kind: Dtype | None) -> Op:
    """Functions of two arrays, entry by entry; without a `kind` that of both."""
    names = tuple(f"numpy.{f}" for f in functions.split())

    def sample(rng: random.Random) -> Sample:
        sizes = _sizes(rng)
        other = [n if rng.random() < 0.7 else rng.choice([1, n + 1]) for n in sizes][rng.randint(0, 1) :]
        pair: list[object] = [t(*sizes), t(*other) if rng.random() < 0.85 else rng.choice([2, 0.5])]
        rng.shuffle(pair)
        return Sample(rng.choice(names), tuple(pair))

    made = op(name, names, "x1, x2, **options", (BROADCAST,), sample)

    def rule(cx: Context, x1: Value, x2: Value, options: Value) -> Value:
        if all(isinstance(x, (Int, Float)) for x in (x1, x2)):
            raise CannotTell("dynamic-value")
        given = [an_array(cx, x) for x in (x1, x2) if not isinstance(x, (Int, Float))]
        own = given[0].dtype if all(x.dtype == given[0].dtype for x in given) else None
        own = own if own == "float" or (len(given) == 2 and own == "int") else None
        parts = given[0].shape.parts if len(given) == 1 else cx.broadcast(given, "C1")
        return Tensor(Shape(parts), kind or own, array=True)

    rule.__doc__ = f"""`(*), (*) -> (*)`, broadcast.

    C1: the arrays broadcast.
    {_PAGE}{names[0]}.html
    """
    made.rule(rule)
    return made


PAIRS = [
    _pair("numpy.maximum", "maximum minimum add subtract multiply fmax fmin power", None),
    _pair("numpy.divide", "divide true_divide arctan2 hypot", "float"),
    _pair(
        "numpy.equal", "equal not_equal less less_equal greater greater_equal logical_and logical_or isclose", "bool"
    ),
]


def _where_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    if rng.random() < 0.3:
        return Sample("numpy.where", (t(*sizes, dtype="bool"),))
    other = [n if rng.random() < 0.7 else rng.choice([1, n + 1]) for n in sizes]
    return Sample("numpy.where", (t(*sizes, dtype="bool"), t(*other), t(*sizes) if rng.random() < 0.6 else 0.5))


WHERE = op("numpy.where", ("numpy.where",), ("condition", "condition, x, y"), (BROADCAST,), _where_sample)


@WHERE.rule
def where(cx: Context, condition: Value, x: Value = NONE, y: Value = NONE) -> Value:
    """`condition (*), x (*), y (*) -> (*)`, broadcast; of a condition alone one array of indices for each axis.

    C1: the arrays broadcast.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.where.html
    """
    test = an_array(cx, condition)
    if isinstance(x, NoneValue) and isinstance(y, NoneValue):
        found = Tensor(Shape((cx.fresh("found"),)), "int", array=True)
        return Tuple((found,) * len(cx.ranked(test).shape.parts))
    sides = [an_array(cx, v) for v in (x, y) if not isinstance(v, (Int, Float))]
    own = "float" if any(v.dtype == "float" for v in sides) or isinstance(x, Float) or isinstance(y, Float) else None
    return Tensor(Shape(cx.broadcast([test, *sides], "C1")), own, array=True)  # type: ignore[arg-type]


def _clip_sample(rng: random.Random) -> Sample:
    x = t(*_sizes(rng))
    name = rng.choice(CLIP.torch)
    return rng.choice((Sample(name, (x, 0.1, 0.9)), Sample(name, (x, 0, None)), Sample(name, (x, None, 1.0))))


CLIP = op(
    "numpy.clip", ("numpy.clip", "numpy.ndarray.clip"), ("a, a_min=None, a_max=None, **options",), samples=_clip_sample
)


@CLIP.rule
def clip(cx: Context, a: Value, a_min: Value, a_max: Value, options: Value) -> Value:
    """`(*) -> (*)`, for numbers as bounds.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.clip.html
    """
    if not all(isinstance(v, (Int, Float, NoneValue)) for v in (a_min, a_max)):
        raise CannotTell("dynamic-value")
    x = an_array(cx, a)
    return x if x.dtype == "float" else x.with_dtype(None)


TESTS_NAMES = ("numpy.isnan", "numpy.isinf", "numpy.isfinite", "numpy.logical_not")
TESTS = op("numpy.isnan", TESTS_NAMES, "x", samples=lambda rng: Sample(rng.choice(TESTS_NAMES), (t(*_sizes(rng, 1)),)))


@TESTS.rule
def isnan(cx: Context, x: Value) -> Value:
    """`(*) -> (*)`, entry by entry; gives bools.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.isnan.html
    """
    return an_array(cx, x).with_dtype("bool")


# Glued and padded --------------------------------------------------------------------------------


def _glued(name: str, target: Op) -> Op:
    def sample(rng: random.Random) -> Sample:
        assert target.samples is not None
        return replace(target.samples(rng), name=name)

    made = op(name, (name,), "tup, **options", target.constraints.values(), sample)

    def rule(cx: Context, tup: Value, options: Value) -> Value:
        assert target._rule is not None
        given = Sequence(an_array(cx, tup.element), tup.length) if isinstance(tup, Sequence) else None
        arrays = given or Tuple(tuple(an_array(cx, v) for v in cx.items(tup)))
        found = target._rule(cx, tensors=arrays, out=NONE)
        return replace(found, array=True) if isinstance(found, Tensor) else found

    listed = " ".join(f"{c.id}: {c.text}." for c in target.constraints.values())
    rule.__doc__ = f"""{target.documentation.partition(chr(10))[0]}

    {listed}
    {_PAGE}{name}.html
    """
    made.rule(rule)
    return made


GLUED = [_glued(f"numpy.{target.name}", target) for target in (HSTACK, VSTACK, DSTACK, COLUMN_STACK)]


def _diff_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    axis = rng.randrange(-len(sizes), len(sizes)) if rng.random() < 0.6 else len(sizes)
    n = rng.randint(1, 2) if rng.random() < 0.85 else -1
    return Sample("numpy.diff", (t(*sizes),), rng.choice(({"axis": axis}, {"n": n}, {"n": n, "axis": axis})))


DIFF_ARRAY = op(
    "numpy.diff",
    ("numpy.diff",),
    "a, n=1, axis=-1",
    (DIFF.constraints["C3"], DIFF.constraints["C5"]),
    _diff_sample,
)


@DIFF_ARRAY.rule
def numpy_diff(cx: Context, a: Value, n: Value, axis: Value) -> Value:
    """`(*, m, *) -> (*, max(m - n, 0), *)`

    C3: `axis` in range. C5: `n` is not negative.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.diff.html
    """
    assert DIFF._rule is not None
    found = DIFF._rule(cx, input=an_array(cx, a), n=n, dim=axis, prepend=NONE, append=NONE, out=NONE)
    return replace(found, array=True) if isinstance(found, Tensor) else found


def _pad_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    width: object = rng.randint(0, 2)
    if rng.random() < 0.6:
        width = [(rng.randint(0, 2), rng.randint(0, 2)) for _ in sizes]
        if rng.random() < 0.3:
            width = [*width, (0, 1), (1, 1)]
    return Sample("numpy.pad", (t(*sizes), width), {"mode": "constant"} if rng.random() < 0.5 else {})


PAD = op(
    "numpy.pad",
    ("numpy.pad",),
    "array, pad_width, mode='constant', **options",
    (Constraint("C1", "padding-size", "there is a pair of widths for each axis, or one for all"),),
    _pad_sample,
)


@PAD.rule
def pad(cx: Context, array: Value, pad_width: Value, mode: Value, options: Value) -> Value:
    """`(n0, n1, …), ((b0, a0), (b1, a1), …) -> (n0 + b0 + a0, …)`; one width stands for all.

    C1: as many pairs as axes, or one.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.pad.html
    """
    x = cx.ranked(an_array(cx, array))
    rank = len(x.shape.parts)
    if isinstance(pad_width, Tuple):
        pairs = [cx.ints(v) for v in pad_width.items]
        if not all(isinstance(v, Tuple) and len(v.items) == 2 for v in pad_width.items):
            raise CannotTell("dynamic-value")
        if len(pairs) == 1:
            pairs *= rank
    else:
        pairs = [[cx.int(pad_width)] * 2] * rank
    if len(pairs) != rank:
        headline = say("{subject} expects widths for {want} axes but receives {got}", want=rank, got=len(pairs))
        cx.refute("C1", headline, operand="pad_width")
    axes = [axis for axis in x.shape.parts if isinstance(axis, Axis)]
    return x.with_parts(
        [axis.resized(axis.size + before + after) for axis, (before, after) in zip(axes, pairs, strict=True)]
    )


def _tile_sample(rng: random.Random) -> Sample:
    repeats = [rng.randint(1, 3) for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.5:
        repeats[0] = -1
    return Sample("numpy.tile", (t(*_sizes(rng)), tuple(repeats) if len(repeats) > 1 else repeats[0]))


TILE_ARRAY = op("numpy.tile", ("numpy.tile",), "A, reps", (TILE.constraints["C2"],), _tile_sample)


@TILE_ARRAY.rule
def numpy_tile(cx: Context, A: Value, reps: Value) -> Value:
    """`(n0, n1) -> (r0*n0, r1*n1)`; fewer repeats than axes leave the first axes as they are.

    C2: none negative.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.tile.html
    """
    assert TILE._rule is not None
    found = TILE._rule(cx, input=an_array(cx, A), dims=reps if isinstance(reps, Tuple) else Tuple((reps,)))
    return replace(found, array=True) if isinstance(found, Tensor) else found
