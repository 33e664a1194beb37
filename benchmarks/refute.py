"""Is an error of a class alone a proof? Torch is asked for inputs, of any rank, that the line takes.

Of each program in FOLDER (Python files, and the blocks of Markdown pages) the imports, constants, classes and functions stay, so that
nothing is built or called; `shapelint check` reads what is left. An error there says that no sizes work. For each one, arguments of the
constructor and inputs of 0 to 5 axes are drawn, first at random, then by changing those that got furthest, with the numbers of torch's
own complaints among the sizes. An error is refuted where the line was run and did not raise; what is not refuted may still be false.

This runs the code of the programs.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import random
import re
import sys
import tempfile
import time
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from provable import in_child

from shapelint.config import Configuration
from shapelint.run import Task, check

MOST_AXES = 5
_KEPT = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)


@dataclass(frozen=True, slots=True)
class Claim:
    """An error of a program: the lines of its statement, and the class and function that hold it."""

    line: int
    end: int
    owner: str
    function: str
    text: str


@dataclass(slots=True)
class Draw:
    """Arguments by the names of parameters: ints and flags of the constructor, shapes (tuples) and plain values of the call."""

    built: dict[str, Any] = field(default_factory=dict)
    called: dict[str, Any] = field(default_factory=dict)
    ints: bool = False  # whether the inputs hold ints


def sources(folder: Path) -> Iterator[tuple[str, str]]:
    """The programs of a folder, by a name."""
    for path in sorted([folder] if folder.is_file() else folder.rglob("*")):
        if path.suffix == ".py":
            yield str(path), path.read_text(encoding="utf-8")
        elif path.suffix == ".md":
            lines = path.read_text(encoding="utf-8").splitlines()
            start = None
            for number, line in enumerate(lines):
                if line.strip() == "```python":
                    start = number + 1
                elif line.strip() == "```" and start is not None:
                    block = lines[start:number]
                    if block and not block[0].startswith(("# driver", "# file:")):
                        yield f"{path}:{start}", "\n".join(block)
                    start = None


def alone(text: str) -> str | None:
    """The program without what it builds and calls, on the lines where it stood."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    lines = text.splitlines()
    for node in tree.body:
        constant = isinstance(node, ast.Assign) and isinstance(node.value, (ast.Constant, ast.Tuple, ast.List))
        if not isinstance(node, _KEPT) and not constant:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            for number in range(first - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "\n".join(lines) + "\n"


def claims(text: str, folder: Path) -> list[Claim]:
    """What is an error in the classes and functions alone."""
    path = folder / "program.py"
    path.write_text(text, encoding="utf-8")
    done = check(Task((path,), Configuration(), jobs=1, use_cache=False))
    tree = ast.parse(text)
    found = []
    for one in done.diagnostics:
        if one.severity != "error":
            continue
        line = one.location.line
        owner, function, statement = "", "", None
        for node in ast.walk(tree):
            if not getattr(node, "lineno", 0) <= line <= (getattr(node, "end_lineno", 0) or 0):
                continue
            if isinstance(node, ast.ClassDef):
                owner = node.name
            elif isinstance(node, ast.FunctionDef) and not function:
                function = node.name
            elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
                statement = node
        end = (statement.end_lineno or line) if statement is not None else line
        first = statement.lineno if statement is not None else line
        found.append(Claim(first, end, owner, function, f"{line}: [{one.rule}] {one.message}"))
    return found


class Search:
    """Looks for arguments under which the line of a claim does not raise."""

    def __init__(self, text: str, claim: Claim, seed: int) -> None:
        import torch

        self.torch = torch
        self.claim = claim
        self.rng = random.Random(seed)
        self.pool = sorted({1, 2, 3, 4, *(int(n) for n in re.findall(r"\b\d{1,3}\b", text) if 0 < int(n) < 200)})
        module = types.ModuleType("program")
        sys.modules["program"] = module
        exec(compile(text, "program", "exec"), module.__dict__)
        self.scope = module.__dict__
        self.cls = self.scope.get(claim.owner) if claim.owner else None

    def entries(self) -> list[str]:
        """The methods that may lead to the line."""
        if self.cls is None:
            return [self.claim.function]
        names = [self.claim.function, "forward"] if self.claim.function != "__init__" else []
        return [n for n in dict.fromkeys(names) if hasattr(self.cls, n)]

    def parameters(self, function: Any, skip: int) -> list[inspect.Parameter]:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
        return [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]

    def size(self) -> int:
        number = self.rng.choice(self.pool)
        if self.rng.random() < 0.15:
            number = self.rng.choice((number * 2, number + 1, max(number // 2, 1), number * self.rng.choice(self.pool)))
        return min(number, 400)

    def shape(self) -> tuple[int, ...]:
        return tuple(self.size() for _ in range(self.rng.choice((0, 1, 1, 1, 2, 2, 3, 3, 4, MOST_AXES))))

    def argument(self, parameter: inspect.Parameter, *, given: bool = False) -> Any:
        """Something for a parameter of a constructor; its default where it has one, mostly."""
        default = parameter.default
        if default is not inspect.Parameter.empty and not given:
            return default
        if isinstance(default, bool):
            return self.rng.random() < 0.5
        if isinstance(default, str):
            return default
        chance = self.rng.random()
        return self.size() if chance < 0.85 else (self.size(), self.size()) if chance < 0.95 else [self.size()] * 2

    def draw(self, built: list[inspect.Parameter], called: list[inspect.Parameter]) -> Draw:
        made = Draw(ints=self.rng.random() < 0.2)
        for parameter in built:
            made.built[parameter.name] = self.argument(parameter, given=self.rng.random() < 0.2)
        for parameter in called:
            optional = parameter.default is not inspect.Parameter.empty
            made.called[parameter.name] = parameter.default if optional and self.rng.random() < 0.7 else self.shape()
        return made

    def changed(self, draw: Draw, built: list[inspect.Parameter], called: list[inspect.Parameter]) -> Draw:
        """The same with one or two things otherwise."""
        made = Draw(dict(draw.built), dict(draw.called), draw.ints)
        for _ in range(self.rng.choice((1, 1, 2))):
            if built and (not called or self.rng.random() < 0.4):
                parameter = self.rng.choice(built)
                made.built[parameter.name] = self.argument(parameter, given=self.rng.random() < 0.7)
            elif called:
                name = self.rng.choice(called).name
                old = made.called[name]
                chance = self.rng.random()
                if not isinstance(old, tuple) or chance < 0.15:
                    made.called[name] = self.shape() if chance < 0.1 or not isinstance(old, tuple) else self.size()
                elif chance < 0.6 and old:
                    place = self.rng.randrange(len(old))
                    made.called[name] = (*old[:place], self.size(), *old[place + 1 :])
                elif chance < 0.8 and len(old) < MOST_AXES:
                    place = self.rng.randint(0, len(old))
                    made.called[name] = (*old[:place], self.size(), *old[place:])
                elif old:
                    place = self.rng.randrange(len(old))
                    made.called[name] = (*old[:place], *old[place + 1 :])
            if self.rng.random() < 0.05:
                made.ints = not made.ints
        return made

    def attempt(self, draw: Draw, entry: str) -> tuple[bool, int]:
        """Whether the line was passed, and how far the run came."""
        claim, steps, passed_by = self.claim, 0, False

        def trace(frame: Any, event: str, argument: object) -> Any:
            nonlocal steps, passed_by
            if frame.f_code.co_filename != "program":
                return None
            steps += 1
            passed_by = passed_by or (event == "line" and claim.line <= frame.f_lineno <= claim.end)
            return trace

        def made(value: Any) -> Any:
            if not isinstance(value, tuple):
                return value
            return self.torch.zeros(value, dtype=self.torch.long) if draw.ints else self.torch.randn(value)

        try:
            sys.settrace(trace)
            target = self.cls(**draw.built) if self.cls is not None else None
            function = getattr(target, entry) if target is not None else self.scope[entry]
            function(**{name: made(value) for name, value in draw.called.items()})
        except (Exception, RecursionError) as error:
            sys.settrace(None)
            for number in re.findall(r"\d+", str(error)):
                if 0 < int(number) < 400 and int(number) not in self.pool and len(self.pool) < 40:
                    self.pool.append(int(number))
            step = error.__traceback__
            while step is not None:
                here = step.tb_frame.f_code.co_filename == "program"
                if here and claim.line <= step.tb_lineno <= claim.end:
                    return False, steps + 3
                step = step.tb_next
            return passed_by and self.cls is not None and not isinstance(error, TypeError), steps
        finally:
            sys.settrace(None)
        return passed_by, steps

    def refutation(self, seconds: float) -> Draw | None:
        """Arguments that the line takes, None where none were found in time."""
        if self.claim.owner and not isinstance(self.cls, type):
            return None
        built = self.parameters(self.cls.__init__, 1) if self.cls is not None else []
        end = time.monotonic() + seconds
        for entry in self.entries():
            holder = getattr(self.cls, entry) if self.cls is not None else self.scope.get(entry)
            if not callable(holder):
                continue
            called = self.parameters(holder, 1 if self.cls is not None else 0)
            best: list[tuple[int, Draw]] = []
            until = time.monotonic() + (end - time.monotonic()) / 2 if entry != self.entries()[-1] else end
            count = 0
            while time.monotonic() < until:
                count += 1
                fresh = not best or self.rng.random() < (1.0 if count < 60 else 0.2)
                draw = self.draw(built, called) if fresh else self.changed(self.rng.choice(best)[1], built, called)
                passed, steps = self.attempt(draw, entry)
                if passed:
                    return draw
                best.append((steps, draw))
                best.sort(key=lambda one: -one[0])
                del best[12:]
        return None


def refuted(text: str, claim: Claim, seconds: float, seed: int) -> str:
    """The arguments that refute a claim, as text; "" for none. In a child."""

    def work() -> str:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(0)
        draw = Search(text, claim, seed).refutation(seconds)
        return json.dumps({"built": str(draw.built), "called": str(draw.called), "ints": draw.ints}) if draw else ""

    return in_child(work, int(seconds) + 20)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try to refute every error of the programs; exit code 1 where one is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=5.0, help="of search for each error (5)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    import torch  # once, before the children

    torch.set_num_threads(1)
    count = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for root in options.folders:
            for name, source in sources(root):
                text = alone(source)
                if text is None or "torch" not in text:
                    continue
                for claim in claims(text, Path(folder)):
                    count += 1
                    found = refuted(text, claim, options.seconds, options.seed)
                    if found:
                        wrong += 1
                        print(f"{name}:{claim.text}\n    {found}", flush=True)
    print(f"{count} errors of classes alone, {wrong} refuted")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
