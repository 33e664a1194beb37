"""Fixes put into files: which ones, in which order, and only where the result still parses.

A file keeps its encoding, its byte order mark and its line ends; a notebook keeps its layout, or is left alone.
"""

from __future__ import annotations

import io
import json
import os
import re
import tokenize
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from shapelint.diagnostics import Diagnostic, Edit, Failure, Fix, Location


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it can be edited. `lines` are those that locations count, without their ends; `write(lines)` gives the
    bytes of the whole file with other lines in their place."""

    path: str
    lines: tuple[str, ...]
    write: Callable[[Sequence[str]], bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one file: its bytes before and after, its lines before and after."""

    path: str
    absolute: str
    data: bytes
    before: tuple[str, ...]
    after: tuple[str, ...]
    count: int


def document(path: str, data: bytes) -> Document | None:
    """The file `path` with content `data`; None if its text cannot be put back exactly."""
    try:
        if path.endswith(".ipynb"):
            return _notebook(path, data)
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        text = data.decode(encoding)
    except (UnicodeDecodeError, SyntaxError, ValueError, KeyError, TypeError, AttributeError):
        return None
    ends = re.findall(r"\r\n|\r|\n", text)
    newline = max(set(ends), key=ends.count) if ends else "\n"

    def write(lines: Sequence[str]) -> bytes:
        # Lines that were there keep their own ends, as far as their number is unchanged.
        if len(lines) == len(ends) + 1:
            pieces = [line + end for line, end in zip(lines, [*ends, ""], strict=True)]
            return "".join(pieces).encode(encoding)
        return newline.join(lines).encode(encoding)

    return Document(path, tuple(re.split(r"\r\n|\r|\n", text)), write)


def _notebook(path: str, data: bytes) -> Document | None:
    """The cells of a notebook, one after the other as `shapelint.source` reads them; None where its JSON is laid out in
    a way that writing it again would change."""
    from shapelint.source.text import from_text

    text = data.decode("utf-8")
    content = json.loads(text)
    layouts = [(indent, ascii) for indent in (1, 2, 4, None) for ascii in (False, True)]
    tail = text[len(text.rstrip()) :]
    for indent, ascii in layouts:
        if json.dumps(content, indent=indent, ensure_ascii=ascii) + tail == text:
            break
    else:
        return None
    source = from_text(path, text)
    if isinstance(source, Failure):
        return None
    read = source.text.split("\n")
    places = [source.origin(number) for number in range(1, len(read) + 1)]

    def write(lines: Sequence[str]) -> bytes:
        if len(lines) != len(read):
            raise ValueError("a fix in a notebook may not add or remove lines")
        fresh = json.loads(text)
        for (cell, cell_line), before, after in zip(places, read, lines, strict=True):
            if before == after or cell is None:
                continue
            held = fresh["cells"][cell - 1]
            joined = held["source"] if isinstance(held["source"], str) else "".join(held["source"])
            rows = joined.split("\n")
            rows[cell_line - 1] = rows[cell_line - 1].replace(before, after)
            joined = "\n".join(rows)
            held["source"] = joined if isinstance(held["source"], str) else joined.splitlines(keepends=True)
        return (json.dumps(fresh, indent=indent, ensure_ascii=ascii) + tail).encode("utf-8")

    return Document(path, tuple(read), write)


def apply(lines: Sequence[str], edits: Iterable[Edit]) -> list[str]:
    """The lines with edits applied that do not overlap; locations count lines and columns from 1."""
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        return min(starts[min(line, len(lines)) - 1] + column - 1, len(text))

    for edit in sorted(edits, key=lambda one: one.location, reverse=True):
        at = edit.location
        begin, end = offset(at.line, at.column), offset(at.end_line, at.end_column)
        text = text[:begin] + edit.replacement + text[end:]
    return text.split("\n")


def chosen(diagnostics: Iterable[Diagnostic], unsafe: bool) -> list[Fix]:
    """The fixes that may be applied together: in the order of the findings, without those that touch an earlier one."""
    taken: list[Edit] = []
    fixes = []
    for one in diagnostics:
        fix = one.fix
        if fix is None or fix.applicability == "display" or (fix.applicability == "unsafe" and not unsafe):
            continue
        fresh = [edit for edit in fix.edits if edit not in taken]  # the same edit twice is one edit
        if any(_overlap(edit, other) for edit in fresh for other in taken):
            continue
        taken += fresh
        fixes.append(fix)
    return fixes


def _overlap(one: Edit, other: Edit) -> bool:
    a, b = one.location, other.location
    if a.path != b.path:
        return False
    first, second = ((at.line, at.column, at.end_line, at.end_column) for at in (a, b))
    return first[:2] == second[:2] or (first[:2] < second[2:] and second[:2] < first[2:])


