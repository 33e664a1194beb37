"""Watching the interpreter: events in, findings out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shapelint.diagnostics import Location, Related, Severity, TraceStep
from shapelint.interp.described import is_description
from shapelint.interp.entries import Reader
from shapelint.interp.events import Claimed, Event, LayerBuilt, Misused, Observer, OpCalled, Stated, Unpacked
from shapelint.interp.run import Run
from shapelint.ops.contract import Evidence, Mismatch
from shapelint.rules.broadcast_pairs import LOSSES
from shapelint.rules.contract import Case, Fine, Report, Rule
from shapelint.rules.decided import decided, route
from shapelint.rules.findings import Cleared, Decided, Finding, Observations, Pass, Place, Seen
from shapelint.rules.registry import load
from shapelint.shapes.shape import Factor
from shapelint.values.conditions import Compares, Condition, Equals, IsNone, IsTrue, Rank, worded
from shapelint.values.model import Bool, NoneValue, Site, Step, Tensor, Tuple, Value

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule, Project

MAX_TRACE = 12
MAX_OPTION_READINGS = 12  # of a file, that find out on which options of the command line its faults rest


def observe_file(project: Project, loaded: LoadedModule) -> Observations:
    """Read a file and keep what the rules find, with what must be known to merge it with what other readings find."""
    watched = Watched(load())
    reader = Reader(project, loaded, lambda run: (Watcher(watched),))
    reader.read()
    findings, passes = watched.conclude()
    if project.options:
        findings = tuple(_of_options(project, loaded, watched, findings))
    calls = dict.fromkeys(one for reading in watched.readings for one in reading.decided)
    cleared = tuple(sorted({one for reading in watched.readings for one in reading.cleared}))
    return Observations(
        loaded.path, findings, passes, tuple(sorted(reader.files)), tuple(reader.spent), cleared, tuple(calls)
    )


def _of_options(
    project: Project, loaded: LoadedModule, watched: Watched, findings: tuple[Finding, ...]
) -> list[Finding]:
    """The findings where numbers that the command line may give are only defaults: what another number mends is a fault of the default. The file is
    read again with these options open; a call that fails now and works then, where something tells so, is mended. Half of the options is closed
    again and again, to find the one that matters."""
    readings: dict[frozenset[tuple[str, str]], tuple[Watched, Project]] = {}

    def opened(options: Iterable[tuple[str, str]]) -> tuple[Watched, Project] | None:
        key = frozenset(options)
        if key not in readings and len(readings) < MAX_OPTION_READINGS:
            other, files = Watched(load()), project.with_open_options(key)
            Reader(files, loaded, lambda run: (Watcher(other),)).read()
            readings[key] = other, files
        return readings.get(key)

    def mended(options: Iterable[tuple[str, str]], finding: Finding) -> bool:
        reading = opened(options)
        return reading is not None and reading[0].mends(finding, watched)

    found: list[Finding] = []
    for finding in findings:
        if finding.severity != "error" or not mended(project.options, finding):
            found.append(finding)
            continue
        own = readings[frozenset(project.options)][1].options  # those that this file gets to
        options = sorted(own)
        while len(options) > 1:
            middle = len(options) // 2
            half = next((h for h in (options[:middle], options[middle:]) if mended(h, finding)), None)
            if half is None:
                break
            options = half
        left = "many options left at their defaults" if len(options) > 3 else " and ".join(own[o] for o in options)
        found.append(
            replace(
                finding,
                severity="warning",
                message=f"{finding.message}, with {left}",
                notes=(*finding.notes, "another number of the command line would mend it"),
            )
        )
    return found


@dataclass(eq=False)
class _Reading:
    """What one run gave."""

    kind: str
    entry: str
    world: dict[Condition, bool]
    whole: bool = True  # False: a test that the world does not answer was not told apart
    findings: list[Finding] = field(default_factory=list)
    passed: set[tuple[Place, Place | None]] = field(default_factory=set)
    vouched: set[tuple[Place, Place | None, tuple[Site, ...]]] = field(default_factory=set)  # what is told to work
    untold: set[Place] = field(default_factory=set)  # where nothing tells whether a call works
    warned: set[Place] = field(default_factory=set)  # losses in a script that broadcast what they are given
    open: set[Place] = field(default_factory=set)  # calls in a script that are given tensors of an open rank
    defaults: dict[Condition, bool] = field(default_factory=dict)  # what is asked of arguments, where they are left out
    cleared: set[Cleared] = field(default_factory=set)
    asked: dict[Condition, bool] = field(
        default_factory=dict
    )  # tests of what the configuration holds, True if by the class itself
    likely: bool = False  # it fails, and would not if what arrives had fewer axes
    cut: bool = False  # what it did not get to may go well, or be refused
    rivals_left: bool = False  # worlds were not read in which it may go well
    sign: str = ""  # what says that a batch arrives
    unbatched: bool = False  # it guesses that what arrives has fewer axes, none of which may be the batch
    decided: dict[Decided, None] = field(default_factory=dict)
    causes: dict[tuple[Place, str, str], Place] = field(
        default_factory=dict
    )  # calls without which nothing would be wrong


class Watched:
    """All runs of one file."""

    def __init__(self, rules: dict[str, Rule]) -> None:
        self.rules = rules
        self.by_op: dict[str, list[tuple[Rule, object]]] = defaultdict(list)
        self.by_misuse: dict[str, list[tuple[Rule, object]]] = defaultdict(list)
        self.by_claim: dict[str, list[tuple[Rule, object]]] = defaultdict(list)
        self.by_statement = [(rule, check) for rule in rules.values() for check in rule.statements]
        for rule in rules.values():
            for ops, check in rule.checks:
                for op in ops:
                    self.by_op[op].append((rule, check))
            for kind, check in rule.misuses:
                self.by_misuse[kind].append((rule, check))
            for claim, check in rule.claims:
                self.by_claim[claim].append((rule, check))
        self.readings: list[_Reading] = []

    def conclude(self) -> tuple[tuple[Finding, ...], tuple[Pass, ...]]:
        """Weigh the worlds of each entry: what fails in all of them stands; what one test of a parameter selects is kept with that test; what
        only a combination selects is latent and not told."""
        groups: dict[tuple[str, str], list[_Reading]] = defaultdict(list)
        for reading in self.readings:
            groups[(reading.kind, reading.entry)].append(reading)
        findings: dict[tuple[Place, str, str, Seen], Finding] = {}
        passes: dict[Pass, None] = {}
        for (kind, _), readings in groups.items():
            for finding in _weigh(readings):
                findings.setdefault((finding.place, finding.rule, finding.constraint, finding.seen), finding)
            if kind != "open":
                for reading in readings:
                    for place, built in sorted(reading.passed, key=str):
                        passes[Pass(place, built)] = None
        return tuple(findings.values()), tuple(passes)

    def mends(self, finding: Finding, before: Watched) -> bool:
        """Whether a call that failed in these readings `before` works in this one: none fails at its place, and one works that did not."""
        entry = (finding.seen.kind, finding.seen.entry)
        now = [r for r in self.readings if (r.kind, r.entry) == entry]
        then = {one for r in before.readings if (r.kind, r.entry) == entry for one in r.vouched}
        return not any(_has(r, finding) for r in now) and any(
            one[0] == finding.place and one not in then for r in now for one in r.vouched
        )


def _weigh(readings: list[_Reading]) -> list[Finding]:
    """What stands of the readings of one entry."""
    if any(r.rivals_left for r in readings):
        return []
    kept = _certain([r for r in readings if not r.likely])
    told = {(f.place, f.rule, f.constraint) for f in kept}
    return kept + [f for f in _of_batches(readings) if (f.place, f.rule, f.constraint) not in told]


def _of_batches(readings: list[_Reading]) -> list[Finding]:
    """What fails in every reading of a batch, and would pass only for fewer axes, while something says that there is a batch."""
    batched = [r for r in readings if not r.unbatched]
    if not batched or len(batched) == len(readings) or not all(r.sign and r.whole for r in batched):
        return []
    first = batched[0]
    return [
        _likely(finding, first.world, first.sign)
        for finding in first.findings
        if finding.severity == "error" and all(_has(r, finding) for r in batched)
    ]


def _is_unbatched(run: Run) -> bool:
    """Whether a reading guesses that inputs have fewer axes, and none keeps its batch: an axis of that name, one that a layer reads as the batch, or
    just one axis, as ids, lengths and labels have."""
    if _named_batch(run):
        return False
    facts = run.state.facts
    guessed = [c for c, held in run.world.items() if held and c.guess == "rank"]
    for condition in guessed:
        adopted = run.adopted.get(condition.path) if isinstance(condition, Rank) else None
        shape = facts.shape(adopted.shape) if adopted is not None else None
        if shape is not None and shape.rank == 1 and shape.axes[0].size.value is None:
            return False
        sizes = [facts.resolve(axis.size) for axis in shape.axes] if shape is not None and shape.ranked else []
        read = [factor for factor in facts.roles if factor.size.value is None and facts.resolve(factor.size) in sizes]
        if _read_batch(run, read):
            return False
    return bool(guessed)


def _has(reading: _Reading, finding: Finding) -> bool:
    return any(_is_same(one, finding) for one in reading.findings)


def _is_same(one: Finding, other: Finding) -> bool:
    return (one.place, one.rule, one.constraint) == (other.place, other.rule, other.constraint)


def _likely(finding: Finding, world: dict[Condition, bool], sign: str) -> Finding:
    """A finding that no batch escapes, as a warning that says so."""
    names = dict.fromkeys(c.path for c in world if isinstance(c, Rank) and c.guess == "rank")
    fewer = " and ".join(f"`{name}`" for name in names)
    note = f"it would pass only where {fewer} had fewer axes; that there is a batch is told by {sign}"
    seen = replace(finding.seen, likely=True)
    return replace(finding, severity="warning", notes=(*finding.notes, note), seen=seen)


def _certain(readings: list[_Reading]) -> list[Finding]:
    kept: list[Finding] = []
    done: set[tuple[Place, str, str, Place | None]] = set()
    for reading in readings:
        for finding in reading.findings:
            key = (finding.place, finding.rule, finding.constraint)
            if (*key, finding.seen.built_place) in done:
                continue
            done.add((*key, finding.seen.built_place))
            failing = [r for r in readings if _has(r, finding)]
            others = [r for r in readings if r not in failing]
            if finding.severity != "error" and all(r.sign for r in failing):
                others = [r for r in others if not r.unbatched]  # fewer axes have no batch
            fine = [r for r in others if any(p == finding.place for p, _ in r.passed)]
            if _rests_on_a_guess(failing, others) or any(r.cut for r in others):
                continue
            unsure = [r for r in others if finding.place in r.untold]
            if not fine and not (others and _is_elsewhere(finding, reading)):
                doubted = unsure and finding.severity == "error"
                kept.append(replace(finding, severity="warning") if doubted else finding)
                continue
            # a world that does not get there speaks against it: more than one answer leads to the fault then
            test = _selecting_test(failing, [r for r in others if r not in unsure])
            if test is not None and _is_meant(finding, failing, fine):
                reading.cleared.add(Cleared(finding.place.path, finding.place.node, finding.rule, finding.constraint))
            elif test is not None:
                condition, held = test
                severity: Severity = "warning"
                if finding.severity != "error" and reading.defaults.get(condition) is not held:
                    severity = "info"
                seen = replace(finding.seen, flag=worded(condition, held))
                kept.append(replace(finding, severity=severity, seen=seen))
    return kept


def _is_meant(finding: Finding, failing: list[_Reading], fine: list[_Reading]) -> bool:
    """Whether what makes something wrong is a call that an option of the program adds: in no reading that goes well there is it made."""
    causes = {r.causes.get((finding.place, finding.rule, finding.constraint)) for r in failing}
    made = {place for r in fine for place in (*(p for p, _ in r.passed), *r.untold)}
    return bool(fine) and None not in causes and not causes & made


def _is_elsewhere(finding: Finding, reading: _Reading) -> bool:
    """Whether what fails is code of another class or function than the class that is read: it may go well for all others that use it."""
    cls, method, _ = reading.entry.partition(".")
    return bool(method) and reading.kind == "open" and finding.scope.partition(".")[0] != cls


def _rests_on_a_guess(failing: list[_Reading], others: list[_Reading]) -> bool:
    """Whether what is found rests on a guess at what arrives, since a reading that guesses otherwise does not find it."""
    for condition, held in failing[0].world.items():
        if condition.guess and all(r.world.get(condition) == held for r in failing):
            if any(r.world.get(condition, held) != held for r in others):
                return True
    return all(any(_differ_in_guesses(f.world, r.world) for r in others) for f in failing)


def _differ_in_guesses(one: dict[Condition, bool], other: dict[Condition, bool]) -> bool:
    """Whether two worlds answer alike what the program asks, and otherwise what arrives."""
    differing = [c for c, held in one.items() if other.get(c, held) != held]
    return bool(differing) and all(c.guess for c in differing)


def _selecting_test(failing: list[_Reading], fine: list[_Reading]) -> tuple[Condition, bool] | None:
    """The one test of a parameter whose answer makes a call fail, however the others are answered; boolean parameters first. A reading
    that does not answer it speaks against it: what else it answers may mend the call, also where its worlds were too many to be told apart. By an
    option of the program that only other code tests, that code may choose the class as well: then nobody builds it with another."""
    found: list[tuple[Condition, bool]] = []
    asked = [
        one for r in (*failing, *fine) for one in r.asked.items()
    ]  # a world that is named by its answer need not ask again
    elsewhere = {c for c, own in asked if not own} - {c for c, own in asked if own}
    for reading in failing:
        for condition, held in reading.world.items():
            if condition not in elsewhere and _is_choice(reading, condition, held) and (condition, held) not in found:
                if all(r.world.get(condition, held) != held for r in fine):
                    found.append((condition, held))
    return min(found, key=lambda one: not isinstance(one[0], IsTrue), default=None)


def _is_choice(reading: _Reading, condition: Condition, held: bool) -> bool:
    """Whether a test is one that callers choose freely: a boolean, what one names (`kind == "lstm"`), an optional argument that is left out. Of
    sizes, only that two are not equal is what everyone may have."""
    if condition.guess:
        return False
    if isinstance(condition, IsNone):
        return reading.defaults.get(condition) is held
    if isinstance(condition, Equals):
        return not held or isinstance(condition.constant, (str, bool))
    return isinstance(condition, IsTrue) or (isinstance(condition, Compares) and condition.test == "==" and not held)


class Watcher(Observer):
    """Turns the events of one run into findings."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.reading: _Reading | None = None

    def event(self, run: Run, event: Event) -> None:
        if self.reading is None:
            self.reading = _Reading(run.kind, run.entry, run.world)
        if isinstance(event, OpCalled):
            self._op(run, event)
        elif isinstance(event, LayerBuilt):
            if event.mismatch is None:
                self._vouch(event)
                self._pass(run, event)
            elif not event.where.guarded and not run.blurred:
                self._mismatch(run, event, event.mismatch)
        elif isinstance(event, Misused):
            if not event.where.guarded and not run.blurred:
                for rule, check in self.watched.by_misuse.get(event.kind, ()):
                    self._check(run, event, rule, check)
        elif isinstance(event, Unpacked):
            self._vouch(event)
            self._pass(run, event)
        elif isinstance(event, Claimed):
            if not event.fault:
                self._pass(run, event)
            elif not event.where.guarded and not run.blurred:
                for rule, check in self.watched.by_claim.get(event.kind, ()):
                    self._check(run, event, rule, check)
        elif isinstance(event, Stated):
            if not event.where.guarded and not run.blurred:
                for rule, check in self.watched.by_statement:
                    self._check(run, event, rule, check)

    def probed(self, run: Run, ended: Sequence[Run]) -> None:
        """What fails whatever the answers is a fault; what fails for a batch alone, which something says that there is, is likely one."""
        if self.reading is None:
            return
        failing = [p for p in ended if p.failed and not p.blurred]
        passing = [p for p in ended if p not in failing]
        readings = [w.reading for p in failing for w in p.observers if isinstance(w, Watcher) and w.reading is not None]
        sign = _sign_of_batch(failing[-1]) if failing else ""
        if not readings or (passing and not (sign and all(map(_is_unbatched, passing)))):
            return
        for finding in readings[-1].findings:
            if finding.severity == "error" and all(_has(r, finding) for r in readings):
                self.reading.findings.append(_likely(finding, passing[0].world, sign) if passing else finding)

    def guessed(self, run: Run, ended: Sequence[Run]) -> None:
        """Where torch takes the data of no reading, what they all fail at is a fault of the script. Else it is what the likely reading finds, the
        first that torch takes, and no other one speaks against. A warning: nothing tells what the data is."""
        if self.reading is None:
            return
        watchers = [(r, w) for r in ended for w in r.observers if isinstance(w, Watcher) and w.reading is not None]
        told = [(w, w._concluded(r)) for r, w in watchers]
        failing = [one for one in told if any(f.severity == "error" for f in one[1])]
        fine = [one for one in told if one not in failing]
        if fine:
            (likely, found), *others = fine
            kept = [f for f in found if not any(w._speaks_against(f, likely) for w, _ in others)]
        else:
            found = failing[-1][1] if failing else []
            kept = [f for f in found if all(w._tells(f) for w, _ in failing)]
        self.reading.findings += [replace(f, severity="warning") for f in kept if not _has(self.reading, f)]

    def _tells(self, finding: Finding) -> bool:
        return self.reading is not None and _has(self.reading, finding)

    def _speaks_against(self, finding: Finding, likely: Watcher) -> bool:
        """Whether this reading, which does not find what the `likely` one does, was in the position to. One that torch would warn of elsewhere was
        not."""
        assert self.reading is not None
        assert likely.reading is not None
        if self._tells(finding) or self.reading.warned - likely.reading.warned:
            return False
        return not (self.watched.rules[finding.rule].asks_ranks and finding.place in self.reading.open)

    def _concluded(self, run: Run) -> list[Finding]:
        assert self.reading is not None
        self._conclude(run)
        return self.reading.findings

    def _conclude(self, run: Run) -> None:
        """Add what rules tell at the end of a reading."""
        assert self.reading is not None
        for rule in self.watched.rules.values():
            for conclude in rule.conclusions:
                for case, report in conclude(run):
                    if isinstance(report, Fine):
                        site = case.event.where.site
                        cleared = Cleared(site.path, report.node or site.node, rule.name, report.constraint)
                        self.reading.cleared.add(cleared)
                    else:
                        self._add(case, rule, report)

    def finish(self, run: Run) -> None:
        if self.reading is not None:
            self._conclude(run)
            self.reading.world = run.world
            self.reading.whole = run.splits
            self.reading.cut = run.cut
            self.reading.rivals_left = run.rivals_left
            self.reading.asked = dict(run.asked_below)
            self.reading.likely = run.passes_with is not None
            self.reading.sign = _sign_of_batch(run)
            self.reading.unbatched = _is_unbatched(run)
            for path, value in run.defaults.items():
                if isinstance(value, Bool) and value.value is not None:
                    self.reading.defaults[IsTrue(path)] = value.value
                elif isinstance(value, NoneValue):
                    self.reading.defaults[IsNone(path)] = True
            self.watched.readings.append(self.reading)

    def _op(self, run: Run, event: OpCalled) -> None:
        assert self.reading is not None
        if event.mismatch is None:
            if event.told:
                self._vouch(event)
            if event.told or run.kind != "open":
                self._pass(run, event)
            else:
                self.reading.untold.add(Place(event.where.site.path, event.where.site.node))
        if run.kind == "driver" and run.splits:
            given = (v for v in event.arguments.values() if isinstance(v, Tensor))
            ranks = [run.state.facts.shape(x.shape).rank for x in given]
            place = Place(event.where.site.path, event.where.site.node)
            if None in ranks:
                self.reading.open.add(place)
            elif event.name in LOSSES and len(set(ranks[:2])) == 2:
                self.reading.warned.add(place)
        if event.where.guarded or run.blurred:
            return
        if event.mismatch is not None:
            if not event.assumed:
                self._mismatch(run, event, event.mismatch)
            return
        for name in dict.fromkeys((event.op.name, event.name, "*")):
            for rule, check in self.watched.by_op.get(name, ()):
                self._check(run, event, rule, check)

    def _vouch(self, event: OpCalled | LayerBuilt | Unpacked) -> None:
        """Keep that something tells that this call works."""
        assert self.reading is not None
        site, built = event.where.site, event.where.built
        calls = tuple(call.site for call in event.where.calls)
        self.reading.vouched.add((Place(site.path, site.node), Place(built.path, built.node) if built else None, calls))

    def _pass(self, run: Run, event: OpCalled | LayerBuilt | Unpacked | Claimed) -> None:
        """Keep that an op went well here: what fails in other worlds, or for other constructions, is then not certain."""
        assert self.reading is not None
        site, built = event.where.site, event.where.built
        self.reading.passed.add((Place(site.path, site.node), Place(built.path, built.node) if built else None))
        known = None if isinstance(event, Claimed) else decided(run, event)
        if known is not None:
            self.reading.decided[known] = None

    def _check(self, run: Run, event: Event, rule: Rule, check: object) -> None:
        case = Case(run, event)
        report = check(case)  # type: ignore[operator]
        if report is not None:
            self._add(case, rule, report)

    def _mismatch(self, run: Run, event: OpCalled | LayerBuilt, mismatch: Mismatch) -> None:
        rule = self.watched.rules.get(mismatch.constraint.rule)
        if rule is None:
            return
        if any(s in run.maybe for size in mismatch.sizes for s in size.symbols):
            return  # it rests on a pass of a loop that need not happen
        case = Case(run, event)
        operand = event.arguments.get(mismatch.operand) if isinstance(event, OpCalled) else None
        related: list[tuple[Site, str]] = []
        config = event.config
        if isinstance(event, OpCalled) and config is not None and config.site is not None:
            related.append((config.site, "built here"))
        headline = case.format(mismatch.headline)
        report = Report(
            headline,
            case.format(mismatch.label),
            rule.advice(case, mismatch) if rule.advice is not None else "",
            (),
            tuple(related),
            event.nodes.get(mismatch.operand)
            if event.nodes.get(mismatch.operand) and isinstance(event, OpCalled) and event.callee
            else None,
            "warning" if mismatch.possible else rule.severity,
            f"{mismatch.op}.{mismatch.constraint.id}",
            _step(operand),
        )
        self._add(case, rule, replace(report, node=None))

    def _add(self, case: Case, rule: Rule, report: Report) -> None:
        assert self.reading is not None
        run, event = case.run, case.event
        site = event.where.site
        node = report.node or site.node
        location = _location(case, Site(site.path, node))
        if location is None:
            return
        if report.cause is not None:
            cause = Place(report.cause.path, report.cause.node)
            self.reading.causes[(Place(site.path, node), rule.name, report.constraint)] = cause
        built = event.where.built
        related = [Related(place, text) for s, text in report.related if (place := _location(case, s)) is not None]
        if run.kind != "open":
            for call in event.where.calls[:3]:
                place = _location(case, call.site)
                if place is not None and place.path and place != location:
                    related.append(Related(place, f"reached by this call of `{call.function}`"))
                    break
        self.reading.findings.append(
            Finding(
                Place(site.path, node),
                rule.name,
                report.constraint,
                location,
                report.severity,
                report.headline,
                report.label,
                report.help,
                report.notes,
                tuple(related),
                _trace(case, report.step),
                report.fix,
                case.subject,
                event.where.scope,
                Seen(
                    run.kind,
                    run.entry,
                    "",
                    _location(case, built) if built is not None else None,
                    Place(built.path, built.node) if built is not None else None,
                ),
                route(run) if run.kind == "open" else (),
            )
        )


