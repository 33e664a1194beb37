"""Jupyter notebooks: the code cells of a notebook as one module. A cell that cannot be read costs that cell alone.

Cells follow each other line by line, so that a later one sees the names of an earlier one; `Source.origin` leads
back. What only IPython understands is taken out, and lines stay: `%magic`, `!command`, `name?` and cells of another
language become blank (`pass` where a block needs a statement), `x = %magic` and `x = !command` become a call whose
result is unknown.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from shapelint.diagnostics import Failure, Location
from shapelint.source.parse import parse
from shapelint.source.scan import scan
from shapelint.source.text import Origin, Source, without_surrogates

# Cell magics whose cell is still Python of this module; any other `%%name` holds something else.
_PYTHON_CELLS = frozenset(("capture", "debug", "prun", "time", "timeit", "memit", "mprun"))
_MAGIC_LINE = re.compile(r"(?P<indent>[ \t]*)(?:[%!?,;/]|[\w.*]+\?{1,2}[ \t]*$)")
_MAGIC_VALUE = re.compile(r"(?P<target>[\w.,\[\]\"' \t()*]+=[ \t]*)[%!](?!=)")
_INDENT = re.compile(r"(?:[ \t]*\n)*([ \t]*)(?=\S)")
_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\w+)?")
_UNKNOWN_VALUE = "get_ipython()"
_UNREAD = f"exec({_UNKNOWN_VALUE})"  # stands for a cell that may do anything to the names of the others


def notebook(file: Source) -> Source | Failure:
    """The notebook whose JSON text is `file.text`, as one Python source."""
    nowhere = Location(file.path, 0, 0, 0, 0)
    try:
        document = json.loads(file.text)
        cells = _cells(document)
    except (ValueError, RecursionError, TypeError, AttributeError, KeyError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        place = replace(nowhere, line=line, end_line=line)
        return Failure("syntax", place, "not a notebook: its JSON cannot be read")
    metadata = document.get("metadata")
    language = metadata.get("kernelspec", {}).get("language") if isinstance(metadata, dict) else None
    if isinstance(language, str) and language.lower() != "python":
        cells = []
    lines: list[str] = []
    origins: list[Origin] = []
    for number, text in cells:
        if "\0" in text:
            return Failure("encoding", nowhere, f"cell {number} holds a null byte; it is not Python text")
        origins.append(Origin(len(lines) + 1, number))
        lines += python_lines(text)
    return Source(file.path, file.absolute, "\n".join(lines) + "\n" if lines else "", "notebook", tuple(origins))


def _cells(document: Any) -> list[tuple[int, str]]:
    """(number among all cells, text) of each code cell, in notebook formats 3 and 4."""
    cells = (
        document["cells"] if "cells" in document else [c for sheet in document["worksheets"] for c in sheet["cells"]]
    )
    found = []
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") != "code":
            continue
        text = cell.get("source", cell.get("input", ""))
        text = text if isinstance(text, str) else "".join(text)
        found.append((number, without_surrogates(text.replace("\r\n", "\n").replace("\r", "\n"))))
    return found


def readable_cells(source: Source) -> tuple[Source, tuple[Failure, ...]]:
    """A notebook in which each cell that is no Python by itself is code that nobody reads, and what is wrong with these."""
    lines = source.text.split("\n")
    failures = []
    ends = [origin.line for origin in source.origins[1:]] + [len(lines)]
    for origin, end in zip(source.origins, ends, strict=True):
        first = origin.line - 1
        cell = lines[first : end - 1]
        alone = parse(replace(source, text="\n".join(cell) + "\n", origins=()))
        if isinstance(alone, Failure):
            line, column = alone.location.line, alone.location.column
            if line > len(cell):  # it ends too early
                line, column = len(cell), len(cell[-1]) + 1
            place = Location(source.path, first + line, column, first + line, column)
            failures.append(replace(alone, location=place))
            lines[first : end - 1] = [_UNREAD] + [""] * (len(cell) - 1)
    return replace(source, text="\n".join(lines)), tuple(failures)


def python_lines(text: str) -> list[str]:
    """The lines of one cell, as many as it has, with everything that only IPython understands taken out: first, as IPython does, the
    indentation of its first line, from all that have it."""
    indent = _INDENT.match(text)
    if indent is not None and indent[1]:
        text = re.sub(rf"^{indent[1]}", "", text, flags=re.MULTILINE)
    lines = text.split("\n")
    if match := _CELL_MAGIC.match(text):
        if match["name"] not in _PYTHON_CELLS:
            return [""] * len(lines)
        first = text[: match.start("name")].count("\n")
        lines[: first + 1] = [""] * (first + 1)
    index = 0
    while index < len(lines):
        line = lines[index]
        magic = _MAGIC_LINE.match(line)
        value = None if magic else _MAGIC_VALUE.match(line)
        if value and not _is_code(line, value.end() - 1):
            value = None
        if magic or value:
            end = index
            while lines[end].endswith("\\") and end + 1 < len(lines):
                end += 1
            lines[index : end + 1] = [""] * (end + 1 - index)
            if value:
                lines[index] = value["target"] + _UNKNOWN_VALUE
            elif magic and magic["indent"]:
                lines[index] = magic["indent"] + "pass"
            index = end + 1
            continue
        index += _logical_lines("\n".join(lines[index:]))
    return lines


def _is_code(line: str, place: int) -> bool:
    """Whether the sign at a column is code, not text in a string (`print("loss = %g" % loss)`) or a comment."""
    return any(kind == "operator" and start == place for kind, start, _ in scan(line))


def _logical_lines(text: str) -> int:
    """How many lines the first logical line of `text` spans."""
    for kind, _, end in scan(text):
        if kind == "newline":
            return text.count("\n", 0, end)
    return text.count("\n") + 1
