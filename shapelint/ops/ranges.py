"""Tensors of numbers in order: `arange`, `range`, `linspace`, `logspace`."""

from __future__ import annotations

import math
import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Message, Sample, op, say, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.factories import NEGATIVE, NOT_INTS, OPTIONS, asked_axis, some_options
from shapelint.shapes.dim import ONE, ZERO, Dim, maximum
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Dtype, External, Float, Int, NoneValue, Tensor, Value


def _arange_sample(rng: random.Random) -> Sample:
    def number() -> object:
        chance = rng.random()
        return rng.randint(-3, 9) if chance < 0.85 else rng.choice((0.5, 4.0, 7.25))

    start, end, step = number(), number(), rng.choice((1, 2, 3, -1, -2, 0, 0.5, -1.5))
    options = some_options(rng)
    if "dtype" in options:
        options["dtype"] = External("torch.float32")
    if all(isinstance(v, int) for v in (start, end, step)) and rng.random() < 0.2:
        options["dtype"] = External("torch.long")
    form = rng.randrange(5)
    if form == 0:
        return Sample("torch.arange", (end,), options)
    if form == 1:
        return Sample("torch.arange", (start, end), options)
    if form == 2:
        return Sample("torch.arange", (start, end, step), options)
    if form == 3:
        return Sample("torch.arange", (start,), {"end": end, "step": step, **options})
    return Sample("torch.arange", (), rng.choice(({"end": end}, {"start": start, "end": end})) | options)


ARANGE = op(
    "arange",
    ("torch.arange",),
    (f"end, {OPTIONS}", f"start, end, step=1, {OPTIONS}"),
    constraints=(
        Constraint("C1", "invalid-option", "`step` is not 0"),
        Constraint("C2", "invalid-option", "`end` lies in the direction of `step`"),
    ),
    samples=_arange_sample,
)


@ARANGE.rule
def arange(
    cx: Context, end: Value, dtype: Value, start: Value | None = None, step: Value | None = None, **options: Value
) -> Value:
    """`start, end, step -> (ceil((end - start) / step),)`.

    C1: `step` is not 0. C2: `end` lies in the direction of `step`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.arange.html
    """
    given = [v for v in (start, end, step) if v is not None]
    kind = dtype_kind(dtype) if not isinstance(dtype, NoneValue) else _kind(given)
    result = Tensor(Shape((cx.fresh("n"),)), kind)
    cx.expect(result)
    whole = kind != "float" and any(isinstance(v, Float) for v in given)
    axis = counted(cx, start or Int(ZERO), end, step or Int(ONE))
    # how torch rounds floats to ints before it counts is its own affair
    return result if whole else result.with_parts((axis,))


def _range_sample(rng: random.Random) -> Sample:
    def number() -> object:
        return rng.randint(-3, 9) if rng.random() < 0.85 else rng.choice((0.5, 4.0, 7.25))

    options = some_options(rng)
    if "dtype" in options:
        options["dtype"] = External("torch.float32")
    step = rng.choice((1, 2, 3, -1, -2, 0, 0.5))
    return Sample("torch.range", (number(), number()) if rng.random() < 0.5 else (number(), number(), step), options)


RANGE = op("range", ("torch.range",), f"start, end, step=1, {OPTIONS}", ARANGE.constraints.values(), _range_sample)


@RANGE.rule
def torch_range(cx: Context, start: Value, end: Value, step: Value, dtype: Value, **options: Value) -> Value:
    """`start, end, step -> (floor((end - start) / step) + 1,)`: the end is among them, and they are floats.

    C1: `step` is not 0. C2: `end` lies in the direction of `step`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.range.html
    """
    result = Tensor(Shape((cx.fresh("n"),)), dtype_kind(dtype, "float"))
    cx.expect(result)
    if any(isinstance(v, Float) for v in (start, end, step)):
        a, b, c = (_number(cx, v) for v in (start, end, step))
        if c == 0:
            cx.refute("C1", say("step must be nonzero"), operand="step")
        if a is None or b is None or c is None:
            return result
        if (b - a) * c < 0:
            cx.refute("C2", _wrong_way(str(a), str(b), str(c)), operand="end")
        return result.with_parts((Axis.fresh(math.floor((b - a) / c) + 1),))
    pace = cx.int(step).value
    if pace is None:
        return result
    last = Int(cx.int(end) + (1 if pace > 0 else -1)) if pace else end
    if pace and cx.facts.at_most((cx.int(end) - cx.int(start)) * (1 if pace > 0 else -1), -1, proof=True):
        cx.refute("C2", _wrong_way(cx.int(start), cx.int(end), pace), operand="end")
    return result.with_parts((counted(cx, start, last, step),))


