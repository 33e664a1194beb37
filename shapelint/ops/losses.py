"""What losses have in common: a function and a layer of one meaning, and a reduction of what they give per entry."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Message, Op, Sample, layer, op, say
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Segment, Shape
from shapelint.values.model import NoneValue, Str, Tensor, Value

Arguments = Mapping[str, Value]
Check = Callable[[Context, Arguments], Tensor]
Draw = Callable[[random.Random], "tuple[tuple[Any, ...], dict[str, Any]]"]

NAMES = ("mean", "sum", "none")
LEGACY = "size_average=None, reduce=None, reduction='mean'"
REDUCTION = Constraint("C2", "invalid-option", "`reduction` is mean, sum or none")
_PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.nn"


def loss(
    function: str,
    layer_name: str,
    inputs: str,
    options: tuple[str, str],
    constraints: Iterable[Constraint],
    draw: Draw,
    reductions: tuple[str, ...] = NAMES,
    function_only: tuple[Constraint, ...] = (),
) -> Callable[[Check], tuple[Op, Op]]:
    """Decorator: the ops of a loss, a function and a layer, from the check that gives it before it is reduced.

    `options` are the other parameters, of the function and of the layer; `function_only` what is demanded of those that
    the layer has not got. The decorated check is called with all arguments by name;
    its docstring is that of both.
    """
    limits = (*constraints, REDUCTION)

    def decorate(check: Check) -> tuple[Op, Op]:
        documentation = (check.__doc__ or "").rstrip()

        def function_sample(rng: random.Random) -> Sample:
            args, given = draw(rng)
            return Sample(as_function.torch[0], args, given)

        def layer_sample(rng: random.Random) -> Sample:
            args, given = draw(rng)
            known = as_layer.signatures[0].by_name
            return Sample(as_layer.torch[0], args, init_kwargs={k: v for k, v in given.items() if k in known})

        as_function = op(
            function,
            (f"torch.nn.functional.{function}",),
            f"{inputs}, {options[0]}",
            (*limits, *function_only),
            function_sample,
        )
        as_layer = layer(layer_name, (f"torch.nn.{layer_name}",), options[1], inputs, limits, layer_sample)

        def function_rule(cx: Context, **given: Value) -> Value:
            return _run(cx, check, given, reductions)

        def layer_rule(cx: Context, built: Layer, **given: Value) -> Value:
            defaults = {n: p.default for n, p in as_function.signatures[0].by_name.items() if p.default is not None}
            arguments = {**defaults, **built.config.args, **given}
            return _run(cx, check, arguments, reductions)

        function_rule.__doc__ = f"{documentation}\n\n    Follows {_PAGE}.functional.{function}.html"
        layer_rule.__doc__ = f"{documentation}\n\n    Follows {_PAGE}.{layer_name}.html"
        as_function.rule(function_rule)
        as_layer.rule(layer_rule)
        return as_function, as_layer

    return decorate


def _run(cx: Context, check: Check, given: Arguments, reductions: tuple[str, ...]) -> Tensor:
    each = _is_each(cx, given, reductions)
    scalar = Tensor(Shape(()), "float")
    if each is False:
        cx.expect(scalar)
    result = check(cx, given)
    if each is None:
        raise CannotTell("dynamic-value")
    return result if each else scalar


def _is_each(cx: Context, given: Arguments, reductions: tuple[str, ...]) -> bool | None:
    """Whether the loss is given per entry; None where that is not known."""
    try:
        old = [v for v in (given.get("size_average"), given.get("reduce")) if v is not None]
        if any(not isinstance(v, NoneValue) for v in old):
            reduce = given["reduce"]
            return not isinstance(reduce, NoneValue) and not cx.flag(reduce)
    except CannotTell:
        return None
    value = given["reduction"]
    if not isinstance(value, Str) or value.value is None:
        return None
    if value.value not in reductions:
        cx.refute("C2", say("{got} is not a valid value for reduction", got=value.value), operand="reduction")
    return value.value == "none"


def draw_reduction(
    rng: random.Random, legacy: bool = True, names: tuple[str, ...] = ("mean", "sum", "none")
) -> dict[str, Any]:
    """A reduction, often given, now and then as it was given of old."""
    options: dict[str, Any] = {}
    if rng.random() < 0.8:
        options["reduction"] = rng.choice(["none", *names]) if rng.random() < 0.93 else "average"
    if legacy and rng.random() < 0.1:
        options[rng.choice(["size_average", "reduce"])] = rng.random() < 0.5
    return options


def same_shape(cx: Context, constraint: str, a: Tensor, b: Tensor, headline: Message, operand: str = "target") -> None:
    """Demand that two tensors have one shape, and learn of each what is known of the other."""
    if a.shape.rank is None and b.shape.rank is None:
        first, second = a.shape.parts, b.shape.parts
        if len(second) == 1 and isinstance(second[0], Segment) and second[0] not in first:
            cx.facts.bind_segment(second[0], first)
        return
    if a.shape.rank is None:
        a, b = b, a
    b = cx.ranks(b, (len(a.shape.parts),), constraint, headline, operand)
    pairs = list(zip(a.shape.axes, b.shape.axes, strict=True))
    for x, y in pairs:
        _require_equal(cx, constraint, pairs, x, y, headline, operand)


def _require_equal(
    cx: Context, constraint: str, pairs: list[tuple[Axis, Axis]], x: Axis, y: Axis, headline: Message, operand: str
) -> None:
    # an axis of 1 against an open one: `(batch, 1)` against `(batch, classes)`
    if x.size != y.size and cx.facts.compare(x.size, y.size) is Verdict.DIFFERENT:
        label = say("{x} against {y}", x=x.size, y=y.size)
        if cx.facts.compare(x.size, y.size, proof=True) is not Verdict.DIFFERENT:
            raise CannotTell("dynamic-value", "general position")
        cx.refute(constraint, headline, label=label, operand=operand, sizes=(x.size, y.size))
    cx.demand_equal(constraint, x.size, y.size, headline, operand=operand)


def within(cx: Context, constraint: str, parts: Shape, given: Tensor, headline: Message, operand: str) -> None:
    """Demand that a tensor broadcast to a shape without making it larger."""
    if given.shape.rank is None or parts.rank is None:
        return
    if len(given.shape.parts) > len(parts.parts):
        cx.refute(constraint, headline, operand=operand)
    for want, got in zip(reversed(parts.axes), reversed(given.shape.axes), strict=False):
        if cx.surely(got.size, 1) or cx.facts.compare(want.size, got.size) is Verdict.SAME:
            continue
        if cx.never(got.size, 1):
            cx.demand_equal(constraint, want.size, got.size, headline, operand=operand)
        elif cx.facts.compare(want.size, got.size) is Verdict.UNSURE:
            cx.facts.equate(want.size, got.size, generic=True)
            cx.generic = True
