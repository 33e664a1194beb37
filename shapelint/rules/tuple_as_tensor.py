"""A tuple or a list of tensors used as a tensor."""

from __future__ import annotations

from shapelint.rules.contract import Case, Misused, Report, Rule
from shapelint.rules.tuples import RECURRENT, first_step, is_state, misused_text, returned_by
from shapelint.values.model import Tuple

RULE = Rule("tuple-as-tensor", "SHP316", "error", "a tuple or a list of tensors is used as a tensor")


@RULE.misuse("tuple-as-tensor")
def misused(case: Case) -> Report | None:
    """An index or a method of tensors on a tuple, or the tuple passed to an op. Recurrent layers have their rule."""
    event = case.event
    assert isinstance(event, Misused)
    layer = returned_by(event)
    # beside a tuple that was written out, what looks like a tensor may be a size: `shape[:-1] + (n,)`
    if layer in RECURRENT or is_state(event) or (event.detail["use"] == "argument" and not layer):
        return None
    assert isinstance(event.value, Tuple)
    return Report(
        f"{misused_text(case, event)} is a {event.value.kind} of {len(event.value.items)} values, not a tensor",
        label=f"{layer} returns a tuple" if layer and event.value.kind == "tuple" else "",
        help="unpack it, or index it first to pick one of its tensors",
        severity="error",
        step=first_step(event),
    )


@RULE.misuse("list-as-tensor")
def listed(case: Case) -> Report | None:
    """`outputs[:, -1]` of a list that was never stacked."""
    event = case.event
    assert isinstance(event, Misused)
    text = misused_text(case, event)
    return Report(
        f"{text} is a list of tensors, not a tensor",
        label="a list takes one int or one slice",
        help=f"`torch.stack({text.strip('`')})` makes a tensor of it",
        severity="error",
        constraint="list",
    )
