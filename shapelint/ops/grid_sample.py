"""`F.grid_sample` and `F.affine_grid`: images read at points of a grid."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.spatial import require_positive
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "input-rank", "`input` and `grid` both have four axes, or five")
C2 = Constraint("C2", "grid-shape", "the last axis of `grid` has an entry for every axis of space")
C3 = Constraint("C3", "grid-shape", "`input` and `grid` have the same batch size")
C4 = Constraint("C4", "invalid-option", "`mode` and `padding_mode` are known; 'bicubic' takes four axes only")

MODES = ("bilinear", "nearest", "bicubic")
PADDING_MODES = ("zeros", "border", "reflection")


def _sample(rng: random.Random) -> Sample:
    count = rng.choice([2, 3])
    n = rng.randint(1, 3)
    x = [n, rng.randint(1, 3), *(rng.randint(1, 4) for _ in range(count))]
    points = [n, *(rng.randint(1, 4) for _ in range(count)), count]
    choice = rng.random()
    if choice < 0.1:
        points[-1] = 1
    elif choice < 0.2:
        points[0] += 1
    elif choice < 0.3:
        points = points[1:]
    elif choice < 0.35:
        x, points = x[1:-1], points[1:-1]
    options: dict[str, object] = {"align_corners": rng.choice([True, False])}
    if rng.random() < 0.4:
        options["mode"] = rng.choice(MODES) if rng.random() < 0.85 else "cubic"
    if rng.random() < 0.3:
        options["padding_mode"] = rng.choice(PADDING_MODES) if rng.random() < 0.85 else "reflect"
    return Sample("torch.nn.functional.grid_sample", (t(*x), t(*points)), options)


GRID_SAMPLE = op(
    "grid_sample",
    ("torch.nn.functional.grid_sample",),
    "input, grid, mode='bilinear', padding_mode='zeros', align_corners=None",
    constraints=(C1, C2, C3, C4),
    samples=_sample,
)


@GRID_SAMPLE.rule
def grid_sample(
    cx: Context, input: Value, grid: Value, mode: Value, padding_mode: Value, align_corners: Value
) -> Value:
    """`(N, C, H, W), (N, h, w, 2) -> (N, C, h, w)`, with one more axis in 3d.

    C1: both have four axes, or five. C2: a point has a coordinate for every axis of space. C3: equal batches. C4: modes
    in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
    """
    kind, pad = cx.text(mode), cx.text(padding_mode)
    if kind not in MODES:
        cx.refute(
            "C4",
            say("expected mode to be 'bilinear', 'nearest' or 'bicubic', but got {mode}", mode=repr(kind)),
            operand="mode",
        )
    if pad not in PADDING_MODES:
        cx.refute(
            "C4",
            say("expected padding_mode to be 'zeros', 'border' or 'reflection', but got {mode}", mode=repr(pad)),
            operand="padding_mode",
        )
    x, points = cx.tensor(input), cx.tensor(grid)
    headline = say(
        "expected input and grid with 4 axes, or 5, but got shapes {input} and {grid}", input=x.shape, grid=points.shape
    )
    ranks = (4,) if kind == "bicubic" else (4, 5)
    if kind == "bicubic" and x.shape.rank == points.shape.rank == 5:
        cx.refute("C4", say("bicubic interpolation only supports 4D input"), operand="mode")
    known = points.shape.rank
    x = cx.ranks(x, ranks if known is None or known not in ranks else (known,), "C1", headline)
    known = x.shape.rank
    points = cx.ranks(points, ranks if known is None else (known,), "C1", headline, "grid")
    x, points = cx.ranked(x), cx.ranked(points)
    batch, channel, *_ = x.shape.axes
    result = x.with_parts((batch, channel, *points.shape.axes[1:-1]))
    cx.expect(result)
    count = len(x.shape.parts) - 2
    last = points.shape.axes[-1].size
    cx.demand_equal(
        "C2",
        count,
        last,
        say("expected grid to have size {want} in last dimension but receives {got}", want=count, got=last),
        operand="grid",
    )
    other = points.shape.axes[0].size
    cx.demand_equal(
        "C3",
        batch.size,
        other,
        say("expected grid and input to have same batch size, but got {want} and {got}", want=batch.size, got=other),
        operand="grid",
    )
    return result


A1 = Constraint("C1", "invalid-option", "`size` has four entries, or five")
A2 = Constraint("C2", "grid-shape", "`theta` is a batch of 2 by 3 matrices, or of 3 by 4 for five sizes")
A3 = Constraint("C3", "grid-shape", "`theta` has the batch size that `size` names")
A4 = Constraint("C4", "invalid-option", "every entry of `size` is at least 1")


def _affine_sample(rng: random.Random) -> Sample:
    count = rng.choice([2, 3])
    n = rng.randint(1, 3)
    size = [n, rng.randint(1, 3), *(rng.randint(1, 4) for _ in range(count))]
    theta = [n, count, count + 1]
    choice = rng.random()
    if choice < 0.1:
        theta[rng.randint(1, 2)] += 1
    elif choice < 0.2:
        theta[0] += 1
    elif choice < 0.3:
        theta = theta[1:]
    elif choice < 0.4:
        size, theta = size[:3], [n, 1, 2]
    elif choice < 0.5:
        size[-1] = 0
    shape = tuple(size) if rng.random() < 0.5 else size
    return Sample("torch.nn.functional.affine_grid", (t(*theta), shape), {"align_corners": rng.choice([True, False])})


AFFINE_GRID = op(
    "affine_grid",
    ("torch.nn.functional.affine_grid",),
    "theta, size, align_corners=None",
    constraints=(A1, A2, A3, A4),
    samples=_affine_sample,
)


@AFFINE_GRID.rule
def affine_grid(cx: Context, theta: Value, size: Value, align_corners: Value) -> Value:
    """`(N, 2, 3), size (N, C, H, W) -> (N, H, W, 2)`; `(N, 3, 4), size (N, C, D, H, W) -> (N, D, H, W, 3)`.

    C1: four or five sizes. C2: matrices of the right size. C3: a matrix for every entry of the batch. C4: sizes of at
    least 1.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
    """
    sizes = cx.ints(size)
    if len(sizes) not in (4, 5):
        cx.refute(
            "C1", say("{subject} only supports 4 or 5 sizes but receives {count}", count=len(sizes)), operand="size"
        )
    count = len(sizes) - 2
    batch, _, *space = sizes
    result = Tensor.of(batch, *space, count)
    cx.expect(result)
    x = cx.tensor(theta)
    headline = say(
        "expected a batch of {count}D affine matrices of shape Nx{rows}x{columns} but receives {shape}",
        count=count,
        rows=count,
        columns=count + 1,
        shape=x.shape,
    )
    x = cx.ranks(x, (3,), "C2", headline, "theta")
    first, rows, columns = x.shape.axes
    cx.demand_equal("C2", count, rows.size, headline, operand="theta")
    cx.demand_equal("C2", count + 1, columns.size, headline, operand="theta")
    require_positive(cx, "C4", "size", sizes)
    cx.demand_equal(
        "C3",
        batch,
        first.size,
        say("expected a matrix for each of {want} entries of the batch but receives {got}", want=batch, got=first.size),
        operand="theta",
    )
    return result.with_parts((Axis(first.size, first.factors), *result.shape.parts[1:]))
