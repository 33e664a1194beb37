"""Lengths that do not describe the sequences they stand beside."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("rnn-lengths", "SHP106", "error", "lengths of packed or padded sequences that do not describe them")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "fall" in text:
        return "sort the sequences by falling length, or pass `enforce_sorted=False`"
    if "packed" in text:
        return (
            "`pad_packed_sequence` takes what `pack_padded_sequence`, or a recurrent layer that was given it, returns"
        )
    if "total_length" in text:
        return "`total_length` is the padded length that all batches share, such as the `x.size(1)` before packing"
    return "`lengths` holds one number per sequence: a list of ints or a tensor of one axis"
