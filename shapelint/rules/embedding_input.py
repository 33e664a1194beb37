"""An embedding that is given no indices, or a table that is none."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("embedding-input", "SHP204", "error", "an embedding receives something else than indices into its table")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    if "ints" in mismatch.constraint.text:
        return "pass token indices: convert them with `.long()`; one-hot or float features go through a Linear instead"
    return ""
