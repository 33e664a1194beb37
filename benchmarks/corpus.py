"""Lints whole repositories and keeps the account: what was reported, what a person said of it, and what it took.

FOLDER holds checked-out repositories, one folder each. Every repository is linted by a process of its own, as
`shapelint check --isolated --no-cache` would from its folder. Reports are matched with the verdicts that people gave by
reading them (`docs/verdicts.tsv`: repository, path:line, rule, true or false, the reason in one line). The table is
printed; `--write` renews `docs/corpus.md`. With `--verify` torch is asked, too, what it says of each report, and the
tables count what it confirms. No code of the repositories is quoted, neither here nor there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapelint.diagnostics import Diagnostic

ROOT = Path(__file__).resolve().parent.parent
VERDICTS = ROOT / "docs" / "verdicts.tsv"
PAGE = ROOT / "docs" / "corpus.md"
SLOW = 10.0
"""Files that take longer (in seconds) are named."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One report: where, by which rule, how strongly; with `--verify` what torch says of it ("confirmed", "unverified"
    or "refuted"), and `said` why it is not confirmed."""

    path: str
    line: int
    rule: str
    severity: str
    torch: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """What could not be done on a file. `message` is told on the terminal alone: it may quote code."""

    kind: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Linted:
    """What one repository gave. `slow` are the slowest file and all others above the limit, the slowest first."""

    repository: str
    files: int = 0
    lines: int = 0
    seconds: float = 0.0
    slow: tuple[tuple[str, float], ...] = ()
    reports: tuple[Reported, ...] = ()
    failures: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of a report."""

    repository: str
    place: str
    rule: str
    right: bool
    reason: str


class Malformed(Exception):
    """A line of the verdicts cannot be read."""


# One repository -----------------------------------------------------------------------------------


def lint(folder: str, verify: bool = False) -> Linted:
    """Lint the current folder, which is that of a repository."""
    sys.path.insert(0, str(ROOT))
    from shapelint import run
    from shapelint.config import Configuration

    start = time.perf_counter()
    task = run.Task((".",), Configuration(None, True, {}), jobs=1, use_cache=False)
    outcome = run.check(task)
    seconds = time.perf_counter() - start
    sources = run.Sources()
    by_time = sorted(outcome.seconds, key=lambda one: -one[1])
    slow = [one for place, one in enumerate(by_time) if not place or one[1] > SLOW]
    return Linted(
        os.path.basename(folder),
        len(outcome.targets),
        sum(len(sources.lines(target.path)) for target in outcome.targets),
        round(seconds, 1),
        tuple((path, round(taken, 1)) for path, taken in slow),
        tuple(map(reported, run.verified(task, outcome) if verify else outcome.diagnostics)),
        tuple(Failed(one.kind, one.location.path, one.message) for one in outcome.failures),
    )


def reported(one: Diagnostic) -> Reported:
    """What is kept of a diagnostic."""
    plain = Reported(one.location.path, one.location.line, one.rule, one.severity)
    if one.witness is None:
        return plain
    verdict = one.witness.verdict
    return replace(plain, torch=verdict, said="" if verdict == "confirmed" else one.witness.said)


def apart(folder: str, limit: float, verify: bool = False) -> Linted:
    """Lint a repository in a process of its own, which may take `limit` seconds."""
    name = os.path.basename(folder)
    command = [sys.executable, str(Path(__file__).resolve()), "--one", folder, *(["--verify"] if verify else [])]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return Linted(name, seconds=limit, failures=(Failed("timeout", "", f"not done after {limit:g} s"),))
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Linted(name, failures=(Failed("killed", "", last),))
    return from_json(done.stdout)


def from_json(text: str) -> Linted:
    """What `--one` prints, and what `--results` keeps in a line."""
    told = json.loads(text)
    return Linted(
        told["repository"],
        told["files"],
        told["lines"],
        told["seconds"],
        tuple((path, seconds) for path, seconds in told["slow"]),
        tuple(Reported(**one) for one in told["reports"]),
        tuple(Failed(**one) for one in told["failures"]),
    )


