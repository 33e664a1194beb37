"""Functions along one axis that keep the shape: `softmax`, `normalize`, `cumsum` and their like; softmax layers."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, layer, op, say, t
from shapelint.ops.dtypes import demand_floats, dtype_kind, may_be_empty
from shapelint.ops.extremes import values_and_indices
from shapelint.ops.pointwise import both
from shapelint.ops.reductions import sample_dims
from shapelint.values.model import NONE, Dtype, NoneValue, Sequence, Tensor, Tuple, Value

C1 = Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor")
C2 = Constraint("C2", "conv-input-rank", "`input` is `(channels, h, w)` or `(batch, channels, h, w)`")
C3 = Constraint("C3", "axis-order", "no axis is named twice")
FLOATS = Constraint("C4", "dtype-mismatch", "the entries are floats, or `dtype` asks for them")


def along(cx: Context, x: Tensor, dim: Value) -> Tensor:
    """The tensor with the axis of `dim` revealed; None names no axis that could be missing."""
    return x if isinstance(dim, NoneValue) else cx.axis(x, dim, "C1")[0]


def _sample(rng: random.Random, name: str, optional: bool, kinds: tuple[Dtype, ...] = ("float",)) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(kinds))
    draw = rng.random()
    if optional and draw < 0.2:
        return Sample(name, (x,) if draw < 0.1 else (x, None))
    dim = sample_dims(rng, rank, False)
    return Sample(name, (x, dim)) if draw < 0.6 else Sample(name, (x,), {"dim": dim})


def _function(name: str, names: tuple[str, ...], signatures: tuple[str, ...], doc: str, kind: Dtype | None) -> Op:
    """`kind` is that of the result; None keeps it, but for bools, which become ints."""
    floats = kind == "float"
    kinds: tuple[Dtype, ...] = ("float", "float", "int", "bool") if floats else ("float", "int", "bool")

    def sample(rng: random.Random) -> Sample:
        called = rng.choice(names)
        return _sample(rng, called, called.startswith("torch.nn"), kinds)

    made = op(name, names, signatures, (C1, FLOATS) if floats else (C1,), sample)

    def rule(cx: Context, input: Value, dim: Value | None = None, axis: Value | None = None, **how: Value) -> Value:
        given = dim if dim is not None else axis
        assert given is not None
        if floats and isinstance(how.get("dtype", NONE), NoneValue):
            cx.expect(cx.tensor(input).with_dtype("float"))
            if not may_be_empty(cx, cx.tensor(input)):
                demand_floats(cx, cx.tensor(input), "C4")
        x = along(cx, cx.tensor(input), given)
        default = kind or ("int" if x.dtype == "bool" else x.dtype)
        return x.with_dtype(dtype_kind(how.get("dtype", NONE), default))

    rule.__doc__ = doc
    made.rule(rule)
    return made


_DOC = """`(*, n, *) -> (*, n, *)`, along the axis `dim`.

    C1: `dim` is an axis of the tensor{none}.{floats}
    Follows https://docs.pytorch.org/docs/stable/generated/torch.{page}.html
    """
_FLOATS = " C4: floats, unless `dtype` is given."
_NONE = ", or None, which torch.nn.functional then chooses"

SOFTMAX = _function(
    "softmax",
    (*both("softmax log_softmax"), *(f"torch.nn.functional.{n}" for n in ("softmax", "log_softmax", "softmin"))),
    (
        "input, dim=None, _stacklevel=3, dtype=None",
        "input, dim=None, *, dtype=None, out=None",
        "input, axis=None, *, dtype=None, out=None",
    ),
    _DOC.format(none=_NONE, floats=_FLOATS, page="nn.functional.softmax"),
    "float",
)
SPECIAL = _function(
    "special_softmax",
    ("torch.special.softmax", "torch.special.log_softmax", "torch.logcumsumexp", "torch.Tensor.logcumsumexp"),
    ("input, dim, *, dtype=None, out=None",),
    _DOC.format(none="", floats=_FLOATS, page="logcumsumexp"),
    "float",
)
CUMSUM = _function(
    "cumsum",
    both("cumsum cumprod"),
    ("input, dim, *, dtype=None, out=None", "input, axis, *, dtype=None, out=None"),
    _DOC.format(none="", floats="", page="cumsum"),
    None,
)

CUMMAX: Op = op(
    "cummax",
    both("cummax cummin"),
    "input, dim, *, out=None",
    (C1,),
    lambda rng: _sample(rng, rng.choice(CUMMAX.torch), False, ("float", "int")),
)


@CUMMAX.rule
def cummax(cx: Context, input: Value, dim: Value, out: Value) -> Value:
    """`(*, n, *) -> values (*, n, *), indices (*, n, *)`, along the axis `dim`.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.cummax.html
    """
    return values_and_indices(along(cx, cx.tensor(input), dim), "cummax")


def _gumbel_sample(rng: random.Random) -> Sample:
    drawn = _sample(rng, GUMBEL.torch[0], False)
    dim = drawn.kwargs.get("dim", drawn.args[-1])
    if rng.random() < 0.2:
        return Sample(drawn.name, drawn.args[:1])
    return Sample(drawn.name, drawn.args[:1], {"tau": 0.5, "hard": rng.random() < 0.5, "dim": dim})


GUMBEL = op(
    "gumbel_softmax",
    ("torch.nn.functional.gumbel_softmax",),
    "logits, tau=1, hard=False, eps=1e-10, dim=-1",
    (C1,),
    _gumbel_sample,
)


@GUMBEL.rule
def gumbel_softmax(cx: Context, logits: Value, tau: Value, hard: Value, eps: Value, dim: Value) -> Value:
    """`(*, n, *) -> (*, n, *)`, along the axis `dim`.

    C1: `dim` is an axis of the tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
    """
    return along(cx, cx.tensor(logits), dim)


def _normalize_sample(rng: random.Random) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)))
    if rng.random() < 0.2:
        return Sample("torch.nn.functional.normalize", (x,))
    dim, p = sample_dims(rng, rank, True), rng.choice([1, 2, 2.0])
    if rng.random() < 0.5:
        return Sample("torch.nn.functional.normalize", (x, p, dim))
    return Sample("torch.nn.functional.normalize", (x,), {"dim": dim, "p": p})


NORMALIZE = op(
    "normalize",
    ("torch.nn.functional.normalize",),
    "input, p=2.0, dim=1, eps=1e-12, out=None",
    (C1, C3),
    _normalize_sample,
)


@NORMALIZE.rule
def normalize(cx: Context, input: Value, p: Value, dim: Value, eps: Value, out: Value) -> Value:
    """`(*, n, *) -> (*, n, *)`, along the axis or axes `dim`.

    C1: `dim` is an axis of the tensor. C3: none is named twice.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """
    x = cx.tensor(input)
    if not isinstance(dim, (Tuple, Sequence)):
        return cx.axis(x, dim, "C1")[0]
    x, places = cx.axes(x, dim, "C1")
    if len({p % max(len(x.shape.parts), 1) for p in places}) != len(places):
        cx.refute("C3", say("{subject} names an axis twice"), operand="dim")
    return x


def _layer_sample(rng: random.Random, name: str) -> Sample:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 4) for _ in range(rank)), dtype=rng.choice(("float", "float", "float", "int")))
    if rng.random() < 0.2:
        return Sample(name, (x,))
    dim = sample_dims(rng, rank, False)
    return Sample(name, (x,), init=(dim,)) if rng.random() < 0.5 else Sample(name, (x,), init_kwargs={"dim": dim})


LAYERS: Op = layer(
    "Softmax",
    ("torch.nn.Softmax", "torch.nn.LogSoftmax", "torch.nn.Softmin"),
    "dim=None",
    "input",
    (C1, FLOATS),
    lambda rng: _layer_sample(rng, rng.choice(LAYERS.torch)),
)


@LAYERS.rule
def softmax_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(*, n, *) -> (*, n, *)`, along the axis `dim`.

    C1: `dim` is an axis of the tensor, or None, which torch then chooses. C4: floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """
    x = cx.tensor(input)
    cx.expect(x.with_dtype("float"))
    if not may_be_empty(cx, x):
        demand_floats(cx, x, "C4")
    return along(cx, x, layer.value("dim")).with_dtype("float")


