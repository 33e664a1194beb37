"""The same tensor elsewhere, or with entries of another kind: `to`, `float`, `type`, `clone`, `detach`, `numpy`."""

from __future__ import annotations

import random
from dataclasses import replace

from shapelint.ops.contract import CannotTell, Context, Op, Sample, op
from shapelint.ops.dtypes import dtype_kind
from shapelint.ops.size import any_tensor
from shapelint.values.model import Dtype, External, NoneValue, OneOf, Opaque, Str, Tensor, Unknown, Value

_METHOD = "torch.Tensor."
TENSOR_TYPES: dict[str, Dtype] = {
    **dict.fromkeys(("FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor"), "float"),
    **dict.fromkeys(("LongTensor", "IntTensor", "ShortTensor", "CharTensor", "ByteTensor"), "int"),
    "BoolTensor": "bool",
}


def _methods(names: str) -> tuple[str, ...]:
    return tuple(_METHOD + name for name in names.split())


# The same tensor ---------------------------------------------------------------------------------

_MOVED = _methods("cuda xpu pin_memory")  # to where tests cannot go
_KEPT = _methods("data clone detach detach_ contiguous cpu share_memory_ zero_ resolve_conj resolve_neg to_dense conj")
_KEPT_FUNCTIONS = ("torch.clone", "torch.detach", "torch.resolve_conj", "torch.resolve_neg", "torch.conj")


def _kept_sample(rng: random.Random) -> Sample:
    name = rng.choice((*_KEPT, *_KEPT_FUNCTIONS))
    options: dict[str, object] = {}
    if name.endswith(("clone", "contiguous", "cpu")) and rng.random() < 0.3:
        options["memory_format"] = External("torch.contiguous_format")
    if name.startswith(_METHOD) or rng.random() < 0.5:
        return Sample(name, (any_tensor(rng),), options)
    return Sample(name, (), {"input": any_tensor(rng), **options})


KEPT = op(
    "same_tensor",
    (*_KEPT, *_MOVED, *_KEPT_FUNCTIONS),
    "input, device=None, non_blocking=False, *, memory_format=None, dtype=None, masked_grad=None",
    samples=_kept_sample,
)


@KEPT.rule
def kept(cx: Context, input: Value, **options: Value) -> Value:
    """`(*) -> (*)`: the same axes and entries, elsewhere in memory or cut from the graph.

    Follows https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor
    """
    return cx.tensor(input)


def _applied_sample(rng: random.Random) -> Sample:
    return Sample(_METHOD + "apply_", (any_tensor(rng), lambda entry: entry))


APPLIED = op("apply_", (_METHOD + "apply_",), "input, callable", samples=_applied_sample)


@APPLIED.rule
def applied(cx: Context, input: Value, callable: Value) -> Value:
    """`(*) -> (*)`: a Python function of each entry, in place.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.apply_.html
    """
    return cx.tensor(input)


# Another kind ------------------------------------------------------------------------------------

_KIND_OF: dict[str, Dtype] = {
    **dict.fromkeys(("float", "double", "half", "bfloat16"), "float"),
    **dict.fromkeys(("long", "int", "short", "char", "byte"), "int"),
    **dict.fromkeys(("cfloat", "cdouble", "chalf"), "complex"),
    "bool": "bool",
}


def _kind_op(kind: Dtype) -> Op:
    """The methods that are named after a dtype of one kind."""
    names = _methods(" ".join(n for n, k in _KIND_OF.items() if k == kind))

    def sample(rng: random.Random) -> Sample:
        options = {"memory_format": External("torch.preserve_format")} if rng.random() < 0.2 else {}
        return Sample(rng.choice(names), (any_tensor(rng),), options)

    made = op(f"to_{kind}", names, "input, *, memory_format=None", samples=sample)

    def rule(cx: Context, input: Value, memory_format: Value) -> Value:
        return cx.tensor(input).with_dtype(kind)

    rule.__doc__ = f"""`(*) -> (*)`, entries as {kind}.

    Follows https://docs.pytorch.org/docs/stable/tensors.html#torch.Tensor
    """
    made.rule(rule)
    return made


KINDS = [_kind_op(kind) for kind in ("float", "int", "bool", "complex")]


