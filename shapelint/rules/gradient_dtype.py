"""A gradient asked of ints."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("gradient-dtype", "SHP503", "error", "a gradient is asked of something else than floats")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """What to write instead."""
    return "make the tensor of floats: `torch.tensor([1.0, 2.0], requires_grad=True)`"
