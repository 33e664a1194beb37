"""What watching a file gives: findings and passes as plain data, which travel between processes and into the cache."""

from __future__ import annotations

from dataclasses import dataclass

from shapelint.diagnostics import Fix, Location, Related, Severity, TraceStep


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a file, by the path that reports print."""

    path: str
    node: int


@dataclass(frozen=True, slots=True)
class Reached:
    """One call on the way to a place: whose method was called ("" for a function), and where; None where nothing called it."""

    owner: str
    call: Place | None


Route = tuple[Reached, ...]
"""How a place was reached, the innermost call first."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A call of the project whose shapes are all known went well here."""

    place: Place
    route: Route


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading in which something was found. `built` is where the module was constructed in which it happened, `flag` the one test
    of a parameter that selects worlds in which it happens ("bidirectional=True", "kind == 'lstm'"), "" where it happens in all. `likely`: it
    fails for a batch, and inputs of fewer axes would pass."""

    kind: str
    entry: str
    flag: str = ""
    built: Location | None = None
    built_place: Place | None = None
    likely: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault as one reading of one entry saw it."""

    place: Place
    rule: str
    constraint: str
    location: Location
    severity: Severity
    message: str
    label: str
    help: str
    notes: tuple[str, ...]
    related: tuple[Related, ...]
    trace: tuple[TraceStep, ...]
    fix: Fix | None
    subject: str
    scope: str
    seen: Seen
    route: Route = ()


@dataclass(frozen=True, slots=True)
class Pass:
    """An op that went well in a reading of the driver or of a construction."""

    place: Place
    built: Place | None


@dataclass(frozen=True, slots=True, order=True)
class Cleared:
    """A text that may be right in one reading at least: what others find of it by this rule and constraint is not told."""

    path: str
    node: int
    rule: str
    constraint: str


@dataclass(frozen=True, slots=True)
class Observations:
    """What one file gives. `files_read` are the absolute paths of every file of the project that was read for it."""

    path: str
    findings: tuple[Finding, ...] = ()
    passes: tuple[Pass, ...] = ()
    files_read: tuple[str, ...] = ()
    spent: tuple[str, ...] = ()
    cleared: tuple[Cleared, ...] = ()
    decided: tuple[Decided, ...] = ()
