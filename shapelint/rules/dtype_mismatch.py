"""A tensor that holds another kind of number than the op takes."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("dtype-mismatch", "SHP208", "error", "a tensor holds another kind of number than the op takes")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "floats" in text:
        return "convert it with `.float()`, or embed it first if it holds indices"
    if "bools" in text:
        return "make it a mask, by a comparison or `.bool()`"
    if "ints" in text:
        return "convert it with `.long()`"
    return ""
