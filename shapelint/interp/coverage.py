"""What a file's readings saw of its tensors, and what kept them from seeing the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapelint.interp.entries import Reader, _abstract
from shapelint.interp.run import Run
from shapelint.interp.show import Recorder, settled
from shapelint.program import model
from shapelint.program.walk import walk
from shapelint.shapes.facts import Facts
from shapelint.values.model import Opaque, Tensor, Unknown, Value

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule, Project

# How much one reading knows of an expression, the least first. Of the reasons, those that say most stand last: an
# expression is counted once, by the best that any reading knows of it. What is unknown as a "dynamic-value" could be a
# tensor or anything else.
_UNKNOWN = ("dynamic-value", "budget", "after-error", "outside-project", "unsupported-op")
_UNRANKED, _RANKED, _FULL = (len(_UNKNOWN) + place for place in range(3))


@dataclass(frozen=True, slots=True)
class Cause:
    """Why expressions are unknown: the reason, and the name of the op or import that it rests on.

    `name` is "" where there is none. A tensor of unknown rank counts as "dynamic-value". `line` is where the cause is
    met first.
    """

    reason: str
    name: str
    expressions: int
    line: int


@dataclass(frozen=True, slots=True)
class FunctionPlace:
    """A function of a file."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """What was seen of one file.

    `expressions` are those that are tensors or could be. Of these `full` have a shape whose sizes are all numbers or
    made of the sizes of inputs and parameters, `ranked` a known number of axes (the full ones among them); `causes`
    account for the others. `undecided` counts expressions that no reading knows to be a tensor or to be none; they are
    not among `expressions`. `spent` names readings that used up their steps, `unread` functions that none entered.
    """

    path: str
    expressions: int
    full: int
    ranked: int
    undecided: int
    causes: tuple[Cause, ...]
    spent: tuple[str, ...]
    functions: int
    unread: tuple[FunctionPlace, ...]
    files_read: tuple[str, ...]


@dataclass(slots=True)
class _Best:
    level: int = -1
    cause: str = ""


class _Meter(Recorder):
    """Keeps the best that any reading knows of each expression."""

    def __init__(self, path: str, best: dict[int, _Best]) -> None:
        super().__init__(path, {})
        self.best = best

    def finish(self, run: Run) -> None:
        for node, seen in self.seen.items():
            assert isinstance(node, int)
            best = self.best.setdefault(node, _Best())
            for value, facts in seen.values:
                level, cause = _measure(run, value, facts)
                if level > best.level:
                    best.level, best.cause = level, cause


def _measure(run: Run, value: Value, facts: Facts) -> tuple[int, str]:
    """How much is known of a value, and which name what is not known rests on."""
    if isinstance(value, Opaque):
        if value.path not in run.adopted:
            return _UNKNOWN.index("dynamic-value"), ""
        value = run.adopted[value.path]
    if isinstance(value, Unknown):
        return _UNKNOWN.index(value.reason), value.detail
    assert isinstance(value, Tensor)
    shape = settled(run, value.shape, facts)
    if not shape.ranked:
        return _UNRANKED, ""
    return (_RANKED if any(s.kind == "unknown" for s in shape.symbols) else _FULL), ""


def measure(project: Project, loaded: LoadedModule) -> FileCoverage:
    """Read a file as `show` does, and count what became known of its expressions."""
    best: dict[int, _Best] = {}
    reader = Reader(project, loaded, lambda run: (_Meter(loaded.path, best),), showing=True)
    reader.read()
    functions: list[model.FunctionDef] = []
    callees: set[int] = set()
    for node in walk(loaded.lowered.module):
        if isinstance(node, model.FunctionDef) and not _abstract(node):
            functions.append(node)
        elif isinstance(node, model.Call):
            callees.add(node.func.id)
    levels = [0] * (_FULL + 1)
    first: dict[tuple[str, str], list[int]] = {}
    for node_id, known in best.items():
        if node_id == 0 or (known.level < _UNRANKED and node_id in callees):
            continue  # of `x.mean()` with an unknown x, the method `x.mean` is no tensor
        levels[known.level] += 1
        if _UNKNOWN.index("dynamic-value") < known.level < _RANKED:
            reason = _UNKNOWN[known.level] if known.level < _UNRANKED else "dynamic-value"
            first.setdefault((reason, known.cause), []).append(node_id)
    undecided = levels[_UNKNOWN.index("dynamic-value")]
    causes = [
        Cause(reason, name, len(ids), min(loaded.lowered.span(i)[0] for i in ids))
        for (reason, name), ids in first.items()
    ]
    unread = [
        FunctionPlace(f.name, loaded.lowered.span(f.id)[0])
        for f in functions
        if (loaded.path, f.id) not in reader.reached
    ]
    return FileCoverage(
        loaded.path,
        sum(levels) - undecided,
        levels[_FULL],
        levels[_FULL] + levels[_RANKED],
        undecided,
        tuple(sorted(causes, key=lambda c: (-c.expressions, c.reason, c.name))),
        tuple(dict.fromkeys(reader.spent)),
        len(functions),
        tuple(sorted(unread, key=lambda f: f.line)),
        tuple(sorted(reader.files)),
    )
