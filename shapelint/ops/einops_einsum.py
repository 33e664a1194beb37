"""`einops.einsum`: products summed over axes with long names."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.einops_patterns import PatternError, parse_einsum
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Tensor, Value

_PATTERNS = (
    "b i d, b j d -> b i j",
    "b i j, b j d -> b i d",
    "row column, column -> row",
    "b n, n m -> b m",
    "i i -> i",
    "b n d -> b d",
    "b n, n -> b z",
    "b (n d), d -> b",
    "b n, n",
    "b 2, b -> b",
)


def _sample(rng: random.Random) -> Sample:
    pattern = rng.choice(_PATTERNS)
    names = {name: rng.randint(1, 4) for name in ("b", "i", "j", "d", "n", "m", "row", "column")}
    tensors = []
    for operand in pattern.partition("->")[0].split(","):
        sizes = [names.get(name, 2) for name in operand.replace("(", "").replace(")", "").split()]
        if rng.random() < 0.15 and sizes:
            sizes[rng.randrange(len(sizes))] += 1
        tensors.append(t(*(sizes[1:] if rng.random() < 0.05 else sizes)))
    if rng.random() < 0.05:
        tensors.append(t(2))
    return Sample("einops.einsum", (*tensors, pattern))


EINSUM = op(
    "einops.einsum",
    ("einops.einsum",),
    "*tensors_and_pattern",
    constraints=(
        Constraint("C1", "einops-pattern", "the pattern is well formed, an operand for every tensor"),
        Constraint("C2", "einops-pattern", "each tensor has the axes of its operand"),
        Constraint("C3", "einsum-shape", "an axis has one size in all operands, or 1"),
    ),
    samples=_sample,
)


@EINSUM.rule
def einsum(cx: Context, tensors_and_pattern: Value) -> Value:
    """`"b i d, b j d -> b i j"`: `(b, i, d), (b, j, d) -> (b, i, j)`.

    C1: names only, every name of the result in an operand, an operand for every tensor. C2: ranks fit. C3: equal sizes
    for one name.
    Follows https://einops.rocks/api/einsum/
    """
    *values, text = cx.items(tensors_and_pattern)
    pattern = cx.text(text)
    try:
        operands, result = parse_einsum(pattern)
    except PatternError as error:
        cx.refute("C1", say("pattern {text}: {why}", text=repr(pattern), why=str(error)), operand="pattern")
    if len(operands) != len(values):
        cx.refute("C1", say("pattern has {want} operands for {got} tensors", want=len(operands), got=len(values)))
    if any(side.ellipsis is not None for side in (*operands, result)):
        raise CannotTell("unsupported-op", "einops.einsum with an ellipsis")
    found: dict[str, list[Axis]] = {}
    for value, side in zip(values, operands, strict=True):
        x = cx.tensor(value)
        headline = say("operand has {count} axes but the tensor has shape {shape}", count=len(side.axes), shape=x.shape)
        x = cx.ranks(x, (len(side.axes),), "C2", headline)
        own: dict[str, Axis] = {}
        for pieces, axis in zip(side.axes, x.shape.axes, strict=True):
            name = pieces[0].name
            if name in own:  # within one operand 1 does not broadcast
                headline = say(
                    "axis {name} is repeated with sizes {a} and {b}", name=name, a=own[name].size, b=axis.size
                )
                cx.demand_equal("C3", own[name].size, axis.size, headline)
            own[name] = axis
        for name, axis in own.items():
            found.setdefault(name, []).append(axis)
    sizes: dict[str, Axis] = {}
    for name, axes in found.items():
        met = cx.broadcast([Tensor(Shape((axis,)), "float") for axis in axes], "C3")[0]
        assert isinstance(met, Axis)
        sizes[name] = met
    return cx.tensor(values[0]).with_parts([sizes[pieces[0].name] for pieces in result.axes])
