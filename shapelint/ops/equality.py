"""`equal`, `allclose`: one answer for two tensors; `isin`."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import near, some_sizes
from shapelint.ops.contract import Constraint, Context, Sample, op, t
from shapelint.ops.pointwise import both
from shapelint.values.model import Bool, Value


def _equal_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    return Sample(rng.choice(EQUAL.torch), (t(*base), t(*near(rng, base))))


EQUAL = op("equal", both("equal"), "input, other", samples=_equal_sample)


@EQUAL.rule
def equal(cx: Context, input: Value, other: Value) -> Value:
    """`(*), (*) -> bool`; tensors of different shapes are not equal.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.equal.html
    """
    return Bool(None)


def _close_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    options = {"rtol": 0.1, "atol": 0.1} if rng.random() < 0.3 else {}
    return Sample(rng.choice(CLOSE.torch), (t(*base), t(*near(rng, base))), options)


CLOSE = op(
    "allclose",
    both("allclose"),
    "input, other, rtol=1e-05, atol=1e-08, equal_nan=False",
    (Constraint("C1", "broadcast-shape", "both tensors broadcast"),),
    _close_sample,
)


@CLOSE.rule
def allclose(cx: Context, input: Value, other: Value, **how: Value) -> Value:
    """`(*), (*) -> bool`.

    C1: both broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.allclose.html
    """
    cx.expect(Bool(None))
    cx.broadcast((cx.tensor(input), cx.tensor(other)), "C1")
    return Bool(None)


def _isin_sample(rng: random.Random) -> Sample:
    wanted: object = t(*some_sizes(rng)) if rng.random() < 0.8 else 0.5
    return Sample("torch.isin", (t(*some_sizes(rng)), wanted), {"invert": True} if rng.random() < 0.3 else {})


ISIN = op(
    "isin",
    ("torch.isin",),
    "elements, test_elements, *, assume_unique=False, invert=False, out=None",
    samples=_isin_sample,
)


@ISIN.rule
def isin(cx: Context, elements: Value, test_elements: Value, **how: Value) -> Value:
    """`(*), any shape -> (*)`, of bools.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.isin.html
    """
    return cx.tensor(elements).with_dtype("bool")
