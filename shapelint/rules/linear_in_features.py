"""A Linear that is given another number of features than it was built for."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule(
    "linear-in-features", "SHP201", "error", "a Linear receives another number of features than it was built for"
)


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """The number that arrives is the number to build with, unless the input is what is wrong."""
    if len(mismatch.sizes) != 2:
        return ""
    want, got = (case.dim(d) for d in mismatch.sizes)
    return f"build it with in_features={got}, or bring its input to {want} features"
