"""Text to syntax tree, or one failure that says where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapelint.diagnostics import Failure
from shapelint.source import depth
from shapelint.source.text import Source

if TYPE_CHECKING:
    import libcst

_PLACE = re.compile(r"(?:parser error: )?error at (\d+):(\d+): (.*)", re.DOTALL)
_LAST_TOKEN = re.compile(r"""\w+\Z|(["']).*\1\Z|\S\Z""")


def parse(source: Source) -> libcst.Module | Failure:
    """The syntax tree of `source`; a failure of kind "nesting" or "syntax" where there is none."""
    deepest = depth.check(source)
    if isinstance(deepest, Failure):
        return deepest
    from libcst import ParserSyntaxError, parse_module

    try:
        return depth.fitting(deepest, lambda: parse_module(source.text))
    except ParserSyntaxError as error:
        return _syntax_failure(source, error)
    except RecursionError:
        return source.failure("nesting", 1, 1, "nested too deeply to parse")


def _syntax_failure(source: Source, error: libcst.ParserSyntaxError) -> Failure:
    line, column, message = error.raw_line, error.raw_column + 1, error.message.removeprefix("tokenizer error: ")
    lines = source.text.split("\n")
    if match := _PLACE.match(message):
        # The parser names the end of the token that it could not take.
        line, end = int(match[1]), int(match[2])
        text = lines[line - 1][:end] if line <= len(lines) else ""
        token = _LAST_TOKEN.search(text)
        column = (token.start() if token else len(text)) + 1
        expected = match[3].removeprefix("expected one of ").removeprefix("expected ")
        if token:
            message = f"invalid syntax at `{token[0]}`"
        elif len(expected) <= 20:
            message = f"invalid syntax: expected {expected}"
        else:
            message = (
                "invalid syntax: unexpected end of line" if text.strip() else "invalid syntax: unexpected end of file"
            )
    first_line = message.split("\n", 1)[0]
    return source.failure("syntax", line, column, first_line if len(first_line) <= 120 else first_line[:117] + "...")
