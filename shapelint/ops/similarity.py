"""How near tensors are: `cosine_similarity`, `pairwise_distance`, `cdist`, `pdist`, `dist`, and the layers."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import near, promote, some_sizes
from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.pointwise import both
from shapelint.ops.reductions import reduced, sample_dims
from shapelint.shapes.shape import Axis, Segment
from shapelint.values.model import Int, Tensor, Value

C1 = Constraint("C1", "broadcast-shape", "both tensors broadcast")
C2 = Constraint("C2", "axis-out-of-range", "`dim` is an axis of what both broadcast to")


def _together(cx: Context, x1: Value, x2: Value) -> Tensor:
    a, b = cx.tensor(x1), cx.tensor(x2)
    return a.with_parts(cx.broadcast((a, b), "C1")).with_dtype("float")


def _cosine(cx: Context, x1: Value, x2: Value, dim: Value) -> Tensor:
    x = _together(cx, x1, x2)
    x, at = cx.axis(x, dim, "C2")
    return x.with_parts(reduced(cx, x, Int.of(at), False)[1])


def _distance(cx: Context, x1: Value, x2: Value, keepdim: bool) -> Tensor:
    x = _together(cx, x1, x2)
    if not x.shape.parts:
        return x
    if isinstance(x.shape.parts[-1], Segment):
        return x.with_parts((*x.shape.parts[:-1], Segment("distance")))
    return x.with_parts((*x.shape.parts[:-1], *([Axis.fresh(1)] if keepdim else [])))


def _two(rng: random.Random) -> tuple[list[int], tuple[object, object]]:
    base = [*some_sizes(rng), 3] if rng.random() < 0.8 else some_sizes(rng)
    return base, (t(*base), t(*near(rng, base)))


def _cosine_sample(rng: random.Random) -> Sample:
    base, pair = _two(rng)
    if rng.random() < 0.3:
        return Sample(rng.choice(COSINE.torch), pair)
    return Sample(rng.choice(COSINE.torch), pair, {"dim": sample_dims(rng, len(base), False)})


COSINE = op(
    "cosine_similarity",
    ("torch.nn.functional.cosine_similarity", "torch.cosine_similarity"),
    "x1, x2, dim=1, eps=1e-08",
    (C1, C2),
    _cosine_sample,
)


@COSINE.rule
def cosine_similarity(cx: Context, x1: Value, x2: Value, dim: Value, eps: Value) -> Value:
    """`(*, n, *), (*, n, *) -> (*, *)`, of what both broadcast to.

    C1: both broadcast. C2: `dim` is an axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
    """
    return _cosine(cx, x1, x2, dim)


def _cosine_layer_sample(rng: random.Random) -> Sample:
    base, pair = _two(rng)
    dims = () if rng.random() < 0.3 else (sample_dims(rng, len(base), False),)
    return Sample("torch.nn.CosineSimilarity", pair, init=dims)


COSINE_LAYER = layer(
    "CosineSimilarity",
    ("torch.nn.CosineSimilarity",),
    "dim=1, eps=1e-08",
    "x1, x2",
    (C1, C2),
    _cosine_layer_sample,
)


@COSINE_LAYER.rule
def cosine_layer(cx: Context, layer: Layer, x1: Value, x2: Value) -> Value:
    """`(*, n, *), (*, n, *) -> (*, *)`, of what both broadcast to.

    C1: both broadcast. C2: `dim` is an axis.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
    """
    return _cosine(cx, x1, x2, layer.value("dim"))


def _distance_sample(rng: random.Random) -> Sample:
    options: dict[str, object] = {"keepdim": rng.random() < 0.5} if rng.random() < 0.6 else {}
    return Sample(rng.choice(PAIRWISE.torch), _two(rng)[1], options)


PAIRWISE = op(
    "pairwise_distance",
    ("torch.nn.functional.pairwise_distance", "torch.pairwise_distance"),
    "x1, x2, p=2.0, eps=1e-06, keepdim=False",
    (C1,),
    _distance_sample,
)


@PAIRWISE.rule
def pairwise_distance(cx: Context, x1: Value, x2: Value, p: Value, eps: Value, keepdim: Value) -> Value:
    """`(*, n), (*, n) -> (*)`; with `keepdim` `(*, 1)`.

    C1: both broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
    """
    return _distance(cx, x1, x2, cx.flag(keepdim))


def _distance_layer_sample(rng: random.Random) -> Sample:
    options: dict[str, object] = {"keepdim": rng.random() < 0.5} if rng.random() < 0.6 else {}
    return Sample("torch.nn.PairwiseDistance", _two(rng)[1], init_kwargs=options)


PAIRWISE_LAYER = layer(
    "PairwiseDistance",
    ("torch.nn.PairwiseDistance",),
    "p=2.0, eps=1e-06, keepdim=False",
    "x1, x2",
    (C1,),
    _distance_layer_sample,
)


@PAIRWISE_LAYER.rule
def distance_layer(cx: Context, layer: Layer, x1: Value, x2: Value) -> Value:
    """`(*, n), (*, n) -> (*)`; with `keepdim` `(*, 1)`.

    C1: both broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
    """
    return _distance(cx, x1, x2, layer.flag("keepdim"))


def _cdist_sample(rng: random.Random) -> Sample:
    batch = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    n = rng.randint(1, 4)
    a = [*batch, rng.randint(1, 4), n]
    b = [*near(rng, batch), rng.randint(1, 4), n if rng.random() < 0.8 else rng.randint(1, 4)]
    draw = rng.random()
    return Sample("torch.cdist", (t(*(a[-1:] if draw < 0.08 else a)), t(*(b[-1:] if 0.05 < draw < 0.15 else b))))


CDIST = op(
    "cdist",
    ("torch.cdist",),
    "x1, x2, p=2.0, compute_mode='use_mm_for_euclid_dist_if_necessary'",
    (
        Constraint("C1", "broadcast-shape", "the axes before the last two broadcast"),
        Constraint("C2", "matmul-shape", "the last axes have equal sizes"),
        Constraint("C3", "matmul-shape", "both have at least two axes"),
    ),
    _cdist_sample,
)


@CDIST.rule
def cdist(cx: Context, x1: Value, x2: Value, p: Value, compute_mode: Value) -> Value:
    """`(*, p, n), (*, r, n) -> (*, p, r)`.

    C1: the axes before the last two broadcast. C2: the last axes are equal. C3: both have two axes at least.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.cdist.html
    """
    a, b = cx.tensor(x1), cx.tensor(x2)
    headline = say("cdist only supports at least 2D tensors but receives {a} and {b}", a=a.shape, b=b.shape)
    a, b = cx.at_least_rank(a, 2, "C3", headline, "x1"), cx.at_least_rank(b, 2, "C3", headline, "x2")
    (p_, m), (r_, n) = a.shape.suffix[-2:], b.shape.suffix[-2:]
    batch = cx.broadcast((a.with_parts(a.shape.parts[:-2]), b.with_parts(b.shape.parts[:-2])), "C1")
    result = a.with_parts((*batch, p_, r_)).with_dtype("float")
    cx.expect(result)
    differ = say("both tensors must have the same number of columns, but have {m} and {n}", m=m.size, n=n.size)
    cx.demand_equal("C2", m.size, n.size, differ, operand="x2")
    return result


def _pdist_sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 4) for _ in range(2 if rng.random() < 0.6 else rng.choice([1, 3]))))
    return Sample(rng.choice(PDIST.torch), (x,))


PDIST = op(
    "pdist",
    ("torch.nn.functional.pdist", "torch.pdist"),
    "input, p=2",
    (Constraint("C1", "matmul-shape", "`input` has two axes"),),
    _pdist_sample,
)


@PDIST.rule
def pdist(cx: Context, input: Value, p: Value) -> Value:
    """`(n, m) -> (n*(n - 1)//2,)`.

    C1: `input` has two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
    """
    x = cx.tensor(input)
    x = cx.ranks(x, (2,), "C1", say("pdist only supports 2D tensors but receives {shape}", shape=x.shape))
    n = x.shape.dims[0]
    return x.with_parts((Axis.fresh(n * (n - 1) // 2),))


def _dist_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(DIST.torch), _two(rng)[1])


DIST = op("dist", both("dist"), "input, other, p=2", (C1,), _dist_sample)


@DIST.rule
def dist(cx: Context, input: Value, other: Value, p: Value) -> Value:
    """`(*), (*) -> ()`.

    C1: both broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.dist.html
    """
    x, y = cx.tensor(input), cx.tensor(other)
    result = x.with_parts(()).with_dtype(promote((x.dtype, y.dtype)))
    cx.expect(result)
    cx.broadcast((x, y), "C1")
    return result
