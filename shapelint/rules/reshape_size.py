"""A reshape to sizes that do not multiply to the number of entries."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("reshape-size", "SHP302", "error", "the sizes of a reshape do not multiply to the number of entries")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "at most one" in text:
        return "only one size can be left to torch with -1"
    if "divide" in text:
        return "the size of the axis must be divisible by what it is split into"
    return "the product of the sizes must be the number of entries; -1 leaves one size to torch"
