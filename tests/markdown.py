"""Tests written as Markdown: pages of small programs whose comments say what shapelint must tell of them.

A page is a file under `tests/mdtest` or a rule's page. Under each heading:

- A ```` ```python ```` block is a program. Blocks that begin with `# file: name.py` are together one program of
  several files, of which the last is the script. A block that begins with `# driver` continues the block before it:
  that block is checked alone first (so that its classes are read with symbols), then both are checked together, where
  a message may tell the driver's numbers instead, and real torch runs both.
- A ```` ```toml ```` block is the configuration of the heading's programs.
- `# torch: skip <reason>` as a first line: the program is not run; `# torch: needs <package>`: not where that package
  is missing.

Expectations are comments on the line that they speak of, or on lines of their own directly above it:

- `# error: [rule] "text"`, `# warning: [rule]`, `# info: [rule]`: a report of that rule, its message holding the text.
- `# revealed: (batch, seq, 2*hidden)`: the shape that `shapelint show` gives the whole right-hand side (or the
  returned value, or the expression that is the statement) in at least one context; `# revealed[bidirectional=True]:
  …` in that world. `...` stands for a run of axes.
- `# missed: [rule]` and `# missed: (batch, seq)`: debts. The report, or the shape, should be there and is not. A
  report of what runs and means the wrong thing is `# missed: warning [rule]`, where the rule's own severity is not
  that.
- `# false-positive: [rule]`: a debt. The report is there and should not be.

Whatever else is reported makes the test fail; a debt that is mended does too. `tests/torch_truth.py` runs the same
programs.

`python -m tests.markdown PAGE…` checks pages, `--write` renews `docs/debts.md`, `--check` tells whether it is current.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import re
import sys
import tempfile
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from shapelint.config import Configuration
from shapelint.diagnostics import Diagnostic
from shapelint.interp.show import Expression, ShownContext
from shapelint.run import Task, check, shown

ROOT = Path(__file__).parents[1]
DEBTS = ROOT / "docs" / "debts.md"

Kind = Literal["error", "warning", "info", "revealed", "missed", "false-positive"]
KINDS = ("error", "warning", "info", "revealed", "missed", "false-positive")

_MARK = re.compile(rf"#\s*(?P<kind>{'|'.join(KINDS)})(?:\[(?P<world>[^\]]*)\])?:(?P<body>.*)")
_PARTS = re.compile(rf"(?=#\s*(?:{'|'.join(KINDS)})(?:\[[^\]]*\])?:)")
_REPORT = re.compile(r"\s*(?:(?P<severity>error|warning)\s+)?\[(?P<rule>[a-z0-9-]+)\]\s*(?:\"(?P<text>[^\"]*)\")?\s*")
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*(\w*)[ \t]*$")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*$")


class PageError(Exception):
    """A page that is not well formed; the message names the place."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a comment says of `line`. `rule` and `text` for reports, `shape` (its sizes as text) for shapes."""

    kind: Kind
    line: int
    rule: str = ""
    text: str = ""
    shape: tuple[str, ...] | None = None
    world: str | None = None
    severity: str = ""

    @property
    def is_debt(self) -> bool:
        return self.kind in ("missed", "false-positive")

    def __str__(self) -> str:
        body = shape_text(self.shape) if self.shape is not None else f"[{self.rule}]"
        world = f"[{self.world}]" if self.world is not None else ""
        return f"{self.kind}{world}: {body}" + (f' "{self.text}"' if self.text else "")


@dataclass(frozen=True)
class Text:
    """One file of a program. Its lines stand where they stand in the page, so that line numbers are those of the
    page."""

    name: str
    text: str

    @cached_property
    def expectations(self) -> tuple[Expectation, ...]:
        return tuple(_expectations(self.text))

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """Every statement, the innermost last."""
        tree = ast.parse(self.text)
        found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        return tuple(sorted(found, key=lambda s: (s.lineno, -(s.end_lineno or s.lineno))))

    def statement_at(self, line: int) -> ast.stmt | None:
        """The innermost statement that a line belongs to."""
        return next((s for s in reversed(self.statements) if s.lineno <= line <= (s.end_lineno or s.lineno)), None)

    def lines_of(self, one: Expectation) -> set[int]:
        """The lines that an expectation speaks of: behind the end of a statement of several lines, also its first."""
        statement = self.statement_at(one.line)
        if statement is None or hasattr(statement, "body") or statement.end_lineno != one.line:
            return {one.line}
        return {statement.lineno, one.line}

    def value_at(self, line: int) -> ast.expr | None:
        """The expression that a shape speaks of: what the statement assigns, returns or is."""
        statement = self.statement_at(line)
        value = getattr(statement, "value", None)
        return value if isinstance(value, ast.expr) else None


