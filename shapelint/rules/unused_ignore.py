"""A comment that suppresses nothing: found by `run.py` when every report has been held against the comments."""

from __future__ import annotations

from shapelint.rules.contract import Rule

RULE = Rule("unused-ignore", "SHP901", "warning", "a comment suppresses a report that is not made")
