"""Sizes of a tensor as Python sees them: `shape`, `size`, `ndim`, `numel`, `len`, `stride`."""

from __future__ import annotations

import random

from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, T, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Segment, Shape, product
from shapelint.values.model import Dtype, Int, SizeOf, Tensor, Tuple, Value

_DTYPES: tuple[Dtype, ...] = ("float", "int", "bool")


def any_tensor(rng: random.Random) -> T:
    """A tensor of up to three axes, of any kind; some are empty or have no axes."""
    sizes = (0 if rng.random() < 0.05 else rng.randint(1, 4) for _ in range(rng.randint(0, 3)))
    return t(*sizes, dtype=rng.choice(_DTYPES))


def _demand_axes(cx: Context, x: Tensor, axis: Value) -> None:
    """`size` and `stride` take no axis of a tensor that has none, not even 0."""
    if x.shape.rank == 0:
        cx.refute("C2", say("dimension specified as {axis} but tensor has no dimensions", axis=str(cx.int(axis).value)))


def _axis_sample(rng: random.Random, name: str) -> Sample:
    x = any_tensor(rng)
    rank = len(x.sizes)
    if rng.random() < 0.2:
        return Sample(name, (x,))
    axis = rng.randint(-rank - 1, rank)
    return Sample(name, (x, axis)) if rng.random() < 0.7 else Sample(name, (x,), {"dim": axis})


SIZE = op(
    "size",
    ("torch.Tensor.size",),
    "input, dim=None",
    constraints=(
        Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor"),
        Constraint("C2", "axis-out-of-range", "a tensor without axes takes no `dim`"),
    ),
    samples=lambda rng: _axis_sample(rng, "torch.Tensor.size"),
)


def _whole(cx: Context, given: Value, x: Tensor) -> Value:
    if x.assumed:
        hidden = Segment("assumed")  # what is learned while something is assumed stays in doubt
        cx.facts.bind_segment(hidden, x.shape.parts)
        return SizeOf(Shape((hidden,)))
    if isinstance(given, Tensor) and cx.facts.in_doubt(given.shape):
        return SizeOf(given.shape)
    return Tuple(tuple(Int(d) for d in x.shape.dims), "size") if x.shape.ranked else SizeOf(x.shape)


@SIZE.rule
def size(cx: Context, input: Value, dim: Value) -> Value:
    """`(n0, n1, …) -> (n0, n1, …)` as a `torch.Size`, or `n_dim` as an int.

    C1: `dim` in range. C2: a tensor without axes takes no `dim`, not even 0 or -1.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.size.html
    """
    x = cx.tensor(input)
    if cx.is_none(dim):
        return _whole(cx, input, x)
    if cx.int(dim).value is None:
        return Int(Dim.symbol("size", "unknown", 0))
    _demand_axes(cx, x, dim)
    x, at = cx.axis(x, dim, "C1")
    return _entries(cx, x.shape.parts[at])


def _entries(cx: Context, part: Part) -> Int:
    assert isinstance(part, Axis)
    return Int(cx.facts.presume(part.size) if cx.rests_on_assumption else part.size)


SHAPE = op(
    "shape", ("torch.Tensor.shape",), "input", samples=lambda rng: Sample("torch.Tensor.shape", (any_tensor(rng),))
)


@SHAPE.rule
def shape(cx: Context, input: Value) -> Value:
    """`(n0, n1, …) -> (n0, n1, …)` as a `torch.Size`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.shape.html
    """
    return _whole(cx, input, cx.tensor(input))


_RANK_NAMES = ("torch.Tensor.dim", "torch.Tensor.ndim", "torch.Tensor.ndimension")
RANK = op("dim", _RANK_NAMES, "input", samples=lambda rng: Sample(rng.choice(_RANK_NAMES), (any_tensor(rng),)))


@RANK.rule
def rank(cx: Context, input: Value) -> Value:
    """`(n1, …, nk) -> k`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.dim.html
    """
    x = cx.tensor(input)
    return Int(Dim.symbol("rank", "unknown", 0) if cx.assumed else cx.facts.rank(x.shape))


_COUNT_NAMES = ("torch.numel", "torch.Tensor.numel", "torch.Tensor.nelement")
COUNT = op("numel", _COUNT_NAMES, "input", samples=lambda rng: Sample(rng.choice(_COUNT_NAMES), (any_tensor(rng),)))


@COUNT.rule
def numel(cx: Context, input: Value) -> Value:
    """`(n1, …, nk) -> n1 * … * nk`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.numel.html
    """
    x = cx.tensor(input)
    return Int(product(x.shape.dims)) if x.shape.ranked else Int(Dim.symbol("numel", "unknown", 0))


LENGTH = op(
    "len",
    ("torch.Tensor.__len__",),
    "input",
    constraints=(Constraint("C1", "axis-out-of-range", "the tensor has at least one axis"),),
    samples=lambda rng: Sample("torch.Tensor.__len__", (any_tensor(rng) if rng.random() < 0.7 else t(),)),
)


@LENGTH.rule
def length(cx: Context, input: Value) -> Value:
    """`(n0, …) -> n0`.

    C1: at least one axis.
    Follows https://docs.pytorch.org/docs/stable/tensors.html
    """
    x = cx.tensor(input)
    if x.shape.rank == 0:
        cx.refute("C1", say("len() of a 0-d tensor"))
    x, at = cx.axis(x, 0, "C1")
    return _entries(cx, x.shape.parts[at])


STRIDE = op(
    "stride",
    ("torch.Tensor.stride",),
    "input, dim=None",
    constraints=(
        Constraint("C1", "axis-out-of-range", "`dim` is an axis of the tensor"),
        Constraint("C2", "axis-out-of-range", "a tensor without axes takes no `dim`"),
    ),
    samples=lambda rng: _axis_sample(rng, "torch.Tensor.stride"),
)


@STRIDE.rule
def stride(cx: Context, input: Value, dim: Value) -> Value:
    """`(n1, …, nk) -> (s1, …, sk)`, or `s_dim`: one int for each axis, which depend on how the tensor lies in memory.

    C1: `dim` in range. C2: a tensor without axes takes no `dim`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.stride.html
    """
    x = cx.tensor(input)
    if cx.is_none(dim):
        if not x.shape.ranked:
            raise CannotTell("dynamic-value", "rank")
        return Tuple(tuple(_step() for _ in x.shape.parts))
    if cx.int(dim).value is not None:
        _demand_axes(cx, x, dim)
        cx.axis(x, dim, "C1")
    return _step()


def _step() -> Int:
    return Int(Dim.symbol("stride", "unknown", 0))
