"""Lines and columns as editors count them, and as shapelint does.

shapelint counts from 1, columns in code points; an editor counts from 0, columns in units of an encoding that client and
server agree on (UTF-16 unless they say otherwise).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_ENDS = re.compile(r"\r\n|\r|\n")


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text without their ends. Unlike `str.splitlines` it knows no ends but those of the protocol."""
    return tuple(_ENDS.split(text))


def units(text: str, encoding: Encoding) -> int:
    """How many columns a text takes in the editor."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(char > "\uffff" for char in text)


def to_editor(lines: Sequence[str], line: int, column: int, encoding: Encoding) -> tuple[int, int]:
    """A place as the editor counts it; what lies behind the end of its line is put at the end."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return max(line - 1, 0), units(text[: column - 1], encoding)


def from_editor(lines: Sequence[str], line: int, character: int, encoding: Encoding) -> tuple[int, int]:
    """A place of the editor as shapelint counts it. A place within a character is put before it."""
    text = lines[line] if line < len(lines) else ""
    if encoding == "utf-32" or text.isascii():
        return line + 1, min(character, len(text)) + 1
    taken = 0
    for column, char in enumerate(text):
        taken += units(char, encoding)
        if taken > character:
            return line + 1, column + 1
    return line + 1, len(text) + 1
