"""Which crash mutants of a bench crash under every driver that is tried, so that the class alone can prove the fault?

BENCH is a bench of mutants (each `out/SPLIT/ID/mutant.py` a class and a driver that calls it), and ID one that crashes in
torch with its own driver. With the class alone, a linter may report it only if no sizes make it run. This looks for such
sizes: integers of the driver are changed one by one and where they are equal together; axes of inputs are added, dropped and
exchanged; flags are turned; parameters that are left out are given; up to three such changes at once. A run counts if it ends and passes the line
where the mutant raised before. What is found refutes that the fault can be proved; what is not found may still be beyond
the search, so that the share of provable mutants is an upper bound.

This runs the code of the bench. It is made for the bench's programs, which the labelling has run before.
"""

from __future__ import annotations

import argparse
import ast
import heapq
import itertools
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHAPED = ("randn", "rand", "zeros", "ones", "randint", "empty", "full")
MEMORY = 6 << 30
DEPTH = 3


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the driver: what it changes in words, the sizes it exchanges, the change, and its undoing."""

    told: str
    sizes: frozenset[int]
    change: Callable[[], None]
    undo: Callable[[], None]


def driver_of(tree: ast.Module) -> ast.If | None:
    """The `if __name__ == "__main__":` statement."""
    for statement in tree.body:
        if isinstance(statement, ast.If) and isinstance(statement.test, ast.Compare):
            if isinstance(statement.test.left, ast.Name) and statement.test.left.id == "__name__":
                return statement
    return None


def _setting(nodes: Sequence[ast.Constant], value: Any) -> Edit:
    before = [node.value for node in nodes]

    def change() -> None:
        for node in nodes:
            node.value = value

    def undo() -> None:
        for node, old in zip(nodes, before, strict=True):
            node.value = old

    sizes = frozenset(number for number in (before[0], value) if type(number) is int)
    return Edit(f"{before[0]} -> {value} ({len(nodes)}x)", sizes, change, undo)


def _listing(items: list[Any], new: list[Any], told: str) -> Edit:
    before = list(items)

    def change() -> None:
        items[:] = new

    def undo() -> None:
        items[:] = before

    return Edit(told, frozenset(), change, undo)


def _sizes(numbers: Sequence[ast.Constant]) -> Iterator[Edit]:
    values = sorted({node.value for node in numbers})
    groups = [[node for node in numbers if node.value == value] for value in values]
    groups += [[node] for node in numbers]
    for group in groups:
        value = group[0].value
        for other in dict.fromkeys((value * 2, value + 1, 1, value // 2, value - 1, *values, value * 3, value * 4)):
            if other != value and other > 0:
                yield _setting(group, other)


def shape_of(call: ast.Call) -> list[Any] | None:
    """The list of axes of a call that makes a tensor."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name not in SHAPED:
        return None
    for argument in call.args:
        if isinstance(argument, ast.Tuple | ast.List):
            return argument.elts
    return None if name in ("randint", "full") else call.args


def _ranks(shape: list[Any], values: Sequence[int]) -> Iterator[Edit]:
    for at in range(len(shape)):
        if len(shape) > 1:
            yield _listing(shape, shape[:at] + shape[at + 1 :], f"without axis {at}")
        for other in range(at):
            swapped = list(shape)
            swapped[at], swapped[other] = swapped[other], swapped[at]
            yield _listing(shape, swapped, f"axes {other} and {at} exchanged")
    for at, value in itertools.product(range(len(shape) + 1), dict.fromkeys((1, *values))):
        yield _listing(shape, [*shape[:at], ast.Constant(value), *shape[at:]], f"with an axis of {value} at {at}")


def _arguments(tree: ast.Module, driver: ast.If, values: Sequence[int]) -> Iterator[Edit]:
    """Parameters of constructors that the driver leaves out."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for call in ast.walk(driver):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in classes:
            continue
        given = {keyword.arg for keyword in call.keywords}
        for method in classes[call.func.id].body:
            if not isinstance(method, ast.FunctionDef) or method.name != "__init__":
                continue
            left = [a.arg for a in method.args.args[1 + len(call.args) :] + method.args.kwonlyargs]
            for name in left:
                for value in () if name in given else (*values, 1, True, False, None):
                    new = [*call.keywords, ast.keyword(name, ast.Constant(value))]
                    yield _listing(call.keywords, new, f"{name}={value}")


def edits(tree: ast.Module, driver: ast.If) -> list[Edit]:
    """The changes of one thing, the likeliest first."""
    constants = [node for node in ast.walk(driver) if isinstance(node, ast.Constant)]
    numbers = [node for node in constants if type(node.value) is int and node.value > 0]
    values = sorted({node.value for node in numbers})
    found = list(_sizes(numbers))
    for call in ast.walk(driver):
        shape = shape_of(call) if isinstance(call, ast.Call) else None
        found += _ranks(shape, values) if shape else ()
    found += [_setting([node], not node.value) for node in constants if isinstance(node.value, bool)]
    found += [_setting([node], value) for node in constants if node.value is None for value in (*values, True)]
    return found + list(_arguments(tree, driver, values))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of the driver ended: `error` is "" where it ran and passed the line where the mutant raised before;
    `steps` are the lines it went before."""

    error: str
    steps: int

    def numbers(self) -> set[int]:
        """The sizes that the error tells."""
        return {int(number) for number in re.findall(r"\d+", self.error)}

    def kind(self) -> tuple[str, int]:
        """What makes an error another one."""
        return re.sub(r"\d+", "", self.error), self.steps


