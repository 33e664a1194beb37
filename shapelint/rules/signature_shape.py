"""A call that does not fit the signature that the configuration holds for it."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("signature-shape", "SHP317", "error", "a call does not fit its signature in the configuration")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """What the configuration says."""
    _, tick, signature = mismatch.constraint.text.partition(": ")
    return f"`[tool.shapelint.signatures]` describes `{mismatch.op}` as {signature}" if tick else ""
