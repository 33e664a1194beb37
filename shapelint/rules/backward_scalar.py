"""A backward pass from several entries at once."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("backward-scalar", "SHP502", "error", "a backward pass starts from a tensor of several entries")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """Gradients are of one number."""
    return "reduce the loss first (`loss.mean().backward()`), or pass a gradient of the tensor's shape"
