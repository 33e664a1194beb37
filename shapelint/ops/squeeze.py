"""`squeeze`, `unsqueeze`, `atleast_1d` …: axes of size 1 come and go."""

from __future__ import annotations

import random
from dataclasses import replace

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.shapes.shape import Axis, Part, Segment
from shapelint.values.model import NoneValue, Tensor, Tuple, Value

RANGE = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
TWICE = Constraint("C2", "axis-order", "no axis is named twice")


def _keeps(cx: Context, x: Tensor, places: list[int], *, named: bool) -> Tensor:
    """The tensor without those of the axes that are 1. Where an axis is named, its author knows it: the reading decides. An open size is else
    taken not to be 1: the rank is then assumed."""
    dropped: set[int] = set()
    assumed = False
    for place in places:
        part = x.shape.parts[place]
        if not isinstance(part, Axis):
            continue
        one = cx.is_one(part.size, ask=named)
        if one:
            dropped.add(place)
        elif one is None:
            assumed = True
    result = x.with_parts(tuple(p for i, p in enumerate(x.shape.parts) if i not in dropped))
    if assumed:
        cx.generic = cx.assumed = True
        result = replace(result, assumed=True)
    return result


def _squeeze_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.choice([1, 1, 2, 3]) for _ in range(rank)))
    name = rng.choice(SQUEEZE.torch)
    if rng.random() < 0.3:
        return Sample(name, (x,))
    room = max(rank, 1)
    dim = rng.randrange(-room, room) if rng.random() < 0.7 else rng.choice([room, -room - 1])
    if rng.random() < 0.3:
        dims = (dim, rng.randrange(room))
        return Sample(name, (x, dims)) if rank else Sample(name, (x, 0))
    return Sample(name, (x, dim)) if rng.random() < 0.6 else Sample(name, (x,), {"dim": dim})


SQUEEZE = op(
    "squeeze",
    ("torch.squeeze", "torch.Tensor.squeeze"),
    ("input, dim=None", "input, *dim"),
    constraints=(RANGE, TWICE),
    samples=_squeeze_sample,
)


@SQUEEZE.rule
def squeeze(cx: Context, input: Value, dim: Value) -> Value:
    """`(a, 1, b) -> (a, b)`: without `dim`, every axis of 1 goes; with it, that one, if it is 1.

    C1: `dim` in range. C2: no axis twice. A size that is left open is taken not to be 1, and the result marked as
    assumed.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html
    """
    x = cx.tensor(input)
    if isinstance(dim, NoneValue) or (isinstance(dim, Tuple) and not dim.items and x.shape.rank != 0):
        if isinstance(dim, Tuple):
            return x
        if x.shape.rank is None:
            return x.with_parts((Segment("squeezed"),))
        return _keeps(cx, x, list(range(len(x.shape.parts))), named=False)
    if isinstance(dim, Tuple) and not dim.items:
        return x
    x, places = cx.axes(x, dim, "C1")
    if len(set(places)) != len(places):
        cx.refute("C2", say("{subject} names an axis twice"), operand="dim")
    return _keeps(cx, x, [p % len(x.shape.parts) for p in places], named=True) if x.shape.parts else x


def _unsqueeze_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 3)
    x = t(*(rng.randint(1, 3) for _ in range(rank)))
    name = rng.choice(UNSQUEEZE.torch)
    dim = rng.randint(-rank - 1, rank) if rng.random() < 0.8 else rng.choice([rank + 1, -rank - 2])
    return Sample(name, (x, dim)) if rng.random() < 0.6 else Sample(name, (x,), {"dim": dim})


UNSQUEEZE = op(
    "unsqueeze",
    ("torch.unsqueeze", "torch.Tensor.unsqueeze"),
    "input, dim",
    constraints=(Constraint("C1", "axis-out-of-range", "`dim` is an axis of the result"),),
    samples=_unsqueeze_sample,
)


@UNSQUEEZE.rule
def unsqueeze(cx: Context, input: Value, dim: Value) -> Value:
    """`(a, b) -> (a, 1, b)`: an axis of size 1 at `dim` of the result.

    C1: `dim` in range of the result.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html
    """
    x, at = cx.axis(cx.tensor(input), dim, "C1", extra=1)
    return with_axis(x, at, Axis.fresh(1))


def with_axis(x: Tensor, at: int, axis: Part) -> Tensor:
    """The tensor with an axis put at a place of the result, as `Context.axis` with `extra` gives it."""
    parts = list(x.shape.parts)
    parts.insert(at if at >= 0 else len(parts) + 1 + at, axis)
    return x.with_parts(parts)


def _at_least(rank: int) -> Op:
    name = f"torch.atleast_{rank}d"

    def sample(rng: random.Random) -> Sample:
        given = [t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 4)))) for _ in range(rng.choice([1, 1, 2]))]
        return Sample(name, tuple(given) if rng.random() < 0.7 or len(given) == 1 else (given,))

    made = op(f"atleast_{rank}d", (name,), "*tensors", samples=sample)

    @made.rule
    def atleast(cx: Context, tensors: Value) -> Value:
        """`() -> (1,)`, `(n,) -> (1, n)`, `(n, m) -> (n, m, 1)`: the tensor, or each of several, with as many axes.

        Follows https://docs.pytorch.org/docs/stable/generated/torch.atleast_1d.html
        """
        items = cx.items(tensors)
        if len(items) == 1 and isinstance(items[0], Tuple):
            return Tuple(tuple(_raised(cx, cx.tensor(v), rank) for v in items[0].items))
        raised = tuple(_raised(cx, cx.tensor(v), rank) for v in items)
        return raised[0] if len(raised) == 1 else Tuple(raised)

    return made


def _raised(cx: Context, x: Tensor, rank: int) -> Tensor:
    have = x.shape.rank
    if have is None:
        if cx.facts.admissible_ranks(x.shape)[0] >= rank:
            return x
        raise CannotTell("dynamic-value", "rank")
    ones = [Axis.fresh(1) for _ in range(rank)]
    if have == 0:
        return x.with_parts(tuple(ones))
    if have == 1 and rank > 1:
        return x.with_parts((ones[0], *x.shape.parts, *ones[2:]))
    return x.with_parts((*x.shape.parts, ones[0])) if have < rank else x


AT_LEAST = [_at_least(rank) for rank in (1, 2, 3)]

__all__ = ["with_axis"]
