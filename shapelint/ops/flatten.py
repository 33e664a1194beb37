"""`flatten`, `ravel`, `unflatten`: axes merged, and an axis split."""

from __future__ import annotations

import random
from collections.abc import Sequence as Sizes

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Sample, T, layer, op, say, t
from shapelint.ops.reshape import NEGATIVE, ONE_OPEN, draw_target, reshaped
from shapelint.shapes.regroup import regroup
from shapelint.shapes.shape import Axis, Segment, product
from shapelint.values.model import Tensor, Value

AXIS = Constraint("C1", "axis-out-of-range", "the axes named are axes of the tensor")
FLATTEN_ORDER = Constraint("C2", "axis-order", "`start_dim` does not come after `end_dim`")


def _flattened(cx: Context, x: Tensor, start: int, end: int) -> Tensor:
    headline = say(
        "{subject} has invalid args: start_dim {start} cannot come after end_dim {end}", start=start, end=end
    )
    if (start < 0) == (end < 0):
        if start > end:
            cx.refute("C2", headline, operand="start_dim")
        x, _ = cx.axis(x, min(start, end) if start < 0 else max(start, end), "C1")
    if x.shape.rank is None:
        return _flattened_run(cx, x, start, end)
    x, first = cx.axis(x, start, "C1")
    x, last = cx.axis(x, end, "C1")
    axes = x.shape.axes
    if not axes:
        return x.with_parts((Axis.fresh(1),))
    if first > last:
        cx.refute("C2", headline, operand="start_dim")
    return x.with_parts((*axes[:first], *_merged(cx, axes[first : last + 1]), *axes[last + 1 :]))


def _flattened_run(cx: Context, x: Tensor, start: int, end: int) -> Tensor:
    """Of a tensor of unknown rank only the axes that stay are needed, or, counted from one side, those merged."""
    if (start < 0) == (end < 0):
        parts = x.shape.parts
        a, b = (start, end) if start >= 0 else (len(parts) + start, len(parts) + end)
        middle = [p for p in parts[a : b + 1] if isinstance(p, Axis)]
        return x.with_parts((*parts[:a], *_merged(cx, middle), *parts[b + 1 :]))
    if start < 0:
        return x.with_parts((Segment("flattened"),))
    after = -end - 1
    shape = cx.facts.reveal_suffix(cx.facts.reveal_prefix(x.shape, start), after)
    parts = shape.parts
    return x.with_parts((*parts[:start], cx.fresh("flat"), *parts[len(parts) - after :]))


def _merged(cx: Context, axes: Sizes[Axis]) -> tuple[Axis, ...]:
    return regroup(cx.facts, axes, [product(a.size for a in axes)]).axes


def _flatten_sample(rng: random.Random) -> Sample:
    name = rng.choice(FLATTEN.torch)
    x, start, end = _flatten_arguments(rng)
    if rng.random() < 0.4:
        return Sample(name, (x, start) if rng.random() < 0.5 else (x,))
    return (
        Sample(name, (x, start, end))
        if rng.random() < 0.5
        else Sample(name, (x,), {"start_dim": start, "end_dim": end})
    )


def _flatten_arguments(rng: random.Random) -> tuple[T, int, int]:
    rank = rng.randint(0, 4)
    x = t(*(rng.randint(1, 3) for _ in range(rank)))
    room = max(rank, 1)
    start, end = (rng.randrange(-room - (rng.random() < 0.1), room + (rng.random() < 0.1)) for _ in range(2))
    if rng.random() < 0.5 and start % room > end % room:
        start, end = end, start
    return x, start, end


FLATTEN = op(
    "flatten",
    ("torch.flatten", "torch.Tensor.flatten"),
    "input, start_dim=0, end_dim=-1",
    constraints=(AXIS, FLATTEN_ORDER),
    samples=_flatten_sample,
)


@FLATTEN.rule
def flatten(cx: Context, input: Value, start_dim: Value, end_dim: Value) -> Value:
    """`(a, n0, n1, b) -> (a, n0*n1, b)`: the axes from `start_dim` to `end_dim` merged; a scalar becomes `(1,)`.

    C1: both in range. C2: `start_dim` does not come after `end_dim`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.flatten.html
    """
    return _flattened(cx, cx.tensor(input), cx.known_int(start_dim), cx.known_int(end_dim))


def _flatten_layer_sample(rng: random.Random) -> Sample:
    x, start, end = _flatten_arguments(rng)
    return Sample("torch.nn.Flatten", (x,), init=() if rng.random() < 0.3 else (start, end))


