"""What the interpreter did while it read a file: each op with what it was given, and the findings with the op that each
rests on.

Values are told apart by identity: every result carries a `Step` of its own, so that the ops which a finding depends on
are found by going back from argument to result. Needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from shapelint.diagnostics import Diagnostic
from shapelint.interp.entries import Reader
from shapelint.interp.events import Event, LayerBuilt, Misused, Observer, OpCalled
from shapelint.interp.run import Run
from shapelint.program.project import LoadedModule, Project
from shapelint.rules.contract import Case, Report, Rule
from shapelint.rules.findings import Finding
from shapelint.rules.registry import load
from shapelint.rules.watch import Watched, Watcher
from shapelint.shapes.facts import Facts
from shapelint.values.model import Packed, Sequence, Step, Tensor, Tuple, Value

Path = tuple[int, ...]
"""Where a value stands inside the result of an op: `(1, 0)` is `result[1][0]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """An op as it was interpreted. `facts` are those of its path: what was known then if the recording is exact, else
    what the path came to learn."""

    event: OpCalled
    facts: Facts
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """A finding of one reading, the event it rests on, and what was then known of the sizes. `report` is what the rule
    said. What is told when a reading has ended rests on all that it came to learn: `then` is what was known at the event."""

    finding: Finding
    event: Event
    facts: Facts
    report: Report
    then: Facts | None = None


@dataclass(eq=False)
class Recording:
    """One reading of one entry, in program order."""

    run: Run
    exact: bool = False
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    makers: dict[Step, tuple[Call, Path]] = field(default_factory=dict)

    def keep(self, run: Run, event: OpCalled) -> None:
        """Append a call; its results are known by their steps from here on."""
        facts = run.state.facts.copy() if self.exact else run.state.facts
        call = Call(event, facts, len(self.calls))
        self.calls.append(call)
        for value, path in _parts(event.result, ()):
            if value.step is not None:
                self.makers.setdefault(value.step, (call, path))

    def maker(self, value: Tensor | Packed) -> tuple[Call, Path] | None:
        """The call that gave a value and where in its result it stands; None for what comes from outside, and for a
        value whose step is that of another shape (the items that a loader makes into a batch)."""
        found = self.makers.get(value.step) if value.step is not None else None
        if found is None:
            return None
        given: Value = found[0].event.result
        for place in found[1]:
            given = given.items[place] if isinstance(given, Tuple) else given.element  # type: ignore[attr-defined]
        if isinstance(value, Tensor) and isinstance(given, Tensor):
            facts = self.run.state.facts
            return (
                found
                if facts.shape(value.shape, generic=True).parts == facts.shape(given.shape, generic=True).parts
                else None
            )
        return found if type(value) is type(given) else None


def _parts(value: Value, path: Path) -> Iterator[tuple[Tensor | Packed, Path]]:
    if isinstance(value, (Tensor, Packed)):
        yield value, path
    elif isinstance(value, Tuple):
        for place, item in enumerate(value.items):
            yield from _parts(item, (*path, place))
    elif isinstance(value, Sequence):
        yield from _parts(value.element, (*path, 0))


class Recorder(Watcher):
    """Watches a run as the rules do, and keeps what it saw."""

    def __init__(self, watched: Watched, finished: Callable[[Recording], None], recording: Recording) -> None:
        super().__init__(watched)
        self.recording = recording
        self._finished = finished
        self._known: dict[int, Facts] = {}  # by the identity of events, which the recording keeps
        self._has_ended = False

    def event(self, run: Run, event: Event) -> None:
        if isinstance(event, OpCalled):
            self.recording.keep(run, event)
            self._known[id(event)] = run.state.facts.copy()
        super().event(run, event)

    def finish(self, run: Run) -> None:
        self._has_ended = True
        super().finish(run)
        self._finished(self.recording)

    def _add(self, case: Case, rule: Rule, report: Report) -> None:
        super()._add(case, rule, report)
        assert self.reading is not None
        known = len(self.recording.faults)
        for finding in self.reading.findings[known:]:
            then = self._known.get(id(case.event)) if self._has_ended else None
            self.recording.faults.append(Fault(finding, case.event, case.facts.copy(), report, then))


def record(project: Project, loaded: LoadedModule, *, exact: bool = False) -> list[Recording]:
    """Read a file and keep every reading of it."""
    recordings: list[Recording] = []
    watched = Watched(load())

    def observers(run: Run) -> tuple[Observer, ...]:
        return (Recorder(watched, recordings.append, Recording(run, exact)),)

    Reader(project, loaded, observers).read()
    return recordings


def tells(diagnostic: Diagnostic, finding: Finding) -> bool:
    """Whether a diagnostic was made of a finding: it stands at the op, or where the module was built in which the op
    fails."""
    places = (finding.location, finding.seen.built)
    return diagnostic.rule == finding.rule and diagnostic.location in places


def faults_of(diagnostic: Diagnostic, recordings: Iterable[Recording]) -> list[tuple[Recording, Fault]]:
    """The findings that a diagnostic was made of, those with its very words first."""
    found = [(r, f) for r in recordings for f in r.faults if tells(diagnostic, f.finding)]
    return sorted(found, key=lambda one: one[1].finding.message != diagnostic.message)


__all__ = ["Call", "Fault", "LayerBuilt", "Misused", "Recorder", "Recording", "faults_of", "record", "tells"]
