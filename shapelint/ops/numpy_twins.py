"""Functions of NumPy that are torch's under the names of NumPy: products, axes moved and turned round, triangles, pieces, grids.

The arguments are handed to the rule of torch's own op; its constraints are kept where NumPy demands the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.diagonal import DIAG, TRIANGLE
from shapelint.ops.einsum import EINSUM
from shapelint.ops.linalg_norm import NORM as LINALG_NORM
from shapelint.ops.matmul import MATMUL
from shapelint.ops.narrow import FLIP, ROLL
from shapelint.ops.numpy_arrays import an_array
from shapelint.ops.reductions import reduced
from shapelint.ops.split import TENSOR_SPLIT
from shapelint.ops.transpose import MOVE
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape, product
from shapelint.values.model import NONE, Bool, Float, Int, NoneValue, Sequence, Tensor, Tuple, Value

_PAGE = "https://numpy.org/doc/stable/reference/generated/"


def _sizes(rng: random.Random, least: int = 0) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(least, 3))]


def _axis(rng: random.Random, rank: int) -> int:
    return rng.randrange(-rank, rank) if rank and rng.random() < 0.8 else rng.choice((rank, -rank - 1))


def _marked(value: Value) -> Value:
    if isinstance(value, Tensor):
        return replace(value, array=True)
    if isinstance(value, Tuple):
        return replace(value, items=tuple(_marked(v) for v in value.items), kind="list")
    return value


def _through(cx: Context, target: Op, **arguments: Value) -> Value:
    assert target._rule is not None
    return _marked(target._rule(cx, **arguments))


def _twin(
    names: str,
    signature: str,
    target: Op,
    kept: Iterable[str],
    sample: Callable[[random.Random], Sample],
    formula: str,
    rename: Callable[[Context, dict[str, Value]], dict[str, Value]],
) -> Op:
    """An op of NumPy that is torch's `target` once `rename` has named its arguments as torch does."""
    called = tuple(f"numpy.{name}" for name in names.split())
    made = op(called[0], called, signature, [target.constraints[id] for id in kept], sample)

    def rule(cx: Context, **arguments: Value) -> Value:
        return _through(cx, target, **rename(cx, arguments))

    listed = " ".join(f"{c.id}: {c.text}." for c in made.constraints.values())
    rule.__doc__ = f"""{formula}

    {listed}
    Follows {_PAGE}{called[0]}.html
    """
    made.rule(rule)
    return made


# Products ----------------------------------------------------------------------------------------


def _einsum_sample(rng: random.Random) -> Sample:
    assert EINSUM.samples is not None
    while True:
        drawn = EINSUM.samples(rng)
        equation, *operands = drawn.args
        if not isinstance(equation, str) or any(isinstance(o, list) for o in operands):
            continue  # NumPy takes no list of operands
        left, arrow, right = equation.partition("->")
        if not arrow or ("..." in left) == ("..." in right):  # and asks for the ellipsis in the output too
            return replace(drawn, name="numpy.einsum")


def _einsum_arguments(cx: Context, given: dict[str, Value]) -> dict[str, Value]:
    operands = cx.items(given["operands"])
    return {"equation": given["subscripts"], "operands": Tuple(tuple(an_array(cx, v) for v in operands))}


EINSUM_ARRAY = _twin(
    "einsum",
    "subscripts, *operands, optimize=False",
    EINSUM,
    ("C1", "C2", "C3", "C4"),
    _einsum_sample,
    '`"bij,bjk->bik", (b, i, j), (b, j, k) -> (b, i, k)`; without `->` the labels that occur once, in order.',
    _einsum_arguments,
)


def _matmul_sample(rng: random.Random) -> Sample:
    n = rng.randint(1, 4)
    left, right = [*_sizes(rng), n], [n if rng.random() < 0.8 else n + 1]
    if rng.random() < 0.8:
        batch = left[:-2] if rng.random() < 0.8 else [5]
        right = [*batch, *right, rng.randint(1, 3)]
    if rng.random() < 0.05:
        left = []
    return Sample("numpy.matmul", (t(*left), t(*right)))


