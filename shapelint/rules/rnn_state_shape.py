"""An initial state that does not fit the recurrent layer or its input."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule(
    "rnn-state-shape", "SHP103", "error", "an initial state does not fit the layers, directions, batch or hidden size"
)


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """What torch's documentation says of `h_0` and `c_0`, by the demand that failed."""
    text = mismatch.constraint.text
    if "tuple" in text:
        return "an LSTM takes both states as one tuple, `lstm(x, (h_0, c_0))`; a GRU or an RNN takes `h_0` alone"
    if "rows" in text or "batch" in text:
        return "a state is (num_layers * num_directions, batch, hidden_size), also where batch_first=True"
    if "axes" in text:
        return "a state has the batch axis that the input has: three axes beside a batch, two beside one sequence"
    if "proj_size" in text:
        return "`h_0` has proj_size features where proj_size is set, `c_0` always has hidden_size"
    return "a state has hidden_size features"
