"""`torch.cat`: tensors put end to end along an axis they have."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.shapes.dim import ZERO
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Segment
from shapelint.values.model import Sequence, Tensor, Value


def _sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 3)
    base = [rng.randint(1, 4) for _ in range(rank)]
    axis = rng.randrange(-rank, rank) if rng.random() < 0.9 else rng.choice([rank, -rank - 1])
    tensors = []
    for _ in range(rng.randint(1, 3)):
        sizes = list(base)
        if -rank <= axis < rank:
            sizes[axis] = rng.randint(1, 4)
        if rng.random() < 0.15:
            sizes[rng.randrange(rank)] = rng.randint(1, 4)
        if rng.random() < 0.08:
            sizes = [*sizes, 2]
        tensors.append(t(*sizes))
    if rng.random() < 0.05:
        tensors = [t()]
    return Sample(rng.choice(["torch.cat", "torch.concat", "torch.concatenate"]), (tensors,), {"dim": axis})


CAT = op(
    "cat",
    ("torch.cat", "torch.concat", "torch.concatenate"),
    ("tensors, dim=0, *, out=None", "tensors, axis, *, out=None"),
    constraints=(
        Constraint("C1", "cat-shape", "all tensors have the same number of axes"),
        Constraint("C2", "cat-shape", "all axes but the one they are joined along have equal sizes"),
        Constraint("C3", "axis-out-of-range", "`dim` is an axis of the tensors"),
        Constraint("C4", "cat-shape", "the tensors have at least one axis"),
    ),
    samples=_sample,
)


@CAT.rule
def cat(
    cx: Context, tensors: Value, dim: Value | None = None, axis: Value | None = None, out: Value | None = None
) -> Value:
    """`[(a, n1, b), (a, n2, b), …] -> (a, n1 + n2 + …, b)`.

    C1: equal ranks. C2: equal sizes but along `dim`. C3: `dim` in range. C4: no scalars. A tensor of shape `(0,)` is passed over, as
    torch does for compatibility.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """
    place = dim if dim is not None else axis
    assert place is not None
    if isinstance(tensors, Sequence):
        return _repeated(cx, tensors, place)
    given = [x for x in cx.tensors(tensors) if x.shape.concrete != (0,)]
    if not given:
        raise CannotTell("dynamic-value")
    known = next((x.shape.rank for x in given if x.shape.rank is not None), None)
    if known is not None:
        if known == 0:
            cx.refute("C4", say("zero-dimensional tensor cannot be concatenated"), operand="tensors")
        settled = []
        for x in given:
            shape = cx.facts.fix_rank(x.shape, known)
            if shape is None:
                cx.refute(
                    "C1",
                    say(
                        "{subject} needs tensors with the same number of axes but receives {a} and {b}",
                        a=given[0].shape,
                        b=x.shape,
                    ),
                    operand="tensors",
                )
            settled.append(x.with_parts(shape.parts))
        given = settled
    first, at = cx.axis(given[0], place, "C3")
    others = [cx.axis(x, place, "C3")[0] for x in given[1:]]
    joined = first.shape.parts[at]
    assert isinstance(joined, Axis)
    total = joined.size
    for x in others:
        part = x.shape.parts[at]
        assert isinstance(part, Axis)
        total = total + part.size
    parts = list(first.shape.parts)
    parts[at] = joined if not others else Axis.fresh(total)
    dtype = first.dtype if all(x.dtype == first.dtype for x in others) else None
    result = first.with_parts(parts).with_dtype(dtype)
    cx.expect(result)
    for x in others:
        for place_, (a, b) in enumerate(zip(first.shape.parts, x.shape.parts)):
            if place_ == at % len(first.shape.parts) or not isinstance(a, Axis) or not isinstance(b, Axis):
                continue
            cx.demand_equal(
                "C2",
                a.size,
                b.size,
                say(
                    "sizes of tensors must match except in dimension {dim}: expected {want} but got {got} in dimension {place}",
                    dim=at,
                    want=a.size,
                    got=b.size,
                    place=place_,
                ),
                label=say("{a} and {b} are joined along axis {dim}", a=first.shape, b=x.shape, dim=at),
                operand="tensors",
            )
    return result


def _repeated(cx: Context, tensors: Sequence, place: Value) -> Tensor:
    """A list of a symbolic number of like tensors: `n` times the axis, unless its length depends on the pass. Raises CannotTell where
    these differ along other axes: the list need not hold more than one of them."""
    x, at = cx.axis(cx.tensor(tensors.element), place, "C3")
    joined = x.shape.parts[at]
    assert isinstance(joined, Axis)
    length = tensors.length
    size = joined.size * length if length is not None else None
    for end in (tensors.first, tensors.last):
        if end is None:
            continue
        other, _ = cx.axis(cx.tensor(end), place, "C3")
        alike = len(other.shape.parts) == len(x.shape.parts) and all(
            a == b
            if isinstance(a, Segment) or isinstance(b, Segment)
            else cx.facts.compare(a.size, b.size) is Verdict.SAME
            for i, (a, b) in enumerate(zip(x.shape.parts, other.shape.parts))
            if i != at % len(x.shape.parts)
        )
        own = other.shape.parts[at] if alike else None
        if not isinstance(own, Axis):
            raise CannotTell("dynamic-value")
        if cx.facts.compare(own.size, joined.size) is not Verdict.SAME:
            size = None  # the sizes depend on the pass
    parts = list(x.shape.parts)
    parts[at] = Axis.fresh(size) if size is not None and size != ZERO else cx.fresh("joined")
    return x.with_parts(parts)
