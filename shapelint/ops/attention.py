"""`F.scaled_dot_product_attention`: every query asks all keys, and gets a mean of the values."""

from __future__ import annotations

import random
from typing import Any

from shapelint.ops.contract import CannotTell, Constraint, Context, Message, Sample, op, say, t
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import Float, NoneValue, Tensor, Value


def _sample(rng: random.Random) -> Sample:
    lead = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    steps, keys, width = rng.randint(2, 4), rng.randint(2, 4), rng.randint(1, 4)
    query, key = [*lead, steps, width], [*lead, keys, width]
    value = [*lead, keys, width if rng.random() < 0.7 else rng.randint(1, 4)]
    options: dict[str, Any] = {}
    if rng.random() < 0.1 and len(lead) == 2:
        query[-3] = lead[-1] * rng.randint(1, 2) if rng.random() < 0.7 else lead[-1] + 1
        options["enable_gqa"] = rng.random() < 0.8
    for sizes in (query, key, value):
        if rng.random() < 0.07:
            sizes[rng.randrange(len(sizes))] = rng.randint(1, 4)
    if len(lead) == 2:  # torch's kernel for this rank reads past the end of too few values
        value[-2] = key[-2]
    if rng.random() < 0.04:
        query, key, value = [width], [width], [width]
    if rng.random() < 0.4 and not options:
        mask = [steps if rng.random() < 0.9 else 5, keys if rng.random() < 0.9 else 5]
        full = [*lead, *mask]
        given = full if rng.random() < 0.5 else [1] * len(lead) + mask if rng.random() < 0.5 else mask
        if rng.random() < 0.06:
            given = [2, *full]
        options["attn_mask"] = t(*given, dtype=rng.choice(["float", "bool"]) if rng.random() < 0.95 else "int")
    elif rng.random() < 0.3:
        options["is_causal"] = True
    if rng.random() < 0.1:
        options["dropout_p"] = rng.choice([0.0, 1.5])
    kind: Any = "float" if rng.random() < 0.97 else "int"
    return Sample(SCALED.torch[0], tuple(t(*s, dtype=kind) for s in (query, key, value)), options)


SCALED = op(
    "scaled_dot_product_attention",
    ("torch.nn.functional.scaled_dot_product_attention",),
    "query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False",
    constraints=(
        Constraint("C1", "attention-shape", "query, key and value have at least two axes"),
        Constraint("C2", "attention-shape", "query and key have the same number of features"),
        Constraint("C3", "attention-shape", "there is one value for every key"),
        Constraint(
            "C4", "attention-shape", "the leading axes broadcast (with `enable_gqa`, key heads divide query heads)"
        ),
        Constraint("C5", "attention-shape", "`attn_mask` broadcasts to (query steps, key steps), and holds no ints"),
        Constraint("C6", "invalid-option", "`dropout_p` is at most 1"),
        Constraint("C7", "dtype-mismatch", "query, key and value hold floats"),
    ),
    samples=_sample,
)


