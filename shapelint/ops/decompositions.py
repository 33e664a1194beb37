"""Decompositions of matrices of any shape: `svd`, `qr`, `lu`, `pinv`."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.linalg import matrices, named, sample_sizes
from shapelint.ops.pointwise import both
from shapelint.shapes.dim import minimum
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Tuple, Value

C1 = Constraint("C1", "matmul-shape", "`input` has at least two axes")


def _least(m: Axis, n: Axis) -> Axis:
    size = minimum((m.size, n.size))
    return m if size == m.size else n if size == n.size else Axis.fresh(size)


def _svd_sample(rng: random.Random) -> Sample:
    x = t(*sample_sizes(rng, 0.2))
    options: dict[str, object] = {"full_matrices": rng.random() < 0.5} if rng.random() < 0.6 else {}
    return Sample("torch.linalg.svd", (x,), options)


SVD = op("svd", ("torch.linalg.svd",), "A, full_matrices=True, *, driver=None, out=None", (C1,), _svd_sample)


@SVD.rule
def svd(cx: Context, A: Value, full_matrices: Value, driver: Value, out: Value) -> Value:
    """`(*, m, n) -> U (*, m, m), S (*, k), Vh (*, n, n)`, `k = min(m, n)`; not full `U (*, m, k)`, `Vh (*, k, n)`.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.svd.html
    """
    x, m, n = matrices(cx, A, "C1", "A")
    lead, k = x.shape.parts[:-2], _least(m, n)
    full = cx.flag(full_matrices)
    return named(
        "linalg_svd",
        U=x.with_parts((*lead, m, m if full else k)),
        S=x.with_parts((*lead, k)),
        Vh=x.with_parts((*lead, n if full else k, n)),
    )


def _old_svd_sample(rng: random.Random) -> Sample:
    x = t(*sample_sizes(rng, 0.2))
    some = (rng.random() < 0.5,) if rng.random() < 0.6 else ()
    return Sample(rng.choice(OLD_SVD.torch), (x, *some))


OLD_SVD = op("torch_svd", both("svd"), "input, some=True, compute_uv=True, *, out=None", (C1,), _old_svd_sample)


@OLD_SVD.rule
def torch_svd(cx: Context, input: Value, some: Value, compute_uv: Value, out: Value) -> Value:
    """`(*, m, n) -> U (*, m, k), S (*, k), V (*, n, k)`, `k = min(m, n)`; not some `U (*, m, m)`, `V (*, n, n)`.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.svd.html
    """
    x, m, n = matrices(cx, input, "C1")
    lead, k = x.shape.parts[:-2], _least(m, n)
    full = not cx.flag(some) or not cx.flag(compute_uv)
    return named(
        "svd",
        U=x.with_parts((*lead, m, m if full else k)),
        S=x.with_parts((*lead, k)),
        V=x.with_parts((*lead, n, n if full else k)),
    )


def _values_sample(rng: random.Random) -> Sample:
    return Sample("torch.linalg.svdvals", (t(*sample_sizes(rng, 0.2)),))


VALUES = op("svdvals", ("torch.linalg.svdvals",), "A, *, driver=None, out=None", (C1,), _values_sample)


@VALUES.rule
def svdvals(cx: Context, A: Value, driver: Value, out: Value) -> Value:
    """`(*, m, n) -> (*, min(m, n))`.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.svdvals.html
    """
    x, m, n = matrices(cx, A, "C1", "A")
    return x.with_parts((*x.shape.parts[:-2], _least(m, n)))


def _qr_sample(rng: random.Random) -> Sample:
    x = t(*sample_sizes(rng, 0.2))
    name = rng.choice(QR.torch)
    if name == "torch.linalg.qr":
        return Sample(name, (x,), {"mode": rng.choice(["reduced", "complete"])} if rng.random() < 0.6 else {})
    return Sample(name, (x,), {"some": rng.random() < 0.5} if rng.random() < 0.6 else {})


QR = op(
    "qr",
    ("torch.linalg.qr", *both("qr")),
    ("A, mode='reduced', *, out=None", "input, some=True, *, out=None"),
    (C1,),
    _qr_sample,
)


@QR.rule
def qr(
    cx: Context,
    out: Value,
    A: Value | None = None,
    mode: Value | None = None,
    input: Value | None = None,
    some: Value | None = None,
) -> Value:
    """`(*, m, n) -> Q (*, m, k), R (*, k, n)`, `k = min(m, n)`; complete `Q (*, m, m)`, `R (*, m, n)`. Torch 2.14 has
    no `torch.qr` any more.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.qr.html
    """
    given = A if A is not None else input
    assert given is not None
    x, m, n = matrices(cx, given, "C1", "A")
    if some is not None:
        full = not cx.flag(some)
    else:
        assert mode is not None
        wanted = cx.text(mode)
        if wanted not in ("reduced", "complete"):
            raise CannotTell("dynamic-value")
        full = wanted == "complete"
    lead, k = x.shape.parts[:-2], m if full else _least(m, n)
    return named("qr", Q=x.with_parts((*lead, m, k)), R=x.with_parts((*lead, k, n)))


def _lu_sample(rng: random.Random) -> Sample:
    return Sample("torch.linalg.lu", (t(*sample_sizes(rng, 0.2)),))


LU = op("lu", ("torch.linalg.lu",), "A, *, pivot=True, out=None", (C1,), _lu_sample)


@LU.rule
def lu(cx: Context, A: Value, pivot: Value, out: Value) -> Value:
    """`(*, m, n) -> P (*, m, m), L (*, m, k), U (*, k, n)`, `k = min(m, n)`.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.lu.html
    """
    x, m, n = matrices(cx, A, "C1", "A")
    lead, k = x.shape.parts[:-2], _least(m, n)
    if not cx.flag(pivot):
        raise CannotTell("dynamic-value")
    return named(
        "linalg_lu", P=x.with_parts((*lead, m, m)), L=x.with_parts((*lead, m, k)), U=x.with_parts((*lead, k, n))
    )


def _factors(cx: Context, A: Value, pivot: Value) -> tuple[Tensor, Tensor]:
    x, m, n = matrices(cx, A, "C1", "A")
    if not cx.flag(pivot):
        raise CannotTell("dynamic-value")
    return x, x.with_parts((*x.shape.parts[:-2], _least(m, n))).with_dtype("int")


LU_FACTOR = op(
    "lu_factor",
    ("torch.linalg.lu_factor",),
    "A, *, pivot=True, out=None",
    (C1,),
    lambda rng: Sample("torch.linalg.lu_factor", (t(*sample_sizes(rng, 0.2)),)),
)


@LU_FACTOR.rule
def lu_factor(cx: Context, A: Value, pivot: Value, out: Value) -> Value:
    """`(*, m, n) -> LU (*, m, n), pivots (*, min(m, n))`.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html
    """
    x, pivots = _factors(cx, A, pivot)
    return named("linalg_lu_factor", LU=x, pivots=pivots)


def _old_lu_sample(rng: random.Random) -> Sample:
    infos = {"get_infos": rng.random() < 0.5} if rng.random() < 0.5 else {}
    return Sample(rng.choice(OLD_LU.torch), (t(*sample_sizes(rng, 0.2)),), infos)


OLD_LU = op("torch_lu", both("lu"), "A, pivot=True, get_infos=False, *, out=None", (C1,), _old_lu_sample)


@OLD_LU.rule
def torch_lu(cx: Context, A: Value, pivot: Value, get_infos: Value, out: Value) -> Value:
    """`(*, m, n) -> (*, m, n), pivots (*, min(m, n))`; with `get_infos`, a number for each matrix `(*)` too.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.lu.html
    """
    x, pivots = _factors(cx, A, pivot)
    infos = (x.with_parts(x.shape.parts[:-2]).with_dtype("int"),) if cx.flag(get_infos) else ()
    return Tuple((x, pivots, *infos))


def _pinv_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(PINV.torch), (t(*sample_sizes(rng, 0.2)),))


PINV = op(
    "pinv",
    ("torch.linalg.pinv", *both("pinverse")),
    ("A, *, atol=None, rtol=None, hermitian=False, out=None", "A, rcond=1e-15, hermitian=False, *, out=None"),
    (C1,),
    _pinv_sample,
)


@PINV.rule
def pinv(cx: Context, A: Value, hermitian: Value, **how: Value) -> Value:
    """`(*, m, n) -> (*, n, m)`.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.pinv.html
    """
    x, m, n = matrices(cx, A, "C1", "A")
    return x.with_parts((*x.shape.parts[:-2], n, m))


def _rank_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(RANK.torch), (t(*sample_sizes(rng, 0.2)),))


RANK = op(
    "matrix_rank",
    ("torch.linalg.matrix_rank",),
    ("A, *, atol=None, rtol=None, hermitian=False, out=None", "A, tol=None, hermitian=False, *, out=None"),
    (C1,),
    _rank_sample,
)


@RANK.rule
def matrix_rank(cx: Context, A: Value, **how: Value) -> Value:
    """`(*, m, n) -> (*)`.

    C1: at least two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html
    """
    x, _, _ = matrices(cx, A, "C1", "A")
    return x.with_parts(x.shape.parts[:-2]).with_dtype("int")


def _cov_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(COV.torch), (t(*(rng.randint(1, 4) for _ in range(rng.choice([0, 1, 2, 3])))),))


COV = op(
    "cov",
    both("cov corrcoef"),
    "input, *, correction=1, fweights=None, aweights=None",
    (Constraint("C1", "matmul-shape", "`input` has at most two axes"),),
    _cov_sample,
)


@COV.rule
def cov(cx: Context, input: Value, **how: Value) -> Value:
    """`(variables, observations) -> (variables, variables)`; of one variable `(observations,) -> ()`.

    C1: `input` has at most two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.cov.html
    """
    x = cx.tensor(input)
    headline = say("expected input to have two or fewer axes but receives {shape}", shape=x.shape)
    x = cx.ranks(x, (0, 1, 2), "C1", headline).with_dtype("float")
    if x.shape.rank is None:
        raise CannotTell("dynamic-value", "rank")
    if x.shape.rank < 2:
        return x.with_parts(())
    rows = x.shape.axes[0]
    # torch drops the axes of a single variable
    if cx.surely(rows.size, 1):
        return x.with_parts(())
    if not cx.never(rows.size, 1):
        cx.generic = True
    return x.with_parts((rows, rows))
