"""One cheap pass over Python text that knows strings, comments, brackets and logical lines.

It never recurses and never rejects: it runs before the parser, on text that may not be Python at all. Names, numbers
and whitespace are skipped. f-strings are read as PEP 701 has them: their replacement fields hold code, which may
hold strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Kind = Literal["open", "close", "string", "comment", "operator", "word", "separator", "newline"]

# Words that nest an expression or, at the start of a line, a statement. A word inside a name (`notify`) is no token.
_CODE = re.compile(
    r"""
      (?P<string>(?<!\w)[bBrRuU]{0,2}(?:\"\"\"[^"\\]*(?:(?:\\.|\"{1,2}(?!\"))[^"\\]*)*(?:\"\"\"|\Z|\\\Z)
                       |'''[^'\\]*(?:(?:\\.|'{1,2}(?!'))[^'\\]*)*(?:'''|\Z|\\\Z)
                       |"(?!"")[^"\\\n]*(?:\\.[^"\\\n]*)*(?:"|(?=\n)|\Z|\\\Z)
                       |'(?!'')[^'\\\n]*(?:\\.[^'\\\n]*)*(?:'|(?=\n)|\Z|\\\Z)))
    | (?P<fstring>(?<!\w)(?:[fFtT][rR]?|[rR][fFtT])(?:\"\"\"|'''|"|'))
    | (?P<comment>\#[^\n]*)
    | (?P<newline>\n)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<separator>[,;:])
    | (?P<operator>\*\*|//|<<|>>|[-+*/%@&|^~.=!])
    | (?P<word>(?<!\w)(?:and|or|not|if|elif|else|await|lambda|for|yield)(?!\w))
    | (?P<continued>\\\n)
    """,
    re.VERBOSE | re.DOTALL,
)
_FIELD_TEXT = {
    quote: re.compile(
        rf"(?P<end>{quote})|(?P<doubled>\{{\{{|\}}\}})|(?P<open>\{{)|(?P<close>\}})"
        rf"|(?P<escape>\\N\{{[^{{}}\n]*\}}|\\[^{{}}])" + (r"|(?P<newline>\n)" if len(quote) == 1 else ""),
        re.DOTALL,
    )
    for quote in ("'", '"', "'''", '"""')
}


def scan(text: str, start: int = 0) -> Iterator[tuple[Kind, int, int]]:
    """Tokens of `text` from `start` on, as (kind, start, end) offsets.

    "newline" ends a logical line only: newlines inside brackets, inside strings or after a backslash are skipped. A
    string is one token, an f-string one "string" token for its opening quote, then "open", code, "close" for each
    replacement field.
    """
    search = _CODE.search
    # What is open: a closing bracket waited for; "}" + quote for a replacement field of an f-string with that quote;
    # the quote itself while in the text of an f-string.
    waiting: list[str] = []
    position = start
    while True:
        if waiting and waiting[-1][0] in "\"'":
            quote = waiting[-1]
            match = _FIELD_TEXT[quote].search(text, position)
            if match is None:
                return
            position = match.end()
            inner = match.lastgroup
            if inner == "open":
                waiting.append("}" + quote)
                yield "open", match.start(), position
            elif inner == "end":
                waiting.pop()
            elif inner == "newline":  # an unterminated f-string: give up on it as the tokenizer does, at the line's end
                position = match.start()
                while waiting and (waiting[-1][0] in "\"'" or len(waiting[-1]) > 1):
                    waiting.pop()
            elif inner == "close" and len(waiting) > 1 and waiting[-2] == "}" + quote:
                # The end of a format specification, which is text inside a field.
                del waiting[-2:]
                yield "close", match.start(), position
            elif inner == "doubled" and match.group() == "}}" and len(waiting) > 1 and waiting[-2] == "}" + quote:
                del waiting[-2:]
                position -= 1
                yield "close", match.start(), position
            continue
        match = search(text, position)
        if match is None:
            return
        position = match.end()
        kind = match.lastgroup
        if kind == "open":
            waiting.append(")]}"["([{".index(match.group())])
            yield "open", match.start(), position
        elif kind == "close":
            if waiting:
                waiting.pop()
            yield "close", match.start(), position
        elif kind == "newline":
            if not waiting:
                yield "newline", match.start(), position
        elif kind == "fstring":
            waiting.append(match.group().lstrip("fFrRtT"))
            yield "string", match.start(), position
        elif kind == "separator":
            if waiting and match.group() == ":" and len(waiting[-1]) > 1:
                waiting.append(waiting[-1][1:])  # a format specification begins
            yield "separator", match.start(), position
        elif kind != "continued":
            yield kind, match.start(), position  # type: ignore[misc]  # lastgroup is one of Kind here
