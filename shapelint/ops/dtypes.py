"""The kind of entries that a `dtype` argument asks for, and the demand that entries are floats."""

from __future__ import annotations

from shapelint.ops.contract import Context, say
from shapelint.shapes.shape import Axis
from shapelint.values.model import Dtype, External, NoneValue, Tensor, Value

_KINDS: dict[str, Dtype] = {
    **dict.fromkeys(("bool", "bool_"), "bool"),
    **dict.fromkeys(("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"), "int"),
    **dict.fromkeys(("short", "int", "long", "int_", "intp"), "int"),
    **dict.fromkeys(("float16", "float32", "float64", "bfloat16", "half", "float", "double", "single"), "float"),
    **dict.fromkeys(("complex32", "complex64", "complex128", "chalf", "cfloat", "cdouble"), "complex"),
}


def dtype_kind(value: Value, default: Dtype | None = None) -> Dtype | None:
    """What `torch.float32` asks for; `default` for None; None for what is not known."""
    if isinstance(value, NoneValue):
        return default
    if isinstance(value, External):
        owner, _, name = value.name.rpartition(".")
        return _KINDS.get(name) if owner in ("torch", "builtins", "numpy") else None
    return None


def may_be_empty(cx: Context, x: Tensor) -> bool:
    """Whether an axis may have no entry: of nothing, torch does not ask what kind it is."""
    return any(isinstance(part, Axis) and not cx.facts.at_least(part.size, 1) for part in x.shape.parts)


def demand_floats(cx: Context, x: Tensor, constraint: str) -> None:
    """Refute the constraint where a tensor of torch surely holds ints or bools; NumPy takes them."""
    if x.dtype in ("int", "bool") and not cx.may_be_array(x):
        headline = say("{subject} expects floats but receives a tensor of {kind}s", kind=x.dtype)
        cx.refute(constraint, headline, operand="input")
