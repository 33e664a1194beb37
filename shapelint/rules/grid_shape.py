"""A sampling grid that does not fit the image."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("grid-shape", "SHP406", "error", "a sampling grid does not fit its image")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """The layout of grids and of the matrices they are made of."""
    return "a grid is (batch, height, width, 2), made of matrices (batch, 2, 3); with five axes 3 and (batch, 3, 4)"
