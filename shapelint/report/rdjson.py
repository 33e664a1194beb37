"""Reviewdog's rdjson: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf

Its columns count bytes of UTF-8.
"""

from __future__ import annotations

import json
from typing import Any

from shapelint.diagnostics import Diagnostic, Failure, Location
from shapelint.report import Report, in_cell, relative

_SEVERITY = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def render(report: Report) -> str:
    """One DiagnosticResult."""
    diagnostics = [_failure(one, report) for one in report.failures]
    diagnostics += [_diagnostic(one, report) for one in report.diagnostics]
    worst = "ERROR" if report.failures or report.count("error") else "WARNING" if report.count("warning") else "INFO"
    document = {"source": {"name": "shapelint"}, "severity": worst, "diagnostics": diagnostics}
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(one: Diagnostic, report: Report) -> dict[str, Any]:
    result: dict[str, Any] = {
        "message": _message(one, report),
        "location": _location(one.location, report),
        "severity": _SEVERITY[one.severity],
        "code": {"value": one.rule},
    }
    if one.related:
        result["relatedLocations"] = [
            {"message": other.message, "location": _location(other.location, report)} for other in one.related
        ]
    if one.fix is not None and one.fix.applicability != "display":
        result["suggestions"] = [
            {"range": _location(edit.location, report)["range"], "text": edit.replacement}
            for edit in one.fix.edits
            if edit.location.path == one.location.path
        ]
    return result


def _message(one: Diagnostic, report: Report) -> str:
    text = one.message + in_cell(one.location, report) + (f"\nhelp: {one.help}" if one.help else "")
    return text if one.witness is None else f"{text}\nwitness: {one.witness.sentence}"


def _failure(one: Failure, report: Report) -> dict[str, Any]:
    at = one.location
    location: dict[str, Any] = {"path": relative(at.path, report.folder)}
    if at.line:
        location = _location(at, report)
    return {
        "message": one.message + in_cell(at, report),
        "location": location,
        "severity": "ERROR",
        "code": {"value": one.kind},
    }


def _location(at: Location, report: Report) -> dict[str, Any]:
    lines = report.lines(at.path)

    def position(line: int, column: int) -> dict[str, int]:
        before = lines[line - 1][: column - 1] if 0 < line <= len(lines) else ""
        missing = column - 1 - len(before)
        return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + missing + 1}

    span = {"start": position(at.line, at.column), "end": position(at.end_line, at.end_column)}
    return {"path": relative(at.path, report.folder), "range": span}
