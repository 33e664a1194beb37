"""Functions of two tensors, or of a tensor and a number, that broadcast: `+`, `<`, `maximum`, `atan2` …"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from shapelint.ops.contract import Constraint, Context, Op, Sample, T, op
from shapelint.ops.pointwise import both
from shapelint.values.model import Dtype, Opaque, Str, Tensor, Value

C1 = Constraint("C1", "broadcast-shape", "the sizes are equal or 1, counted from the last axis")
_ORDER: tuple[Dtype, ...] = ("bool", "int", "float", "complex")

# the kind of the result is the wider of both
WIDER = (
    "add sub subtract mul multiply remainder fmod floor_divide maximum minimum fmax fmin pow bitwise_and bitwise_or "
    "bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm clamp_min clamp_max"
)
# ints and bools become floats
FLOAT = (
    "div divide true_divide atan2 arctan2 hypot copysign logaddexp logaddexp2 xlogy nextafter float_power ldexp igamma "
    "igammac"
)
TO_BOOL = "eq ne lt le gt ge not_equal less less_equal greater greater_equal isclose logical_and logical_or logical_xor"

# what torch takes, where it does not take every kind
_TAKEN: tuple[tuple[str, tuple[Dtype, ...]], ...] = (
    (
        "atan2 arctan2 hypot logaddexp logaddexp2 nextafter isclose fmod remainder floor_divide igamma igammac",
        ("float",),
    ),
    ("copysign ldexp sub subtract rsub pow", ("float", "int")),
    ("gcd lcm bitwise_left_shift bitwise_right_shift", ("int",)),
    ("bitwise_and bitwise_or bitwise_xor", ("int", "bool")),
)
_KINDS = {name: kinds for names, kinds in _TAKEN for name in names.split()}
_ONE_KIND = frozenset({"isclose", "heaviside"})
_TENSORS_ONLY = (
    "maximum minimum fmax fmin atan2 arctan2 hypot logaddexp logaddexp2 nextafter isclose gcd lcm ldexp heaviside "
    "logical_and logical_or logical_xor igamma igammac"
)


def promote(kinds: Iterable[Dtype | None]) -> Dtype | None:
    """The kind of entries that a result of several has: the widest of bool, int, float, complex."""
    known = list(kinds)
    if None in known and not {"float", "complex"} & set(known):
        return None
    return max((k for k in known if k is not None), key=_ORDER.index, default=None)


def assemble(cx: Context, values: Iterable[Value], constraint: str, dtype: Dtype | None) -> Tensor:
    """The broadcast of several tensors or numbers. The history is that of the first which is a tensor."""
    given = list(values)
    tensors = [cx.tensor(v) for v in given]
    lead = next((x for v, x in zip(given, tensors, strict=True) if isinstance(v, Tensor)), tensors[0])
    parts = cx.broadcast(tensors, constraint)
    # beside a tensor of torch, a number of NumPy or an array gives a tensor
    arrays = [x.array for v, x in zip(given, tensors, strict=True) if isinstance(v, (Tensor, Opaque))]
    assumed = any(x.assumed for x in tensors)
    return replace(lead.with_parts(parts).with_dtype(dtype), assumed=assumed, array=bool(arrays) and all(arrays))


def near(rng: random.Random, base: list[int]) -> list[int]:
    """Sizes that often broadcast with `base`."""
    sizes = [1 if rng.random() < 0.25 else n for n in base]
    sizes = sizes[rng.randint(0, len(sizes)) :] if rng.random() < 0.4 else sizes
    if sizes and rng.random() < 0.3:
        sizes[rng.randrange(len(sizes))] = rng.randint(0, 4)
    return [rng.randint(1, 3), *sizes] if rng.random() < 0.15 else sizes


def some_sizes(rng: random.Random) -> list[int]:
    """Up to three axes."""
    return [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]


def _operands(rng: random.Random, called: str) -> tuple[T, object]:
    """A tensor, and a tensor or number that torch takes with it."""
    last = called.rpartition(".")[2]
    kinds = _KINDS.get(last, ("float", "int") if "special" in called else ("float", "int", "bool"))
    base = some_sizes(rng)
    if rng.random() < 0.3:
        base = [*base, 2, 3]
    kind = rng.choice(kinds)
    x = T(tuple(base), kind)
    if last not in _TENSORS_ONLY.split() and "special" not in called and rng.random() < 0.15:
        return x, rng.randint(1, 3) if "float" not in kinds else 1.5 if last == "copysign" else rng.choice([2, 1.5])
    other = kind if last in _ONE_KIND else "float" if last in ("pow", "float_power") else rng.choice(kinds)
    return x, T(tuple(near(rng, base)), other)


def _family(name: str, torch: tuple[str, ...], doc: str, kind: Dtype | None) -> Op:
    """An op over a table of names. `kind` is that of the result; None for the wider of both."""

    def sample(rng: random.Random) -> Sample:
        called = rng.choice(torch)
        last = called.rpartition(".")[2]
        x, y = _operands(rng, called)
        options: dict[str, object] = {}
        if last in ("add", "sub", "subtract") and rng.random() < 0.2:
            options["alpha"] = 2
            x = replace(x, dtype="float")
        if last in ("div", "divide") and rng.random() < 0.4:
            options["rounding_mode"] = rng.choice(["floor", "trunc", None])
            if rng.random() < 0.5:
                x, y = replace(x, dtype="int", high=3), 2
            else:
                x = replace(x, dtype="float")
        return Sample(called, (x, y), options)

    made = op(
        name,
        torch,
        (
            "input, other, *, alpha=1, rounding_mode=None, out=None",
            "input, other, rtol=1e-05, atol=1e-08, equal_nan=False",
            "self, other, *, out=None",
            "input, exponent, *, out=None",
            "input, max, *, out=None",
            "input, min, *, out=None",
        ),
        (C1,),
        sample,
    )

    def rule(cx: Context, rounding_mode: Value | None = None, **operands: Value) -> Value:
        first = operands.get("input", operands.get("self"))
        second = next(operands[n] for n in ("other", "exponent", "max", "min") if n in operands)
        assert first is not None
        wider = promote(cx.tensor(v).dtype for v in (first, second))
        if kind is None or wider == "complex" or (isinstance(rounding_mode, Str) and wider == "int"):
            return assemble(cx, (first, second), "C1", wider)
        return assemble(cx, (first, second), "C1", kind)

    rule.__doc__ = doc
    made.rule(rule)
    return made


_DOC = """`(*), (*) -> (*)`, the axes that both have by broadcasting; {kind}

    C1: counted from the last axis, sizes are equal or one of them is 1.
    Follows https://docs.pytorch.org/docs/stable/notes/broadcasting.html
    """

WIDER_FUNCTIONS = _family(
    "arithmetic",
    (*both(WIDER), "torch.heaviside", "torch.Tensor.heaviside", "torch.rsub"),
    _DOC.format(kind="the kind of the entries is the wider of both."),
    None,
)
FLOAT_FUNCTIONS = _family(
    "float_arithmetic",
    (*both(FLOAT), "torch.special.xlogy", "torch.special.xlog1py", "torch.special.zeta"),
    _DOC.format(kind="ints become floats, unless a division is rounded."),
    "float",
)
COMPARISONS = _family("comparison", both(TO_BOOL), _DOC.format(kind="gives bools."), "bool")