MATMUL_ARRAY = _twin(
    "matmul",
    "x1, x2, **options",
    MATMUL,
    ("C1", "C2", "C3"),
    _matmul_sample,
    "`(*, n, m), (*, m, p) -> (*, n, p)`, as `x1 @ x2`.",
    lambda cx, given: {
        "input": an_array(cx, given["x1"]),
        "other": an_array(cx, given["x2"]),
        "tensor2": NONE,
        "out": NONE,
    },
)


def _dot_sample(rng: random.Random) -> Sample:
    n = rng.randint(1, 4)
    left, right = [*_sizes(rng)[:2], n], [n if rng.random() < 0.7 else n + 1]
    if rng.random() < 0.6:
        right = [*_sizes(rng)[:1], *right, rng.randint(1, 3)]
    name = rng.choice(DOT.torch)
    if rng.random() < 0.1:
        return Sample(name, (t(*left), t()))
    return Sample(name, (t(*left), t(*right)))


DOT = op(
    "numpy.dot",
    ("numpy.dot", "numpy.ndarray.dot"),
    "a, b, out=None",
    (
        Constraint(
            "C1", "matmul-shape", "the last axis of `a` has as many entries as the last but one of `b`, or its only one"
        ),
    ),
    _dot_sample,
)


@DOT.rule
def dot(cx: Context, a: Value, b: Value, out: Value) -> Value:
    """`(*, n), (n,) -> (*)`; `(*, n), (+, n, m) -> (*, +, m)`; a number multiplies.

    C1: the axes that meet are of one size.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.dot.html
    """
    x, y = (cx.ranked(an_array(cx, v)) for v in (a, b))
    kind = x.dtype if x.dtype == y.dtype else None
    left, right = x.shape.axes, y.shape.axes
    if not left or not right:
        return Tensor(Shape((*left, *right)), kind, array=True)
    met = right[-2] if len(right) > 1 else right[0]
    result = Tensor(Shape((*left[:-1], *right[:-2], *(right[-1:] if len(right) > 1 else ()))), kind, array=True)
    cx.expect(result)
    headline = say("{subject} has {have} entries along its last axis, not {want}", have=left[-1].size, want=met.size)
    cx.demand_equal("C1", met.size, left[-1].size, headline, operand="a")
    return result


def _outer_sample(rng: random.Random) -> Sample:
    return Sample("numpy.outer", (t(*_sizes(rng)), t(*_sizes(rng))))


OUTER = op("numpy.outer", ("numpy.outer",), "a, b, out=None", samples=_outer_sample)


@OUTER.rule
def outer(cx: Context, a: Value, b: Value, out: Value) -> Value:
    """`(*), (*) -> (n, m)`, `n` and `m` being how many entries both have.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.outer.html
    """
    x, y = (cx.ranked(an_array(cx, v)) for v in (a, b))
    axes = tuple(v.shape.axes[0] if v.shape.rank == 1 else Axis.fresh(product(v.shape.dims)) for v in (x, y))
    return Tensor(Shape(axes), x.dtype if x.dtype == y.dtype else None, array=True)


def _tensordot_sample(rng: random.Random) -> Sample:
    a, b = _sizes(rng, 1), _sizes(rng, 1)
    if rng.random() < 0.4:
        count = rng.randint(0, 3)
        if rng.random() < 0.7:
            b = [*a[len(a) - count :], *b] if count <= len(a) else b
        return Sample("numpy.tensordot", (t(*a), t(*b)), {"axes": count})
    i, j = rng.randrange(len(a)), rng.randrange(len(b))
    if rng.random() < 0.8:
        b[j] = a[i]
    if rng.random() < 0.1:
        i = 5
    return Sample("numpy.tensordot", (t(*a), t(*b), ([i], [j])))


TENSORDOT_ARRAY = op(
    "numpy.tensordot",
    ("numpy.tensordot",),
    "a, b, axes=2",
    (
        Constraint("C1", "matmul-shape", "the axes that are summed over have equal sizes"),
        Constraint("C2", "axis-out-of-range", "`axes` names axes that the arrays have, as many of both"),
    ),
    _tensordot_sample,
)


