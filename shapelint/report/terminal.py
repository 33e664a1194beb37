"""What text on a terminal needs: colours, columns that wide characters take, tabs, and lines that are too long."""

from __future__ import annotations

import unicodedata

TAB = 4

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;34",
    "gutter": "1;34",
    "bold": "1",
    "help": "1;36",
    "dim": "2",
    "added": "32",
    "removed": "31",
}


class Style:
    """Paints text by role ("error", "warning", "info", "gutter", "bold", "help", "dim", "added", "removed")."""

    __slots__ = ("color",)

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, role: str, text: str) -> str:
        return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if self.color and text else text


def char_width(char: str) -> int:
    """The columns that one character takes: 0 for combining and format characters, 2 for wide ones."""
    if char < "\x7f":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def text_width(text: str) -> int:
    """The columns that `text` takes."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def pad(text: str, width: int) -> str:
    """`text` filled up with spaces to `width` columns."""
    return text + " " * max(width - text_width(text), 0)


def printable(text: str) -> str:
    """`text` with control characters shown, so that analysed source cannot drive the terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _shown(char) for char in text)


def printable_lines(text: str) -> str:
    """`text` with control characters shown, but for the ends of its lines."""
    return "\n".join(map(printable, text.split("\n")))


def _shown(char: str) -> str:
    return char if unicodedata.category(char) == "Cf" and char == "\u200d" else "\ufffd"


def frame(line: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """A source line for print with the region `[start, end)` (0-based code points): the text, with tabs as spaces and
    cut to `width` columns around the region; the column where the region begins; the columns it takes (at least 1)."""
    cells: list[tuple[str, int]] = []  # per code point: what is printed, and its columns
    column = 0
    for char in line:
        if char == "\t":
            step = TAB - column % TAB
            cells.append((" " * step, step))
        else:
            shown = char if char.isprintable() else _shown(char)
            cells.append((shown, char_width(shown)))
        column += cells[-1][1]
    start = min(start, len(cells))
    end = max(min(end, len(cells)), start)
    first, last = 0, len(cells)
    if column > width:
        first, last = _window(cells, start, end, width)
    text = "".join(shown for shown, _ in cells[first:last])
    begin = sum(size for _, size in cells[first:start])
    length = max(sum(size for _, size in cells[start : min(end, last)]), 1)
    if first:
        text, begin = "..." + text, begin + 3
    if last < len(cells):
        text += "..."
    return text.rstrip() if last == len(cells) else text, begin, length


def _window(cells: list[tuple[str, int]], start: int, end: int, width: int) -> tuple[int, int]:
    """The part of a long line that is shown: it holds the region's beginning, and the whole region if it fits."""
    room = max(width - 6, 20)
    region = sum(size for _, size in cells[start:end])
    before = sum(size for _, size in cells[:start])
    if before + min(region, room) <= room:
        first = 0
    else:
        lead = max((room - region) // 2, 0) if region < room else min(10, room // 4)
        first = start
        while first > 0 and lead >= cells[first - 1][1]:
            first -= 1
            lead -= cells[first][1]
    used, last = 0, first
    while last < len(cells) and used + cells[last][1] <= room:
        used += cells[last][1]
        last += 1
    return first, last
