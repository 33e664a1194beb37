"""What was seen of all files together, as the formats of `shapelint coverage` tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapelint.interp.coverage import FileCoverage


@dataclass(frozen=True, slots=True)
class SharedCause:
    """Why expressions of several files are unknown. `path` and `line` are one place to look at."""

    reason: str
    name: str
    expressions: int
    files: int
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All files together; `files` and `causes` with the worst first."""

    files: tuple[FileCoverage, ...]
    causes: tuple[SharedCause, ...]
    reasons: dict[str, int]
    expressions: int
    full: int
    ranked: int
    undecided: int
    functions: int
    unread: int


def share(files: Sequence[FileCoverage]) -> float | None:
    """The percentage of the expressions that have a full shape; None where there are no expressions."""
    return percentage(sum(one.full for one in files), sum(one.expressions for one in files))


def percentage(part: int, whole: int) -> float | None:
    """`part` of `whole` in per cent, None of nothing."""
    return 100 * part / whole if whole else None


def summarise(files: Sequence[FileCoverage]) -> Summary:
    """The files with the smallest share of full shapes come first, among equals the ones with most expressions."""
    reasons: dict[str, int] = {}
    causes: dict[tuple[str, str], SharedCause] = {}
    for one in sorted(files, key=lambda one: one.path):
        for cause in one.causes:
            reasons[cause.reason] = reasons.get(cause.reason, 0) + cause.expressions
            key = (cause.reason, cause.name)
            known = causes.get(key)
            causes[key] = (
                SharedCause(*key, cause.expressions, 1, one.path, cause.line)
                if known is None
                else SharedCause(*key, known.expressions + cause.expressions, known.files + 1, known.path, known.line)
            )
    return Summary(
        tuple(sorted(files, key=lambda one: (_share(one), -one.expressions, one.path))),
        tuple(sorted(causes.values(), key=lambda one: (-one.expressions, one.reason, one.name))),
        dict(sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0]))),
        sum(one.expressions for one in files),
        sum(one.full for one in files),
        sum(one.ranked for one in files),
        sum(one.undecided for one in files),
        sum(one.functions for one in files),
        sum(len(one.unread) for one in files),
    )


def _share(one: FileCoverage) -> float:
    reached = percentage(one.full, one.expressions)
    return 100.0 if reached is None else reached
