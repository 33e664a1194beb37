"""One run: read, observe every file, judge them together, then what the user asked of the findings.

Files are grouped by their project's root; only files of one project are judged together. Everything heavy (libcst, the
interpreter, the rules) is imported where it is needed, so that a run whose files are all in the cache loads none of it.
"""

from __future__ import annotations

import gc
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from shapelint.cache import Cache
from shapelint.config import Configuration, Settings, broken_ops, broken_signatures, unknown_rules, untrusted_ops
from shapelint.config import shown as shown_path
from shapelint.diagnostics import SEVERITY_ORDER, Diagnostic, Edit, Failure, Fix, Location
from shapelint.discover import Target, discover, levels_for, top_of
from shapelint.surroundings import leads_out

if TYPE_CHECKING:
    from shapelint.interp.coverage import FileCoverage
    from shapelint.interp.show import Shown
    from shapelint.program.project import LoadedModule, Project
    from shapelint.rules.findings import Observations
    from shapelint.rules.registry import RuleInfo
    from shapelint.source.suppressions import Unused
    from shapelint.source.text import Source


class FromFiles(Protocol):
    """What is learned of a file: `files_read` are the absolute paths of every file that it rests on."""

    @property
    def files_read(self) -> tuple[str, ...]: ...


T = TypeVar("T", bound=FromFiles)

FEW = 8
"""Up to this many files that must be analysed, one process is quicker than several."""
GARBAGE = 20_000
"""So many objects may be made before the garbage collector looks: its own default costs a twentieth of the time."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a run is asked to do. `text` stands for the file that `paths` names alone (standard input, an editor's
    buffer). `progress(done, total)` is called after each file."""

    paths: tuple[str, ...]
    configuration: Configuration
    text: str | None = None
    jobs: int | None = None
    use_cache: bool = True
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found: `diagnostics` at the user's levels, without the suppressed ones, in their final order.
    `refuted` counts those that were withheld because torch refutes them (`--verify`), `withheld` are the places of
    errors that a call of the project with known shapes refutes: each is a defect of shapelint. `seconds` tells what each
    file took that had to be analysed. `observed` is what each target gave the rules, empty where the verdict was known."""

    diagnostics: tuple[Diagnostic, ...] = ()
    failures: tuple[Failure, ...] = ()
    targets: tuple[Target, ...] = ()
    suppressed: int = 0
    analysed: int = 0
    roots: tuple[str, ...] = ()
    refuted: int = 0
    withheld: tuple[Location, ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()
    observed: tuple[Observed[Observations], ...] = ()


@dataclass(frozen=True, slots=True)
class Observed(Generic[T]):
    """What one file gave: nothing if it cannot concern torch or could not be read, several `observations` if it is a
    Markdown page with several blocks. `files_read` are the absolute paths of the project's files that these rest on,
    `seconds` what it took of the processor, 0 from the cache."""

    path: str
    observations: tuple[T, ...] = ()
    failures: tuple[Failure, ...] = ()
    files_read: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run keeps in the cache."""

    diagnostics: tuple[Diagnostic, ...]
    failures: tuple[Failure, ...]
    suppressed: int
    withheld: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class _Job:
    """One file for a worker: plain data that can be sent to another process."""

    root: str
    path: str
    absolute: str
    src: tuple[str, ...]
    ops: tuple[str, ...]
    signatures: tuple[tuple[str, str], ...]
    text: str | None = None


Work = Callable[[_Job], Observed[T]]


