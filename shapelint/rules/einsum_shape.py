"""An einsum whose equation does not fit its operands."""

from __future__ import annotations

from shapelint.rules.contract import Rule

RULE = Rule("einsum-shape", "SHP206", "error", "the equation of an einsum does not fit its operands")