def is_device(value: Value) -> bool:
    """Whether an argument of `to` that is no dtype surely says a place: "cuda", `x.device`, `args.device`."""
    if isinstance(value, OneOf):
        return all(is_device(v) for v in value.options)
    if isinstance(value, Opaque):
        return "dev" in value.path.rpartition(".")[2]
    if isinstance(value, Unknown):
        return "device" in value.detail.rpartition(".")[2]
    return isinstance(value, (Str, NoneValue)) or (isinstance(value, External) and "device" in value.name)


def _to_sample(rng: random.Random) -> Sample:
    x, name = any_tensor(rng), _METHOD + "to"
    kind = External(rng.choice(("torch.long", "torch.float64", "torch.bool")))
    return rng.choice(
        (
            Sample(name, (x, kind)),
            Sample(name, (x, kind, True)),
            Sample(name, (x, "cpu")),
            Sample(name, (x, "cpu", kind)),
            Sample(name, (x, "cpu", kind, False, True)),
            Sample(name, (x, any_tensor(rng))),
            Sample(name, (x,), {"dtype": kind}),
            Sample(name, (x, "cpu"), {"dtype": kind, "copy": True}),
            Sample(name, (x,), {"device": "cpu", "dtype": kind, "non_blocking": True}),
        )
    )


TO = op(
    "to",
    (_METHOD + "to",),
    "input, *target, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None",
    samples=_to_sample,
)


@TO.rule
def to(cx: Context, input: Value, target: Value, dtype: Value, **options: Value) -> Value:
    """`(*) -> (*)`, entries of the kind that a dtype or a tensor among the arguments has.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
    """
    x = cx.tensor(input)
    kind = dtype_kind(dtype, x.dtype)
    for value in cx.items(target)[:2]:
        if isinstance(value, Tensor):
            kind = value.dtype
        elif isinstance(value, External) and dtype_kind(value) is not None:
            kind = dtype_kind(value)
        elif isinstance(value, (Opaque, Unknown, External)) and not is_device(value):
            kind = None
    return x.with_dtype(kind)


def _type_sample(rng: random.Random) -> Sample:
    x, name = any_tensor(rng), _METHOD + "type"
    kind: object = External(rng.choice(("torch.long", "torch.float64", "torch.bool")))
    if rng.random() < 0.5:
        kind = rng.choice(("torch.LongTensor", External("torch.FloatTensor"), "torch.BoolTensor"))
    return rng.choice((Sample(name, (x, kind)), Sample(name, (x,), {"dtype": kind}), Sample(name, (x,))))


TYPE = op("type", (_METHOD + "type",), "input, dtype=None, non_blocking=False, **kwargs", samples=_type_sample)


def type_kind(value: Value) -> Dtype | None:
    """The kind of entries that a dtype, a type of tensors or its name means."""
    name = value.value if isinstance(value, Str) else value.name if isinstance(value, External) else None
    return TENSOR_TYPES.get((name or "").rpartition(".")[2]) or dtype_kind(value)


@TYPE.rule
def type_(cx: Context, input: Value, dtype: Value, **options: Value) -> Value:
    """`(*) -> (*)`, entries of the kind asked for; without an argument the name of the type as a string.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type.html
    """
    x = cx.tensor(input)
    return Str(None) if isinstance(dtype, NoneValue) else x.with_dtype(type_kind(dtype))


TYPE_AS = op(
    "type_as",
    (_METHOD + "type_as",),
    "input, other",
    samples=lambda rng: Sample(_METHOD + "type_as", (any_tensor(rng), any_tensor(rng))),
)


@TYPE_AS.rule
def type_as(cx: Context, input: Value, other: Value) -> Value:
    """`(*), (+) -> (*)`, entries of the kind of `other`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type_as.html
    """
    x = cx.tensor(input)
    try:
        return x.with_dtype(cx.tensor(other).dtype)
    except CannotTell:
        return x.with_dtype(None)


# NumPy -------------------------------------------------------------------------------------------


def _numpy_sample(rng: random.Random) -> Sample:
    options = {"force": True} if rng.random() < 0.2 else {}
    return Sample(_METHOD + "numpy", (any_tensor(rng),), options)


NUMPY = op("numpy", (_METHOD + "numpy",), "input, *, force=False", samples=_numpy_sample)


@NUMPY.rule
def numpy(cx: Context, input: Value, force: Value) -> Value:
    """`(*) -> (*)` as an array.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.numpy.html
    """
    return replace(cx.tensor(input), array=True)
