"""`nn.EmbeddingBag`, `F.embedding_bag`: one row of features for every bag of indices."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.ops.embedding import pretrained_sizes, require_indices, require_padding, row, table_sizes
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import Int, LayerConfig, LayerValue, NoneValue, Str, Tensor, Value

MODES = ("sum", "mean", "max")
CONSTRAINTS = (
    Constraint("C1", "embedding-input", "`input` and `offsets` hold ints"),
    Constraint("C2", "embedding-input", "`input` has one axis with `offsets` (of one axis), or two without"),
    Constraint("C3", "embedding-input", "`per_sample_weights` has the shape of `input`"),
    Constraint("C4", "invalid-option", "`mode` is sum, mean or max; weights are for sums"),
)
C_WEIGHT = Constraint("C5", "embedding-input", "`weight` has two axes")
C_SIZES = Constraint("C5", "invalid-option", "the sizes of the table are ints, not negative, and those of `_weight`")
C_PADDING = Constraint("C6", "invalid-option", "`padding_idx` is an entry of the table")


def _arguments(rng: random.Random, entries: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    sizes = [rng.randint(1, 4) for _ in range(rng.choice([1, 2, 2, 2, 3]))]
    x = t(*sizes, dtype="int" if rng.random() < 0.92 else "float", high=entries)
    options: dict[str, Any] = {}
    call: dict[str, Any] = {}
    if rng.random() < 0.6:
        options["mode"] = rng.choice(["sum", "sum", "mean", "max"]) if rng.random() < 0.92 else "median"
    if (len(sizes) == 1) == (rng.random() < 0.85):
        # bags that start at 0 never reach past the end
        call["offsets"] = t(*([rng.randint(1, 3)] * (1 if rng.random() < 0.9 else 2)), dtype="int", high=1)
        if rng.random() < 0.3 and call["offsets"].sizes[0] > 1:  # torch crashes where that leaves no bag
            options["include_last_offset"] = True
    if rng.random() < 0.3:
        call["per_sample_weights"] = t(*(sizes if rng.random() < 0.7 else [*sizes[:-1], sizes[-1] + 1]))
    return x, call, options


def _layer_sample(rng: random.Random) -> Sample:
    entries, width = rng.randint(1, 5), rng.randint(1, 4)
    x, call, options = _arguments(rng, entries)
    if rng.random() < 0.1:
        options["padding_idx"] = rng.choice([0, entries])
    init: tuple[Any, ...] = (entries, width) if rng.random() < 0.95 else (entries, float(width))
    return Sample(rng.choice(BAG.torch), (x,), call, init=init, init_kwargs=options)


BAG = layer(
    "EmbeddingBag",
    ("torch.nn.EmbeddingBag", "torch.nn.modules.sparse.EmbeddingBag"),
    "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean', sparse=False, "
    "_weight=None, include_last_offset=False, padding_idx=None, device=None, dtype=None",
    call="input, offsets=None, per_sample_weights=None",
    constraints=(*CONSTRAINTS, C_SIZES, C_PADDING),
    samples=_layer_sample,
)


def _bags(cx: Context, input: Value, width: Axis, offsets: Value, weights: Value, mode: Value, last: Value) -> Value:
    x = cx.tensor(input)
    batch: Part
    if isinstance(offsets, NoneValue):
        x = cx.ranks(
            x, (2,), "C2", say("{subject} expects bags as two axes, or offsets, but receives {shape}", shape=x.shape)
        )
        batch = x.shape.parts[0]
        cx.role(batch, "batch", "proved", "one bag per row")
    else:
        starts = cx.tensor(offsets)
        x = cx.ranks(
            x, (1,), "C2", say("{subject} expects one axis of indices with offsets but receives {shape}", shape=x.shape)
        )
        starts = cx.ranks(
            starts, (1,), "C2", say("offsets has to be a 1D tensor but has shape {s}", s=starts.shape), "offsets"
        )
        count = starts.shape.dims[0]
        try:
            batch = Axis.fresh(count - 1) if cx.flag(last) else starts.shape.parts[0]
        except CannotTell:
            batch = cx.fresh("bags")
        cx.role(batch, "batch", "proved", "one bag per offset")
        require_indices(cx, "C1", starts, "offsets")
    result = Tensor(Shape((batch, width)), "float", assumed=x.assumed)
    cx.expect(result)
    require_indices(cx, "C1", x)
    chosen = mode.value if isinstance(mode, Str) else None
    if chosen is not None and chosen not in MODES:
        cx.refute("C4", say("mode has to be one of sum, mean or max, not {mode}", mode=chosen), operand="mode")
    given = cx.maybe_tensor(weights)
    if given is None:
        return result
    headline = say(
        "per_sample_weights {got} must have the same shape as the input {want}", got=given.shape, want=x.shape
    )
    given = cx.ranks(given, (len(x.shape.parts),), "C3", headline, "per_sample_weights")
    for want, got in zip(x.shape.dims, given.shape.dims, strict=True):
        cx.demand_equal("C3", want, got, headline, operand="per_sample_weights")
    if chosen in ("mean", "max"):
        cx.refute(
            "C4", say("per_sample_weights is only supported for mode='sum', not {mode}", mode=chosen), operand="mode"
        )
    return result


@BAG.rule
def embedding_bag_layer(cx: Context, layer: Layer, input: Value, offsets: Value, per_sample_weights: Value) -> Value:
    """`(batch, n) -> (batch, embedding_dim)`, or `(total), offsets (batch) -> (batch, embedding_dim)`.

    C1: ints. C2: two axes, or one with `offsets`. C3: one weight per index. C4: a mode that there is. C5: sizes that a
    table can have. C6: `padding_idx` within it.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
    """
    try:
        width = layer.size("embedding_dim")
    except CannotTell:
        width = Dim.symbol("embedding_dim", "unknown")
    return _bags(
        cx, input, row(cx, width), offsets, per_sample_weights, layer.value("mode"), layer.value("include_last_offset")
    )


@BAG.build
def bag_build(cx: Context, layer: Layer) -> None:
    """C5 and C6 are raised by the constructor."""
    table_sizes(cx, layer, "C5")
    require_padding(cx, "C6", layer.value("padding_idx"), layer.int("num_embeddings"))


@BAG.attributes
def bag_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    if name == "weight":
        return Tensor(Shape((Axis.fresh(layer.size("num_embeddings")), row(cx, layer.size("embedding_dim")))), "float")
    return None


def _function_sample(rng: random.Random) -> Sample:
    entries = rng.randint(1, 4)
    x, call, options = _arguments(rng, entries)
    weight = t(entries, rng.randint(1, 4)) if rng.random() < 0.9 else t(entries, *([2] * rng.choice([0, 2])))
    if rng.random() < 0.2:
        options["padding_idx"] = rng.choice([0, -entries, entries])
    return Sample(FUNCTIONAL.torch[0], (x, weight), {**call, **options})


FUNCTIONAL = op(
    "embedding_bag",
    ("torch.nn.functional.embedding_bag",),
    "input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', sparse=False, "
    "per_sample_weights=None, include_last_offset=False, padding_idx=None",
    constraints=(*CONSTRAINTS, C_WEIGHT, C_PADDING),
    samples=_function_sample,
)


@FUNCTIONAL.rule
def embedding_bag(
    cx: Context,
    input: Value,
    weight: Value,
    offsets: Value,
    max_norm: Value,
    norm_type: Value,
    scale_grad_by_freq: Value,
    mode: Value,
    sparse: Value,
    per_sample_weights: Value,
    include_last_offset: Value,
    padding_idx: Value,
) -> Value:
    """`(batch, n), (entries, width) -> (batch, width)`, or `(total)` with `offsets (batch)`.

    C1 to C4: as for `nn.EmbeddingBag`. C5: `weight` has two axes. C6: `padding_idx` within the table.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
    """
    table = cx.tensor(weight)
    headline = say("weight has to be a 2D tensor but has shape {shape}", shape=table.shape)
    table = cx.ranks(table, (2,), "C5", headline, "weight")
    entries, width = table.shape.axes
    result = _bags(cx, input, width, offsets, per_sample_weights, mode, include_last_offset)
    require_padding(cx, "C6", padding_idx, entries.size)
    return result


def _pretrained_sample(rng: random.Random) -> Sample:
    table = t(*(rng.randint(1, 4) for _ in range(rng.choice([1, 2, 2, 3]))))
    return Sample(FROM_PRETRAINED.torch[0], (table,), {"mode": "sum"} if rng.random() < 0.5 else {})


FROM_PRETRAINED = op(
    "EmbeddingBag.from_pretrained",
    ("torch.nn.EmbeddingBag.from_pretrained",),
    "embeddings, freeze=True, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean', sparse=False, "
    "include_last_offset=False, padding_idx=None",
    constraints=(Constraint("C2", "embedding-input", "the table has two axes: entries and features"),),
    samples=_pretrained_sample,
)


@FROM_PRETRAINED.rule
def from_pretrained(cx: Context, embeddings: Value, **options: Value) -> Value:
    """`(entries, width) -> an EmbeddingBag(entries, width)`, as a `LayerValue`.

    C2: the table has two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
    """
    entries, width = pretrained_sizes(cx, embeddings)
    given = dict(BAG.signatures[0].bind((Int(entries), Int(width)), {}) or {})
    given.update({name: value for name, value in options.items() if name in given})
    return LayerValue(LayerConfig("torch.nn.EmbeddingBag", given))
