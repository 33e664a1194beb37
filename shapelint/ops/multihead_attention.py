"""`nn.MultiheadAttention` and `F.multi_head_attention_forward`: projections, heads and masks around attention."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Message, Sample, layer, op, say, t
from shapelint.ops.recurrent_input import Steps, read_layout
from shapelint.shapes.dim import ONE, Dim
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import NONE, Float, Int, NoneValue, Str, Tensor, Tuple, Unknown, Value

CONSTRAINTS = (
    Constraint("C1", "attention-shape", "query, key and value have three axes, or all have two (one sequence)"),
    Constraint("C2", "attention-shape", "query has `embed_dim` features, key `kdim` and value `vdim`"),
    Constraint("C3", "attention-shape", "key and value have the batch of query"),
    Constraint("C4", "attention-shape", "there is one value for every key"),
    Constraint("C5", "attention-shape", "`attn_mask` is (L, S) or (batch*heads, L, S), and holds no ints"),
    Constraint("C6", "attention-shape", "`key_padding_mask` is (batch, S), or (S,) without a batch, and holds no ints"),
    Constraint("C7", "invalid-option", "`is_causal` goes with an `attn_mask`"),
    Constraint("C8", "invalid-option", "`num_heads` divides `embed_dim`, and both are 1 or more"),
    Constraint("C9", "dtype-mismatch", "query, key and value hold floats"),
)


@dataclass(frozen=True, slots=True)
class Attention:
    """What attention was built with; `extra` is how many keys it adds of its own."""

    name: str
    embed: Dim
    heads: Dim
    key: Dim
    value: Dim
    batch_first: bool | None
    extra: int = 0
    output: Dim | None = None


@dataclass(frozen=True, slots=True)
class Masks:
    """The arguments of a call beside query, key and value."""

    key_padding: Value = NONE
    attention: Value = NONE
    need_weights: Value = NONE
    average: Value = NONE
    is_causal: Value = NONE


def inputs(
    cx: Context, values: dict[str, Value], constraint: str, paddings: tuple[Value, ...] = ()
) -> dict[str, Tensor]:
    """Tensors that all have two axes or all have three; one of known rank settles the others, and so does a padding
    mask, which has an axis less."""
    found = {name: cx.tensor(value) for name, value in values.items()}
    for name, x in found.items():
        headline = say("{name} should be 2-D (unbatched) or 3-D but it has shape {shape}", name=name, shape=x.shape)
        x = cx.ranks(x, (2, 3), constraint, headline, name)
        if x.shape.rank is None:
            ranks = [cx.tensor(p).shape.rank for p in paddings if isinstance(p, Tensor)]
            settled = next((cx.facts.fix_rank(x.shape, r + 1) for r in ranks if r in (1, 2)), None)
            x = x.with_parts(settled.parts) if settled is not None else x
        found[name] = x
    known = [(n, x) for n, x in found.items() if x.shape.rank is not None]
    if not known:
        return found
    first, like = known[0]
    for name, x in found.items():
        x = cx.tensor(x)
        headline = say(
            "{first} has shape {a}, so {name} must have as many axes but has shape {b}",
            first=first,
            a=like.shape,
            name=name,
            b=x.shape,
        )
        found[name] = cx.ranks(x, (len(like.shape.parts),), constraint, headline, name)
    return found


def attend(cx: Context, how: Attention, query: Value, key: Value, value: Value, masks: Masks) -> Value:
    """Attention of a query to keys and values: the output, and the weights or None."""
    given = inputs(cx, {"query": query, "key": key, "value": value}, "C1", (masks.key_padding,))
    q, k, v = (read_layout(cx, cx.tensor(x), how.name, how.batch_first) for x in given.values())
    q = _reread(cx, q)
    output = Axis.fresh(how.output if how.output is not None else how.embed)
    cx.role(output, "feature", "proved", "the features that attention gives")
    assert q.x is not None
    attended = q.x.with_parts((*q.x.shape.parts[:-1], output)).with_dtype("float")
    weights = _weights(cx, how, q, k, masks)
    result = Tuple((attended, weights))
    cx.expect(result)
    for name, x in given.items():
        if x.dtype in ("int", "bool"):
            cx.refute(
                "C9", say("{subject} expects floats but receives a tensor of {dtype}s", dtype=x.dtype), operand=name
            )
    for name, steps, want in (("query", q, how.embed), ("key", k, how.key), ("value", v, how.value)):
        _features(cx, name, steps, want)
    _same_batch(cx, q, k, v)
    if cx.flag(masks.is_causal) and isinstance(masks.attention, NoneValue):
        cx.refute("C7", say("need attn_mask if specifying the is_causal hint"), operand="is_causal")
    # a causal mask is only a hint where nobody asks for the weights
    hint = cx.flag(masks.is_causal) and isinstance(masks.key_padding, NoneValue) and weights is NONE
    check_attention_mask(cx, "C5", masks.attention, q, k, how.heads, "attn_mask", hint)
    check_padding_mask(cx, "C6", masks.key_padding, k, "key_padding_mask")
    return result


def _reread(cx: Context, steps: Steps) -> Steps:
    """The same with what was learned since."""
    assert steps.x is not None
    return replace(steps, x=cx.tensor(steps.x))


def _weights(cx: Context, how: Attention, q: Steps, k: Steps, masks: Masks) -> Value:
    try:
        if not cx.flag(masks.need_weights):
            return NONE
        average = cx.flag(masks.average)
    except CannotTell as gap:
        return Unknown(gap.reason, gap.detail)
    steps = q.step if q.step is not None else cx.fresh("step")
    keys = k.step if isinstance(k.step, Axis) else cx.fresh("keys")
    if how.extra:
        keys = Axis.fresh(keys.size + how.extra)
    if average:
        return Tensor(Shape((*q.lead, steps, keys)), "float")
    heads = Axis.fresh(how.heads)
    cx.role(heads, "head", "proved", "attention weights of each head")
    return Tensor(Shape((*q.lead, heads, steps, keys)), "float")


def _features(cx: Context, name: str, steps: Steps, want: Dim) -> None:
    got = steps.feature.size
    cx.demand_equal(
        "C2",
        want,
        got,
        say("{subject} expects {name} with {want} features but receives {got}", name=name, want=want, got=got),
        operand=name,
    )
    cx.role(steps.feature, "feature", "proved", "attention reads it as features")


def _same_batch(cx: Context, q: Steps, k: Steps, v: Steps) -> None:
    for name, other in (("key", k), ("value", v)):
        for a, b in zip(q.lead, other.lead, strict=False):
            if isinstance(a, Axis) and isinstance(b, Axis):
                cx.demand_equal(
                    "C3",
                    a.size,
                    b.size,
                    say("query has a batch of {a} but {name} has {b}", a=a.size, b=b.size, name=name),
                    operand=name,
                )
    if isinstance(k.step, Axis) and isinstance(v.step, Axis):
        keys, values = k.step.size, v.step.size
        headline = say("there are {keys} keys but {values} values", keys=keys, values=values)
        cx.demand_equal("C4", keys, values, headline, operand="value")


def check_attention_mask(
    cx: Context, constraint: str, value: Value, q: Steps, k: Steps, heads: Dim, operand: str, hint: bool
) -> None:
    """Demand a mask of shape (L, S), or (batch*heads, L, S). Of a mask that is only a `hint` torch looks at the
    number of axes, and at the sizes where it has three for one sequence."""
    mask = _mask(cx, constraint, value, operand)
    if mask is None:
        return
    headline = say(
        "{name} of shape {got} is neither (steps, keys) nor (batch*heads, steps, keys)",
        name=operand,
        got=mask.shape,
    )
    mask = cx.ranks(mask, (2, 3), constraint, headline, operand)
    if hint and (q.lead or mask.shape.rank != 3):
        return
    if mask.shape.rank is None:
        mask = mask.with_parts(cx.facts.reveal_suffix(mask.shape, 2).parts)
    steps, keys = q.step, k.step
    want: list[Part | None] = [steps, keys]
    if mask.shape.rank == 3:
        batch = q.lead[0] if q.lead else Axis.fresh(ONE)
        rows = Axis.fresh(batch.size * heads) if isinstance(batch, Axis) and len(q.lead) < 2 else None
        want = [rows, *want]
    if all(isinstance(p, Axis) for p in want):
        sizes = Shape(tuple(p for p in want if isinstance(p, Axis)))
        headline = say("the shape of {name} is {got} but should be {want}", name=operand, got=mask.shape, want=sizes)
    for expected, got in zip(reversed(want), reversed(mask.shape.parts), strict=False):
        if isinstance(expected, Axis) and isinstance(got, Axis):
            cx.demand_equal(constraint, expected.size, got.size, headline, operand=operand)


def check_padding_mask(cx: Context, constraint: str, value: Value, k: Steps, operand: str) -> None:
    """Demand a mask of shape (batch, S), or (S,) for one sequence."""
    mask = _mask(cx, constraint, value, operand)
    if mask is None:
        return
    headline: Message = say("{name} of shape {got} is not (batch, keys)", name=operand, got=mask.shape)
    if k.lead and not isinstance(k.lead[0], Axis):
        cx.ranks(mask, (1, 2), constraint, headline, operand)
        return
    want = [*k.lead, k.step]
    if all(isinstance(p, Axis) for p in want):
        sizes = Shape(tuple(p for p in want if isinstance(p, Axis)))
        headline = say("expected {name} of shape {want} but got {got}", name=operand, want=sizes, got=mask.shape)
    mask = cx.ranks(mask, (len(want),), constraint, headline, operand)
    _check_turned(cx, constraint, [p.size for p in want if isinstance(p, Axis)], mask.shape.dims, headline, operand)
    for expected, got in zip(want, mask.shape.parts, strict=True):
        if isinstance(expected, Axis) and isinstance(got, Axis):
            cx.demand_equal(constraint, expected.size, got.size, headline, operand=operand)


def _check_turned(
    cx: Context, constraint: str, want: list[Dim], got: tuple[Dim, ...], headline: Message, operand: str
) -> None:
    """A mask of (S, batch), as the data of a layer that is not `batch_first` has its axes: the mask is (batch, S) all the same. Equal sizes could
    hide it."""
    if len(want) != 2 or all(d.value is not None for d in want):
        return
    same = Verdict.SAME
    if cx.facts.compare(*want) is not same and all(cx.facts.compare(a, b) is same for a, b in zip(want, got[::-1])):
        certain = cx.facts.compare(*want, proof=True) is Verdict.DIFFERENT
        label = say("its axes are exchanged: it is (batch, steps) whatever `batch_first` says")
        cx.refute(constraint, headline, label=label, operand=operand, possible=not certain)


def _mask(cx: Context, constraint: str, value: Value, operand: str) -> Tensor | None:
    try:
        mask = cx.maybe_tensor(value)
    except CannotTell:
        return None
    if mask is not None and mask.dtype == "int":
        headline = say("only bool and floating types of {name} are supported, not ints", name=operand)
        cx.refute(constraint, headline, operand=operand)
    return mask


def draw_call(rng: random.Random, batch_first: bool, embed: int, heads: int, key: int, value: int) -> tuple[Any, Any]:
    """Random arguments: query, key, value, and the keyword arguments."""
    batch, steps, keys = rng.randint(1, 3), rng.randint(1, 4), rng.randint(1, 4)
    batched = rng.random() < 0.75

    def sizes(count: int, width: int) -> list[int]:
        lead = [batch, count] if batch_first else [count, batch]
        return [*(lead if batched else [count]), width]

    shapes = [sizes(steps, embed), sizes(keys, key), sizes(keys, value)]
    for given in shapes:
        if rng.random() < 0.05:
            given[rng.randrange(len(given))] = rng.randint(1, 5)
        if rng.random() < 0.02:
            given.insert(0, 1)
    options: dict[str, Any] = {}
    if rng.random() < 0.3:
        mask = [steps, keys] if rng.random() < 0.6 else [(batch if batched else 1) * heads, steps, keys]
        if rng.random() < 0.2:
            mask[rng.randrange(len(mask))] = rng.randint(1, 5)
        options["attn_mask"] = t(*mask, dtype=rng.choice(["bool", "float"]) if rng.random() < 0.95 else "int")
    if rng.random() < 0.3:
        padding = [batch, keys] if batched else [keys]
        if rng.random() < 0.2:
            padding[rng.randrange(len(padding))] = rng.randint(1, 5)
        if rng.random() < 0.1:
            padding = [keys, batch] if batched else [1, keys]
        options["key_padding_mask"] = t(*padding, dtype="bool" if rng.random() < 0.95 else "int")
    if rng.random() < 0.3:
        options["need_weights"] = rng.random() < 0.5
    if rng.random() < 0.3:
        options["average_attn_weights"] = rng.random() < 0.5
    if rng.random() < 0.15:
        options["is_causal"] = rng.random() < 0.7
    kind: Any = "float" if rng.random() < 0.97 else "int"
    return tuple(t(*s, dtype=kind) for s in shapes), options


def _layer_sample(rng: random.Random) -> Sample:
    heads = rng.randint(1, 3)
    embed = heads * rng.randint(1, 2)
    options: dict[str, Any] = {}
    key = value = embed
    if rng.random() < 0.2:
        key, value = rng.randint(1, 4), rng.randint(1, 4)
        options.update(kdim=key, vdim=value)
    elif rng.random() < 0.05:  # perhaps not a multiple of the heads
        embed = key = value = embed + 1
    if rng.random() < 0.5:
        options["batch_first"] = rng.random() < 0.6
    for name in ("add_bias_kv", "add_zero_attn"):
        if rng.random() < 0.1:
            options[name] = True
    if rng.random() < 0.1:
        options["bias"] = False
    args, call = draw_call(rng, bool(options.get("batch_first")), embed, heads, key, value)
    if rng.random() < 0.02:
        embed = 0
    return Sample("torch.nn.MultiheadAttention", args, call, init=(embed, heads), init_kwargs=options)


MULTIHEAD = layer(
    "MultiheadAttention",
    ("torch.nn.MultiheadAttention", "torch.nn.modules.activation.MultiheadAttention"),
    "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, vdim=None, "
    "batch_first=False, device=None, dtype=None",
    call="query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True, "
    "is_causal=False",
    constraints=CONSTRAINTS,
    samples=_layer_sample,
)


def size_or_own(layer: Layer, name: str) -> Dim:
    """A size of a layer; one that is not known is a size of its own."""
    try:
        return layer.size(name)
    except CannotTell:
        return Dim.symbol(name, "unknown")


def flag_or_none(layer: Layer, name: str) -> bool | None:
    """A flag of a layer, None where it is not known."""
    try:
        return layer.flag(name)
    except CannotTell:
        return None


def require_heads(cx: Context, constraint: str, layer: Layer, embed_name: str, heads_name: str) -> None:
    """Demand that the heads divide the features, and learn it where it is open."""
    for name in (embed_name, heads_name):
        value = layer.value(name)
        if isinstance(value, (Str, NoneValue)) or (isinstance(value, Float) and name == embed_name):
            cx.refute(constraint, say("{name} must be an int", name=name), operand=name)
        if isinstance(value, Int) and cx.facts.at_most(cx.int(value), 0, proof=True):
            cx.refute(constraint, say("{name} must be greater than 0", name=name), operand=name)
    embed, heads = layer.size(embed_name), layer.size(heads_name)
    if cx.never(embed % heads, 0):
        cx.refute(
            constraint,
            say("embed_dim must be divisible by num_heads: {embed} against {heads}", embed=embed, heads=heads),
            operand=heads_name,
            sizes=(embed, heads),
        )
    cx.facts.learn_divides(embed, heads)


@MULTIHEAD.build
def multihead_build(cx: Context, layer: Layer) -> None:
    """C8 is raised by the constructor."""
    require_heads(cx, "C8", layer, "embed_dim", "num_heads")


@MULTIHEAD.rule
def multihead_attention(
    cx: Context,
    layer: Layer,
    query: Value,
    key: Value,
    value: Value,
    key_padding_mask: Value,
    need_weights: Value,
    attn_mask: Value,
    average_attn_weights: Value,
    is_causal: Value,
) -> Value:
    """`(L, [N], E), (S, [N], kdim), (S, [N], vdim) -> (L, [N], E), ([N], L, S)`, with `batch_first` `([N], L, E)`.

    The weights are `([N], heads, L, S)` where they are not averaged, None where they are not wanted.

    C1: two axes, or three, in all. C2: features. C3: one batch. C4: as many values as keys. C5: `attn_mask` is `(L, S)`
    or `(N*heads, L, S)`. C6: `key_padding_mask` is `(N, S)`. C7: `is_causal` needs a mask. C8: heads divide the
    features. C9: floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """
    embed = size_or_own(layer, "embed_dim")
    widths = [
        embed if isinstance(layer.value(name), NoneValue) else size_or_own(layer, name) for name in ("kdim", "vdim")
    ]
    extra = int(bool(flag_or_none(layer, "add_bias_kv"))) + int(bool(flag_or_none(layer, "add_zero_attn")))
    batch_first = flag_or_none(layer, "batch_first")
    heads = size_or_own(layer, "num_heads")
    how = Attention("MultiheadAttention", embed, heads, widths[0], widths[1], batch_first, extra)
    return attend(
        cx, how, query, key, value, Masks(key_padding_mask, attn_mask, need_weights, average_attn_weights, is_causal)
    )


@MULTIHEAD.attributes
def multihead_attributes(cx: Context, layer: Layer, name: str) -> Value | None:
    embed = layer.size("embed_dim")
    if name == "head_dim":
        return Int(embed // layer.size("num_heads"))
    if name in ("kdim", "vdim") and isinstance(layer.value(name), NoneValue):
        return Int(embed)
    if name == "in_proj_bias":
        return Tensor(Shape.of(embed * 3), "float") if layer.flag("bias") else NONE
    if name == "in_proj_weight":
        same = isinstance(layer.value("kdim"), NoneValue) and isinstance(layer.value("vdim"), NoneValue)
        return Tensor(Shape.of(embed * 3, embed), "float") if same else None
    return None


def _function_sample(rng: random.Random) -> Sample:
    heads = rng.randint(1, 3)
    embed = heads * rng.randint(1, 2)
    args, call = draw_call(rng, False, embed, heads, embed, embed)
    told = embed if rng.random() < 0.93 else embed + 1
    output = embed if rng.random() < 0.9 else embed + 1
    given = (*args, told, heads if rng.random() < 0.95 else embed + 1)
    weights = (t(3 * embed, embed), t(3 * embed), None, None, rng.random() < 0.2, 0.0)
    return Sample(FUNCTIONAL.torch[0], (*given, *weights, t(output, embed), t(output)), call)


FUNCTIONAL = op(
    "multi_head_attention_forward",
    ("torch.nn.functional.multi_head_attention_forward",),
    "query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn, "
    "dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None, need_weights=True, "
    "attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None, k_proj_weight=None, v_proj_weight=None, "
    "static_k=None, static_v=None, average_attn_weights=True, is_causal=False",
    constraints=CONSTRAINTS,
    samples=_function_sample,
)


@FUNCTIONAL.rule
def multi_head_attention_forward(
    cx: Context, query: Value, key: Value, value: Value, embed_dim_to_check: Value, num_heads: Value, **options: Value
) -> Value:
    """`(L, [N], E), (S, [N], E), (S, [N], E) -> (L, [N], out), ([N], L, S)`: `out` is the rows of `out_proj_weight`.

    C1 to C9: as for `nn.MultiheadAttention`, without `batch_first`. Keys and values given ready (`static_k`) are not
    followed.
    Follows https://github.com/pytorch/pytorch/blob/main/torch/nn/functional.py
    """
    if not isinstance(options["static_k"], NoneValue) or not isinstance(options["static_v"], NoneValue):
        raise CannotTell("dynamic-value")
    embed, heads = cx.size(embed_dim_to_check), cx.size(num_heads)
    if cx.never(embed % heads, 0):
        cx.refute(
            "C8",
            say("embed_dim {embed} not divisible by num_heads {heads}", embed=embed, heads=heads),
            operand="num_heads",
            sizes=(embed, heads),
        )
    widths = [embed, embed]
    if cx.flag(options["use_separate_proj_weight"]):
        widths = [cx.tensor(options[name], rank=2).shape.dims[1] for name in ("k_proj_weight", "v_proj_weight")]
    extra = int(not isinstance(options["bias_k"], NoneValue)) + int(cx.flag(options["add_zero_attn"]))
    output = cx.tensor(options["out_proj_weight"], rank=2).shape.dims[0]
    how = Attention("MultiheadAttention", embed, heads, widths[0], widths[1], False, extra, output)
    masks = Masks(
        options["key_padding_mask"],
        options["attn_mask"],
        options["need_weights"],
        options["average_attn_weights"],
        options["is_causal"],
    )
    return attend(cx, how, query, key, value, masks)
