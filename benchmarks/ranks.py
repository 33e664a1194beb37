"""How much of the rank of its tensors does a class tell when it is read alone, and of how much does torch say that nothing tells it?

BENCH is a bench of programs (each `clean/SPLIT/NAME/program.py` a class and a driver that calls it). The driver is cut off and
`shapelint show` reads the class alone. Of the tensor expressions whose rank it does not know, torch is asked: the driver runs
again with inputs of one axis more or less, and an expression that then has another rank is one of which the class alone does
not tell the rank. What stays undecided so is not shown to be decided; the share that can be known is an upper bound.

`--recorder` is a Python file whose `record(path)` runs a program and returns the shapes that each expression had, by
"line:column:end_line:end_column". This runs the code of the bench.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from provable import driver_of, in_child, shape_of

SECONDS = 20

Spans = dict[str, list[list[int]]]


def loaded(path: Path) -> ModuleType:
    """The recorder."""
    spec = importlib.util.spec_from_file_location("recorder", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["recorder"] = module
    spec.loader.exec_module(module)
    return module


def recorded(recorder: ModuleType, path: Path) -> Spans | None:
    """The shapes that the program's expressions have in torch, None where it raises; in a child."""
    found: Spans | None = json.loads(in_child(lambda: json.dumps(recorder.record(str(path))), SECONDS) or "null")
    return found


def shown(path: Path) -> set[str]:
    """The expressions of which `shapelint show` knows the rank in some context."""
    command = [sys.executable, "-m", "shapelint", "show", "--no-cache", "--output-format", "json", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    known: set[str] = set()
    for one in json.loads(done.stdout)["expressions"]:
        shapes = [c["shape"] for c in one["contexts"] if c.get("shape") is not None]
        if any("..." not in map(str, shape) for shape in shapes):
            known.add(f"{one['line']}:{one['column']}:{one['end_line']}:{one['end_column']}")
    return known


def variants(driver: ast.If) -> Iterator[None]:
    """The driver with other inputs: one of them, or all, has an axis more or less. It is as before after each."""
    shapes = [shape for call in ast.walk(driver) if isinstance(call, ast.Call) and (shape := shape_of(call))]
    two = ast.Constant(2)
    for group in [[shape] for shape in shapes] + ([shapes] if len(shapes) > 1 else []):
        before = [list(shape) for shape in group]
        for change in (
            [[two, *shape] for shape in before],
            [[*shape[:1], two, *shape[1:]] for shape in before],
            [shape[1:] or shape for shape in before],
            [[ast.Constant(1), *shape] for shape in before],
        ):
            for shape, new in zip(group, change, strict=True):
                shape[:] = new
            yield
            for shape, old in zip(group, before, strict=True):
                shape[:] = old


def measure(recorder: ModuleType, program: Path, folder: Path) -> tuple[int, int, int]:
    """Of one program: tensor expressions of the class, those of unknown rank, and those of them that have another rank in torch where the inputs
    have."""
    source = program.read_text(encoding="utf-8")
    tree = ast.parse(source)
    driver = driver_of(tree)
    spans = recorded(recorder, program)
    if driver is None or spans is None:
        return 0, 0, 0
    head = "".join(source.splitlines(keepends=True)[: driver.lineno - 1])
    mine = {key: shapes for key, shapes in spans.items() if int(key.split(":")[0]) < driver.lineno}
    path = folder / "program.py"
    path.write_text(head, encoding="utf-8")
    known = shown(path)
    unknown = {key: {len(shape) for shape in shapes} for key, shapes in mine.items() if key not in known}
    open_: set[str] = set()
    for _ in variants(driver) if unknown else ():
        path.write_text(f"{head}{ast.unparse(ast.fix_missing_locations(driver))}\n", encoding="utf-8")
        for key, shapes in (recorded(recorder, path) or {}).items():
            if key in unknown and any(len(shape) not in unknown[key] for shape in shapes):
                open_.add(key)
    return len(mine), len(unknown), len(open_)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all programs of a split, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--recorder", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    options = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(1)
    recorder = loaded(options.recorder)
    totals: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder:
        for program in sorted((options.bench / "clean" / options.split).glob("*/program.py")):
            for name, count in zip(("all", "unknown", "open"), measure(recorder, program, Path(folder)), strict=True):
                totals[name] += count
    count = max(totals["all"], 1)
    shares: dict[str, Any] = {name: f"{totals[name] / count:.1%}" for name in ("unknown", "open")}
    print(f"{totals['all']} tensor expressions, {totals['unknown']} of unknown rank ({shares['unknown']})")
    print(f"of these, {totals['open']} have another rank in torch under another input ({shares['open']} of all)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