def lint_all(
    folders: Sequence[str], jobs: int, limit: float, results: Path | None, verify: bool = False
) -> list[Linted]:
    """Lint every repository that `results` does not hold yet."""
    kept = results.read_text("utf-8").splitlines() if results is not None and results.exists() else []
    known = {one.repository: one for one in map(from_json, kept)}
    missing = [os.path.abspath(folder) for folder in folders if os.path.basename(folder) not in known]
    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(apart, folder, limit, verify) for folder in missing]):
            one = done.result()
            known[one.repository] = one
            print(f"{title(one.repository)}: {one.seconds:.1f} s, {len(one.reports)} reports", file=sys.stderr)
            if results is not None:
                with results.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(asdict(one)) + "\n")
    return [known[os.path.basename(folder)] for folder in folders]


# Verdicts -----------------------------------------------------------------------------------------


def read_verdicts(path: Path) -> list[Verdict]:
    """The verdicts that people gave; raises Malformed. Blank lines and those that begin with # do not count."""
    found = []
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != 5 or cells[3] not in ("true", "false") or ":" not in cells[1]:
            raise Malformed(f"{path.name}:{number}: not `repository, path:line, rule, true|false, reason` between tabs")
        found.append(Verdict(cells[0], cells[1], cells[2], cells[3] == "true", cells[4]))
    return found


def title(repository: str) -> str:
    """`owner/name` of a folder that is called `owner+name`."""
    return repository.replace("+", "/", 1)


Judged = tuple[str, Reported, "Verdict | None"]


def judged(all_linted: Iterable[Linted], verdicts: Iterable[Verdict]) -> tuple[list[Judged], list[Verdict]]:
    """Every report with its verdict, and the verdicts whose report is gone."""
    known = {(one.repository, one.place, one.rule): one for one in verdicts}
    linted = list(all_linted)
    found: list[Judged] = []
    met = set()
    for one in linted:
        for report in one.reports:
            key = (title(one.repository), f"{report.path}:{report.line}", report.rule)
            met.add(key)
            found.append((key[0], report, known.get(key)))
    here = {title(one.repository) for one in linted}
    return found, [one for key, one in known.items() if key not in met and key[0] in here]


# Telling ------------------------------------------------------------------------------------------


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table, aligned; the first row is its head, columns of numbers stand to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    columns = [[row[column] for row in rows[1:]] for column in range(len(widths))]
    right = [any(column) and all(cell[:1].isdigit() or not cell for cell in column) for column in columns]
    lines = []
    for place, row in enumerate(rows):
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        lines.append(f"| {' | '.join(cells)} |")
        if not place:
            rule = ["-" * (w - 1) + ":" if r else "-" * w for w, r in zip(widths, right, strict=True)]
            lines.append(f"| {' | '.join(rule)} |")
    return lines


def overview(all_linted: Sequence[Linted]) -> list[str]:
    """One row for each repository."""
    rows = [["repository", "files", "lines", "seconds", "slowest file", "errors", "warnings", "failures"]]
    for one in all_linted:
        slowest = f"{one.slow[0][0]} ({one.slow[0][1]:.1f} s)" if one.slow else ""
        severities = Counter(report.severity for report in one.reports)
        rows.append(
            [
                title(one.repository),
                str(one.files),
                str(one.lines),
                f"{one.seconds:.1f}",
                slowest,
                str(severities["error"]),
                str(severities["warning"]),
                counted(Counter(failure.kind for failure in one.failures)),
            ]
        )
    totals = [sum(getattr(one, name) for one in all_linted) for name in ("files", "lines", "seconds")]
    reports = Counter(report.severity for one in all_linted for report in one.reports)
    failures = Counter(failure.kind for one in all_linted for failure in one.failures)
    rows.append(
        [
            f"all {len(all_linted)}",
            str(totals[0]),
            str(totals[1]),
            f"{totals[2]:.1f}",
            "",
            str(reports["error"]),
            str(reports["warning"]),
            counted(failures),
        ]
    )
    return table(rows)


def counted(kinds: Counter[str]) -> str:
    """`3 syntax, 1 internal`."""
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())


def by_rule(reports: Sequence[Judged]) -> list[str]:
    """One row for each rule: how many reports, how many of those that a person read were right, and how many torch
    confirms, where it was asked."""
    asked = any(report.torch for _, report, _ in reports)
    rows = [["rule", "reports", "right", "wrong", "not read", *(["confirmed"] if asked else []), "repositories"]]
    groups = {rule: [one for one in reports if one[1].rule == rule] for rule in sorted({r.rule for _, r, _ in reports})}
    for rule, these in [*groups.items(), ("all", list(reports))]:
        confirmed = [str(sum(report.torch == "confirmed" for _, report, _ in these))] if asked else []
        repositories = str(len({repository for repository, _, _ in these}))
        rows.append([rule, str(len(these)), *_said(these), *confirmed, repositories])
    return table(rows)


