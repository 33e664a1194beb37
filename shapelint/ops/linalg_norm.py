"""`linalg.norm`, `linalg.vector_norm`, `linalg.matrix_norm`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.reductions import reduced, sample_dims
from shapelint.values.model import NoneValue, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` names axes of the tensor")
C2 = Constraint("C2", "axis-order", "no axis is named twice")


def _sample(rng: random.Random, name: str, least: int) -> Sample:
    rank = rng.randint(least, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    options: dict[str, object] = {}
    if rng.random() < 0.85:
        options["dim"] = sample_dims(rng, rank, True)
    if rng.random() < 0.3:
        options["keepdim"] = rng.random() < 0.5
    if rng.random() < 0.3:
        options["ord"] = rng.choice([1, 2])
    return Sample(name, (x,), options)


NORM = op(
    "linalg_norm",
    ("torch.linalg.norm",),
    "A, ord=None, dim=None, keepdim=False, *, out=None, dtype=None",
    (
        C1,
        C2,
        Constraint("C3", "invalid-option", "the norm is over one axis or two"),
        Constraint("C4", "invalid-option", "with `ord` and without `dim`, the tensor has one axis or two"),
    ),
    lambda rng: _sample(rng, "torch.linalg.norm", 1),
)


@NORM.rule
def linalg_norm(cx: Context, A: Value, ord: Value, dim: Value, keepdim: Value, out: Value, dtype: Value) -> Value:
    """`(*, n, *) -> (*, *)`; with `keepdim` `(*, 1, *)`; without `dim` all axes go.

    C1: `dim` names axes. C2: none twice. C3: one or two. C4: with `ord` alone, the tensor has one axis or two.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.norm.html
    """
    x = cx.tensor(A)
    if isinstance(dim, NoneValue):
        if not isinstance(ord, NoneValue):
            headline = say(
                "if dim is not specified but ord is, the input must be 1D or 2D but is {shape}", shape=x.shape
            )
            x = cx.ranks(x, (1, 2), "C4", headline, "A")
    elif len(cx.ints(dim)) not in (1, 2):
        cx.refute("C3", say("if dim is specified, it must be of length 1 or 2"), operand="dim")
    x, parts = reduced(cx, x, dim, cx.flag(keepdim))
    return x.with_parts(parts).with_dtype(dtype_kind(dtype, "float"))


VECTOR = op(
    "vector_norm",
    ("torch.linalg.vector_norm",),
    "x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None",
    (C1, C2),
    lambda rng: _sample(rng, "torch.linalg.vector_norm", 0),
)


@VECTOR.rule
def vector_norm(cx: Context, x: Value, ord: Value, dim: Value, keepdim: Value, dtype: Value, out: Value) -> Value:
    """`(*, n, *) -> (*, *)`; with `keepdim` `(*, 1, *)`; without `dim` all axes go.

    C1: `dim` names axes of the tensor. C2: none twice.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
    """
    tensor, parts = reduced(cx, cx.tensor(x), dim, cx.flag(keepdim))
    return tensor.with_parts(parts).with_dtype(dtype_kind(dtype, "float"))


def _matrix_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    options: dict[str, object] = {}
    if rng.random() < 0.8:
        dims = [rng.randrange(-rank, rank) if rng.random() < 0.9 else rank for _ in range(2)]
        options["dim"] = tuple(dims if rng.random() < 0.9 else dims[:1])
    if rng.random() < 0.4:
        options["keepdim"] = True
    if rng.random() < 0.4:
        options["ord"] = rng.choice([1, 2, "fro", "nuc"])
    return Sample("torch.linalg.matrix_norm", (x,), options)


MATRIX = op(
    "matrix_norm",
    ("torch.linalg.matrix_norm",),
    "A, ord='fro', dim=(-2, -1), keepdim=False, *, dtype=None, out=None",
    (
        C1,
        C2,
        Constraint("C3", "invalid-option", "`dim` names two axes"),
    ),
    _matrix_sample,
)


@MATRIX.rule
def matrix_norm(cx: Context, A: Value, ord: Value, dim: Value, keepdim: Value, dtype: Value, out: Value) -> Value:
    """`(*, m, n) -> (*)`; with `keepdim` `(*, 1, 1)`.

    C1: `dim` names axes of the tensor. C2: they differ. C3: they are two.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
    """
    numbers = cx.ints(dim)
    if len(numbers) != 2:
        cx.refute("C3", say("dim must be a 2-tuple but has {count} axes", count=len(numbers)), operand="dim")
    if numbers[0] == numbers[1]:
        cx.refute("C2", say("dims must be different but are both {dim}", dim=numbers[0]), operand="dim")
    x, parts = reduced(cx, cx.tensor(A), dim, cx.flag(keepdim))
    return x.with_parts(parts).with_dtype(dtype_kind(dtype, "float"))
