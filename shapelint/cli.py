"""The command line: what the user may say, and which part of the house does it.

Nothing heavy is imported at the top: `--version` must not load argparse, and a cached run neither libcst nor torch.

Exit codes: 0 nothing at or above `error` (`--error-on-warning`: `warning`), 1 findings, 2 the tool could not do its
work, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import argparse

    from shapelint import run
    from shapelint.config import Configuration, Settings
    from shapelint.diagnostics import Failure
    from shapelint.fixes import Change
    from shapelint.ops.contract import Op
    from shapelint.reference.comparison import Comparison
    from shapelint.report import Report, RuleInfo

COMMANDS = {
    "check": "check files and folders (what `shapelint PATH` does)",
    "show": "print the shape of every tensor expression",
    "explain": "print the page of a rule, or list the rules",
    "coverage": "tell what was not understood, and why",
    "lstm": "print the shapes inside an LSTM, gate by gate",
    "validate": "hold your own ops against the functions that they describe",
    "lsp": "serve an editor",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a path or a source line may not fit the terminal's encoding
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough. Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as stop:  # argparse: 0 after --help, 2 after a usage error
        return stop.code if isinstance(stop.code, int) else 2
    except Exception as error:
        if os.environ.get("SHAPELINT_TRACEBACK") == "1":
            raise
        _say(f"internal error: {type(error).__name__}: {error} (SHAPELINT_TRACEBACK=1 shows where)")
        return 2


def _dispatch(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        from shapelint import __version__

        print(f"shapelint {__version__}")
        return 0
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(_usage())
        return 0
    command = arguments[0] if arguments and arguments[0] in COMMANDS else "check"
    rest = arguments[1:] if arguments and arguments[0] in COMMANDS else arguments
    if command == "check":
        return _check(rest)
    if command == "show":
        return _show(rest)
    if command == "explain":
        return _explain(rest)
    if command == "coverage":
        return _coverage(rest)
    if command == "validate":
        return _validate(rest)
    return _delegate(command, rest)


def _usage() -> str:
    width = max(map(len, COMMANDS))
    commands = "".join(f"  {name:{width}}  {what}\n" for name, what in COMMANDS.items())
    return (
        "Finds the lines of PyTorch code where tensor shapes cannot fit, or fit but mean the wrong thing.\n\n"
        "usage: shapelint [check] [OPTIONS] [PATH ...]\n"
        "       shapelint COMMAND [OPTIONS] ...\n\n"
        f"commands:\n{commands}\n"
        "`shapelint COMMAND --help` tells the options of a command; `shapelint --version` the version.\n"
    )


# check --------------------------------------------------------------------------------------------


def _check_parser() -> argparse.ArgumentParser:
    import argparse

    from shapelint.config import FORMATS

    parser = argparse.ArgumentParser(
        prog="shapelint check",
        description="Check files and folders; without PATH the current folder, with `-` standard input.",
        epilog="Exit codes: 0 no findings at or above `error`, 1 findings, 2 something could not be checked.",
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; `-` reads standard input")
    _add_selection(parser)
    what = parser.add_argument_group("rules")
    what.add_argument(
        "--rule", action="append", default=[], metavar="NAME=LEVEL", help="set a level: error, warning, info or off"
    )
    what.add_argument("--select", action="append", default=[], metavar="NAMES", help="report these rules alone")
    what.add_argument("--ignore", action="append", default=[], metavar="NAMES", help="do not report these rules")
    what.add_argument("--show-info", action="store_true", help="report findings of severity info too")
    what.add_argument("--preview", action="store_true", help="report rules that are in preview")
    what.add_argument("--error-on-warning", action="store_true", help="exit with 1 on warnings too")

    out = parser.add_argument_group("output")
    out.add_argument("--output-format", choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS))
    out.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="[FORMAT:]FILE",
        help="write a report to a file as well; may be repeated",
    )
    _add_manners(out)
    out.add_argument("--statistics", action="store_true", help="count the findings of each rule (on stderr)")

    mend = parser.add_argument_group("fixes and known findings")
    mend.add_argument("--fix", action="store_true", help="apply safe fixes")
    mend.add_argument("--unsafe-fixes", action="store_true", help="with --fix or --diff: unsafe ones too")
    mend.add_argument("--diff", action="store_true", help="print what --fix would change, and change nothing")
    mend.add_argument("--add-ignore", action="store_true", help="write `# shapelint: ignore[...]` for every finding")
    mend.add_argument("--baseline", metavar="FILE", help="known findings that are not reported again")
    mend.add_argument("--write-baseline", action="store_true", help="take all findings into the baseline")
    mend.add_argument("--fail-on-stale", action="store_true", help="exit with 1 if the baseline knows mended findings")

    proof = parser.add_argument_group("proof (needs torch: `pip install shapelint[torch]`)")
    proof.add_argument("--verify", action="store_true", help="replay each finding's ops in torch")
    proof.add_argument("--witness", metavar="DIR", help="write a program that shows each finding; implies --verify")
    return parser


def _add_selection(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group("files and settings")
    files.add_argument("--config", metavar="FILE", help="read the settings from this file alone")
    files.add_argument("--isolated", action="store_true", help="read no settings file at all")
    _add_trust(files)
    files.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="leave out, as extend-exclude")
    files.add_argument("--force-exclude", action="store_true", help="leave out excluded files even if they are named")
    files.add_argument("--no-respect-gitignore", action="store_true", help="check what git ignores too")
    files.add_argument("--stdin-filename", metavar="PATH", help="the name of what is read from standard input")
    files.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")
    files.add_argument("--cache-dir", metavar="DIR", help="where results are kept between runs")
    files.add_argument(
        "--jobs", type=_positive, metavar="N", help="how many processes may work (default: one per core)"
    )


def _add_trust(group: Any) -> None:
    from argparse import BooleanOptionalAction

    group.add_argument(
        "--trust-ops",
        action=BooleanOptionalAction,
        help="run the op files (Python) that the settings name, or go without them",
    )


def _add_manners(group: Any) -> None:
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colours (default: auto)")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary")
    group.add_argument("-v", "--verbose", action="store_true", help="tell what was done")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _configuration(args: argparse.Namespace) -> Configuration:
    """The settings that the command line asks for; raises `ConfigurationError` where it contradicts itself."""
    from shapelint.config import Configuration

    overrides: dict[str, Any] = {}
    levels = _levels(args)
    if levels:
        overrides["command_line_rules"] = levels
    for field in ("force_exclude", "show_info", "preview", "error_on_warning"):
        if getattr(args, field, False):
            overrides[field] = True
    if args.no_respect_gitignore:
        overrides["respect_gitignore"] = False
    if args.exclude:
        overrides["extend_exclude"] = tuple(args.exclude)
    if args.trust_ops is not None:
        overrides["trust_ops"] = args.trust_ops
    if args.cache_dir:
        overrides["cache_dir"] = os.path.abspath(args.cache_dir)
    if getattr(args, "output_format", None):
        overrides["output_format"] = args.output_format
    if getattr(args, "baseline", None):
        overrides["baseline"] = os.path.abspath(args.baseline)
    return Configuration(args.config, args.isolated, overrides)


def _levels(args: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    from shapelint.config import LEVELS, ConfigurationError, did_you_mean

    levels: list[tuple[str, str]] = []
    selected = _names(getattr(args, "select", []))
    if selected:
        levels.append(("all", "off"))
        levels += [(name, "default") for name in selected]
    levels += [(name, "off") for name in _names(getattr(args, "ignore", []))]
    for setting in getattr(args, "rule", []):
        name, equals, level = setting.partition("=")
        if not equals or level not in LEVELS:
            help = did_you_mean(level, LEVELS) or "such as `--rule linear-in-features=warning`"
            raise ConfigurationError(_usage_failure(f"`--rule {setting}` is not NAME=LEVEL", help))
        levels.append((name, level))
    return tuple(levels)


def _names(values: Sequence[str]) -> list[str]:
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _usage_failure(message: str, help: str = "") -> Failure:
    from shapelint.diagnostics import Failure, Location

    return Failure("usage", Location("", 0, 0, 0, 0), message, help)


def _check(arguments: list[str]) -> int:
    from dataclasses import replace

    from shapelint import run
    from shapelint.config import ConfigurationError, Settings

    args = _check_parser().parse_intermixed_args(arguments)
    base = Settings(folder=os.getcwd(), output_format=args.output_format or "full")
    outputs: list[tuple[str | None, str]] = []
    task = None
    lately = _Late()
    try:
        outputs = [_output(one, args.output_format) for one in args.output]
        _reject_contradictions(args)
        configuration = _configuration(args)
        here = configuration.of(os.getcwd())
        base = here if isinstance(here, Settings) else base
        task = _task(args, configuration)
        outcome = run.check(task)
        if args.fix or args.diff:
            outcome = _fix(task, outcome, args, lately)
        outcome = _with_baseline(outcome, args, base, lately)
        if args.verify or args.witness:
            outcome = _verified(task, outcome, args.witness, lately)
        if args.add_ignore:
            outcome = _add_ignore(task, outcome, lately)
    except ConfigurationError as error:
        outcome = run.Outcome(failures=(error.failure,))
    report = _report(outcome, args, run.Sources(task), lately.baselined)
    code = 2 if report.failures else max(lately.code, _exit_code(report, base))
    for chosen, path in outputs:
        code = max(code, _write_report(report, chosen or base.output_format, path))
    if args.diff:
        report = replace(report, diagnostics=())  # stdout holds the diff; what failed must be told all the same
    if not args.diff or report.failures:
        from shapelint.report import render

        sys.stdout.write(render(report, base.output_format))
    sys.stdout.flush()
    if not args.quiet:
        _summary(outcome, report, args)
        for line in lately.told:
            _say(line)
    return code


class _Late:
    """What the steps after the check have to say: lines for the summary, an exit code, findings in the baseline."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.code = 0
        self.baselined = 0