@TENSORDOT_ARRAY.rule
def tensordot(cx: Context, a: Value, b: Value, axes: Value) -> Value:
    """`(*, n), (n, *) -> (*, *)`: the axes that `axes` names are summed over.

    C1: they have equal sizes. C2: both arrays have them.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.tensordot.html
    """
    x, y = (cx.ranked(an_array(cx, v)) for v in (a, b))
    left, right = x.shape.axes, y.shape.axes
    if isinstance(axes, Int):
        count = cx.known_int(axes)
        pairs = [(len(left) - count + i, i) for i in range(count)]
    else:
        chosen = [[d.value for d in cx.ints(v)] for v in cx.items(axes)]
        if len(chosen) != 2 or any(n is None for places in chosen for n in places):
            raise CannotTell("dynamic-value")
        if len(chosen[0]) != len(chosen[1]):
            cx.refute(
                "C2",
                say("axes names {a} axes of one array and {b} of the other", a=len(chosen[0]), b=len(chosen[1])),
                operand="axes",
            )
        pairs = [(i, j) for i, j in zip(*chosen) if i is not None and j is not None]
    if any(
        not (-len(left) <= i < len(left) and -len(right) <= j < len(right)) or (isinstance(axes, Int) and i < 0)
        for i, j in pairs
    ):
        cx.refute("C2", say("the arrays have {a} and {b} axes", a=len(left), b=len(right)), operand="axes")
    for i, j in pairs:
        headline = say("sizes {a} and {b} differ along the axes that are summed over", a=left[i].size, b=right[j].size)
        cx.demand_equal("C1", left[i].size, right[j].size, headline, operand="b")
    gone = {i % len(left) for i, _ in pairs}, {j % len(right) for _, j in pairs}
    rest = [axis for own, out in zip((left, right), gone) for n, axis in enumerate(own) if n not in out]
    return Tensor(Shape(tuple(rest)), x.dtype if x.dtype == y.dtype else None, array=True)


# Axes moved and turned round ---------------------------------------------------------------------


def _flip_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    if rng.random() < 0.2:
        return Sample("numpy.flip", (t(*sizes),))
    axis: object = _axis(rng, len(sizes))
    if rng.random() < 0.3:
        axis = (0, axis)
    return (
        Sample("numpy.flip", (t(*sizes), axis))
        if rng.random() < 0.5
        else Sample("numpy.flip", (t(*sizes),), {"axis": axis})
    )


def _some_axes(value: Value) -> Value:
    """One axis or several, as a star parameter holds them; none where it is None."""
    if isinstance(value, NoneValue):
        return Tuple(())
    return value if isinstance(value, (Tuple, Sequence)) else Tuple((value,))


FLIP_ARRAY = _twin(
    "flip",
    "m, axis=None",
    FLIP,
    ("C1", "C2"),
    _flip_sample,
    "`(*) -> (*)`, the entries along `axis` in reverse; without one along all axes.",
    lambda cx, given: {"input": an_array(cx, given["m"]), "dims": _some_axes(given["axis"])},
)


def _roll_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    if rng.random() < 0.3:
        return Sample("numpy.roll", (t(*sizes), rng.randint(-3, 3)))
    return Sample("numpy.roll", (t(*sizes), 1), {"axis": _axis(rng, len(sizes))})


def _roll_arguments(cx: Context, given: dict[str, Value]) -> dict[str, Value]:
    if isinstance(given["axis"], (Tuple, Sequence)) != isinstance(given["shift"], (Tuple, Sequence)):
        raise CannotTell("dynamic-value")  # NumPy broadcasts them
    return {"input": an_array(cx, given["a"]), "shifts": given["shift"], "dims": given["axis"]}


ROLL_ARRAY = _twin(
    "roll",
    "a, shift, axis=None",
    ROLL,
    ("C1",),
    _roll_sample,
    "`(*) -> (*)`, the entries along `axis` moved round.",
    _roll_arguments,
)


