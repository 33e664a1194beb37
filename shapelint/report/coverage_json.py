"""What was seen as JSON, version 1: keys are added, never changed (docs/coverage.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from shapelint.diagnostics import Failure
from shapelint.interp.coverage import FileCoverage
from shapelint.report.coverage import percentage, summarise
from shapelint.report.json import failure

VERSION = 1


def render(files: Sequence[FileCoverage], failures: Sequence[Failure]) -> str:
    """One object for all files, the worst file first."""
    total = summarise(files)
    document = {
        "version": VERSION,
        "summary": {
            "files": len(total.files),
            "expressions": total.expressions,
            "full": total.full,
            "ranked": total.ranked,
            "full_percent": _rounded(total.full, total.expressions),
            "ranked_percent": _rounded(total.ranked, total.expressions),
            "undecided": total.undecided,
            "functions": total.functions,
            "unread": total.unread,
        },
        "reasons": total.reasons,
        "causes": [
            {
                "reason": one.reason,
                "name": one.name,
                "expressions": one.expressions,
                "files": one.files,
                "path": one.path,
                "line": one.line,
            }
            for one in total.causes
        ],
        "files": [_file(one) for one in total.files],
        "failures": [failure(one) for one in failures],
    }
    return json.dumps(document, indent=2) + "\n"


def _file(one: FileCoverage) -> dict[str, Any]:
    return {
        "path": one.path,
        "expressions": one.expressions,
        "full": one.full,
        "ranked": one.ranked,
        "full_percent": _rounded(one.full, one.expressions),
        "ranked_percent": _rounded(one.ranked, one.expressions),
        "undecided": one.undecided,
        "causes": [
            {"reason": cause.reason, "name": cause.name, "expressions": cause.expressions, "line": cause.line}
            for cause in one.causes
        ],
        "spent": list(one.spent),
        "functions": one.functions,
        "unread": [{"name": function.name, "line": function.line} for function in one.unread],
    }


def _rounded(part: int, whole: int) -> float | None:
    found = percentage(part, whole)
    return None if found is None else round(found, 2)