def check(task: Task) -> Outcome:
    """Checks everything that the task names. Faults of the input are failures of the outcome, never exceptions."""
    configuration = task.configuration
    targets, failures = _targets(task)
    failures += [*configuration.failures, *_untrusted_ops(targets)]
    if not targets:
        return Outcome(failures=tuple(failures))
    cache, outside = _cache(task, targets)
    failures += outside
    key = tuple(_verdict_key(targets))
    verdict = cache.find(key)
    paths = {target.path for target in targets}
    if isinstance(verdict, Verdict) and all(one.location.path in paths for one in verdict.diagnostics):
        found = (*failures, *verdict.failures)
        return Outcome(verdict.diagnostics, found, tuple(targets), verdict.suppressed, withheld=verdict.withheld)

    wrong = [*_unknown_rules(targets), *_broken_ops(targets)]
    if wrong:
        return Outcome(failures=(*failures, *wrong), targets=tuple(targets))
    roots, observed, analysed = observe(task, targets, cache, observe_file)
    verdict = _judge(targets, roots, observed, task.text)
    if not any(one.kind == "internal" for one in verdict.failures):
        rests_on = [path for target, one in zip(targets, observed, strict=True) for path in _rests_on(target, one)]
        rests_on += [path for target in targets for path in _markers(target)]
        cache.store(key, dict.fromkeys(rests_on), verdict)
    return Outcome(
        verdict.diagnostics,
        (*failures, *verdict.failures),
        tuple(targets),
        verdict.suppressed,
        analysed,
        tuple(dict.fromkeys(roots)),
        withheld=verdict.withheld,
        seconds=tuple((one.path, one.seconds) for one in observed if one.seconds),
        observed=tuple(observed),
    )


def _targets(task: Task) -> tuple[list[Target], list[Failure]]:
    if task.text is None:
        return discover(task.paths, task.configuration.of)
    # A text that stands for a file is checked whether or not that file exists.
    (path,) = task.paths
    absolute = os.path.abspath(path)
    settings = task.configuration.of(os.path.dirname(absolute))
    if isinstance(settings, Failure):
        return [], []
    return [Target(path.replace(os.sep, "/"), absolute, top_of(absolute), settings)], []


def _cache(task: Task, targets: Sequence[Target]) -> tuple[Cache, list[Failure]]:
    """The cache that the settings of the current folder name; none for a text that is not a file. What lies outside of the tree is used only
    where the command line names it."""
    here = task.configuration.of(os.getcwd())
    settings = here if isinstance(here, Settings) or not targets else targets[0].settings
    if isinstance(settings, Failure) or not task.use_cache or task.text is not None:
        return Cache(None), []
    folder = os.path.join(settings.folder, settings.cache_dir)
    cache = Cache(folder)
    if task.configuration.names_cache or not leads_out(cache.folder or folder, settings.folder):
        return cache, []
    at = Location(shown_path(settings.source or folder), 0, 0, 0, 0)
    message = f"the folder of the cache leads out of the tree, so that no results are kept: {settings.cache_dir}"
    return Cache(None), [Failure("configuration", at, message, "`--cache-dir` may name any folder")]


def _verdict_key(targets: Sequence[Target]) -> Iterator[str]:
    """Names a run: the files, as named, with what governs each."""
    yield "verdict"
    yield os.getcwd()
    known: dict[int, str] = {}
    for target in targets:
        yield target.path
        yield target.top
        settings = id(target.settings)
        if settings not in known:
            known[settings] = repr(target.settings)
        yield known[settings]


def _unknown_rules(targets: Sequence[Target]) -> list[Failure]:
    distinct = dict.fromkeys(target.settings for target in targets)
    if not any(one.rules or one.per_file_rules or one.command_line_rules for one in distinct):
        return []
    from shapelint.rules.registry import rules

    known = rules()
    return list(dict.fromkeys(fault for settings in distinct for fault in unknown_rules(settings, known)))


def _untrusted_ops(targets: Sequence[Target]) -> list[Failure]:
    distinct = dict.fromkeys(target.settings for target in targets)
    return list(dict.fromkeys(told for settings in distinct if (told := untrusted_ops(settings)) is not None))


def _broken_ops(targets: Sequence[Target]) -> list[Failure]:
    """What is wrong with the op files and the signatures of the settings."""
    distinct = dict.fromkeys(target.settings for target in targets)
    found: dict[Failure, None] = {}
    for settings in distinct:
        if settings.op_files:
            from shapelint.rules.registry import names

            found |= dict.fromkeys(broken_ops(settings, names()))
        if settings.signatures:
            found |= dict.fromkeys(broken_signatures(settings))
    return list(found)


