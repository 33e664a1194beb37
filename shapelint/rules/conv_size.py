"""A kernel or window that is larger than what it slides over."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("conv-size", "SHP403", "error", "a kernel or window is larger than what it slides over")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """Each convolution and pooling on the way makes space smaller."""
    return "use a smaller kernel or dilation, more padding, or fewer layers that shrink the input"
