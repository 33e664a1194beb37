"""Which names of torch real code calls, and which of them shapelint knows.

FOLDER holds checked-out repositories, one folder each. Calls are found in two ways. What an import leads to
(`nn.Linear`, `F.relu`, `from torch import cat`) is read off the text, whether or not anything runs it. Methods have no
import: they are what the analyser resolves (`x.view` where `x` is a tensor), so that a method on a value that it does
not understand is not counted. Each place counts once.

A name is known if `shapelint.ops.index` or the interpreter has a meaning for it.

What the text tells is quick. The analysis is not: `--no-methods` leaves it out, and `--seconds` is the most that one
file may take of it. A file that takes longer is counted by its text alone, and named in the answer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from shapelint.interp.run import Run
    from shapelint.program.project import LoadedModule, Project

GROUPS = {
    "functional": "torch.nn.functional.",
    "initialisers": "torch.nn.init.",
    "other of torch.nn": "torch.nn.utils.",
    "methods": "torch.Tensor.",
}
"""Groups by prefix, tried in this order; layers and plain functions are told apart by the shape of the name."""

SUFFIXES = (".py", ".ipynb")
MACHINES = 2
SECONDS = 60


class TooLong(BaseException):
    """The analysis of one file takes longer than it may. Not an `Exception`, so that the analyser does not take it for its own."""


@dataclass(slots=True)
class Found:
    """Calls of one repository: how often each name is called, in how many files, files that could not be read, and files whose
    methods were not counted since their analysis took too long."""

    repository: str
    files: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    in_files: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


def group(name: str) -> str:
    """The group that a dotted name is counted in."""
    for title, prefix in GROUPS.items():
        if name.startswith(prefix):
            return title
    owner, _, last = name.rpartition(".")
    if owner == "torch":
        return "functions"
    if owner in ("torch.nn", "torch.nn.parameter") or owner.startswith("torch.nn.modules"):
        return "layers" if last[:1].isupper() else "other of torch.nn"
    return ".".join(name.split(".")[:2])


def nodes(thing: object) -> Iterator[Any]:
    """Every node of a file's model."""
    pending = [thing]
    while pending:
        one = pending.pop()
        if isinstance(one, tuple):
            pending.extend(one)
        elif is_dataclass(one) and not isinstance(one, type):
            yield one
            pending.extend(getattr(one, part.name) for part in fields(one))


def bound(body: object) -> set[str]:
    """The names that a piece of a function binds, those of the functions within it left out."""
    from shapelint.program import model

    found: set[str] = set()
    pending = [body]
    while pending:
        one = pending.pop()
        if isinstance(one, tuple):
            pending.extend(one)
        elif isinstance(one, (model.FunctionDef, model.ClassDef)):
            found.add(one.name)
        elif is_dataclass(one) and not isinstance(one, (type, model.Lambda)):
            targets = (*getattr(one, "targets", ()), getattr(one, "target", None))
            found.update(node.name for target in targets for node in nodes(target) if isinstance(node, model.Name))
            pending.extend(getattr(one, part.name) for part in fields(one))
    return found


def in_scope(thing: object, hidden: frozenset[str] = frozenset()) -> Iterator[tuple[Any, frozenset[str]]]:
    """Every node of a file's model, with the names that parameters and assignments of the functions around it hide."""
    from shapelint.program import model

    pending = [(thing, hidden)]
    while pending:
        one, names = pending.pop()
        if isinstance(one, tuple):
            pending.extend((part, names) for part in one)
        elif is_dataclass(one) and not isinstance(one, type):
            yield one, names
            if isinstance(one, (model.FunctionDef, model.Lambda)):
                names = names | {item.name for item in one.params.items} | bound(one.body)
            pending.extend((getattr(one, part.name), names) for part in fields(one))