def counted(cx: Context, start: Value, end: Value, step: Value, empty: bool = False) -> Axis:
    """The entries from `start` to `end`. Refutes C1, and C2 unless a range that leads the other way is `empty`."""
    if _number(cx, step) == 0:
        cx.refute("C1", say("step must be nonzero"), operand="step")
    if any(isinstance(v, Float) for v in (start, end, step)):
        return _float_count(cx, start, end, step, empty)
    try:
        a, b = cx.int(start), cx.int(end)
        c = cx.int(step).value
    except CannotTell:
        return cx.fresh("n")
    if c is None:
        return cx.fresh("n")
    way = b - a if c > 0 else a - b
    if cx.facts.at_most(way, -1, proof=True):
        if empty:
            return Axis.fresh(0)
        cx.refute("C2", _wrong_way(a, b, c), operand="end", sizes=(a, b))
    if not empty:
        cx.facts.raise_low(way, 0)
    count = (way + (abs(c) - 1)) // abs(c)
    return Axis.fresh(count if not empty or cx.facts.at_least(way, 0) else maximum([count, ZERO]))


def _wrong_way(start: Dim | str, end: Dim | str, step: int | str) -> Message:
    text = "upper bound and lower bound inconsistent with step sign: from {start} to {end} by {step}"
    return say(text, start=start, end=end, step=step)


def _kind(values: list[Value]) -> Dtype | None:
    if any(isinstance(v, Float) for v in values):
        return "float"
    if all(isinstance(v, Int) for v in values):
        return "int"
    return None


def _float_count(cx: Context, start: Value, end: Value, step: Value, empty: bool) -> Axis:
    """The number of entries where some number is a float."""
    if isinstance(end, Float) and end.exact is not None and isinstance(start, Int) and isinstance(step, Int):
        over, under = (cx.facts.resolve(d) for d in end.exact)
        if start.dim == ZERO and step.dim == ONE and cx.facts.at_least(under, 1) and cx.facts.at_least(over, 0):
            return Axis.fresh((over + under - 1) // under)
    a, b, c = (_number(cx, v) for v in (start, end, step))
    if a is None or b is None or c is None:
        return cx.fresh("n")
    if (b - a) * c < 0:
        if empty:
            return Axis.fresh(0)
        cx.refute("C2", _wrong_way(str(a), str(b), str(c)), operand="end")
    return Axis.fresh(math.ceil((b - a) / c))


def _number(cx: Context, value: Value) -> float | None:
    if isinstance(value, Float):
        return value.value
    try:
        return cx.int(value).value
    except CannotTell:
        return None


def _spaced_sample(rng: random.Random) -> Sample:
    name = rng.choice(SPACED.torch)
    ends = [rng.choice((0, 1.5, 3, -2, t(), t(dtype="int"))) for _ in range(2)]
    if rng.random() < 0.1:
        ends[rng.randrange(2)] = t(2)
    steps = rng.choice((0, 1, 2, 5, 5, 3, -1, 2.5))
    options = some_options(rng)
    if "dtype" in options:
        options["dtype"] = External(rng.choice(("torch.float64", "torch.long")))
    if any(not isinstance(e, (int, float)) for e in ends):
        options.pop("requires_grad", None)
    if rng.random() < 0.5:
        return Sample(name, (*ends, steps), options)
    return Sample(name, (), {"start": ends[0], "end": ends[1], "steps": steps, **options})


SPACED = op(
    "linspace",
    ("torch.linspace", "torch.logspace"),
    f"start, end, steps, base=10.0, {OPTIONS}",
    constraints=(
        NEGATIVE,
        NOT_INTS,
        Constraint("C3", "invalid-option", "`start` and `end` are numbers or tensors without axes"),
    ),
    samples=_spaced_sample,
)


@SPACED.rule
def spaced(cx: Context, start: Value, end: Value, steps: Value, dtype: Value, **options: Value) -> Value:
    """`start, end, steps -> (steps,)`.

    C1: `steps` is not negative. C2: it is an int. C3: `start` and `end` have no axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linspace.html
    """
    kind = dtype_kind(dtype, "float")
    cx.expect(Tensor(Shape((cx.fresh("steps"),)), kind))
    for name, value in (("start", start), ("end", end)):
        if isinstance(value, Tensor):
            headline = say(
                "{subject} only supports 0-dimensional start and end tensors but receives one of shape {shape}",
                shape=cx.tensor(value).shape,
            )
            cx.ranks(cx.tensor(value), (0,), "C3", headline, name)
    return Tensor(Shape((asked_axis(cx, steps),)), kind)
