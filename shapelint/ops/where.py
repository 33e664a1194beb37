"""`torch.where` and `masked_fill`: entries chosen by a mask."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import assemble, near, promote, some_sizes
from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.values.model import Dtype, Float, Int, Tensor, Tuple, Value

C1 = Constraint("C1", "broadcast-shape", "the sizes are equal or 1, counted from the last axis")
C2 = Constraint("C2", "broadcast-shape", "`value` has no axes")

BOOLS = Constraint("C3", "dtype-mismatch", "the mask holds bools")


def _demand_mask(cx: Context, mask: Tensor, operand: str) -> None:
    """Refute C3 where a mask of torch surely holds floats. Ints may be the bytes that were masks once."""
    if mask.dtype == "float" and not cx.may_be_array(mask):
        cx.refute("C3", say("{subject} expects a mask of bools but receives a tensor of floats"), operand=operand)


def _where_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    kind: Dtype = "bool" if rng.random() < 0.9 else "float"
    mask, x, y = t(*base, dtype=kind), t(*near(rng, base)), t(*near(rng, base))
    shape = rng.random()
    if shape < 0.05:
        return Sample("torch.where", (mask,))
    if shape < 0.15:
        return Sample("torch.where", (mask, x, 1.0 if rng.random() < 0.5 else 2))
    if shape < 0.3:
        return Sample("torch.where", (mask, 0.5, x))
    if shape < 0.6:
        return Sample("torch.Tensor.where", (x, mask, y))
    if shape < 0.8:
        return Sample("torch.where", (mask,), {"input": x, "other": y})
    return Sample("torch.where", (mask, x, y))


WHERE = op(
    "where",
    ("torch.where", "torch.Tensor.where"),
    ("condition", "condition, input, other, *, out=None", "condition, self, other, *, out=None"),
    (C1, BOOLS),
    _where_sample,
)


@WHERE.rule
def where(
    cx: Context,
    condition: Value,
    input: Value | None = None,
    other: Value | None = None,
    self: Value | None = None,
    out: Value | None = None,
) -> Value:
    """`condition (*), input (*), other (*) -> (*)` by broadcasting; a condition alone: an index `(n,)` per axis.

    As a method the receiver is `input`. C1: counted from the last axis, sizes are equal or 1. C3: the condition holds bools.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.where.html
    """
    first = input if input is not None else self
    if first is None or other is None:
        x = cx.ranked(cx.tensor(condition))
        found = cx.fresh("found")
        count = max(len(x.shape.parts), 1)
        return Tuple(tuple(x.with_parts((found,)).with_dtype("int") for _ in range(count)))
    mask, chosen = cx.tensor(condition), cx.tensor(first)
    if mask.dtype not in ("bool", None) and chosen.dtype == "bool":
        mask, first = chosen, condition  # a method: `x.where(mask, y)`
        condition = chosen
    _demand_mask(cx, mask, "condition")
    dtype = promote(cx.tensor(v).dtype for v in (first, other))
    if mask.dtype is None and not (isinstance(first, (Int, Float)) or isinstance(other, (Int, Float))):
        dtype = None if dtype != "float" else dtype
    return assemble(cx, (condition, first, other), "C1", dtype)


def _fill_sample(rng: random.Random) -> Sample:
    base = some_sizes(rng)
    x, mask = t(*near(rng, base)), t(*base, dtype="bool" if rng.random() < 0.9 else "float")
    value: object = rng.choice([0.5, float("-inf"), 1, t()])
    if rng.random() < 0.15:
        value = t(*some_sizes(rng))
    name = rng.choice(FILL.torch)
    return Sample(name, (x, mask), {"value": value}) if rng.random() < 0.4 else Sample(name, (x, mask, value))


FILL = op(
    "masked_fill",
    ("torch.masked_fill", "torch.Tensor.masked_fill"),
    "input, mask, value",
    (C1, C2, BOOLS),
    _fill_sample,
)


@FILL.rule
def masked_fill(cx: Context, input: Value, mask: Value, value: Value) -> Value:
    """`input (*), mask (*) -> (*)` by broadcasting.

    C1: counted from the last axis, sizes are equal or 1. C2: `value` is a number or a tensor without axes. C3: the mask
    holds bools.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html
    """
    x = cx.tensor(input)
    cx.expect(x)
    _demand_mask(cx, cx.tensor(mask), "mask")
    result = assemble(cx, (x, mask), "C1", x.dtype)
    cx.expect(result)
    if isinstance(value, Tensor):
        filled = cx.tensor(value)
        least, _ = cx.facts.admissible_ranks(filled.shape)
        if least > 0:
            cx.refute(
                "C2",
                say(
                    "{subject} expects a value without axes but receives a tensor of shape {shape}", shape=filled.shape
                ),
                operand="value",
            )
        if cx.facts.fix_rank(filled.shape, 0) is None:
            raise CannotTell("dynamic-value", "rank")
    return result
