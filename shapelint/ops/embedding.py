"""`nn.Embedding`, `F.embedding`, `F.one_hot`: a row of features for every index."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Sample, layer, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import Float, Int, LayerConfig, LayerValue, NoneValue, Str, Tensor, Value

C_INDEX = Constraint("C1", "embedding-input", "`input` holds ints")
C_WEIGHT = Constraint("C2", "embedding-input", "the table has two axes: entries and features")
C_PADDING = Constraint("C3", "invalid-option", "`padding_idx` is an entry of the table")
C_SIZES = Constraint("C4", "invalid-option", "the sizes of the table are ints, not negative, and those of `_weight`")


def require_indices(cx: Context, constraint: str, x: Tensor, operand: str = "input") -> None:
    """Demand that a tensor hold ints."""
    if x.dtype not in (None, "int"):
        cx.refute(
            constraint,
            say("{subject} expects indices (ints) but receives a tensor of {dtype}s", dtype=x.dtype),
            label=say("{shape} of {dtype}s", shape=x.shape, dtype=x.dtype),
            operand=operand,
        )


def row(cx: Context, width: Dim) -> Axis:
    """The axis of one row of a table."""
    axis = Axis.fresh(width)
    cx.role(axis, "feature", "proved", "a row of an embedding")
    return axis


def require_padding(cx: Context, constraint: str, padding_idx: Value, entries: Dim) -> None:
    """Demand that `padding_idx` lie within the table."""
    try:
        place = cx.int(padding_idx)
    except CannotTell:
        return
    if cx.facts.at_least(place - entries, 0, proof=True) or cx.facts.at_least(-entries - place, 1, proof=True):
        cx.refute(
            constraint,
            say("padding_idx must be within num_embeddings: {place} against {entries}", place=place, entries=entries),
            operand="padding_idx",
            sizes=(entries, place),
        )


def _size(layer: Layer, name: str) -> Dim:
    try:
        return layer.size(name)
    except CannotTell:
        return Dim.symbol(name, "unknown")


def _layer_sample(rng: random.Random) -> Sample:
    entries, width = rng.randint(1, 5), rng.randint(1, 4)
    options: dict[str, Any] = {}
    if rng.random() < 0.4:
        options["padding_idx"] = rng.randint(-entries - 1, entries) if rng.random() < 0.5 else 0
    if rng.random() < 0.2:
        options["_weight"] = t(entries, width) if rng.random() < 0.6 else t(entries + rng.randint(0, 1), width + 1)
    init: tuple[Any, ...] = (entries, width)
    if rng.random() < 0.1 and "_weight" not in options:
        init = rng.choice([(entries, float(width)), (-1, width), (entries, "wide"), (float(entries), width)])
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]
    x = t(*sizes, dtype="int", high=entries) if rng.random() < 0.85 else t(*sizes, dtype=rng.choice(["float", "bool"]))
    return Sample(rng.choice(EMBEDDING.torch), (x,), init=init, init_kwargs=options)


EMBEDDING = layer(
    "Embedding",
    ("torch.nn.Embedding", "torch.nn.modules.sparse.Embedding"),
    "num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
    "sparse=False, _weight=None, _freeze=False, device=None, dtype=None",
    call="input",
    constraints=(C_INDEX, C_PADDING, C_SIZES),
    samples=_layer_sample,
)


@EMBEDDING.rule
def embedding_layer(cx: Context, layer: Layer, input: Value) -> Value:
    """`(*) -> (*, embedding_dim)`.

    C1: `input` holds ints. C3: `padding_idx` within the table. C4: sizes that a table can have.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """
    x = cx.tensor(input)
    result = x.with_parts((*x.shape.parts, row(cx, _size(layer, "embedding_dim")))).with_dtype("float")
    cx.expect(result)
    require_indices(cx, "C1", x)
    return result


def table_sizes(cx: Context, layer: Layer, constraint: str) -> None:
    """Demand that a table's sizes be ints, not negative, and those of `_weight`."""
    for name in ("num_embeddings", "embedding_dim"):
        value = layer.value(name)
        if isinstance(value, (Float, Str, NoneValue)) and isinstance(layer.value("_weight"), NoneValue):
            kind = {"Float": "a float", "Str": "a string"}.get(type(value).__name__, "None")
            cx.refute(constraint, say("{name} must be an int but is {kind}", name=name, kind=kind), operand=name)
        if isinstance(value, Int) and cx.facts.at_most(cx.int(value), -1, proof=True):
            cx.refute(constraint, say("{name} is negative: {got}", name=name, got=cx.int(value)), operand=name)
    weight = layer.value("_weight")
    if isinstance(weight, Tensor):
        given = cx.tensor(weight)
        want = Shape.of(layer.int("num_embeddings"), layer.int("embedding_dim"))
        headline = say("shape of weight {got} does not match {want}", got=given.shape, want=want)
        given = cx.ranks(given, (2,), constraint, headline, "_weight")
        for expected, got in zip(want.dims, given.shape.dims, strict=True):
            cx.demand_equal(constraint, expected, got, headline, operand="_weight")