# Observing ----------------------------------------------------------------------------------------


def observe(
    task: Task, targets: Sequence[Target], cache: Cache, work: Work[T]
) -> tuple[list[str], list[Observed[T]], int]:
    """For each target its project's root and what `work` made of it, in the same order; and how many were not in the
    cache."""
    from shapelint.program.project import find_root

    roots = [find_root(target.absolute, target.top) for target in targets]
    jobs = [_job(root, target, task.text) for root, target in zip(roots, targets, strict=True)]
    keys = [
        (work.__name__, os.getcwd(), job.root, job.path, job.absolute, *job.src, "", *job.ops, repr(job.signatures))
        for job in jobs
    ]
    results: list[Observed[T] | None] = [_believed(cache.find(key), work) for key in keys]
    missing = [index for index, result in enumerate(results) if result is None]
    done = len(jobs) - len(missing)
    waiting = [jobs[index] for index in missing]
    workers = _workers(task.jobs, len(missing))
    passed: dict[str, tuple[str, ...]] = {}
    for job in jobs:
        passed[job.root] = (*passed.get(job.root, ()), job.path)
    for place, result in _observed(waiting, workers, passed, work):
        index = missing[place]
        results[index] = result
        if not any(one.kind == "internal" for one in result.failures):
            cache.store(keys[index], _rests_on(targets[index], result), replace(result, seconds=0.0))
        done += 1
        if task.progress is not None:
            task.progress(done, len(jobs))
    return roots, [result for result in results if result is not None], len(missing)


def _believed(found: Any, work: Work[T]) -> Observed[T] | None:
    """A result from the cache, if it is one that this work gives."""
    if not isinstance(found, Observed) or any(
        type(one).__name__ != _GIVES[work.__name__] for one in found.observations
    ):
        return None
    return found


_GIVES = {"observe_file": "Observations", "measure_file": "FileCoverage"}


def _job(root: str, target: Target, text: str | None) -> _Job:
    settings = target.settings
    return _Job(root, target.path, target.absolute, settings.src, settings.op_files, settings.signatures, text)


def _rests_on(target: Target, observed: Observed[Any]) -> dict[str, None]:
    """The files that a result rests on, and the folders they stand in: a new file there may be what an import means."""
    files = (target.absolute, *observed.files_read)
    return dict.fromkeys((*files, *map(os.path.dirname, files), *target.settings.op_files))


def _markers(target: Target) -> Iterator[str]:
    """What decides, by being there or not, where the project's root is."""
    from shapelint.program.project import _MARKERS

    folder = os.path.dirname(target.absolute)
    while True:
        for name in (*_MARKERS, "__init__.py"):
            yield os.path.join(folder, name)
        if folder == target.top or os.path.dirname(folder) == folder:
            return
        folder = os.path.dirname(folder)


def _workers(wanted: int | None, files: int) -> int:
    if files <= FEW or wanted == 1:
        return 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(wanted or cores, files)


def _observed(
    jobs: Sequence[_Job], workers: int, passed: dict[str, tuple[str, ...]], work: Work[T]
) -> Iterator[tuple[int, Observed[T]]]:
    """Each job's place and result, as they come."""
    if workers <= 1:
        _prepare(passed)
        for place, job in enumerate(jobs):
            yield place, work(job)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    left = dict.fromkeys(range(len(jobs)))
    try:
        with ProcessPoolExecutor(workers, initializer=_begin_worker, initargs=(passed,)) as pool:
            futures = {pool.submit(work, job): place for place, job in enumerate(jobs)}
            try:
                for future in as_completed(futures):
                    result = future.result()
                    place = futures[future]
                    del left[place]
                    yield place, result
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    except BrokenProcessPool:
        # A worker died (a crash in native code, or the system took its memory) and took the whole pool with it. What
        # is left is done one file at a time, so that the file to blame is known and loses nobody else's result.
        yield from _one_by_one(jobs, list(left), passed, work)


