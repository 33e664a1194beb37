"""Text to syntax tree, or one failure that says where."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from shapelint.diagnostics import Failure
from shapelint.source import depth
from shapelint.source.scan import scan
from shapelint.source.text import Source

if TYPE_CHECKING:
    import libcst

_PLACE = re.compile(r"(?:parser error: )?error at (\d+):(\d+): (.*)", re.DOTALL)
_TOKENIZER = "tokenizer error: "
_CHARACTER = re.compile(_TOKENIZER + r"'(.)' is not")
_NEWLINE = re.compile("\n")
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
    match = _PLACE.match(error.message)
    if match is None:
        line, column = _tokenizer_place(source.text, error.message)
        return source.failure("syntax", line, column, _short(error.message.removeprefix(_TOKENIZER)))
    lines = source.text.split("\n")
    # The parser names the end of the token that it could not take.
    line, end = int(match[1]), int(match[2])
    text = lines[line - 1][:end] if line <= len(lines) else ""
    token = _LAST_TOKEN.search(text.rstrip())
    expected = match[3].removeprefix("expected one of ").removeprefix("expected ")
    if token:
        message = f"invalid syntax at `{token[0]}`"
    elif len(expected) <= 20:
        message = f"invalid syntax: expected {expected}"
    else:
        message = f"invalid syntax: unexpected end of {'line' if text.strip() else 'file'}"
    return source.failure("syntax", line, (token.start() if token else len(text)) + 1, _short(message))


def _short(message: str) -> str:
    line = message.split("\n", 1)[0]
    return line if len(line) <= 120 else line[:117] + "..."


def _tokenizer_place(text: str, message: str) -> tuple[int, int]:
    """Where libcst's tokenizer gave up, which it does not tell: the first line with which it says the same."""
    from libcst import ParserSyntaxError, parse_module

    tokens = list(scan(text))
    if "triple" in message:
        strings = [start for kind, start, _ in tokens if kind == "string"]
        return _line_and_column(text, strings[-1] if strings else 0)
    # A character that is not valid makes it stop there, before anything is parsed, if nothing made it stop before.
    stop = "?" if "'$'" in message else "$"

    def fails(end: int) -> bool:
        try:
            parse_module(text[:end] + "\n" + stop)
        except ParserSyntaxError as error:
            return error.message == message
        return False

    # First among logical lines, which are no strings cut in two, then among the lines of that one.
    ends = [end for kind, _, end in tokens if kind == "newline"]
    index = bisect_left(ends, True, key=fails)
    begin = ends[index - 1] if index else 0
    inner = [match.end() for match in _NEWLINE.finditer(text, begin, ends[index] if index < len(ends) else len(text))]
    index = bisect_left(inner, True, key=fails)
    begin = inner[index - 1] if index else begin
    line = text[begin:].split("\n", 1)[0]
    character = _CHARACTER.match(message)
    column = line.find(character[1]) if character else len(line) - len(line.lstrip())
    return _line_and_column(text, begin + max(column, 0))


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
