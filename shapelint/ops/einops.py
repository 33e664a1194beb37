"""`einops.rearrange`, `reduce`, `repeat`, and the layers `Rearrange` and `Reduce`: axes by name."""

from __future__ import annotations

import random

from shapelint.ops import einops_samples as samples
from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.einops_patterns import ELLIPSIS, Operation, Pattern, PatternError, Piece, Side, parse
from shapelint.shapes.dim import ONE, Dim, divide_exactly
from shapelint.shapes.shape import Axis, Factor, Part, Segment, product
from shapelint.values.model import Str, Tensor, Tuple, Value

C1 = Constraint("C1", "einops-pattern", "the pattern is well formed and names the same axes on both sides")
C2 = Constraint("C2", "einops-pattern", "the tensor has the axes of the left side")
C3 = Constraint("C3", "einops-pattern", "the pieces of an axis multiply to its size")
C4 = Constraint("C4", "einops-pattern", "the reduction is a known one")
REDUCTIONS = ("min", "max", "sum", "mean", "prod", "any", "all")


def _lengths(cx: Context, axes_lengths: Value) -> dict[str, Dim]:
    assert isinstance(axes_lengths, Tuple)
    return {name: cx.size(value) for name, value in zip(axes_lengths.names, axes_lengths.items, strict=True)}


def _parsed(cx: Context, pattern: Value, operation: Operation, axes_lengths: Value) -> Pattern:
    assert isinstance(axes_lengths, Tuple)
    text = cx.text(pattern)
    try:
        return parse(text, operation, axes_lengths.names)
    except PatternError as error:
        cx.refute("C1", say("pattern {text}: {why}", text=repr(text), why=str(error)), operand="pattern")


def _stacked(cx: Context, value: Value) -> Tensor:
    """The tensor, or a list of like tensors put together along a new first axis."""
    if not isinstance(value, Tuple):
        return cx.tensor(value)
    given = cx.tensors(value)
    if not given:
        raise CannotTell("dynamic-value")
    return given[0].with_parts((Axis.fresh(len(given)), *given[0].shape.parts))


def _aligned(cx: Context, x: Tensor, left: Side) -> tuple[Tensor, dict[int, Axis], tuple[Part, ...]]:
    """The axis of each place of the left side, and the run that the ellipsis stands for."""
    headline = say("pattern expects {count} axes but the tensor has shape {shape}", count=len(left.axes), shape=x.shape)
    at = left.ellipsis
    if at is None:
        x = cx.ranks(x, (len(left.axes),), "C2", headline)
        return x, dict(enumerate(x.shape.axes)), ()
    before, after = at, len(left.axes) - at - 1
    if x.shape.rank is None and (after == 0 or before > 0):
        x = cx.read(x)
    x = cx.at_least_rank(x, after if x.shape.rank is None else before + after, "C2", headline)
    if x.shape.rank is None:
        x = x.with_parts(cx.facts.reveal_prefix(x.shape, before).parts)
    if len(x.shape.parts) - (x.shape.rank is None) < before + after:
        cx.refute("C2", headline)
    parts = x.shape.parts
    last = len(parts) - after
    found: dict[int, Axis] = {}
    for place, part in (*enumerate(parts[:before]), *enumerate(parts[last:], at + 1)):
        if not isinstance(part, Axis):
            raise CannotTell("dynamic-value", "rank")
        found[place] = part
    return x, found, parts[before:last]


def _pieces(axis: Axis, sizes: list[Dim]) -> list[Axis]:
    """An axis split; pieces that it was merged from are found again."""
    if len(sizes) == 1:
        return [axis]
    if len(axis.factors) == len(sizes) and all(f.size == n for f, n in zip(axis.factors, sizes, strict=True)):
        return [Axis(n, (f,)) for f, n in zip(axis.factors, sizes, strict=True)]
    if len(axis.factors) != 1:
        return [Axis.fresh(n) for n in sizes]
    parent = axis.factors[0]
    return [Axis(n, (Factor(n, parent, place, len(sizes)),)) for place, n in enumerate(sizes)]


def _merged(axes: list[Axis]) -> Axis:
    if len(axes) == 1:
        return axes[0]
    if not axes:
        return Axis.fresh(ONE)
    known = all(a.factors for a in axes)
    return Axis(product(a.size for a in axes), tuple(f for a in axes for f in a.factors) if known else ())


