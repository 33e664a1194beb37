"""GitHub Actions workflow commands: annotations on the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from shapelint.diagnostics import Diagnostic, Failure
from shapelint.report import Report, in_cell, relative
from shapelint.report import place as where
from shapelint.report.terminal import printable_lines

_COMMAND = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """A command per finding and failure."""
    lines = [_failure(one, report) for one in report.failures]
    lines += [_diagnostic(one, report) for one in report.diagnostics]
    return "".join(line + "\n" for line in lines)


def _diagnostic(one: Diagnostic, report: Report) -> str:
    at, folder = one.location, report.folder
    place = {"title": f"shapelint ({one.rule})", "file": relative(at.path, folder), "line": str(at.line)}
    if at.end_line == at.line:  # GitHub rejects columns on a region of several lines
        place |= {"col": str(at.column), "endLine": str(at.end_line), "endColumn": str(at.end_column)}
    else:
        place |= {"endLine": str(at.end_line)}
    text = f"{where(at, report)}: {one.severity}[{one.rule}] {one.message}"
    witness = f"witness: {one.witness.sentence}" if one.witness is not None else ""
    for extra in (one.label, *one.notes, witness, f"help: {one.help}" if one.help else ""):
        if extra:
            text += "\n" + extra
    return _command(_COMMAND[one.severity], place, text)


def _failure(one: Failure, report: Report) -> str:
    at, folder = one.location, report.folder
    message = one.message + in_cell(at, report)
    place = {"title": f"shapelint ({one.kind})"}
    if at.path:
        place["file"] = relative(at.path, folder)
    if at.line:
        place |= {"line": str(at.line), "col": str(at.column)}
    return _command("error", place, f"{message}\nhelp: {one.help}" if one.help else message)


def _command(name: str, properties: dict[str, str], text: str) -> str:
    def escaped(value: str) -> str:
        return printable_lines(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    listed = ",".join(
        f"{key}={escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    return f"::{name} {listed}::{escaped(text)}"