def _moved_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    places = [_axis(rng, len(sizes)) if rng.random() < 0.3 else rng.randrange(len(sizes)) for _ in range(2)]
    if rng.random() < 0.2:
        return Sample("numpy.moveaxis", (t(*sizes), [0, places[0]], [places[1], 0]))
    return Sample("numpy.moveaxis", (t(*sizes), *places))


MOVED = _twin(
    "moveaxis",
    "a, source, destination",
    MOVE,
    ("C1", "C2"),
    _moved_sample,
    "`(a, b, c) -> (b, c, a)` for `source` 0 and `destination` -1.",
    lambda cx, given: {
        "input": an_array(cx, given["a"]),
        "source": given["source"],
        "destination": given["destination"],
    },
)


def _triangle_sample(rng: random.Random) -> Sample:
    called, x = rng.choice(TRIANGLES.torch), t(*_sizes(rng, 2))
    return rng.choice((Sample(called, (x,)), Sample(called, (x, 1)), Sample(called, (x,), {"k": -1})))


TRIANGLES = op("numpy.triu", ("numpy.triu", "numpy.tril"), "m, k=0", samples=_triangle_sample)


@TRIANGLES.rule
def triu(cx: Context, m: Value, k: Value) -> Value:
    """`(*, n, m) -> (*, n, m)` with zeros on one side of a diagonal.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.triu.html
    """
    x = an_array(cx, m)
    if x.shape.rank is not None and x.shape.rank < 2:
        raise CannotTell("dynamic-value")  # a vector becomes the rows of a square
    return _through(cx, TRIANGLE, input=x, diagonal=k, out=NONE)


def _broadcast_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    target = [*_sizes(rng)[:1], *(n if rng.random() < 0.8 else n + 1 for n in sizes)]
    sizes = [n if rng.random() < 0.7 else 1 for n in sizes]
    if rng.random() < 0.1:
        target = target[1:]
    return Sample("numpy.broadcast_to", (t(*sizes), tuple(target)))


BROADCAST_TO = op(
    "numpy.broadcast_to",
    ("numpy.broadcast_to",),
    "array, shape, subok=False",
    (
        Constraint("C1", "expand-shape", "each axis has the size asked for, or 1"),
        Constraint("C2", "expand-shape", "there are as many sizes as axes, or more"),
    ),
    _broadcast_sample,
)


@BROADCAST_TO.rule
def broadcast_to(cx: Context, array: Value, shape: Value, subok: Value) -> Value:
    """`(*) -> shape`, axes of 1 and new axes in front repeated.

    C1: other axes have the size asked for. C2: as many sizes as axes, or more.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.broadcast_to.html
    """
    x = cx.ranked(an_array(cx, array))
    sizes = cx.sizes(shape)
    axes = tuple(Axis.fresh(s) if s is not None else cx.fresh("size") for s in sizes)
    if len(axes) < len(x.shape.axes):
        headline = say(
            "{subject} has the shape {shape}, which has more axes than {count} sizes", shape=x.shape, count=len(axes)
        )
        cx.refute("C2", headline, operand="array")
    result = x.with_parts(axes)
    cx.expect(result)
    for own, asked in zip(reversed(x.shape.axes), reversed(axes)):
        if cx.never(own.size, 1):
            headline = say("an axis of {have} entries cannot be broadcast to {want}", have=own.size, want=asked.size)
            cx.demand_equal("C1", asked.size, own.size, headline, operand="array")
    return result


# Pieces ------------------------------------------------------------------------------------------


