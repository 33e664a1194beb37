"""`nn.Transformer` and its parts: stacks of attention that keep the shape of what they read."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from shapelint.ops.contract import Built, CannotTell, Constraint, Context, Layer, Sample, T, layer, op, say, t
from shapelint.ops.multihead_attention import (
    check_attention_mask,
    check_padding_mask,
    flag_or_none,
    inputs,
    require_heads,
    size_or_own,
)
from shapelint.ops.recurrent_input import Steps, read_layout
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Shape
from shapelint.values.model import FALSE, NONE, Int, LayerValue, NoneValue, Str, Tensor, Value

RANK = Constraint("C1", "attention-shape", "the inputs have three axes, or all have two (one sequence)")
FEATURES = Constraint("C2", "attention-shape", "the last axis of each input has `d_model` entries")
BATCH = Constraint("C3", "attention-shape", "the inputs have one batch")
MASK = Constraint("C4", "attention-shape", "a mask is (steps, keys) or (batch*heads, steps, keys), and holds no ints")
PADDING = Constraint("C5", "attention-shape", "a padding mask is (batch, keys), and holds no ints")
CAUSAL = Constraint("C6", "invalid-option", "`is_causal` goes with a mask")
FLOATS = Constraint("C7", "dtype-mismatch", "the inputs hold floats")
OPTIONS = Constraint("C8", "invalid-option", "`nhead` divides `d_model`, and the activation is relu or gelu")
NORM = Constraint("C8", "norm-features", "the final norm has `d_model` features")


@dataclass(frozen=True, slots=True)
class Model:
    """The sizes that the layers of a stack share."""

    name: str
    width: Dim
    heads: Dim
    batch_first: bool | None

    @staticmethod
    def of(layer: Layer) -> Model:
        return Model(
            layer.name, size_or_own(layer, "d_model"), size_or_own(layer, "nhead"), flag_or_none(layer, "batch_first")
        )

    @staticmethod
    def stacked(cx: Context, layer: Layer, name: str) -> Model:
        """Those of the layer that a stack was built of. Raises CannotTell for one that is not torch's own."""
        value = layer.value(name)
        if not isinstance(value, LayerValue) or "d_model" not in value.config.args:
            raise CannotTell("dynamic-value", "a layer of one's own")
        return Model.of(Layer(cx, value.config))


@dataclass(frozen=True, slots=True)
class Mask:
    """The masks of one attention, and whether they are said to be causal."""

    mask: Value
    mask_name: str
    padding: Value
    padding_name: str
    is_causal: Value
    causal_name: str = "is_causal"


def _read(cx: Context, model: Model, paddings: tuple[Value, ...], **values: Value) -> list[Steps]:
    found = inputs(cx, values, "C1", paddings)
    steps = [read_layout(cx, cx.tensor(x), model.name, model.batch_first) for x in found.values()]
    cx.expect(_kept(cx, model, steps[0]))  # whatever else is wrong
    for (name, x), read in zip(found.items(), steps, strict=True):
        if x.dtype in ("int", "bool"):
            headline = say("{subject} expects floats but receives a tensor of {dtype}s", dtype=x.dtype)
            cx.refute("C7", headline, operand=name)
        got = read.feature.size
        cx.demand_equal(
            "C2",
            model.width,
            got,
            say(
                "{subject} expects {name} with {want} features but receives {got}", name=name, want=model.width, got=got
            ),
            operand=name,
        )
        cx.role(read.feature, "feature", "proved", "attention reads it as features")
    return steps


def _one_batch(cx: Context, a: Steps, b: Steps, operand: str) -> None:
    for x, y in zip(a.lead, b.lead, strict=False):
        if isinstance(x, Axis) and isinstance(y, Axis):
            headline = say("a batch of {x} against a batch of {y} in {name}", x=x.size, y=y.size, name=operand)
            cx.demand_equal("C3", x.size, y.size, headline, operand=operand)


