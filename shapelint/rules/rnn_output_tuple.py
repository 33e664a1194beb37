"""The tuple that a recurrent layer returns, used as a tensor."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Misused, Report, Rule
from shapelint.rules.tuples import RECURRENT, first_step, is_state, misused_text, returned_by

RULE = Rule(
    "rnn-output-tuple",
    "SHP105",
    "error",
    "the tuple (output, state) that a recurrent layer returns is used as a tensor",
)


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """The output is the first of the two."""
    return "unpack it first, `output, state = …`, and pass the output on"


@RULE.misuse("tuple-as-tensor")
def misused(case: Case) -> Report | None:
    """An index or a method of tensors on the tuple, or the tuple passed to an op."""
    event = case.event
    assert isinstance(event, Misused)
    layer = returned_by(event)
    if is_state(event):
        return Report(
            f"{misused_text(case, event)} is the state (h_n, c_n) of an LSTM, not a tensor",
            label="an LSTM returns (output, (h_n, c_n))",
            help="unpack it: `output, (h_n, c_n) = …`",
            severity="error",
            step=first_step(event),
        )
    if layer not in RECURRENT:
        return None
    text = misused_text(case, event)
    state = "(h_n, c_n)" if layer == "LSTM" else "h_n"
    return Report(
        f"{text} is a tuple (output, state), not a tensor",
        label=f"{'an' if layer in ('LSTM', 'RNN') else 'a'} {layer} returns (output, {state})",
        help="unpack it first: `output, state = …`",
        severity="error",
        step=first_step(event),
    )
