"""A layer that is given another number of axes than it reads."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("input-rank", "SHP407", "error", "a layer receives another number of axes than it reads")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """What the layer reads."""
    return f"it reads {text}" if (text := mismatch.constraint.text.removeprefix("`input` is ")).startswith("`") else ""
