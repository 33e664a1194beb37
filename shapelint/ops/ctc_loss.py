"""`CTCLoss`: steps of class scores against a shorter sequence of labels."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Evidence, say, t
from shapelint.ops.losses import Arguments, draw_reduction, loss
from shapelint.shapes.dim import ONE, Dim
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Int, Tensor, Tuple, Unknown, Value


def _draw(rng: random.Random) -> tuple[tuple[Any, ...], dict[str, Any]]:
    steps, batch, classes, longest = rng.randint(2, 5), rng.randint(1, 3), rng.randint(2, 4), rng.randint(1, 4)
    input_lengths: Any = [rng.randint(1, steps) for _ in range(batch)]
    target_lengths: Any = [rng.randint(1, longest) for _ in range(batch)]
    scores = [steps, batch, classes]
    targets = [batch, longest] if rng.random() < 0.7 else [sum(target_lengths)]
    if rng.random() < 0.15:
        scores, input_lengths, target_lengths = [steps, classes], input_lengths[:1], target_lengths[:1]
        targets = rng.choice([[1, longest], [target_lengths[0]]])
    elif rng.random() < 0.05:
        scores = [*scores, 1] if rng.random() < 0.5 else [steps]
    if rng.random() < 0.1:
        targets[0] += 1
    if rng.random() < 0.04:
        targets = [*targets, 1, 1][:3]
    for lengths, most in ((input_lengths, steps), (target_lengths, longest)):
        if rng.random() < 0.06:
            lengths.append(1)
        if rng.random() < 0.06:
            lengths[0] = most + 1
    if rng.random() < 0.5:
        input_lengths, target_lengths = tuple(input_lengths), tuple(target_lengths)
    options = draw_reduction(rng, legacy=False)
    if rng.random() < 0.2:
        options["blank"] = rng.choice([0, classes - 1, classes, -1])
    return (t(*scores), t(*targets, dtype="int", high=1), input_lengths, target_lengths), options


@loss(
    "ctc_loss",
    "CTCLoss",
    "log_probs, targets, input_lengths, target_lengths",
    (
        "blank=0, reduction='mean', zero_infinity=False",
        "blank=0, reduction='mean', zero_infinity=False",
    ),
    (
        Constraint("C1", "loss-shape", "`log_probs` has two axes or three"),
        Constraint("C3", "loss-shape", "`targets` is (batch, longest), or (sum of the lengths,)"),
        Constraint("C4", "loss-shape", "there are as many lengths as the batch has sequences"),
        Constraint("C5", "loss-shape", "no length is longer than its sequence"),
        Constraint("C6", "invalid-option", "`blank` is a class"),
    ),
    _draw,
)
def ctc_loss(cx: Context, given: Arguments) -> Tensor:
    """`log_probs (T, N, C), targets (N, S), input_lengths (N), target_lengths (N) -> ()`, or `(N)` without
    reduction.

    `(T, C)` is one sequence; targets may stand end to end.

    C1: two axes or three. C2: a reduction that there is. C3: targets of the batch. C4: lengths of the batch. C5:
    lengths within the sequences. C6: a blank that is a class.
    """
    scores = cx.tensor(given["log_probs"])
    headline = say("log_probs has shape {x} but should be (steps, batch, classes)", x=scores.shape)
    scores = cx.ranks(scores, (2, 3), "C1", headline, "log_probs")
    if scores.shape.rank is None:
        scores = cx.ranked(scores)
    if scores.shape.rank == 3:
        step, batch, classes = scores.shape.axes
        exchanged = "batch" in _proved(cx, step) and "step" in _proved(cx, batch)
        cx.role(batch, "batch", "proved", "nn.CTCLoss reads the second axis as the batch")
    else:
        step, classes = scores.shape.axes
        batch = Axis.fresh(ONE)
        exchanged = False
    cx.role(step, "step", "proved", "nn.CTCLoss reads the first axis as steps")
    cx.role(classes, "class", "proved", "nn.CTCLoss reads the last axis as classes")
    result = Tensor(Shape((batch,) if scores.shape.rank == 3 else ()), "float")
    _check_blank(cx, given["blank"], classes.size)
    for name in ("input_lengths", "target_lengths"):
        _check_count(cx, given[name], batch.size, step.size, name)
    _check_longest(cx, given["input_lengths"], step.size, "input_lengths")
    _check_targets(cx, given, batch)
    if exchanged:
        headline = say(
            "log_probs of shape {x} is (batch, steps, classes) but should be (steps, batch, classes)", x=scores.shape
        )
        label = say("layers before read its first axis as the batch, and its second as the steps")
        cx.refute("C1", headline, label=label, operand="log_probs", possible=True)
    return result


def _proved(cx: Context, axis: Axis) -> set[str]:
    """The roles that layers prove of an axis."""
    found = cx.facts.roles.get(axis.factors[0], ()) if len(axis.factors) == 1 else ()
    return {e.role for e in found if isinstance(e, Evidence) and e.strength == "proved"}


def _check_blank(cx: Context, value: Value, classes: Dim) -> None:
    if not isinstance(value, Int):
        return
    blank = cx.int(value)
    if cx.facts.at_most(blank, -1, proof=True) or cx.facts.at_least(blank - classes, 0, proof=True):
        cx.refute("C6", say("blank {blank} must be in label range {n}", blank=blank, n=classes), operand="blank")


def _check_count(cx: Context, value: Value, batch: Dim, steps: Dim, name: str) -> None:
    if isinstance(value, Tuple):
        count = Dim.of(len(value.items))
    else:
        if isinstance(value, Unknown):
            return  # a tuple or a tensor
        try:
            lengths = cx.tensor(value)
        except CannotTell:
            return
        if lengths.shape.rank is None:
            return
        if lengths.dtype == "float":
            cx.refute("C4", say("{name} must be integral", name=name), operand=name)
        count = ONE
        for dim in lengths.shape.dims:
            count = count * dim
    relation = cx.facts.compare(batch, count)
    if relation is Verdict.UNSURE and count.value is None and cx.facts.compare(steps, count) is Verdict.SAME:
        # only equal numbers of steps and sequences could hide that the first two axes are swapped
        headline = say("{name} has {got} entries, which is the axis of steps of log_probs", name=name, got=count)
        cx.refute("C4", headline, label=say("{@log_probs} is read as (steps, batch, classes)"), possible=True)
    headline = say("{name} must be of size batch_size {batch}, but got {got}", name=name, batch=batch, got=count)
    cx.demand_equal("C4", batch, count, headline, operand=name)


def _numbers(cx: Context, value: Value) -> list[Dim]:
    """The numbers of a tuple, each by itself, or the one that a tensor is full of."""
    if isinstance(value, Tensor):
        fill = cx.fill(value)
        return [] if fill is None else [fill]
    if not isinstance(value, Tuple):
        return []
    return [cx.int(v) for v in value.items if isinstance(v, Int)]


def _check_longest(cx: Context, lengths: Value, most: Dim, name: str) -> None:
    for number in _numbers(cx, lengths):
        if cx.facts.at_least(number - most, 1, proof=True):
            cx.refute(
                "C5",
                say("expected {name} to have value at most {most}, but got {got}", name=name, most=most, got=number),
                operand=name,
                sizes=(most, number),
            )


def _check_targets(cx: Context, given: Arguments, batch: Axis) -> None:
    targets = cx.tensor(given["targets"])
    headline = say("targets of shape {t} should be (batch, longest) or one axis", t=targets.shape)
    targets = cx.ranks(targets, (1, 2), "C3", headline, "targets")
    if targets.shape.rank == 2:
        rows, longest = targets.shape.dims
        headline = say("expected targets to have size {a} at dimension 0, but got size {b}", a=batch.size, b=rows)
        cx.demand_equal("C3", batch.size, rows, headline, operand="targets")
        _check_longest(cx, given["target_lengths"], longest, "target_lengths")
    elif targets.shape.rank == 1:
        numbers = _numbers(cx, given["target_lengths"])
        if numbers and isinstance(given["target_lengths"], Tuple):
            total, got = sum(numbers[1:], numbers[0]), targets.shape.dims[0]
            if cx.facts.compare(total, got) is not Verdict.SAME:
                headline = say("expected targets to have size {a} at dimension 0, but got size {b}", a=total, b=got)
                cx.demand_equal("C3", total, got, headline, operand="targets")
