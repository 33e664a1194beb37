"""What is recorded inside a recurrent layer: a name and a shape for every intermediate of every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["forward", "backward"]
DIRECTIONS: tuple[Direction, Direction] = ("forward", "backward")
"""In the order of torch: direction 0 reads the steps forward, direction 1 backward (parameters named `…_reverse`)."""


@dataclass(frozen=True, slots=True)
class Intermediate:
    """One tensor inside a recurrent layer: `name` as in the equations of `shapelint.reference.equations`.

    `step` is the position in the sequence, whichever direction reads it. Axis 0 of `shape` is the batch, of which a
    packed sequence holds fewer rows at later steps.
    """

    layer: int
    direction: Direction
    step: int
    name: str
    shape: tuple[int, ...]
