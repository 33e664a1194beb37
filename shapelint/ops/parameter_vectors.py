"""All entries of several tensors in one axis, and back: `parameters_to_vector`, and the pair that processes exchange gradients by."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import product
from shapelint.values.model import Tensor, Tuple, Value


def _some(rng: random.Random) -> list[object]:
    return [t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3)))) for _ in range(rng.randint(1, 3))]


def _sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(TO_VECTOR.torch), (_some(rng),))


TO_VECTOR = op(
    "parameters_to_vector",
    (
        "torch.nn.utils.parameters_to_vector",
        "torch.nn.utils.convert_parameters.parameters_to_vector",
        "torch._utils._flatten_dense_tensors",
    ),
    "parameters",
    samples=_sample,
)


@TO_VECTOR.rule
def parameters_to_vector(cx: Context, parameters: Value) -> Value:
    """`[(a, b), (c,), …] -> (a*b + c + …,)`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
    """
    return Tensor.of(_entries([cx.ranked(x) for x in cx.tensors(parameters)]))


def _entries(tensors: list[Tensor]) -> Dim:
    return sum((product(x.shape.dims) for x in tensors), Dim.of(0))


def _apart_sample(rng: random.Random) -> Sample:
    tensors = _some(rng)
    count = 0
    for one in tensors:
        entries = 1
        for size in one.sizes:  # type: ignore[attr-defined]
            entries *= size
        count += entries
    return Sample(APART.torch[0], (t(max(count + rng.choice((0, 0, 1, -1)), 1)), tensors))


APART = op(
    "unflatten_dense_tensors",
    ("torch._utils._unflatten_dense_tensors",),
    "flat, tensors",
    (Constraint("C1", "reshape-size", "`flat` has as many entries as the tensors, or more"),),
    _apart_sample,
)


@APART.rule
def unflatten_dense_tensors(cx: Context, flat: Value, tensors: Value) -> Value:
    """`(a*b + c + …,), [(a, b), (c,), …] -> [(a, b), (c,), …]`

    C1: `flat` has as many entries as the tensors, or more.
    Follows https://docs.pytorch.org/docs/stable/notes/ddp.html
    """
    have = cx.ranked(cx.tensor(flat))
    given = [cx.ranked(x) for x in cx.tensors(tensors)]
    result = Tuple(tuple(x.with_dtype(have.dtype) for x in given))
    cx.expect(result)
    want, got = _entries(given), product(have.shape.dims)
    if cx.facts.at_least(want - got, 1, proof=True):
        headline = say("{subject} expects {want} entries but receives {got}", want=want, got=got)
        cx.refute("C1", headline, operand="flat", sizes=(want, got))
    return result
