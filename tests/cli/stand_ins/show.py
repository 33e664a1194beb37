"""Shapes that are read from comments: `# SHAPE text: (a, 2)` in every context, `# UNKNOWN text: reason`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shapelint.diagnostics import Location
from shapelint.program.project import LoadedModule, Project

SHAPE = re.compile(r"# SHAPE(?:\[(.*?)\])? (\S+): \((.*?)\)")
UNKNOWN = re.compile(r"# UNKNOWN (\S+): (\S+)")


@dataclass(frozen=True, slots=True)
class ShownContext:
    entry: str
    world: str
    shape: tuple[int | str, ...] | None
    concrete: tuple[int, ...] | None
    reason: str | None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    location: Location
    text: str
    contexts: tuple[ShownContext, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    expressions: tuple[Expression, ...]
    requirements: tuple[object, ...] = ()


def shown(project: Project, loaded: LoadedModule) -> list[Shown]:
    found = []
    for number, line in enumerate(loaded.source.text.split("\n"), start=1):
        if "# CRASH" in line:
            raise RuntimeError("stand-in crash")
        shown: dict[str, list[ShownContext]] = {}
        for world, text, dims in SHAPE.findall(line):
            shape = tuple(int(dim) if dim.isdigit() else dim for dim in dims.replace(" ", "").split(",") if dim)
            concrete = tuple(dim for dim in shape if isinstance(dim, int))
            whole = concrete if len(concrete) == len(shape) else None
            shown.setdefault(text, []).append(
                ShownContext("Model.forward", world, shape, whole, None, world == "batched")
            )
        for text, reason in UNKNOWN.findall(line):
            shown.setdefault(text, []).append(ShownContext("Model.forward", "", None, None, reason))
        for text, contexts in shown.items():
            column = line.index(text) + 1
            location = Location(loaded.source.path, number, column, number, column + len(text))
            found.append(Expression(location, text, tuple(contexts)))
    return [Shown(tuple(found))]
