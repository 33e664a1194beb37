"""A padding that the tensor cannot take."""

from __future__ import annotations

from shapelint.rules.contract import Rule

RULE = Rule("padding-size", "SHP405", "error", "a padding that the tensor cannot take")