def _transform(cx: Context, tensor: Value, pattern: Pattern, lengths: dict[str, Dim]) -> Tensor:
    x, places, run = _aligned(cx, _stacked(cx, tensor), pattern.left)
    axes: dict[str, Axis] = {}
    demands: list[tuple[Axis, tuple[Piece, ...], list[Dim], bool]] = []
    for place, axis in places.items():
        pieces = pattern.left.axes[place]
        sizes: list[Dim | None] = [Dim.of(p.number) if p.number is not None else lengths.get(p.name) for p in pieces]
        known = [n for n in sizes if n is not None]
        total, size = product(known), cx.facts.resolve(axis.size)
        open_piece = len(known) < len(sizes)
        if open_piece:
            exact = divide_exactly(size, total)
            rest = exact if exact is not None else size // total
            sizes = [rest if n is None else n for n in sizes]
        found = [n for n in sizes if n is not None]
        axes.update({p.name: a for p, a in zip(pieces, _pieces(axis, found), strict=True)})
        demands.append((axis, pieces, known, open_piece))
    result = x.with_parts(_assembled(cx, pattern.right, axes, run, lengths))
    cx.expect(result)
    for axis, pieces, known, open_piece in demands:
        _demand_sizes(cx, axis, pieces, product(known), open_piece)
    return result


def _assembled(
    cx: Context, right: Side, axes: dict[str, Axis], run: tuple[Part, ...], lengths: dict[str, Dim]
) -> tuple[Part, ...]:
    parts: list[Part] = []
    for place, pieces in enumerate(right.axes):
        if place == right.ellipsis:
            parts.extend(run)
            continue
        members: list[Axis] = []
        for piece in pieces:
            if piece.name == ELLIPSIS:
                if any(isinstance(p, Segment) for p in run):
                    members = []
                    break
                members.extend(p for p in run if isinstance(p, Axis))
            elif piece.name in axes:
                members.append(axes[piece.name])
            else:
                members.append(Axis.fresh(piece.number if piece.number is not None else lengths[piece.name]))
        else:
            parts.append(_merged(members))
            continue
        parts.append(cx.fresh("merged"))
    return tuple(parts)


def _demand_sizes(cx: Context, axis: Axis, pieces: tuple[Piece, ...], known: Dim, open_piece: bool) -> None:
    size, known = cx.facts.resolve(axis.size), cx.facts.resolve(known)
    if not open_piece:
        cx.demand_equal(
            "C3", known, size, say("shape mismatch, {size} != {known}", size=size, known=known), operand="tensor"
        )
        return
    if len(pieces) == 1:
        return
    if size.value is not None and known.value is not None and size.value % known.value:
        cx.refute(
            "C3",
            say("shape mismatch, can't divide axis of length {size} in chunks of {known}", size=size, known=known),
            operand="tensor",
            sizes=(known, size),
        )
    cx.facts.learn_divides(size, known)


def _rearrange_sample(rng: random.Random) -> Sample:
    x, pattern, lengths = samples.draw(rng, samples.REARRANGE)
    if rng.random() < 0.1:
        return Sample("einops.rearrange", ([t(2, 3), t(2, 3)], "n b d -> b n d"))
    return Sample("einops.rearrange", (x, pattern), lengths)


REARRANGE = op(
    "einops.rearrange",
    ("einops.rearrange",),
    "tensor, pattern, **axes_lengths",
    constraints=(C1, C2, C3),
    samples=_rearrange_sample,
)


@REARRANGE.rule
def rearrange(cx: Context, tensor: Value, pattern: Value, axes_lengths: Value) -> Value:
    """`"b (h p) w -> b h (p w)"`: `(b, h*p, w) -> (b, h, p*w)`. A list of tensors is one with a new first axis.

    C1: a well-formed pattern with the same names on both sides. C2: as many axes as the left side (an ellipsis stands
    for any number).
    C3: the pieces of an axis multiply to its size; one of them may be found by division.
    Follows https://einops.rocks/api/rearrange/
    """
    parsed = _parsed(cx, pattern, "rearrange", axes_lengths)
    return _transform(cx, tensor, parsed, _lengths(cx, axes_lengths))


def _reduce_sample(rng: random.Random) -> Sample:
    x, pattern, lengths = samples.draw(rng, samples.REDUCE)
    reduction = rng.choice(["mean", "max", "sum", "min", "prod"]) if rng.random() < 0.93 else "median"
    return Sample("einops.reduce", (x, pattern, reduction), lengths)


