"""The comments of a text, told apart from `#` inside strings."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.source.scan import scan
from shapelint.source.text import Source


@dataclass(frozen=True, slots=True)
class Comment:
    """`text` begins with `#` and has no newline. `own_line` where nothing but whitespace stands before it."""

    line: int
    column: int
    text: str
    own_line: bool


def comments(source: Source) -> tuple[Comment, ...]:
    """Every comment of `source`, in order."""
    text = source.text
    if "#" not in text:
        return ()
    found = []
    line, counted = 1, 0
    for kind, start, end in scan(text):
        if kind != "comment":
            continue
        line += text.count("\n", counted, start)
        counted = start
        line_start = text.rfind("\n", 0, start) + 1
        own_line = not text[line_start:start].strip()
        found.append(Comment(line, start - line_start + 1, text[start:end].rstrip(), own_line))
    return tuple(found)
