"""A split whose pieces do not make up the axis."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("split-size", "SHP310", "error", "the pieces of a split do not make up the axis")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "sums" in text:
        return "the sizes of the pieces must sum to that of the axis; one size alone splits evenly"
    if "even" in text:
        return "`glu` halves the axis: build what comes before with twice the features"
    return ""
