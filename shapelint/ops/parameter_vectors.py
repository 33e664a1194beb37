"""`torch.nn.utils.parameters_to_vector`: all entries of several tensors in one axis."""

from __future__ import annotations

import random

from shapelint.ops.contract import Context, Sample, op, t
from shapelint.shapes.shape import product
from shapelint.values.model import Tensor, Value


def _sample(rng: random.Random) -> Sample:
    tensors = [t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3)))) for _ in range(rng.randint(1, 3))]
    return Sample(rng.choice(TO_VECTOR.torch), (tensors,))


TO_VECTOR = op(
    "parameters_to_vector",
    ("torch.nn.utils.parameters_to_vector", "torch.nn.utils.convert_parameters.parameters_to_vector"),
    "parameters",
    samples=_sample,
)


@TO_VECTOR.rule
def parameters_to_vector(cx: Context, parameters: Value) -> Value:
    """`[(a, b), (c,), …] -> (a*b + c + …,)`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
    """
    given = [cx.ranked(x) for x in cx.tensors(parameters)]
    total = sum((product(x.shape.dims) for x in given[1:]), product(given[0].shape.dims)) if given else 0
    return Tensor.of(total)
