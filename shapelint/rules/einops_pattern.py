"""A pattern of einops that does not fit its tensor."""

from __future__ import annotations

from shapelint.rules.contract import Rule

RULE = Rule("einops-pattern", "SHP311", "error", "a pattern of einops does not fit its tensor")
