"""Losses of entries against entries: `MSELoss`, `L1Loss`, `BCEWithLogitsLoss` and their family."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import Constraint, Context, T, say, t
from shapelint.ops.losses import LEGACY, Arguments, Draw, draw_reduction, loss, same_shape, within
from shapelint.shapes.shape import Shape
from shapelint.values.model import Float, Int, NoneValue, Tensor

BROADCAST = Constraint("C1", "loss-shape", "input and target broadcast")
SAME = Constraint("C1", "loss-shape", "target has the shape of input")
WEIGHT = Constraint("C3", "loss-shape", "`weight` has the shape of input")
OPTION = Constraint("C4", "invalid-option", "the option of the loss is in range")
FLOATS = Constraint("C4", "dtype-mismatch", "input and target hold floats")


def _sizes(rng: random.Random, low: int = 0) -> list[int]:
    return [rng.randint(1, 4) for _ in range(rng.randint(low, 3))]


def _draw(extra: dict[str, list[Any]], names: tuple[str, ...] = ("mean", "sum", "none"), legacy: bool = True) -> Draw:
    def draw(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
        sizes = _sizes(rng)
        other = list(sizes)
        if other and rng.random() < 0.25:
            other[rng.randrange(len(other))] = rng.choice([1, rng.randint(1, 4)])
        if rng.random() < 0.2:
            other = other[1:] if rng.random() < 0.6 else [2, *other]
        options = draw_reduction(rng, legacy, names)
        for name, values in extra.items():
            if rng.random() < 0.3:
                options[name] = rng.choice(values)
        if "weight" in options:
            options["weight"] = t(*sizes) if rng.random() < 0.6 else t(*sizes[1:], 5)
        return (t(*sizes), t(*other)), options

    return draw


def _pair(cx: Context, given: Arguments) -> tuple[Tensor, Tensor]:
    return cx.tensor(given["input"]), cx.tensor(given["target"])


def _broadcast(cx: Context, given: Arguments) -> Tensor:
    a, b = _pair(cx, given)
    return Tensor(Shape(cx.broadcast([a, b], "C1")), "float")


def _check_weight(cx: Context, given: Arguments) -> None:
    weight = given.get("weight")
    if weight is None or isinstance(weight, NoneValue):
        return
    a, w = cx.tensor(given["input"]), cx.tensor(weight)
    same_shape(
        cx, "C3", a, w, say("weight of shape {w} and input {a} must have the same size", w=w.shape, a=a.shape), "weight"
    )


def _check_option(cx: Context, given: Arguments, name: str, positive: bool) -> None:
    value = given[name]
    number = value.value if isinstance(value, Float) else value.dim.value if isinstance(value, Int) else None
    if number is not None and (number < 0 or (positive and number == 0)):
        cx.refute("C4", say("{name} is out of range: {got}", name=name, got=str(number)), operand=name)


@loss(
    "mse_loss",
    "MSELoss",
    "input, target",
    (f"{LEGACY}, weight=None", LEGACY),
    (BROADCAST,),
    _draw({"weight": [None]}),
    function_only=(WEIGHT,),
)
def mse(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or the broadcast shape without reduction: targets broadcast.

    C1: they broadcast. C2: a reduction that there is. C3: a weight for every entry.
    """
    _check_weight(cx, given)
    return _broadcast(cx, given)


