"""`torch.diff`: differences of neighbours."""

from __future__ import annotations

import random

from shapelint.ops.cat import cat
from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.ops.slicing import greatest
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, Tuple, Value


def _sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3) if rng.random() < 0.95 else 0
    sizes = [rng.randint(1, 4) for _ in range(rank)]
    dim = rng.randrange(-rank, rank) if rank and rng.random() < 0.9 else rank + 1
    options: dict[str, object] = {}
    if rng.random() < 0.7:
        options["dim"] = dim
    if rng.random() < 0.4:
        options["n"] = rng.randint(0, 3) if rng.random() < 0.9 else -1
    for side in ("prepend", "append"):
        if rng.random() < 0.25:
            other = list(sizes)
            if sizes:
                other[options.get("dim", -1) if abs(dim) < rank else -1] = rng.randint(1, 2)  # type: ignore[call-overload]
            if sizes and rng.random() < 0.2:
                other[rng.randrange(rank)] += 1
            options[side] = t(*other) if rng.random() < 0.95 else t(*other, 1)
    return Sample(rng.choice(DIFF.torch), (t(*sizes, dtype=rng.choice(["float", "int", "bool"])),), options)


DIFF = op(
    "diff",
    both("diff"),
    "input, n=1, dim=-1, prepend=None, append=None, *, out=None",
    (
        Constraint("C1", "cat-shape", "what is put in front and behind has as many axes as the tensor"),
        Constraint("C2", "cat-shape", "apart from `dim`, it has the sizes of the tensor"),
        Constraint("C3", "axis-out-of-range", "`dim` is an axis of the tensor"),
        Constraint("C4", "input-rank", "the tensor has at least one axis"),
        Constraint("C5", "invalid-option", "`n` is not negative"),
    ),
    _sample,
)


@DIFF.rule
def diff(cx: Context, input: Value, n: Value, dim: Value, prepend: Value, append: Value, out: Value) -> Value:
    """`(*, m, *) -> (*, max(m - n, 0), *)`: `n` times the differences of neighbours along `dim`.

    C1: `prepend` and `append` have as many axes. C2: apart from `dim`, they have the sizes of the tensor. C3: `dim` in
    range. C4: not a scalar. C5: `n` is not negative.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.diff.html
    """
    x = cx.tensor(input)
    if x.shape.rank == 0:
        cx.refute("C4", say("{subject} expects input to be at least one-dimensional"))
    times = cx.known_int(n)
    if times < 0:
        cx.refute("C5", say("order must be non-negative but got {n}", n=times), operand="n")
    if times == 0 and cx.is_none(prepend) and cx.is_none(append):
        return x
    x, at = cx.axis(x, dim, "C3")
    sides = [cx.maybe_tensor(prepend), cx.maybe_tensor(append)]
    if any(side is not None for side in sides):
        given = [v for v in (sides[0], x, sides[1]) if v is not None]
        joined = cat(cx, Tuple(tuple(given)), Int.of(at))
        x, at = cx.axis(cx.tensor(joined) if times else x, at, "C3")
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    left = greatest(cx.facts, cx.facts.resolve(axis.size) - times, Dim.of(0))
    parts = list(x.shape.parts)
    parts[at] = axis.resized(left) if times else axis
    return x.with_parts(parts)
