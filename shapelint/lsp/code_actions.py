"""Code actions: the fix of a finding, a comment that ignores it, and all safe fixes of a file at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shapelint import fixes
from shapelint.diagnostics import Diagnostic, Edit, Location
from shapelint.lsp.buffer import Buffer


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user may choose. `finding` is what it is about; `preferred` may be applied without a look."""

    title: str
    kind: Literal["quickfix", "source.fixAll"]
    edits: tuple[Edit, ...]
    finding: Diagnostic | None = None
    preferred: bool = False


def actions(buffer: Buffer, region: Location) -> Iterator[Action]:
    """What can be done about the findings that touch a region of the buffer, then about all of the file."""
    for one in buffer.checked.all:
        if not _touches(one.location, region):
            continue
        fix = one.fix
        if fix is not None and fix.applicability != "display":
            safe = fix.applicability == "safe"
            title = _sentence(fix.message) + ("" if safe else " (needs a look)")
            yield Action(title, "quickfix", fix.edits, one, safe)
        if one.rule != "unused-ignore":
            comments, _ = fixes.ignoring([one], buffer.lines_at)
            for comment in comments:
                yield Action(f"Ignore {one.rule} on this line", "quickfix", comment.edits, one)
    edits = _together(buffer.checked.diagnostics)
    if edits:
        yield Action("Apply all safe fixes of shapelint", "source.fixAll", edits)


def _together(findings: Sequence[Diagnostic]) -> tuple[Edit, ...]:
    chosen = fixes.chosen(findings, unsafe=False)
    return tuple(dict.fromkeys(edit for fix in chosen for edit in fix.edits))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _touches(one: Location, other: Location) -> bool:
    return (one.line, one.column) <= (other.end_line, other.end_column) and (other.line, other.column) <= (
        one.end_line,
        one.end_column,
    )
