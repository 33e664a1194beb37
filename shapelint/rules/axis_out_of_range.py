"""An axis that the tensor does not have."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("axis-out-of-range", "SHP304", "error", "an axis that the tensor does not have")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """The axes that there are."""
    x = case.operand(mismatch) or case.first_tensor()
    if x is None or not x.shape.rank:
        return ""
    rank = x.shape.rank
    return f"a tensor of shape {case.shape(x.shape)} has the axes 0 to {rank - 1}, or -{rank} to -1"
