"""Tuples that are used as tensors: what they are, and where they came from."""

from __future__ import annotations

from shapelint.rules.contract import Case, Misused
from shapelint.values.model import Step, Tensor, Tuple, Value

RECURRENT = frozenset(("LSTM", "GRU", "RNN"))


def returned_by(event: Misused) -> str:
    """The op that returned a tuple, "" where it was put together otherwise."""
    value = event.value
    if not isinstance(value, Tuple) or not value.items:
        return ""
    steps = [step for item in value.items if (step := _step(item)) is not None]
    same = {(step.op, step.site) for step in steps}
    return steps[0].op if len(same) == 1 and _is_result(value, steps[0]) else ""


def _step(value: Value) -> Step | None:
    if isinstance(value, Tensor):
        return value.step
    if isinstance(value, Tuple) and value.items:
        return _step(value.items[0])
    return None


def _is_result(value: Tuple, step: Step) -> bool:
    """Whether a tuple is the one that its op gave: a recurrent layer gives two values, of an LSTM the second a pair."""
    if step.op in RECURRENT:
        return len(value.items) == 2 and isinstance(value.items[1], Tuple) == (step.op == "LSTM")
    return len(value.items) > 1


def is_state(event: Misused) -> bool:
    """Whether the tuple is the state of an LSTM."""
    value = event.value
    if not isinstance(value, Tuple) or len(value.items) != 2:
        return False
    steps = [v.step for v in value.items if isinstance(v, Tensor) and v.step is not None]
    return len(steps) == 2 and {s.op for s in steps} == {"LSTM"} and steps[0].site == steps[1].site


def first_step(event: Misused) -> Step | None:
    """How the first tensor of the tuple came to be."""
    value = event.value
    return _step(value) if isinstance(value, Tuple) else None


def misused_text(case: Case, event: Misused) -> str:
    """The expression that is the tuple, as written."""
    node = event.detail.get("node")
    text = case.text(node) if isinstance(node, int) and node else ""
    if text:
        return f"`{text}`"
    callee = event.detail.get("callee")
    name = case.text(callee) if isinstance(callee, int) and callee else ""
    return f"the argument of `{name}`" if name else "the argument"
