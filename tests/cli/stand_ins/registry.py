"""The rules that the stand-ins know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleInfo:
    name: str
    code: str
    severity: str
    summary: str
    since: str = "0.1.0"
    preview: bool = False


def rules() -> dict[str, RuleInfo]:
    known = [
        RuleInfo("bad-shape", "SHP109", "error", "a shape that is bad"),
        RuleInfo("odd-shape", "SHP110", "warning", "a shape that is odd"),
        RuleInfo("shy-shape", "SHP111", "info", "a shape nobody asked for"),
        RuleInfo("new-shape", "SHP112", "error", "a shape in preview", preview=True),
        RuleInfo("unused-ignore", "SHP001", "info", "a comment that suppresses nothing"),
    ]
    return {rule.name: rule for rule in known}
