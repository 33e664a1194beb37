"""Functions of square matrices, alone or in batches: `inverse`, `det`, `cholesky`, `eigh` and their like; `trace`."""

from __future__ import annotations

import random
from collections.abc import Callable

from shapelint.ops.contract import Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.shapes.shape import Axis
from shapelint.values.model import Dtype, Tensor, Tuple, Value

C1 = Constraint("C1", "matmul-shape", "`input` has at least two axes")
C2 = Constraint("C2", "matmul-shape", "the last two axes are equal")


def matrices(cx: Context, value: Value, constraint: str, operand: str = "input") -> tuple[Tensor, Axis, Axis]:
    """A tensor of matrices with its last two axes revealed. Demands at least two axes."""
    x = cx.tensor(value)
    headline = say("{subject} expects at least 2 axes but receives a tensor of shape {shape}", shape=x.shape)
    x = cx.at_least_rank(x, 2, constraint, headline, operand)
    rows, columns = x.shape.suffix[-2:]
    return x, rows, columns


def require_square(cx: Context, rows: Axis, columns: Axis, constraint: str, operand: str = "input") -> None:
    """Demand that matrices be square."""
    m, n = rows.size, columns.size
    headline = say("{subject} expects square matrices but they are {m} by {n} matrices", m=m, n=n)
    cx.demand_equal(constraint, m, n, headline, operand=operand)


def named(kind: str, **fields: Tensor) -> Tuple:
    """A named tuple of `torch.return_types`."""
    return Tuple(tuple(fields.values()), names=tuple(fields), type_name=f"torch.return_types.{kind}")


def sample_sizes(rng: random.Random, square: float = 0.75) -> list[int]:
    """Sizes of matrices, square with this chance, now and then too few."""
    n = rng.randint(1, 4)
    sizes = [*(rng.randint(1, 3) for _ in range(rng.randint(0, 2))), n, n]
    if rng.random() > square:
        sizes[-1] = rng.randint(1, 4)
    return sizes if rng.random() < 0.9 else sizes[-1:]


Result = Callable[[Tensor, Axis], Value]


def _family(name: str, torch: tuple[str, ...], signature: str, formula: str, result: Result, note: str = "") -> Op:
    def sample(rng: random.Random) -> Sample:
        called = rng.choice(torch)
        more = (rng.randint(0, 3),) if "matrix_power" in called else ()
        return Sample(called, (t(*sample_sizes(rng)), *more))

    made = op(name, torch, signature, (C1, C2), sample)
    first = signature.partition(",")[0]

    def rule(cx: Context, **arguments: Value) -> Value:
        x, rows, columns = matrices(cx, arguments[first], "C1", first)
        found = result(x, rows)
        cx.expect(found)
        require_square(cx, rows, columns, "C2", first)
        return found

    rule.__doc__ = (
        f"`(*, n, n) -> {formula}`.{note}\n\nC1: at least two axes. C2: the matrices are square.\n"
        f"Follows https://docs.pytorch.org/docs/stable/{'linalg' if 'linalg' in torch[-1] else 'torch'}.html"
    )
    made.rule(rule)
    return made


def _batch(x: Tensor) -> Tensor:
    return x.with_parts(x.shape.parts[:-2])


def _vector(x: Tensor, n: Axis, kind: Dtype) -> Tensor:
    return x.with_parts((*x.shape.parts[:-2], n)).with_dtype(kind)


SAME = _family(
    "inverse",
    (
        *both("inverse matrix_exp cholesky cholesky_inverse"),
        "torch.linalg.inv",
        "torch.linalg.matrix_exp",
        "torch.linalg.cholesky",
    ),
    "input, upper=False, *, out=None",
    "(*, n, n)",
    lambda x, n: x,
    " Torch 2.14 has no `torch.cholesky` any more.",
)
POWER = _family(
    "matrix_power",
    (*both("matrix_power"), "torch.linalg.matrix_power"),
    "input, n, *, out=None",
    "(*, n, n)",
    lambda x, n: x,
)
DET = _family("det", (*both("det logdet"), "torch.linalg.det"), "input, *, out=None", "(*)", lambda x, n: _batch(x))
SLOGDET = _family(
    "slogdet",
    (*both("slogdet"), "torch.linalg.slogdet"),
    "input, *, out=None",
    "sign (*), logabsdet (*)",
    lambda x, n: named("slogdet", sign=_batch(x), logabsdet=_batch(x)),
)
EIGH = _family(
    "eigh",
    ("torch.linalg.eigh",),
    "A, UPLO='L', *, out=None",
    "eigenvalues (*, n), eigenvectors (*, n, n)",
    lambda x, n: named("linalg_eigh", eigenvalues=_vector(x, n, "float"), eigenvectors=x),
)
EIG = _family(
    "eig",
    ("torch.linalg.eig",),
    "A, *, out=None",
    "eigenvalues (*, n), eigenvectors (*, n, n)",
    lambda x, n: named("linalg_eig", eigenvalues=_vector(x, n, "complex"), eigenvectors=x.with_dtype("complex")),
)
EIGVALSH = _family(
    "eigvalsh", ("torch.linalg.eigvalsh",), "A, UPLO='L', *, out=None", "(*, n)", lambda x, n: _vector(x, n, "float")
)
EIGVALS = _family(
    "eigvals", ("torch.linalg.eigvals",), "A, *, out=None", "(*, n)", lambda x, n: _vector(x, n, "complex")
)


def _trace_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(TRACE.torch), (t(*(rng.randint(1, 4) for _ in range(rng.choice([1, 2, 2, 3])))),))


TRACE = op(
    "trace",
    both("trace"),
    "input",
    (Constraint("C1", "matmul-shape", "`input` is a matrix"),),
    _trace_sample,
)


@TRACE.rule
def trace(cx: Context, input: Value) -> Value:
    """`(n, m) -> ()`.

    C1: `input` has two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.trace.html
    """
    x = cx.tensor(input)
    result = x.with_parts(()).with_dtype("int" if x.dtype == "bool" else x.dtype)
    cx.expect(result)
    cx.ranks(x, (2,), "C1", say("trace expects a matrix but receives {shape}", shape=x.shape))
    return result
