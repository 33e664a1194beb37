"""Entries in order: `topk`, `sort`, `argsort`, `kthvalue`, `msort`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.extremes import values_and_indices
from shapelint.ops.pointwise import both
from shapelint.ops.reductions import reduced, sample_dims
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
C2 = Constraint("C2", "index-out-of-range", "`k` is no larger than that axis")


def _require_k(cx: Context, k: Dim, size: Dim, least: int) -> None:
    headline = say("selected index k out of range: {k} of an axis of size {size}", k=k, size=size)
    if cx.facts.at_most(k, least - 1, proof=True) or cx.facts.at_least(k - size, 1, proof=True):
        cx.refute("C2", headline, operand="k", sizes=(size, k))
    cx.facts.raise_low(k, least)
    cx.facts.raise_low(size - k, 0)


def _topk_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 3)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    k = rng.randint(0, 4) if rng.random() < 0.95 else -1
    name, draw = rng.choice(TOPK.torch), rng.random()
    if draw < 0.3:
        return Sample(name, (t(*sizes), k))
    dim = sample_dims(rng, rank, False)
    if draw < 0.6:
        return Sample(name, (t(*sizes), k, dim))
    return Sample(name, (t(*sizes),), {"k": k, "dim": dim, "largest": False})


TOPK = op("topk", both("topk"), "input, k, dim=-1, largest=True, sorted=True, *, out=None", (C1, C2), _topk_sample)


@TOPK.rule
def topk(cx: Context, input: Value, k: Value, dim: Value, largest: Value, sorted: Value, out: Value) -> Value:
    """`(*, n, *) -> values (*, k, *), indices (*, k, *)`.

    C1: `dim` is an axis. C2: `k` is no larger than it (1 for a tensor without axes).
    Follows https://docs.pytorch.org/docs/stable/generated/torch.topk.html
    """
    x, at = cx.axis(cx.tensor(input), dim, "C1")
    count = cx.int(k)
    if x.shape.rank == 0:
        cx.expect(values_and_indices(x, "topk"))
        _require_k(cx, count, Dim.of(1), 0)
        return values_and_indices(x, "topk")
    parts = list(x.shape.parts)
    axis = parts[at]
    assert isinstance(axis, Axis)
    parts[at] = axis.resized(count)
    result = values_and_indices(x.with_parts(parts), "topk")
    cx.expect(result)
    _require_k(cx, count, axis.size, 0)
    return result


def _sort_sample(rng: random.Random, name: str) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(["float", "int", "bool"]))
    draw = rng.random()
    if draw < 0.15:
        return Sample(name, (x,), {"descending": True} if draw < 0.08 else {})
    dim = sample_dims(rng, rank, False)
    if draw < 0.5:
        return Sample(name, (x, dim, rng.random() < 0.5) if draw < 0.3 else (x, dim))
    return Sample(name, (x,), {"dim": dim, "descending": True, **({"stable": True} if draw < 0.7 else {})})


_SORT = "input, dim=-1, descending=False, stable=False, *, out=None"
SORT: Op = op("sort", both("sort"), _SORT, (C1,), lambda rng: _sort_sample(rng, rng.choice(SORT.torch)))
ARGSORT: Op = op("argsort", both("argsort"), _SORT, (C1,), lambda rng: _sort_sample(rng, rng.choice(ARGSORT.torch)))


@SORT.rule
def sort(cx: Context, input: Value, dim: Value, **how: Value) -> Value:
    """`(*, n, *) -> values (*, n, *), indices (*, n, *)`.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.sort.html
    """
    return values_and_indices(cx.axis(cx.tensor(input), dim, "C1")[0], "sort")


@ARGSORT.rule
def argsort(cx: Context, input: Value, dim: Value, **how: Value) -> Value:
    """`(*, n, *) -> indices (*, n, *)`.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.argsort.html
    """
    return cx.axis(cx.tensor(input), dim, "C1")[0].with_dtype("int")


def _msort_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(MSORT.torch), (t(*(rng.randint(1, 4) for _ in range(rng.randint(0, 4)))),))


MSORT = op("msort", both("msort"), "input, *, out=None", samples=_msort_sample)


@MSORT.rule
def msort(cx: Context, input: Value, out: Value) -> Value:
    """`(n, *) -> (n, *)`, sorted along the first axis.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.msort.html
    """
    return cx.tensor(input)


def _kth_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 3)
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    k = rng.randint(0, 4)
    name = rng.choice(KTH.torch)
    if rng.random() < 0.3:
        return Sample(name, (t(*sizes), k))
    dim = sample_dims(rng, rank, False)
    return Sample(name, (t(*sizes), k, dim), {"keepdim": rng.random() < 0.5})


KTH = op("kthvalue", both("kthvalue"), "input, k, dim=-1, keepdim=False, *, out=None", (C1, C2), _kth_sample)


@KTH.rule
def kthvalue(cx: Context, input: Value, k: Value, dim: Value, keepdim: Value, out: Value) -> Value:
    """`(*, n, *) -> values (*, *), indices (*, *)`; with `keepdim` `(*, 1, *)`.

    C1: `dim` is an axis. C2: `k` lies within 1 and its size.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.kthvalue.html
    """
    x, at = cx.axis(cx.tensor(input), dim, "C1")
    named = Int.of(at)
    part = x.shape.parts[at] if x.shape.parts else Axis(Dim.of(1))
    assert isinstance(part, Axis)
    result = values_and_indices(x.with_parts(reduced(cx, x, named, cx.flag(keepdim))[1]), "kthvalue")
    cx.expect(result)
    _require_k(cx, cx.int(k), part.size, 1)
    return result