def _reject_contradictions(args: argparse.Namespace) -> None:
    from shapelint.config import ConfigurationError

    writes = [name for name in ("fix", "add_ignore", "write_baseline") if getattr(args, name)]
    flags = ["--" + name.replace("_", "-") for name in writes]
    if args.diff and args.add_ignore | args.write_baseline:
        raise ConfigurationError(_usage_failure(f"`--diff` changes nothing, so it excludes `{flags[-1]}`"))
    if writes and "-" in args.paths:
        raise ConfigurationError(_usage_failure(f"`{flags[0]}` needs files; standard input cannot be changed"))
    if args.unsafe_fixes and not (args.fix or args.diff):
        raise ConfigurationError(_usage_failure("`--unsafe-fixes` goes with `--fix` or `--diff`"))


ROUNDS = 10
"""A fix may make room for another one; after so many rounds what is left is reported."""


def _fix(task: run.Task, outcome: run.Outcome, args: argparse.Namespace, lately: _Late) -> run.Outcome:
    """Applies fixes until there are none, or prints what the first round would change."""
    from shapelint import fixes, run

    applied = 0
    refused: dict[str, None] = {}
    linked = _linked(outcome)
    for _ in range(ROUNDS):
        absolute = {target.path: target.absolute for target in outcome.targets if target.path not in linked}
        chosen = fixes.chosen(outcome.diagnostics, args.unsafe_fixes)
        if not chosen:
            break
        changes, left = fixes.changes(chosen, absolute)
        refused |= dict.fromkeys(left)
        if args.diff:
            for change in changes:
                sys.stdout.write(fixes.diff(change))
            lately.code = int(bool(changes))
            break
        written = sum(_written(change) for change in changes)
        if not written:
            break
        applied += written
        outcome = run.check(task)
    for path in refused:
        lately.told.append(f"left {path} alone: its fixes cannot be written back")
    for one in outcome.diagnostics:
        if one.fix is not None and one.location.path in linked:
            _say_once(lately, f"left {one.location.path} alone: it is a link that leads out of the tree")
    if applied:
        lately.told.append(f"applied {_count(applied, 'fix', 'fixes')}")
    return outcome