@dataclass(frozen=True)
class Program:
    """One test. `page` is shown in messages; `files` ends with the script, `driver` continues it."""

    page: str
    heading: str
    line: int
    files: tuple[Text, ...]
    driver: Text | None = None
    config: str = ""
    skip: str = ""
    driven_from: int = 0  # the driver's first line, in a program that holds its driver

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line} {self.heading}"

    @property
    def driven(self) -> Program:
        """The program with its driver as part of the script."""
        if self.driver is None:
            return self
        first = next(n for n, line in enumerate(self.driver.text.split("\n"), 1) if line.strip())
        files = (*self.files[:-1], _overlaid(self.files[-1], self.driver))
        return replace(self, files=files, driver=None, driven_from=first)

    @property
    def readings(self) -> tuple[Program, ...]:
        """What is checked: the program, and with its driver."""
        return (self,) if self.driver is None else (self, self.driven)

    def place(self, folder: Path) -> None:
        """Write the program into an empty folder."""
        (folder / "shapelint.toml").write_text(self.config, encoding="utf-8")
        for file in self.files:
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")


@dataclass(eq=False)
class Verdict:
    """What checking a program gave. `faults` is empty where all is as expected; `places` are, for each error that was
    expected, the lines where it may raise: its own and those it points to."""

    faults: list[str] = field(default_factory=list)
    places: dict[tuple[str, Expectation], set[tuple[str, int]]] = field(default_factory=dict)


# Pages -------------------------------------------------------------------------------------------


def pages() -> list[Path]:
    """Every page that is a test, rules' pages last."""
    return [*sorted((ROOT / "tests" / "mdtest").rglob("*.md")), *sorted((ROOT / "shapelint" / "rules").glob("*.md"))]


def programs(page: Path) -> list[Program]:
    """The programs of a page. Raises PageError."""
    name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.as_posix()
    return read_programs(name, page.read_text(encoding="utf-8"))


@dataclass(slots=True)
class _Section:
    heading: str
    loose: list[Program] = field(default_factory=list)
    files: list[Text] = field(default_factory=list)
    first: int = 0
    config: str = ""
    skip: str = ""
    driver: Text | None = None
    last_is_file: bool = False


def read_programs(page: str, text: str) -> list[Program]:
    """The programs of a page's text. Raises PageError."""
    lines = text.split("\n")
    found: list[Program] = []
    section = _Section("")
    index = 0
    while index < len(lines):
        heading = _HEADING.match(lines[index])
        fence = _FENCE.match(lines[index])
        index += 1
        if heading:
            found += _programs_of(page, section)
            section = _Section(heading[2])
        if not fence:
            continue
        first = index
        while index < len(lines) and lines[index].rstrip() != fence[1]:
            index += 1
        if index == len(lines):
            raise PageError(f"{page}:{first}: the block is not closed")
        body = lines[first:index]
        index += 1
        if fence[2] == "toml":
            section.config = "\n".join(body) + "\n"
        elif fence[2] == "python":
            _take_block(page, section, first, body)
    return found + _programs_of(page, section)


def _take_block(page: str, section: _Section, first: int, body: list[str]) -> None:
    head = body[0].strip() if body else ""
    text = "\n" * first + "\n".join(body) + "\n"
    skip = _skip(head)
    named = re.match(r"#\s*file:\s*(\S+\.py)$", head)
    if re.match(r"#\s*driver\b", head):
        if section.last_is_file:
            section.driver = Text(section.files[-1].name, text)
        elif section.loose:
            section.loose[-1] = replace(section.loose[-1], driver=Text("main.py", text))
        else:
            raise PageError(f"{page}:{first + 1}: a driver has no block to continue")
        return
    section.last_is_file = named is not None
    if named is not None:
        skip = skip or _skip(body[1] if len(body) > 1 else "")
        section.files.append(Text(named[1], text))
        section.first = section.first or first
        section.skip = skip or section.skip
        return
    program = Program(page, section.heading, first, (Text("main.py", text),), skip=skip)
    section.loose.append(program)