def _one_by_one(
    jobs: Sequence[_Job], places: Sequence[int], passed: dict[str, tuple[str, ...]], work: Work[T]
) -> Iterator[tuple[int, Observed[T]]]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    pool: ProcessPoolExecutor | None = None
    try:
        for place in places:
            pool = pool or ProcessPoolExecutor(1, initializer=_begin_worker, initargs=(passed,))
            try:
                result = pool.submit(work, jobs[place]).result()
            except BrokenProcessPool:
                pool.shutdown(wait=False)
                pool = None
                result = _internal(jobs[place].path, "the process that analysed this file was killed")
            yield place, result
    finally:
        if pool is not None:
            pool.shutdown()


_passed: dict[str, tuple[str, ...]] = {}
_projects: dict[tuple[object, ...], Project] = {}


def _prepare(passed: dict[str, tuple[str, ...]]) -> None:
    """Tells this process which files of each project were named, and forgets the projects of an earlier run."""
    _passed.clear()
    _passed.update(passed)
    _projects.clear()


def _begin_worker(passed: dict[str, tuple[str, ...]]) -> None:
    """Prepares a worker, which ends with the process that started it, however that ends: a worker that waits for work would wait for ever."""
    import multiprocessing
    import threading
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel

        def end_with_parent() -> None:
            wait([sentinel])
            os._exit(1)

        threading.Thread(target=end_with_parent, name="shapelint-parent", daemon=True).start()
    _prepare(passed)


def _project(job: _Job) -> Project:
    from shapelint.program.project import Project

    key = (job.root, job.src, job.ops, job.signatures)
    if key not in _projects:
        _projects[key] = Project(job.root, _passed.get(job.root, ()), job.src)
    return _projects[key]


@contextmanager
def _own_ops(job: _Job) -> Iterator[None]:
    """Within it, the ops are known that the user has for this file."""
    if not job.ops and not job.signatures:
        yield
        return
    from shapelint.ops.index import with_own
    from shapelint.ops.own import named
    from shapelint.ops.signatures import described

    with with_own({**named(job.ops), **described(job.signatures)}):
        yield


def observe_file(job: _Job) -> Observed[Observations]:
    """What one file gives the rules."""
    from shapelint.rules import observe

    return _guarded(job, observe)


def measure_file(job: _Job) -> Observed[FileCoverage]:
    """What was seen of one file."""
    from shapelint.interp.coverage import measure

    return _guarded(job, measure)


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Let the garbage collector look less often: what a reading makes lives about as long as the reading, and few of it refers to itself."""
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _guarded(job: _Job, look: Callable[[Project, LoadedModule], T]) -> Observed[T]:
    """What `look` makes of a file; any fault of shapelint's own becomes a failure of this file."""
    start = time.process_time()
    try:
        with _rarely_collected():
            result = _look(job, look)
    except Exception as error:
        if os.environ.get("SHAPELINT_TRACEBACK") == "1":
            raise
        result = _internal(job.path, f"internal error: {type(error).__name__}: {error}")
    return replace(result, seconds=time.process_time() - start)


def _look(job: _Job, look: Callable[[Project, LoadedModule], T]) -> Observed[T]:
    loaded, failures = _load(job)
    if not loaded:
        return Observed(job.path, failures=failures)
    from shapelint.source.depth import roomy

    project = _project(job)
    # What nests deeply enough to need a large stack is parsed on one, so it is read on one too.
    with _own_ops(job):
        observations = roomy(lambda: tuple(look(project, one) for one in loaded))
    failures = (*failures, *project.take_faults())
    read = dict.fromkeys(path for one in observations for path in one.files_read)
    return Observed(job.path, observations, failures, tuple(read))


