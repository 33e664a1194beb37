"""The shapes of a file's expressions as JSON, version 1: keys are added, never changed (docs/shapes.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shapelint.diagnostics import Failure
from shapelint.interp.requirements import Requirement
from shapelint.interp.show import Expression, Shown
from shapelint.report.json import failure, span

if TYPE_CHECKING:
    from shapelint.reference.comparison import Comparison

VERSION = 1


def render(shown: Sequence[Shown], failures: Sequence[Failure], comparison: Comparison | None = None) -> str:
    """One object for all files; `verified` is what torch says of the shapes, null where nobody asked."""
    document = {
        "version": VERSION,
        "expressions": [_expression(one) for file in shown for one in file.expressions],
        "requirements": [_requirement(one) for file in shown for one in file.requirements],
        "failures": [failure(one) for one in failures],
        "verified": _comparison(comparison),
    }
    return json.dumps(document, indent=2) + "\n"


def _comparison(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    return {
        "torch": comparison.torch,
        "agreed": comparison.agreed,
        "disagreements": [
            {
                "path": one.location.path,
                "line": one.location.line,
                "column": one.location.column,
                "text": one.text,
                "said": one.said,
            }
            for one in comparison.disagreements
        ],
        "skipped": comparison.skipped,
    }


def _requirement(one: Requirement) -> dict[str, Any]:
    return {
        **span(one.location),
        "entry": one.entry,
        "worlds": list(one.worlds),
        "text": one.text,
        "place": None if one.place is None else {"line": one.place.line, "column": one.place.column},
    }


def _expression(one: Expression) -> dict[str, Any]:
    contexts = [
        {
            "entry": context.entry,
            "world": context.world,
            "shape": None if context.shape is None else list(context.shape),
            "concrete": None if context.concrete is None else list(context.concrete),
            "reason": context.reason,
            "assumed": context.assumed,
        }
        for context in one.contexts
    ]
    return {
        **span(one.location),
        "text": one.text,
        "contexts": contexts,
    }