def _linked(outcome: run.Outcome) -> set[str]:
    """The files that are links out of the tree, which nothing is written through."""
    from shapelint.surroundings import leads_out

    return {target.path for target in outcome.targets if leads_out(target.absolute, target.top)}


def _say_once(lately: _Late, line: str) -> None:
    if line not in lately.told:
        lately.told.append(line)


def _written(change: Change) -> int:
    """How many fixes went into the file."""
    from shapelint import fixes

    try:
        fixes.write(change)
    except OSError as error:
        _say(f"cannot write {change.path}: {error.strerror}")
        return 0
    return change.count


def _add_ignore(task: run.Task, outcome: run.Outcome, lately: _Late) -> run.Outcome:
    """Writes a comment for every finding that is left, and checks again."""
    from shapelint import fixes, run

    linked = _linked(outcome)
    for path in sorted({one.location.path for one in outcome.diagnostics} & linked):
        lately.told.append(f"left {path} alone: it is a link that leads out of the tree")
    theirs = [one for one in outcome.diagnostics if one.location.path not in linked]
    wanted, impossible = fixes.ignoring(theirs, run.Sources(task).lines)
    absolute = {target.path: target.absolute for target in outcome.targets}
    changes, refused = fixes.changes(wanted, absolute)
    written = sum(_written(change) for change in changes)
    lately.told.append(f"wrote {_count(written, 'comment')}")
    if impossible or refused:
        lately.told.append("some findings stand where no comment can be written")
    return run.check(task)


