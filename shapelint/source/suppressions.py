"""What a file asks not to be told: `# shapelint: ignore[rule]`, `# shapelint: file-ignore[rule]`, `# noqa: SHP201`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from shapelint.source.comments import comments
from shapelint.source.text import Source

_DIRECTIVE = re.compile(r"#\s*shapelint:\s*(?P<scope>file-ignore|ignore)(?![\w-])(?:\s*\[(?P<rules>[^\]]*)\])?")
# As flake8 reads it: codes parted by commas or spaces; anything else after the colon is prose.
_NOQA = re.compile(
    r"#\s*noqa(?![\w-])(?:\s*:\s*(?P<codes>[A-Z][0-9A-Z]*[0-9]+(?:[,\s]\s*[A-Z][0-9A-Z]*[0-9]+)*|[A-Z]+\b(?![a-z]))?)?",
    re.IGNORECASE,
)
_CODE_PREFIX = "SHP"


@dataclass(frozen=True, slots=True)
class Unused:
    """A suppression, or a part of one, that suppressed nothing.

    The region is that of the whole directive, from its `#`. `rules` are the rules or codes without use, as written;
    empty for a directive without a list. `whole` where nothing of the directive was of use.
    """

    line: int
    column: int
    end_column: int
    rules: tuple[str, ...]
    whole: bool


@dataclass(slots=True)
class _Directive:
    kind: Literal["ignore", "file-ignore", "noqa"]
    line: int
    column: int
    end_column: int
    names: tuple[str, ...] | None  # None: everything
    used: set[str] = field(default_factory=set)

    def covers(self, rule: str, code: str) -> bool:
        if self.names is None:
            self.used.add("")
            return True
        matching = [
            name
            for name in self.names
            if name == rule or name.upper() == code or (self.kind == "noqa" and code.startswith(name.upper()))
        ]
        self.used.update(matching)
        return bool(matching)


class Suppressions:
    """The suppressions of one file; it remembers which were of use."""

    __slots__ = ("_file", "_lines")

    def __init__(self, directives: list[_Directive]) -> None:
        self._file = [directive for directive in directives if directive.kind == "file-ignore"]
        self._lines: dict[int, list[_Directive]] = {}
        for directive in directives:
            if directive.kind != "file-ignore":
                self._lines.setdefault(directive.line, []).append(directive)

    def suppresses(self, rule: str, code: str, first_line: int, last_line: int) -> bool:
        """Whether a report of `rule` on a span from `first_line` to `last_line` is not wanted."""
        candidates = list(self._file)
        for line in dict.fromkeys((first_line, last_line)):
            candidates += self._lines.get(line, ())
        # Every directive that covers it counts as used, also the second one.
        covering = [directive for directive in candidates if directive.covers(rule, code)]
        return bool(covering)

    def unused(self) -> list[Unused]:
        """The suppressions without use, in the order of the file. Those that other tools share are left alone."""
        found = []
        for directive in (*self._file, *(one for line in self._lines.values() for one in line)):
            names = directive.names
            if names is None:
                if directive.kind != "noqa" and not directive.used:
                    found.append(Unused(directive.line, directive.column, directive.end_column, (), True))
                continue
            ours = [name for name in names if directive.kind != "noqa" or name.upper().startswith(_CODE_PREFIX)]
            idle = tuple(name for name in ours if name not in directive.used)
            if idle or (not names and directive.kind != "noqa"):
                whole = len(idle) == len(names)
                found.append(Unused(directive.line, directive.column, directive.end_column, idle, whole))
        return sorted(found, key=lambda one: (one.line, one.column))


def suppressions(source: Source) -> Suppressions:
    """The suppressions written in the comments of `source`."""
    text = source.text
    directives: list[_Directive] = []
    if "shapelint:" not in text and "noqa" not in text.lower():
        return Suppressions(directives)
    for comment in comments(source):
        for match in _DIRECTIVE.finditer(comment.text):
            scope: Literal["ignore", "file-ignore"] = "ignore" if match["scope"] == "ignore" else "file-ignore"
            directives.append(_directive(scope, comment.line, comment.column, match, match["rules"]))
        for match in _NOQA.finditer(comment.text):
            directives.append(_directive("noqa", comment.line, comment.column, match, match["codes"]))
    return Suppressions(directives)


def _directive(
    kind: Literal["ignore", "file-ignore", "noqa"], line: int, column: int, match: re.Match[str], names: str | None
) -> _Directive:
    listed = None if names is None else tuple(name for name in re.split(r"[,\s]+", names) if name)
    return _Directive(kind, line, column + match.start(), column + match.end(), listed)
