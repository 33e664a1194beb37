"""Axes that are named twice, or not all named."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("axis-order", "SHP305", "error", "a list of axes names one twice or leaves one out")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    if "as many axes as the tensor has" in mismatch.constraint.text:
        return "`permute` names every axis exactly once; `transpose` swaps two and leaves the others"
    return ""