def _pieces(name: str, constraints: tuple[Constraint, ...], told: str) -> Op:
    """A function that cuts an axis into pieces; with C2 they are of one size."""

    def sample(rng: random.Random) -> Sample:
        sizes = _sizes(rng, 1)
        axis = rng.randrange(-len(sizes), len(sizes))
        pieces: object = rng.choice((1, sizes[axis], 2, 3)) if rng.random() < 0.7 else [1, 3]
        axis = axis if rng.random() < 0.85 else len(sizes)
        return Sample(name, (t(*sizes), pieces), {"axis": axis} if axis or rng.random() < 0.5 else {})

    made = op(name, (name,), "ary, indices_or_sections, axis=0", constraints, sample)

    def rule(cx: Context, ary: Value, indices_or_sections: Value, axis: Value) -> Value:
        x, at = cx.axis(an_array(cx, ary), axis, "C1")
        part = x.shape.parts[at]
        assert isinstance(part, Axis)
        size, pieces = part.size.value, indices_or_sections.dim.value if isinstance(indices_or_sections, Int) else None
        if "C2" in made.constraints and size is not None and pieces and size % pieces:
            headline = say("array split does not result in an equal division: {n} into {k}", n=size, k=pieces)
            cx.refute("C2", headline, operand="ary")
        pair = {"indices_or_sections": indices_or_sections, "indices": NONE, "sections": NONE}
        return _through(cx, TENSOR_SPLIT, input=x, dim=Int.of(at), **pair)

    rule.__doc__ = f"""`(n, *) -> [(m, *), …]`: as many pieces as asked for, or those between the indices given.

    C1: `axis` in range.{told}
    Follows {_PAGE}{name}.html
    """
    made.rule(rule)
    return made


_AXIS = Constraint("C1", "axis-out-of-range", "`axis` is an axis of the array")
SPLIT = _pieces(
    "numpy.split",
    (_AXIS, Constraint("C2", "split-size", "the pieces are of one size")),
    " C2: a number of pieces divides the axis.",
)
ARRAY_SPLIT = _pieces("numpy.array_split", (_AXIS,), "")


def _grid_sample(rng: random.Random) -> Sample:
    arrays = [t(rng.randint(1, 4)) for _ in range(rng.randint(1, 3))]
    return Sample("numpy.meshgrid", tuple(arrays), {"indexing": "ij"} if rng.random() < 0.4 else {})


MESHGRID = op(
    "numpy.meshgrid", ("numpy.meshgrid",), "*xi, copy=True, sparse=False, indexing='xy'", samples=_grid_sample
)


@MESHGRID.rule
def meshgrid(cx: Context, xi: Value, copy: Value, sparse: Value, indexing: Value) -> Value:
    """`(n,), (m,), (p,) -> (m, n, p)` each, with `indexing="ij"` `(n, m, p)`.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.meshgrid.html
    """
    if cx.flag(sparse):
        raise CannotTell("dynamic-value")
    arrays = [cx.ranked(an_array(cx, v)) for v in cx.items(xi)]
    axes = [a.shape.axes[0] if a.shape.rank == 1 else Axis.fresh(product(a.shape.dims)) for a in arrays]
    if cx.text(indexing) == "xy" and len(axes) > 1:
        axes[0], axes[1] = axes[1], axes[0]
    return Tuple(tuple(Tensor(Shape(tuple(axes)), a.dtype, array=True) for a in arrays))


def _joined_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    other = [n if rng.random() < 0.85 else n + 1 for n in sizes]
    if rng.random() < 0.3:
        return Sample("numpy.append", (t(*sizes), t(*_sizes(rng))))
    axis = rng.randrange(-len(sizes), len(sizes)) if rng.random() < 0.9 else len(sizes)
    other[axis if axis < len(sizes) else 0] = rng.randint(1, 3)
    if rng.random() < 0.1:
        other = [2, *other]
    return Sample("numpy.append", (t(*sizes), t(*other)), {"axis": axis})


APPEND = op(
    "numpy.append",
    ("numpy.append",),
    "arr, values, axis=None",
    (
        Constraint("C1", "axis-out-of-range", "`axis` is an axis of both"),
        Constraint("C2", "cat-shape", "both have as many axes"),
        Constraint("C3", "cat-shape", "all axes but the one that grows are equal"),
    ),
    _joined_sample,
)


