"""The JSON format, version 1: keys are added, never changed (docs/diagnostics.schema.json)."""

from __future__ import annotations

import json
from typing import Any

from shapelint.diagnostics import Diagnostic, Failure, Fix, Location, Witness
from shapelint.report import Report

VERSION = 1


def render(report: Report) -> str:
    """One object for the whole run."""
    document = {
        "version": VERSION,
        "diagnostics": [diagnostic(one, report) for one in report.diagnostics],
        "failures": [failure(one) for one in report.failures],
        "summary": summary(report),
    }
    return json.dumps(document, indent=2) + "\n"


def diagnostic(one: Diagnostic, report: Report) -> dict[str, Any]:
    """One finding; `help` is "" where there is none, `fix` null, `witness` null unless asked for. `cell` is null, or
    for a notebook the number of the cell and the line in it, since `line` counts over all its code cells."""
    cell = report.cell(one.location.path, one.location.line)
    return {
        **span(one.location),
        "rule": one.rule,
        "code": one.code,
        "severity": one.severity,
        "message": one.message,
        "help": one.help,
        "related": [{**span(other.location), "message": other.message} for other in one.related],
        "trace": [
            {**span(step.location), "text": step.text, "shape": step.shape, "note": step.note} for step in one.trace
        ],
        "fix": _fix(one.fix),
        "label": one.label,
        "notes": list(one.notes),
        "subject": one.subject,
        "scope": one.scope,
        "cell": None if cell is None else {"number": cell[0], "line": cell[1]},
        "witness": witness(one.witness),
    }


def failure(one: Failure) -> dict[str, Any]:
    """One thing that the tool could not do; `line` and `column` are null where they are not known."""
    at = one.location
    return {
        "kind": one.kind,
        "path": at.path,
        "line": at.line or None,
        "column": at.column or None,
        "message": one.message,
        "help": one.help,
    }


def summary(report: Report) -> dict[str, int]:
    """How much was checked and found."""
    return {
        "files": report.checked,
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "infos": report.count("info"),
        "failures": len(report.failures),
        "fixable": sum(one.fix is not None and one.fix.applicability != "display" for one in report.diagnostics),
        "suppressed": report.suppressed,
        "baselined": report.baselined,
        "confirmed": report.verdicts("confirmed"),
        "unverified": report.verdicts("unverified"),
        "refuted": report.refuted,
        "withheld": report.withheld,
    }


def witness(one: Witness | None) -> dict[str, Any] | None:
    """What torch said of a finding (`--verify`)."""
    if one is None:
        return None
    return {
        "verdict": one.verdict,
        "said": one.said,
        "sizes": dict(one.sizes),
        "torch": one.torch,
        "program": one.program,
        "saw": one.saw,
        "unseen": list(one.unseen),
    }


def span(at: Location) -> dict[str, Any]:
    """A location as the machine formats have it: lines and columns from 1, the end exclusive."""
    return {
        "path": at.path,
        "line": at.line,
        "column": at.column,
        "end_line": at.end_line,
        "end_column": at.end_column,
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    edits = [{**span(edit.location), "replacement": edit.replacement} for edit in fix.edits]
    return {"message": fix.message, "applicability": fix.applicability, "edits": edits}
