"""An argument that torch refuses whatever the shapes are."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("invalid-option", "SHP207", "error", "an argument that torch refuses whatever the shapes are")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """The demand itself says what is allowed."""
    text = mismatch.constraint.text
    return text if text != "the constructor accepts its arguments" else ""
