"""Losses of scores against classes: `CrossEntropyLoss`, `NLLLoss`, `MultiMarginLoss`."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Message, T, say, t
from shapelint.ops.losses import LEGACY, Arguments, Draw, draw_reduction, loss, same_shape
from shapelint.shapes.dim import ONE
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Float, Int, Tensor, Value

TARGET = Constraint("C1", "loss-shape", "the target has the shape of input without its class axis")
RANK = Constraint("C3", "loss-shape", "input has a class axis, and the target an axis less than input")
WEIGHT = Constraint("C4", "loss-shape", "`weight` has one entry per class")
KIND = Constraint("C5", "dtype-mismatch", "classes are ints; probabilities are floats of the shape of input")
OPTION = Constraint("C6", "invalid-option", "the options of the loss are in range")


def _without_class(cx: Context, x: Tensor) -> Tensor:
    """What the loss gives per entry: input without axis 1, or without its only axis."""
    if x.shape.rank is None:
        if len(x.shape.prefix) < 2:
            return Tensor.unknown(dtype="float")
        return x.with_parts((x.shape.parts[0], *x.shape.parts[2:])).with_dtype("float")
    if x.shape.rank == 1:
        return x.with_parts(()).with_dtype("float")
    return x.with_parts((x.shape.parts[0], *x.shape.parts[2:])).with_dtype("float")


def _classes(cx: Context, x: Tensor) -> Axis | None:
    """The class axis, where it is known which that is."""
    if x.shape.rank == 1:
        part = x.shape.parts[0]
    elif len(x.shape.prefix) >= 2:
        part = x.shape.prefix[1]
    else:
        return None
    assert isinstance(part, Axis)
    cx.role(part, "class", "proved", "the loss reads it as classes")
    return part


def _check_weight(cx: Context, value: Value, classes: Axis | None) -> None:
    weight = cx.maybe_tensor(value)
    if weight is None:
        return
    headline = say("weight of shape {w} should have one entry per class", w=weight.shape)
    weight = cx.ranks(weight, (1,), "C4", headline, "weight")
    if classes is not None:
        got = weight.shape.dims[0]
        headline = say("weight should have {want} entries, one per class, but has {got}", want=classes.size, got=got)
        cx.demand_equal("C4", classes.size, got, headline, operand="weight")


def _open_rank(cx: Context, x: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Learn one rank from the other, for a target of classes: an axis less. A lone entry may stand for none."""
    facts = cx.facts
    if target.shape.rank is not None and target.shape.rank >= 2:
        x = x.with_parts((facts.fix_rank(x.shape, target.shape.rank + 1) or x.shape).parts)
    elif x.shape.rank is not None and x.shape.rank >= 2:
        target = target.with_parts((facts.fix_rank(target.shape, x.shape.rank - 1) or target.shape).parts)
    return x, target


def check_classes(cx: Context, x: Tensor, target: Tensor) -> None:
    """Demand a target of classes: `(N, d1, …)` for input `(N, C, d1, …)`, `()` for `(C,)`."""
    if x.shape.rank is None or target.shape.rank is None:
        return
    rank, got = x.shape.rank, target.shape.rank
    headline = say("expected a target with one axis less than input {x} but got {t}", x=x.shape, t=target.shape)
    if rank == 1:
        if got > 1:
            cx.refute("C3", headline, operand="target")
        if got == 1:
            cx.demand_equal("C1", ONE, target.shape.dims[0], headline, operand="target")
        return
    if got != rank - 1:
        cx.refute("C3", headline, operand="target")
    want = Shape((x.shape.parts[0], *x.shape.parts[2:]))
    batch, *rest = want.axes
    first, *others = target.shape.axes
    headline = say("expected target size {want}, got {got}", want=want, got=target.shape)
    _check_class_last(cx, x, target, headline)
    cx.demand_equal(
        "C1",
        batch.size,
        first.size,
        say("expected input batch_size ({a}) to match target batch_size ({b})", a=batch.size, b=first.size),
        label=say("input is {x}, target {t}", x=x.shape, t=target.shape),
        operand="target",
    )
    for a, b in zip(rest, others, strict=True):
        label = say("input is {x}, its class axis is axis 1", x=x.shape)
        cx.demand_equal("C1", a.size, b.size, headline, label=label, operand="target")


def _check_class_last(cx: Context, x: Tensor, target: Tensor, headline: Message) -> None:
    """Input `(N, d1, C)` against a target `(N, d1)`: the classes stand last, where torch looks for them on axis 1.
    Equal sizes could hide it."""
    compare, same = cx.facts.compare, Verdict.SAME
    given, lead, rest = target.shape.dims, x.shape.dims[:-1], (x.shape.dims[0], *x.shape.dims[2:])
    if len(lead) < 2 or not all(compare(a, b) is same for a, b in zip(given, lead, strict=True)):
        return
    if all(compare(a, b) is same for a, b in zip(given, rest, strict=True)) or all(d.value is not None for d in given):
        return
    certain = any(compare(a, b, proof=True) is Verdict.DIFFERENT for a, b in zip(given, rest, strict=True))
    label = say("input is {x}: its class axis is axis 1, and the target has that size there", x=x.shape)
    cx.refute("C1", headline, label=label, operand="target", possible=not certain)


