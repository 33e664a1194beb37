"""`nn.AdaptiveLogSoftmaxWithLoss`: the loss and the scores of many classes, those that are rare by way of clusters."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Sample, layer, say, t
from shapelint.values.model import Tensor, Tuple, Value

C1 = Constraint("C1", "linear-in-features", "the last axis of input has the size `in_features`")
_NAME = "torch.nn.AdaptiveLogSoftmaxWithLoss"
_SIGNATURE = "in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None, dtype=None"


def _built(rng: random.Random) -> tuple[int, tuple[object, ...]]:
    features = rng.choice([4, 8])
    return features, (features, 6, rng.choice([[2], [2, 4]]) if rng.random() < 0.9 else [4, 2])


def _sample(rng: random.Random) -> Sample:
    features, init = _built(rng)
    batch = [rng.randint(1, 3)] if rng.random() < 0.8 else []
    target = list(batch) if rng.random() < 0.8 else [*batch, 1] if rng.random() < 0.5 else [2]
    wrong = rng.random() < 0.15
    x = t(*batch, features + wrong) if rng.random() < 0.9 else t(2, 1, features)
    return Sample(_NAME, (x, t(*target, dtype="int", high=2)), init=init)


LOSS = layer(
    "AdaptiveLogSoftmaxWithLoss",
    (_NAME,),
    _SIGNATURE,
    "input, target",
    (
        C1,
        Constraint(
            "C2", "loss-shape", "input is `(N, in_features)` with a target `(N,)`, or `(in_features,)` with `()`"
        ),
        Constraint("C3", "loss-shape", "input and target have the same batch size"),
        Constraint("C4", "invalid-option", "`cutoffs` rise"),
    ),
    _sample,
)


@LOSS.build
def build(cx: Context, layer: Layer) -> None:
    numbers = [d.value for d in cx.ints(layer.value("cutoffs"))]
    known = [n for n in numbers if n is not None]
    if len(known) == len(numbers) and known != sorted(set(known)):
        cx.refute("C4", say("cutoffs should be a sequence of unique, positive integers sorted in an increasing order"))


@LOSS.rule
def adaptive_loss(cx: Context, layer: Layer, input: Value, target: Value) -> Value:
    """`input (N, in_features), target (N,) -> (output (N,), loss ())`; without `N`, `output ()`.

    C1: the last axis has `in_features` entries. C2: one axis or two, and one fewer of the target. C3: equal batches.
    C4: `cutoffs` rise.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
    """
    x, classes = cx.tensor(input), cx.tensor(target)
    headline = say("{subject} expects a target of one axis or none but receives {shape}", shape=classes.shape)
    classes = cx.ranks(classes, (0, 1), "C2", headline, "target")
    if classes.shape.rank is None and x.shape.rank is not None:
        fixed = cx.facts.fix_rank(classes.shape, x.shape.rank - 1)
        classes = classes.with_parts((fixed or classes.shape).parts)
    classes = cx.ranked(classes)
    rank = 1 + len(classes.shape.parts)
    headline = say(
        "{subject} expects input of {rank} axes for that target but receives {shape}", rank=rank, shape=x.shape
    )
    x = cx.ranks(x, (rank,), "C2", headline)
    result = Tuple(
        (classes.with_dtype("float"), Tensor.of(dtype="float")), names=("output", "loss"), type_name="_ASMoutput"
    )
    cx.expect(result)
    if rank == 2:
        want, got = x.shape.dims[0], classes.shape.dims[0]
        headline = say(
            "input and target should have the same size in the batch dimension, not {a} and {b}", a=want, b=got
        )
        cx.demand_equal("C3", want, got, headline, operand="target")
    _demand_features(cx, layer, x)
    return result


def _demand_features(cx: Context, layer: Layer, x: Tensor) -> None:
    want, got = layer.size("in_features"), x.shape.dims[-1]
    headline = say("{subject} expects {want} features but receives {got}", want=want, got=got)
    cx.demand_equal("C1", want, got, headline)