@SCALED.rule
def scaled_dot_product_attention(
    cx: Context,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value,
    dropout_p: Value,
    is_causal: Value,
    scale: Value,
    enable_gqa: Value,
) -> Value:
    """`(*, L, E), (*, S, E), (*, S, Ev) -> (*, L, Ev)`.

    C1: two axes or more. C2: the features of query and key. C3: one value per key. C4: leading axes broadcast. C5: the
    mask broadcasts to `(*, L, S)`. C6: `dropout_p` at most 1. C7: floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    q, k, v = (_two(cx, x, name) for x, name in ((query, "query"), (key, "key"), (value, "value")))
    for x in (q, k, v):
        if x.dtype in ("int", "bool"):
            cx.refute(
                "C7", say("{subject} expects floats but receives a tensor of {dtype}s", dtype=x.dtype), operand="query"
            )
    if isinstance(dropout_p, Float) and dropout_p.value is not None and dropout_p.value > 1:
        cx.refute("C6", say("dropout probability has to be at most 1"), operand="dropout_p")
    steps, features = _axis(q, -2), _axis(q, -1)
    keys, width = _axis(k, -2), _axis(v, -1)
    headline = say("{subject} cannot match query {q}, key {k} and value {v}", q=q.shape, k=k.shape, v=v.shape)
    cx.demand_equal(
        "C2",
        features.size,
        _axis(k, -1).size,
        headline,
        label=say("the query has {q} features, the key {k}", q=features.size, k=_axis(k, -1).size),
        operand="key",
    )
    cx.demand_equal(
        "C3",
        keys.size,
        _axis(v, -2).size,
        headline,
        label=say("{k} keys against {v} values", k=keys.size, v=_axis(v, -2).size),
        operand="value",
    )
    leads = [x.shape.parts[:-2] for x in (q, k, v)]
    if cx.flag(enable_gqa):
        leads = _grouped(cx, leads, headline)
    scores = cx.broadcast([_bare(p) for p in leads[:2]], "C4")
    lead = cx.broadcast([_bare(scores), _bare(leads[2])], "C4")
    result = q.with_parts((*lead, steps, width))
    if not isinstance(attn_mask, NoneValue):
        cx.expect(result)
        _check_mask(cx, attn_mask, (*scores, steps, keys))
    return result


def _bare(parts: tuple[Part, ...]) -> Tensor:
    return Tensor(Shape(tuple(parts)), "float")


def _two(cx: Context, value: Value, name: str) -> Tensor:
    x = cx.tensor(value)
    headline = say(
        "{subject} expects {name} to have at least 2 axes but it has shape {shape}", name=name, shape=x.shape
    )
    return cx.at_least_rank(x, 2, "C1", headline, name)


def _axis(x: Tensor, place: int) -> Axis:
    part = x.shape.parts[place]
    assert isinstance(part, Axis)
    return part


def _grouped(cx: Context, leads: list[tuple[Part, ...]], headline: Message) -> list[tuple[Part, ...]]:
    """Leading axes where a group of query heads shares the heads of key and value."""
    heads = leads[0][-1] if leads[0] else None
    if not isinstance(heads, Axis) or any(not p or isinstance(p[-1], Segment) for p in leads[1:]):
        raise CannotTell("dynamic-value")
    for parts in leads[1:]:
        own = parts[-1]
        assert isinstance(own, Axis)
        if cx.never(heads.size % own.size, 0):
            cx.refute(
                "C4",
                say("{own} heads of key and value do not divide {heads} of the query", own=own.size, heads=heads.size),
                operand="key",
                sizes=(heads.size, own.size),
            )
        cx.facts.learn_divides(heads.size, own.size)
    return [leads[0], *((*p[:-1], heads) for p in leads[1:])]


def _check_mask(cx: Context, value: Value, scores: tuple[Part, ...]) -> None:
    mask = cx.tensor(value)
    if mask.dtype == "int":
        cx.refute("C5", say("attn_mask holds ints, not bools or floats"), operand="attn_mask")
    if mask.shape.rank is None or any(isinstance(p, Segment) for p in scores):
        return
    want = Shape(scores)
    headline = say("attn_mask of shape {got} cannot mask scores of shape {want}", got=mask.shape, want=want)
    if len(mask.shape.parts) > len(scores):
        cx.refute("C5", headline, operand="attn_mask")
    for expected, got in zip(reversed(want.axes), reversed(mask.shape.axes), strict=False):
        check_masked_axis(cx, "C5", expected.size, got.size, headline, "attn_mask")


def check_masked_axis(cx: Context, constraint: str, want: Dim, got: Dim, headline: Message, operand: str) -> None:
    """Demand that an axis of a mask be that of the scores, or 1."""
    if cx.surely(got, 1) or cx.facts.compare(want, got) is Verdict.SAME:
        return
    if not cx.never(got, 1):
        if cx.facts.compare(want, got) is Verdict.UNSURE:
            cx.facts.equate(want, got, generic=True)
            cx.generic = True
        return
    cx.demand_equal(constraint, want, got, headline, operand=operand)