_BATCHES = re.compile(r"bsz?|bs|batch\w*|\w+_batch(?:_size)?", re.IGNORECASE)


def _sign_of_batch(run: Run) -> str:
    """What says that a batch arrives, and would mean nothing for a single sample: not that a layer reads one if it gets it."""
    roles = run.state.facts.roles
    read = _read_batch(run, roles)
    if read:
        return read
    evidence = (one for found in roles.values() for one in found)
    if any(isinstance(one, Evidence) and one.role == "class" and "loss" in one.why for one in evidence):
        return "a loss over classes"
    name = _named_batch(run)
    return f"the name `{name}`" if name else ""


def _read_batch(run: Run, factors: Iterable[Factor]) -> str:
    """What reads one of some factors as the batch, and would mean nothing for a single sample."""
    for factor in factors:
        for one in run.state.facts.roles.get(factor, ()):
            if isinstance(one, Evidence) and one.role == "batch" and one.strength in ("proved", "stated"):
                if "batch_first=True" in one.why or "DataLoader" in one.why or "packed" in one.why:
                    return one.why
    return ""


def _named_batch(run: Run) -> str:
    """The name that the program gives to the first axis of an input as to a batch, where no layer reads that axis as another."""
    facts = run.state.facts
    for tensor in run.adopted.values():
        for axis in facts.shape(tensor.shape).prefix[:1]:
            symbol = axis.size.lone_symbol
            name = run.names.get(symbol) if symbol is not None else None
            if name is None or not _BATCHES.fullmatch(name):
                continue
            evidence = (e for factor in axis.factors for e in facts.roles.get(factor, ()) if isinstance(e, Evidence))
            if all(e.role == "batch" for e in evidence):
                return name
    return ""


def _step(value: Value | None) -> Step | None:
    if isinstance(value, Tensor):
        return value.step
    if isinstance(value, Tuple):
        return next((s for v in value.items if (s := _step(v)) is not None), None)
    return None


def _location(case: Case, site: Site) -> Location | None:
    module = case.module(site.path)
    if module is None or not site.node or is_description(module):
        return None
    return Location(site.path, *module.lowered.span(site.node))


def _trace(case: Case, step: Step | None) -> tuple[TraceStep, ...]:
    """How the tensor came to have its shape, oldest first."""
    steps: list[TraceStep] = []
    while step is not None and len(steps) < MAX_TRACE:
        location = _location(case, step.site)
        if location is not None:
            found = TraceStep(location, case.text(step.site.node, step.site.path), case.shape(step.shape), step.note)
            if not steps or (steps[-1].location, steps[-1].shape) != (found.location, found.shape):
                steps.append(found)
        step = step.previous
    return tuple(reversed(steps))
