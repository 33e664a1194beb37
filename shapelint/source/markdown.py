"""Markdown: its fenced Python blocks, each a module of its own, in its place in the file."""

from __future__ import annotations

import re

from shapelint.source.text import Source

_FENCE = re.compile(r"(?P<indent>[ \t>]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_PYTHON = frozenset(("python", "py", "python3", "py3"))


def blocks(source: Source) -> tuple[Source, ...]:
    """The Python blocks of a Markdown file. Lines before a block are blank, so that its lines are those of the file."""
    found = []
    lines = source.text.split("\n")
    index = 0
    while index < len(lines):
        opening = _FENCE.match(lines[index])
        index += 1
        if opening is None:
            continue
        first = index
        closing = re.compile(rf"[ \t>]*{re.escape(opening['fence'][0])}{{{len(opening['fence'])},}}[ \t]*$")
        while index < len(lines) and not closing.match(lines[index]):
            index += 1
        info = re.split(r"[\s,{}:.]+", opening["info"].strip().lstrip("{").lstrip("."), maxsplit=1)[0].lower()
        if info in _PYTHON:
            indent = len(opening["indent"])
            body = [_dedented(line, indent) for line in lines[first:index]]
            text = "\n".join([*[""] * first, *body]) + "\n"
            found.append(Source(source.path, source.absolute, text, "markdown", indent=indent))
        index += 1
    return tuple(found)


def _dedented(line: str, indent: int) -> str:
    start = 0
    while start < min(indent, len(line)) and line[start] in " \t>":
        start += 1
    return line[start:]
