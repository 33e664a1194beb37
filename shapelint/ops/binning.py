"""Places and counts among bins: `searchsorted`, `bincount` and more."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.shapes.shape import Axis
from shapelint.values.model import Value


def _search_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    bounds = [rng.randint(1, 4) for _ in range(rank)]
    wanted: list[int] = [*bounds[:-1], rng.randint(1, 4)]
    if rng.random() < 0.2:
        wanted[rng.randrange(rank)] += 1
    if rng.random() < 0.15:
        wanted = wanted[1:]
    if rng.random() < 0.1:
        bounds = []
    value: object = t(*wanted) if rng.random() < 0.85 else 0.5
    return Sample("torch.searchsorted", (t(*bounds), value), {"right": True} if rng.random() < 0.3 else {})


SEARCH = op(
    "searchsorted",
    ("torch.searchsorted",),
    "sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None, out=None",
    (
        Constraint("C1", "index-shape", "several rows of boundaries have the leading axes of the input"),
        Constraint("C2", "index-shape", "the boundaries have at least one axis"),
    ),
    _search_sample,
)


@SEARCH.rule
def searchsorted(cx: Context, sorted_sequence: Value, input: Value, **how: Value) -> Value:
    """`(n,), (*) -> (*)` or `(*, n), (*, k) -> (*, k)`.

    C1: boundaries of several axes have the leading axes of `input`. C2: they have one axis at least.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.searchsorted.html
    """
    bounds, x = cx.tensor(sorted_sequence), cx.tensor(input)
    result = x.with_dtype("int")
    cx.expect(result)
    if bounds.shape.rank is None:
        raise CannotTell("dynamic-value", "rank")
    if bounds.shape.rank == 0:
        cx.refute("C2", say("boundaries tensor should have positive dimension"), operand="sorted_sequence")
    if bounds.shape.rank == 1:
        return result
    headline = say("the leading axes of boundaries {a} and input {b} must match", a=bounds.shape, b=x.shape)
    x = cx.ranks(x, (bounds.shape.rank,), "C1", headline)
    for a, b in zip(bounds.shape.dims[:-1], x.shape.dims[:-1], strict=True):
        cx.demand_equal("C1", a, b, headline)
    return x.with_dtype("int")


def _bucket_sample(rng: random.Random) -> Sample:
    x: object = t(*(rng.randint(1, 4) for _ in range(rng.randint(0, 3)))) if rng.random() < 0.9 else 0.5
    bounds = t(3) if rng.random() < 0.6 else rng.choice([t(), t(2, 3)])
    return Sample("torch.bucketize", (x, bounds), {"right": True} if rng.random() < 0.3 else {})


BUCKETIZE = op(
    "bucketize",
    ("torch.bucketize",),
    "input, boundaries, *, out_int32=False, right=False, out=None",
    (Constraint("C1", "index-shape", "`boundaries` has one axis"),),
    _bucket_sample,
)


@BUCKETIZE.rule
def bucketize(cx: Context, input: Value, boundaries: Value, **how: Value) -> Value:
    """`(*), boundaries (n,) -> (*)`.

    C1: `boundaries` has one axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.bucketize.html
    """
    result = cx.tensor(input).with_dtype("int")
    cx.expect(result)
    bounds = cx.tensor(boundaries)
    headline = say("boundaries tensor must be 1 dimension but has the shape {shape}", shape=bounds.shape)
    cx.ranks(bounds, (1,), "C1", headline, "boundaries")
    return result


def _bincount_sample(rng: random.Random) -> Sample:
    n = rng.randint(1, 4)
    x = t(n, dtype="int") if rng.random() < 0.75 else t(n, 2, dtype="int")
    options: dict[str, object] = {"minlength": 5} if rng.random() < 0.3 else {}
    if rng.random() < 0.5:
        options["weights"] = t(n) if rng.random() < 0.6 else rng.choice([t(n + 1), t(n, 1)])
    return Sample(rng.choice(BINCOUNT.torch), (x,), options)


BINCOUNT = op(
    "bincount",
    both("bincount"),
    "input, weights=None, minlength=0",
    (
        Constraint("C1", "index-shape", "`input` has one axis"),
        Constraint("C2", "index-shape", "`weights` has the shape of `input`"),
    ),
    _bincount_sample,
)


@BINCOUNT.rule
def bincount(cx: Context, input: Value, weights: Value, minlength: Value) -> Value:
    """`(n,) -> (k,)`, one more than the greatest entry.

    C1: `input` has one axis. C2: `weights` is as long.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.bincount.html
    """
    x, w = cx.tensor(input), cx.maybe_tensor(weights)
    result = x.with_parts((cx.fresh("bins"),)).with_dtype("int" if w is None else "float")
    cx.expect(result)
    headline = say("bincount only supports 1-d inputs but receives {shape}", shape=x.shape)
    x = cx.ranks(x, (1,), "C1", headline)
    if w is not None:
        differ = say(
            "weights should be 1-d and have the same length as input, but are {w} and {x}", w=w.shape, x=x.shape
        )
        w = cx.ranks(w, (1,), "C2", differ, "weights")
        cx.demand_equal("C2", x.shape.dims[0], w.shape.dims[0], differ, operand="weights")
    return result


def _histc_sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 4) for _ in range(rng.randint(0, 3))))
    return Sample(rng.choice(HISTC.torch), (x, rng.randint(1, 5)) if rng.random() < 0.7 else (x,))


HISTC = op("histc", both("histc"), "input, bins=100, min=0, max=0, *, out=None", samples=_histc_sample)


@HISTC.rule
def histc(cx: Context, input: Value, bins: Value, **how: Value) -> Value:
    """`(*) -> (bins,)`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.histc.html
    """
    return cx.tensor(input).with_parts((Axis.fresh(cx.size(bins)),))