def in_child(work: Callable[[], str], seconds: int) -> str:
    """What `work` tells, run silently in a child of its own; "" where it is stopped after `seconds`."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        signal.alarm(seconds)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            told = work()
            with os.fdopen(writing, "w") as pipe:
                pipe.write(told)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, errors="replace") as pipe:
        text = pipe.read()
    os.waitpid(process, 0)
    return text


def run(code: Any, scope: dict[str, Any], line: int, seconds: int) -> Ended:
    """The driver, run in a child."""

    def drive() -> str:
        steps = 0
        passed = not line

        def trace(frame: Any, event: str, argument: object) -> Any:
            nonlocal steps, passed
            if frame.f_code.co_filename != "mutant":
                return None
            steps += 1
            passed = passed or frame.f_lineno == line
            return trace

        try:
            sys.settrace(trace)
            exec(code, scope)
            sys.settrace(None)
            told = "" if passed else "not passed"
        except BaseException as error:
            sys.settrace(None)
            told = f"{type(error).__name__}: {error}"[:300] or "?"
        return f"{steps}\n{told}"

    count, _, told = in_child(drive, seconds).partition("\n")
    return Ended(told if count else "killed", int(count or 0))


def search(folder: Path, seconds: float) -> str | None:
    """The change of the driver under which the mutant runs: best first, by how many changes and whether they touch the
    sizes that the error before them tells; what another error ends is changed further. None: none was found."""
    import resource

    import torch

    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    tree = ast.parse((folder / "mutant.py").read_text())
    line = json.loads((folder / "meta.json").read_text()).get("crash_line") or 0
    driver = driver_of(tree)
    if driver is None:
        return None
    scope: dict[str, Any] = {"__name__": "mutant"}
    rest = [statement for statement in tree.body if statement is not driver]
    exec(compile(ast.Module(rest, []), "mutant", "exec"), scope)
    body = driver.body

    def attempt(changes: Sequence[Edit]) -> Ended:
        for edit in changes:
            edit.change()
        try:
            fixed = ast.fix_missing_locations(ast.Module(body, []))
            return run(compile(fixed, "driver", "exec"), scope, line, 5)
        finally:
            for edit in reversed(changes):
                edit.undo()

    first = attempt(())
    if not first.error:
        return "nothing"
    single = edits(tree, driver)
    seen = {first.kind()}
    count = itertools.count()
    waiting: list[tuple[float, int, tuple[Edit, ...]]] = []

    def further(done: tuple[Edit, ...], ended: Ended) -> None:
        numbers = ended.numbers()
        for edit in single:
            cost = len(done) + (0.0 if edit.sizes & numbers else 1.0 if edit.sizes else 1.5)
            heapq.heappush(waiting, (cost, next(count), (*done, edit)))

    further((), first)
    end = time.monotonic() + seconds
    while waiting and time.monotonic() < end:
        _, _, changes = heapq.heappop(waiting)
        ended = attempt(changes)
        if not ended.error:
            return " and ".join(edit.told for edit in changes)
        if ended.kind() not in seen and len(changes) < DEPTH:
            seen.add(ended.kind())
            further(changes, ended)
    return None


def _one(task: tuple[Path, float]) -> tuple[str, str | None]:
    folder, seconds = task
    # what the class does to the interpreter stays in a process of its own
    return folder.name, in_child(lambda: search(folder, seconds) or "", int(seconds) + 60) or None


def main(arguments: Sequence[str] | None = None) -> int:
    """Search for all mutants that are named, or for all that a score of classes alone did not find."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("ids", nargs="*", help="mutants; none: those that --score missed")
    parser.add_argument("--score", type=Path, help="JSON of the bench's score with --no-driver")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--seconds", type=float, default=20.0, help="of search for each mutant (20)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--output", type=Path, help="a line for each mutant: its name, a tab, what makes it run; kept")
    options = parser.parse_args(arguments)
    verdicts = json.loads(options.score.read_text())["splits"][options.split]["verdicts"] if options.score else []
    crash = [verdict for verdict in verdicts if verdict["kind"] == "crash"]
    ids = options.ids or [verdict["id"] for verdict in crash if not verdict["found"]]
    known: dict[str, str | None] = {}
    if options.output and options.output.exists():
        for row in options.output.read_text().splitlines():
            name, _, found = row.partition("\t")
            known[name] = found or None
    tasks = [(options.bench / "out" / options.split / name, options.seconds) for name in ids if name not in known]
    with ProcessPoolExecutor(options.jobs) as pool:
        for name, found in pool.map(_one, tasks):
            known[name] = found
            if options.output:
                with options.output.open("a") as file:
                    file.write(f"{name}\t{found or ''}\n")
    running = sum(known[name] is not None for name in ids)
    print(f"{len(ids)} mutants, {running} run under another driver, {len(ids) - running} do not")
    if crash:
        caught = sum(verdict["found"] for verdict in crash)
        provable = len(crash) - running
        print(
            f"found {caught} of {len(crash)} ({caught / len(crash):.1%}), of at most {provable} provable ones", end=" "
        )
        print(f"({provable / len(crash):.1%} of all) {caught / provable:.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
