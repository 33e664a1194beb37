"""A recurrent layer that is given neither a batch of sequences nor one sequence."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule(
    "rnn-input-rank",
    "SHP102",
    "error",
    "a recurrent layer receives a tensor that is neither a batch of sequences nor one sequence",
)


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """What to do depends on whether there are too many axes or too few."""
    x = case.operand(mismatch)
    if x is None or x.shape.rank is None:
        return ""
    if x.shape.rank > 3:
        return "merge the axes that are no steps into the batch or the features first, for example with `flatten(2)`"
    return "add the missing axes with `unsqueeze`: a batch is (batch, seq, features) or (seq, batch, features)"
