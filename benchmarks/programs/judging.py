"""What shapelint makes of a program, held against what torch made of it."""

from __future__ import annotations

import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from programs.running import Ran, run

SYMBOL = re.compile(r"[A-Za-z_][\w.]*")
Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Report:
    """A report of shapelint's; `rule` is "internal" where it failed."""

    line: int
    rule: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What shapelint and torch disagree about. `kind`: "false error" (torch runs that line), "miss" (torch refuses sizes, and nothing is
    told), "wrong shape" (`show` tells numbers, or a number of axes, that torch never saw), "failure". `subject` is the rule or the op; `alone`
    where the program was read without its driver."""

    kind: str
    subject: str
    line: int
    text: str
    alone: bool = False


def lint(text: str, files: Mapping[str, str]) -> list[Report]:
    """The reports on a program."""
    from shapelint.config import Configuration
    from shapelint.run import Task, check

    with _folder(text, files) as folder:
        task = Task((os.path.join(folder, "main.py"),), Configuration(), jobs=1, use_cache=False)
        outcome = check(task)
    found = [Report(d.location.line, d.rule, d.severity, d.message) for d in outcome.diagnostics]
    return found + [Report(f.location.line, "internal", "failure", f.message) for f in outcome.failures]


def shapes(text: str, files: Mapping[str, str]) -> dict[Place, list[Any]]:
    """What `shapelint show` tells of each expression, in each context."""
    from shapelint.config import Configuration
    from shapelint.run import Task, shown

    with _folder(text, files) as folder:
        task = Task((os.path.join(folder, "main.py"),), Configuration(), jobs=1, use_cache=False)
        found, _ = shown(task)
    told: dict[Place, list[Any]] = defaultdict(list)
    for file in found:
        for one in file.expressions:
            at = one.location
            told[(at.line, at.column, at.end_line, at.end_column)] += one.contexts
    return told


def _folder(text: str, files: Mapping[str, str]) -> Any:
    made = tempfile.TemporaryDirectory()
    for name, content in {**files, "main.py": text, "setup.cfg": ""}.items():
        (Path(made.name) / name).write_text(content, encoding="utf-8")
    return made


def alone(text: str, driver: int) -> str:
    """The program without its driver."""
    return "\n".join(text.split("\n")[: driver - 1]).rstrip() + "\n"


def disagreements(
    text: str, files: Mapping[str, str], driver: int = 0, *, show: bool = True, ran: Ran | None = None
) -> tuple[Ran, list[Report], list[Disagreement]]:
    """What torch made of a program, what shapelint reports, and where they disagree."""
    ran = ran or run(text, files)
    found: list[Disagreement] = []
    reports = lint(text, files)
    readings = [(text, reports, False)]
    if driver:
        cut = alone(text, driver)
        readings.append((cut, lint(cut, files), True))
    for program, told, without in readings:
        found += [Disagreement("failure", r.rule, r.line, r.message, without) for r in told if r.severity == "failure"]
        if not ran.raised:
            wrong = [r for r in told if r.severity == "error" and r.line in ran.lines]
            found += [Disagreement("false error", r.rule, r.line, r.message, without) for r in wrong]
            if show:
                found += _wrong_shapes(program, files, ran, without)
    if ran.raised and ran.over_sizes and not any(r.severity in ("error", "warning") for r in reports):
        found.append(Disagreement("miss", ran.op, ran.line, ran.raised))
    return ran, reports, found


def _wrong_shapes(text: str, files: Mapping[str, str], ran: Ran, without: bool) -> list[Disagreement]:
    told = shapes(text, files)
    wrong: dict[Place, str] = {}
    groups: dict[str, dict[str, list[tuple[Place, Sequence[Any], list[int]]]]] = defaultdict(lambda: defaultdict(list))
    for place, real in ran.shapes.items():
        contexts = told.get(place, [])
        contexts = [c for c in contexts if c.entry == "<module>"] or contexts  # the script is what torch ran
        whole = [c for c in contexts if c.shape is not None and "..." not in c.shape]
        if len(whole) < len(contexts):
            continue  # one of several alternatives may be anything
        if whole and not any(_fits(c.shape, one) for c in whole for one in real):
            wrong[place] = f"torch {real}, told {[list(c.shape) for c in whole]}"
        elif len(real) == 1 and not any(c.concrete is not None for c in whole):
            for c in whole:
                if len(c.shape) == len(real[0]):
                    groups[c.entry][c.world].append((place, c.shape, real[0]))
    for worlds in groups.values():
        for place in min((_unbound(pairs) for pairs in worlds.values()), key=len):
            wrong.setdefault(place, f"torch {ran.shapes[place]}, told {[c.shape for c in told[place]]}: no one binding")
    return [Disagreement("wrong shape", "show", place[0], text, without) for place, text in wrong.items()]


def _fits(told: Sequence[Any], real: Sequence[int]) -> bool:
    """Whether the numbers that are told, and how many axes, are those of a real shape."""
    return len(told) == len(real) and all(n == m for n, m in zip(told, real) if isinstance(n, int))


def _unbound(pairs: Sequence[tuple[Place, Sequence[Any], list[int]]]) -> set[Place]:
    """The expressions whose sizes cannot hold under one binding of the symbols."""
    binding: dict[str, int] = {}
    for _, dims, real in pairs:
        for d, n in zip(dims, real):
            if isinstance(d, str) and SYMBOL.fullmatch(d):
                binding.setdefault(d, n)
    holding: dict[Place, bool] = defaultdict(bool)  # of several alternatives one is enough
    for place, dims, real in pairs:
        holding[place] |= all((got := _value(d, binding)) is None or got == n for d, n in zip(dims, real))
    return {place for place, holds in holding.items() if not holds}


def _value(dim: int | str, binding: Mapping[str, int]) -> int | None:
    """The number that a size stands for; None where a symbol is unbound or it is not arithmetic."""
    if isinstance(dim, int):
        return dim
    names = [n for n in SYMBOL.findall(dim) if n not in ("min", "max")]
    if any(n not in binding for n in names):
        return None
    text = SYMBOL.sub(lambda m: m[0] if m[0] in ("min", "max") else str(binding[m[0]]), dim)
    if not re.fullmatch(r"(?:[\d\s()+*/%,-]|min|max)+", text):
        return None
    try:
        return int(eval(text, {"__builtins__": {}}, {"min": min, "max": max}))
    except (ArithmeticError, SyntaxError, TypeError):
        return None
