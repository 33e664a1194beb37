"""`cross` and `linalg.vecdot`: products of vectors along an axis."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import near, promote
from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.ops.reductions import reduced, sample_dims
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, NoneValue, Tensor, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensors")
C2 = Constraint("C2", "matmul-shape", "along `dim` both have three entries")
C3 = Constraint("C3", "matmul-shape", "both have as many axes")
C4 = Constraint("C4", "broadcast-shape", "the other axes broadcast")


def _sample(rng: random.Random, name: str) -> Sample:
    rank = rng.randint(1, 3)
    sizes = [3 if rng.random() < 0.6 else rng.randint(1, 4) for _ in range(rank)]
    other = [n if rng.random() < 0.85 else rng.choice([1, 2]) for n in sizes]
    if rng.random() < 0.08:
        other = other[1:] or [3, 3]
    options = {} if rng.random() < 0.4 else {"dim": rng.randrange(-rank, rank) if rng.random() < 0.85 else rank + 1}
    return Sample(name, (t(*sizes), t(*other)), options)


def _ranked_alike(cx: Context, input: Value, other: Value) -> tuple[Tensor, Tensor]:
    x, y = cx.tensor(input), cx.tensor(other)
    known = x.shape.rank if x.shape.rank is not None else y.shape.rank
    if known is None:
        raise CannotTell("dynamic-value", "rank")
    shapes = [cx.facts.fix_rank(z.shape, known) for z in (x, y)]
    if shapes[0] is None or shapes[1] is None:
        headline = say("inputs must have the same number of axes but are {a} and {b}", a=x.shape, b=y.shape)
        cx.refute("C3", headline, operand="other")
    return x.with_parts(shapes[0].parts), y.with_parts(shapes[1].parts)


def _along(cx: Context, x: Tensor, y: Tensor, dim: Value | int) -> Tensor:
    x, at = cx.axis(x, dim, "C1")
    for z, name in ((x, "input"), (y, "other")):
        got = z.shape.dims[at]
        headline = say("inputs dimension {dim} must have length 3 but has {got}", dim=at, got=got)
        cx.demand_equal("C2", 3, got, headline, operand=name)
    return x.with_parts(cx.broadcast((x, y), "C4")).with_dtype(promote((x.dtype, y.dtype)))


CROSS: Op = op(
    "cross",
    both("cross"),
    "input, other, dim=None, *, out=None",
    (C1, C2, C3, C4),
    lambda rng: _sample(rng, rng.choice(CROSS.torch)),
)


@CROSS.rule
def cross(cx: Context, input: Value, other: Value, dim: Value, out: Value) -> Value:
    """`(*, 3, *), (*, 3, *) -> (*, 3, *)`, along the first axis of three entries unless `dim` names one.

    C1: `dim` is an axis. C2: there both have three entries. C3: as many axes. C4: the other axes broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.cross.html
    """
    x, y = _ranked_alike(cx, input, other)
    if not isinstance(dim, NoneValue):
        return _along(cx, x, y, dim)
    place = next((i for i, size in enumerate(x.shape.dims) if not cx.never(size, 3)), None)
    if place is None:
        cx.refute("C2", say("no dimension of size 3 in input {shape}", shape=x.shape))
    if not cx.surely(x.shape.dims[place], 3):
        raise CannotTell("dynamic-value")
    return _along(cx, x, y, place)


LINALG_CROSS = op(
    "linalg_cross",
    ("torch.linalg.cross",),
    "input, other, *, dim=-1, out=None",
    (C1, C2, C3, C4),
    lambda rng: _sample(rng, "torch.linalg.cross"),
)


@LINALG_CROSS.rule
def linalg_cross(cx: Context, input: Value, other: Value, dim: Value, out: Value) -> Value:
    """`(*, 3, *), (*, 3, *) -> (*, 3, *)`, along `dim`.

    C1: `dim` is an axis. C2: there both have three entries. C3: as many axes. C4: the other axes broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.cross.html
    """
    return _along(cx, *_ranked_alike(cx, input, other), dim)


def _vecdot_sample(rng: random.Random) -> Sample:
    base = [rng.randint(1, 3) for _ in range(rng.randint(1, 3))]
    pair = (t(*base), t(*near(rng, base)))
    # of two vectors torch does not look at `dim`, not even whether there is such an axis
    dim = sample_dims(rng, len(base), False) if len(base) > 1 else -1
    return Sample("torch.linalg.vecdot", pair, {"dim": dim} if rng.random() < 0.6 else {})


VECDOT = op("vecdot", ("torch.linalg.vecdot",), "x, y, *, dim=-1, out=None", (C1, C4), _vecdot_sample)


@VECDOT.rule
def vecdot(cx: Context, x: Value, y: Value, dim: Value, out: Value) -> Value:
    """`(*, n, *), (*, n, *) -> (*, *)`, of what both broadcast to.

    C1: `dim` is an axis of that. C4: both broadcast; two vectors are equal.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.vecdot.html
    """
    a, b = cx.tensor(x), cx.tensor(y)
    if a.shape.rank == 1 and b.shape.rank == 1:  # torch takes `dot`, which neither broadcasts nor looks at `dim`
        m, n = a.shape.dims[0], b.shape.dims[0]
        cx.demand_equal("C4", m, n, say("inconsistent sizes: {m} against {n}", m=m, n=n), operand="y")
        return a.with_parts(()).with_dtype(promote((a.dtype, b.dtype)))
    whole = a.with_parts(cx.broadcast((a, b), "C4")).with_dtype(promote((a.dtype, b.dtype)))
    whole, at = cx.axis(whole, dim, "C1")
    part = whole.shape.parts[at] if whole.shape.parts else None
    assert part is None or isinstance(part, Axis)
    return whole.with_parts(reduced(cx, whole, Int.of(at), False)[1])
