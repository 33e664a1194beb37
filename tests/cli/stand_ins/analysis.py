"""An analyser that reads its findings from comments, so that tests of the command line say what it is to find.

`# FIND error rule subject` on a line is a finding there; `# CRASH` and `# KILL` make the analyser fail on the file.
The findings of a file count those of the project's files that it imports, as a real analysis would depend on them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from shapelint.diagnostics import Edit, Fix, Location
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
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(f"{loaded.source.path}\n")
    text = loaded.source.text
    if "# CRASH" in text:
        raise RuntimeError("stand-in crash")
    if "# KILL" in text:
        os._exit(9)
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
                    fix = Fix(
                        f"call good instead of {applicability}", applicability, (Edit(place, "good"), Edit(end, "#"))
                    )
            if "broken(" in code:
                fix = Fix("break the syntax", "safe", (Edit(location, "good("),))
            found.append(Found(location, match[1], match[2], match[3] or "", imported, fix))
    return Observations(loaded.source.path, tuple(found), tuple(str(one.absolute) for one in (loaded, *others)))
