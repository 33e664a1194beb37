"""`hsplit`, `vsplit`, `dsplit`: `tensor_split` along the axis that stacking by that name joins, in equal sections."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.ops.split import tensor_split
from shapelint.shapes.shape import Axis
from shapelint.values.model import Int, SizeOf, Tuple, Value


def _split(name: str, rank: int, axis: int, formula: str) -> Op:
    def sample(rng: random.Random) -> Sample:
        x = t(*(rng.choice([1, 2, 4, 6, 3]) for _ in range(rng.randint(max(rank - 1, 0), 4))))
        how: object = rng.randint(1, 3) if rng.random() < 0.6 else [rng.randint(0, 4) for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.05:
            how = 0
        return Sample(rng.choice(made.torch), (x, how))

    made = op(
        name,
        both(name),
        ("input, indices_or_sections", "input, indices", "input, sections"),
        (
            Constraint("C1", "input-rank", f"the tensor has at least {rank} axes"),
            Constraint("C3", "split-size", "there is at least one section, and their number divides the axis"),
        ),
        sample,
    )

    def rule(cx: Context, input: Value, **given: Value) -> Value:
        (how,) = given.values()
        x = cx.tensor(input)
        if rank == 1 and x.shape.rank is None:
            x = cx.ranked(x)  # a vector is cut along its only axis
        headline = say(
            "{subject} requires a tensor with at least {rank} dimensions, not {shape}", rank=rank, shape=x.shape
        )
        if x.shape.rank is None:
            x = x.with_parts(cx.facts.reveal_prefix(x.shape, rank).parts)
        x = cx.at_least_rank(x, rank, "C1", headline)
        at = 0 if x.shape.rank == 1 else axis
        own = x.shape.parts[at]
        if not isinstance(how, (Tuple, SizeOf)) and isinstance(own, Axis):
            count = cx.known_int(how)
            if count == 0:
                cx.refute("C3", say("{subject} expects at least one section"), operand="sections")
            headline = say(
                "{subject} attempted to split along dimension {at}, but its size {size} is not divisible by {count}",
                at=at,
                size=own.size,
                count=count,
            )
            size = cx.facts.resolve(own.size)
            cx.demand_equal("C3", size // count * count, size, headline)
        return tensor_split(cx, x, Int.of(at), indices_or_sections=how)

    rule.__doc__ = f"""{formula}

    C1: at least {rank} axes. C3: a number of sections divides the size of the axis, and is not 0.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.{name}.html
    """
    made.rule(rule)
    return made


SPLITS = [
    _split("hsplit", 1, 1, "`(a, n, *) -> [(a, n/k, *), …]`: cut along axis 1, a vector along axis 0."),
    _split("vsplit", 2, 0, "`(n, a, *) -> [(n/k, a, *), …]`: cut along axis 0."),
    _split("dsplit", 3, 2, "`(a, b, n, *) -> [(a, b, n/k, *), …]`: cut along axis 2."),
]