def _skip(line: str) -> str:
    """Why a program that begins with this line is not run, "" if it is."""
    found = re.match(r"#\s*torch:\s*(?:skip\s+(?P<reason>.+)|needs\s+(?P<package>\w+))", line.strip())
    if found is None:
        return ""
    if found["package"]:
        return "" if importlib.util.find_spec(found["package"]) else f"{found['package']} is not installed"
    return found["reason"]


def _programs_of(page: str, section: _Section) -> list[Program]:
    found = list(section.loose)
    if section.files:
        files = tuple(section.files)
        found.append(Program(page, section.heading, section.first, files, section.driver, skip=section.skip))
    for program in found:
        for file in (*program.files, *((program.driver,) if program.driver else ())):
            try:
                ast.parse(file.text)
                _ = file.expectations
            except SyntaxError as error:
                raise PageError(f"{page}:{error.lineno}: not Python: {error.msg}") from error
            except PageError as error:
                raise PageError(f"{page}:{error}") from error
    return [replace(program, config=section.config) for program in found]


def program_of(path: Path) -> Program:
    """A fixture: a file, or a folder whose `main.py` is the script. A line `# driver` begins the driver."""
    name = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        others = [p for p in sorted(path.rglob("*.py")) if p.name != "main.py"]
        texts = [Text(p.relative_to(path).as_posix(), p.read_text(encoding="utf-8")) for p in others]
        script = (path / "main.py").read_text(encoding="utf-8")
    else:
        texts, script = [], path.read_text(encoding="utf-8")
    lines = script.split("\n")
    cut = next((i for i, line in enumerate(lines) if re.match(r"# driver\b", line)), None)
    driver = None
    if cut is not None:
        driver = Text("main.py", "\n" * cut + "\n".join(lines[cut:]))
        script = "\n".join(lines[:cut]) + "\n"
    return Program(name, "", 1, (*texts, Text("main.py", script)), driver, skip=_skip(lines[0]))


def _overlaid(upper: Text, lower: Text) -> Text:
    """Two texts of one file, each with its lines in their places."""
    above = upper.text.rstrip("\n").split("\n")
    return Text(upper.name, "\n".join([*above, *lower.text.split("\n")[len(above) :]]))


# Expectations ------------------------------------------------------------------------------------


def _expectations(text: str) -> Iterator[Expectation]:
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if not lines[line - 1][: token.start[1]].strip():
            while line < len(lines) and (not lines[line - 1].strip() or lines[line - 1].lstrip().startswith("#")):
                line += 1
        for part in _PARTS.split(token.string):
            mark = _MARK.match(part)
            if mark:
                yield _expectation(mark, line, token.start[0])


def _expectation(mark: re.Match[str], line: int, at: int) -> Expectation:
    kind: Kind = mark["kind"]  # type: ignore[assignment]
    body = mark["body"].strip()
    if kind == "revealed" or (kind == "missed" and body.startswith("(")):
        return Expectation(kind, line, shape=parse_shape(body, at), world=mark["world"])
    found = _REPORT.fullmatch(body)
    if found is None:
        raise PageError(f'{at}: expected `# {kind}: [rule] "text"`, not `{mark.group().strip()}`')
    if found["severity"] and kind != "missed":
        raise PageError(f"{at}: only `missed` tells a severity of its own")
    return Expectation(kind, line, found["rule"], found["text"] or "", severity=found["severity"] or "")


def parse_shape(text: str, at: int = 0) -> tuple[str, ...]:
    """`(batch, (seq - 3)//2 + 1, 5)` as the texts of its sizes."""
    if not (text.startswith("(") and text.endswith(")")):
        raise PageError(f"{at}: a shape is written in parentheses, not `{text}`")
    sizes, depth, current = [], 0, ""
    for char in text[1:-1]:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            sizes.append(current)
            current = ""
        else:
            current += char
    if current.strip():
        sizes.append(current)
    return tuple(size.strip() for size in sizes)