def _with_baseline(outcome: run.Outcome, args: argparse.Namespace, base: Settings, lately: _Late) -> run.Outcome:
    """The outcome without the findings that the baseline knows; writes the baseline if that is asked for."""
    from dataclasses import replace

    from shapelint import baseline
    from shapelint.config import ConfigurationError
    from shapelint.diagnostics import Failure

    name = base.baseline or (baseline.DEFAULT_NAME if args.write_baseline else None)
    if name is None:
        if args.fail_on_stale:
            raise ConfigurationError(_usage_failure("`--fail-on-stale` needs a baseline"))
        return outcome
    path = os.path.relpath(os.path.join(base.folder, name))
    known = baseline.read(path, missing_ok=args.write_baseline)
    if isinstance(known, Failure):
        raise ConfigurationError(known)
    checked = [target.path for target in outcome.targets]
    if args.write_baseline:
        known = known.updated(outcome.diagnostics, checked)
        try:
            known.write()
        except OSError as error:
            raise ConfigurationError(_usage_failure(f"cannot write {path}: {error.strerror}")) from None
        lately.told.append(f"wrote {_count(len(outcome.diagnostics), 'finding')} to {path}")
    stale = known.stale(outcome.diagnostics, checked)
    for key in stale:
        lately.told.append(f"the baseline knows a mended finding: {key[0]} [{key[1]}] {key[2]} {key[3]}".rstrip())
    if stale and args.fail_on_stale:
        lately.code = 1
    new, old = known.split(outcome.diagnostics)
    lately.baselined = len(old)
    return replace(outcome, diagnostics=tuple(new))


def _verified(task: run.Task, outcome: run.Outcome, witness: str | None, lately: _Late) -> run.Outcome:
    """The outcome with what torch said about each finding; those that it refutes are withheld and counted."""
    from dataclasses import replace

    from shapelint import run
    from shapelint.config import ConfigurationError

    missing = _without_torch("--verify")
    if missing is not None:
        return replace(outcome, failures=(*outcome.failures, missing))
    if not outcome.diagnostics:
        return outcome
    from shapelint.reference import scripts

    told = run.verified(task, outcome)
    refuted = [one for one in told if one.witness is not None and one.witness.verdict == "refuted"]
    kept = tuple(one for one in told if one not in refuted)
    confirmed = sum(one.witness is not None and one.witness.verdict == "confirmed" for one in kept)
    lately.told.append(
        f"torch shows {confirmed} of {_count(len(told), 'finding')} on the shapes inferred; that the program makes these it does not see"
    )
    for one in refuted:
        at = one.location
        lately.told.append(
            f"withheld {at.path}:{at.line}:{at.column} [{one.rule}], which torch refutes: a fault of shapelint; "
            f"please report it with that line, the layers it uses and this: {one.message}"
        )
    if witness is not None:
        try:
            written = scripts.write(kept, witness)
        except OSError as error:
            raise ConfigurationError(_usage_failure(f"cannot write {error.filename}: {error.strerror}")) from None
        lately.told.append(f"wrote {_count(len(written), 'witness', 'witnesses')} to {witness}")
    return replace(outcome, diagnostics=kept, refuted=len(refuted))


