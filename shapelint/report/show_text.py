"""The source of a file with the shapes of its expressions beneath each line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from shapelint.diagnostics import Failure
from shapelint.interp.requirements import Requirement
from shapelint.interp.show import Expression, Shown, ShownContext
from shapelint.report import Report
from shapelint.report import render as render_report
from shapelint.report.terminal import TAB, Style, pad, printable, text_width

_NEAR = 3
"""So many lines without an expression are still printed between two that have one."""

_LONGEST = 44
"""Longer expressions are cut in the text column."""


def render(
    shown: Sequence[Shown],
    failures: Sequence[Failure],
    lines: Callable[[str], Sequence[str]],
    color: bool = False,
) -> str:
    """A block per file that has expressions; `lines(path)` gives a file's source lines."""
    style = Style(color)
    blocks = []
    if failures:
        blocks.append(render_report(Report(failures=tuple(failures), lines=lines, color=color), "full"))
    for file in shown:
        if file.expressions:
            path = file.expressions[0].location.path
            blocks.append(_file(path, file, lines(path), style))
    return "\n".join(blocks)


def _file(path: str, shown: Shown, source: Sequence[str], style: Style) -> str:
    by_line: dict[int, list[Expression]] = {}
    for one in shown.expressions:
        by_line.setdefault(one.location.line, []).append(one)
    asked: dict[int, list[str]] = {}
    for requirement in shown.requirements:
        asked.setdefault(requirement.location.line, []).append(_requirement(requirement))
    rows = {line: _rows(found) for line, found in by_line.items()}
    text = max((text_width(row[0]) for found in rows.values() for row in found), default=0) + 2
    shape = max((text_width(row[1]) for found in rows.values() for row in found if row[2]), default=0) + 2
    gutter = len(str(max((*by_line, *asked))))
    out = [style("bold", printable(path))]
    previous = 0
    for number in sorted({*_shown_lines(by_line, source), *asked}):
        if previous and number > previous + 1:
            out.append(" " * gutter + style("gutter", "..."))
        previous = number
        line = printable(source[number - 1].expandtabs(TAB)) if number <= len(source) else ""
        out.append((style("gutter", f"{number:>{gutter}} | ") + line).rstrip())
        for told in asked.get(number, ()):
            out.append(" " * gutter + style("gutter", " : ") + " " * 4 + told)
        for what, became, where in rows.get(number, ()):
            indent = " " * gutter + style("gutter", " : ") + " " * 4
            told = style("help", pad(became, shape) if where else became)
            out.append(f"{indent}{pad(what, text)}{told}{style('dim', where)}".rstrip())
    return "\n".join(out) + "\n"


def _requirement(one: Requirement) -> str:
    """`needs heads divides width  (forward, line 12)`."""
    at = f", line {one.place.line}" if one.place is not None else ""
    where = f" where {_listed(one.worlds)}" if one.worlds else ""
    return printable(f"needs {one.text}  ({one.entry}{at}){where}")


def _shown_lines(by_line: dict[int, list[Expression]], source: Sequence[str]) -> list[int]:
    """The lines with expressions, short gaps between them, and the heads of the definitions they stand in."""
    shown = set(by_line)
    ordered = sorted(by_line)
    for before, after in pairwise(ordered):
        if after - before <= _NEAR + 1:
            shown.update(range(before, after))
    for line in ordered:
        indent = _indent(source[line - 1]) if line <= len(source) else 0
        for number in range(line - 1, 0, -1):
            if indent == 0:
                break
            text = source[number - 1]
            if text.strip() and _indent(text) < indent:
                indent = _indent(text)
                if re.match(r"\s*(?:class|def|async\s+def)\b", text):
                    shown.add(number)
    return sorted(shown)


def _indent(line: str) -> int:
    line = line.expandtabs(TAB)
    return len(line) - len(line.lstrip())


def _rows(expressions: Sequence[Expression]) -> list[tuple[str, str, str]]:
    """(expression, shape, where that holds): the same expression is told once, and once per shape that it has; readings
    that know nothing are left out where another one knows something."""
    merged: dict[str, dict[str, list[ShownContext]]] = {}
    for one in expressions:
        text = printable(" ".join(one.text.split()))
        if len(text) > _LONGEST:
            text = text[: _LONGEST - 3] + "..."
        shapes = merged.setdefault(text, {})
        known = [context for context in one.contexts if context.shape is not None]
        for context in known or one.contexts:
            shapes.setdefault(_shape(context), []).append(context)
    rows = []
    for text, shapes in merged.items():
        for index, (shape, contexts) in enumerate(shapes.items()):
            where = "" if len(shapes) == 1 else _where(contexts)
            rows.append((text if index == 0 else "", printable(shape), printable(where)))
    return rows


def _shape(context: ShownContext) -> str:
    if context.shape is None:
        return f"? ({context.reason})" if context.reason else "?"
    dims = [str(dim) for dim in context.shape]
    shape = f"({dims[0]},)" if len(dims) == 1 and dims != ["..."] else f"({', '.join(dims)})"
    return f"{shape}, assumed batched" if context.assumed else shape


def _where(contexts: Sequence[ShownContext]) -> str:
    return "in " + _listed(list(dict.fromkeys(f"{one.entry} {one.world}".strip() for one in contexts)))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