@APPEND.rule
def append(cx: Context, arr: Value, values: Value, axis: Value) -> Value:
    """`(n, *), (m, *) -> (n + m, *)`; without `axis` all entries of both in one axis.

    C1: `axis` in range. C2: as many axes. C3: the other axes are equal.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.append.html
    """
    x, y = (cx.ranked(an_array(cx, v)) for v in (arr, values))
    kind = x.dtype if x.dtype == y.dtype else None
    if isinstance(axis, NoneValue):
        total = product(x.shape.dims) + product(y.shape.dims)
        return Tensor(Shape((Axis.fresh(total),)), kind, array=True)
    x, at = cx.axis(x, axis, "C1")
    if x.shape.rank != y.shape.rank:
        cx.refute("C2", say("arrays have {a} and {b} axes", a=len(x.shape.axes), b=len(y.shape.axes)), operand="values")
    for place, (one, other) in enumerate(zip(x.shape.axes, y.shape.axes)):
        if place != at:
            headline = say("sizes {a} and {b} differ along axis {axis}", a=one.size, b=other.size, axis=place)
            cx.demand_equal("C3", one.size, other.size, headline, operand="values")
    grown = [Axis.fresh(a.size + b.size) if i == at else a for i, (a, b) in enumerate(zip(x.shape.axes, y.shape.axes))]
    return Tensor(Shape(tuple(grown)), kind, array=True)


# Norms, quantiles, tests -------------------------------------------------------------------------


def _norm_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    if rng.random() < 0.2:
        return Sample("numpy.linalg.norm", (t(*sizes),))
    options: dict[str, object] = {"axis": _axis(rng, len(sizes))}
    if rng.random() < 0.4:
        options["keepdims"] = True
    if rng.random() < 0.3:
        options["ord"] = rng.choice((1, 2))
    return Sample("numpy.linalg.norm", (t(*sizes),), options)


LINALG_NORM_ARRAY = _twin(
    "linalg.norm",
    "x, ord=None, axis=None, keepdims=False",
    LINALG_NORM,
    ("C1",),
    _norm_sample,
    "`(*, n, *) -> (*, *)`; with `keepdims` `(*, 1, *)`; without `axis` a number.",
    lambda cx, given: {
        "A": an_array(cx, given["x"]).with_dtype("float"),
        "ord": given["ord"],
        "dim": given["axis"],
        "keepdim": given["keepdims"],
        "out": NONE,
        "dtype": NONE,
    },
)


def _quantile_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    called = rng.choice(QUANTILES.torch)
    q: object = rng.choice((0.5, [0.1, 0.9], t(3)))
    options: dict[str, object] = {"axis": _axis(rng, len(sizes))} if rng.random() < 0.8 else {}
    if rng.random() < 0.3:
        options["keepdims"] = True
    return Sample(called, (t(*sizes), q), options)


QUANTILES = op(
    "numpy.quantile",
    ("numpy.quantile", "numpy.percentile", "numpy.nanquantile", "numpy.nanpercentile"),
    "a, q, axis=None, out=None, overwrite_input=False, method='linear', keepdims=False, **options",
    (Constraint("C1", "axis-out-of-range", "`axis` is an axis of the array"),),
    _quantile_sample,
)


@QUANTILES.rule
def quantile(cx: Context, a: Value, q: Value, axis: Value, keepdims: Value, **options: Value) -> Value:
    """`(*, n, *) -> (*, *)`, several `q` put their axes in front; with `keepdims` `(*, 1, *)`.

    C1: `axis` in range.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.quantile.html
    """
    asked = () if isinstance(q, (Int, Float)) else cx.ranked(an_array(cx, q)).shape.parts
    x, parts = reduced(cx, an_array(cx, a), axis, cx.flag(keepdims))
    return x.with_parts((*asked, *parts)).with_dtype("float")


def _average_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng, 1)
    if rng.random() < 0.2:
        return Sample("numpy.average", (t(*sizes),))
    axis = _axis(rng, len(sizes))
    weights = {"weights": t(sizes[axis])} if -len(sizes) <= axis < len(sizes) and rng.random() < 0.4 else {}
    return Sample("numpy.average", (t(*sizes),), {"axis": axis, **weights})