def shape_text(shape: Iterable[object]) -> str:
    """A shape as Python writes a tuple."""
    sizes = [str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 and sizes[0] != "..." else f"({', '.join(sizes)})"


# Checking ----------------------------------------------------------------------------------------


def verify(program: Program) -> Verdict:
    """Check a program and hold it against its expectations."""
    verdict = Verdict()
    for reading in program.readings:
        alone = program.driver is not None and reading is program
        with tempfile.TemporaryDirectory() as folder:
            reading.place(Path(folder))
            _check(reading, folder, verdict, " (without the driver)" if alone else "")
    return verdict


def _check(program: Program, folder: str, verdict: Verdict, suffix: str) -> None:
    task = Task((folder,), Configuration(overrides={"show_info": True}), jobs=1, use_cache=False)
    outcome = check(task)
    for failure in outcome.failures:
        verdict.faults.append(f"{program.page}:{failure.location.line}: {failure.kind}: {failure.message}{suffix}")
    expressions: list[Expression] = []
    if any(one.shape is not None for file in program.files for one in file.expectations):
        expressions = [one for file in shown(task)[0] for one in file.expressions]
    for file in program.files:
        path = f"{folder}/{file.name}"
        found = [one for one in outcome.diagnostics if one.location.path == path]
        for text in _hold_reports(program, file, found, folder, verdict):
            verdict.faults.append(text + suffix)
        there = [one for one in expressions if one.location.path == path]
        for text in _hold_shapes(program, file, there):
            verdict.faults.append(text + suffix)


def _hold_reports(
    program: Program, file: Text, found: list[Diagnostic], folder: str, verdict: Verdict
) -> Iterator[str]:
    left = list(found)
    for one in file.expectations:
        if one.shape is not None:
            continue
        loose = one.line < program.driven_from
        lines = file.lines_of(one)
        fitting = [d for d in left if _fits(replace(one, text="") if loose else one, d, lines)]
        if one.kind == "missed":
            if fitting:
                told = fitting[0]
                yield f"{program.page}:{one.line}: mended: {_told(told)}, write `# {told.severity}: [{told.rule}]`"
                left.remove(told)
            continue
        if not fitting:
            here = [d for d in found if one.line in (d.location.line, d.location.end_line)]
            what = "".join(f"\n    came: {_told(d)}" for d in here) or "\n    came: nothing on this line"
            state = "mended, remove the mark" if one.is_debt else "expected"
            yield f"{program.page}:{one.line}: {state}: {one}{what}{_line(file, one.line)}"
            continue
        told = fitting[0]
        left.remove(told)
        places = verdict.places.setdefault((file.name, one), {(file.name, one.line)})
        for other in told.related:
            places.add((other.location.path.removeprefix(f"{folder}/"), other.location.line))
    for told in left:
        if told.severity != "info":
            line = told.location.line
            yield f"{program.page}:{line}: not expected: {_told(told)}{_line(file, line)}"


def _fits(one: Expectation, told: Diagnostic, lines: set[int]) -> bool:
    return (
        told.rule == one.rule
        and bool(lines & {told.location.line, told.location.end_line})
        and (one.is_debt or told.severity == one.kind)
        and one.text in told.message
    )


def _told(told: Diagnostic) -> str:
    return f"{told.severity}: [{told.rule}] {told.message}"


def _line(file: Text, line: int) -> str:
    return f"\n    {line} | {file.text.split(chr(10))[line - 1].strip()}"


def _hold_shapes(program: Program, file: Text, shown: list[Expression]) -> Iterator[str]:
    for one in file.expectations:
        if one.shape is None:
            continue
        value = file.value_at(one.line)
        if value is None:
            yield f"{program.page}:{one.line}: no value stands on this line{_line(file, one.line)}"
            continue
        contexts = [c for e in shown if _is_at(e, value, file) for c in e.contexts]
        fits = any(_shows(one, c) for c in contexts)
        if fits and one.kind == "missed":
            yield f"{program.page}:{one.line}: mended: `show` gives it, write `# revealed: {shape_text(one.shape)}`"
        if not fits and one.kind == "revealed":
            came = "".join(f"\n    came: {_context(c)}" for c in contexts) or "\n    came: no shape"
            yield f"{program.page}:{one.line}: expected: {one}{came}{_line(file, one.line)}"


def _is_at(shown: Expression, value: ast.expr, file: Text) -> bool:
    lines = file.text.split("\n")

    def column(line: int, offset: int) -> int:
        return len(lines[line - 1].encode()[:offset].decode()) + 1

    at = shown.location
    assert value.end_lineno is not None
    assert value.end_col_offset is not None
    start = (value.lineno, column(value.lineno, value.col_offset))
    end = (value.end_lineno, column(value.end_lineno, value.end_col_offset))
    return (at.line, at.column) == start and (at.end_line, at.end_column) == end


def _shows(one: Expectation, context: ShownContext) -> bool:
    if context.shape is None or (one.world is not None and one.world != context.world):
        return False
    assert one.shape is not None
    return tuple(str(s).replace(" ", "") for s in context.shape) == tuple(s.replace(" ", "") for s in one.shape)


def _context(context: ShownContext) -> str:
    text = shape_text(context.shape) if context.shape is not None else f"no shape, {context.reason}"
    return f"{text} in {context.entry}" + (f" where {context.world}" if context.world else "")


# Debts -------------------------------------------------------------------------------------------

_HEAD = """\
# Debts

Where shapelint is known to be wrong. Each line stands in a test that fails as soon as the defect is mended.

This page is generated: `python -m tests.markdown --write`.
"""


def fixtures(kind: str) -> list[Path]:
    """The fixtures of `ok`, `bad` or `known`: files, and folders that hold a `main.py`."""
    folder = ROOT / "fixtures" / kind
    return sorted(p for p in folder.glob("*") if p.suffix == ".py" or (p / "main.py").exists())


def all_programs() -> list[Program]:
    """Every program of every page, and every fixture."""
    found = [program for page in pages() for program in programs(page)]
    return found + [program_of(path) for kind in ("ok", "bad", "known") for path in fixtures(kind)]


def render_debts() -> str:
    """The text of `docs/debts.md`."""
    kinds = {"missed": "Missed", "false-positive": "False alarms", "shape": "Shapes that are not shown"}
    rows: dict[str, list[str]] = {kind: [] for kind in kinds}
    for program in all_programs():
        for file in program.driven.files:
            for one in file.expectations:
                if one.is_debt:
                    rows["shape" if one.shape is not None else one.kind].append(_row(program, file, one))
    parts = [_HEAD]
    for kind, title in kinds.items():
        if rows[kind]:
            parts.append(f"## {title}\n")
            parts.append("| what | where | line |\n| --- | --- | --- |")
            parts.append("\n".join(rows[kind]) + "\n")
    if len(parts) == 1:
        parts.append("None.\n")
    return "\n".join(parts)


def _row(program: Program, file: Text, one: Expectation) -> str:
    what = f"`{shape_text(one.shape)}`" if one.shape is not None else f"`{one.rule}`"
    code = file.text.split("\n")[one.line - 1].partition("#")[0].strip().replace("|", "\\|")
    where = program.page + (f", {program.heading}" if program.heading else "")
    return f"| {what} | {where} | `{code}` |"


def main(arguments: list[str]) -> int:
    """See the module."""
    if arguments == ["--write"]:
        DEBTS.write_text(render_debts(), encoding="utf-8")
        return 0
    if arguments == ["--check"]:
        current = DEBTS.exists() and DEBTS.read_text(encoding="utf-8") == render_debts()
        if not current:
            print("docs/debts.md is stale: run `python -m tests.markdown --write`", file=sys.stderr)
        return 0 if current else 1
    from tests.torch_truth import faults_at_run_time

    count = 0
    for page in map(Path, arguments):
        path = page.resolve()
        for program in programs(path) if path.suffix == ".md" else [program_of(path)]:
            verdict = verify(program)
            faults = [*verdict.faults, *faults_at_run_time(program, verdict.places)]
            count += len(faults)
            print("\n".join(faults or [f"{program.name}: as expected"]))
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
