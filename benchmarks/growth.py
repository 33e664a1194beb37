"""How the time grows with the program: generated projects, one thing in each growing while everything else stays.

For each series the time of every size is taken (that of the processor, so that others on the machine do not count). Its
growth is the exponent that fits best: 1 is linear, 2 quadratic. What the smallest program of the series takes is
constant work and taken off first. A series fails where the exponent is clearly above 1.

The last part doubles the work with each function (f calls g twice, g calls h twice …): such a chain must end in time,
with what it gives known or unknown by budget.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LIMIT = 1.25
"""Above this exponent growth is faster than linear; what is below is within the noise of a busy machine."""

SIZES = (32, 64, 128, 256)
DEPTHS = (4, 8, 12, 16, 20)
SECONDS = 60.0
"""So long may a chain that doubles take, whatever its depth."""

HEAD = "import torch\nfrom torch import nn\n\n"


def model(number: int, methods: int = 3) -> str:
    """A class whose `forward` calls `methods` methods, each of which applies a layer."""
    lines = [
        f"class Model{number}(nn.Module):",
        "    def __init__(self, size, hidden=32):",
        "        super().__init__()",
        "        self.lstm = nn.LSTM(size, hidden, batch_first=True)",
        "        self.head = nn.Linear(hidden, hidden)",
        "",
    ]
    for method in range(methods):
        lines += [
            f"    def step{method}(self, x):",
            "        x = torch.relu(self.head(x))",
            "        return x.transpose(0, 1).transpose(0, 1)",
            "",
        ]
    lines += ["    def forward(self, x):", "        x, _ = self.lstm(x)"]
    lines += [f"        x = self.step{method}(x)" for method in range(methods)]
    return "\n".join([*lines, "        return x[:, -1]", "", ""])


def classes(count: int) -> dict[str, str]:
    """A project of `count` classes, four to a file; a main file builds and calls each."""
    files: dict[str, list[int]] = {}
    for number in range(count):
        files.setdefault(f"models{number // 4}", []).append(number)
    project = {f"{name}.py": HEAD + "\n".join(map(model, numbers)) for name, numbers in files.items()}
    main = [f"from {name} import {', '.join(f'Model{n}' for n in numbers)}" for name, numbers in files.items()]
    main += [f"Model{number}(5)(torch.randn(2, 7, 5))" for number in range(count)]
    return {**project, "main.py": HEAD + "\n".join(main) + "\n"}


def call_sites(count: int) -> dict[str, str]:
    """One class, called at `count` places."""
    calls = [f"model(torch.randn({place + 2}, 7, 5))" for place in range(count)]
    return {"main.py": "\n".join([HEAD + model(0), "model = Model0(5)", *calls]) + "\n"}


def constructions(count: int) -> dict[str, str]:
    """One class, built at `count` places with sizes of their own."""
    built = [f"Model0({place + 1})(torch.randn(2, 7, {place + 1}))" for place in range(count)]
    return {"main.py": "\n".join([HEAD + model(0), *built]) + "\n"}


def methods(count: int) -> dict[str, str]:
    """One class whose `forward` calls `count` methods."""
    return {"main.py": HEAD + model(0, count)}


def repeated(count: int) -> dict[str, str]:
    """One class whose `forward` calls the same method `count` times."""
    text = model(0, 1).replace("        x = self.step0(x)\n", "        x = self.step0(x)\n" * count)
    return {"main.py": HEAD + text}


def nested(count: int) -> dict[str, str]:
    """`count` functions of which each calls the next once."""
    lines = [f"def f{i}(x):\n    return torch.relu(f{i + 1}(x + {i}))\n" for i in range(count)]
    return {"main.py": "\n".join([HEAD, *lines, f"def f{count}(x):\n    return x\n", "f0(torch.zeros(3))"]) + "\n"}


def flags(count: int) -> dict[str, str]:
    """A class with `count` flags, each of which changes a shape."""
    lines = [
        "class Model(nn.Module):",
        f"    def __init__(self, size, {', '.join(f'flag{i}=False' for i in range(count))}):",
        "        super().__init__()",
        *(f"        self.flag{i} = flag{i}" for i in range(count)),
        "        self.head = nn.Linear(size, size)",
        "",
        "    def forward(self, x):",
        "        x = self.head(x)",
    ]
    for i in range(count):
        lines += [f"        if self.flag{i}:", "            x = torch.cat([x, x], -1)"]
    return {"main.py": HEAD + "\n".join([*lines, "        return x", ""])}


def branches(count: int) -> dict[str, str]:
    """A function with `count` branches that nothing decides."""
    lines = ["import random", "", "def f(x):", "    x = x + torch.zeros(2, 3)"]
    for i in range(count):
        lines += [f"    if random.random() < {i}:", "        x = x.transpose(0, 1)"]
    return {"main.py": HEAD + "\n".join([*lines, "    return x", ""])}


def doubling(depth: int) -> dict[str, str]:
    """`depth` functions of which each calls the next twice, never with equal arguments."""
    lines = [f"def f{i}(x):\n    return f{i + 1}(x + {i}) + f{i + 1}(x - {i})\n" for i in range(depth)]
    return {"main.py": "\n".join([HEAD, *lines, f"def f{depth}(x):\n    return x\n", "y = f0(torch.zeros(3))"]) + "\n"}


SERIES: dict[str, Callable[[int], dict[str, str]]] = {
    "classes": classes,
    "call sites": call_sites,
    "constructions": constructions,
    "methods called": methods,
    "calls of one method": repeated,
    "calls in calls": nested,
    "flags": flags,
    "branches": branches,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """The processor's time that checking a project took, and the entries whose reading used up its steps."""

    seconds: float
    spent: tuple[str, ...]