def _without_torch(option: str, module: str = "shapelint.reference.replay") -> Failure | None:
    """What to tell where an option or command needs torch and there is none; `module` is what does it."""
    import importlib

    help = "pip install 'shapelint[torch]'"
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "shapelint":
            return _usage_failure(f"`{option}` is not part of this build")
        return _usage_failure(f"`{option}` needs {error.name}", help)
    except OSError as error:
        return _usage_failure(f"`{option}` needs torch, which cannot be loaded: {error}", help)
    return None


def _task(args: argparse.Namespace, configuration: Configuration) -> run.Task:
    from shapelint import run
    from shapelint.config import ConfigurationError

    text = None
    paths = tuple(args.paths)
    if "-" in paths:
        if len(paths) > 1:
            raise ConfigurationError(_usage_failure("`-` stands alone: standard input is one file"))
        paths = (args.stdin_filename or "stdin.py",)
        text = _standard_input()
    elif args.stdin_filename:
        raise ConfigurationError(_usage_failure("`--stdin-filename` goes with `-` as the path"))
    progress = None if args.quiet or not sys.stderr.isatty() else _Progress()
    return run.Task(paths, configuration, text, args.jobs, not args.no_cache, progress)


def _standard_input() -> str:
    from shapelint.config import ConfigurationError

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(_usage_failure("standard input is not UTF-8")) from None


class _Progress:
    """A line on a terminal's stderr, from the second second on, wiped before anything else is printed there."""

    def __init__(self) -> None:
        import time

        self._clock = time.monotonic
        self._next = self._clock() + 1.0

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        if done == total:
            sys.stderr.write("\r\x1b[K")
        elif now >= self._next:
            self._next = now + 0.1
            sys.stderr.write(f"\r\x1b[Kchecking: {done} of {total} files")
        else:
            return
        sys.stderr.flush()


def _output(value: str, output_format: str | None) -> tuple[str | None, str]:
    """`-o [FORMAT:]FILE`: the format (None: the run's own) and the file."""
    from shapelint.config import FORMATS, ConfigurationError

    head, colon, rest = value.partition(":")
    if colon and head in FORMATS:
        if not rest:
            raise ConfigurationError(_usage_failure(f"`-o {value}` names no file"))
        return head, rest
    endings = {".sarif": "sarif", ".xml": "junit", ".jsonl": "json-lines", ".json": "json"}
    return endings.get(os.path.splitext(value)[1]) if output_format is None else None, value


def _write_report(report: Report, output_format: str, path: str) -> int:
    from dataclasses import replace

    from shapelint.report import render

    text = render(replace(report, color=False, width=140), output_format)
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        _say(f"cannot write {path}: {error.strerror}")
        return 2
    return 0


def _report(outcome: run.Outcome, args: argparse.Namespace, sources: run.Sources, baselined: int) -> Report:
    from shapelint.report import Report

    return Report(
        diagnostics=outcome.diagnostics,
        failures=outcome.failures,
        checked=len(outcome.targets),
        suppressed=outcome.suppressed,
        baselined=baselined,
        refuted=outcome.refuted,
        withheld=len(outcome.withheld),
        lines=sources.lines,
        cell=sources.cell,
        rules=_rules,
        page=_page,
        color=_color(args.color, sys.stdout),
        width=_width(),
    )


def _rules() -> Mapping[str, RuleInfo]:
    from shapelint.rules.registry import rules

    return rules()