def _said(reports: Sequence[Judged]) -> list[str]:
    right = sum(verdict is not None and verdict.right for _, _, verdict in reports)
    wrong = sum(verdict is not None and not verdict.right for _, _, verdict in reports)
    return [str(right), str(wrong), str(len(reports) - right - wrong)]


_CONFIRMED = (
    "What torch confirms is what `shapelint check --verify` repeats in torch and sees fail, or mean what the report says.",
)


def page(all_linted: Sequence[Linted], reports: Sequence[Judged], gone: Sequence[Verdict]) -> str:
    """`docs/corpus.md`."""
    asked = any(report.torch for _, report, _ in reports)
    rows = [["repository", "place", "rule", "severity", *(["torch"] if asked else []), "verdict", "reason"]]
    for repository, report, verdict in reports:
        said = "" if verdict is None else "right" if verdict.right else "wrong"
        torch = [report.torch] if asked else []
        place = f"{report.path}:{report.line}"
        rows.append([repository, place, report.rule, report.severity, *torch, said, verdict.reason if verdict else ""])
    lines = [
        "# Real code",
        "",
        "Public repositories with recurrent code, linted whole by `benchmarks/corpus.py`, which writes this page. Each",
        "report is read by a person, who says in `docs/verdicts.tsv` whether it is right. No code is quoted here;",
        "places are those of the version that was linted. Notebooks count the lines of their code cells.",
        *(_CONFIRMED if asked else ()),
        "",
        "## Repositories",
        "",
        *overview(all_linted),
        "",
        "## Rules",
        "",
        *by_rule(reports),
        "",
        "## Reports",
        "",
        *(table(rows) if reports else ["None."]),
    ]
    if gone:
        lines += ["", "## No longer reported", ""]
        lines += table(
            [
                ["repository", "place", "rule", "verdict", "reason"],
                *([v.repository, v.place, v.rule, "right" if v.right else "wrong", v.reason] for v in gone),
            ]
        )
    return "\n".join([*lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="a folder of checked-out repositories")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="these repositories alone")
    parser.add_argument("--jobs", type=int, default=2, help="repositories at the same time (default: 2)")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds that a repository may take")
    parser.add_argument("--results", metavar="FILE", help="keep what each repository gave, and take it from there")
    parser.add_argument("--verify", action="store_true", help="ask torch what it says of each report")
    parser.add_argument("--write", action="store_true", help="renew docs/corpus.md")
    parser.add_argument("--one", metavar="FOLDER", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(asdict(lint(args.one, args.verify))))
        return 0
    if not args.folder:
        parser.error("which folder?")
    try:
        verdicts = read_verdicts(VERDICTS)
    except Malformed as error:
        print(error, file=sys.stderr)
        return 2
    folders = sorted(one.path for one in os.scandir(args.folder) if one.is_dir())
    folders = [one for one in folders if not args.only or title(os.path.basename(one)) in map(title, args.only)]
    all_linted = lint_all(folders, args.jobs, args.limit, Path(args.results) if args.results else None, args.verify)
    reports, gone = judged(all_linted, verdicts)
    print("\n".join([*overview(all_linted), "", *by_rule(reports)]))
    for one in all_linted:
        for failure in one.failures:
            if failure.kind not in ("syntax", "encoding"):
                print(f"{failure.kind}: {title(one.repository)}/{failure.path}: {failure.message}")
        for path, seconds in one.slow:
            if seconds > SLOW:
                print(f"slow: {title(one.repository)}/{path}: {seconds:.1f} s")
    for repository, report, _ in reports:
        if report.torch not in ("", "confirmed"):
            print(f"{report.torch}: {repository}/{report.path}:{report.line} [{report.rule}]: {report.said}")
    unread = [(repository, report) for repository, report, verdict in reports if verdict is None]
    for repository, report in unread:
        print(f"not read: {repository}\t{report.path}:{report.line}\t{report.rule}")
    if args.write:
        PAGE.write_text(page(all_linted, reports, gone), "utf-8")
    internal = any(failure.kind in ("internal", "killed", "timeout") for one in all_linted for failure in one.failures)
    return 1 if internal else 0


if __name__ == "__main__":
    sys.exit(main())