SOFTMAX_2D = layer(
    "Softmax2d",
    ("torch.nn.Softmax2d",),
    "",
    "input",
    (C2,),
    lambda rng: Sample("torch.nn.Softmax2d", (t(*(rng.randint(1, 3) for _ in range(rng.randint(1, 5)))),)),
)


@SOFTMAX_2D.rule
def softmax_2d(cx: Context, layer: Layer, input: Value) -> Value:
    """`([batch], channels, h, w) -> ([batch], channels, h, w)`, along the channels.

    C2: `input` has three or four axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
    """
    x = cx.tensor(input)
    return cx.ranks(x, (3, 4), "C2", say("{subject} expects 3 or 4 axes but receives {shape}", shape=x.shape))


def _scores_sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 4) for _ in range(rng.randint(0, 3))))
    return Sample(rng.choice(SCORES.torch), (x,), {"is_binary": rng.random() < 0.5} if rng.random() < 0.5 else {})


SCORES = op(
    "logits_to_probs",
    ("torch.distributions.utils.logits_to_probs", "torch.distributions.utils.probs_to_logits"),
    "input, is_binary=False",
    samples=_scores_sample,
)


@SCORES.rule
def logits_to_probs(cx: Context, input: Value, is_binary: Value) -> Value:
    """`(*) -> (*)`: scores as probabilities along the last axis, or each by itself where they `is_binary`; and back.

    Follows https://docs.pytorch.org/docs/stable/distributions.html
    """
    return cx.tensor(input)