def changes(fixes: Sequence[Fix], absolute_of: dict[str, str]) -> tuple[list[Change], list[str]]:
    """What the fixes do to the files, by path; and the paths that had to be left alone.

    `absolute_of` holds the files of the run: nothing else is ever touched. A file is left alone if it cannot be written
    back exactly or would no longer parse, and a fix that reaches into such a file is not applied in others either.
    """
    refused: list[str] = []
    while True:
        allowed = [
            fix
            for fix in fixes
            if all(edit.location.path in absolute_of and edit.location.path not in refused for edit in fix.edits)
        ]
        edits: dict[str, dict[Edit, None]] = {}
        for fix in allowed:
            for edit in fix.edits:
                edits.setdefault(edit.location.path, {})[edit] = None
        result = []
        for path, wanted in edits.items():
            count = sum(any(edit.location.path == path for edit in fix.edits) for fix in allowed)
            change = _change(path, absolute_of[path], list(wanted), count)
            if change is None:
                refused.append(path)
            else:
                result.append(change)
        if len(result) == len(edits):
            return result, refused


def _change(path: str, absolute: str, edits: Sequence[Edit], count: int) -> Change | None:
    try:
        with open(absolute, "rb") as stream:
            data = stream.read()
        known = document(path, data)
        if known is None:
            return None
        lines = apply(known.lines, edits)
        fresh = known.write(lines)
    except (OSError, ValueError):
        return None
    if not _parses(path, fresh.decode("utf-8") if path.endswith(".ipynb") else "\n".join(lines)):
        return None
    return Change(path, absolute, fresh, known.lines, tuple(lines), count)


def _parses(path: str, text: str) -> bool:
    from shapelint.source.markdown import blocks
    from shapelint.source.parse import parse
    from shapelint.source.text import from_text

    source = from_text(path, text)
    if isinstance(source, Failure):
        return False
    sources = blocks(source) if path.endswith(".md") else (source,)
    return not any(isinstance(parse(one), Failure) for one in sources)


def write(change: Change) -> None:
    """Puts the new bytes in place of the file, at once and with its permissions. Raises OSError."""
    target = os.path.realpath(change.absolute)
    draft = f"{target}.shapelint-{os.getpid()}"
    try:
        with open(draft, "xb") as stream:  # never through a link that stands there
            stream.write(change.data)
        os.chmod(draft, os.stat(target).st_mode & 0o7777)
        os.replace(draft, target)
    except FileExistsError:
        raise
    except OSError:
        if os.path.exists(draft):
            os.unlink(draft)
        raise


def diff(change: Change) -> str:
    """The change as a unified diff."""
    import difflib

    old, new = (name if name.isprintable() else ascii(name) for name in (f"a/{change.path}", f"b/{change.path}"))
    lines = difflib.unified_diff(change.before, change.after, old, new, lineterm="")
    return "".join(line + "\n" for line in lines)


# Suppressions -------------------------------------------------------------------------------------


def ignoring(diagnostics: Iterable[Diagnostic], lines_of: Callable[[str], Sequence[str]]) -> tuple[list[Fix], int]:
    """A comment for every finding, `# shapelint: ignore[...]`; and how many findings stand where none can be written
    (both the first and the last line end inside a string, or with a backslash)."""
    wanted: dict[tuple[str, int], dict[str, None]] = {}
    comments: dict[tuple[str, int], int | None] = {}
    impossible = 0
    for one in diagnostics:
        path = one.location.path
        for line in (one.location.line, one.location.end_line):
            if (path, line) not in comments:
                comments[path, line] = _comment_column(lines_of(path), line)
            if comments[path, line] is not None:
                wanted.setdefault((path, line), {})[one.rule] = None
                break
        else:
            impossible += 1
    fixes = []
    for (path, line), rules in wanted.items():
        text = lines_of(path)[line - 1]
        found = _IGNORE.search(text, comments[path, line] or 0)
        if found:
            names = dict.fromkeys(name for name in re.split(r"[,\s]+", found[1]) if name)
            place = Location(path, line, found.start(1) + 1, line, found.end(1) + 1)
            edit = Edit(place, ", ".join({**names, **rules}))
        else:
            place = Location(path, line, len(text.rstrip()) + 1, line, len(text) + 1)
            edit = Edit(place, f"  # shapelint: ignore[{', '.join(rules)}]")
        fixes.append(Fix("ignore the finding", "safe", (edit,)))
    return fixes, impossible


_IGNORE = re.compile(r"#\s*shapelint:\s*ignore\s*\[([^\]]*)\]")


def _comment_column(lines: Sequence[str], number: int) -> int | None:
    """Where (from 0) a comment at the end of a line begins, or would begin; None where none can stand."""
    from shapelint.source.scan import scan

    if not 0 < number <= len(lines) or lines[number - 1].endswith("\\"):
        return None
    start = sum(len(line) + 1 for line in lines[: number - 1])
    text = "\n".join([*lines[: number - 1], lines[number - 1] + " #", *lines[number:]])
    end = start + len(lines[number - 1]) + 2
    for kind, begin, _ in scan(text):
        if begin >= end:
            return None
        if kind == "comment" and begin >= start:
            return begin - start
    return None