def _masked(cx: Context, model: Model, q: Steps, k: Steps, given: Mask) -> None:
    try:
        causal = cx.flag(given.is_causal)
    except CannotTell:
        causal = False
    if causal and isinstance(given.mask, NoneValue):
        cx.refute("C6", say("need attn_mask if specifying the is_causal hint"), operand=given.causal_name)
    hint = causal and isinstance(given.padding, NoneValue)
    check_attention_mask(cx, "C4", given.mask, q, k, model.heads, given.mask_name, hint)
    check_padding_mask(cx, "C5", given.padding, k, given.padding_name)


def _kept(cx: Context, model: Model, steps: Steps) -> Tensor:
    """The shape of what was read; the features are others, since each is a mixture of all."""
    assert steps.x is not None
    x = cx.tensor(steps.x)
    features = Axis.fresh(model.width)
    cx.role(features, "feature", "proved", "the features that attention gives")
    return x.with_parts((*x.shape.parts[:-1], features)).with_dtype("float")


def _encode(cx: Context, model: Model, src: Value, given: Mask) -> Value:
    (x,) = _read(cx, model, (given.padding,), src=src)
    _masked(cx, model, x, x, given)
    return _kept(cx, model, x)


def _decode(cx: Context, model: Model, tgt: Value, memory: Value, own: Mask, cross: Mask) -> Value:
    x, m = _read(cx, model, (own.padding, cross.padding), tgt=tgt, memory=memory)
    _one_batch(cx, x, m, "memory")
    _masked(cx, model, x, x, own)
    _masked(cx, model, x, m, cross)
    return _kept(cx, model, x)


# Samples -----------------------------------------------------------------------------------------


def _model(rng: random.Random) -> tuple[tuple[int, int], dict[str, Any]]:
    heads = rng.randint(1, 3)
    options: dict[str, Any] = {"dim_feedforward": 3}
    if rng.random() < 0.5:
        # torch's fast path, for an even number of heads and the batch first, checks less
        options["batch_first"] = heads % 2 == 1
    if rng.random() < 0.2:
        options["norm_first"] = True
    if rng.random() < 0.2:
        options["activation"] = "gelu"
    return (heads * rng.randint(1, 2), heads), options


def _sizes(rng: random.Random, batch: int | None, steps: int, width: int, batch_first: bool) -> T:
    lead = [steps] if batch is None else [batch, steps] if batch_first else [steps, batch]
    sizes = [*lead, width]
    if rng.random() < 0.07:
        sizes[rng.randrange(len(sizes))] = rng.randint(1, 5)
    if rng.random() < 0.03:
        sizes = [1, 1, *sizes]
    return t(*sizes, dtype="float" if rng.random() < 0.97 else "int")


def _masks(
    rng: random.Random, names: tuple[str, str, str], batch: int | None, heads: int, q: int, k: int
) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if rng.random() < 0.3:
        sizes = [q, k] if rng.random() < 0.6 else [(batch or 1) * heads, q, k]
        if rng.random() < 0.2:
            sizes[rng.randrange(len(sizes))] = rng.randint(1, 5)
        options[names[0]] = t(*sizes, dtype="float" if rng.random() < 0.95 else "int")
    if rng.random() < 0.3:
        sizes = [k] if batch is None else [batch, k]
        if rng.random() < 0.2:
            sizes = [*sizes[:-1], rng.randint(1, 5)] if rng.random() < 0.7 else [*sizes, 1]
        options[names[1]] = t(*sizes, dtype="float" if rng.random() < 0.95 else "int")
    if rng.random() < 0.12:
        options[names[2]] = True
    return options


def _spoiled(rng: random.Random, init: tuple[int, int], options: dict[str, Any]) -> tuple[int, int]:
    if rng.random() < 0.03:
        options["activation"] = "tanh"
    return (init[0] + 1, init[1]) if rng.random() < 0.04 else init


_SRC = ("src_mask", "src_key_padding_mask", "is_causal")
_TGT = ("tgt_mask", "tgt_key_padding_mask", "tgt_is_causal")
_MEMORY = ("memory_mask", "memory_key_padding_mask", "memory_is_causal")


