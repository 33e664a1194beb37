"""Entries written where an index tensor says: `scatter` and its like, `index_add`, `index_copy`, `index_fill`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.gathering import require_at_most, require_ints, same_ranks
from shapelint.ops.pointwise import both
from shapelint.shapes.dim import Dim
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
C2 = Constraint("C2", "index-shape", "the index, and what is written, have as many axes as the tensor")
C3 = Constraint("C3", "index-shape", "apart from `dim`, the index is no larger than the tensor")
C4 = Constraint("C4", "index-shape", "the index is no larger than what is written")
C5 = Constraint("C5", "index-dtype", "the index holds ints")


def _scatter_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    dim = rng.randrange(-rank, rank) if rng.random() < 0.93 else rank + 1
    index = [rng.randint(1, n) if rng.random() < 0.93 else n + 1 for n in sizes]
    if -rank <= dim < rank:
        index[dim] = rng.randint(1, 4)
    written = [n + rng.randint(0, 1) if rng.random() < 0.95 else max(n - 1, 1) for n in index]
    if rng.random() < 0.1:
        index = [*index, 1]
    if rng.random() < 0.08:
        written = [*written, 1]
    picked = t(*index, dtype="int" if rng.random() < 0.95 else "float", high=1)
    name = rng.choice(SCATTER.torch)
    options: dict[str, object] = {}
    if name.endswith("scatter_reduce"):
        options["reduce"] = "sum"
    if name.endswith("scatter") and rng.random() < 0.3:
        return Sample(
            name, (t(*sizes), dim, picked), {"value": 2.0} if rng.random() < 0.5 else {"reduce": "add", "value": 2.0}
        )
    if rng.random() < 0.3:
        return Sample(name, (t(*sizes), dim), {"index": picked, "src": t(*written), **options})
    return Sample(name, (t(*sizes), dim, picked, t(*written)), options)


SCATTER = op(
    "scatter",
    both("scatter scatter_add scatter_reduce"),
    (
        "input, dim, index, src, reduce=None, *, include_self=True, out=None",
        "input, dim, index, value, *, reduce=None, out=None",
    ),
    (C1, C2, C3, C4, C5),
    _scatter_sample,
)


@SCATTER.rule
def scatter(cx: Context, input: Value, dim: Value, index: Value, **how: Value) -> Value:
    """`(*), index (*), src (*) -> (*)`, the shape of the tensor; `src` may be a number.

    C1: `dim` is an axis. C2: all have as many axes. C3: apart from `dim`, the index is no larger than the tensor.
    C4: the index is no larger than `src`. C5: it holds ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
    """
    x, picked = cx.tensor(input), cx.tensor(index)
    cx.expect(x)
    require_ints(cx, picked, "C5")
    x, at = cx.axis(x, dim, "C1")
    x, picked = same_ranks(cx, x, picked, "C2", "index")
    source = how.get("src", how.get("value"))
    written = cx.tensor(source) if isinstance(source, Tensor) else None
    if written is not None:
        x, written = same_ranks(cx, x, written, "C2", "src")
    cx.expect(x)
    rank = x.shape.rank
    if rank is None or picked.shape.rank != rank:
        return x
    headline = say(
        "expected index {index} to be no larger than self {shape} apart from dimension {dim}",
        index=picked.shape,
        shape=x.shape,
        dim=at,
    )
    for place, (size, limit) in enumerate(zip(picked.shape.dims, x.shape.dims, strict=True)):
        if place != at:
            require_at_most(cx, "C3", size, limit, headline, "index")
    if written is not None and written.shape.rank == rank:
        larger = say("expected index {index} to be no larger than src {src}", index=picked.shape, src=written.shape)
        for size, limit in zip(picked.shape.dims, written.shape.dims, strict=True):
            require_at_most(cx, "C4", size, limit, larger, "src")
    return x


K2 = Constraint("C2", "index-shape", "the index has at most one axis")
K3 = Constraint("C3", "index-shape", "apart from `dim`, `source` has the sizes of the tensor")
K4 = Constraint("C4", "index-shape", "there are as many indices as entries of `source` along `dim`")


def _index_parts(rng: random.Random) -> tuple[list[int], int, list[int], object]:
    rank = rng.randint(1, 3)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    dim = rng.randrange(-rank, rank) if rng.random() < 0.93 else rank + 1
    index = [rng.randint(1, 3)] if rng.random() < 0.92 else [2, 2]
    picked = t(*index, dtype="int" if rng.random() < 0.93 else "float", high=1)
    source = list(sizes)
    if -rank <= dim < rank:
        source[dim] = index[0] if rng.random() < 0.88 else index[0] + 1
    return sizes, dim, source, picked


def _added(name: str) -> Op:
    torch = both(name)

    def sample(rng: random.Random) -> Sample:
        sizes, dim, source, picked = _index_parts(rng)
        if rng.random() < 0.1:
            source[rng.randrange(len(source))] += 1
        if rng.random() < 0.06:
            source = [*source, 2]
        more = ("mean",) if name == "index_reduce" else ()
        if rng.random() < 0.3 and not more:
            return Sample(rng.choice(torch), (t(*sizes), dim), {"index": picked, "source": t(*source)})
        return Sample(rng.choice(torch), (t(*sizes), dim, picked, t(*source), *more))

    signature = "input, dim, index, source, *, alpha=1, out=None"
    if name == "index_reduce":
        signature = "input, dim, index, source, reduce, *, include_self=True, out=None"
    made = op(name, torch, signature, (C1, K2, K3, K4, C5), sample)

    def rule(cx: Context, input: Value, dim: Value, index: Value, source: Value, **how: Value) -> Value:
        x, at = cx.axis(cx.tensor(input), dim, "C1")
        cx.expect(x)
        is_sure = cx.is_sure  # what is added does not change the shape
        picked, given = cx.tensor(index), cx.tensor(source)
        require_ints(cx, picked, "C5")
        headline = say("index is supposed to be a vector but has the shape {shape}", shape=picked.shape)
        picked = cx.ranks(picked, (0, 1), "C2", headline, "index")
        cx.expect(x)
        if is_sure:
            cx.settle(x)
        if x.shape.rank is None or given.shape.rank is None or not x.shape.rank:
            return x
        differ = say(
            "source {source} must match self {shape} apart from dimension {dim}",
            source=given.shape,
            shape=x.shape,
            dim=at,
        )
        if given.shape.rank != x.shape.rank:
            cx.refute("C3", differ, operand="source")
        if picked.shape.rank is not None:
            count, along = picked.shape.dims[0] if picked.shape.rank else Dim.of(1), given.shape.dims[at]
            few = say(
                "number of indices ({count}) should be equal to source.size(dim) ({along})", count=count, along=along
            )
            cx.demand_equal("C4", count, along, few, operand="source")
        for place, (a, b) in enumerate(zip(x.shape.dims, given.shape.dims, strict=True)):
            if place != at:
                cx.demand_equal("C3", a, b, differ, operand="source")
        return x

    rule.__doc__ = f"""`(*, n, *), index (k,), source (*, k, *) -> (*, n, *)`.

    C1: `dim` is an axis. C2: the index has at most one axis. C3: apart from `dim`, `source` is as the tensor.
    C4: as many indices as entries of `source` along `dim`. C5: the index holds ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.{name}_.html
    """
    made.rule(rule)
    return made


ADDED = {name: _added(name) for name in ("index_add", "index_copy", "index_reduce")}


def _fill_sample(rng: random.Random) -> Sample:
    sizes, dim, _, picked = _index_parts(rng)
    value = rng.choice([1.0, 2, t(), t(2)])
    return Sample(rng.choice(FILL.torch), (t(*sizes), dim, picked, value))


FILL = op(
    "index_fill",
    both("index_fill"),
    "input, dim, index, value",
    (C1, K2, Constraint("C3", "index-shape", "`value` has no axes"), C5),
    _fill_sample,
)


@FILL.rule
def index_fill(cx: Context, input: Value, dim: Value, index: Value, value: Value) -> Value:
    """`(*, n, *), index (k,) -> (*, n, *)`.

    C1: `dim` is an axis. C2: the index has at most one axis. C3: `value` is a number or has no axes. C5: ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_fill_.html
    """
    x, picked = cx.tensor(input), cx.tensor(index)
    cx.expect(x)
    require_ints(cx, picked, "C5")
    x, _ = cx.axis(x, dim, "C1")
    cx.ranks(
        picked,
        (0, 1),
        "C2",
        say("index has to be a vector or scalar but has the shape {shape}", shape=picked.shape),
        "index",
    )
    if isinstance(value, Tensor):
        filled = cx.tensor(value)
        cx.ranks(
            filled,
            (0,),
            "C3",
            say("{subject} expects a value without axes but receives {shape}", shape=filled.shape),
            "value",
        )
    return x
