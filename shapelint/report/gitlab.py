"""GitLab Code Quality: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from shapelint.report import Report, fingerprints, in_cell, relative

_SEVERITY = {"error": "major", "warning": "minor", "info": "info"}


def render(report: Report) -> str:
    """A list of issues; failures are issues of severity `blocker`."""
    issues: list[dict[str, Any]] = []
    for failure in report.failures:
        at = failure.location
        identity = f"{failure.kind}\0{at.path}\0{at.line}\0{failure.message}"
        issues.append(
            {
                "description": failure.message + in_cell(at, report),
                "check_name": f"shapelint-{failure.kind}",
                "fingerprint": hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32],
                "severity": "blocker",
                "location": {"path": relative(at.path, report.folder) or ".", "lines": {"begin": at.line or 1}},
            }
        )
    for one, identity in zip(report.diagnostics, fingerprints(report.diagnostics, report.folder), strict=True):
        at = one.location
        issues.append(
            {
                "description": one.message
                + in_cell(at, report)
                + (f" ({one.witness.sentence})" if one.witness is not None else ""),
                "check_name": one.rule,
                "fingerprint": identity,
                "severity": _SEVERITY[one.severity],
                "location": {
                    "path": relative(at.path, report.folder),
                    "positions": {
                        "begin": {"line": at.line, "column": at.column},
                        "end": {"line": at.end_line, "column": at.end_column},
                    },
                },
            }
        )
    # a name that is no text gives lone surrogates, which others than Python do not read
    text = json.dumps(issues, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode() + "\n"