def _draw_encoder(rng: random.Random, mask_names: tuple[str, str, str]) -> tuple[Any, Any, Any, Any]:
    init, options = _model(rng)
    batch, steps = rng.choice([None, 1, 2, 3]), rng.randint(1, 4)
    first = bool(options.get("batch_first"))
    call = _masks(rng, mask_names, batch, init[1], steps, steps)
    return init, options, (_sizes(rng, batch, steps, init[0], first),), call


def _draw_decoder(rng: random.Random) -> tuple[Any, Any, Any, Any]:
    init, options = _model(rng)
    batch, steps, keys = rng.choice([None, 1, 2, 3]), rng.randint(1, 4), rng.randint(1, 4)
    first = bool(options.get("batch_first"))
    call = {
        **_masks(rng, _TGT, batch, init[1], steps, steps),
        **_masks(rng, _MEMORY, batch, init[1], steps, keys),
    }
    args = (_sizes(rng, batch, steps, init[0], first), _sizes(rng, batch, keys, init[0], first))
    return init, options, args, call


# Layers ------------------------------------------------------------------------------------------

_LAYER = (
    "d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, batch_first=False, "
    "norm_first=False, bias=True, device=None, dtype=None"
)
_CALL_DECODER = (
    "tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None, "
)


def _encoder_layer_sample(rng: random.Random) -> Sample:
    init, options, args, call = _draw_encoder(rng, _SRC)
    return Sample(ENCODER_LAYER.torch[0], args, call, init=_spoiled(rng, init, options), init_kwargs=options)


ENCODER_LAYER = layer(
    "TransformerEncoderLayer",
    ("torch.nn.TransformerEncoderLayer",),
    _LAYER,
    call="src, src_mask=None, src_key_padding_mask=None, is_causal=False",
    constraints=(RANK, FEATURES, MASK, PADDING, CAUSAL, FLOATS, OPTIONS),
    samples=_encoder_layer_sample,
)


@ENCODER_LAYER.build
def encoder_layer_build(cx: Context, layer: Layer) -> None:
    """C8 is raised by the constructor."""
    _require_options(cx, layer)


def _require_options(cx: Context, layer: Layer) -> None:
    activation = layer.value("activation")
    if isinstance(activation, Str) and activation.value not in (None, "relu", "gelu"):
        headline = say("activation should be relu/gelu, not {got}", got=str(activation.value))
        cx.refute("C8", headline, operand="activation")
    require_heads(cx, "C8", layer, "d_model", "nhead")


@ENCODER_LAYER.rule
def encoder_layer(
    cx: Context, layer: Layer, src: Value, src_mask: Value, src_key_padding_mask: Value, is_causal: Value
) -> Value:
    """`(S, [N], d_model) -> (S, [N], d_model)`, with `batch_first` `([N], S, d_model)`.

    C1: two axes or three. C2: `d_model` features. C4: `src_mask` is `(S, S)` or `(N*heads, S, S)`. C5:
    `src_key_padding_mask` is `(N, S)`. C6: `is_causal` needs a mask. C7: floats. C8: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
    """
    masks = Mask(src_mask, "src_mask", src_key_padding_mask, "src_key_padding_mask", is_causal)
    return _encode(cx, Model.of(layer), src, masks)


def _decoder_layer_sample(rng: random.Random) -> Sample:
    init, options, args, call = _draw_decoder(rng)
    return Sample(DECODER_LAYER.torch[0], args, call, init=_spoiled(rng, init, options), init_kwargs=options)


DECODER_LAYER = layer(
    "TransformerDecoderLayer",
    ("torch.nn.TransformerDecoderLayer",),
    _LAYER,
    call=f"{_CALL_DECODER}tgt_is_causal=False, memory_is_causal=False",
    constraints=(RANK, FEATURES, BATCH, MASK, PADDING, CAUSAL, FLOATS, OPTIONS),
    samples=_decoder_layer_sample,
)


