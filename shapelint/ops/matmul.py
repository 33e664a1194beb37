"""`torch.matmul` and the `@` operator: matrices over the last two axes, batches over the others."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import near, promote
from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.dtypes import may_be_empty
from shapelint.shapes.shape import Axis, Part, Segment
from shapelint.values.model import Dtype, Tensor, Value

C1 = Constraint("C1", "matmul-shape", "the last axis of `input` has as many entries as the last but one of `other`")
C2 = Constraint("C2", "matmul-shape", "both have at least one axis")
C3 = Constraint("C3", "broadcast-shape", "the axes before the last two broadcast")
C4 = Constraint("C4", "dtype-mismatch", "both hold floats, or neither does")


def _sample(rng: random.Random) -> Sample:
    k = rng.randint(1, 4)
    inner = k if rng.random() < 0.75 else rng.randint(1, 4)
    batch = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    x = [*batch, rng.randint(1, 4), k]
    y = [*near(rng, batch), inner, rng.randint(1, 4)]
    draw = rng.random()
    if draw < 0.15:
        x = [k]
    elif draw < 0.3:
        y = [inner]
    elif draw < 0.35:
        x = []
    elif draw < 0.4:
        y = []
    if 0.15 < draw < 0.2:
        x = [k]
    kind: Dtype = "float" if rng.random() < 0.95 else "int"
    return Sample(rng.choice(MATMUL.torch), (t(*x), t(*y, dtype=kind)))


MATMUL = op(
    "matmul",
    ("torch.matmul", "torch.Tensor.matmul", "torch.linalg.matmul", "torch.Tensor.__matmul__"),
    ("input, other, *, out=None", "input, tensor2, *, out=None"),
    (C1, C2, C3, C4),
    _sample,
)


@MATMUL.rule
def matmul(
    cx: Context, input: Value, other: Value | None = None, tensor2: Value | None = None, out: Value | None = None
) -> Value:
    """`(*batch, n, k), (*batch, k, m) -> (*batch, n, m)`; without `n` or `m` where an operand is a vector `(k,)`.

    C1: the inner sizes `k` agree. C2: both have at least one axis. C3: the batches broadcast. C4: no ints meet floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """
    right = other if other is not None else tensor2
    assert right is not None
    x, y = cx.tensor(input), cx.tensor(right)
    dtype = promote((x.dtype, y.dtype))
    cx.expect(Tensor.unknown(dtype=dtype))
    headline = say("both arguments to matmul need at least one axis, but they are {a} and {b}", a=x.shape, b=y.shape)
    x = cx.at_least_rank(x, 1, "C2", headline)
    y = cx.at_least_rank(y, 1, "C2", headline, "other")
    result = x.with_parts(_result(cx, x, y)).with_dtype(dtype)
    cx.expect(result)
    demand_one_kind(cx, x, y, "C4")
    if "float" in (x.dtype, y.dtype) and not {x.dtype, y.dtype}.isdisjoint(("int", "bool")):
        result = result.with_dtype(None)  # of an array, or of nothing: either
    inner, rows = _last(x), _rows(y)
    if rows is not None:
        cx.demand_equal(
            "C1",
            inner.size,
            rows.size,
            say(
                "shapes {a} and {b} cannot be multiplied: {x} against {y}",
                a=x.shape,
                b=y.shape,
                x=inner.size,
                y=rows.size,
            ),
            operand="other",
        )
    return result


def demand_one_kind(cx: Context, x: Tensor, y: Tensor, constraint: str) -> None:
    """Refute the constraint where a tensor of torch that holds ints or bools meets one of floats; NumPy converts them."""
    kinds = x.dtype, y.dtype
    if (
        "float" in kinds
        and ("int" in kinds or "bool" in kinds)
        and not (any(cx.may_be_array(v) or may_be_empty(cx, v) for v in (x, y)))
    ):
        headline = say("{subject} cannot multiply a tensor of {a}s with one of {b}s", a=str(x.dtype), b=str(y.dtype))
        cx.refute(constraint, headline, operand="other")


def _last(x: Tensor) -> Axis:
    last = x.shape.parts[-1]
    assert isinstance(last, Axis)
    return last


def _rows(y: Tensor) -> Axis | None:
    """The axis of `other` that is summed over, None where it depends on an unknown rank."""
    if y.shape.rank == 1:
        return _last(y)
    return y.shape.suffix[-2] if len(y.shape.suffix) > 1 else None


def _result(cx: Context, x: Tensor, y: Tensor) -> tuple[Part, ...]:
    if y.shape.rank == 1:
        return x.shape.parts[:-1]
    if y.shape.rank == 2:
        return (*x.shape.parts[:-1], _last(y))
    matrix = len(y.shape.suffix) > 1  # else `other` may be a vector
    if x.shape.rank == 1:
        return (*y.shape.parts[:-2], _last(y)) if matrix else (Segment("product"),)
    if len(x.shape.suffix) > 1 and matrix:
        # the batches of an operand that may have none are a run, and broadcast as one
        batch = cx.broadcast((x.with_parts(x.shape.parts[:-2]), y.with_parts(y.shape.parts[:-2])), "C3")
        return (*batch, x.shape.suffix[-2], _last(y))
    return (Segment("product"), _last(y)) if matrix else (Segment("product"),)