REDUCE = op(
    "einops.reduce",
    ("einops.reduce",),
    "tensor, pattern, reduction, **axes_lengths",
    constraints=(C1, C2, C3, C4),
    samples=_reduce_sample,
)


def _demand_reduction(cx: Context, reduction: Value) -> None:
    if isinstance(reduction, Str) and reduction.value is not None and reduction.value not in REDUCTIONS:
        cx.refute("C4", say("unknown reduction {name}", name=repr(reduction.value)), operand="reduction")


@REDUCE.rule
def reduce(cx: Context, tensor: Value, pattern: Value, reduction: Value, axes_lengths: Value) -> Value:
    """`"b c (h p) w -> b c h"`: names that the right side leaves out are reduced.

    C1: a well-formed pattern, no new names on the right. C2, C3: as for `rearrange`. C4: a known reduction.
    Follows https://einops.rocks/api/reduce/
    """
    _demand_reduction(cx, reduction)
    parsed = _parsed(cx, pattern, "reduce", axes_lengths)
    return _transform(cx, tensor, parsed, _lengths(cx, axes_lengths))


def _repeat_sample(rng: random.Random) -> Sample:
    x, pattern, lengths = samples.draw(rng, samples.REPEAT)
    return Sample("einops.repeat", (x, pattern), lengths)


REPEAT = op(
    "einops.repeat",
    ("einops.repeat",),
    "tensor, pattern, **axes_lengths",
    constraints=(C1, C2, C3),
    samples=_repeat_sample,
)


@REPEAT.rule
def repeat(cx: Context, tensor: Value, pattern: Value, axes_lengths: Value) -> Value:
    """`"b d -> b n d"` with `n=3`: `(b, d) -> (b, 3, d)`.

    C1: a well-formed pattern; every new name has a size. C2, C3: as for `rearrange`.
    Follows https://einops.rocks/api/repeat/
    """
    parsed = _parsed(cx, pattern, "repeat", axes_lengths)
    return _transform(cx, tensor, parsed, _lengths(cx, axes_lengths))


def _rearrange_layer_sample(rng: random.Random) -> Sample:
    x, pattern, lengths = samples.draw(rng, samples.REARRANGE)
    return Sample("einops.layers.torch.Rearrange", (x,), {}, (pattern,), lengths)


REARRANGE_LAYER = layer(
    "einops.Rearrange",
    ("einops.layers.torch.Rearrange",),
    "pattern, **axes_lengths",
    call="input",
    constraints=(C1, C2, C3),
    samples=_rearrange_layer_sample,
)


@REARRANGE_LAYER.build
def rearrange_build(cx: Context, layer: Layer) -> None:
    """C1 is raised by the constructor."""
    _parsed(cx, layer.value("pattern"), "rearrange", layer.value("axes_lengths"))


@REARRANGE_LAYER.rule
def rearrange_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`einops.rearrange` as a layer: `"b (h p) w -> b h (p w)"`.

    C1, C2, C3: as for `rearrange`.
    Follows https://einops.rocks/api/rearrange/
    """
    lengths = layer.value("axes_lengths")
    return _transform(cx, input, _parsed(cx, layer.value("pattern"), "rearrange", lengths), _lengths(cx, lengths))


def _reduce_layer_sample(rng: random.Random) -> Sample:
    x, pattern, lengths = samples.draw(rng, samples.REDUCE)
    reduction = rng.choice(["mean", "max", "sum"]) if rng.random() < 0.93 else "median"
    return Sample("einops.layers.torch.Reduce", (x,), {}, (pattern, reduction), lengths)


REDUCE_LAYER = layer(
    "einops.Reduce",
    ("einops.layers.torch.Reduce",),
    "pattern, reduction, **axes_lengths",
    call="input",
    constraints=(C1, C2, C3, C4),
    samples=_reduce_layer_sample,
)


@REDUCE_LAYER.build
def reduce_build(cx: Context, layer: Layer) -> None:
    """C1 and C4 are raised by the constructor."""
    _demand_reduction(cx, layer.value("reduction"))
    _parsed(cx, layer.value("pattern"), "reduce", layer.value("axes_lengths"))


@REDUCE_LAYER.rule
def reduce_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`einops.reduce` as a layer: `"b c (h p) w -> b c h"`.

    C1, C2, C3, C4: as for `reduce`.
    Follows https://einops.rocks/api/reduce/
    """
    lengths = layer.value("axes_lengths")
    return _transform(cx, input, _parsed(cx, layer.value("pattern"), "reduce", lengths), _lengths(cx, lengths))
