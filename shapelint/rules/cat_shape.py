"""Tensors put together that do not fit along the other axes."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("cat-shape", "SHP303", "error", "tensors that are joined or stacked do not fit each other")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "same number of axes" in text:
        return "bring them to one number of axes with `unsqueeze` or `squeeze`, or use `torch.stack` for a new axis"
    if "same shape" in text:
        return "`torch.stack` needs equal shapes; `torch.cat` joins along an axis in which they differ"
    if "but the one" in text:
        return "all sizes but that of the axis they are joined along must be equal; check `dim`"
    return ""