@loss(
    "l1_loss",
    "L1Loss",
    "input, target",
    (f"{LEGACY}, weight=None", LEGACY),
    (BROADCAST,),
    _draw({"weight": [None]}),
    function_only=(WEIGHT,),
)
def l1(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or the broadcast shape without reduction: targets broadcast.

    C1: they broadcast. C2: a reduction that there is. C3: a weight for every entry.
    """
    _check_weight(cx, given)
    return _broadcast(cx, given)


@loss(
    "smooth_l1_loss",
    "SmoothL1Loss",
    "input, target",
    (f"{LEGACY}, beta=1.0", f"{LEGACY}, beta=1.0"),
    (BROADCAST, OPTION),
    _draw({"beta": [0.5, 2, 0, -1.0]}),
)
def smooth_l1(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or the broadcast shape without reduction: targets broadcast.

    C1: they broadcast. C2: a reduction that there is. C4: `beta` is not negative.
    """
    _check_option(cx, given, "beta", positive=False)
    return _broadcast(cx, given)


@loss(
    "huber_loss",
    "HuberLoss",
    "input, target",
    ("reduction='mean', delta=1.0, weight=None", "reduction='mean', delta=1.0"),
    (BROADCAST, OPTION),
    _draw({"delta": [0.5, 2, 0, -1.0], "weight": [None]}, legacy=False),
    function_only=(WEIGHT,),
)
def huber(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or the broadcast shape without reduction: targets broadcast.

    C1: they broadcast. C2: a reduction that there is. C3: a weight per entry. C4: `delta` positive.
    """
    _check_option(cx, given, "delta", positive=True)
    _check_weight(cx, given)
    return _broadcast(cx, given)


_KL = ("mean", "sum", "none", "batchmean")


@loss(
    "kl_div",
    "KLDivLoss",
    "input, target",
    (f"{LEGACY}, log_target=False", f"{LEGACY}, log_target=False"),
    (BROADCAST,),
    _draw({"log_target": [True, False]}, _KL),
    _KL,
)
def kl(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or the broadcast shape without reduction: targets broadcast.

    C1: they broadcast. C2: a reduction that there is, or batchmean.
    """
    return _broadcast(cx, given)


_POISSON = "log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean'"


@loss(
    "poisson_nll_loss",
    "PoissonNLLLoss",
    "input, target",
    (_POISSON, _POISSON),
    (BROADCAST,),
    _draw({"log_input": [True, False], "full": [False]}),
)
def poisson(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or the broadcast shape without reduction: targets broadcast.

    C1: they broadcast. C2: a reduction that there is.
    """
    return _broadcast(cx, given)


@loss(
    "hinge_embedding_loss",
    "HingeEmbeddingLoss",
    "input, target",
    (f"margin=1.0, {LEGACY}", f"margin=1.0, {LEGACY}"),
    (BROADCAST,),
    _draw({"margin": [0.5, 2.0]}),
)
def hinge(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or the broadcast shape without reduction: targets broadcast.

    C1: they broadcast. C2: a reduction that there is.
    """
    return _broadcast(cx, given)


@loss(
    "soft_margin_loss",
    "SoftMarginLoss",
    "input, target",
    (LEGACY, LEGACY),
    (Constraint("C1", "loss-shape", "target broadcasts to the shape of input"),),
    _draw({}),
)
def soft_margin(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or `(*)` without reduction.

    C1: the target broadcasts to the shape of input. C2: a reduction that there is.
    """
    a, b = _pair(cx, given)
    headline = say("target of shape {b} cannot be broadcast to input of shape {a}", a=a.shape, b=b.shape)
    within(cx, "C1", a.shape, b, headline, "target")
    return a.with_dtype("float")


def _draw_binary(names: tuple[str, ...]) -> Draw:
    def draw(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
        sizes = _sizes(rng)
        other = list(sizes)
        if other and rng.random() < 0.12:
            other[rng.randrange(len(other))] = rng.choice([1, rng.randint(1, 4)])
        if rng.random() < 0.12:
            other = other[1:] if rng.random() < 0.6 else [1, *other]
        options = draw_reduction(rng)
        for name in names:
            if rng.random() < 0.3:
                given = list(sizes[rng.randint(0, len(sizes)) :])
                if given and rng.random() < 0.4:
                    given[rng.randrange(len(given))] = rng.choice([1, 5])
                options[name] = t(*given) if rng.random() < 0.9 else t(2, *sizes)
        kind: Any = rng.choice(["int", "bool"]) if rng.random() < 0.06 else "float"
        return (t(*sizes, dtype="float" if rng.random() < 0.97 else "int"), t(*other, dtype=kind)), options

    return draw


def _binary(cx: Context, given: Arguments, weights: tuple[str, ...]) -> Tensor:
    a, b = _pair(cx, given)
    result = a.with_dtype("float")
    for name, x in (("input", a), ("target", b)):
        if x.dtype in ("int", "bool"):
            headline = say("{subject} expects floats but {name} holds {dtype}s", name=name, dtype=x.dtype)
            cx.refute("C4", headline, operand=name)
    headline = say("target size {b} must be the same as input size {a}", a=a.shape, b=b.shape)
    same_shape(cx, "C1", a, b, headline)
    for name in weights:
        weight = cx.maybe_tensor(given[name])
        if weight is not None:
            headline = say("{name} of shape {w} cannot be broadcast to {a}", name=name, w=weight.shape, a=a.shape)
            within(cx, "C3", cx.facts.shape(a.shape), weight, headline, name)
    return result


_WITHIN = Constraint("C3", "loss-shape", "`weight` (and `pos_weight`) broadcast to the shape of input")


@loss(
    "binary_cross_entropy",
    "BCELoss",
    "input, target",
    (f"weight=None, {LEGACY}", f"weight=None, {LEGACY}"),
    (SAME, _WITHIN, FLOATS),
    _draw_binary(("weight",)),
)
def bce(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or `(*)` without reduction: both have the very same shape.

    C1: one shape. C2: a reduction that there is. C3: the weight broadcasts to it. C4: floats.
    """
    return _binary(cx, given, ("weight",))


@loss(
    "binary_cross_entropy_with_logits",
    "BCEWithLogitsLoss",
    "input, target",
    (f"weight=None, {LEGACY}, pos_weight=None", f"weight=None, {LEGACY}, pos_weight=None"),
    (SAME, _WITHIN, FLOATS),
    _draw_binary(("weight", "pos_weight")),
)
def bce_with_logits(cx: Context, given: Arguments) -> Tensor:
    """`input (*), target (*) -> ()`, or `(*)` without reduction: both have the very same shape.

    C1: one shape. C2: a reduction that there is. C3: the weights broadcast to it. C4: floats.
    """
    return _binary(cx, given, ("weight", "pos_weight"))


def _draw_labels(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    sizes = _sizes(rng)
    if len(sizes) == 3 and rng.random() < 0.7:
        sizes = sizes[1:]
    other = list(sizes)
    if other and rng.random() < 0.2:
        other[rng.randrange(len(other))] = rng.randint(1, 4)
    if rng.random() < 0.15:
        other = other[1:] if rng.random() < 0.5 else [1, *other]
    kind: Any = "int" if rng.random() < 0.93 else "float"
    return (t(*sizes), t(*other, dtype=kind, high=1)), draw_reduction(rng)


@loss(
    "multilabel_margin_loss",
    "MultiLabelMarginLoss",
    "input, target",
    (LEGACY, LEGACY),
    (SAME, Constraint("C3", "loss-shape", "input has at most two axes"), Constraint("C4", "dtype-mismatch", "ints")),
    _draw_labels,
)
def multilabel_margin(cx: Context, given: Arguments) -> Tensor:
    """`input (N, C), target (N, C) -> ()`, or `(N)` without reduction.

    C1: one shape. C2: a reduction that there is. C3: two axes at most. C4: the target holds ints.
    """
    a, b = _pair(cx, given)
    a = cx.ranks(a, (0, 1, 2), "C3", say("{subject} expects a vector or a matrix but receives {a}", a=a.shape))
    if b.dtype in ("float", "bool"):
        cx.refute("C4", say("{subject} expects a target of ints but receives {kind}s", kind=b.dtype), operand="target")
    headline = say("inconsistent target size {b} for input of size {a}", a=a.shape, b=b.shape)
    ranks = {a.shape.rank, b.shape.rank}
    if ranks == {0, 1}:  # a lone entry is taken with or without its axis
        for size in (*a.shape.dims, *b.shape.dims):
            cx.demand_equal("C1", 1, size, headline, operand="target")
    elif None not in ranks or 2 in ranks:
        same_shape(cx, "C1", a, b, headline)
        a = cx.tensor(a)
    if a.shape.rank is None:
        return Tensor.unknown(dtype="float")
    return a.with_parts(a.shape.parts[:-1] if a.shape.rank == 2 else ()).with_dtype("float")


def _draw_soft_labels(rng: random.Random) -> tuple[tuple[T, ...], dict[str, Any]]:
    args, options = _draw({})(rng)
    if rng.random() < 0.3:
        sizes = args[0].sizes
        options["weight"] = t(*sizes[-1:]) if rng.random() < 0.6 else t(5)
    return args, options


@loss(
    "multilabel_soft_margin_loss",
    "MultiLabelSoftMarginLoss",
    "input, target",
    (f"weight=None, {LEGACY}", f"weight=None, {LEGACY}"),
    (
        BROADCAST,
        Constraint("C3", "loss-shape", "`weight` broadcasts with input"),
        Constraint("C4", "loss-shape", "input has at least one axis"),
    ),
    _draw_soft_labels,
)
def multilabel_soft_margin(cx: Context, given: Arguments) -> Tensor:
    """`input (*, C), target (*, C) -> ()`, or `(*)` without reduction.

    C1: they broadcast. C2: a reduction that there is. C3: the weight broadcasts. C4: there is a class axis.
    """
    a, b = _pair(cx, given)
    if a.shape.rank == 0:
        cx.refute("C4", say("{subject} expects input with a class axis but receives a scalar"))
    each = Tensor(Shape(cx.broadcast([a, b], "C1")), "float")
    weight = cx.maybe_tensor(given["weight"])
    if weight is not None:
        each = Tensor(Shape(cx.broadcast([each, weight], "C3")), "float")
    # torch takes the mean over the axis that is the last one of input, counted from the left
    if a.shape.rank is None or each.shape.rank is None:
        return Tensor.unknown(dtype="float")
    place = len(a.shape.parts) - 1
    cx.role(a.shape.parts[-1], "class", "proved", "nn.MultiLabelSoftMarginLoss reads it as classes")
    return each.with_parts((*each.shape.parts[:place], *each.shape.parts[place + 1 :]))
