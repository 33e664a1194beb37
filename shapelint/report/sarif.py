"""SARIF 2.1.0, as GitHub code scanning reads it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0 and
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from shapelint import __version__
from shapelint.diagnostics import Diagnostic, Failure, Location
from shapelint.report import Report, fingerprints, in_cell, relative
from shapelint.report.json import witness

_LEVEL = {"error": "error", "warning": "warning", "info": "note"}


def render(report: Report) -> str:
    """One log with one run."""
    known = report.rules()
    used = sorted({one.rule for one in report.diagnostics} | set(known))
    codes = {one.rule: one.code for one in report.diagnostics}
    index = {name: at for at, name in enumerate(used)}
    identities = fingerprints(report.diagnostics, report.folder)
    hashes = _line_hashes(report)
    rules = [_rule(name, codes.get(name, ""), report) for name in used]
    results = [
        _result(one, index[one.rule], identity, line_hash, report)
        for one, identity, line_hash in zip(report.diagnostics, identities, hashes, strict=True)
    ]
    run = {
        "tool": {
            "driver": {"name": "shapelint", "version": __version__, "semanticVersion": __version__, "rules": rules}
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the folder in which shapelint was run"}}},
        "invocations": [_invocation(report)],
        "results": results,
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2) + "\n"


def _rule(name: str, code: str, report: Report) -> dict[str, Any]:
    info = report.rules().get(name)
    rule: dict[str, Any] = {"id": name, "name": "".join(part.capitalize() for part in name.split("-"))}
    if info is not None:
        code = info.code
        rule["shortDescription"] = {"text": info.summary}
        rule["defaultConfiguration"] = {"level": _LEVEL[info.severity]}
        page = report.page(name)
        if page:
            rule["help"] = {"text": page, "markdown": page}
    rule["properties"] = {"code": code, "tags": ["correctness", "pytorch"], "precision": "very-high"}
    return rule


def _result(one: Diagnostic, index: int, identity: str, line_hash: str, report: Report) -> dict[str, Any]:
    at = one.location
    text = one.message + in_cell(at, report) + "".join(f"\n{part}" for part in (one.label, one.help) if part)
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": _LEVEL[one.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": _place(at, report, one_line=True)}],
        "partialFingerprints": {"primaryLocationLineHash": line_hash, "shapelint/v1": identity},
    }
    if one.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": other.message},
                "physicalLocation": _place(other.location, report),
            }
            for number, other in enumerate(one.related, start=1)
        ]
    if one.trace:
        steps = [
            {
                "location": {
                    "message": {"text": f"{step.text}: {step.shape}" + (f" ({step.note})" if step.note else "")},
                    "physicalLocation": _place(step.location, report),
                }
            }
            for step in one.trace
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if one.witness is not None:
        result["properties"] = {"witness": witness(one.witness)}
    if one.fix is not None and one.fix.applicability != "display":
        changes: dict[str, list[dict[str, Any]]] = {}
        for edit in one.fix.edits:
            changes.setdefault(edit.location.path, []).append(
                {"deletedRegion": _region(edit.location), "insertedContent": {"text": edit.replacement}}
            )
        result["fixes"] = [
            {
                "description": {"text": one.fix.message},
                "artifactChanges": [
                    {"artifactLocation": _artifact(path, report), "replacements": replacements}
                    for path, replacements in changes.items()
                ],
            }
        ]
    return result


def _invocation(report: Report) -> dict[str, Any]:
    """Failures are notifications: about the configuration, or about the execution."""
    invocation: dict[str, Any] = {"executionSuccessful": not report.failures}
    for kind, key in ((True, "toolConfigurationNotifications"), (False, "toolExecutionNotifications")):
        told = [one for one in report.failures if (one.kind in ("usage", "configuration", "untrusted")) is kind]
        if told:
            invocation[key] = [_notification(one, report) for one in told]
    return invocation


def _notification(one: Failure, report: Report) -> dict[str, Any]:
    at = one.location
    text = one.message + in_cell(at, report) + (f"\n{one.help}" if one.help else "")
    notification: dict[str, Any] = {"level": "error", "message": {"text": text}, "descriptor": {"id": one.kind}}
    if at.path:
        place = _place(at, report) if at.line else {"artifactLocation": _artifact(at.path, report)}
        notification["locations"] = [{"physicalLocation": place}]
    return notification


def _place(at: Location, report: Report, one_line: bool = False) -> dict[str, Any]:
    """`one_line` cuts a region at the end of its first line: GitHub shows an alert on the last line of a longer one."""
    if one_line and at.end_line > at.line:
        lines = report.lines(at.path)
        width = len(lines[at.line - 1]) if at.line <= len(lines) else at.column
        at = Location(at.path, at.line, at.column, at.line, max(width, at.column) + 1)
    return {"artifactLocation": _artifact(at.path, report), "region": _region(at)}


def _region(at: Location) -> dict[str, int]:
    return {
        "startLine": at.line,
        "startColumn": max(at.column, 1),
        "endLine": max(at.end_line, at.line),
        "endColumn": max(at.end_column, 1),
    }


def _artifact(path: str, report: Report) -> dict[str, str]:
    short = relative(path, report.folder)
    uri = quote(short.encode("utf-8", "surrogateescape"), safe="/")
    if short.startswith("/"):
        return {"uri": f"file://{uri}"}
    if short[1:3] == ":/":
        return {"uri": f"file:///{short[0]}:{quote(short[2:], safe='/')}"}
    return {"uri": uri, "uriBaseId": "SRCROOT"}


def _line_hashes(report: Report) -> list[str]:
    """A hash of the text of each finding's first line and its neighbours, so that an alert survives being moved."""
    seen: dict[tuple[str, str], int] = {}
    hashes = []
    for one in report.diagnostics:
        lines = report.lines(one.location.path)
        around = lines[max(one.location.line - 2, 0) : one.location.line + 1]
        text = one.rule + "\n" + "\n".join("".join(line.split()) for line in around)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        key = (one.location.path, digest)
        seen[key] = seen.get(key, 0) + 1
        hashes.append(f"{digest}:{seen[key]}")
    return hashes