def check(files: dict[str, str], repeats: int) -> Taken:
    """The shortest of several checks of a project; parsing is not counted, since it is linear by itself."""
    from shapelint.diagnostics import Failure
    from shapelint.program.project import Project
    from shapelint.rules import judge, observe

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in files.items():
            path = Path(folder, name)
            path.write_text(text, "utf-8")
            paths.append(path)
        best = math.inf
        spent: tuple[str, ...] = ()
        for _ in range(repeats):
            project = Project(folder, paths)
            loaded = [one for path in paths if not isinstance(one := project.load(path), Failure)]
            start = time.process_time()
            seen = [observe(project, one) for one in loaded]
            judge(seen)
            best = min(best, time.process_time() - start)
            spent = tuple(entry for one in seen for entry in one.spent)
    return Taken(best, spent)


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope of the line that fits the logarithms best."""
    points = [(math.log(n), math.log(max(s, 1e-6))) for n, s in zip(sizes, seconds, strict=True)]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def growth(sizes: list[int], repeats: int) -> bool:
    """Prints each series; whether all grow no faster than linearly."""
    fine = True
    width = max(map(len, SERIES))
    print(f"{'milliseconds for each':{width}}  {''.join(f'{n:>9}' for n in sizes)}   growth")
    for name, make in SERIES.items():
        seconds = [check(make(size), repeats).seconds for size in sizes]
        fixed = max(min(check(make(1), repeats).seconds - seconds[0] / sizes[0], 0.9 * seconds[0]), 0.0)
        found = exponent(sizes, [one - fixed for one in seconds])
        shown = "".join(f"{1000 * s / n:9.2f}" for s, n in zip(seconds, sizes, strict=True))
        verdict = "" if found <= LIMIT else "  FASTER THAN LINEAR"
        print(f"{name:{width}}  {shown}   n^{found:.2f}{verdict}")
        fine = fine and found <= LIMIT
    return fine


def chains(depths: list[int]) -> bool:
    """Prints how each chain that doubles ended; whether all did in time."""
    fine = True
    print("\na chain of functions, each calling the next twice")
    for depth in depths:
        taken = check(doubling(depth), 1)
        ended = f"unknown by budget in {', '.join(taken.spent)}" if taken.spent else "known"
        late = taken.seconds > SECONDS
        print(f"  depth {depth:2}  {taken.seconds:7.2f} s  {ended}{'  TOO LONG' if late else ''}")
        fine = fine and not late
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="sizes of the generated programs")
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS, help="depths of the chains that double")
    parser.add_argument("--repeats", type=int, default=3, help="the shortest of so many checks counts (default: 3)")
    args = parser.parse_args()
    if len(args.sizes) < 2:
        parser.error("growth needs two sizes or more")
    linear = growth(sorted(args.sizes), args.repeats)
    ended = chains(sorted(args.depths))
    print(f"\n{'met' if linear and ended else 'NOT MET'}: no faster than linearly, and every chain ends")
    return 0 if linear and ended else 1


if __name__ == "__main__":
    sys.exit(main())
