"""Complex entries and their parts: `complex`, `polar`, `view_as_real`, `view_as_complex`."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.pointwise import sizes
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Tensor, Value


def _made(name: str, first: str, second: str) -> Op:
    """An op that makes complex entries of two numbers each."""

    def sample(rng: random.Random) -> Sample:
        one = sizes(rng)
        other = [rng.choice([1, n]) if rng.random() < 0.9 else n + 2 for n in one][rng.randint(0, 1) :]
        kind = "float" if rng.random() < 0.9 else "int"
        pair = [t(*one), t(*other, dtype=kind)]  # type: ignore[arg-type]
        rng.shuffle(pair)
        if rng.random() < 0.3:
            return Sample(f"torch.{name}", (), {first: pair[0], second: pair[1]})
        return Sample(f"torch.{name}", tuple(pair))

    made = op(
        name,
        (f"torch.{name}",),
        f"{first}, {second}, *, out=None",
        (
            Constraint("C1", "broadcast-shape", "the two parts broadcast"),
            Constraint("C2", "dtype-mismatch", "both parts are floats"),
        ),
        sample,
    )

    def rule(cx: Context, out: Value, **parts: Value) -> Value:
        pair = [cx.tensor(parts[first]), cx.tensor(parts[second])]
        for part, operand in zip(pair, (first, second), strict=True):
            if part.dtype not in (None, "float"):
                headline = say("expected both inputs to be floats but one holds {kind}s", kind=str(part.dtype))
                cx.refute("C2", headline, operand=operand)
        return Tensor(Shape(cx.broadcast(pair, "C1")), "complex")

    rule.__doc__ = f"""`{first} (*), {second} (*) -> (*)`, broadcast; complex entries.

    C1: the two broadcast. C2: both are floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.{name}.html
    """
    made.rule(rule)
    return made


MADE = {name: _made(name, *parts) for name, parts in (("complex", ("real", "imag")), ("polar", ("abs", "angle")))}


def _as_real_sample(rng: random.Random) -> Sample:
    return Sample("torch.view_as_real", (t(*sizes(rng), dtype="complex" if rng.random() < 0.6 else "float"),))


AS_REAL = op(
    "view_as_real",
    ("torch.view_as_real",),
    "input",
    (Constraint("C1", "dtype-mismatch", "the entries are complex"),),
    _as_real_sample,
)


@AS_REAL.rule
def view_as_real(cx: Context, input: Value) -> Value:
    """`(*) -> (*, 2)`: the real and the imaginary part of each entry along a new last axis.

    C1: the entries are complex.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.view_as_real.html
    """
    x = cx.tensor(input)
    result = x.with_parts((*x.shape.parts, Axis.fresh(2))).with_dtype("float")
    cx.expect(result)
    if x.dtype not in (None, "complex"):
        cx.refute("C1", say("view_as_real is only supported for complex tensors, not for {kind}s", kind=str(x.dtype)))
    return result


def _as_complex_sample(rng: random.Random) -> Sample:
    last = [2] if rng.random() < 0.7 else [rng.choice([1, 3])] if rng.random() < 0.8 else []
    lead = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))] if last else []
    return Sample("torch.view_as_complex", (t(*lead, *last, dtype="float" if rng.random() < 0.9 else "int"),))


AS_COMPLEX = op(
    "view_as_complex",
    ("torch.view_as_complex",),
    "input",
    (
        Constraint("C1", "reshape-size", "the last axis has the size 2"),
        Constraint("C2", "input-rank", "the tensor has at least one axis"),
        Constraint("C3", "dtype-mismatch", "the entries are floats"),
    ),
    _as_complex_sample,
)


@AS_COMPLEX.rule
def view_as_complex(cx: Context, input: Value) -> Value:
    """`(*, 2) -> (*)`: the last axis holds the real and the imaginary part.

    C1: the last axis has the size 2. C2: there is one. C3: the entries are floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.view_as_complex.html
    """
    x = cx.tensor(input)
    if x.dtype not in (None, "float"):
        cx.refute("C3", say("view_as_complex is only supported for floats, not for {kind}s", kind=str(x.dtype)))
    x = cx.at_least_rank(x, 1, "C2", say("{subject}: input tensor must have one or more dimensions"))
    last = x.shape.parts[-1]
    if not isinstance(last, Axis):
        raise CannotTell("dynamic-value", "rank")
    result = x.with_parts(x.shape.parts[:-1]).with_dtype("complex")
    cx.expect(result)
    headline = say("{subject} expects a tensor whose last axis has the size 2 but it has {size}", size=last.size)
    cx.demand_equal("C1", 2, last.size, headline)
    return result
