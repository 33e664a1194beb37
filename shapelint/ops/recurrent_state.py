"""The states that a recurrent layer is given: `h_0` and, for an LSTM, `c_0`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from shapelint.ops.contract import CannotTell, Context, Message, say
from shapelint.shapes.dim import Dim
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import NoneValue, Tensor, Tuple, Value


@dataclass(frozen=True, slots=True)
class Expected:
    """States of shape `(rows, *lead, width)`, one width per state; `step` is the input's axis of steps. A state beside
    packed sequences is reordered like them, which drops what it has too much of: torch then does not check it."""

    rows: Axis
    lead: tuple[Part, ...]
    widths: tuple[Dim, ...]
    step: Part | None
    packed: bool


def _given(cx: Context, hx: Value) -> list[Tensor]:
    """The states that can be read."""
    found = []
    for value in hx.items if isinstance(hx, Tuple) else (hx,):
        if not isinstance(value, (NoneValue, Tuple)):
            try:
                found.append(cx.tensor(value))
            except CannotTell:
                continue
    return found


def state_ranks(cx: Context, hx: Value, is_lstm: bool) -> frozenset[int]:
    """The ranks that the states fix: three axes are said of a batch, two of one sequence."""
    if is_lstm and not isinstance(hx, Tuple):
        return frozenset()
    return frozenset(s.shape.rank for s in _given(cx, hx) if s.shape.rank in (2, 3))


def check_states(cx: Context, hx: Value, expected: Expected, is_lstm: bool) -> None:
    """Demand C4 to C9 of the states given, and learn the sizes of those that are open."""
    if isinstance(hx, NoneValue):
        return
    if not is_lstm:
        if isinstance(hx, Tuple):
            _refute_kind(cx, "{subject} expects its state as one tensor but receives a tuple")
        _check(cx, _read(cx, hx), expected, expected.widths[0], "h_0")
        return
    if isinstance(hx, Tensor):
        _check_lone_tensor(cx, cx.tensor(hx), expected)
        return
    if not isinstance(hx, Tuple):
        return
    batched = bool(expected.lead) and isinstance(expected.lead[0], Axis) and not expected.packed
    if len(hx.items) < 2 or (len(hx.items) > 2 and batched):
        _refute_kind(cx, "{subject} expects two states (h_0, c_0) but receives {count}", count=len(hx.items))
    for value, width, name in zip(hx.items, expected.widths, ("h_0", "c_0"), strict=False):
        _check(cx, _read(cx, value), expected, width, name)


def _read(cx: Context, value: Value) -> Tensor | None:
    if isinstance(value, (NoneValue, Tuple)):
        _refute_kind(cx, "{subject} expects tensors as its states")
    try:
        return cx.tensor(value)
    except CannotTell:
        return None


def _refute_kind(cx: Context, text: str, possible: bool = False, **values: int) -> NoReturn:
    cx.refute("C8", say(text, **values), operand="hx", possible=possible)


def _check_lone_tensor(cx: Context, s: Tensor, expected: Expected) -> None:
    """torch reads `hx[0]` and `hx[1]` of a tensor as the two states, and refuses it only where there is a batch."""
    text = "{subject} expects its state as a tuple (h_0, c_0) but receives one tensor"
    batched = bool(expected.lead) and isinstance(expected.lead[0], Axis)
    if batched or s.shape.rank not in (3, None):
        _refute_kind(cx, text)
    first = s.shape.prefix[0].size if s.shape.prefix else None
    if first is not None and cx.facts.at_most(first, 1, proof=True):
        _refute_kind(cx, text)
    if not expected.lead:
        raise CannotTell("dynamic-value")
    _refute_kind(cx, text, possible=True)


def _check(cx: Context, state: Tensor | None, expected: Expected, width: Dim, name: str) -> None:
    if state is None:
        return
    s, facts = state, cx.facts
    want = Shape((expected.rows, *expected.lead, Axis.fresh(width)))
    headline = say(
        "{subject} expects {name} of shape {want} but receives {got}",
        name=name,
        want=want,
        got=s.shape,
    )
    if any(isinstance(p, Segment) for p in expected.lead):
        s = cx.ranks(s, (2, 3), "C7", headline, "hx")
        if s.shape.rank is None and len(s.shape.parts) == 1:
            run = s.shape.parts[0]
            assert isinstance(run, Segment)
            facts.bind_segment(run, want.parts)
            return
        s = s.with_parts(facts.reveal_prefix(facts.reveal_suffix(s.shape, 1), 1).parts)
    else:
        s = cx.ranks(s, (len(want.parts),), "C7", headline, "hx")
    axes = s.shape.parts
    first, last = axes[0], axes[-1]
    assert isinstance(first, Axis)
    assert isinstance(last, Axis)
    batch = expected.lead[0] if len(expected.lead) == 1 and isinstance(expected.lead[0], Axis) else None
    label = None
    if batch is not None and len(axes) == 3:
        second = axes[1]
        assert isinstance(second, Axis)
        if expected.packed:
            _check_beside_packed(cx, first, second, batch, expected, name, headline)
        else:
            label = _layout(cx, first, second, batch, expected, headline)
            cx.demand_equal("C4", expected.rows.size, first.size, headline, label=label, operand="hx")
            cx.demand_equal("C5", batch.size, second.size, headline, label=label, operand="hx")
        cx.role(second, "batch", "proved", "the second axis of a state is the batch")
    else:
        cx.demand_equal("C4", expected.rows.size, first.size, headline, operand="hx")
    cx.demand_equal("C6", width, last.size, headline, label=label, operand="hx")
    cx.role(last, "feature", "proved", "the last axis of a state is its features")
    if len(expected.rows.factors) == 1:
        cx.role(first, "layer", "proved", "the first axis of a state is its layers")


def _check_beside_packed(
    cx: Context, first: Axis, second: Axis, batch: Axis, expected: Expected, name: str, headline: Message
) -> None:
    facts = cx.facts
    loose = name == "c_0"
    for constraint, want, got, one_serves in (
        ("C4", expected.rows.size, first.size, False),
        ("C5", batch.size, second.size, loose),
    ):
        if constraint == "C4" and not loose:
            cx.demand_equal(constraint, want, got, headline, operand="hx")
        elif facts.at_least(want - got, 1, proof=True):
            if not one_serves or cx.never(got, 1):
                cx.refute(constraint, headline, operand="hx", sizes=(want, got))
        elif facts.compare(want, got) is Verdict.UNSURE:
            facts.equate(want, got, generic=True)
            cx.generic = True


def _layout(
    cx: Context, first: Axis, second: Axis, batch: Axis, expected: Expected, headline: Message
) -> Message | None:
    """Say how a state is laid out where it is a known mistake, and refute it where only equal sizes could hide that."""
    facts = cx.facts
    same, rows = Verdict.SAME, expected.rows.size
    if facts.compare(second.size, batch.size) is same:
        return None
    step = expected.step
    columns = [p.size for p in (batch, step) if isinstance(p, Axis)]
    if facts.compare(second.size, rows) is same and any(facts.compare(first.size, c) is same for c in columns):
        if facts.compare(first.size, rows) is same:
            return None
        label = say("{@hx} is laid out as (batch, layers, hidden); batch_first never applies to a state")
        possible = facts.compare(first.size, rows, proof=True) is not Verdict.DIFFERENT
        cx.refute("C4", headline, label=label, operand="hx", sizes=(rows, first.size), possible=possible)
    fits = facts.compare(first.size, rows) is not Verdict.DIFFERENT
    if fits and isinstance(step, Axis) and facts.compare(second.size, step.size) is same:
        label = say("the state has {step} columns, which is the axis of steps of {@input}", step=step.size)
        possible = facts.compare(batch.size, step.size, proof=True) is not Verdict.DIFFERENT
        cx.refute("C9", headline, label=label, operand="hx", sizes=(batch.size, second.size), possible=possible)
    return None
