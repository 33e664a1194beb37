"""`permute`: the same axes in another order."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.values.model import Value


def _sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 4)
    order = list(range(rank))
    rng.shuffle(order)
    if rng.random() < 0.2:
        order[rng.randrange(rank)] = rng.randint(-rank - 1, rank)
    if rng.random() < 0.15:
        order = order[:-1] if rng.random() < 0.5 else [*order, 0]
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    if rng.random() < 0.5:
        return Sample("torch.permute", (x, tuple(order)))
    return Sample("torch.Tensor.permute", (x, *order) if order and rng.random() < 0.5 else (x, order))


PERMUTE = op(
    "permute",
    ("torch.permute", "torch.Tensor.permute"),
    ("input, *dims", "input, dims"),
    constraints=(
        Constraint("C1", "axis-order", "`dims` names as many axes as the tensor has"),
        Constraint("C2", "axis-out-of-range", "every entry of `dims` is an axis of the tensor"),
        Constraint("C3", "axis-order", "no axis is named twice"),
    ),
    samples=_sample,
)


@PERMUTE.rule
def permute(cx: Context, input: Value, dims: Value) -> Value:
    """`(n0, n1, …) -> (n_dims[0], n_dims[1], …)`. The number of dims given fixes an unknown rank.

    C1: as many dims as axes. C2: each in range. C3: none twice.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.permute.html
    """
    order = cx.star_ints(dims)
    x = cx.ranks(
        cx.tensor(input),
        (len(order),),
        "C1",
        say(
            "{subject} names {count} axes of a tensor of shape {shape}", count=len(order), shape=cx.tensor(input).shape
        ),
    )
    places = []
    for dim in order:
        if dim.value is None:
            raise CannotTell("dynamic-value")
        places.append(cx.axis(x, dim.value, "C2")[1])
    if len(set(places)) != len(places):
        cx.refute(
            "C3",
            say("{subject} names an axis twice: {order}", order=str(tuple(d.value for d in order))),
            operand="dims",
        )
    return x.with_parts(tuple(x.shape.parts[p] for p in places))