@DECODER_LAYER.build
def decoder_layer_build(cx: Context, layer: Layer) -> None:
    """C8 is raised by the constructor."""
    _require_options(cx, layer)


def _decoder_masks(given: dict[str, Value]) -> tuple[Mask, Mask]:
    own, cross = (Mask(given[m], m, given[p], p, given.get(c, FALSE), c) for m, p, c in (_TGT, _MEMORY))
    return own, cross


@DECODER_LAYER.rule
def decoder_layer(cx: Context, layer: Layer, tgt: Value, memory: Value, **masks: Value) -> Value:
    """`(T, [N], d_model), (S, [N], d_model) -> (T, [N], d_model)`, with `batch_first` `([N], T, d_model)`.

    C1: two axes in both, or three. C2: `d_model` features. C3: one batch. C4: `tgt_mask` is `(T, T)`, `memory_mask`
    `(T, S)`, or with `N*heads` in front. C5: padding masks are `(N, T)` and `(N, S)`. C6: `is_causal` needs a mask. C7:
    floats. C8: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
    """
    return _decode(cx, Model.of(layer), tgt, memory, *_decoder_masks(masks))


# Stacks ------------------------------------------------------------------------------------------


def _check_norm(cx: Context, layer: Layer, width: Dim) -> None:
    """A norm of another width refuses what the last layer gives."""
    norm = layer.value("norm")
    if isinstance(norm, LayerValue) and isinstance(shape := norm.config.args.get("normalized_shape"), Int):
        got = cx.int(shape)
        headline = say("the norm of {subject} has {got} features but its layers {want}", got=got, want=width)
        cx.demand_equal("C8", width, got, headline)


def _norm(rng: random.Random, width: int) -> dict[str, Any]:
    if rng.random() < 0.6:
        return {}
    return {"norm": Built("torch.nn.LayerNorm", (width if rng.random() < 0.8 else width + 1,))}


def _encoder_sample(rng: random.Random) -> Sample:
    init, options, args, call = _draw_encoder(rng, ("mask", "src_key_padding_mask", "is_causal"))
    one = Built(ENCODER_LAYER.torch[0], init, options)
    return Sample(ENCODER.torch[0], args, call, init=(one, rng.randint(1, 2)), init_kwargs=_norm(rng, init[0]))


ENCODER = layer(
    "TransformerEncoder",
    ("torch.nn.TransformerEncoder",),
    "encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True",
    call="src, mask=None, src_key_padding_mask=None, is_causal=None",
    constraints=(RANK, FEATURES, MASK, PADDING, CAUSAL, FLOATS, NORM),
    samples=_encoder_sample,
)


@ENCODER.rule
def encoder(cx: Context, layer: Layer, src: Value, mask: Value, src_key_padding_mask: Value, is_causal: Value) -> Value:
    """`(S, [N], d_model) -> (S, [N], d_model)`, with a layer of `batch_first` `([N], S, d_model)`.

    C1 to C7: as for `nn.TransformerEncoderLayer`, without C3. C8: the norm has `d_model` features.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
    """
    model = Model.stacked(cx, layer, "encoder_layer")
    masks = Mask(mask, "mask", src_key_padding_mask, "src_key_padding_mask", is_causal)
    result = _encode(cx, model, src, masks)
    _check_norm(cx, layer, model.width)
    return result


def _decoder_sample(rng: random.Random) -> Sample:
    init, options, args, call = _draw_decoder(rng)
    one = Built(DECODER_LAYER.torch[0], init, options)
    return Sample(DECODER.torch[0], args, call, init=(one, rng.randint(1, 2)), init_kwargs=_norm(rng, init[0]))


DECODER = layer(
    "TransformerDecoder",
    ("torch.nn.TransformerDecoder",),
    "decoder_layer, num_layers, norm=None",
    call=f"{_CALL_DECODER}tgt_is_causal=None, memory_is_causal=False",
    constraints=(RANK, FEATURES, BATCH, MASK, PADDING, CAUSAL, FLOATS, NORM),
    samples=_decoder_sample,
)


