"""Entries found by a mask: `masked_select`, `masked_scatter`, `nonzero`, `argwhere`."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import assemble, near, some_sizes
from shapelint.ops.contract import Constraint, Context, Sample, op, t
from shapelint.ops.pointwise import both
from shapelint.shapes.shape import Axis
from shapelint.values.model import Sequence, Tuple, Value

C1 = Constraint("C1", "broadcast-shape", "the tensor and the mask broadcast")


def _select_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    return Sample(rng.choice(SELECT.torch), (t(*base), t(*near(rng, base), dtype="bool")))


SELECT = op("masked_select", both("masked_select"), "input, mask, *, out=None", (C1,), _select_sample)


@SELECT.rule
def masked_select(cx: Context, input: Value, mask: Value, out: Value) -> Value:
    """`(*), mask (*) -> (n,)`, as many entries as the mask is true for.

    C1: the tensor and the mask broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html
    """
    x = cx.tensor(input)
    result = x.with_parts((cx.fresh("selected"),))
    cx.expect(result)
    cx.broadcast((x, cx.tensor(mask)), "C1")
    return result


def _scatter_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    return Sample(rng.choice(SCATTER.torch), (t(*near(rng, base)), t(*base, dtype="bool"), t(900)))


SCATTER = op("masked_scatter", both("masked_scatter"), "input, mask, source", (C1,), _scatter_sample)


@SCATTER.rule
def masked_scatter(cx: Context, input: Value, mask: Value, source: Value) -> Value:
    """`(*), mask (*) -> (*)` by broadcasting.

    C1: the tensor and the mask broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html
    """
    return assemble(cx, (input, mask), "C1", cx.tensor(input).dtype)


def _nonzero_sample(rng: random.Random) -> Sample:
    x = t(*some_sizes(rng), dtype=rng.choice(["bool", "int", "float"]))
    name = rng.choice(NONZERO.torch)
    if rng.random() < 0.3 and not name.endswith("argwhere"):
        return Sample(name, (x,), {"as_tuple": rng.random() < 0.7})
    return Sample(name, (x,))


NONZERO = op("nonzero", both("nonzero argwhere"), "input, *, as_tuple=False, out=None", samples=_nonzero_sample)


@NONZERO.rule
def nonzero(cx: Context, input: Value, as_tuple: Value, out: Value) -> Value:
    """`(*) -> (n, rank)`; with `as_tuple`, an index `(n,)` for each axis.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html
    """
    x = cx.tensor(input).with_dtype("int")
    found = cx.fresh("found")
    rank = x.shape.rank
    if not cx.flag(as_tuple):
        return x.with_parts((found, Axis.fresh(rank) if rank is not None else cx.fresh("rank")))
    each = x.with_parts((found,))
    return Sequence(each, None, "tuple") if rank is None else Tuple((each,) * max(rank, 1))
