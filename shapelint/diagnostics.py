"""What a run tells its reader: frozen records that every report format renders and no format changes.

Lines and columns count from 1, columns in Unicode code points; `end_column` is exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONGEST_TEXT = 2000
"""A text that a reader is told has at most so many characters: what is analysed can bring a name or a shape of a megabyte."""


def cut(text: str) -> str:
    """A text as reports tell it: its beginning where it is too long."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _cut(record: object, *names: str) -> None:
    for name in names:
        text = getattr(record, name)
        if len(text) > LONGEST_TEXT:
            object.__setattr__(record, name, cut(text))


Severity = Literal["error", "warning", "info"]
SEVERITY_ORDER: dict[str, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A region of one file. `path` is as the user named it, with forward slashes."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that the report speaks of, such as where a layer was built."""

    location: Location
    message: str

    def __post_init__(self) -> None:
        _cut(self, "message")


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step in the life of a shape: where, which expression, what shape it had, and why."""

    location: Location
    text: str
    shape: str
    note: str = ""

    def __post_init__(self) -> None:
        _cut(self, "text", "shape", "note")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `location` by `replacement`."""

    location: Location
    replacement: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that mend a finding.

    `applicability`: "safe" keeps behaviour on correct programs, "unsafe" needs a person's eye,
    "display" is only ever shown.
    """

    message: str
    applicability: Literal["safe", "unsafe", "display"]
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """What torch said when the calls that a finding rests on were repeated on concrete sizes; the user's code is never
    run.

    `verdict`: "confirmed" (of the calls that were repeated, never of the whole finding), "refuted" (torch accepts every
    choice of sizes), or "unverified". `said` is torch's own message, or what the replay showed of a silent fault, or why
    there is no verdict. `sizes` are the numbers drawn for the sizes that the code leaves open. `program` is a
    self-contained script in plain torch that shows it, "" where nothing is confirmed. `saw` tells what torch did, "" where
    it did nothing: it refused the "call", it showed the "effect" of a change, it gave the "shape" that the code contradicts.
    `unseen` is what the finding rests on besides.
    """

    verdict: Literal["confirmed", "refuted", "unverified"]
    said: str
    sizes: tuple[tuple[str, int], ...] = ()
    torch: str = ""
    program: str = ""
    saw: Literal["", "call", "effect", "shape"] = ""
    unseen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _cut(self, "said")

    @property
    def sentence(self) -> str:
        """One line for people and for formats that hold text alone."""
        if self.verdict != "confirmed":
            return f"{self.verdict}: {self.said}"
        chosen = ", ".join(f"{name} = {size}" for name, size in self.sizes)
        does = {"call": "refuses this call", "effect": "shows this", "shape": "gives this shape"}.get(self.saw, "says")
        told = f"torch {self.torch} {does}{f' with {chosen}' if chosen else ''}: {self.said}"
        return f"{told} (not seen by torch: {', '.join(self.unseen)})" if self.unseen else told


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault, reported once.

    `message` is the headline: lowercase, no final period, no remedy. `subject` names what is at fault (for baselines),
    `scope` the enclosing class and function. `label` is printed under the carets of the source frame. `witness` is what
    torch said of it, None where nobody asked.
    """

    location: Location
    rule: str
    code: str
    severity: Severity
    message: str
    label: str = ""
    help: str = ""
    notes: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    trace: tuple[TraceStep, ...] = ()
    fix: Fix | None = None
    subject: str = ""
    scope: str = ""
    witness: Witness | None = None

    def __post_init__(self) -> None:
        _cut(self, "message", "label", "help", "subject", "scope")
        if any(len(note) > LONGEST_TEXT for note in self.notes):
            object.__setattr__(self, "notes", tuple(map(cut, self.notes)))

    @property
    def sort_key(self) -> tuple[Location, str, str]:
        """Reports are ordered by place, then rule, then text, whatever the order of evaluation was."""
        return (self.location, self.rule, self.message)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is told of a project. `withheld` are the places of errors that a call with known shapes refutes: each is a defect of shapelint."""

    diagnostics: tuple[Diagnostic, ...]
    withheld: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """The tool could not do its work on a file or a setting (exit code 2); all other files are still checked.

    `kind` is one of "usage", "configuration", "unreadable", "encoding", "syntax", "nesting", "untrusted" (op
    files that nobody said may be run), "internal".
    `location.line` is 0 where no line is known.
    """

    kind: Literal["usage", "configuration", "unreadable", "encoding", "syntax", "nesting", "untrusted", "internal"]
    location: Location
    message: str
    help: str = ""

    def __post_init__(self) -> None:
        _cut(self, "message", "help")
