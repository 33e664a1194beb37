"""What a run found, and the formats it can be told in: one file per format, imported when it is asked for.

Each format's module has `render(report: Report) -> str`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shapelint.diagnostics import Diagnostic, Failure, Location


class RuleInfo(Protocol):
    """What the formats need to know of a rule (`shapelint.rules.registry` has the real ones)."""

    @property
    def name(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def summary(self) -> str: ...


def no_lines(path: str) -> Sequence[str]:
    """For reports without sources."""
    return ()


def no_cell(path: str, line: int) -> tuple[int, int] | None:
    """For reports without notebooks."""
    return None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a format may tell, in its final order.

    `lines(path)` gives the source lines of a file that a location names, without their ends; empty if it cannot be
    read. `cell(path, line)` gives the cell of a notebook and the line in it, None elsewhere. `rules()` and `page(rule)`
    give the rules and their Markdown pages, for formats that carry them. `color` and `width` (in terminal columns) are
    for formats that people read. `checked` counts the files, `refuted` the findings withheld because torch refutes
    them, `withheld` the errors that a call of the project with known shapes refutes.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    failures: tuple[Failure, ...] = ()
    checked: int = 0
    suppressed: int = 0
    baselined: int = 0
    refuted: int = 0
    withheld: int = 0
    lines: Callable[[str], Sequence[str]] = no_lines
    cell: Callable[[str, int], tuple[int, int] | None] = no_cell
    rules: Callable[[], Mapping[str, RuleInfo]] = field(default=dict)
    page: Callable[[str], str] = field(default=lambda rule: "")
    color: bool = False
    width: int = 140
    folder: str = field(default_factory=os.getcwd)

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return sum(one.severity == severity for one in self.diagnostics)

    def verdicts(self, verdict: str) -> int:
        """How many findings have a witness of this verdict."""
        return sum(one.witness is not None and one.witness.verdict == verdict for one in self.diagnostics)


def render(report: Report, output_format: str) -> str:
    """The whole report as text, in one of `shapelint.config.FORMATS`; ends with a newline unless it is empty."""
    name = output_format.replace("-", "_")
    module = importlib.import_module(f"shapelint.report.{name}")
    text: str = module.render(report)
    return text


def place(at: Location, report: Report) -> str:
    """A location for people: `path:line:column`, in a notebook `path:cell 3:line:column`."""
    cell = report.cell(at.path, at.line)
    if cell is None:
        return f"{at.path}:{at.line}:{at.column}"
    return f"{at.path}:cell {cell[0]}:{cell[1]}:{at.column}"


def in_cell(at: Location, report: Report) -> str:
    """Where a location lies in a notebook, for messages whose place counts the lines of all its cells; "" elsewhere."""
    cell = report.cell(at.path, at.line) if at.line else None
    return "" if cell is None else f" (cell {cell[0]}, line {cell[1]})"


def relative(path: str, folder: str) -> str:
    """`path` relative to `folder` where it lies inside, with forward slashes: what code hosts expect."""
    absolute = os.path.normpath(os.path.join(folder, path))
    inside = folder.rstrip(os.sep) + os.sep
    if absolute.startswith(inside):
        return absolute[len(inside) :].replace(os.sep, "/")
    return path


def fingerprints(diagnostics: Sequence[Diagnostic], folder: str) -> list[str]:
    """A stable identity per finding: it survives edits elsewhere in the file, and doubles are told apart by order."""
    import hashlib

    seen: dict[tuple[str, ...], int] = {}
    prints = []
    for one in diagnostics:
        key = (relative(one.location.path, folder), one.rule, one.scope, one.subject or one.message)
        seen[key] = seen.get(key, 0) + 1
        text = "\0".join((*key, str(seen[key])))
        prints.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return prints