def _load(job: _Job) -> tuple[tuple[LoadedModule, ...], tuple[Failure, ...]]:
    """The modules of one file: none if it cannot concern torch, one per block of a Markdown page."""
    from shapelint.program.project import concerns_torch

    source = _source(job.path, job.absolute, job.text)
    if isinstance(source, Failure):
        return (), (source,)
    if not concerns_torch(source.text):
        return (), ()
    project = _project(job)
    if not job.absolute.endswith(".md"):
        loaded = [project.load(job.absolute, job.text, job.path)]
    else:
        from shapelint.source.markdown import blocks

        loaded = [project.load_source(block) for block in blocks(source) if concerns_torch(block.text)]
    return (
        tuple(one for one in loaded if not isinstance(one, Failure)),
        tuple(one for one in loaded if isinstance(one, Failure)),
    )


def _source(path: str, absolute: str, text: str | None) -> Source | Failure:
    """The text of a file, or the one that stands for it, under the name that reports print."""
    from shapelint.source.text import from_text, read, read_text

    if text is not None:
        found = from_text(absolute, text)
    else:
        found = read_text(absolute) if absolute.endswith(".md") else read(absolute)
    if isinstance(found, Failure):
        return replace(found, location=replace(found.location, path=path))
    return replace(found, path=path)


def _internal(path: str, message: str) -> Observed[Any]:
    help = "please report it; SHAPELINT_TRACEBACK=1 shows where it happened"
    failure = Failure("internal", Location(path, 0, 0, 0, 0), message, help)
    return Observed(path, failures=(failure,))


# Judging ------------------------------------------------------------------------------------------


def _judge(
    targets: Sequence[Target], roots: Sequence[str], observed: Sequence[Observed[Observations]], text: str | None
) -> Verdict:
    """Judges the files of each project together, then applies suppressions and levels, and sorts."""
    failures = [failure for one in observed for failure in one.failures]
    groups: dict[str, list[int]] = {}
    for index, root in enumerate(roots):
        if observed[index].observations:
            groups.setdefault(root, []).append(index)
    paths = {target.path for target in targets}
    found: list[Diagnostic] = []
    withheld: list[Location] = []
    for root, members in groups.items():
        try:
            from shapelint.rules import judge

            settings = targets[members[0]].settings
            judgement = judge([one for index in members for one in observed[index].observations], settings)
            found += judgement.diagnostics
            withheld += [place for place in judgement.withheld if place.path in paths]
        except Exception as error:
            if os.environ.get("SHAPELINT_TRACEBACK") == "1":
                raise
            failures += _internal(os.path.relpath(root), f"internal error: {type(error).__name__}: {error}").failures
    found = [one for one in found if one.location.path in paths]
    found, suppressed = _suppress(found, targets, observed, text)
    diagnostics = _at_levels(found, targets) if found else []
    diagnostics.sort(key=lambda one: one.sort_key)
    failures.sort(key=lambda one: (one.location, one.kind, one.message))
    return Verdict(tuple(diagnostics), tuple(failures), suppressed, tuple(withheld))


def _suppress(
    found: Sequence[Diagnostic],
    targets: Sequence[Target],
    observed: Sequence[Observed[Observations]],
    text: str | None,
) -> tuple[list[Diagnostic], int]:
    """The findings that no comment suppresses, with those about comments that suppress nothing; how many it were."""
    from shapelint.rules.registry import rules
    from shapelint.source.suppressions import suppressions

    by_path: dict[str, list[Diagnostic]] = {}
    for one in found:
        by_path.setdefault(one.location.path, []).append(one)
    unused = rules().get(UNUSED)
    left: list[Diagnostic] = []
    suppressed = 0
    for target, result in zip(targets, observed, strict=True):
        if not result.observations:
            continue
        source = _source(target.path, target.absolute, text)
        if isinstance(source, Failure):
            continue
        known = suppressions(source)
        for one in by_path.get(target.path, ()):
            at = one.location
            if known.suppresses(one.rule, one.code, at.line, at.end_line):
                suppressed += 1
            else:
                left.append(one)
        if unused is not None and not result.failures:
            lines = source.text.split("\n")
            for idle in known.unused():
                at = Location(target.path, idle.line, idle.column, idle.line, idle.end_column)
                left.append(_unused_ignore(at, idle, lines[idle.line - 1], unused))
    return left, suppressed


