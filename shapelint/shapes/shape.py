"""Shapes: axes in order, possibly around one unknown run.

An `Axis` has a size and remembers what it is made of: the *factors*, outermost first, whose sizes multiply to its own. A
factor keeps its identity through every op that moves, merges or splits axes, so that what is known about it (its role:
batch, step, feature …, held in `Facts`) is known wherever it ended up.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Union

from shapelint.shapes.dim import ONE, Dim, DimLike, Symbol

_counter = itertools.count(1)


class Factor:
    """One indivisible part of an axis: a size with an identity. `parent` is set where a factor is a piece of another one that was
    split; `place` is then its position and `count` the number of pieces (1 for a slice). `mixed` holds the factors that lie in memory where a
    reshape cut across them: all pieces together, in order, are those factors again."""

    __slots__ = ("count", "mixed", "parent", "place", "size", "uid")

    def __init__(
        self, size: Dim, parent: Factor | None = None, place: int = 0, count: int = 1, mixed: tuple[Factor, ...] = ()
    ) -> None:
        self.uid = next(_counter)
        self.size = size
        self.parent = parent
        self.place = place
        self.count = count
        self.mixed = mixed

    def __repr__(self) -> str:
        return f"Factor#{self.uid}({self.size!r})"


@dataclass(frozen=True, slots=True)
class Axis:
    """`factors` is empty where nothing is known of what the axis is made of. Equality is by size alone."""

    size: Dim
    factors: tuple[Factor, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Axis) and self.size == other.size

    def __hash__(self) -> int:
        return hash(self.size)

    @staticmethod
    def fresh(size: DimLike) -> Axis:
        """A new axis, with an identity of its own."""
        dim = Dim.of(size)
        return Axis(dim, (Factor(dim),))

    def resized(self, size: DimLike) -> Axis:
        """The same axis with fewer or more entries, as a slice or a padding gives: it keeps its identity where it is one factor."""
        dim = Dim.of(size)
        if dim == self.size:
            return self
        return Axis(dim, self.factors if len(self.factors) == 1 else ())


class Segment:
    """A run of axes of unknown number. Facts may bind it to parts."""

    __slots__ = ("name", "uid")

    def __init__(self, name: str) -> None:
        self.uid = next(_counter)
        self.name = name

    def __repr__(self) -> str:
        return f"Segment({self.name})"


Part = Union[Axis, Segment]


@dataclass(frozen=True, slots=True)
class Shape:
    """`parts` holds axes and at most one `Segment`; without one the rank is known."""

    parts: tuple[Part, ...]

    @staticmethod
    def of(*sizes: DimLike) -> Shape:
        """A shape of fresh axes."""
        return Shape(tuple(Axis.fresh(s) for s in sizes))

    @staticmethod
    def unknown(name: str = "") -> Shape:
        """Nothing known."""
        return Shape((Segment(name),))

    @property
    def ranked(self) -> bool:
        return not any(isinstance(p, Segment) for p in self.parts)

    @property
    def rank(self) -> int | None:
        return len(self.parts) if self.ranked else None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """All axes of a ranked shape. Raises ValueError where the rank is unknown."""
        axes = tuple(p for p in self.parts if isinstance(p, Axis))
        if len(axes) != len(self.parts):
            raise ValueError("the rank is unknown")
        return axes

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The sizes of a ranked shape. Raises ValueError where the rank is unknown."""
        return tuple(a.size for a in self.axes)

    @property
    def segment_index(self) -> int | None:
        return next((i for i, p in enumerate(self.parts) if isinstance(p, Segment)), None)

    @property
    def prefix(self) -> tuple[Axis, ...]:
        """The axes known from the left."""
        at = self.segment_index
        return self.axes if at is None else self.parts[:at]  # type: ignore[return-value]

    @property
    def suffix(self) -> tuple[Axis, ...]:
        """The axes known from the right."""
        at = self.segment_index
        return self.axes if at is None else self.parts[at + 1 :]  # type: ignore[return-value]

    @property
    def concrete(self) -> tuple[int, ...] | None:
        """The sizes, where all of them are integers."""
        if not self.ranked:
            return None
        values = tuple(d.value for d in self.dims)
        return None if None in values else values  # type: ignore[return-value]

    @property
    def symbols(self) -> frozenset[Symbol]:
        found: frozenset[Symbol] = frozenset()
        for part in self.parts:
            if isinstance(part, Axis):
                found |= part.size.symbols
        return found


def product(dims: Iterable[DimLike]) -> Dim:
    """The number of entries."""
    total = ONE
    for dim in dims:
        total = total * dim
    return total
