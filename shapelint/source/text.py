"""Reading a file into a `Source`: encodings, newlines, and where each line came from."""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shapelint.diagnostics import Failure, Location

LARGEST = 64 << 20
"""So many bytes a file may have; people do not write larger ones."""

Kind = Literal["python", "notebook", "markdown"]

# PEP 263: in the first line, or in the second if the first holds nothing but a comment.
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"[ \t\f]*(?:#.*)?$")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Origin:
    """From `line` of the source on, lines come from `cell` (counted from 1 over all cells), beginning at its
    `cell_line`."""

    line: int
    cell: int
    cell_line: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """Python text, ready to parse: no byte order mark, newlines are `\\n`.

    `path` is the path as the user names it, with forward slashes. Lines and columns count from 1, columns in code
    points.

    - Of a Python file, lines and columns are those of the file.
    - A Markdown block keeps its place: the lines before it are blank, so lines are those of the file; `indent`
      columns were taken from the front of each line.
    - A notebook is one text, cell after cell; `origin` tells the cell and the line within it.
    """

    path: str
    absolute: Path
    text: str
    kind: Kind = "python"
    origins: tuple[Origin, ...] = ()
    indent: int = 0

    def origin(self, line: int) -> tuple[int | None, int]:
        """(cell number, line in that cell) in a notebook, (None, line of the file) elsewhere."""
        index = bisect_right(self.origins, line, key=lambda origin: origin.line) - 1
        if index < 0:
            return None, line
        found = self.origins[index]
        return found.cell, line - found.line + found.cell_line

    def failure(self, kind: Literal["encoding", "syntax", "nesting"], line: int, column: int, message: str) -> Failure:
        """A failure at one place of this source."""
        return Failure(kind, Location(self.path, line, column, line, column), message)


def read(path: str | os.PathLike[str]) -> Source | Failure:
    """The Python file or notebook at `path`; a Markdown file is read with `read_text` and `markdown.blocks`."""
    found = read_text(path)
    return found if isinstance(found, Failure) else _opened(found)


def read_text(path: str | os.PathLike[str]) -> Source | Failure:
    """The text of any file, decoded as Python text is."""
    name = shown(path)
    nowhere = Location(name, 0, 0, 0, 0)
    try:
        absolute = Path(os.path.abspath(path))
        status = os.stat(absolute)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            what = f"larger than {LARGEST >> 20} MiB" if stat.S_ISREG(status.st_mode) else "not a regular file"
            what = "a directory" if absolute.is_dir() else what
            return Failure("unreadable", nowhere, f"cannot read `{name}`: {what}")
        data = absolute.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        return Failure("unreadable", nowhere, f"cannot read `{name}`: {reason.lower()}")
    text = decode(data, name)
    return text if isinstance(text, Failure) else Source(name, absolute, without_surrogates(text))


def shown(path: str | os.PathLike[str]) -> str:
    """A path as reports print it: as it was given, with forward slashes."""
    return os.fspath(path).replace(os.sep, "/")


def from_text(path: str | os.PathLike[str], text: str) -> Source | Failure:
    """Text that is already decoded, such as standard input or an editor's buffer."""
    name = shown(path)
    if "\0" in text:
        return _null(name, text.encode("utf-8", "replace"))
    text = without_surrogates(_newlines(text.removeprefix("\ufeff")))
    return _opened(Source(name, Path(os.path.abspath(path)), text))


def _opened(file: Source) -> Source | Failure:
    if file.absolute.suffix != ".ipynb":
        return file
    from shapelint.source.notebook import notebook

    return notebook(file)


def decode(data: bytes, name: str) -> str | Failure:
    """Bytes to text as PEP 263 has it; `name` is the path that failures name."""
    if data.startswith(_UTF16):
        return Failure(
            "encoding", Location(name, 1, 1, 1, 1), "file is UTF-16; Python text must be UTF-8 or declare its encoding"
        )
    if b"\0" in data:
        return _null(name, data)
    marked = data.startswith(b"\xef\xbb\xbf")
    if marked:
        data = data[3:]
    encoding, declared_at = _declared(data)
    if marked and encoding not in (None, "utf-8", "utf8", "utf_8", "utf-8-sig"):
        return Failure(
            "encoding",
            Location(name, declared_at, 1, declared_at, 1),
            f"encoding `{encoding}` is declared but the file starts with a UTF-8 byte order mark",
        )
    try:
        text = _newlines(data.decode(encoding or "utf-8"))
        return text if "\0" not in text else _null(name, text.encode("utf-8", "replace"))
    except UnicodeDecodeError as error:
        line, column = _place(data, error.start, encoding or "utf-8")
        message = f"byte 0x{data[error.start]:02x} is not valid {encoding or 'utf-8'}"
        if encoding is None:
            message += ", and no other encoding is declared"
        return Failure("encoding", Location(name, line, column, line, column), message)
    except (LookupError, ValueError):
        return Failure("encoding", Location(name, declared_at, 1, declared_at, 1), f"unknown encoding `{encoding}`")


def _declared(data: bytes) -> tuple[str | None, int]:
    for number, line in enumerate(re.split(rb"\r\n?|\n", data[:4096], maxsplit=2)[:2], 1):
        if match := _COOKIE.match(line):
            return match[1].decode("ascii", "replace").lower(), number
        if not _BLANK.match(line):
            break
    return None, 1


def _place(data: bytes, offset: int, encoding: str) -> tuple[int, int]:
    before = re.split(rb"\r\n?|\n", data[:offset])
    return len(before), len(before[-1].decode(encoding, "replace")) + 1


def _null(name: str, data: bytes) -> Failure:
    line, column = _place(data, data.index(b"\0"), "latin-1")
    return Failure(
        "encoding", Location(name, line, column, line, column), "file holds a null byte; it is not Python text"
    )


def without_surrogates(text: str) -> str:
    """The text with a replacement character for each lone surrogate, which JSON and some encodings can bring, and no parser takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def _newlines(text: str) -> str:
    if "\r" in text:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return text
