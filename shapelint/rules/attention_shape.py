"""Queries, keys, values or masks of attention that do not fit each other."""

from __future__ import annotations

from shapelint.ops.contract import Mismatch
from shapelint.rules.contract import Case, Rule

RULE = Rule("attention-shape", "SHP205", "error", "queries, keys, values or masks of attention do not fit each other")


@RULE.remedy
def remedy(case: Case, mismatch: Mismatch) -> str:
    """By the demand that failed."""
    text = mismatch.constraint.text
    if "padding" in text:
        return "a key padding mask is a bool tensor (batch, keys), True where a key is padding"
    if "mask" in text:
        return "an attention mask is (queries, keys) or one such matrix per batch and head, of bools or floats"
    if "batch" in text:
        return "check `batch_first`: attention and Transformer layers read (seq, batch, features) by default"
    if "features" in text or "d_model" in text:
        return "build it with the embed_dim (kdim, vdim) of what it receives"
    return ""