AVERAGE = op(
    "numpy.average",
    ("numpy.average",),
    "a, axis=None, weights=None, returned=False, *, keepdims=False",
    (Constraint("C1", "axis-out-of-range", "`axis` is an axis of the array"),),
    _average_sample,
)


@AVERAGE.rule
def average(cx: Context, a: Value, axis: Value, weights: Value, returned: Value, keepdims: Value) -> Value:
    """`(*, n, *) -> (*, *)`; without `axis` a number.

    C1: `axis` in range.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.average.html
    """
    if cx.flag(returned):
        raise CannotTell("dynamic-value")
    x, parts = reduced(cx, an_array(cx, a), axis, cx.flag(keepdims))
    return x.with_parts(parts).with_dtype("float")


def _alike_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    other = [n if rng.random() < 0.8 else rng.choice((1, n + 1)) for n in sizes]
    return Sample("numpy.allclose", (t(*sizes), t(*other)))


ALLCLOSE = op(
    "numpy.allclose",
    ("numpy.allclose",),
    "a, b, rtol=1e-05, atol=1e-08, equal_nan=False",
    (Constraint("C1", "broadcast-shape", "the arrays broadcast"),),
    _alike_sample,
)


@ALLCLOSE.rule
def allclose(cx: Context, a: Value, b: Value, **options: Value) -> Value:
    """`(*), (*) -> bool`

    C1: the arrays broadcast.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.allclose.html
    """
    cx.broadcast([an_array(cx, v) for v in (a, b)], "C1")
    return Bool(None)


ARRAY_EQUAL = op(
    "numpy.array_equal",
    ("numpy.array_equal",),
    "a1, a2, equal_nan=False",
    samples=lambda rng: Sample("numpy.array_equal", (t(*_sizes(rng)), t(*_sizes(rng)))),
)


@ARRAY_EQUAL.rule
def array_equal(cx: Context, a1: Value, a2: Value, equal_nan: Value) -> Value:
    """`(*), (*) -> bool`; arrays of different shapes are not equal.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.array_equal.html
    """
    return Bool(None)


# Where entries are -------------------------------------------------------------------------------


def _found_sample(rng: random.Random) -> Sample:
    return Sample("numpy.argwhere", (t(*_sizes(rng, 1), dtype=rng.choice(("bool", "float"))),))


ARGWHERE = op("numpy.argwhere", ("numpy.argwhere",), "a", samples=_found_sample)


@ARGWHERE.rule
def argwhere(cx: Context, a: Value) -> Value:
    """`(*) -> (k, rank)`: where the `k` entries are that are not 0.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.argwhere.html
    """
    x = cx.ranked(an_array(cx, a))
    return Tensor(Shape((cx.fresh("found"), Axis.fresh(Dim.of(len(x.shape.parts))))), "int", array=True)


def _placed(name: str, signature: str, values: str, sample: Callable[[random.Random], Sample]) -> Op:
    """A function that says between which bounds values lie."""
    made = op(name, (name,), signature, samples=sample)

    def rule(cx: Context, **given: Value) -> Value:
        if isinstance(given[values], (Int, Float)):
            return Int(Dim.symbol("place", "unknown", 0))
        return an_array(cx, given[values]).with_dtype("int")

    rule.__doc__ = f"""`(*), (n,) -> (*)`: between which of the `n` bounds each value lies.

    Follows {_PAGE}{name}.html
    """
    made.rule(rule)
    return made


SEARCHSORTED = _placed(
    "numpy.searchsorted",
    "a, v, side='left', sorter=None",
    "v",
    lambda rng: Sample("numpy.searchsorted", (t(rng.randint(1, 4)), t(*_sizes(rng, 1)))),
)
DIGITIZE = _placed(
    "numpy.digitize",
    "x, bins, right=False",
    "x",
    lambda rng: Sample("numpy.digitize", (t(*_sizes(rng, 1)), [0.1, 0.5, 0.9])),
)


