"""An element-wise operation on shapes that cannot be broadcast."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule
from shapelint.shapes.facts import Verdict

RULE = Rule("broadcast-shape", "SHP301", "error", "shapes that meet element by element cannot be broadcast")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """Shapes are aligned from the right: an axis of 1 in the right place is what mostly misses."""
    arguments = getattr(case.event, "arguments", {})
    operands = [x for v in arguments.values() if (x := case.tensor(v)) is not None and x.shape.rank]
    if len(operands) != 2:
        return ""
    narrow, wide = sorted(operands, key=lambda x: x.shape.rank or 0)
    if (
        narrow.shape.rank == 1
        and wide.shape.rank == 2
        and case.facts.compare(narrow.shape.dims[0], wide.shape.dims[0]) is Verdict.SAME
    ):
        return "shapes are aligned from the right: `unsqueeze(-1)` the one with a single axis"
    return "shapes are aligned from the right, and each pair of sizes must be equal or hold a 1"