FLATTEN_LAYER = layer(
    "Flatten",
    ("torch.nn.Flatten",),
    "start_dim=1, end_dim=-1",
    call="input",
    constraints=(AXIS, FLATTEN_ORDER),
    samples=_flatten_layer_sample,
)


@FLATTEN_LAYER.rule
def flatten_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(batch, n0, n1, …) -> (batch, n0*n1*…)`: the axes from `start_dim` to `end_dim` merged.

    C1: both in range. C2: `start_dim` does not come after `end_dim`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
    """
    start, end = (cx.known_int(layer.value(n)) for n in ("start_dim", "end_dim"))
    return _flattened(cx, cx.tensor(input), start, end)


def _ravel_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(RAVEL.torch), (t(*(rng.randint(0, 3) for _ in range(rng.randint(0, 4)))),))


RAVEL = op("ravel", ("torch.ravel", "torch.Tensor.ravel"), "input", samples=_ravel_sample)


@RAVEL.rule
def ravel(cx: Context, input: Value) -> Value:
    """`(n0, n1, …) -> (n0*n1*…,)`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.ravel.html
    """
    return _flattened(cx, cx.tensor(input), 0, -1)


# unflatten ---------------------------------------------------------------------------------------

UNFLATTEN_TOTAL = Constraint("C1", "reshape-size", "the sizes multiply to that of the axis")
UNFLATTEN_AXIS = Constraint("C4", "axis-out-of-range", "`dim` is an axis of the tensor")
_UNFLATTEN = (UNFLATTEN_TOTAL, NEGATIVE, ONE_OPEN, UNFLATTEN_AXIS)


def _unflattened(cx: Context, x: Tensor, dim: Value, sizes: Value) -> Tensor:
    x, at = cx.axis(x, dim, "C4")
    if not x.shape.parts:
        raise CannotTell("dynamic-value")
    axis = x.shape.parts[at]
    assert isinstance(axis, Axis)
    made = reshaped(cx, x.with_parts((axis,)), cx.sizes(sizes))
    x = cx.tensor(x)
    after = x.shape.parts[at + 1 :] if at != -1 else ()
    return x.with_parts((*x.shape.parts[:at], *made, *after))


def _unflatten_arguments(rng: random.Random) -> tuple[T, int, list[int]]:
    rank = rng.randint(1, 3)
    sizes = [rng.choice([1, 2, 4, 6, 12]) for _ in range(rank)]
    dim = rng.randrange(-rank, rank) if rng.random() < 0.9 else rank
    return t(*sizes), dim, draw_target(rng, [sizes[dim % rank]])


def _unflatten_sample(rng: random.Random) -> Sample:
    x, dim, target = _unflatten_arguments(rng)
    name = rng.choice(UNFLATTEN.torch)
    return (
        Sample(name, (x, dim, tuple(target)))
        if rng.random() < 0.6
        else Sample(name, (x,), {"dim": dim, "sizes": target})
    )


UNFLATTEN = op(
    "unflatten",
    ("torch.unflatten", "torch.Tensor.unflatten"),
    "input, dim, sizes",
    constraints=_UNFLATTEN,
    samples=_unflatten_sample,
)


@UNFLATTEN.rule
def unflatten(cx: Context, input: Value, dim: Value, sizes: Value) -> Value:
    """`(a, n, b) -> (a, m0, m1, …, b)` with `n = m0*m1*…`; one `m` may be -1.

    C1: the sizes multiply to that of the axis; with -1, they divide it. C2: no other negative size. C3: one -1 at
    most. C4: `dim` in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.unflatten.html
    """
    return _unflattened(cx, cx.tensor(input), dim, sizes)


def _unflatten_layer_sample(rng: random.Random) -> Sample:
    x, dim, target = _unflatten_arguments(rng)
    return Sample("torch.nn.Unflatten", (x,), init=(dim, tuple(target)))


UNFLATTEN_LAYER = layer(
    "Unflatten",
    ("torch.nn.Unflatten",),
    "dim, unflattened_size",
    call="input",
    constraints=_UNFLATTEN,
    samples=_unflatten_layer_sample,
)


@UNFLATTEN_LAYER.rule
def unflatten_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(a, n, b) -> (a, m0, m1, …, b)` with `n = m0*m1*…`; one `m` may be -1.

    C1 to C4: as for `torch.unflatten`.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
    """
    return _unflattened(cx, cx.tensor(input), layer.value("dim"), layer.value("unflattened_size"))
