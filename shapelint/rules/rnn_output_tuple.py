"""The tuple that a recurrent layer returns is used as a tensor."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Misused, Report, Rule

RULE = Rule("rnn-output-tuple", "SHP105", "error", "the tuple that a recurrent layer returns is used as a tensor")

ADVICE = "unpack it: `output, state = ...`"


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    return ADVICE


@RULE.misuse("tuple-as-tensor")
def check(case: Case) -> Report | None:
    """A method or attribute of tensors on a tuple: Python raises AttributeError."""
    event = case.event
    assert isinstance(event, Misused)
    owner = event.detail["node"]
    text = case.text(owner) if isinstance(owner, int) else "this"
    return Report(
        f"`{text}` is a tuple, which has no `{event.detail['name']}`",
        label="a recurrent layer returns (output, state)",
        help=ADVICE,
        severity="error",
    )
