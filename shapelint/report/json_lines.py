"""JSON lines: an object per line, each with its `type` (diagnostic, failure, and one summary at the end)."""

from __future__ import annotations

import json

from shapelint.report import Report
from shapelint.report.json import VERSION, diagnostic, failure, summary


def render(report: Report) -> str:
    """The same objects as in the JSON format, one a line."""
    objects = [{"type": "diagnostic", **diagnostic(one, report)} for one in report.diagnostics]
    objects += [{"type": "failure", **failure(one)} for one in report.failures]
    objects.append({"type": "summary", "version": VERSION, **summary(report)})
    return "".join(json.dumps(one) + "\n" for one in objects)
