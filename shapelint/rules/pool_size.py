"""A pooling window that is larger than what it slides over."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("pool-size", "SHP404", "error", "a pooling window is larger than what it slides over")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """Each pooling on the way makes space smaller."""
    return "use a smaller window, or an adaptive pooling, which fits every size"