UNUSED = "unused-ignore"


def _unused_ignore(at: Location, idle: Unused, line: str, rule: RuleInfo) -> Diagnostic:
    """A finding about a suppression, or some of its rules, that suppress nothing; its fix takes them out."""
    directive = line[at.column - 1 : at.end_column - 1]
    if idle.whole:
        message = "this comment suppresses nothing"
        before = line[: at.column - 1]
        after = line[at.end_column - 1 :]
        keeps_text = bool(after.strip()) and not after.lstrip().startswith("#")
        start = at.column if keeps_text else len(before.rstrip()) + 1
        edit = Edit(Location(at.path, at.line, start, at.line, at.end_column), "#" if keeps_text else "")
    else:
        listed = ", ".join(f"`{name}`" for name in idle.rules)
        message = f"this comment suppresses no {listed}"
        head, names = _listed_names(directive)
        kept = ", ".join(name for name in names if name not in idle.rules)
        edit = Edit(at, f"{head}{kept}{']' if directive.endswith(']') else ''}")
    fix = Fix("remove what suppresses nothing", "safe", (edit,))
    subject = " ".join(idle.rules) or directive
    return Diagnostic(at, rule.name, rule.code, rule.severity, message, help=fix.message, fix=fix, subject=subject)


def _listed_names(directive: str) -> tuple[str, list[str]]:
    """`# shapelint: ignore[a, b]` as what stands before its list, and the list."""
    start = directive.index("[" if directive.endswith("]") else ":") + 1
    rest = directive[start:]
    head = directive[:start] + rest[: len(rest) - len(rest.lstrip())]
    return head, [name for name in re.split(r"[,\s]+", rest.rstrip("]")) if name]


def _at_levels(found: Iterable[Diagnostic], targets: Sequence[Target]) -> list[Diagnostic]:
    from shapelint.rules.registry import rules

    known = rules()
    governing = {target.path: target for target in targets}
    levels: dict[str, dict[str, str]] = {}
    shown = []
    for one in found:
        path = one.location.path
        target = governing[path]
        if path not in levels:
            levels[path] = levels_for(target.settings, target.absolute)
        info = known.get(one.rule)
        if info is not None and info.preview and not target.settings.preview and one.rule not in levels[path]:
            continue
        level = levels[path].get(one.rule, levels[path].get("all"))
        usual = info.severity if info is not None else one.severity
        severity = severity_at(one.severity, usual, level, target.settings.show_info)
        if severity is not None:
            shown.append(one if severity == one.severity else replace(one, severity=severity))
    return shown


def severity_at(found: str, usual: str, level: str | None, show_info: bool) -> Any:
    """The severity at which a finding is shown, None if it is not.

    `found` is its own severity, `usual` that of its rule, `level` what the user set: a severity, "off", "default" (the
    rule was asked for by name), or None. A finding that is weaker than its rule's usual ones is never raised.
    """
    if level == "off":
        return None
    if level is None or level == "default":
        return found if found != "info" or show_info or level == "default" else None
    if level != "info" and SEVERITY_ORDER[found] < SEVERITY_ORDER[usual]:
        level = min(found, level, key=SEVERITY_ORDER.__getitem__)
        return level if level != "info" or show_info else None
    return level


# For other commands and for reports -----------------------------------------------------------------


def coverage(task: Task) -> tuple[list[FileCoverage], list[Failure]]:
    """What was seen of every file that the task names, in their order."""
    targets, failures = _targets(task)
    failures += [*task.configuration.failures, *_untrusted_ops(targets)]
    broken = _broken_ops(targets)
    if broken:
        return [], [*failures, *broken]
    cache, outside = _cache(task, targets)
    failures += outside
    _, observed, _ = observe(task, targets, cache, measure_file)
    failures += [failure for one in observed for failure in one.failures]
    return [one for result in observed for one in result.observations], failures


