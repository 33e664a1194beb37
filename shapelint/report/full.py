"""The format for people: the source with carets, the related places, and how the tensor came to have its shape."""

from __future__ import annotations

from shapelint.diagnostics import Diagnostic, Failure, Fix, Location, TraceStep
from shapelint.report import Report, place
from shapelint.report.terminal import Style, frame, pad, printable, text_width

_LONGEST = 3
"""A region of more lines than this is shown by its first and last line."""


def render(report: Report) -> str:
    """Every failure and finding, set apart by a blank line."""
    style = Style(report.color)
    blocks = [_failure(one, report, style) for one in report.failures]
    blocks += [_diagnostic(one, report, style) for one in report.diagnostics]
    return "\n".join(blocks)


def _diagnostic(one: Diagnostic, report: Report, style: Style) -> str:
    places = [one.location, *(other.location for other in one.related)]
    gutter = max(len(str(_number(at.path, at.end_line, report))) for at in places)
    head = style(one.severity, f"{one.severity}[{one.rule}]") + style("bold", f": {printable(one.message)}")
    lines = [head, _arrow("-->", one.location, gutter, report, style)]
    lines += _frame(one.location, "^", one.label, one.severity, gutter, report, style, lead=True)
    for other in one.related:
        lines.append(_arrow(":::", other.location, gutter, report, style))
        lines += _frame(other.location, "-", other.message, "gutter", gutter, report, style)
    if one.trace:
        lines.append(style("bold", "note") + f": how it became {printable(one.trace[-1].shape)}")
        lines += _trace(one.trace, one.location, gutter, report)
    lines += [style("bold", "note") + f": {printable(note)}" for note in one.notes]
    if one.witness is not None:
        lines.append(style("bold", "witness") + f": {printable(one.witness.sentence)}")
    if one.help:
        lines.append(style("help", "help") + f": {printable(one.help)}")
    if one.fix is not None:
        lines += _fix(one.fix, one.help, style)
    return "\n".join(lines) + "\n"


def _arrow(sign: str, at: Location, gutter: int, report: Report, style: Style) -> str:
    return " " * gutter + style("gutter", sign) + f" {printable(place(at, report))}"


def _frame(
    at: Location, mark: str, label: str, role: str, gutter: int, report: Report, style: Style, lead: bool = False
) -> list[str]:
    """The source under `at`, underlined with `mark`; `lead` puts an empty gutter line first."""
    source = report.lines(at.path)
    if not 0 < at.line <= len(source):
        return [" " * gutter + style("gutter", " = ") + printable(label)] if label else []
    bar = " " * (gutter + 1) + style("gutter", "|")
    last = min(at.end_line, len(source))
    numbers = list(range(at.line, last + 1))
    elided = len(numbers) > _LONGEST
    if elided:
        numbers = [at.line, last]
    room = max(report.width - gutter - 3, 30)
    lines = [bar] if lead else []
    for number in numbers:
        text = source[number - 1]
        start = at.column - 1 if number == at.line else len(text) - len(text.lstrip())
        end = at.end_column - 1 if number == at.end_line else len(text.rstrip())
        shown, column, length = frame(text, start, end, room)
        lines.append(
            style("gutter", f"{_number(at.path, number, report):>{gutter}} |") + (f" {shown}" if shown else "")
        )
        said = f" {printable(label)}" if label and number == last else ""
        lines.append(f"{bar} {' ' * column}{style(role, mark * length + said)}")
        if elided and number == at.line:
            lines.append(" " * gutter + style("gutter", "..."))
    return lines


def _number(path: str, line: int, report: Report) -> int:
    """The number that a line has for people: in a notebook that within its cell."""
    cell = report.cell(path, line)
    return line if cell is None else cell[1]


def _trace_place(step: TraceStep, finding: Location, report: Report) -> str:
    at = step.location
    if at.path != finding.path:
        return printable(f"{at.path}:{at.line}")
    cell, here = report.cell(at.path, at.line), report.cell(at.path, finding.line)
    if cell is None or here is None or cell[0] == here[0]:
        return str(_number(at.path, at.line, report))
    return f"cell {cell[0]}:{cell[1]}"


def _trace(trace: tuple[TraceStep, ...], finding: Location, gutter: int, report: Report) -> list[str]:
    """A step per line in aligned columns: line (with its path or cell where that is another one), text, shape, why."""
    places = [_trace_place(step, finding, report) for step in trace]
    texts = [_short(step.text, 40) for step in trace]
    shapes = [printable(step.shape) for step in trace]
    place = max(map(text_width, places))
    text = max(map(text_width, texts)) + 3
    shape = max(map(text_width, shapes)) + 4
    lines = []
    for step, where, what, became in zip(trace, places, texts, shapes, strict=True):
        indent = " " * (gutter + 1 + place - text_width(where))
        lines.append(f"{indent}{where}  {pad(what, text)}{pad(became, shape)}{printable(step.note)}".rstrip())
    return lines


def _fix(fix: Fix, help: str, style: Style) -> list[str]:
    how = {"safe": "--fix", "unsafe": "--fix --unsafe-fixes"}.get(fix.applicability)
    if how is None:
        return [] if help else [style("help", "help") + f": {printable(fix.message)}"]
    said = "" if fix.message == help else f" {printable(fix.message)}"
    return [style("help", "fix") + f":{said} (`{how}` applies it)"]


def _short(text: str, width: int) -> str:
    text = printable(" ".join(text.split()))
    return text if len(text) <= width else text[: width - 3] + "..."


def _failure(one: Failure, report: Report, style: Style) -> str:
    at = one.location
    lines = [style("error", f"failure[{one.kind}]") + style("bold", f": {printable(one.message)}")]
    if at.line:
        gutter = len(str(_number(at.path, at.line, report)))
        lines.append(_arrow("-->", at, gutter, report, style))
        lines += _frame(at, "^", "", "error", gutter, report, style, lead=True)
    elif at.path:
        lines.append(" " + style("gutter", "-->") + f" {printable(at.path)}")
    if one.help:
        lines.append(style("help", "help") + f": {printable(one.help)}")
    return "\n".join(lines) + "\n"