@EMBEDDING.build
def embedding_build(cx: Context, layer: Layer) -> None:
    """C3 and C4 are raised by the constructor."""
    table_sizes(cx, layer, "C4")
    require_padding(cx, "C3", layer.value("padding_idx"), layer.int("num_embeddings"))


@EMBEDDING.attributes
def embedding_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    if name == "weight":
        return Tensor(
            Shape((Axis.fresh(_size(layer, "num_embeddings")), row(cx, _size(layer, "embedding_dim")))), "float"
        )
    return None


def _table_sample(rng: random.Random, names: tuple[str, ...]) -> tuple[str, Any, Any, int]:
    entries = rng.randint(1, 4)
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    x = t(*sizes, dtype="int", high=entries) if rng.random() < 0.85 else t(*sizes, dtype="float")
    weight = t(entries, rng.randint(1, 4)) if rng.random() < 0.85 else t(entries, *([2] * rng.choice([0, 2])))
    return rng.choice(names), x, weight, entries


def _function_sample(rng: random.Random) -> Sample:
    name, x, weight, entries = _table_sample(rng, FUNCTIONAL.torch)
    if rng.random() < 0.5:
        return Sample(name, (x, weight), {"padding_idx": rng.randint(-entries - 1, entries)})
    return Sample(name, (x,), {"weight": weight})


FUNCTIONAL = op(
    "embedding",
    ("torch.nn.functional.embedding",),
    "input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False",
    constraints=(C_INDEX, C_WEIGHT, C_PADDING),
    samples=_function_sample,
)


def _look_up(cx: Context, indices: Tensor, weight: Value) -> tuple[Tensor, Dim]:
    table = cx.tensor(weight)
    table = cx.ranks(table, (2,), "C2", say("'weight' must be 2-D but has shape {shape}", shape=table.shape), "weight")
    entries, width = table.shape.axes
    cx.role(width, "feature", "proved", "a row of an embedding")
    result = table.with_parts((*indices.shape.parts, width)).with_dtype(table.dtype)
    cx.expect(result)
    require_indices(cx, "C1", indices)
    return result, entries.size


@FUNCTIONAL.rule
def embedding(
    cx: Context,
    input: Value,
    weight: Value,
    padding_idx: Value,
    max_norm: Value,
    norm_type: Value,
    scale_grad_by_freq: Value,
    sparse: Value,
) -> Value:
    """`(*), (entries, width) -> (*, width)`.

    C1: `input` holds ints. C2: `weight` has two axes. C3: `padding_idx` within the table.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    result, entries = _look_up(cx, cx.tensor(input), weight)
    require_padding(cx, "C3", padding_idx, entries)
    return result


def _plain_sample(rng: random.Random) -> Sample:
    name, x, weight, _ = _table_sample(rng, PLAIN.torch)
    return Sample(name, (weight, x), {"padding_idx": 0} if rng.random() < 0.3 else {})


PLAIN = op(
    "torch.embedding",
    ("torch.embedding",),
    "weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False",
    constraints=(C_INDEX, C_WEIGHT),
    samples=_plain_sample,
)


@PLAIN.rule
def plain(
    cx: Context, weight: Value, indices: Value, padding_idx: Value, scale_grad_by_freq: Value, sparse: Value
) -> Value:
    """`(entries, width), (*) -> (*, width)`: the table comes first.

    C1: `indices` holds ints. C2: `weight` has two axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    return _look_up(cx, cx.tensor(indices), weight)[0]