def _page(rule: str) -> str:
    """The Markdown page of a rule, "" if there is none."""
    import shapelint

    path = os.path.join(os.path.dirname(shapelint.__file__), "rules", rule.replace("-", "_") + ".md")
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def _exit_code(report: Report, settings: Settings) -> int:
    if report.failures:
        return 2
    return int(bool(report.count("error") or (settings.error_on_warning and report.count("warning"))))


def _color(choice: str, stream: TextIO) -> bool:
    """https://no-color.org and https://force-color.org; the option wins over both."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _width() -> int:
    """The columns that a report for people may use: the terminal's, or 140 where there is none."""
    if not sys.stdout.isatty():
        return 140
    import shutil

    return max(shutil.get_terminal_size().columns, 60)


def _summary(outcome: run.Outcome, report: Report, args: argparse.Namespace) -> None:
    if args.statistics:
        for line in _statistics(report):
            _say(line)
    if args.verbose:
        for line in _story(outcome):
            _say(line)
    parts = [
        _count(report.count(severity), noun)
        for severity, noun in (("error", "error"), ("warning", "warning"), ("info", "info finding"))
        if report.count(severity)
    ]
    files = _count(report.checked, "file")
    if not report.checked and not report.failures:
        _say("no files to check")
    else:
        told = f"found {_listed(parts)} in {files}" if parts else f"found nothing in {files}"
        if report.failures:
            told += f", {_count(len(report.failures), 'failure')}"
        if report.suppressed:
            told += f", {report.suppressed} suppressed"
        if report.baselined:
            told += f", {report.baselined} in the baseline"
        _say(told)
    fixable = sum(one.fix is not None and one.fix.applicability == "safe" for one in report.diagnostics)
    if fixable and not args.fix:
        _say(f"{fixable} fixable with `--fix`")


def _story(outcome: run.Outcome) -> list[str]:
    """What was done, for `--verbose`."""
    sources = dict.fromkeys(target.settings.source for target in outcome.targets)
    lines = [f"settings from {source or 'the defaults'}" for source in sources]
    lines += [f"project {root}" for root in outcome.roots]
    analysed = _count(outcome.analysed, "file")
    lines.append(f"{analysed} analysed, {len(outcome.targets) - outcome.analysed} taken from the cache")
    for at in outcome.withheld:
        lines.append(
            f"{at.path}:{at.line}: an error is withheld, since a call with known shapes goes well: please report it"
        )
    lines.append(f"{_count(len(outcome.withheld), 'error')} withheld")
    if outcome.seconds:
        path, seconds = max(outcome.seconds, key=lambda one: one[1])
        lines.append(f"slowest: {path}, {seconds:.1f} s")
    return lines


def _statistics(report: Report) -> list[str]:
    counts: dict[tuple[str, str], int] = {}
    for one in report.diagnostics:
        key = (one.rule, one.code)
        counts[key] = counts.get(key, 0) + 1
    width = max((len(str(count)) for count in counts.values()), default=0)
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [f"{count:>{width}}  {code}  {rule}" for (rule, code), count in ordered]


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(", ".join(parts).rsplit(", ", 1))


def _say(text: str) -> None:
    from shapelint.report.terminal import printable

    print(f"shapelint: {printable(text)}", file=sys.stderr)


# The other commands -------------------------------------------------------------------------------


def _parser(command: str, **more: Any) -> argparse.ArgumentParser:
    import argparse

    return argparse.ArgumentParser(
        prog=f"shapelint {command}", description=COMMANDS[command].capitalize() + ".", allow_abbrev=False, **more
    )


