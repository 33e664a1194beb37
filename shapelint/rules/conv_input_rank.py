"""A convolution that is given another number of axes than it reads."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("conv-input-rank", "SHP402", "error", "a convolution receives another number of axes than it reads")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By whether an axis misses or is too many."""
    return (
        "the input is (batch, channels, *space), or (channels, *space) for one sample; `unsqueeze` adds a missing axis"
    )