def _draw_classes(probabilities: bool, smoothing: bool) -> Draw:
    def draw(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
        classes = rng.randint(1, 4)
        sizes = [rng.randint(1, 4), classes, *(rng.randint(1, 4) for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3])))]
        if rng.random() < 0.12:
            sizes = [classes]
        elif rng.random() < 0.02:
            sizes = []
        target = [*sizes[:1], *sizes[2:]] if len(sizes) > 1 else []
        kind: Any = "int"
        if probabilities and rng.random() < 0.3:
            target, kind = list(sizes), "float"
        if target and rng.random() < 0.12:
            target[rng.randrange(len(target))] = rng.randint(1, 4)
        if rng.random() < 0.1:
            target = [*target, 1] if rng.random() < 0.6 else target[1:]
        if rng.random() < 0.05:
            kind = rng.choice(["float", "bool", "int"])
        options = draw_reduction(rng)
        if rng.random() < 0.2:
            options["weight"] = t(classes if rng.random() < 0.7 else classes + 1)
        if smoothing and rng.random() < 0.2:
            options["label_smoothing"] = rng.choice([0.1, 0.0, 1.5])
        if rng.random() < 0.1:
            options["ignore_index"] = rng.choice([-1, 2])
        return (t(*sizes), t(*target, dtype=kind, high=1)), options

    return draw


_CE_OPTIONS = "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0.0"


@loss(
    "cross_entropy",
    "CrossEntropyLoss",
    "input, target",
    (_CE_OPTIONS, _CE_OPTIONS),
    (TARGET, RANK, WEIGHT, KIND, OPTION),
    _draw_classes(probabilities=True, smoothing=True),
)
def cross_entropy(cx: Context, given: Arguments) -> Tensor:
    """`input (N, C, d1, …), target (N, d1, …) -> ()`, or `(N, d1, …)` without reduction; `(C)` with `()`.

    A target of floats holds probabilities and has the shape of input.

    C1: the target is input without the class axis. C2: a reduction that there is. C3: a class axis, and a target of
    one axis less. C4: one weight per class. C5: classes are ints, probabilities floats. C6: options in range.
    """
    x, target = cx.tensor(given["input"]), cx.tensor(given["target"])
    smoothing = given["label_smoothing"]
    if isinstance(smoothing, Float) and smoothing.value is not None and not 0 <= smoothing.value <= 1:
        cx.refute("C6", say("label_smoothing must be between 0.0 and 1.0"), operand="label_smoothing")
    if target.dtype in ("float", "bool"):
        return _against_probabilities(cx, given, x, target)
    if target.dtype is None and x.shape.rank == target.shape.rank and (x.shape.rank or 0) > 1:
        return _against_probabilities(cx, given, x, target)  # ints it would refuse
    if x.shape.rank == 0:
        cx.refute("C3", say("{subject} expects input with a class axis but receives a scalar"))
    if x.shape.rank is None:
        x = cx.guess_rank(x, max(len(x.shape.parts) - 1, 2))
    if x.shape.rank is not None and x.shape.rank >= 2 and target.shape.rank is None:
        target = cx.guess_rank(target, x.shape.rank - 1)
    if target.dtype is None and (
        x.shape.rank is None or x.shape.rank == target.shape.rank or target.shape.rank is None
    ):
        _check_weight(cx, given["weight"], _classes(cx, x))
        return _without_class(cx, x)
    x, target = _open_rank(cx, x, target)
    if x.shape.rank is not None and target.shape.rank == x.shape.rank and x.shape.rank != 1:
        if _alike(cx, x, target):
            headline = say("expected floating point type for target with class probabilities, got ints")
            cx.refute("C5", headline, operand="target")
        headline = say("expected a target with one axis less than input {x} but got {t}", x=x.shape, t=target.shape)
        cx.refute("C3", headline, operand="target")
    if x.shape.rank == 1 and target.shape.rank == 1 and _alike(cx, x, target):
        # read as probabilities, which ints cannot be
        cx.refute("C5", say("expected floating point type for target with class probabilities"), operand="target")
    result = _without_class(cx, x)
    smooths = isinstance(smoothing, Float) and smoothing.value is not None and smoothing.value > 0
    if (
        smooths and x.shape.rank == 1 and target.shape.rank == 1
    ):  # which is taken for none only where nothing is smoothed
        cx.refute(
            "C3", say("output with shape [] doesn't match the target's shape {t}", t=target.shape), operand="target"
        )
    check_classes(cx, x, target)
    _check_weight(cx, given["weight"], _classes(cx, x))
    return result


def _alike(cx: Context, x: Tensor, target: Tensor) -> bool:
    pairs = zip(x.shape.dims, target.shape.dims, strict=True)
    return all(cx.facts.compare(a, b) is Verdict.SAME for a, b in pairs)