@DECODER.rule
def decoder(cx: Context, layer: Layer, tgt: Value, memory: Value, **masks: Value) -> Value:
    """`(T, [N], d_model), (S, [N], d_model) -> (T, [N], d_model)`, with a layer of `batch_first` `([N], T, d_model)`.

    C1 to C7: as for `nn.TransformerDecoderLayer`. C8: the norm has `d_model` features.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
    """
    model = Model.stacked(cx, layer, "decoder_layer")
    result = _decode(cx, model, tgt, memory, *_decoder_masks(masks))
    _check_norm(cx, layer, model.width)
    return result


def _transformer_sample(rng: random.Random) -> Sample:
    init, options, (tgt, src), call = _draw_decoder(rng)
    if rng.random() < 0.3:
        batch = None if len(src.sizes) == 2 else src.sizes[0 if options.get("batch_first") else 1]
        steps = src.sizes[-2] if options.get("batch_first") else src.sizes[0]
        call.update(_masks(rng, ("src_mask", "src_key_padding_mask", "src_is_causal"), batch, init[1], steps, steps))
    options.update(num_encoder_layers=1, num_decoder_layers=1)
    return Sample(TRANSFORMER.torch[0], (src, tgt), call, init=_spoiled(rng, init, options), init_kwargs=options)


TRANSFORMER = layer(
    "Transformer",
    ("torch.nn.Transformer",),
    "d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, "
    "activation='relu', custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, batch_first=False, "
    "norm_first=False, bias=True, device=None, dtype=None",
    call="src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None, "
    "tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None, "
    "memory_is_causal=False",
    constraints=(RANK, FEATURES, BATCH, MASK, PADDING, CAUSAL, FLOATS, OPTIONS),
    samples=_transformer_sample,
)


@TRANSFORMER.build
def transformer_build(cx: Context, layer: Layer) -> None:
    """C8 is raised by the constructor."""
    _require_options(cx, layer)


@TRANSFORMER.rule
def transformer(cx: Context, layer: Layer, src: Value, tgt: Value, **masks: Value) -> Value:
    """`(S, [N], d_model), (T, [N], d_model) -> (T, [N], d_model)`, with `batch_first` `([N], T, d_model)`.

    C1 to C8: as for `nn.TransformerDecoderLayer`, with the masks of `src` beside them. Encoders and decoders of one's
    own are not followed.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
    """
    if not all(isinstance(layer.value(n), NoneValue) for n in ("custom_encoder", "custom_decoder")):
        raise CannotTell("dynamic-value", "an encoder or decoder of one's own")
    model = Model.of(layer)
    paddings = tuple(v for name, v in masks.items() if name.endswith("key_padding_mask"))
    y, x = _read(cx, model, paddings, tgt=tgt, src=src)
    _one_batch(cx, x, y, "tgt")
    given = Mask(
        masks["src_mask"],
        "src_mask",
        masks["src_key_padding_mask"],
        "src_key_padding_mask",
        masks["src_is_causal"],
        "src_is_causal",
    )
    _masked(cx, model, x, x, given)
    own, cross = _decoder_masks(masks)
    _masked(cx, model, y, y, own)
    _masked(cx, model, y, x, cross)
    return _kept(cx, model, y)


def _square_sample(rng: random.Random) -> Sample:
    return Sample(rng.choice(SQUARE.torch), (rng.randint(0, 4),))


SQUARE = op(
    "generate_square_subsequent_mask",
    (
        "torch.nn.Transformer.generate_square_subsequent_mask",
        "torch.nn.modules.transformer._generate_square_subsequent_mask",
    ),
    "sz, device=None, dtype=None",
    samples=_square_sample,
)


@SQUARE.rule
def generate_square_subsequent_mask(cx: Context, sz: Value, device: Value = NONE, dtype: Value = NONE) -> Value:
    """`sz -> (sz, sz)`.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
    """
    size = cx.int(sz)
    return Tensor(Shape.of(size, size), "float")