def _show(arguments: list[str]) -> int:
    parser = _parser("show")
    parser.add_argument("paths", nargs="+", metavar="FILE", help="files or folders; `-` reads standard input")
    parser.add_argument("--output-format", choices=("text", "json"), default="text")
    parser.add_argument("--verify", action="store_true", help="hold every shape against torch (`shapelint[torch]`)")
    _add_selection(parser)
    _add_manners(parser)
    args = parser.parse_args(arguments)

    from shapelint import run
    from shapelint.config import ConfigurationError

    task = None
    comparison = None
    try:
        configuration = _configuration(_without_format(args))
        task = _task(args, configuration)
        shown, failures = run.shown(task)
        missing = _without_torch("--verify") if args.verify else None
        if missing is not None:
            failures.append(missing)
        elif args.verify:
            from functools import partial

            from shapelint.reference import comparison as held_against_torch
            from shapelint.reference.recording import record

            recorded, _ = run.each(task, partial(record, exact=True))
            comparison = held_against_torch.compare(recorded)
    except ConfigurationError as error:
        shown, failures = [], [error.failure]
    if args.output_format == "json":
        from shapelint.report import show_json

        text = show_json.render(shown, failures, comparison)
    else:
        from shapelint.report import show_text

        text = show_text.render(shown, failures, run.Sources(task).lines, _color(args.color, sys.stdout))
    sys.stdout.write(text)
    if not args.quiet and not any(one.expressions for one in shown) and not failures:
        _say("no tensor expressions")
    if comparison is not None and not args.quiet:
        for line in _compared(comparison):
            _say(line)
    return 2 if failures else int(comparison is not None and bool(comparison.disagreements))


def _compared(comparison: Comparison) -> Iterator[str]:
    """What `show --verify` has to say on stderr."""
    for one in comparison.disagreements:
        at = one.location
        yield f"{at.path}:{at.line}:{at.column}: `{one.text}`: {one.said}"
    disagree = _count(len(comparison.disagreements), "expression")
    yield f"torch {comparison.torch} agrees with {_count(comparison.agreed, 'call')} and disagrees at {disagree}"
    for reason, count in comparison.skipped.items():
        yield f"{_count(count, 'call')} not repeated: {reason}"


def _without_format(args: argparse.Namespace) -> argparse.Namespace:
    """`show` has formats of its own, which are no setting."""
    import argparse

    return argparse.Namespace(**{key: value for key, value in vars(args).items() if key != "output_format"})


def _explain(arguments: list[str]) -> int:
    parser = _parser("explain")
    parser.add_argument("rule", nargs="?", metavar="RULE", help="a name (linear-in-features) or a code (SHP201)")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    args = parser.parse_args(arguments)
    known = _rules()
    if args.rule is None:
        width = max(map(len, known), default=0)
        for name, rule in sorted(known.items()):
            print(f"{name:{width}}  {rule.code}  {rule.severity:7}  {rule.summary}")
        return 0
    names = {rule.code.lower(): name for name, rule in known.items()}
    name = names.get(args.rule.lower(), args.rule.lower())
    if name not in known:
        from shapelint.config import did_you_mean

        near = did_you_mean(name, [*known, *names])
        _say(f"unknown rule `{args.rule}`" + (f"; {near}" if near else "; `shapelint explain` lists the rules"))
        return 2
    from shapelint.report import page

    sys.stdout.write(page.render(_page(name), _color(args.color, sys.stdout)))
    return 0


def _coverage(arguments: list[str]) -> int:
    parser = _parser("coverage", epilog="Exit codes: 0, 1 below `--fail-under`, 2 something could not be read.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the current folder)")
    parser.add_argument("--output-format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--fail-under",
        type=_percentage,
        metavar="N",
        help="exit with 1 if less than N %% of the tensor expressions have a full shape",
    )
    _add_selection(parser)
    _add_manners(parser)
    args = parser.parse_args(arguments)

    from shapelint import run
    from shapelint.config import ConfigurationError

    try:
        configuration = _configuration(_without_format(args))
        files, failures = run.coverage(_task(args, configuration))
    except ConfigurationError as error:
        files, failures = [], [error.failure]
    from shapelint.report.coverage import share

    if args.output_format == "json":
        from shapelint.report import coverage_json

        text = coverage_json.render(files, failures)
    else:
        from shapelint.report import coverage_text

        text = coverage_text.render(files, _color(args.color, sys.stdout))
    sys.stdout.write(text)
    for one in failures:
        from shapelint.report.concise import failure_line

        _say(failure_line(one))
    if failures:
        return 2
    reached = share(files)
    if args.fail_under is not None and reached is not None and reached < args.fail_under:
        _say(f"{reached:.1f}% of the tensor expressions have a full shape, less than {args.fail_under:g}%")
        return 1
    return 0


