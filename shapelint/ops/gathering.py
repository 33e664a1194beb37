"""Entries picked by an index tensor: `gather`, `index_select`, `take`, `take_along_dim`."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Message, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, product
from shapelint.values.model import NoneValue, Tensor, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
C2 = Constraint("C2", "index-shape", "the index has as many axes as the tensor")
C3 = Constraint("C3", "index-shape", "apart from `dim`, the index is no larger than the tensor")
C4 = Constraint("C4", "index-dtype", "the index holds ints")


def require_ints(cx: Context, index: Tensor, constraint: str, operand: str = "index") -> None:
    """Demand an index of ints."""
    if index.dtype in ("float", "complex", "bool"):
        cx.refute(
            constraint,
            say("{subject} expects an index of ints but receives {kind}s", kind=index.dtype),
            operand=operand,
        )


def require_at_most(cx: Context, constraint: str, size: Dim, limit: Dim, headline: Message, operand: str) -> None:
    """Demand `size <= limit`."""
    if cx.facts.at_least(size - limit, 1, proof=True):
        cx.refute(constraint, headline, operand=operand, sizes=(limit, size))
    cx.facts.raise_low(limit - size, 0)


def same_ranks(cx: Context, x: Tensor, y: Tensor, constraint: str, operand: str) -> tuple[Tensor, Tensor]:
    """Demand that two tensors have the same number of axes, where none counts as one."""
    ranks = [z.shape.rank for z in (x, y)]
    known = next((r for r in ranks if r is not None and r > 1), None)
    if known is not None:
        fixed = [cx.facts.fix_rank(z.shape, known) for z in (x, y)]
        if fixed[0] is not None and fixed[1] is not None:
            return x.with_parts(fixed[0].parts), y.with_parts(fixed[1].parts)
    least = [max(cx.facts.admissible_ranks(z.shape)[0], 1) for z in (x, y)]
    if (known is not None or None not in ranks) and least[0] != least[1]:
        headline = say(
            "{subject} expects an {name} with the axes of {a} but receives {b}", name=operand, a=x.shape, b=y.shape
        )
        cx.refute(constraint, headline, operand=operand)
    return x, y


def _gather_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 3)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    room = max(rank, 1)
    dim = rng.randrange(-room, room) if rng.random() < 0.93 else rank + 1
    index = [rng.randint(1, n) if rng.random() < 0.93 else n + 1 for n in sizes]
    if index and -room <= dim < room:
        index[dim] = rng.randint(1, 4)
    if rng.random() < 0.15:
        index = index[1:] if rng.random() < 0.5 else [*index, 1]
    picked = t(*index, dtype="int" if rng.random() < 0.95 else "float", high=1)
    name = rng.choice(GATHER.torch)
    if rng.random() < 0.3:
        return Sample(name, (t(*sizes),), {"dim": dim, "index": picked})
    return Sample(name, (t(*sizes), dim, picked))


GATHER = op(
    "gather", both("gather"), "input, dim, index, *, sparse_grad=False, out=None", (C1, C2, C3, C4), _gather_sample
)


@GATHER.rule
def gather(cx: Context, input: Value, dim: Value, index: Value, sparse_grad: Value, out: Value) -> Value:
    """`(*), index (*) -> shape of index`.

    C1: `dim` is an axis. C2: both have as many axes. C3: apart from `dim`, the index is no larger. C4: it holds ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.gather.html
    """
    x, picked = cx.tensor(input), cx.tensor(index)
    result = x.with_parts(picked.shape.parts)
    cx.expect(result)
    require_ints(cx, picked, "C4")
    x, at = cx.axis(x, dim, "C1")
    x, picked = same_ranks(cx, x, picked, "C2", "index")
    result = x.with_parts(picked.shape.parts)
    cx.expect(result)
    if x.shape.rank is not None and picked.shape.rank is not None:
        for place, (size, limit) in enumerate(zip(picked.shape.dims, x.shape.dims, strict=False)):
            if place != at % max(x.shape.rank, 1):
                headline = say(
                    "size does not match at dimension {place}: index {index} is larger than {shape}",
                    place=place,
                    index=picked.shape,
                    shape=x.shape,
                )
                require_at_most(cx, "C3", size, limit, headline, "index")
    return result


def _select_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 3)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    room = max(rank, 1)
    dim = rng.randrange(-room, room) if rng.random() < 0.85 else rank + 1
    index = [rng.randint(1, 5)] if rng.random() < 0.8 else rng.choice([[], [2, 2]])
    picked = t(*index, dtype="int" if rng.random() < 0.93 else "float", high=1)
    name = rng.choice(SELECT.torch)
    if rng.random() < 0.3:
        return Sample(name, (t(*sizes),), {"dim": dim, "index": picked})
    return Sample(name, (t(*sizes), dim, picked))


SELECT = op(
    "index_select",
    both("index_select"),
    "input, dim, index, *, out=None",
    (
        C1,
        Constraint("C2", "index-shape", "the index has at most one axis"),
        Constraint("C3", "index-shape", "into a tensor without axes, the index has one entry"),
        C4,
    ),
    _select_sample,
)


@SELECT.rule
def index_select(cx: Context, input: Value, dim: Value, index: Value, out: Value) -> Value:
    """`(*, n, *), index (k,) -> (*, k, *)`.

    C1: `dim` is an axis. C2: the index has at most one axis. C3: of a tensor without axes one entry is picked.
    C4: the index holds ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.index_select.html
    """
    x, picked = cx.tensor(input), cx.tensor(index)
    require_ints(cx, picked, "C4")
    x, at = cx.axis(x, dim, "C1")
    headline = say("index is supposed to be a vector but has the shape {shape}", shape=picked.shape)
    picked = cx.ranks(picked, (0, 1), "C2", headline, "index")
    rank = picked.shape.rank
    if rank is None:
        count = cx.fresh("selected").size
    else:
        count = picked.shape.dims[0] if rank == 1 else Dim.of(1)
    if x.shape.rank == 0:
        cx.expect(x)
        cx.demand_equal(
            "C3", 1, count, say("index to scalar can have only 1 value, got {count}", count=count), operand="index"
        )
        return x
    parts = list(x.shape.parts)
    axis = parts[at]
    assert isinstance(axis, Axis)
    parts[at] = axis.resized(count)
    return x.with_parts(parts)


def _take_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]
    index = t(
        *(rng.randint(1, 4) for _ in range(rng.randint(0, 3))), dtype="int" if rng.random() < 0.5 else "float", high=1
    )
    return Sample(rng.choice(TAKE.torch), (t(*sizes), index))


TAKE = op("take", both("take"), "input, index", (C4,), _take_sample)


@TAKE.rule
def take(cx: Context, input: Value, index: Value) -> Value:
    """`(*), index (*) -> shape of index`; the tensor is read as flat.

    C4: the index holds ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.take.html
    """
    x, picked = cx.tensor(input), cx.tensor(index)
    result = x.with_parts(picked.shape.parts)
    cx.expect(result)
    require_ints(cx, picked, "C4")
    return result


def _along_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    dim = rng.randrange(-rank, rank) if rng.random() < 0.93 else rank + 1
    index = [n if rng.random() < 0.85 else rng.choice([1, n + 1]) for n in sizes]
    if -rank <= dim < rank:
        index[dim] = rng.randint(1, 4)
    if rng.random() < 0.1:
        index = index[1:] if rng.random() < 0.5 else [*index, 1]
    picked = t(*index, dtype="int" if rng.random() < 0.93 else "float", high=1)
    name, draw = rng.choice(ALONG.torch), rng.random()
    if draw < 0.15:
        return Sample(name, (t(*sizes), picked))
    return Sample(
        name, (t(*sizes), picked, dim) if draw < 0.6 else (t(*sizes), picked), {} if draw < 0.6 else {"dim": dim}
    )


ALONG = op(
    "take_along_dim",
    both("take_along_dim"),
    "input, indices, dim=None, *, out=None",
    (C1, C2, Constraint("C3", "broadcast-shape", "apart from `dim`, the index and the tensor broadcast"), C4),
    _along_sample,
)


@ALONG.rule
def take_along_dim(cx: Context, input: Value, indices: Value, dim: Value, out: Value) -> Value:
    """`(*, n, *), indices (*, k, *) -> (*, k, *)`, the other axes by broadcasting; without `dim` both are read as flat.

    C1: `dim` is an axis. C2: both have as many axes. C3: the other axes broadcast. C4: the index holds ints.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """
    x, picked = cx.tensor(input), cx.tensor(indices)
    require_ints(cx, picked, "C4", "indices")
    if isinstance(dim, NoneValue):
        return x.with_parts((Axis.fresh(product(cx.ranked(picked).shape.dims)),))
    known = x.shape.rank if x.shape.rank is not None else picked.shape.rank
    if known is None:
        raise CannotTell("dynamic-value", "rank")
    shapes = [cx.facts.fix_rank(z.shape, known) for z in (x, picked)]
    if shapes[0] is None or shapes[1] is None:
        headline = say(
            "input and indices should have the same number of dimensions, but are {a} and {b}",
            a=x.shape,
            b=picked.shape,
        )
        cx.refute("C2", headline, operand="indices")
    x, at = cx.axis(x.with_parts(shapes[0].parts), dim, "C1")
    picked = picked.with_parts(shapes[1].parts)
    if known == 0:
        return x
    mine, own = list(x.shape.parts), list(picked.shape.parts)
    along = own[at]
    mine[at] = own[at] = Axis.fresh(1)
    parts = list(cx.broadcast((x.with_parts(mine), picked.with_parts(own)), "C3"))
    parts[at] = along
    return x.with_parts(parts)
