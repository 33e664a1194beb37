"""An analyser and a judge that read their findings from comments: the tests say what is to be found.

`# FIND error rule subject` on a line is a finding there; `# CRASH` and `# KILL` make the analyser fail on the file, `# SLEEP` take
its time.
The findings of a file count those of the project's files that it imports, as a real analysis would depend on them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapelint.diagnostics import Diagnostic, Edit, Fix, Judgement, Location
from shapelint.program.model import ImportFrom
from shapelint.program.project import LoadedModule, Project

FIND = re.compile(r"# FIND (\w+) ([\w-]+)(?: (\S+))?")


@dataclass(frozen=True, slots=True)
class Found:
    location: Location
    severity: str
    rule: str
    subject: str
    imported: int
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class Observations:
    path: str
    found: tuple[Found, ...]
    files_read: tuple[str, ...]


def observe(project: Project, loaded: LoadedModule) -> Observations:
    log = os.environ.get("STAND_IN_LOG")
    if log:
        with open(log, "a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"{loaded.source.path}\n")
    text = loaded.source.text
    if "# CRASH" in text:
        raise RuntimeError("stand-in crash")
    if "# KILL" in text:
        os._exit(9)
    if "# SLEEP" in text:
        time.sleep(60)
    others = [
        other
        for statement in loaded.lowered.module.body
        if isinstance(statement, ImportFrom)
        and (other := project.resolve(loaded, statement.module, statement.level)) is not None
    ]
    imported = sum(len(FIND.findall(other.source.text)) for other in others)
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        for match in FIND.finditer(line):
            code = line[: match.start()].rstrip()
            start = len(code) - len(code.lstrip()) + 1
            location = Location(loaded.source.path, number, start, number, len(code) + 1)
            fix = None
            for applicability in ("safe", "unsafe", "display"):
                if f"{applicability}(" in code:
                    at = code.index(f"{applicability}(") + 1
                    place = Location(location.path, number, at, number, at + len(applicability))
                    end = Location(location.path, number, match.start() + 1, number, match.end() + 1)
                    edits = (Edit(place, "good"), Edit(end, "#"))
                    fix = Fix(f"call good instead of {applicability}", applicability, edits)
            if "broken(" in code:
                fix = Fix("break the syntax", "safe", (Edit(location, "good("),))
            found.append(Found(location, match[1], match[2], match[3] or "", imported, fix))
    return Observations(loaded.source.path, tuple(found), tuple(str(one.absolute) for one in (loaded, *others)))


def judge(observations: Sequence[Any], settings: Any) -> Judgement:
    together = sum(len(one.found) for one in observations)
    told = [
        Diagnostic(
            found.location,
            found.rule,
            "SHP" + str(100 + len(found.rule)),
            found.severity,
            f"`{found.subject}` is wrong ({found.imported} imported, {together} together)",
            fix=found.fix,
            subject=found.subject,
            scope="scope",
        )
        for one in reversed(observations)
        for found in reversed(one.found)
    ]
    return Judgement(tuple(told))
