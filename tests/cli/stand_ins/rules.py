"""Judges what the stand-in for the analyser observed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapelint.diagnostics import Diagnostic


def judge(observations: Sequence[Any], settings: Any) -> list[Diagnostic]:
    together = sum(len(one.found) for one in observations)
    return [
        Diagnostic(
            found.location,
            found.rule,
            "SHP" + str(100 + len(found.rule)),
            found.severity,
            f"`{found.subject}` is wrong ({found.imported} imported, {together} together)",
            fix=found.fix,
            subject=found.subject,
            scope="scope",
        )
        for one in reversed(observations)
        for found in reversed(one.found)
    ]
