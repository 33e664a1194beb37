"""Tensors made from what Python holds: `tensor`, `as_tensor`, `from_numpy`, `torch.Tensor(…)`, `nn.Parameter`."""

from __future__ import annotations

import random
from collections.abc import Sequence as Collection
from dataclasses import replace

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.factories import OPTIONS
from shapelint.ops.size import any_tensor
from shapelint.shapes.shape import Axis, Part, Segment, Shape, product
from shapelint.values.model import (
    Bool,
    Dtype,
    External,
    Float,
    Int,
    NoneValue,
    Sequence,
    SizeOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

RAGGED = Constraint("C3", "tensor-data", "lists of one level are equally long")
MIXED = Constraint("C4", "tensor-data", "one level holds numbers alone, or lists alone")
NOT_ENTRY = Constraint("C5", "scalar-conversion", "a tensor in a list has one entry, no float where ints are asked for")
NO_GRADIENT = Constraint("C6", "gradient-dtype", "only floats have gradients")
DATA = (RAGGED, MIXED, NOT_ENTRY)
Parts = tuple[Part, ...]


# The shape of nested lists -----------------------------------------------------------------------


def data_tensor(cx: Context, value: Value, kind: Dtype | None) -> Tensor:
    """The tensor that `torch.tensor(value)` makes, of the kind that is asked for or else of the entries' own.
    Refutes C3, C4 and C5."""
    if isinstance(value, Tensor):
        x = replace(cx.tensor(value), array=False)
        return x.with_dtype(kind or x.dtype)
    held = cx.data_of(value)
    if held is not None:
        return replace(held, dtype=kind or held.dtype, array=False)
    parts, own = _parts(cx, value, kind)
    return Tensor(Shape(parts), kind or own)


def _parts(cx: Context, value: Value, asked: Dtype | None) -> tuple[Parts, Dtype | None]:
    """The axes of an element, and the kind of its entries."""
    if isinstance(value, Tensor):
        x = cx.tensor(value)
        if x.array:
            return x.shape.parts, x.dtype
        _demand_entry(cx, x, asked)
        return (), x.dtype
    if isinstance(value, (Int, Float, Bool)):
        return (), "bool" if isinstance(value, Bool) else "int" if isinstance(value, Int) else "float"
    if isinstance(value, SizeOf):
        shape = cx.facts.shape(value.shape)
        return ((Axis.fresh(shape.rank) if shape.rank is not None else cx.fresh("rank")),), "int"
    if isinstance(value, Tuple):
        return _list(cx, value.items, asked)
    if isinstance(value, Sequence):
        inner, kind = _parts(cx, value.element, asked)
        return (Axis.fresh(value.length) if value.length is not None else cx.fresh("n"), *inner), kind
    return (Segment("data"),), None


def _demand_entry(cx: Context, x: Tensor, asked: Dtype | None) -> None:
    if x.shape.ranked:
        headline = say("only one element tensors can be converted to Python scalars, not {shape}", shape=x.shape)
        cx.demand_equal("C5", 1, product(x.shape.dims), headline, operand="data")
    if x.dtype == "float" and asked in ("int", "bool"):
        headline = say("only integer tensors of a single element can be converted to an index")
        cx.refute("C5", headline, operand="data")


def _list(cx: Context, items: Collection[Value], asked: Dtype | None) -> tuple[Parts, Dtype | None]:
    if not items:
        return (Axis.fresh(0),), "float"
    first, kind = _parts(cx, items[0], asked)
    whole: Parts = (Axis.fresh(len(items)), *first)
    if any(isinstance(p, Axis) and cx.surely(p.size, 0) for p in first):
        return whole, kind  # torch looks no further where there are no entries
    kinds = [kind]
    for value in items[1:]:
        if isinstance(value, Tensor) and not value.array and first:
            raise CannotTell("dynamic-value")  # here torch takes a tensor for a list
        other, kind = _parts(cx, value, asked)
        kinds.append(kind)
        _demand_like(cx, first, other)
    return whole, _common(kinds)


def _demand_like(cx: Context, first: Parts, other: Parts) -> None:
    if any(isinstance(p, Segment) for p in (*first, *other)):
        return
    if len(first) != len(other):
        cx.refute("C4", say("not a sequence: a list holds numbers and lists"), operand="data")
    for a, b in zip(first, other, strict=True):
        assert isinstance(a, Axis)
        assert isinstance(b, Axis)
        headline = say("expected sequence of length {want} (got {got})", want=a.size, got=b.size)
        cx.demand_equal("C3", a.size, b.size, headline, operand="data")


def _common(kinds: list[Dtype | None]) -> Dtype | None:
    order: tuple[Dtype, ...] = ("bool", "int", "float", "complex")
    known = [k for k in kinds if k is not None]
    return max(known, key=order.index) if len(known) == len(kinds) else None


# tensor, as_tensor -------------------------------------------------------------------------------


def some_data(rng: random.Random, tensors: bool = True) -> object:
    """A number, or nested lists that are mostly regular; with `tensors` now and then with a tensor as an entry."""
    rank = rng.randint(0, 3)
    sizes = [rng.randint(1, 3) for _ in range(rank)]
    if rank and rng.random() < 0.1:
        sizes[-1] = 0
    entries = rng.choice(((1,), (1.5,), (True,), (1, 2.5), (True, 0), (t(), t(1)), (t(dtype="int"), t(1, dtype="int"))))
    if not tensors:
        entries = rng.choice(((1,), (1.5,), (True,), (1, 2.5)))
    data = _nested(rng, sizes, entries)
    chance = rng.random()
    if rank and 0 not in sizes and chance < 0.45 and isinstance(data, list):
        if chance < 0.2:
            data.append(_nested(rng, [s + 1 for s in sizes[1:]], entries) if rank > 1 else [1])
        elif chance < 0.3:
            data.append(_nested(rng, [*sizes[1:], 2], (1,)))
        elif rank == 1 and tensors:
            data.append(t(2) if chance < 0.4 else t(2, 2))
    return tuple(data) if isinstance(data, list) and rng.random() < 0.2 else data


def _nested(rng: random.Random, sizes: Collection[int], entries: Collection[object]) -> object:
    if not sizes:
        return rng.choice(entries)
    return [_nested(rng, sizes[1:], entries) for _ in range(sizes[0])]


_MAKERS = ("torch.tensor", "torch.as_tensor", "torch.asarray")


def _tensor_sample(rng: random.Random) -> Sample:
    name = rng.choice(_MAKERS)
    data = some_data(rng) if rng.random() < 0.8 else any_tensor(rng)
    if rng.random() < 0.1:
        data = Sample("torch.Tensor.numpy", (any_tensor(rng),))
    options: dict[str, object] = {}
    if rng.random() < 0.3:
        options["dtype"] = External(rng.choice(("torch.float32", "torch.long", "torch.bool")))
    if name != "torch.as_tensor" and rng.random() < 0.2:
        options["requires_grad"] = True
    key = "obj" if name == "torch.asarray" else "data"
    return Sample(name, (data,), options) if rng.random() < 0.8 else Sample(name, (), {key: data, **options})


TENSOR = op(
    "tensor",
    _MAKERS,
    (
        "data, dtype=None, device=None, requires_grad=False, pin_memory=False, *, copy=None",
        "*, obj, dtype=None, device=None, copy=None, requires_grad=False",
    ),
    constraints=(*DATA, NO_GRADIENT),
    samples=_tensor_sample,
)


@TENSOR.rule
def tensor(
    cx: Context,
    dtype: Value,
    requires_grad: Value,
    data: Value | None = None,
    obj: Value | None = None,
    **options: Value,
) -> Value:
    """`[[…], …] -> (n0, n1, …)`, by the lengths of the nested lists; a number has no axes.

    C3: lists of one level are equally long. C4: they hold numbers alone, or lists alone. C5: a tensor in a list has one
    entry, which is no float where ints are asked for. C6: only floats have gradients.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
    """
    given = data if data is not None else obj
    assert given is not None
    kind = dtype_kind(dtype)
    cx.expect(Tensor.unknown(dtype=kind))
    result = data_tensor(cx, given, kind)
    if kind is None and not isinstance(dtype, NoneValue):
        result = result.with_dtype(None)
    cx.expect(result)
    demand_gradient(cx, result, requires_grad)
    return result


def demand_gradient(cx: Context, x: Tensor, requires_grad: Value) -> None:
    """C6: only floats have gradients."""
    if x.dtype in ("int", "bool") and isinstance(requires_grad, Bool) and requires_grad.value:
        cx.refute(
            "C6",
            say("only Tensors of floating point and complex dtype can require gradients, not {kind}", kind=x.dtype),
        )


def _from_numpy_sample(rng: random.Random) -> Sample:
    return Sample("torch.from_numpy", (Sample("torch.Tensor.numpy", (any_tensor(rng),)),))


FROM_NUMPY = op("from_numpy", ("torch.from_numpy",), "ndarray", samples=_from_numpy_sample)


@FROM_NUMPY.rule
def from_numpy(cx: Context, ndarray: Value) -> Value:
    """`(*) -> (*)`: the array as a tensor.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
    """
    if isinstance(ndarray, Unknown):  # an array, which is no tensor itself
        return Tensor.unknown("data") if ndarray.extent is None else Tensor(Shape((ndarray.extent,)))
    return replace(cx.tensor(ndarray), array=False)


def _new_tensor_sample(rng: random.Random) -> Sample:
    data = some_data(rng) if rng.random() < 0.8 else any_tensor(rng)
    options = {"dtype": External("torch.long")} if rng.random() < 0.2 else {}
    return Sample("torch.Tensor.new_tensor", (any_tensor(rng), data), options)


NEW_TENSOR = op("new_tensor", ("torch.Tensor.new_tensor",), f"input, data, {OPTIONS}", DATA, _new_tensor_sample)


@NEW_TENSOR.rule
def new_tensor(cx: Context, input: Value, data: Value, dtype: Value, **options: Value) -> Value:
    """`(+), [[…], …] -> (n0, n1, …)`, of the kind of the tensor.

    C3 to C5: as for `torch.tensor`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html
    """
    kind = dtype_kind(dtype, cx.tensor(input).dtype)
    cx.expect(Tensor.unknown(dtype=kind))
    return data_tensor(cx, data, kind).with_dtype(kind)
