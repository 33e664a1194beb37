"""What a tensor tells Python other than its sizes: its entries as numbers, where it lives, what it is made of."""

from __future__ import annotations

import random
from collections.abc import Callable

from shapelint.ops.contract import Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.size import any_tensor
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Segment, product
from shapelint.values.model import Bool, External, Float, Int, Sequence, Tensor, Unknown, Value

_METHOD = "torch.Tensor."


# Entries -----------------------------------------------------------------------------------------


def _number_of(x: Tensor) -> Value:
    """An entry of a tensor as a Python number of its kind."""
    if x.dtype == "int":
        return Int(Dim.symbol("item", "unknown", None))
    if x.dtype == "bool":
        return Bool(None)
    return Float() if x.dtype == "float" else Unknown("dynamic-value")


def _conversion(name: str, torch: tuple[str, ...], formula: str, result: Callable[[Tensor], Value]) -> Op:
    """An op that turns the only entry of a tensor into a Python value."""

    def sample(rng: random.Random) -> Sample:
        sizes = [1] * rng.randint(0, 3) if rng.random() < 0.6 else any_tensor(rng).sizes
        return Sample(rng.choice(torch), (t(*sizes, dtype=rng.choice(("float", "int", "bool"))),))

    made = op(
        name,
        torch,
        "input",
        constraints=(Constraint("C1", "scalar-conversion", "the tensor has exactly one entry"),),
        samples=sample,
    )

    def rule(cx: Context, input: Value) -> Value:
        x = cx.tensor(input)
        cx.expect(result(x))
        if x.shape.ranked:
            count = product(x.shape.dims)
            headline = say("a Tensor with {count} elements cannot be converted to Scalar", count=count)
            cx.demand_equal("C1", 1, count, headline)
        return result(x)

    rule.__doc__ = f"""{formula}

    C1: exactly one entry.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.item.html
    """
    made.rule(rule)
    return made


ITEM = _conversion("item", (_METHOD + "item",), "`(1, …, 1) -> number`, of the kind of the entries.", _number_of)
TO_FLOAT = _conversion("float()", (_METHOD + "__float__",), "`(1, …, 1) -> float`", lambda x: Float())
TO_INT = _conversion(
    "int()", (_METHOD + "__int__",), "`(1, …, 1) -> int`", lambda x: Int(Dim.symbol("item", "unknown", None))
)
TO_BOOL = _conversion(
    "bool()",
    (_METHOD + "__bool__", _METHOD + "is_nonzero", "torch.is_nonzero"),
    "`(1, …, 1) -> bool`",
    lambda x: Bool(None),
)

TOLIST = op(
    "tolist", (_METHOD + "tolist",), "input", samples=lambda rng: Sample(_METHOD + "tolist", (any_tensor(rng),))
)


@TOLIST.rule
def tolist(cx: Context, input: Value) -> Value:
    """`(n0, n1, …) -> [[…], …]`: nested lists of `n0`, `n1`, … elements; a number where there are no axes.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.tolist.html
    """
    x = cx.tensor(input)
    result = _number_of(x)
    for part in reversed(x.shape.parts):
        if isinstance(part, Segment):
            result = Unknown("dynamic-value", "rank")  # a list in lists of unknown depth, or none at all
        else:
            assert isinstance(part, Axis)
            result = Sequence(result, part.size)
    return result


# Facts about a tensor ----------------------------------------------------------------------------


def _told(name: str, torch: str, formula: str, result: Callable[[Tensor], Value]) -> Op:
    """An op for attributes and methods that take no argument and do not depend on the shape."""
    names = tuple(_METHOD + n for n in torch.split())
    names += tuple(f"torch.{n}" for n in torch.split() if n in ("is_floating_point", "is_complex", "is_conj", "is_neg"))
    made = op(name, names, "input", samples=lambda rng: Sample(rng.choice(names), (any_tensor(rng),)))

    def rule(cx: Context, input: Value) -> Value:
        return result(cx.tensor(input))

    rule.__doc__ = f"{formula}\n\nFollows https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor"
    made.rule(rule)
    return made


def _is(kind: str) -> Callable[[Tensor], Value]:
    return lambda x: Bool(x.dtype == kind if x.dtype is not None else None)


FLAGS = _told(
    "flags",
    """is_cuda is_cpu is_mps is_xpu is_sparse is_quantized is_meta is_leaf requires_grad retains_grad
    is_conj is_neg is_inference is_pinned is_shared is_signed is_distributed""",
    "`(*) -> bool`: where the tensor lives and how it was made, which its shape does not tell.",
    lambda x: Bool(None),
)
IS_FLOAT = _told(
    "is_floating_point", "is_floating_point", "`(*) -> bool`: whether the entries are floats.", _is("float")
)
IS_COMPLEX = _told(
    "is_complex", "is_complex", "`(*) -> bool`: whether the entries are complex numbers.", _is("complex")
)
NUMBERS = _told(
    "places",
    "data_ptr element_size itemsize nbytes get_device storage_offset output_nr _version",
    "`(*) -> int`: how and where the entries are stored, which its shape does not tell.",
    lambda x: Int(Dim.symbol("number", "unknown", -1)),
)
# `torch.bool` is the only dtype of its kind
DTYPE = _told(
    "dtype",
    "dtype",
    "`(*) -> torch.dtype`",
    lambda x: External("torch.bool") if x.dtype == "bool" else Unknown("dynamic-value", "dtype"),
)
DEVICE = _told("device", "device layout", "`(*) -> torch.device`", lambda x: Unknown("dynamic-value", "device"))


def _contiguous_sample(rng: random.Random) -> Sample:
    return Sample(_METHOD + "is_contiguous", (any_tensor(rng),))


CONTIGUOUS = op(
    "is_contiguous", (_METHOD + "is_contiguous",), "input, *, memory_format=None", samples=_contiguous_sample
)


@CONTIGUOUS.rule
def is_contiguous(cx: Context, input: Value, memory_format: Value) -> Value:
    """`(*) -> bool`: depends on how the tensor lies in memory.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_contiguous.html
    """
    cx.tensor(input)
    return Bool(None)
