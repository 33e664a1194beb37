"""A convolution that is given another number of channels than it was built for."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule
from shapelint.shapes.facts import Verdict

RULE = Rule(
    "conv-channels", "SHP401", "error", "a convolution receives another number of channels than it was built for"
)


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """Channels are axis 1 (axis 0 without a batch); images and sequences often come with them last."""
    x = case.operand(mismatch)
    if len(mismatch.sizes) != 2:
        return ""
    want, got = mismatch.sizes
    if x is not None and x.shape.rank and case.facts.compare(x.shape.dims[-1], want) is Verdict.SAME:
        return f"channels come before space: move the last axis, which has {case.dim(want)} entries, to axis 1"
    return f"build it with in_channels={case.dim(got)}, or bring its input to {case.dim(want)} channels"
