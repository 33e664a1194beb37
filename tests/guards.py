"""Takes each guard of soundness out of a copy of the code and asks whether its test notices.

`guards.toml` names each guard: the file, the text of the guard, what stands there without it, and the test that then
fails: a heading of a page, or a test of pytest. A guard whose test passes without it guards nothing, or is not tested.

`python -m tests.guards` takes them one by one (`--only TEXT`: those whose file or test holds the text) and exits with 1
where one is not noticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests" / "guards.toml"
COPIED = ("shapelint", "tests", "docs")
SECONDS = 300.0
"""So long may one test take, with the guard or without: a guard may be what ends a loop."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`code` stands once in `file`; with `without` in its place the test fails. The test is `page` ("path.md#heading") or `test` (an id
    of pytest)."""

    file: str
    code: str
    without: str
    page: str = ""
    test: str = ""

    @property
    def name(self) -> str:
        return f"{self.file}: {self.page or self.test}"

    @property
    def fault(self) -> str:
        """What is wrong with the entry itself, "" where nothing is."""
        path = ROOT / self.file
        if not path.is_file():
            return "there is no such file"
        found = path.read_text(encoding="utf-8").count(self.code)
        if found != 1:
            return f"its code stands there {found} times, not once"
        if self.code == self.without:
            return "nothing is taken out"
        if bool(self.page) == bool(self.test):
            return "it names a page or a test, one of the two"
        if self.page:
            page, _, heading = self.page.partition("#")
            if not (ROOT / page).is_file():
                return f"there is no page {page}"
            if not any(line.lstrip("# ") == heading for line in _headings(ROOT / page)):
                return f"{page} has no heading `{heading}`"
        return ""


def _headings(page: Path) -> list[str]:
    return [line.rstrip() for line in page.read_text(encoding="utf-8").split("\n") if line.startswith("#")]


def guards() -> list[Guard]:
    """The guards of the table, in its order."""
    with TABLE.open("rb") as file:
        return [Guard(**entry) for entry in tomllib.load(file)["guard"]]


class Copy:
    """A copy of the package and its tests, of which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)

    def notices(self, guard: Guard) -> bool:
        """Whether the test of a guard fails without it."""
        path = self.folder / guard.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(guard.code, guard.without), encoding="utf-8")
        try:
            return not self.passes(guard)
        finally:
            path.write_text(text, encoding="utf-8")

    def passes(self, guard: Guard) -> bool:
        """Whether the test of a guard passes, with the files as they are."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        if guard.page:
            command = [sys.executable, "-m", "tests.guards", "--heading", guard.page]
        else:
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", guard.test]
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def heading_passes(place: str) -> bool:
    """Whether the programs under one heading of a page ("path.md#heading") are told as expected."""
    from tests.markdown import programs, verify

    page, _, heading = place.partition("#")
    found = [program for program in programs(ROOT / page) if program.heading == heading]
    return bool(found) and not any(verify(program).faults for program in found)


def main(arguments: list[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.guards", description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="the guards whose file or test holds the text")
    parser.add_argument("--heading", metavar="PAGE#HEADING", help="only run the programs under one heading")
    options = parser.parse_args(arguments)
    if options.heading:
        return 0 if heading_passes(options.heading) else 1
    unnoticed = 0
    chosen = [guard for guard in guards() if options.only in guard.name]
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        for guard in chosen:
            if guard.fault:
                answer = f"faulty entry: {guard.fault}"
            elif not copy.passes(guard):
                answer = "the test fails with the guard, too"
            elif copy.notices(guard):
                answer = ""
            else:
                answer = "NOT NOTICED"
            unnoticed += bool(answer)
            print(f"{guard.name}: {answer or 'noticed'}", flush=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} guards are noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
