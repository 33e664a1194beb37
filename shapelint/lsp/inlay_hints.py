"""Inlay hints: the shape behind each name that an assignment binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapelint.interp.assigned import Shapes
from shapelint.interp.show import Expression, ShownContext
from shapelint.lsp import telling

MAX_SHAPES = 2
"""So many shapes of different worlds stand in the text; the tooltip has all."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A text that the editor shows behind (line, column), both counted from 1."""

    line: int
    column: int
    label: str
    tooltip: str


def hints(shapes: Shapes, first: int, last: int) -> Iterator[Hint]:
    """The hints of the lines from `first` to `last`."""
    for one in shapes.assigned:
        if first <= one.location.end_line <= last and one.text != "_":
            hint = _hint(one)
            if hint is not None:
                yield hint


def _hint(one: Expression) -> Hint | None:
    known = [context for context in one.contexts if context.shape is not None and context.shape != ("...",)]
    if not known:
        return None
    # symbols say what holds however the file is used; where there are none the script's own numbers are all there is
    general = [context for context in known if context.concrete is None] or known
    groups = telling.by_shape(general)
    label = " | ".join(list(groups)[:MAX_SHAPES])
    if len(groups) > MAX_SHAPES:
        label += " | …"
    return Hint(one.location.end_line, one.location.end_column, label, _tooltip(known))


def _tooltip(contexts: list[ShownContext]) -> str:
    lines = []
    for shape, these in telling.by_shape(contexts).items():
        places = list(dict.fromkeys(telling.place(one) for one in these))
        lines.append(f"{shape} in {places[0]}" + (f" and {len(places) - 1} more" if len(places) > 1 else ""))
    return "\n".join(lines)