def _percentage(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 100:
        raise ValueError
    return number


def _validate(arguments: list[str]) -> int:
    parser = _parser(
        "validate", epilog="Exit codes: 0 all agree, 1 one does not, 2 an op cannot be held against anything."
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="op files (default: those that the configuration names)"
    )
    parser.add_argument(
        "--samples", type=_positive, default=200, metavar="N", help="calls of each verdict (default: 200)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="draw other calls (default: 0)")
    _add_trust(parser)
    args = parser.parse_args(arguments)

    from shapelint.config import Configuration, ConfigurationError
    from shapelint.report.concise import failure_line

    try:
        trust = {} if args.trust_ops is None else {"trust_ops": args.trust_ops}
        ops, search = _own_ops(args.files, Configuration(overrides=trust))
        missing = _without_torch("validate", "shapelint.reference.validate")
        if missing is not None:
            raise ConfigurationError(missing)
    except ConfigurationError as error:
        _say(failure_line(error.failure))
        return 2
    from shapelint.ops.index import with_own
    from shapelint.reference.validate import CannotProve, prove, render

    modules = dict.fromkeys(name.rpartition(".")[0] for name in ops)
    _say(f"imports {_listed(list(modules))}, from {_listed([os.path.relpath(folder) for folder in search])} first")
    try:
        with with_own(ops):
            proofs = prove(dict.fromkeys(ops.values()), args.samples, args.seed, search)
    except CannotProve as error:
        _say(str(error))
        return 2
    print(render(proofs))
    return int(not all(proof.holds for proof in proofs))


def _own_ops(given: Sequence[str], configuration: Configuration) -> tuple[dict[str, Op], list[str]]:
    """The ops to look at by their names, in order, and the folders in which what they describe is looked for. Raises ConfigurationError where
    one cannot be used."""
    from shapelint.config import ConfigurationError, Settings, broken_ops, broken_signatures
    from shapelint.ops.own import named
    from shapelint.ops.signatures import described
    from shapelint.rules.registry import names

    chosen = Settings(os.getcwd(), ops=tuple(map(os.path.abspath, given)), trust_ops=True)
    search = {os.getcwd(): None}
    for folder in [os.path.dirname(os.path.abspath(one)) for one in given] or [os.getcwd()]:
        settings = configuration.of(folder)
        if not isinstance(settings, Settings):
            raise ConfigurationError(settings)
        search |= dict.fromkeys([settings.folder, *(os.path.join(settings.folder, one) for one in settings.src)])
        chosen = chosen if given else settings
    if not (chosen.ops or chosen.signatures):
        help = "the configuration holds neither `ops` nor `signatures`"
        raise ConfigurationError(_usage_failure("`validate` needs an op file", help))
    if not chosen.trust_ops:
        message = "`validate` imports what the configuration describes, and runs its op files, only with `--trust-ops`"
        raise ConfigurationError(_usage_failure(message, "or name op files: `shapelint validate my_ops.py`"))
    broken = [*broken_ops(chosen, names()), *broken_signatures(chosen)]
    if broken:
        raise ConfigurationError(broken[0])
    return {**named(chosen.op_files), **described(chosen.signatures)}, list(search)


_ELSEWHERE = {
    "lstm": ("shapelint.reference.table", "torch"),
    "lsp": ("shapelint.lsp.server", "lsp"),
}
"""Commands that read their own arguments: the module whose `main(argv)` does it, and the extra that it needs."""


def _delegate(command: str, arguments: list[str]) -> int:
    import importlib

    module, extra = _ELSEWHERE[command]
    try:
        code: int = importlib.import_module(module).main(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "shapelint":
            _say(f"`{command}` is not part of this build")
        else:
            _say(f"`{command}` needs {missing}: pip install 'shapelint[{extra}]'")
        return 2
    return code
