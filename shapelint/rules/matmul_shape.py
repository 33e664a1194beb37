"""A product of matrices whose inner sizes differ."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule
from shapelint.shapes.facts import Verdict

RULE = Rule("matmul-shape", "SHP202", "error", "the inner sizes of a product of matrices differ")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """Where the transposed second operand fits, that was most likely meant."""
    arguments = getattr(case.event, "arguments", {})
    operands = [x for v in arguments.values() if (x := case.tensor(v)) is not None]
    if len(mismatch.sizes) != 2 or len(operands) != 2 or any((x.shape.rank or 0) < 2 for x in operands):
        return ""
    left, right = operands
    if case.facts.compare(left.shape.dims[-1], right.shape.dims[-1]) is Verdict.SAME:
        return "transpose the second operand: `.transpose(-2, -1)`"
    if case.facts.compare(left.shape.dims[-2], right.shape.dims[-2]) is Verdict.SAME:
        return "transpose the first operand: `.transpose(-2, -1)`"
    return "the last axis of the first operand must equal the last but one of the second"
