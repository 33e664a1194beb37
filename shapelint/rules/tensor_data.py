"""Nested lists that make no tensor."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("tensor-data", "SHP314", "error", "nested lists of unequal lengths make no tensor")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """What to do with sequences of unequal lengths."""
    return "pad sequences of unequal lengths: `torch.nn.utils.rnn.pad_sequence` of a list of tensors"
