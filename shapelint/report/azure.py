"""Azure Pipelines logging commands.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

from shapelint.diagnostics import Diagnostic, Failure
from shapelint.report import Report, in_cell, relative
from shapelint.report.terminal import printable_lines


def render(report: Report) -> str:
    """A `task.logissue` per finding and failure; Azure knows no severity below `warning`."""
    lines = [_failure(one, report) for one in report.failures]
    lines += [_diagnostic(one, report) for one in report.diagnostics]
    return "".join(line + "\n" for line in lines)


def _diagnostic(one: Diagnostic, report: Report) -> str:
    at, folder = one.location, report.folder
    place = {
        "type": "error" if one.severity == "error" else "warning",
        "sourcepath": relative(at.path, folder),
        "linenumber": str(at.line),
        "columnnumber": str(at.column),
        "code": one.code,
    }
    witness = f" ({one.witness.sentence})" if one.witness is not None else ""
    return _command(place, f"{one.message}{in_cell(at, report)} [{one.rule}]{witness}")


def _failure(one: Failure, report: Report) -> str:
    at, folder = one.location, report.folder
    place = {"type": "error"}
    if at.path:
        place["sourcepath"] = relative(at.path, folder)
    if at.line:
        place |= {"linenumber": str(at.line), "columnnumber": str(at.column)}
    return _command(place, f"{one.message}{in_cell(at, report)} [{one.kind}]")


def _command(properties: dict[str, str], text: str) -> str:
    def escaped(value: str) -> str:
        return printable_lines(value).replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")

    listed = "".join(
        f"{key}={escaped(value).replace(';', '%3B').replace(']', '%5D')};" for key, value in properties.items()
    )
    return f"##vso[task.logissue {listed}]{escaped(text)}"
