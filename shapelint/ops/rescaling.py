"""Parts of a tensor overwritten or scaled, which keeps its shape: `renorm`, `fill_diagonal_`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.values.model import Value


def _renorm_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    dim = rng.randrange(-rank, rank) if rng.random() < 0.7 else rank
    return Sample(rng.choice(RENORM.torch), (t(*(rng.randint(1, 3) for _ in range(rank))), 2, dim, 1.0))


RENORM = op(
    "renorm",
    both("renorm"),
    "input, p, dim, maxnorm, *, out=None",
    (
        Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor"),
        Constraint("C2", "input-rank", "the tensor has at least two axes"),
    ),
    _renorm_sample,
)


@RENORM.rule
def renorm(cx: Context, input: Value, p: Value, dim: Value, maxnorm: Value, out: Value) -> Value:
    """`(*) -> (*)`, each part along `dim` with a norm of at most `maxnorm`.

    C1: `dim` in range. C2: two axes or more.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.renorm.html
    """
    x = cx.tensor(input)
    headline = say("renorm: input needs at least 2 dimensions but has the shape {shape}", shape=x.shape)
    x = cx.at_least_rank(x, 2, "C2", headline)
    cx.expect(x)
    return cx.axis(x, dim, "C1")[0]


def _diagonal_sample(rng: random.Random) -> Sample:
    n = rng.randint(1, 4)
    sizes = [n] * rng.randint(1, 4)
    if len(sizes) == 2 or rng.random() < 0.3:
        sizes[-1] = rng.randint(1, 4)
    options = {"wrap": True} if rng.random() < 0.3 else {}
    return Sample("torch.Tensor.fill_diagonal_", (t(*sizes), 0.5), options)


FILL_DIAGONAL = op(
    "fill_diagonal_",
    ("torch.Tensor.fill_diagonal_",),
    "input, fill_value, wrap=False",
    (
        Constraint("C1", "input-rank", "the tensor has at least two axes"),
        Constraint("C2", "reshape-size", "all axes of a tensor of more than two have the same size"),
    ),
    _diagonal_sample,
)


@FILL_DIAGONAL.rule
def fill_diagonal_(cx: Context, input: Value, fill_value: Value, wrap: Value) -> Value:
    """`(n, m) -> (n, m)`, `(n, n, n, …) -> (n, n, n, …)`: a number along the diagonal.

    C1: two axes or more. C2: of more than two, all of one size.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html
    """
    x = cx.tensor(input)
    x = cx.at_least_rank(x, 2, "C1", say("dimensions must be at least 2, not those of {shape}", shape=x.shape))
    cx.expect(x)
    if x.shape.rank is not None and x.shape.rank > 2:
        first, *others = x.shape.dims
        for other in others:
            headline = say("all dimensions of input must be of equal length, not {a} and {b}", a=first, b=other)
            cx.demand_equal("C2", first, other, headline)
    return x
