"""Products over chosen axes: `tensordot`, `inner`, `kron`, and chains of matrices."""

from __future__ import annotations

import random
from itertools import pairwise

from shapelint.ops.arithmetic import promote
from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Tensor, Tuple, Value


def _tensordot_sample(rng: random.Random) -> Sample:
    a = [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]
    b = [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]
    dims: object
    count = rng.randint(0, 2)
    if rng.random() < 0.5:
        if count <= min(len(a), len(b)) and rng.random() < 0.8:
            b[:count] = a[len(a) - count :]
        dims = count if rng.random() < 0.93 else -1
    else:
        count = min(count, len(a), len(b))
        left, right = rng.sample(range(len(a)), count), rng.sample(range(len(b)), count)
        if rng.random() < 0.8:
            for i, j in zip(left, right, strict=True):
                b[j] = a[i] if rng.random() < 0.9 else 1
        right = [j - len(b) if rng.random() < 0.3 else j for j in right]
        if right and rng.random() < 0.1:
            right[0] = len(b)
        if len(right) > 1 and rng.random() < 0.1:
            right[1] = right[0]
        if rng.random() < 0.08:
            left = left[1:]
        dims = (left, right)
    if dims == 2 and rng.random() < 0.5:
        return Sample("torch.tensordot", (t(*a), t(*b)))
    return Sample("torch.tensordot", (t(*a), t(*b)), {"dims": dims})


TENSORDOT = op(
    "tensordot",
    ("torch.tensordot",),
    "a, b, dims=2, out=None",
    (
        Constraint("C1", "matmul-shape", "the axes that are summed over have equal sizes, or one of them 1"),
        Constraint("C2", "axis-out-of-range", "`dims` names axes that the tensors have"),
        Constraint("C3", "axis-order", "`dims` names as many axes of both, none of them twice"),
    ),
    _tensordot_sample,
)


@TENSORDOT.rule
def tensordot(cx: Context, a: Value, b: Value, dims: Value, out: Value) -> Value:
    """`(*, k1, k2, …), (k1, k2, …, *) -> (*, *)`: the last axes of `a` with the first of `b`, or as `dims` pairs them.

    C1: the sizes of a pair agree, or one is 1. C2: every axis exists. C3: two lists of one length, no axis twice.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html
    """
    x, y = cx.tensor(a), cx.tensor(b)
    if isinstance(dims, Int):
        count = cx.known_int(dims)
        if count < 0:
            cx.refute("C2", say("tensordot expects dims >= 0, but got {count}", count=count), operand="dims")
        left, right = list(range(-count, 0)), list(range(count))
    else:
        pair = cx.items(dims)
        if len(pair) != 2:
            raise CannotTell("dynamic-value")
        left, right = ([cx.known_int(Int(d)) for d in cx.ints(side)] for side in pair)
        if len(left) != len(right):
            cx.refute("C3", say("both dimension lists should have the same length"), operand="dims")
    x, first = _places(cx, x, left)
    y, second = _places(cx, y, right)
    kept = [p for i, p in enumerate(x.shape.parts) if i not in first]
    result = x.with_parts((*kept, *(p for i, p in enumerate(y.shape.parts) if i not in second)))
    result = result.with_dtype(promote((x.dtype, y.dtype)))
    cx.expect(result)
    for i, j in zip(first, second, strict=True):
        m, n = x.shape.dims[i], y.shape.dims[j]
        if cx.never(m, 1) and cx.never(n, 1):
            headline = say(
                "contracted dimensions need to match: {m} of {a} against {n} of {b}", m=m, a=x.shape, n=n, b=y.shape
            )
            cx.demand_equal("C1", m, n, headline, operand="b")
    return result


def _places(cx: Context, x: Tensor, numbers: list[int]) -> tuple[Tensor, list[int]]:
    if numbers:
        x, _ = cx.axes(x, Tuple(tuple(Int.of(n) for n in numbers)), "C2")
    x = cx.ranked(x)
    if numbers and x.shape.rank == 0:
        cx.refute("C2", say("{subject} sums over axes of a tensor that has none"), operand="dims")
    places = [number % len(x.shape.parts) for number in numbers]
    if len(set(places)) != len(places):
        cx.refute("C3", say("{subject} names an axis twice: {dims}", dims=str(tuple(numbers))), operand="dims")
    return x, places


def _inner_sample(rng: random.Random) -> Sample:
    k = rng.randint(1, 4)
    a = [*(rng.randint(1, 3) for _ in range(rng.randint(0, 2))), k]
    b = [*(rng.randint(1, 3) for _ in range(rng.randint(0, 2))), k if rng.random() < 0.5 else rng.randint(1, 4)]
    if rng.random() < 0.1:
        a = []
    return Sample(rng.choice(INNER.torch), (t(*a), t(*b) if rng.random() < 0.9 else t()))


INNER = op(
    "inner",
    both("inner"),
    "input, other, *, out=None",
    (Constraint("C1", "matmul-shape", "the last axes have equal sizes"),),
    _inner_sample,
)