def shown(task: Task) -> tuple[list[Shown], list[Failure]]:
    """The shapes of every tensor expression of the files that the task names, and what their classes ask, file by file in their order."""
    from shapelint.interp import show

    return each(task, show.shown)


def each(task: Task, read: Callable[[Project, LoadedModule], Iterable[Any]]) -> tuple[list[Any], list[Failure]]:
    """All that a reader of the caller's own gives for the files that the task names, in their order."""
    from shapelint.program.project import find_root
    from shapelint.source.depth import roomy

    targets, failures = _targets(task)
    failures += [*task.configuration.failures, *_untrusted_ops(targets)]
    broken = _broken_ops(targets)
    if broken:
        return [], [*failures, *broken]
    found: list[Any] = []
    _prepare({})
    for target in targets:
        root = find_root(target.absolute, target.top)
        job = _job(root, target, task.text)
        try:
            loaded, failed = _load(job)
            failures += failed
            with _own_ops(job):
                for one in loaded:
                    found += roomy(partial(read, _project(job), one))
            failures += _project(job).take_faults()
        except Exception as error:
            if os.environ.get("SHAPELINT_TRACEBACK") == "1":
                raise
            failures += _internal(target.path, f"internal error: {type(error).__name__}: {error}").failures
    return found, failures


def verified(task: Task, outcome: Outcome) -> tuple[Diagnostic, ...]:
    """The diagnostics of an outcome with what torch says of each. The files that they come from are read once more, to
    know the calls that each rests on. Raises ModuleNotFoundError where there is no torch."""
    from shapelint.reference import recording, replay
    from shapelint.source.depth import roomy

    if not outcome.diagnostics:
        return ()
    targets, _ = _targets(task)
    observed: Sequence[Observed[Observations]] = outcome.observed
    if len(observed) != len(targets):
        _, observed, _ = observe(task, targets, _cache(task, targets)[0], observe_file)
    roots = [_root(target) for target in targets]
    passed: dict[str, tuple[str, ...]] = {}
    for root, target in zip(roots, targets, strict=True):
        passed[root] = (*passed.get(root, ()), target.path)
    _prepare(passed)
    found: list[recording.Recording] = []
    for root, target, one in zip(roots, targets, observed, strict=True):
        findings = [finding for seen in one.observations for finding in seen.findings]
        if not any(recording.tells(diagnostic, f) for diagnostic in outcome.diagnostics for f in findings):
            continue
        job = _job(root, target, task.text)
        loaded, _ = _load(job)
        with _own_ops(job):
            for module in loaded:
                readings = roomy(partial(recording.record, _project(job), module))
                found += [reading for reading in readings if reading.faults]
    return tuple(replay.verify(outcome.diagnostics, found))


def _root(target: Target) -> str:
    from shapelint.program.project import find_root

    return find_root(target.absolute, target.top)


class Sources:
    """The texts of the files that locations name, for reports; each is read once. Unreadable files have no lines."""

    def __init__(self, task: Task | None = None) -> None:
        self._known: dict[str, Source | Failure] = {}
        self._task = task

    def lines(self, path: str) -> Sequence[str]:
        """The lines that locations in `path` count, without their ends."""
        source = self._source(path)
        return () if isinstance(source, Failure) else source.text.split("\n")

    def cell(self, path: str, line: int) -> tuple[int, int] | None:
        """The cell and the line in it where `path` is a notebook, else None."""
        if not path.endswith(".ipynb"):
            return None
        source = self._source(path)
        if isinstance(source, Failure):
            return None
        cell, inside = source.origin(line)
        return None if cell is None else (cell, inside)

    def _source(self, path: str) -> Source | Failure:
        if path not in self._known:
            task = self._task
            text = task.text if task is not None and path in task.paths else None
            self._known[path] = _source(path, os.path.abspath(path), text)
        return self._known[path]
