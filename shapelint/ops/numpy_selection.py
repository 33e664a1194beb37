"""Entries of NumPy's arrays picked, left out, put between others, and counted: `take`, `delete`, `insert`, `bincount`."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.expand import stretch
from shapelint.ops.gathering import require_ints
from shapelint.ops.numpy_arrays import an_array
from shapelint.ops.slicing import require_within
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Shape, product
from shapelint.values.model import Int, NoneValue, Slice, Str, Tensor, Tuple, Value

AXIS = Constraint("C1", "axis-out-of-range", "`axis` is an axis of the array")
WITHIN = Constraint("C2", "index-out-of-range", "an int names an entry of its axis")
KIND = Constraint("C3", "index-dtype", "the index holds ints")


def _sizes(rng: random.Random, least: int = 1) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(least, 3))]


def _draw_axis(rng: random.Random, sizes: list[int]) -> tuple[dict[str, int], int]:
    """`axis=` or nothing, and how many entries the axis has."""
    rank = len(sizes)
    if rng.random() < 0.25:
        count = 1
        for n in sizes:
            count *= n
        return {}, count
    axis = rng.randrange(-rank, rank) if rng.random() < 0.85 else rng.choice((rank, -rank - 1))
    return {"axis": axis}, sizes[axis] if -rank <= axis < rank else 1


def _one(rng: random.Random, count: int) -> int:
    return rng.randrange(-count, count) if rng.random() < 0.85 else rng.choice((count, -count - 1))


def _along(cx: Context, a: Value, axis: Value) -> tuple[Tensor, int]:
    """The array, or all its entries in one axis, and the place of the axis that is named."""
    x = an_array(cx, a)
    if not isinstance(axis, NoneValue):
        return cx.axis(x, axis, "C1")
    x = cx.ranked(x)
    return (x if x.shape.rank == 1 else x.with_parts((Axis.fresh(product(x.shape.dims)),))), 0


def _numbers(value: Value) -> list[Dim] | None:
    """The ints that an index names, where it is one or a list of them."""
    if isinstance(value, Int):
        return [value.dim]
    if isinstance(value, Tuple) and all(isinstance(v, Int) for v in value.items):
        return [v.dim for v in value.items if isinstance(v, Int)]
    return None


def _put(x: Tensor, at: int, *instead: Part) -> Tensor:
    return x.with_parts((*x.shape.parts[:at], *instead, *(x.shape.parts[at + 1 :] if at != -1 else ())))


def _axis_at(x: Tensor, at: int) -> Axis:
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    return axis


# Picked ------------------------------------------------------------------------------------------


def _take_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    axis, count = _draw_axis(rng, sizes)
    index: object = _one(rng, count)
    if rng.random() < 0.3:
        index = [_one(rng, count) for _ in range(rng.randint(1, 3))]
    elif rng.random() < 0.4:
        index = t(*_sizes(rng, 0), dtype="int" if rng.random() < 0.8 else "float", high=1)
    mode = {"mode": rng.choice(("clip", "wrap", "raise"))} if rng.random() < 0.2 else {}
    return Sample(rng.choice(TAKE.torch), (t(*sizes), index), {**axis, **mode})


TAKE = op(
    "numpy.take",
    ("numpy.take", "numpy.ndarray.take"),
    "a, indices, axis=None, out=None, mode='raise'",
    (AXIS, WITHIN, KIND),
    _take_sample,
)


@TAKE.rule
def take(cx: Context, a: Value, indices: Value, axis: Value, out: Value, mode: Value) -> Value:
    """`(*, n, *), indices (+) -> (*, +, *)`: the entries of an axis that `indices` names; without `axis` of all in one axis.

    C1: `axis` in range. C2: an int names an entry, unless `mode` bends it. C3: the index holds ints.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.take.html
    """
    picked = an_array(cx, indices)
    if picked.dtype in ("float", "complex"):
        require_ints(cx, picked, "C3", "indices")
    x, at = _along(cx, a, axis)
    own = _axis_at(x, at)
    if isinstance(mode, Str) and mode.value == "raise":
        for number in _numbers(indices) or ():
            require_within(cx, own, at, number, "C2")
    kept = picked.shape.parts
    if not x.shape.ranked and not picked.shape.ranked:
        raise CannotTell("dynamic-value", "rank")
    if len(kept) == 1 and isinstance(kept[0], Axis):
        kept = (own.resized(kept[0].size),)
    return _put(x, at, *kept)


# Left out ----------------------------------------------------------------------------------------


def _delete_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    axis, count = _draw_axis(rng, sizes)
    draw = rng.random()
    gone: object = _one(rng, count)
    if draw < 0.25:
        gone = [_one(rng, count) for _ in range(rng.randint(0, 3))]
    elif draw < 0.45:
        low, high = (rng.choice((None, rng.randint(-4, 5))) for _ in range(2))
        gone = slice(low, high, rng.choice((None, 1, 2)))
    elif draw < 0.6:
        gone = t(count if rng.random() < 0.5 else count + 2, dtype="bool")
    elif draw < 0.7:
        gone = t(rng.randint(1, 3), dtype=rng.choice(("int", "float")), high=1)
    return Sample("numpy.delete", (t(*sizes), gone), axis)


DELETE = op(
    "numpy.delete",
    ("numpy.delete",),
    "arr, obj, axis=None",
    (AXIS, WITHIN, KIND, Constraint("C4", "index-shape", "a mask has the size of the axis")),
    _delete_sample,
)


@DELETE.rule
def delete(cx: Context, arr: Value, obj: Value, axis: Value) -> Value:
    """`(*, n, *) -> (*, n - k, *)`, without the `k` entries that `obj` names; without `axis` all entries in one axis.

    C1: `axis` in range. C2: an int names an entry. C3: the index holds ints or bools. C4: a mask fits the axis. How many
    different entries an array of indices or a mask names depends on its values.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.delete.html
    """
    x, at = _along(cx, arr, axis)
    own = _axis_at(x, at)
    numbers = _numbers(obj)
    if numbers is not None:
        for number in numbers:
            require_within(cx, own, at, number, "C2")
        return _put(x, at, _without(cx, own, numbers))
    if isinstance(obj, Slice):
        given = [None if isinstance(v, NoneValue) else cx.int(v).value for v in (obj.lower, obj.upper, obj.step)]
        size = cx.facts.resolve(own.size).value
        told = all(n is not None or isinstance(v, NoneValue) for n, v in zip(given, (obj.lower, obj.upper, obj.step)))
        if size is None or not told:
            return _put(x, at, cx.fresh("left"))
        low, high, pace = given
        return _put(x, at, own.resized(size - len(range(size)[low:high:pace])))
    picked = an_array(cx, obj)
    if picked.dtype == "bool":
        headline = say("a mask for {want} entries has the shape {shape}", want=own.size, shape=picked.shape)
        picked = cx.ranks(picked, (1,), "C4", headline, "obj")
        cx.demand_equal("C4", own.size, picked.shape.dims[0], headline, operand="obj")
    elif picked.dtype is not None:
        require_ints(cx, picked, "C3", "obj")
    return _put(x, at, cx.fresh("left"))


def _without(cx: Context, own: Axis, numbers: list[Dim]) -> Axis:
    """The axis without entries; two ints may name one."""
    if len(numbers) < 2:
        return own.resized(own.size - len(numbers))
    size, known = cx.facts.resolve(own.size).value, [n.value for n in numbers]
    values = [n for n in known if n is not None]
    if len(values) < len(known):
        return cx.fresh("left")
    if size is not None:
        return own.resized(size - len({n % size for n in values}))
    if all(n >= 0 for n in values) or all(n < 0 for n in values):
        return own.resized(own.size - len(set(values)))
    return cx.fresh("left")


# Put between -------------------------------------------------------------------------------------


def _insert_sample(rng: random.Random) -> Sample:
    sizes = _sizes(rng)
    axis, count = _draw_axis(rng, sizes)
    several = rng.random() < 0.4
    place: object = _one(rng, count)
    if several:
        place = [
            rng.randrange(-count, count + 1 if rng.random() < 0.9 else count + 3) for _ in range(rng.randint(2, 3))
        ]
    values: object = rng.choice((0, 0.5))
    if rng.random() < 0.4:
        rank = len(sizes) if axis else 1
        target = [rng.choice((1, n)) if rng.random() < 0.8 else n + 1 for n in (sizes if axis else [rng.randint(1, 3)])]
        values = t(*target[rng.randint(0, rank) :])
    return Sample("numpy.insert", (t(*sizes), place, values), axis)


INSERT = op(
    "numpy.insert",
    ("numpy.insert",),
    "arr, obj, values, axis=None",
    (AXIS, WITHIN, Constraint("C4", "broadcast-shape", "the values broadcast to what is put in")),
    _insert_sample,
)


@INSERT.rule
def insert(cx: Context, arr: Value, obj: Value, values: Value, axis: Value) -> Value:
    """`(*, n, *) -> (*, n + k, *)`: `values` before the entries that `obj` names; without `axis` all entries in one axis.

    Before one entry, the first axis of `values` holds as many as are put there; before several there is one for each.
    C1: `axis` in range. C2: an int names an entry, or the end. C4: the values broadcast to the other axes.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.insert.html
    """
    x, at = _along(cx, arr, axis)
    own = _axis_at(x, at)
    numbers = _numbers(obj)
    if numbers is None:
        raise CannotTell("dynamic-value")
    grown = Axis.fresh(own.size + len(numbers))
    for number in numbers:
        if not cx.facts.at_most(number, -1, proof=True):
            # the end is a place too
            require_within(cx, Axis.fresh(own.size + 1), at, number, "C2")
        elif isinstance(obj, Int):
            require_within(cx, own, at, number, "C2")
        elif not cx.facts.at_most(-number - own.size, 0, proof=True):
            raise CannotTell("dynamic-value")  # of several, NumPy counts on from the end
    if isinstance(values, Tensor) and values.shape.rank != 0:
        x = cx.ranked(x)
        given = cx.ranked(cx.tensor(values))
        missing = len(x.shape.parts) - len(given.shape.parts)
        headline = say(
            "could not broadcast input array from shape {values} into shape {shape}",
            values=given.shape,
            shape=x.shape,
        )
        if missing < 0:
            raise CannotTell("dynamic-value")
        axes = [*(Axis.fresh(1) for _ in range(missing)), *given.shape.axes]
        if isinstance(obj, Int):
            axes.insert(at, axes.pop(0))  # its first axis is laid along the one that grows
        count = axes[at].size if len(numbers) == 1 else Dim.of(len(numbers))
        grown = Axis.fresh(own.size + count)
        for place, (have, want) in enumerate(zip(axes, x.shape.axes, strict=True)):
            stretch(cx, have, count if place == at else want.size, "C4", headline, "values")
    elif not isinstance(values, Tensor) and cx.tensor(values).shape.rank != 0:
        raise CannotTell("dynamic-value")
    return _put(x, at, grown)


# Counted -----------------------------------------------------------------------------------------


def _bincount_sample(rng: random.Random) -> Sample:
    n = rng.randint(1, 4)
    sizes = [n] if rng.random() < 0.85 else rng.choice(([], [n, 2]))
    x = t(*sizes, dtype=rng.choice(("int", "int", "int", "bool", "float")), high=3)
    options: dict[str, object] = {}
    if rng.random() < 0.4:
        options["weights"] = t(n if rng.random() < 0.7 else n + 1)
    if rng.random() < 0.4:
        options["minlength"] = rng.choice((0, 2, 5, -1))
    return Sample("numpy.bincount", (x,), options)


BINCOUNT = op(
    "numpy.bincount",
    ("numpy.bincount",),
    "x, weights=None, minlength=0",
    (
        Constraint("C1", "input-rank", "the array has one axis"),
        Constraint("C2", "invalid-option", "`minlength` is not negative"),
        KIND,
        Constraint("C4", "index-shape", "there is a weight for each entry"),
    ),
    _bincount_sample,
)


@BINCOUNT.rule
def bincount(cx: Context, x: Value, weights: Value, minlength: Value) -> Value:
    """`(n,) -> (k,)`: how often each number occurs, up to the greatest, or `minlength` of them.

    C1: one axis. C2: `minlength` is not negative. C3: it holds ints. C4: as many weights as entries.
    Follows https://numpy.org/doc/stable/reference/generated/numpy.bincount.html
    """
    given = an_array(cx, x)
    counts = Tensor(Shape((cx.fresh("bins"),)), "int" if isinstance(weights, NoneValue) else "float", array=True)
    cx.expect(counts)
    if given.dtype in ("float", "complex"):
        require_ints(cx, given, "C3", "x")
    given = cx.ranks(given, (1,), "C1", say("{subject} expects one axis but receives {shape}", shape=given.shape), "x")
    if cx.facts.at_most(cx.int(minlength), -1, proof=True):
        cx.refute("C2", say("minlength must not be negative"), operand="minlength")
    if not isinstance(weights, NoneValue):
        each = cx.ranked(an_array(cx, weights))
        if each.shape.rank != 1:
            raise CannotTell("dynamic-value")
        headline = say(
            "the weights and list do not have the same length: {want} against {have}",
            want=given.shape.dims[0],
            have=each.shape.dims[0],
        )
        cx.demand_equal("C4", given.shape.dims[0], each.shape.dims[0], headline, operand="weights")
    return counts
