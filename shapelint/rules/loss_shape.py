"""A loss whose input and target do not fit each other."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("loss-shape", "SHP501", "error", "the input and target of a loss do not fit each other")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "class axis" in text:
        return (
            "classes are axis 1: input (batch, classes, ...) against target (batch, ...); "
            "bring (batch, seq, classes) there with `transpose(1, 2)`, or flatten batch and seq in both"
        )
    if "weight" in text:
        return ""
    return "give input and target one shape, with `squeeze(-1)` or `unsqueeze(-1)` where only an axis of 1 differs"
