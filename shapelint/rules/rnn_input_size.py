"""A recurrent layer that is given another number of features than its `input_size`."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule
from shapelint.shapes.facts import Verdict

RULE = Rule(
    "rnn-input-size", "SHP101", "error", "a recurrent layer receives another number of features than its input_size"
)


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """The features are the last axis, whatever `batch_first` says; elsewhere, they tell of a missing transpose."""
    if len(mismatch.sizes) != 2:
        return ""
    want, got = mismatch.sizes
    x = case.operand(mismatch)
    if x is not None and x.shape.rank == 3:
        place = next(
            (i for i, a in enumerate(x.shape.axes[:2]) if case.facts.compare(a.size, want) is Verdict.SAME), None
        )
        if place is not None:
            return f"features are the last axis, and axis {place} has {case.dim(want)} entries: `transpose({place}, 2)`"
    return f"build it with input_size={case.dim(got)}, or bring its input to {case.dim(want)} features"
