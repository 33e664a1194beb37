"""A normalisation that is given another number of features or channels than it was built for."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule
from shapelint.shapes.facts import Verdict

RULE = Rule(
    "norm-features", "SHP203", "error", "a normalisation receives other features or channels than it was built for"
)


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """A batch norm reads axis 1, a layer norm the last axes: the wrong one of the two often has the right size."""
    text = mismatch.constraint.text
    if "more than one value" in text:
        return "statistics need several values: a larger batch, or `eval()`"
    x = case.operand(mismatch)
    if len(mismatch.sizes) != 2 or x is None or x.shape.rank is None:
        return ""
    want, got = mismatch.sizes
    place = next((i for i, a in enumerate(x.shape.axes) if case.facts.compare(a.size, want) is Verdict.SAME), None)
    if "channels" in text and place is not None and place > 1:
        return f"it reads axis 1 as channels, and axis {place} has {case.dim(want)} entries: move that axis to 1"
    return f"build it for {case.dim(got)}, or bring its input to {case.dim(want)}"
