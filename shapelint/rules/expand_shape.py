"""An expand or repeat to sizes that the tensor cannot take."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("expand-shape", "SHP309", "error", "an expand or repeat to sizes that the tensor cannot take")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    if "or 1" in mismatch.constraint.text:
        return "only an axis of 1 can be expanded; `unsqueeze` makes one, `repeat` copies an axis several times"
    return ""
