"""The shapes of a file's expressions as JSON, version 1: keys are added, never changed (docs/shapes.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from shapelint.diagnostics import Failure
from shapelint.interp.show import Expression
from shapelint.report.json import failure

VERSION = 1


def render(expressions: Sequence[Expression], failures: Sequence[Failure]) -> str:
    """One object for all files."""
    document = {
        "version": VERSION,
        "expressions": [_expression(one) for one in expressions],
        "failures": [failure(one) for one in failures],
    }
    return json.dumps(document, indent=2) + "\n"


def _expression(one: Expression) -> dict[str, Any]:
    at = one.location
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
        "path": at.path,
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "end_column": at.end_column,
        "text": one.text,
        "contexts": contexts,
    }
