"""An index that holds no ints."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("index-dtype", "SHP308", "error", "an index that holds something else than ints")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """Indices are 64-bit ints."""
    return "convert the index with `.long()`"
