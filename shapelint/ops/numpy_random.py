"""Arrays that `numpy.random` draws."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Context, Op, Sample, op, t
from shapelint.ops.factories import NEGATIVE, NOT_INTS, asked_axis, some_sizes
from shapelint.ops.numpy_arrays import an_array, array_kind, draw_size, new_array, size_of
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Dtype, Float, Int, NoneValue, Value


def _drawn(
    name: str, names: tuple[str, ...], signature: str, arguments: tuple[object, ...], kind: Dtype = "float"
) -> Op:
    """Functions of `numpy.random` that take `size` as a keyword; without it they give a number."""

    def sample(rng: random.Random) -> Sample:
        called = rng.choice(names)
        if kind == "float" and rng.random() < 0.1:
            return Sample(called)
        size = draw_size(rng)
        if rng.random() < 0.4:
            return Sample(called, (*arguments, size))
        return Sample(called, arguments if rng.random() < 0.5 else (), {"size": size})

    made = op(name, names, signature, constraints=(NEGATIVE, NOT_INTS), samples=sample)

    def rule(cx: Context, size: Value, **parameters: Value) -> Value:
        if not isinstance(size, NoneValue):
            cx.expect(new_array(Shape.unknown("sizes"), kind))
            return new_array(size_of(cx, size), kind)
        if all(isinstance(v, (Int, Float)) for v in parameters.values()):
            return Float() if kind == "float" else Int(Dim.symbol("n", "unknown", 0))
        raise CannotTell("dynamic-value")

    rule.__doc__ = """`size -> (*size)`; without a size, a number.

    C1: no size is negative. C2: sizes are ints.
    Follows https://numpy.org/doc/stable/reference/random/legacy.html
    """
    made.rule(rule)
    return made


DRAWN = [
    _drawn(
        "numpy.random.random",
        tuple(f"numpy.random.{n}" for n in ("random", "random_sample", "standard_normal")),
        "size=None",
        (),
    ),
    _drawn("numpy.random.normal", ("numpy.random.normal",), "loc=0.0, scale=1.0, size=None", (0, 1.5)),
    _drawn("numpy.random.uniform", ("numpy.random.uniform",), "low=0.0, high=1.0, size=None", (0.5, 1)),
    _drawn("numpy.random.exponential", ("numpy.random.exponential",), "scale=1.0, size=None", (1.5,)),
    _drawn("numpy.random.laplace", ("numpy.random.laplace",), "loc=0.0, scale=1.0, size=None", (0, 1.5)),
    _drawn("numpy.random.poisson", ("numpy.random.poisson",), "lam=1.0, size=None", (2,), "int"),
]


def _rand_sample(rng: random.Random) -> Sample:
    sizes = some_sizes(rng)
    return Sample(rng.choice(RAND.torch), sizes if rng.random() < 0.8 else (*sizes, 2.5) if sizes else ((2, 3),))


RAND = op(
    "numpy.random.rand",
    ("numpy.random.rand", "numpy.random.randn"),
    "*sizes",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_rand_sample,
)


@RAND.rule
def rand(cx: Context, sizes: Value) -> Value:
    """`n0, n1, … -> (n0, n1, …)`; without sizes, a number.

    C1: no size is negative. C2: sizes are ints, not a tuple.
    Follows https://numpy.org/doc/stable/reference/random/generated/numpy.random.rand.html
    """
    items = cx.items(sizes)
    return new_array(Shape(tuple(asked_axis(cx, v) for v in items)), "float") if items else Float()


def _randint_sample(rng: random.Random) -> Sample:
    size = draw_size(rng)
    if rng.random() < 0.5:
        return Sample("numpy.random.randint", (0, 5, size))
    return Sample("numpy.random.randint", (rng.choice((5, 1)),), {"size": size})


RANDINT = op(
    "numpy.random.randint",
    ("numpy.random.randint",),
    "low, high=None, size=None, dtype=None",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_randint_sample,
)


@RANDINT.rule
def randint(cx: Context, low: Value, high: Value, size: Value, dtype: Value) -> Value:
    """`low, high, size -> (*size)`

    C1: no size is negative. C2: sizes are ints.
    Follows https://numpy.org/doc/stable/reference/random/generated/numpy.random.randint.html
    """
    if isinstance(size, NoneValue):
        raise CannotTell("dynamic-value")
    return new_array(size_of(cx, size), array_kind(dtype, "int"))


def _permutation_sample(rng: random.Random) -> Sample:
    return Sample("numpy.random.permutation", (rng.choice((3, 5, t(3, 2), t(2), [1, 2])),))


PERMUTATION = op("numpy.random.permutation", ("numpy.random.permutation",), "x", samples=_permutation_sample)


@PERMUTATION.rule
def permutation(cx: Context, x: Value) -> Value:
    """`n -> (n,)`; `(*) -> (*)` in another order.

    Follows https://numpy.org/doc/stable/reference/random/generated/numpy.random.permutation.html
    """
    if isinstance(x, Int):
        return new_array(Shape((Axis.fresh(cx.int(x)),)), "int")
    return an_array(cx, x)


def _choice_sample(rng: random.Random) -> Sample:
    source: object = rng.choice((5, t(5), [1, 2, 3]))
    if rng.random() < 0.3:
        return Sample("numpy.random.choice", (source, draw_size(rng)))
    return Sample("numpy.random.choice", (source,), {"size": draw_size(rng), "replace": True})


CHOICE = op(
    "numpy.random.choice",
    ("numpy.random.choice",),
    "a, size=None, replace=True, p=None",
    constraints=(NEGATIVE, NOT_INTS),
    samples=_choice_sample,
)


@CHOICE.rule
def choice(cx: Context, a: Value, size: Value, **options: Value) -> Value:
    """`(n,), size -> (*size)`

    C1: no size is negative. C2: sizes are ints.
    Follows https://numpy.org/doc/stable/reference/random/generated/numpy.random.choice.html
    """
    if isinstance(size, NoneValue):
        raise CannotTell("dynamic-value")
    if isinstance(a, Int):
        return new_array(size_of(cx, size), "int")
    source = an_array(cx, a)
    if source.shape.rank != 1:
        raise CannotTell("dynamic-value")  # of a generator's `choice` rows
    return new_array(size_of(cx, size), source.dtype)


_OF_GENERATORS = {"integers": "randint", "random_integers": "randint"}
_SAME = frozenset(
    "rand randn randint random random_sample standard_normal normal uniform exponential laplace poisson permutation shuffle choice".split()
)
_LONGEST = {"random": 1, "standard_normal": 1, "randint": 4, "choice": 4, "permutation": 1}
_OPTIONS = frozenset(("dtype", "endpoint", "shuffle", "out", "method"))


def of_generator(
    name: str, args: tuple[Value, ...], kwargs: dict[str, Value]
) -> tuple[str, tuple[Value, ...], dict[str, Value]] | None:
    """The function of `numpy.random` that does what a method of a `Generator` or `RandomState` does, and what it is given; None where none does.

    What a generator's method takes beyond that says nothing of shapes, but for an `axis`.
    """
    function = _OF_GENERATORS.get(name, name)
    if function not in _SAME and name not in _OF_GENERATORS:
        return None
    longest = _LONGEST.get(function, len(args))
    if "axis" in kwargs or (function in ("choice", "permutation") and len(args) > longest):
        return None
    kept = {k: v for k, v in kwargs.items() if k not in _OPTIONS or (k == "dtype" and function == "randint")}
    return f"numpy.random.{function}", args[:longest], kept
