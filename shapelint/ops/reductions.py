"""Reductions that give one tensor: `sum`, `mean`, `std`, `amax`, `argmax`, `all`, `norm` and their like."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.dtypes import demand_floats, dtype_kind
from shapelint.ops.pointwise import both
from shapelint.shapes.dim import ONE
from shapelint.shapes.shape import Axis, Part, Segment
from shapelint.values.model import NONE, Bool, Dtype, NoneValue, Sequence, SizeOf, Str, Tensor, Tuple, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` names axes of the tensor")
C2 = Constraint("C2", "axis-order", "no axis is named twice")
DOC_C1 = "C1: `dim` names axes of the tensor."
DOC = DOC_C1 + " C2: none of them twice."


def reduced(cx: Context, x: Tensor, dim: Value, keepdim: bool) -> tuple[Tensor, tuple[Part, ...]]:
    """The tensor with the axes of `dim` (all where it is None or empty) revealed, and its parts without them; with
    `keepdim` they stay with a size of 1. Demands C1 and, where `dim` is several, C2."""
    if isinstance(dim, NoneValue) or (isinstance(dim, (Tuple, SizeOf, Sequence)) and not cx.items(dim)):
        if not keepdim:
            return x, ()
        return x, tuple(Segment("ones") if isinstance(p, Segment) else Axis.fresh(1) for p in x.shape.parts)
    x, found = cx.axes(x, dim, "C1")
    places = [at % max(len(x.shape.parts), 1) for at in found]
    if len(set(places)) != len(places):
        cx.refute("C2", say("dim {dim} appears multiple times in the list of dims", dim=_twice(places)), operand="dim")
    if keepdim:
        return x, tuple(Axis.fresh(ONE) if i in places else p for i, p in enumerate(x.shape.parts))
    return x, tuple(p for i, p in enumerate(x.shape.parts) if i not in places)


def _twice(places: list[int]) -> int:
    return next(p for p in places if places.count(p) > 1)


def sample_dims(rng: random.Random, rank: int, several: bool) -> object:
    """An axis, a tuple of axes or None; now and then out of range, or one twice."""
    room = max(rank, 1)
    if not several or rng.random() < 0.5:
        return rng.randrange(-room, room) if rng.random() < 0.75 else rng.choice([rank + 1, -rank - 2])
    dims = rng.sample(range(room), rng.randint(1, room))
    dims = [d - room if rng.random() < 0.3 else d for d in dims]
    if rng.random() < 0.2:
        dims.append(rng.choice(dims))
    elif rng.random() < 0.1:
        dims[0] = rank + 1
    return tuple(dims) if rng.random() < 0.7 else dims


# name -> (names, signatures, kind of the result or what bools become, several axes at once, `dim` must be given)
_ANY: tuple[Dtype, ...] = ("float", "int", "bool")
_SUM = ("input, dim=None, keepdim=False, *, dtype=None, out=None", "input, axis=None, keepdim=False, *, dtype=None")
_PLAIN = ("input, dim=None, keepdim=False, *, out=None", "input, axis=None, keepdim=False, *, out=None")
_DIM = ("input, dim, keepdim=False, *, out=None", "input, axis, keepdim=False, *, out=None")


FLOATS = Constraint("C3", "dtype-mismatch", "the entries are floats, or `dtype` asks for them")


def _family(
    name: str,
    names: str,
    signatures: tuple[str, ...],
    kind: Dtype | None,
    *,
    taken: tuple[Dtype, ...] = _ANY,
    several: bool = True,
    needed: bool = False,
    floats: bool = False,
    special: tuple[str, ...] = (),
) -> Op:
    """`kind` is that of the result; None keeps it, but for bools, which become ints where `dtype` may be given. With `floats` nothing else is
    taken, unless `dtype` is given."""
    torch = (*both(names), *special)
    typed = "dtype" in signatures[0]

    def sample(rng: random.Random) -> Sample:
        rank = rng.randint(0, 4)
        x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(taken))
        if not needed and rng.random() < 0.15:
            return Sample(rng.choice(torch), (x,))
        dims = sample_dims(rng, rank, several)
        keepdim = rng.random() < 0.5
        if rng.random() < 0.3:
            return Sample(rng.choice(torch), (x, dims, keepdim))
        word = "axis" if rng.random() < 0.2 and len(signatures) > 1 else "dim"
        if word == "dim" and several and not needed and rng.random() < 0.1:
            dims = None
        return Sample(rng.choice(torch), (x,), {word: dims, "keepdim": keepdim} if rng.random() < 0.6 else {word: dims})

    made = op(name, torch, signatures, ((C1, C2) if several else (C1,)) + ((FLOATS,) if floats else ()), sample)

    def rule(cx: Context, input: Value, keepdim: Value, **options: Value) -> Value:
        x = cx.tensor(input)
        if floats and isinstance(options.get("dtype", NONE), NoneValue):
            cx.expect(Tensor.unknown(dtype="float"))
            demand_floats(cx, x, "C3")
        dim = options.get("dim", options.get("axis", NONE))
        if name == "all" and isinstance(dim, Tuple) and not dim.items:
            raise CannotTell("dynamic-value")  # nothing or everything, depending on the version
        x, parts = reduced(cx, x, dim, cx.flag(keepdim))
        result: Dtype | None = kind or ("int" if typed and x.dtype == "bool" else x.dtype)
        if x.dtype == "complex" and kind == "float":
            result = "complex" if name == "mean" else None
        return x.with_parts(parts).with_dtype(dtype_kind(options.get("dtype", NONE), result))

    rule.__doc__ = (
        f"`(*, n, *) -> (*, *)`; with `keepdim` `(*, 1, *)`; without `dim` all axes go.\n\n"
        f"{DOC if several else DOC_C1}{' C3: floats, unless `dtype` is given.' if floats else ''}\nFollows https://docs.pytorch.org/docs/stable/torch.html#reduction-ops"
    )
    made.rule(rule)
    return made


SUM = _family("sum", "sum nansum", _SUM, None)
PROD = _family("prod", "prod", _SUM, None, several=False)
MEAN = _family("mean", "mean nanmean", _SUM, "float", taken=("float", "float", "float", "int", "bool"), floats=True)
AMAX = _family("amax", "amax amin", (_PLAIN[0].replace("dim=None", "dim=()"),), None)
ALL = _family("all", "all any", _PLAIN, "bool")
ARGMAX = _family("argmax", "argmax argmin", _PLAIN, "int", taken=("float", "int"), several=False)
LOGSUMEXP = _family(
    "logsumexp", "logsumexp", _DIM, "float", needed=True, taken=("float",), special=("torch.special.logsumexp",)
)


def _count_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(_ANY))
    dims = () if rng.random() < 0.1 else (sample_dims(rng, rank, True),)
    return Sample(rng.choice(COUNT.torch), (x, *dims))


COUNT = op("count_nonzero", both("count_nonzero"), "input, dim=None", (C1, C2), _count_sample)


@COUNT.rule
def count_nonzero(cx: Context, input: Value, dim: Value) -> Value:
    """`(*, n, *) -> (*, *)`; without `dim` all axes go.

    C1: `dim` names axes of the tensor. C2: none of them twice.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.count_nonzero.html
    """
    x, parts = reduced(cx, cx.tensor(input), dim, False)
    return x.with_parts(parts).with_dtype("int")


def _std_sample(rng: random.Random, name: str) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(("float", "float", "float", "int", "bool")))
    dims, draw = sample_dims(rng, rank, True), rng.random()
    if draw < 0.1:
        return Sample(name, (x, rng.random() < 0.5) if draw < 0.05 else (x,))
    if draw < 0.4:
        return Sample(name, (x, dims, rng.random() < 0.5, rng.random() < 0.5))
    if draw < 0.7:
        return Sample(name, (x, dims), {"correction": 0, "keepdim": rng.random() < 0.5})
    return Sample(name, (x,), {"dim": dims, "unbiased": False} if draw < 0.85 else {"dim": dims})


STD: Op = op(
    "std",
    both("std var"),
    (
        "input, dim=None, unbiased=True, keepdim=False, *, out=None",
        "input, dim=None, *, correction=1, keepdim=False, out=None",
        "input, axis=None, unbiased=True, keepdim=False, *, out=None",
    ),
    (C1, C2, STD_FLOATS := Constraint("C3", "dtype-mismatch", "the entries are floats")),
    lambda rng: _std_sample(rng, rng.choice(STD.torch)),
)
STD_MEAN: Op = op(
    "std_mean",
    ("torch.std_mean", "torch.var_mean"),
    [s.text for s in STD.signatures],
    (C1, C2, STD_FLOATS),
    lambda rng: _std_sample(rng, rng.choice(STD_MEAN.torch)),
)


def _std(cx: Context, input: Value, keepdim: Value, options: dict[str, Value]) -> Tensor:
    dim = options.get("dim", options.get("axis", NONE))
    if isinstance(dim, Bool):  # `x.std(False)` says `unbiased`
        dim = NONE
    demand_floats(cx, cx.tensor(input), "C3")
    x, parts = reduced(cx, cx.tensor(input), dim, cx.flag(keepdim))
    return x.with_parts(parts).with_dtype("float")


@STD.rule
def std(cx: Context, input: Value, keepdim: Value, **options: Value) -> Value:
    """`(*, n, *) -> (*, *)`; with `keepdim` `(*, 1, *)`; without `dim` all axes go.

    C1: `dim` names axes of the tensor. C2: none of them twice. C3: floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.std.html
    """
    return _std(cx, input, keepdim, options)


@STD_MEAN.rule
def std_mean(cx: Context, input: Value, keepdim: Value, **options: Value) -> Value:
    """`(*, n, *) -> (*, *), (*, *)`: as `std`, and the mean.

    C1: `dim` names axes of the tensor. C2: none of them twice. C3: floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.std_mean.html
    """
    found = _std(cx, input, keepdim, options)
    return Tuple((found, found))


def _norm_sample(rng: random.Random) -> Sample:
    rank = rng.randint(1, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    name, draw = rng.choice(NORM.torch), rng.random()
    if draw < 0.15:
        return Sample(name, (x, rng.choice([1, 2, "fro"])) if draw < 0.1 else (x,))
    dims = sample_dims(rng, rank, True)
    keepdim = rng.random() < 0.5
    if draw < 0.5:
        return Sample(name, (x, rng.choice([1, 2]), dims, keepdim))
    return Sample(
        name, (x,), {"dim": dims, "keepdim": keepdim, "p": rng.choice([1, 2])} if draw < 0.8 else {"dim": dims}
    )


NORM = op(
    "norm",
    both("norm"),
    "input, p='fro', dim=None, keepdim=False, out=None, dtype=None",
    (C1, C2, Constraint("C3", "invalid-option", "the Frobenius norm is over one axis or two")),
    _norm_sample,
)


@NORM.rule
def norm(cx: Context, input: Value, p: Value, dim: Value, keepdim: Value, out: Value, dtype: Value) -> Value:
    """`(*, n, *) -> (*, *)`; with `keepdim` `(*, 1, *)`; without `dim` all axes go.

    C1: `dim` names axes of the tensor. C2: none of them twice. C3: with `p='fro'`, which is the default, one or two.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.norm.html
    """
    if isinstance(p, Str) and p.value != "fro":
        raise CannotTell("dynamic-value")
    x, parts = reduced(cx, cx.tensor(input), dim, cx.flag(keepdim))
    found = x.with_parts(parts).with_dtype("float")
    cx.expect(found)
    if isinstance(p, Str) and not isinstance(dim, NoneValue) and len(cx.ints(dim)) > 2:
        cx.refute("C3", say("dim must be a 2-tuple, but has {count} axes", count=len(cx.ints(dim))), operand="dim")
    return found
