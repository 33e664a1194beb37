"""Linear systems: `linalg.solve`, `linalg.solve_triangular`, `cholesky_solve`."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import near
from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.linalg import matrices, require_square
from shapelint.ops.pointwise import both
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Value

C1 = Constraint("C1", "matmul-shape", "`A` has at least two axes")
C2 = Constraint("C2", "matmul-shape", "`A` is square")
C3 = Constraint("C3", "matmul-shape", "`B` has as many rows as `A`")
C4 = Constraint("C4", "broadcast-shape", "the axes before the last two broadcast")
C5 = Constraint("C5", "matmul-shape", "`B` has at least two axes")


def _systems(rng: random.Random, left: bool) -> tuple[list[int], list[int]]:
    batch = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    n, k = rng.randint(1, 4), rng.randint(1, 4)
    a = [*batch, n, n if rng.random() < 0.9 else rng.randint(1, 4)]
    rows = n if rng.random() < 0.85 else rng.randint(1, 4)
    b = [*near(rng, batch), *((rows, k) if left else (k, rows))]
    return a[-1:] if rng.random() < 0.05 else a, b


def _solve_sample(rng: random.Random) -> Sample:
    left = rng.random() < 0.8
    a, b = _systems(rng, left)
    draw = rng.random()
    if draw < 0.15:
        b = b[-2:-1]
    elif draw < 0.3:
        b = [*a[:-2], *b[-2:-1]]
    name = rng.choice(SOLVE.torch) if left else "torch.linalg.solve"
    return Sample(name, (t(*a), t(*b)), {} if left else {"left": False})


SOLVE = op("solve", ("torch.linalg.solve",), "A, B, *, left=True, out=None", (C1, C2, C3, C4), _solve_sample)


@SOLVE.rule
def solve(cx: Context, A: Value, B: Value, left: Value, out: Value) -> Value:
    """`A (*, n, n), B (*, n, k) -> (*, n, k)`; `B (n,)` or `(*, n)` is a vector; not `left` `B (*, k, n)`.

    C1: `A` has at least two axes. C2: it is square. C3: `B` has as many rows. C4: the other axes broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve.html
    """
    a, rows, columns = matrices(cx, A, "C1", "A")
    require_square(cx, rows, columns, "C2", "A")
    b = cx.tensor(B)
    vector = is_vector(cx, a, b)
    b = cx.at_least_rank(b, 1 if vector else 2, "C3", say("{subject} expects vectors or matrices"), "B")
    from_left = cx.flag(left)
    if vector and not from_left:
        cx.refute("C3", say("vectors are not supported for left=False"), operand="B")
    keep = 1 if vector else 2
    end = b.shape.suffix[-keep:]
    batch = cx.broadcast((a.with_parts(a.shape.parts[:-2]), b.with_parts(b.shape.parts[:-keep])), "C4")
    result = b.with_parts((*batch, *end))
    cx.expect(result)
    got = end[0] if from_left else end[1]
    headline = say("incompatible shapes of A and B: {a} and {b}", a=a.shape, b=b.shape)
    cx.demand_equal("C3", rows.size, got.size, headline, operand="B")
    return result


def is_vector(cx: Context, a: Tensor, b: Tensor) -> bool:
    """Whether torch reads `B` as vectors: it has one axis, or exactly the axes of `A` but the last."""
    if b.shape.rank == 1:
        return True
    if a.shape.rank is None or b.shape.rank is None:
        raise CannotTell("dynamic-value", "rank")
    if b.shape.rank != a.shape.rank - 1:
        return False
    verdicts = [cx.facts.compare(m, n) for m, n in zip(a.shape.dims, b.shape.dims, strict=False)]
    if all(v is Verdict.SAME for v in verdicts):
        return True
    if any(v is Verdict.DIFFERENT for v in verdicts):
        return False
    raise CannotTell("dynamic-value")


def _triangular_sample(rng: random.Random) -> Sample:
    left = rng.random() < 0.7
    a, b = _systems(rng, left)
    if rng.random() < 0.05:
        b = b[-1:]
    return Sample("torch.linalg.solve_triangular", (t(*a), t(*b)), {"upper": True, "left": left})


TRIANGULAR = op(
    "solve_triangular",
    ("torch.linalg.solve_triangular",),
    "A, B, *, upper, left=True, unitriangular=False, out=None",
    (C1, C2, C3, C4, C5),
    _triangular_sample,
)


@TRIANGULAR.rule
def solve_triangular(
    cx: Context, A: Value, B: Value, upper: Value, left: Value, unitriangular: Value, out: Value
) -> Value:
    """`A (*, n, n), B (*, n, k) -> (*, n, k)`; not `left` `B (*, k, n)`.

    C1, C5: both have at least two axes. C2: `A` is square. C3: `B` has as many rows. C4: the other axes broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html
    """
    return _matrices(cx, A, B, cx.flag(left))


def _matrices(cx: Context, A: Value, B: Value, left: bool) -> Value:
    a, rows, columns = matrices(cx, A, "C1", "A")
    b, first, second = matrices(cx, B, "C5", "B")
    batch = cx.broadcast((a.with_parts(a.shape.parts[:-2]), b.with_parts(b.shape.parts[:-2])), "C4")
    result = b.with_parts((*batch, first, second))
    cx.expect(result)
    require_square(cx, rows, columns, "C2", "A")
    got: Axis = first if left else second
    headline = say("incompatible shapes of A and B: {a} and {b}", a=a.shape, b=b.shape)
    cx.demand_equal("C3", rows.size, got.size, headline, operand="B")
    return result


def _cholesky_sample(rng: random.Random) -> Sample:
    a, b = _systems(rng, True)
    if rng.random() < 0.05:
        b = b[-1:]
    return Sample(rng.choice(CHOLESKY.torch), (t(*b), t(*a)))


CHOLESKY = op(
    "cholesky_solve", both("cholesky_solve"), "B, L, upper=False, *, out=None", (C1, C2, C3, C4, C5), _cholesky_sample
)


@CHOLESKY.rule
def cholesky_solve(cx: Context, B: Value, L: Value, upper: Value, out: Value) -> Value:
    """`B (*, n, k), L (*, n, n) -> (*, n, k)`.

    C1, C5: both have at least two axes. C2: `L` is square. C3: `B` has as many rows. C4: the other axes broadcast.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.cholesky_solve.html
    """
    return _matrices(cx, L, B, True)