@INNER.rule
def inner(cx: Context, input: Value, other: Value, out: Value) -> Value:
    """`(*a, k), (*b, k) -> (*a, *b)`; a tensor without axes scales the other one.

    C1: the last axes have equal sizes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.inner.html
    """
    x, y = cx.ranked(cx.tensor(input)), cx.ranked(cx.tensor(other))
    dtype = promote((x.dtype, y.dtype))
    if not x.shape.parts or not y.shape.parts:
        return (x if x.shape.parts else y).with_dtype(dtype)
    result = x.with_parts((*x.shape.parts[:-1], *y.shape.parts[:-1])).with_dtype(dtype)
    cx.expect(result)
    m, n = x.shape.dims[-1], y.shape.dims[-1]
    cx.demand_equal(
        "C1",
        m,
        n,
        say("the last dimension must match on both input tensors, but is {m} and {n}", m=m, n=n),
        operand="other",
    )
    return result


def _kron_sample(rng: random.Random) -> Sample:
    a, b = ([rng.randint(1, 4) for _ in range(rng.randint(0, 3))] for _ in "ab")
    return Sample(rng.choice(KRON.torch), (t(*a), t(*b)))


KRON = op("kron", both("kron"), "input, other, *, out=None", samples=_kron_sample)


@KRON.rule
def kron(cx: Context, input: Value, other: Value, out: Value) -> Value:
    """`(…, a), (…, b) -> (…, a*b)`, aligned from the right; a missing axis counts as 1.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.kron.html
    """
    x, y = cx.ranked(cx.tensor(input)), cx.ranked(cx.tensor(other))
    axes = []
    long, short = x.shape.axes, y.shape.axes
    rank = max(len(long), len(short))
    one = Axis(Dim.of(1))
    for a, b in zip((one,) * (rank - len(long)) + long, (one,) * (rank - len(short)) + short, strict=True):
        axes.append(Axis(a.size * b.size, (*a.factors, *b.factors)))
    return x.with_parts(tuple(axes)).with_dtype(promote((x.dtype, y.dtype)))


def _chain_sample(rng: random.Random) -> Sample:
    name = rng.choice(CHAIN.torch)
    edges = [rng.randint(1, 4) for _ in range(rng.randint(3, 5))]
    matrices = [[m, n] for m, n in pairwise(edges)]
    if rng.random() < 0.25:
        rng.choice(matrices)[rng.randrange(2)] = rng.randint(1, 4)
    if rng.random() < 0.2:
        matrices[0] = matrices[0][1:]
    if rng.random() < 0.2:
        matrices[-1] = matrices[-1][:1]
    if rng.random() < 0.1:
        matrices[rng.randrange(len(matrices))] = [2, 2, 2]
    if rng.random() < 0.05:
        matrices = matrices[:1]
    tensors = [t(*s) for s in matrices]
    return Sample(name, (tensors,)) if name.endswith("multi_dot") else Sample(name, tuple(tensors))


CHAIN = op(
    "multi_dot",
    ("torch.linalg.multi_dot", "torch.chain_matmul"),
    "*tensors",
    (
        Constraint("C1", "matmul-shape", "each matrix has as many rows as the one before it has columns"),
        Constraint("C2", "matmul-shape", "all are matrices; of several, the first and the last may be vectors"),
    ),
    _chain_sample,
)


@CHAIN.rule
def multi_dot(cx: Context, tensors: Value) -> Value:
    """`(a, b), (b, c), (c, d) … -> (a, d)`.

    C1: neighbours agree. C2: all have two axes; for `multi_dot` the first and the last may be vectors.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
    """
    items = cx.items(tensors)
    listed = len(items) == 1 and not isinstance(items[0], Tensor)
    given = cx.tensors(items[0] if listed else tensors)
    if not given:
        raise CannotTell("dynamic-value")
    if listed and len(given) < 2:
        cx.refute(
            "C2", say("multi_dot() expected at least 2 tensors but got {count}", count=len(given)), operand="tensors"
        )
    matrices = []
    for i, x in enumerate(given):
        allowed = (1, 2) if listed and i in (0, len(given) - 1) else (2,)
        matrices.append(
            cx.ranked(
                cx.ranks(
                    x, allowed, "C2", say("{subject} expects matrices but receives {shape}", shape=x.shape), "tensors"
                )
            )
        )
    ends = [matrices[0].shape.parts[:-1], matrices[-1].shape.parts[1:]]
    result = matrices[0].with_parts((*ends[0], *ends[1])).with_dtype(promote(x.dtype for x in matrices))
    if len(matrices) == 1:
        return matrices[0]
    cx.expect(result)
    for x, y in pairwise(matrices):
        m, n = x.shape.dims[-1], y.shape.dims[0]
        cx.demand_equal(
            "C1",
            m,
            n,
            say("shapes {a} and {b} cannot be multiplied: {m} against {n}", a=x.shape, b=y.shape, m=m, n=n),
            operand="tensors",
        )
    return result
