"""Walking the model of a file, whatever its nodes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from shapelint.program import model

_fields: dict[type, tuple[str, ...]] = {}  # by the kind of node


def parts(thing: object) -> list[object]:
    """What a node, or a tuple of nodes, is made of, in the order of the text; nothing for a name or a number."""
    if isinstance(thing, tuple):
        return list(thing)
    kind = type(thing)
    names = _fields.get(kind)
    if names is None:
        names = tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
        _fields[kind] = names
    return [getattr(thing, name) for name in names]


def walk(thing: object) -> Iterator[object]:
    """A node, or a tuple of nodes, and everything within, in no fixed order."""
    pending = [thing]
    while pending:
        one = pending.pop()
        yield one
        pending.extend(parts(one))


def names(thing: object) -> Iterator[str]:
    """Every name that a part of a program mentions as one, once for each time."""
    return (one.name for one in walk(thing) if isinstance(one, model.Name))
