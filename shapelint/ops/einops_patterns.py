"""Patterns of einops, parsed once: `"b (h p) w -> b h (p w)"`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

ELLIPSIS = "..."
Operation = Literal["rearrange", "reduce", "repeat"]
_TOKEN = re.compile(r"\s*(\.\.\.|[()]|\w+)")


class PatternError(Exception):
    """A pattern that einops refuses, and why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an axis: a name, or a number that stands for itself (then `number` is set and the name its own)."""

    name: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pattern: for each axis its pieces, outermost first; an axis of 1 has none. The ellipsis is a piece
    named `...`,
    and `bare` tells whether it stands outside parentheses."""

    axes: tuple[tuple[Piece, ...], ...]
    bare: bool = False

    @property
    def names(self) -> list[str]:
        return [piece.name for axis in self.axes for piece in axis]

    @property
    def ellipsis(self) -> int | None:
        """The place of an ellipsis that stands outside parentheses."""
        return next((i for i, a in enumerate(self.axes) if self.bare and a == (Piece(ELLIPSIS),)), None)


@dataclass(frozen=True, slots=True)
class Pattern:
    left: Side
    right: Side


@lru_cache(256)
def parse_side(text: str, side: str = "") -> Side:
    """One side of a pattern. `side` keeps the numbers of both sides apart. Raises PatternError."""
    axes: list[tuple[Piece, ...]] = []
    group: list[Piece] | None = None
    bare = False
    seen: set[str] = set()
    text, at = text.rstrip(), 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise PatternError(f"unexpected character {text[at:].lstrip()[:1]!r}")
        token, at = found.group(1), found.end()
        if token == "(":
            if group is not None:
                raise PatternError("brackets inside brackets are not allowed")
            group = []
        elif token == ")":
            if group is None:
                raise PatternError("brackets are not balanced")
            axes.append(tuple(group))
            group = None
        elif token == "1":
            if group is None:
                axes.append(())
        else:
            if token.isdecimal():
                piece = Piece(f"{side}{len(axes)}.{len(group or ())}:{token}", int(token))
            elif token != ELLIPSIS and (not token.isidentifier() or token[0] == "_" or token[-1] == "_"):
                raise PatternError(f"invalid axis name {token!r}")
            else:
                piece = Piece(token)
            if piece.name in seen:
                raise PatternError(f"duplicate dimension {token!r}")
            seen.add(piece.name)
            if group is None:
                axes.append((piece,))
                bare = bare or token == ELLIPSIS
            else:
                group.append(piece)
    if group is not None:
        raise PatternError("brackets are not balanced")
    return Side(tuple(axes), bare)


@lru_cache(256)
def parse(text: str, operation: Operation, given: tuple[str, ...]) -> Pattern:
    """A pattern, held against what the operation allows; `given` are the names whose sizes the call tells. Raises
    PatternError."""
    sides = text.split("->")
    if len(sides) != 2:
        raise PatternError("a pattern has exactly one '->'")
    left, right = parse_side(sides[0], "<"), parse_side(sides[1], ">")
    here, there = set(left.names), set(right.names)
    if ELLIPSIS in there and ELLIPSIS not in here:
        raise PatternError("ellipsis found in right side, but not left side")
    if ELLIPSIS in here and not left.bare:
        raise PatternError("ellipsis inside parenthesis in the left side is not allowed")
    if operation == "rearrange":
        if any(p.number is not None for s in (left, right) for axis in s.axes for p in axis):
            raise PatternError("numbers other than 1 are not supported in rearrange")
        if here ^ there:
            raise PatternError(f"identifiers only on one side of expression: {_listed(here ^ there)}")
    elif operation == "repeat":
        if here - there:
            raise PatternError(f"unexpected identifiers on the left side of repeat: {_listed(here - there)}")
        numbers = {p.name for axis in right.axes for p in axis if p.number is not None}
        if there - here - numbers - set(given):
            raise PatternError(f"specify sizes for new axes in repeat: {_listed(there - here - numbers - set(given))}")
    elif there - here:
        raise PatternError(f"unexpected identifiers on the right side of reduce: {_listed(there - here)}")
    unused = [name for name in given if name not in here | there]
    if unused:
        raise PatternError(f"axis {unused[0]} is not used in transform")
    for axis in left.axes:
        unknown = [p.name for p in axis if p.number is None and p.name not in given and p.name != ELLIPSIS]
        if len(unknown) > 1:
            raise PatternError(f"could not infer sizes for {', '.join(unknown)}")
    return Pattern(left, right)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(name.rpartition(":")[2] for name in names))


@lru_cache(256)
def parse_einsum(text: str) -> tuple[tuple[Side, ...], Side]:
    """The operands and the result of an `einops.einsum`. Raises PatternError."""
    sides = text.split("->")
    if len(sides) != 2:
        raise PatternError("a pattern has exactly one '->'")
    operands = tuple(_einsum_side(part) for part in sides[0].split(","))
    result = parse_side(sides[1])
    known = {name for side in operands for name in side.names}
    for axis in (*result.axes, *(a for side in operands for a in side.axes)):
        if len(axis) != 1 or axis[0].number is not None:
            raise PatternError("an axis of einsum is one name")
        if axis[0].name not in known:
            raise PatternError(f"unknown axis {axis[0].name} on right side")
    return operands, result


def _einsum_side(text: str) -> Side:
    """Names may stand twice in an operand."""
    pieces = text.split()
    sides = [parse_side(piece) for piece in pieces]
    return Side(tuple(axis for side in sides for axis in side.axes), any(side.bare for side in sides))
