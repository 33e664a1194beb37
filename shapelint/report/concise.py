"""One line per finding: `path:line:col: severity[rule] message`."""

from __future__ import annotations

from shapelint.diagnostics import Diagnostic, Failure
from shapelint.report import Report, place
from shapelint.report.terminal import printable


def render(report: Report) -> str:
    """Findings and failures in the order of the report, a line each."""
    lines = [failure_line(one, report) for one in report.failures]
    lines += [_line(one, report) for one in report.diagnostics]
    return "".join(line + "\n" for line in lines)


def _line(one: Diagnostic, report: Report) -> str:
    return printable(f"{place(one.location, report)}: {one.severity}[{one.rule}] {one.message}")


def failure_line(one: Failure, report: Report | None = None) -> str:
    """`path:line:col: failure[kind] message`, without the parts that are not known; in a notebook by cell, as `report` knows it."""
    at = one.location
    where = f"{at.path}:{at.line}:{at.column}: " if at.line else f"{at.path}: " if at.path else ""
    if at.line and report is not None:
        where = f"{place(at, report)}: "
    message = " ".join(one.message.splitlines())
    help = f" ({one.help})" if one.help else ""
    return printable(f"{where}failure[{one.kind}] {message}{help}")