def imported(loaded: LoadedModule, library: str) -> list[tuple[int, str]]:
    """The calls of a file whose name an import of the library leads to: node and dotted name."""
    from shapelint.program import model

    everything = list(in_scope(loaded.lowered.module))
    names: dict[str, str] = {}
    for node, _ in everything:
        if isinstance(node, model.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == library:
                    names[alias.asname or library] = alias.name if alias.asname else library
        elif isinstance(node, model.ImportFrom) and not node.level and node.module.partition(".")[0] == library:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    found = []
    for node, hidden in everything:
        if isinstance(node, model.Call):
            parts: list[str] = []
            head: object = node.func
            while isinstance(head, model.Attribute):
                parts.append(head.name)
                head = head.value
            if isinstance(head, model.Name) and head.name in names and head.name not in hidden:
                found.append((node.id, ".".join([names[head.name], *reversed(parts)])))
    return found


def resolved(project: Project, loaded: LoadedModule, library: str, seconds: int) -> set[tuple[int, str]]:
    """The calls of methods that the analyser resolves, known or not: node and dotted name. Raises TooLong."""
    from shapelint.interp.entries import Reader
    from shapelint.interp.events import Evaluated, Event, Observer, OpCalled
    from shapelint.program import model
    from shapelint.values.model import Unknown

    methods = {
        node.id: node.func.name
        for node in nodes(loaded.lowered.module)
        if isinstance(node, model.Call) and isinstance(node.func, model.Attribute)
    }
    found: set[tuple[int, str]] = set()
    end = time.monotonic() + seconds

    class Calls(Observer):
        def event(self, run: Run, event: Event) -> None:
            if time.monotonic() > end:
                raise TooLong
            site = event.where.site
            if site.path != loaded.path or site.node not in methods:
                return
            name = ""
            if isinstance(event, OpCalled):
                name = event.name
            elif isinstance(event, Evaluated) and isinstance(event.value, Unknown):
                name = event.value.detail if event.value.reason == "unsupported-op" else ""
            # an unknown value keeps the name of the call that made it, however far it travels
            if name.startswith(f"{library}.") and name.rpartition(".")[2] == methods[site.node]:
                found.add((site.node, name))

    Reader(project, loaded, lambda run: (Calls(),), showing=True).read()
    return found


def repository(folder: str, library: str, methods: bool, seconds: int) -> Found:
    """The calls of one repository; those of methods too if `methods`, with at most `seconds` of analysis for a file."""
    from shapelint.diagnostics import Failure
    from shapelint.program.project import Project, concerns_torch, find_root
    from shapelint.source.depth import roomy

    found = Found(os.path.basename(folder))
    projects: dict[str, Project] = {}
    for path in sorted(one for one in Path(folder).rglob("*") if one.suffix in SUFFIXES and one.is_file()):
        shown = str(path.relative_to(folder))
        try:
            root = find_root(path, folder)
            project = projects.setdefault(root, Project(root))
            text = path.read_text("utf-8", "replace")
            if library not in text or not concerns_torch(text):
                continue
            loaded = project.load(path)
            if isinstance(loaded, Failure):
                continue  # Python 2 and templates; corpus.py counts them
            by_import = imported(loaded, library)
            by_analysis = roomy(lambda: resolved(project, loaded, library, seconds)) if methods else set()  # noqa: B023
        except TooLong:
            found.cut.append(shown)
            by_analysis = set()
        except Exception as error:
            found.failures.append(f"{shown}: {type(error).__name__}: {error}")
            continue
        places = {node for node, _ in by_import}
        calls = [*by_import, *(one for one in by_analysis if one[0] not in places)]
        found.files += 1
        found.calls.update(name for _, name in calls)
        found.in_files.update({name for _, name in calls})
    return found


@dataclass(frozen=True, slots=True)
class Named:
    """One name over all repositories."""

    name: str
    known: bool
    calls: int
    files: int
    repositories: int


def merge(all_found: list[Found]) -> list[Named]:
    """Every name, the most frequent first."""
    from shapelint.interp.libraries import knows

    calls: Counter[str] = Counter()
    in_files: Counter[str] = Counter()
    in_repositories: Counter[str] = Counter()
    for found in all_found:
        calls.update(found.calls)
        in_files.update(found.in_files)
        in_repositories.update(found.calls.keys())
    named = [Named(name, knows(name), calls[name], in_files[name], in_repositories[name]) for name in calls]
    return sorted(named, key=lambda one: (-one.calls, one.name))


def shares(named: list[Named]) -> dict[str, dict[str, int]]:
    """For each group, and for all: calls and names, and how many of them are known."""
    found: dict[str, dict[str, int]] = {}
    for one in named:
        for title in (group(one.name), "all"):
            counted = found.setdefault(title, {"calls": 0, "known_calls": 0, "names": 0, "known_names": 0})
            counted["calls"] += one.calls
            counted["names"] += 1
            counted["known_calls"] += one.calls if one.known else 0
            counted["known_names"] += one.known
    return dict(sorted(found.items(), key=lambda entry: (entry[0] == "all", -entry[1]["calls"], entry[0])))


def as_text(named: list[Named], all_found: list[Found], top: int) -> str:
    """Shares by group, then the most frequent unknown names."""
    files = sum(one.files for one in all_found)
    lines = [f"{len(all_found)} repositories, {files} files", ""]
    lines.append(f"{'group':26}  {'calls':>8}  known   {'names':>6}  known")
    for title, counted in shares(named).items():
        calls = 100 * counted["known_calls"] / counted["calls"]
        names = 100 * counted["known_names"] / counted["names"]
        lines.append(f"{title:26}  {counted['calls']:8}  {calls:5.1f}%  {counted['names']:6}  {names:5.1f}%")
    unknown = [one for one in named if not one.known][:top]
    lines += ["", f"{'the most frequent unknown names':44}  {'calls':>6}  {'files':>6}  repositories"]
    lines += [f"{one.name:44}  {one.calls:6}  {one.files:6}  {one.repositories:6}" for one in unknown]
    cut = [f"{one.repository}/{path}" for one in all_found for path in one.cut]
    if cut:
        lines += ["", f"{len(cut)} files whose methods are not counted, since their analysis took too long", *cut]
    failures = [f"{one.repository}/{failure}" for one in all_found for failure in one.failures]
    if failures:
        lines += ["", f"{len(failures)} files that shapelint failed on", *failures]
    return "\n".join(lines) + "\n"


def as_json(named: list[Named], all_found: list[Found]) -> str:
    """Everything, for other programs."""
    document = {
        "repositories": [
            {"name": one.repository, "files": one.files, "failures": one.failures, "cut": one.cut} for one in all_found
        ],
        "groups": shares(named),
        "names": [
            {
                "name": one.name,
                "group": group(one.name),
                "known": one.known,
                "calls": one.calls,
                "files": one.files,
                "repositories": one.repositories,
            }
            for one in named
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", help="a folder of checked-out repositories")
    parser.add_argument("--library", default="torch", help="whose names are counted (default: torch)")
    parser.add_argument("--top", type=int, default=60, help="how many unknown names are listed (default: 60)")
    parser.add_argument("--jobs", type=int, default=MACHINES, help=f"processes (default: {MACHINES})")
    parser.add_argument("--no-methods", action="store_true", help="count what the text tells alone")
    parser.add_argument(
        "--seconds",
        type=int,
        default=SECONDS,
        help=f"the most that the analysis of a file may take (default: {SECONDS})",
    )
    parser.add_argument("--output-format", choices=("text", "json"), default="text")
    args = parser.parse_args()
    folders = sorted(one.path for one in os.scandir(args.folder) if one.is_dir())
    found: list[Found] = []
    count = partial(repository, library=args.library, methods=not args.no_methods, seconds=args.seconds)
    with ProcessPoolExecutor(args.jobs) as pool:
        for one in pool.map(count, folders):
            found.append(one)
            print(f"{one.repository}: {one.files} files, {sum(one.calls.values())} calls", file=sys.stderr)
    named = merge(found)
    sys.stdout.write(as_json(named, found) if args.output_format == "json" else as_text(named, found, args.top))
    return 0


if __name__ == "__main__":
    sys.exit(main())