def _against_probabilities(cx: Context, given: Arguments, x: Tensor, target: Tensor) -> Tensor:
    headline = say(
        "a target of floats holds probabilities, and has the shape of input {x}, not {t}", x=x.shape, t=target.shape
    )
    if target.dtype == "bool":
        cx.refute("C5", say("{subject} expects a target of classes (ints) but receives bools"), operand="target")
    if x.shape.rank is not None and target.shape.rank is not None and x.shape.rank != target.shape.rank:
        cx.refute(
            "C5",
            say("expected target dtype to be Long, but the target of shape {t} holds floats", t=target.shape),
            operand="target",
        )
    if x.shape.rank == 0:
        cx.refute("C3", say("{subject} expects input with a class axis but receives a scalar"))
    same_shape(cx, "C1", x, target, headline)
    x = cx.tensor(x)
    ignored = given["ignore_index"]
    if isinstance(ignored, Int) and ignored.dim.value is not None and ignored.dim.value >= 0:
        cx.refute("C6", say("ignore_index is not supported for floating point target"), operand="ignore_index")
    _check_weight(cx, given["weight"], _classes(cx, x))
    return _without_class(cx, x)


_NLL_OPTIONS = f"weight=None, {LEGACY.replace('reduce=', 'ignore_index=-100, reduce=')}"


@loss(
    "nll_loss",
    "NLLLoss",
    "input, target",
    (_NLL_OPTIONS, _NLL_OPTIONS),
    (TARGET, RANK, WEIGHT, KIND),
    _draw_classes(probabilities=False, smoothing=False),
)
def nll_loss(cx: Context, given: Arguments) -> Tensor:
    """`input (N, C, d1, …), target (N, d1, …) -> ()`, or `(N, d1, …)` without reduction; `(C)` with `()`.

    C1: the target is input without the class axis. C2: a reduction that there is. C3: a class axis, and a target of
    one axis less. C4: one weight per class. C5: classes are ints.
    """
    x, target = cx.tensor(given["input"]), cx.tensor(given["target"])
    if x.shape.rank == 0:
        cx.refute("C3", say("{subject} expects input with a class axis but receives a scalar"))
    x, target = _open_rank(cx, x, target)
    result = _without_class(cx, x)
    if target.dtype in ("float", "bool"):
        headline = say("expected target dtype to be Long, but it holds {kind}s", kind=target.dtype)
        cx.refute("C5", headline, operand="target")
    check_classes(cx, x, target)
    _check_weight(cx, given["weight"], _classes(cx, x))
    return result


def _draw_margin(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    classes, batch = rng.randint(1, 4), rng.randint(1, 4)
    sizes = rng.choice([[batch, classes], [batch, classes], [classes], [batch, classes, 2]])
    target = [batch] if len(sizes) > 1 else rng.choice([[], [1], [2]])
    if target and rng.random() < 0.15:
        target[0] = rng.randint(1, 4)
    if rng.random() < 0.08:
        target = [*target, 1]
    options = draw_reduction(rng)
    if rng.random() < 0.2:
        options["weight"] = t(classes if rng.random() < 0.7 else classes + 1)
    if rng.random() < 0.2:
        options["p"] = rng.choice([1, 2, 3])
    return (t(*sizes), t(*target, dtype="int" if rng.random() < 0.94 else "float", high=1)), options


_MARGIN = f"p=1, margin=1.0, weight=None, {LEGACY}"


@loss(
    "multi_margin_loss",
    "MultiMarginLoss",
    "input, target",
    (_MARGIN, _MARGIN),
    (TARGET, RANK, WEIGHT, KIND, OPTION),
    _draw_margin,
)
def multi_margin_loss(cx: Context, given: Arguments) -> Tensor:
    """`input (N, C), target (N) -> ()`, or `(N)` without reduction; `(C)` with `()`.

    C1: the target is input without the class axis. C2: a reduction that there is. C3: a class axis, and a target of
    one axis less. C4: one weight per class. C5: classes are ints. C6: `p` is 1 or 2.
    """
    x, target = cx.tensor(given["input"]), cx.tensor(given["target"])
    p = given["p"]
    if isinstance(p, Int) and p.dim.value not in (None, 1, 2):
        cx.refute("C6", say("only p == 1 and p == 2 supported"), operand="p")
    x = cx.ranks(x, (0, 1, 2), "C3", say("{subject} expects a vector or a matrix but receives {x}", x=x.shape))
    if target.dtype in ("float", "bool"):
        headline = say("expected target of ints, but it holds {kind}s", kind=target.dtype)
        cx.refute("C5", headline, operand="target")
    if x.shape.rank == 0:
        raise CannotTell("dynamic-value")
    x, target = _open_rank(cx, x, target)
    check_classes(cx, x, target)
    _check_weight(cx, given["weight"], _classes(cx, x))
    if target.shape.rank is None and x.shape.rank == 1:
        return Tensor.unknown(dtype="float")  # one class, with an axis or without
    return target.with_dtype("float")
