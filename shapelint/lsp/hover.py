"""Hover: the shape of the expression under the cursor, in each world; over the name of a class, what it asks of whoever builds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapelint.diagnostics import Location
from shapelint.interp.assigned import Shapes
from shapelint.interp.requirements import Requirement
from shapelint.interp.show import Expression, ShownContext
from shapelint.lsp import telling

MAX_PLACES = 4
"""So many places are named for one shape; the others are counted."""

MAX_SHAPES = 12


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about one region."""

    location: Location
    markdown: str


def hover(shapes: Shapes, line: int, column: int) -> Hover | None:
    """What is known of the smallest expression at a place (counted from 1); the end of an expression counts as in it."""
    asked = [one for one in shapes.requirements if _holds(one.location, line, column)]
    if asked:
        return Hover(asked[0].location, "\n".join(["What its parameters must meet:", "", *map(_requirement, asked)]))
    found: Expression | None = None
    for one in (*shapes.expressions, *shapes.assigned):
        if _holds(one.location, line, column) and (found is None or _within(one.location, found.location)):
            found = one
    return None if found is None else Hover(found.location, _markdown(found))


def _holds(at: Location, line: int, column: int) -> bool:
    return (at.line, at.column) <= (line, column) <= (at.end_line, at.end_column)


def _within(inner: Location, outer: Location) -> bool:
    """Whether a region is the smaller one; of two that only touch, the later one, where the cursor stands at its start."""
    if (inner.line, inner.column) != (outer.line, outer.column):
        return (inner.line, inner.column) > (outer.line, outer.column)
    return (inner.end_line, inner.end_column) < (outer.end_line, outer.end_column)


def _markdown(one: Expression) -> str:
    groups = telling.by_shape(one.contexts)
    if len(groups) == 1:
        ((shape, contexts),) = groups.items()
        lines = [_code(f"{one.text}: {shape}"), *_notes(contexts)]
        return "\n\n".join(lines)
    rows = []
    for shape, contexts in list(groups.items())[:MAX_SHAPES]:
        rows.append(f"| `{shape}` | {_places(contexts)} |")
    more = len(groups) - len(rows)
    table = "\n".join(["| shape | in |", "|---|---|", *rows])
    parts = [_code(one.text), table, *([f"and {more} more"] if more > 0 else []), *_notes(one.contexts)]
    return "\n\n".join(parts)


def _requirement(one: Requirement) -> str:
    at = f", line {one.place.line}" if one.place is not None else ""
    where = " where " + "; or ".join(one.worlds[:MAX_PLACES]) if one.worlds else ""
    return f"- `{one.text}` ({one.entry}{at}){where}"


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _places(contexts: Sequence[ShownContext]) -> str:
    places = list(dict.fromkeys(telling.place(context) for context in contexts))
    named = [place.replace("|", "\\|") for place in places[:MAX_PLACES]]
    if len(places) > MAX_PLACES:
        named.append(f"and {len(places) - MAX_PLACES} more")
    return "<br>".join(named)


def _notes(contexts: Sequence[ShownContext]) -> list[str]:
    return ["The rank is open; the batched reading is shown."] if any(one.assumed for one in contexts) else []
