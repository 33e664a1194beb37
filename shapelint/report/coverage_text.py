"""What was seen, for people: how much, what stands in the way, and in which files."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.interp.coverage import FileCoverage
from shapelint.report.coverage import Summary, percentage, summarise
from shapelint.report.terminal import Style, pad, printable, text_width

NAMES = 25
"""So many names are listed; the JSON format has all."""

_UNNAMED = {"dynamic-value": "a tensor of unknown rank"}


def render(files: Sequence[FileCoverage], color: bool = False) -> str:
    """Totals, the causes that darken most, every file with the worst first, and what was not read."""
    style = Style(color)
    total = summarise(files)
    if not total.expressions:
        return "no tensor expressions\n"
    blocks = [_totals(total, style), *_causes(total, style), _files(total, style)]
    spent = [f"  {printable(one.path)}: {printable(entry)}" for one in total.files for entry in one.spent]
    if spent:
        blocks.append([style("bold", "readings that used up their steps"), *spent])
    return "\n".join("".join(line.rstrip() + "\n" for line in block) for block in blocks)


def _totals(total: Summary, style: Style) -> list[str]:
    rows = [
        ("tensor expressions", str(total.expressions), ""),
        ("with a full shape", str(total.full), _percent(total.full, total.expressions)),
        ("with a known rank", str(total.ranked), _percent(total.ranked, total.expressions)),
    ]
    found = [style("bold", f"coverage of {len(total.files)} files" if len(total.files) != 1 else "coverage of 1 file")]
    found += _table(rows)
    if total.undecided:
        found.append(f"  {total.undecided} more may be tensors or something else")
    if total.unread:
        found.append(f"  {total.unread} of {total.functions} functions were not read")
    return found


def _causes(total: Summary, style: Style) -> list[list[str]]:
    if not total.causes:
        return []
    reasons = [(reason, str(count), _percent(count, total.expressions)) for reason, count in total.reasons.items()]
    names = [
        (
            one.name or _UNNAMED.get(one.reason, "(no name)"),
            str(one.expressions),
            f"{one.reason}, first at {one.path}:{one.line}",
        )
        for one in total.causes[:NAMES]
    ]
    blocks = [[style("bold", "unknown, by reason"), *_table(reasons)], [style("bold", "by name"), *_table(names)]]
    if len(total.causes) > NAMES:
        blocks[-1].append(f"  and {len(total.causes) - NAMES} more (--output-format json lists them)")
    return blocks


def _files(total: Summary, style: Style) -> list[str]:
    rows = [
        (
            one.path,
            str(one.expressions),
            f"{_percent(one.full, one.expressions)} full, {_percent(one.ranked, one.expressions)} ranked",
        )
        for one in total.files
        if one.expressions
    ]
    return [style("bold", "files, the worst first"), *_table(rows)]


def _table(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    shown = [(printable(what), count, printable(more)) for what, count, more in rows]
    width = max(text_width(what) for what, _, _ in shown)
    digits = max(len(count) for _, count, _ in shown)
    return [f"  {pad(what, width)}  {count:>{digits}}  {more}" for what, count, more in shown]


def _percent(part: int, whole: int) -> str:
    found = percentage(part, whole)
    return "" if found is None else f"{found:5.1f}%"
