"""An index beyond the end of its axis, or more indices than axes."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("index-out-of-range", "SHP306", "error", "an index beyond its axis, or more indices than axes")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    if "no more indices" in mismatch.constraint.text:
        return "each index but `None` and `...` stands for an axis"
    return ""
