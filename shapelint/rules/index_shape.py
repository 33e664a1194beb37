"""A mask or a tensor of indices that does not fit what it indexes."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("index-shape", "SHP307", "error", "a mask or a tensor of indices does not fit what it indexes")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "mask" in text:
        return "a mask stands for as many axes as it has itself, and must have their sizes"
    if "as many axes as the tensor" in text:
        return "give the index as many axes as the tensor: `unsqueeze(-1)`, and `expand` where it picks whole rows"
    return ""
