"""`torch.distributions.kl_divergence`: how far one distribution is from another, for each of a batch."""

from __future__ import annotations

import random

from shapelint.ops.contract import Built, CannotTell, Constraint, Context, Layer, Sample, op, t
from shapelint.ops.distributions import FAMILIES, Shapes, shapes
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Shape
from shapelint.values.model import LayerValue, Tensor, Value

# families whose divergence from their own kind is computed entry by entry; others pick entries by masks of one batch
_PLAIN = ("Normal", "Laplace", "Gumbel", "Gamma", "Exponential", "HalfNormal")
_SAME = ("Bernoulli", "Beta", "Poisson", "Uniform")


def _drawn(rng: random.Random, name: str, batch: list[int]) -> Built:
    if name == "Bernoulli":
        return Built(f"torch.distributions.{name}", (), {"probs": t(*batch)})
    count = FAMILIES[name].signature.count(",")
    arguments = tuple(t(*batch) if i == 0 or rng.random() < 0.5 else 1.0 for i in range(count))
    return Built(f"torch.distributions.{name}", arguments, {"validate_args": False})


def _sample(rng: random.Random) -> Sample:
    first = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.2:
        name = rng.choice(_SAME)
        return Sample(KL.torch[0], (_drawn(rng, name, first), _drawn(rng, name, first)))
    name = rng.choice(_PLAIN)
    second = [n if rng.random() < 0.6 else rng.choice([1, n + 3]) for n in first][rng.randint(0, 1) :]
    return Sample(KL.torch[0], (_drawn(rng, name, first), _drawn(rng, name, second)))


KL = op(
    "kl_divergence",
    ("torch.distributions.kl_divergence", "torch.distributions.kl.kl_divergence"),
    "p, q",
    (Constraint("C1", "broadcast-shape", "the batches of the two distributions broadcast"),),
    _sample,
)


@KL.rule
def kl_divergence(cx: Context, p: Value, q: Value) -> Value:
    """`p of batch (*), q of batch (*) -> (*)`, broadcast.

    C1: the batches broadcast.
    Follows https://docs.pytorch.org/docs/stable/distributions.html#module-torch.distributions.kl
    """
    names, found = set(), []
    for value in (p, q):
        if not isinstance(value, LayerValue):
            raise CannotTell("dynamic-value")
        names.add(value.config.name.rpartition(".")[2])
        found.append(_shapes(cx, value))
    if len(names) != 1:
        raise CannotTell("dynamic-value")
    if not names <= set(_PLAIN):
        # the batch of both, where it is one
        first, second = (cx.facts.shape(Shape(one.batch)) for one in found)
        alike = first.ranked and second.ranked and first.rank == second.rank
        if (
            names <= set(_SAME)
            and alike
            and all(cx.facts.compare(a, b) is Verdict.SAME for a, b in zip(first.dims, second.dims, strict=True))
        ):
            return Tensor(first, "float")
        raise CannotTell("dynamic-value")
    batches = [Tensor(Shape(one.batch), "float") for one in found]
    return Tensor(Shape(cx.broadcast(batches, "C1")), "float")


def _shapes(cx: Context, value: LayerValue) -> Shapes:
    if value.config.name.rpartition(".")[2] not in FAMILIES:
        raise CannotTell("dynamic-value")
    op = cx.op
    from shapelint.ops.index import find

    cx.op = find(value.config.name)  # whose constraints its parameters are under; they held when it was built
    try:
        return shapes(cx, Layer(cx, value.config))
    finally:
        cx.op = op
