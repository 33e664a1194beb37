"""Sparse tensors: they have the shapes of the dense ones that they stand for."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.pointwise import sizes
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import NoneValue, Tensor, Value

_COO = "torch.sparse_coo_tensor"
_METHOD = "torch.Tensor."


def _coo_sample(rng: random.Random) -> Sample:
    rank, count = rng.randint(1, 3), rng.randint(1, 4)
    dense = [rng.randint(1, 3) for _ in range(rng.randint(0, 1))]
    entries = [count if rng.random() < 0.85 else count + 1, *dense]
    shape = [rng.randint(1, 4) for _ in range(rank)] + dense
    if rng.random() < 0.1:
        shape = [*shape, 2]
    picked = t(*((rank, count) if rng.random() < 0.93 else (count,)), dtype="int", high=1)
    name = rng.choice(COO.torch)
    return Sample(name, (picked, t(*entries, dtype="int" if "Long" in name else "float"), tuple(shape)))


COO = op(
    "sparse_coo_tensor",
    (_COO, "torch.sparse.FloatTensor", "torch.sparse.LongTensor"),
    (
        "indices, values, size=None, *, dtype=None, device=None, pin_memory=False, requires_grad=False, "
        "check_invariants=None, is_coalesced=None",
    ),
    (
        Constraint("C1", "index-shape", "`indices` has two axes"),
        Constraint("C2", "index-shape", "there are as many columns of `indices` as `values`"),
        Constraint("C3", "index-shape", "`size` has an axis for each row of `indices` and each dense axis of `values`"),
    ),
    _coo_sample,
)


@COO.rule
def sparse_coo_tensor(cx: Context, indices: Value, values: Value, size: Value, **options: Value) -> Value:
    """`indices (rank, count), values (count, *dense), size -> size`

    C1: two axes of `indices`. C2: as many columns as values. C3: `size` has `rank` axes and the dense ones.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.sparse_coo_tensor.html
    """
    if isinstance(size, NoneValue):
        raise CannotTell("dynamic-value")
    result = Tensor(Shape(tuple(Axis.fresh(n) for n in cx.ints(size))))
    if not isinstance(values, Tensor) or not isinstance(indices, Tensor):
        return result
    entries, picked = cx.tensor(values), cx.tensor(indices)
    result = result.with_dtype(entries.dtype if options["dtype"] is None or cx.is_none(options["dtype"]) else None)
    cx.expect(result)
    headline = say("indices must be a matrix but has the shape {shape}", shape=picked.shape)
    picked = cx.ranks(picked, (2,), "C1", headline, "indices")
    rank, count = picked.shape.dims
    entries = cx.at_least_rank(entries, 1, "C2", say("{subject} expects values with an axis"), "values")
    if entries.shape.rank is None:
        return result
    headline = say("indices and values must have the same count: {a} against {b}", a=count, b=entries.shape.dims[0])
    cx.demand_equal("C2", count, entries.shape.dims[0], headline, operand="values")
    dims = len(result.shape.parts) - (len(entries.shape.parts) - 1)
    headline = say("number of dimensions must be that of indices ({want}), not {got}", want=rank, got=dims)
    cx.demand_equal("C3", rank, dims, headline, operand="size")
    return result


def _kept(name: str, names: tuple[str, ...], formula: str) -> Op:
    def sample(rng: random.Random) -> Sample:
        called = rng.choice(names)
        x = t(*([1] * (not (found := sizes(rng)))), *found)
        if called.endswith(("coalesce", "to_dense")):
            return Sample(called, (Sample(_METHOD + "to_sparse", (x,)),))
        return Sample(called, (x,))

    made = op(name, names, "input, *args, **kwargs", samples=sample)

    def rule(cx: Context, input: Value, args: Value, kwargs: Value) -> Value:
        return cx.tensor(input)

    rule.__doc__ = f"{formula}\n\n    Follows https://docs.pytorch.org/docs/stable/sparse.html"
    made.rule(rule)
    return made


KEPT = _kept(
    "to_sparse",
    (*(_METHOD + n for n in ("to_sparse", "to_sparse_coo", "coalesce")),),
    "`(*) -> (*)`: the same entries, stored in another way.",
)


def _product_sample(rng: random.Random) -> Sample:
    n, m, k = (rng.randint(1, 3) for _ in range(3))
    other = t(m if rng.random() < 0.6 else m + 1, k)
    return Sample(
        rng.choice(PRODUCT.torch), (Sample(_METHOD + "to_sparse", (t(n, m),)), other if rng.random() < 0.8 else t(m))
    )


PRODUCT = op(
    "sparse.mm",
    ("torch.sparse.mm", "torch.smm", "torch.spmm", "torch.dsmm", "torch.hspmm", "torch.Tensor.smm"),
    ("mat1, mat2, reduce=None",),
    (
        Constraint("C1", "matmul-shape", "both have two axes"),
        Constraint("C2", "matmul-shape", "the columns of the first are as many as the rows of the second"),
    ),
    _product_sample,
)


@PRODUCT.rule
def sparse_product(cx: Context, mat1: Value, mat2: Value, reduce: Value) -> Value:
    """`(n, m), (m, k) -> (n, k)`

    C1: both are matrices. C2: the sizes between them are equal.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.sparse.mm.html
    """
    first, second = cx.tensor(mat1), cx.tensor(mat2)
    headline = say("{subject} expects two matrices but receives {a} and {b}", a=first.shape, b=second.shape)
    first = cx.ranks(first, (2,), "C1", headline, "mat1")
    second = cx.ranks(second, (2,), "C1", headline, "mat2")
    rows, inner = first.shape.parts
    other, columns = second.shape.parts
    assert isinstance(inner, Axis)
    assert isinstance(other, Axis)
    result = first.with_parts((rows, columns))
    cx.expect(result)
    headline = say("mat1 and mat2 shapes cannot be multiplied ({a} and {b})", a=first.shape, b=second.shape)
    cx.demand_equal("C2", inner.size, other.size, headline, operand="mat2")
    return result