def _unique_sample(rng: random.Random) -> Sample:
    x = t(*_sizes(rng, 1), dtype=rng.choice(("int", "float")))
    asked = {f"return_{what}": True for what in ("index", "inverse", "counts") if rng.random() < 0.2}
    return Sample("numpy.unique", (x,), asked)


UNIQUE = op(
    "numpy.unique",
    ("numpy.unique",),
    "ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **options",
    samples=_unique_sample,
)


@UNIQUE.rule
def unique(
    cx: Context,
    ar: Value,
    return_index: Value,
    return_inverse: Value,
    return_counts: Value,
    axis: Value,
    options: Value,
) -> Value:
    """`(*) -> (k,)`, the `k` entries that differ; indices and counts `(k,)` too, and which of them each entry is.

    Follows https://numpy.org/doc/stable/reference/generated/numpy.unique.html
    """
    x = an_array(cx, ar)
    if not isinstance(axis, NoneValue):
        raise CannotTell("dynamic-value")
    found = Tensor(Shape((cx.fresh("unique"),)), x.dtype, array=True)
    places = found.with_dtype("int")
    # of several axes, versions of NumPy give the inverse as it was or flat
    inverse = x.with_dtype("int") if x.shape.rank == 1 else Tensor(Shape.unknown("inverse"), "int", array=True)
    asked = [
        v for v, flag in ((places, return_index), (inverse, return_inverse), (places, return_counts)) if cx.flag(flag)
    ]
    return Tuple((found, *asked)) if asked else found


def _diag_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    return Sample("numpy.diag", (t(*sizes), rng.randint(-1, 1)) if rng.random() < 0.5 else (t(*sizes),))


DIAG_ARRAY = _twin(
    "diag",
    "v, k=0",
    DIAG,
    ("C1",),
    _diag_sample,
    "`(n,) -> (n, n)` with the entries on the diagonal; `(n, m) -> (min(n, m),)`, the entries of it.",
    lambda cx, given: {"input": an_array(cx, given["v"]), "diagonal": given["k"], "out": NONE},
)


def _inverse_sample(rng: random.Random) -> Sample:
    n = rng.randint(1, 3)
    sizes = [*_sizes(rng)[:1], n, n if rng.random() < 0.8 else n + 1]
    return Sample("numpy.linalg.inv", (t(*(sizes if rng.random() < 0.9 else sizes[-1:])),))


INVERSE = op(
    "numpy.linalg.inv",
    ("numpy.linalg.inv",),
    "a",
    (Constraint("C1", "matmul-shape", "the last two axes are of one size"),),
    _inverse_sample,
)


@INVERSE.rule
def inv(cx: Context, a: Value) -> Value:
    """`(*, n, n) -> (*, n, n)`

    C1: the matrices are square.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.linalg.inv.html
    """
    x = an_array(cx, a).with_dtype("float")
    cx.expect(x)
    x = cx.at_least_rank(x, 2, "C1", say("{subject} expects matrices but receives {shape}", shape=x.shape))
    rows, columns = x.shape.suffix[-2:] if len(x.shape.suffix) > 1 else (None, None)
    if rows is not None and columns is not None:
        headline = say("last 2 dimensions must be square: {a} and {b}", a=rows.size, b=columns.size)
        cx.demand_equal("C1", rows.size, columns.size, headline, operand="a")
    return x


PSEUDO_INVERSE = op(
    "numpy.linalg.pinv",
    ("numpy.linalg.pinv",),
    "a, rcond=None, hermitian=False, **options",
    samples=lambda rng: Sample("numpy.linalg.pinv", (t(*_sizes(rng, 2)),)),
)


@PSEUDO_INVERSE.rule
def pinv(cx: Context, a: Value, **options: Value) -> Value:
    """`(*, n, m) -> (*, m, n)`

    Follows https://numpy.org/doc/stable/reference/generated/numpy.linalg.pinv.html
    """
    x = cx.ranked(an_array(cx, a)).with_dtype("float")
    parts = x.shape.parts
    if len(parts) < 2:
        raise CannotTell("dynamic-value")
    return x.with_parts((*parts[:-2], parts[-1], parts[-2]))
