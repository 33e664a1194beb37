"""A tensor of several entries converted to a Python number."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("scalar-conversion", "SHP313", "error", "a tensor of several entries is converted to a Python number")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """What people want instead."""
    return "reduce it first (`mean()`, `sum()`), or take all entries with `tolist()`"
