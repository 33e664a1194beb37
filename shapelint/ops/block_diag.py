"""`torch.block_diag`: matrices along the diagonal of one."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Tensor, Value


def _sample(rng: random.Random) -> Sample:
    tensors = []
    for _ in range(rng.randint(1, 3)):
        rank = rng.choice([0, 1, 2, 2, 2, 2]) if rng.random() < 0.85 else 3
        tensors.append(t(*(rng.randint(1, 4) for _ in range(rank))))
    return Sample(rng.choice(BLOCK.torch), tuple(tensors))


BLOCK = op(
    "block_diag",
    ("torch.block_diag",),
    "*tensors",
    (Constraint("C1", "input-rank", "each tensor has at most two axes"),),
    _sample,
)


@BLOCK.rule
def block_diag(cx: Context, tensors: Value) -> Value:
    """`(n1, m1), (n2, m2), … -> (n1 + n2 + …, m1 + m2 + …)`; a vector is one row, a number a matrix of one entry.

    C1: at most two axes each.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.block_diag.html
    """
    rows, columns = Dim.of(0), Dim.of(0)
    given = cx.tensors(tensors)
    for x in given:
        headline = say("{subject}: input tensors must have 2 or fewer dimensions, not {shape}", shape=x.shape)
        x = cx.ranked(cx.ranks(x, (0, 1, 2), "C1", headline, "tensors"))
        sizes = [Dim.of(1), Dim.of(1), *x.shape.dims][-2:]
        rows, columns = rows + sizes[0], columns + sizes[1]
    kinds = {x.dtype for x in given}
    return Tensor(Shape((Axis.fresh(rows), Axis.fresh(columns))), kinds.pop() if len(kinds) == 1 else None)
