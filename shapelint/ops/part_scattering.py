"""A part of a tensor replaced: `select_scatter`, `slice_scatter`, `diagonal_scatter`. The result is a new tensor."""

from __future__ import annotations

import random
from collections.abc import Callable

from shapelint.ops.contract import Constraint, Context, Message, Op, Sample, op, say, t
from shapelint.ops.diagonal import diagonal
from shapelint.ops.indexing import selected
from shapelint.ops.pointwise import both
from shapelint.shapes.shape import Axis
from shapelint.values.model import NONE, Slice, Tensor, Tuple, Value

FITS = Constraint("C3", "index-shape", "`src` has the shape of the part that it replaces")


def _demand_same(cx: Context, part: Tensor, src: Tensor) -> None:
    headline = say(
        "expected src to have a size equal to the part that it replaces: {want}, not {got}",
        want=part.shape,
        got=src.shape,
    )
    if not part.shape.ranked:
        return
    src = cx.ranks(src, (len(part.shape.parts),), "C3", headline, "src")
    for want, got in zip(part.shape.dims, src.shape.dims, strict=True):
        cx.demand_equal("C3", want, got, headline, operand="src")


Part = Callable[[Context, Tensor, dict[str, Value]], Tensor]


def _scattered(
    name: str,
    options: str,
    constraints: tuple[Constraint, ...],
    draw: Callable[[random.Random, list[int]], tuple[dict[str, object], list[int]]],
    part: Part,
    formula: str,
) -> Op:
    """An op that replaces the part that `part` reads."""

    def sample(rng: random.Random) -> Sample:
        sizes = [rng.randint(1, 4) for _ in range(rng.randint(2, 3))]
        given, src = draw(rng, list(sizes))
        if rng.random() < 0.2:
            src = [*src[:-1], src[-1] + 1] if src and rng.random() < 0.5 else [*src, 1]
        return Sample(rng.choice(made.torch), (t(*sizes), t(*src)), given)

    made = op(name, both(name), f"input, src, {options}", (*constraints, FITS), sample)

    def rule(cx: Context, input: Value, src: Value, **given: Value) -> Value:
        x = cx.tensor(input)
        cx.expect(x)
        _demand_same(cx, part(cx, x, given), cx.tensor(src))
        return x

    listed = " ".join(f"{c.id}: {c.text}." for c in constraints)
    rule.__doc__ = f"""{formula}

    {listed} C3: `src` has the shape of that part.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.{name}.html
    """
    made.rule(rule)
    return made


RANGE = Constraint("C2", "axis-out-of-range", "`dim` is an axis of the tensor")
WITHIN = Constraint("C1", "index-out-of-range", "`index` names an entry of the axis")


def _draw_select(rng: random.Random, sizes: list[int]) -> tuple[dict[str, object], list[int]]:
    dim = rng.randrange(-len(sizes), len(sizes))
    index = rng.randrange(-sizes[dim], sizes[dim]) if rng.random() < 0.9 else sizes[dim]
    rest = list(sizes)
    del rest[dim]
    return {"dim": dim if rng.random() < 0.93 else len(sizes), "index": index}, rest


def _selected(cx: Context, x: Tensor, given: dict[str, Value]) -> Tensor:
    x, at = cx.axis(x, given["dim"], "C2")
    headline: Message = say("{subject} cannot be applied to a tensor without axes")
    x = cx.at_least_rank(x, 1, "C2", headline)
    x = cx.ranked(x)
    at %= len(x.shape.parts)
    whole = Slice(NONE, NONE, NONE)
    return selected(cx, x, Tuple((*[whole] * at, given["index"])))


def _draw_slice(rng: random.Random, sizes: list[int]) -> tuple[dict[str, object], list[int]]:
    dim = rng.randrange(-len(sizes), len(sizes))
    start, step = rng.randrange(sizes[dim]), rng.randint(1, 2)
    rest = list(sizes)
    rest[dim] = len(range(sizes[dim])[start::step])
    return {"dim": dim if rng.random() < 0.93 else len(sizes), "start": start, "step": step}, rest


def _sliced(cx: Context, x: Tensor, given: dict[str, Value]) -> Tensor:
    from shapelint.ops.slicing import sliced

    x, at = cx.axis(x, given["dim"], "C2")
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    parts = list(x.shape.parts)
    parts[at] = sliced(cx, axis, Slice(given["start"], given["end"], given["step"]), "C2")
    return x.with_parts(parts)


def _draw_diagonal(rng: random.Random, sizes: list[int]) -> tuple[dict[str, object], list[int]]:
    if rng.random() < 0.2:
        return {"dim1": 0, "dim2": 0}, [*sizes[1:], sizes[0]]
    return {"dim1": 0 if rng.random() < 0.9 else 4, "dim2": -1}, [*sizes[1:-1], min(sizes[0], sizes[-1])]


SCATTERED = [
    _scattered(
        "select_scatter",
        "dim, index",
        (WITHIN, RANGE),
        _draw_select,
        _selected,
        "`(a, n, b), src (a, b) -> (a, n, b)`: `src` at `index` of the axis `dim`.",
    ),
    _scattered(
        "slice_scatter",
        "dim=0, start=None, end=None, step=1",
        (RANGE,),
        _draw_slice,
        _sliced,
        "`(a, n, b), src (a, k, b) -> (a, n, b)`: `src` at `start:end:step` of the axis `dim`.",
    ),
    _scattered(
        "diagonal_scatter",
        "offset=0, dim1=0, dim2=1",
        (
            Constraint("C1", "axis-out-of-range", "`dim1` and `dim2` are axes of the tensor"),
            Constraint("C2", "axis-order", "`dim1` and `dim2` are not the same axis"),
        ),
        _draw_diagonal,
        lambda cx, x, given: cx.tensor(diagonal(cx, x, given["offset"], given["dim1"], given["dim2"])),
        "`(a, b), src (min(a, b),) -> (a, b)`: `src` along a diagonal.",
    ),
]