def _pretrained_sample(rng: random.Random) -> Sample:
    table = t(*(rng.randint(1, 4) for _ in range(rng.choice([1, 2, 2, 2, 3]))))
    options = {"padding_idx": rng.randint(-4, 4)} if rng.random() < 0.6 else {"freeze": False}
    return Sample(FROM_PRETRAINED.torch[0], (table,), options)


FROM_PRETRAINED = op(
    "Embedding.from_pretrained",
    ("torch.nn.Embedding.from_pretrained",),
    "embeddings, freeze=True, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False",
    constraints=(C_WEIGHT, C_PADDING),
    samples=_pretrained_sample,
)


@FROM_PRETRAINED.rule
def from_pretrained(cx: Context, embeddings: Value, **options: Value) -> Value:
    """`(entries, width) -> an Embedding(entries, width)`, as a `LayerValue`.

    C2: the table has two axes. C3: `padding_idx` within it.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html#torch.nn.Embedding.from_pretrained
    """
    entries, width = pretrained_sizes(cx, embeddings)
    require_padding(cx, "C3", options["padding_idx"], entries)
    given = dict(EMBEDDING.signatures[0].bind((Int(entries), Int(width)), {}) or {})
    given.update({name: value for name, value in options.items() if name in given})
    return LayerValue(LayerConfig("torch.nn.Embedding", given))


def pretrained_sizes(cx: Context, embeddings: Value) -> tuple[Dim, Dim]:
    """The sizes of a table that is given; one of which nothing is known has sizes of its own."""
    try:
        table = cx.tensor(embeddings)
    except CannotTell:
        return Dim.symbol("num_embeddings", "unknown"), Dim.symbol("embedding_dim", "unknown")
    headline = say("embeddings parameter is expected to be 2-dimensional but has shape {shape}", shape=table.shape)
    table = cx.ranks(table, (2,), "C2", headline, "embeddings")
    entries, width = table.shape.dims
    return entries, width


def _one_hot_sample(rng: random.Random) -> Sample:
    classes = rng.randint(1, 4)
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    x = t(*sizes, dtype="int", high=classes) if rng.random() < 0.75 else t(*sizes, dtype=rng.choice(["float", "bool"]))
    given = classes if rng.random() < 0.8 else rng.choice([0, -2])
    return (
        Sample(rng.choice(ONE_HOT.torch), (x, given))
        if rng.random() < 0.5
        else Sample(ONE_HOT.torch[0], (x,), {"num_classes": given})
    )


ONE_HOT = op(
    "one_hot",
    ("torch.nn.functional.one_hot",),
    "input, num_classes=-1",
    constraints=(C_INDEX, Constraint("C2", "invalid-option", "`num_classes` is 1 or more, or -1")),
    samples=_one_hot_sample,
)


@ONE_HOT.rule
def one_hot(cx: Context, input: Value, num_classes: Value) -> Value:
    """`(*) -> (*, num_classes)`; a number of classes left out is one more than the greatest index.

    C1: `input` holds ints. C2: a positive number of classes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
    """
    x = cx.tensor(input)
    require_indices(cx, "C1", x)
    try:
        count = cx.int(num_classes)
    except CannotTell:
        count = Dim.symbol("classes", "unknown")
    if cx.surely(count, -1) or (not cx.facts.at_least(count, 0) and count.value is None):
        count = Dim.symbol("classes", "unknown")
    elif cx.facts.at_most(count, 0, proof=True):
        cx.refute(
            "C2", say("num_classes must be positive but is {got}", got=count), operand="num_classes", sizes=(count,)
        )
    axis = Axis.fresh(count)
    cx.role(axis, "class", "proved", "one_hot gives one entry per class")
    return x.with_parts((*x.shape.parts, axis)).with_dtype("int")
