"""What does torch say of every finding, and do the scripts that are written for them show what they tell?

FOLDER is checked with `shapelint check --verify`, each file that has findings by a process of its own. With `--results`
(what `corpus.py --results` keeps), FOLDER holds checked-out repositories, and the files that were reported there are
checked, from the folder of their repository. A table counts what torch confirms, leaves open and refutes; what is not
confirmed follows with its reason. `--scripts` runs the witness of each confirmed finding in plain torch: it must fail
with what the finding tells. No code of FOLDER is run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"error": "errors", "warning": "warnings", "info": "infos"}
VERDICTS = ("confirmed", "unverified", "refuted")


@dataclass(frozen=True, slots=True)
class Said:
    """What torch said of a finding. `script` is what its witness did: "" where none was run or it shows the fault, else
    how it fails to."""

    place: str
    rule: str
    severity: str
    verdict: str
    reason: str
    script: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What the check of one file gave. `withheld` are the lines that name refuted findings, `failed` says why there is
    nothing."""

    path: str
    findings: tuple[Said, ...] = ()
    withheld: tuple[str, ...] = ()
    failed: str = ""
    scripts: int = 0


def shapelint(arguments: Sequence[str], folder: Path, limit: float) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own. Raises TimeoutExpired."""
    command = [sys.executable, "-m", "shapelint", "check", "--no-cache", "--output-format", "json", *arguments]
    search = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": search}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=limit
    )


def verify(path: str, folder: Path, limit: float, scripts: bool) -> Verified:
    """Check one file of a folder, which may take `limit` seconds."""
    try:
        done = shapelint(["--verify", path], folder, limit)
    except subprocess.TimeoutExpired:
        return Verified(path, failed=f"not done after {limit:g} s")
    if done.returncode not in (0, 1):
        return Verified(path, failed=(done.stdout + done.stderr).strip()[-300:])
    findings, ran = [], 0
    for one in json.loads(done.stdout)["diagnostics"]:
        witness = one["witness"]
        told = ""
        if scripts and witness["verdict"] == "confirmed":
            ran += 1
            told = faults_of_script(witness)
        place = f"{one['path']}:{one['line']}"
        findings.append(Said(place, one["rule"], one["severity"], witness["verdict"], witness["said"], told))
    withheld = [line for line in done.stderr.splitlines() if "which torch refutes" in line]
    return Verified(path, tuple(findings), tuple(withheld), scripts=ran)


def faults_of_script(witness: dict[str, Any]) -> str:
    """How the script of a confirmed finding does not show it, "" where it does: it fails, with what was told."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-I", "-c", witness["program"]],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    if done.returncode == 0:
        return "the script raises nothing"
    _, _, message = witness["said"].partition(": ")
    if witness["said"] in done.stderr or " ".join(message.split()) in " ".join(done.stderr.split()):
        return ""
    return f"the script raises something else: {done.stderr.strip().splitlines()[-1]}"


def units(folder: Path, results: Path | None) -> Iterator[tuple[Path, str]]:
    """Each file with findings, and the folder that it is checked from."""
    if results is None:
        done = shapelint(["."], folder, 3600)
        if done.returncode not in (0, 1):
            sys.exit(done.stdout + done.stderr)
        told = json.loads(done.stdout)["diagnostics"]
        for path in dict.fromkeys(one["path"] for one in told):
            yield folder, path
        return
    for line in results.read_text("utf-8").splitlines():
        linted = json.loads(line)
        for path in dict.fromkeys(one["path"] for one in linted["reports"]):
            yield folder / linted["repository"], path


def table(found: Sequence[Verified]) -> Iterator[str]:
    """One row for errors, warnings and all."""
    counts = {kind: Counter(s.verdict for one in found for s in one.findings if s.severity == kind) for kind in KINDS}
    refuted = sum(len(one.withheld) for one in found)
    yield f"{'':12}{'findings':>9}{'confirmed':>11}{'unverified':>12}"
    for kind, name in KINDS.items():
        if counts[kind]:
            yield f"{name:12}{counts[kind].total():>9}{counts[kind]['confirmed']:>11}{counts[kind]['unverified']:>12}"
    total = Counter(s.verdict for one in found for s in one.findings)
    yield f"{'all':12}{total.total():>9}{total['confirmed']:>11}{total['unverified']:>12}"
    yield f"{refuted} refuted, and withheld for that"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--results", metavar="FILE", type=Path, help="the reports of a run of corpus.py over FOLDER")
    parser.add_argument("--scripts", action="store_true", help="run the witness of each confirmed finding")
    parser.add_argument("--limit", type=float, default=90.0, help="seconds that a file may take (default: 90)")
    parser.add_argument("--all", action="store_true", help="tell of confirmed findings, too")
    args = parser.parse_args()
    found = []
    for folder, path in units(args.folder, args.results):
        one = verify(path, folder, args.limit, args.scripts)
        found.append(one)
        name = f"{folder.name}: " if args.results else ""
        for said in one.findings:
            if args.all or said.verdict != "confirmed":
                print(f"{said.verdict}: {name}{said.place} [{said.rule}] {said.reason}")
            if said.script:
                print(f"script: {name}{said.place} [{said.rule}] {said.script}")
        for line in one.withheld:
            print(f"refuted: {name}{line.removeprefix('shapelint: ')}")
        if one.failed:
            print(f"failed: {name}{path}: {one.failed}")
        sys.stdout.flush()
    print("\n".join(table(found)))
    if args.scripts:
        wrong = sum(bool(said.script) for one in found for said in one.findings)
        print(f"{sum(one.scripts for one in found)} scripts run, {wrong} do not show what they tell")
    faulty = any(one.failed or one.withheld or any(s.script for s in one.findings) for one in found)
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
