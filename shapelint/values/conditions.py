"""Conditions: the questions that a world answers, as data.

`implied` says what one answer tells of another question, `worded` puts an answer into words for people. Nothing reads those words again.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from shapelint.shapes.dim import Dim, Symbol
from shapelint.shapes.printing import format_dim

Constant = str | int | float | bool | None
"""What an option may be compared with. `1`, `1.0` and `True` are equal, as they are in Python."""

Guess = Literal["", "rank", "size", "type", "whole"]


class Condition:
    """A test that a world decides. Two conditions are the same question exactly if they are equal.

    `guess` marks a question of what tensor arrives (its rank, a size of 1, its type), which no caller chooses as he chooses a flag: what
    fails under one answer alone only says that the answer is wrong."""

    __slots__ = ()

    @property
    def guess(self) -> Guess:
        return ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The values that are asked: a parameter, a path below a configuration, an argument of an entry."""
        return ()


class _OfOneValue(Condition):
    """A question about the value at one `path`."""

    __slots__ = ()
    path: str

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)


@dataclass(frozen=True, slots=True)
class Branch(Condition):
    """Which way a test went that no world decides: of data, or of sizes of inputs. It only ties together what its sides left. `key` is a number
    of its own, or the question about sizes that is asked."""

    key: object


@dataclass(frozen=True, slots=True)
class IsTrue(_OfOneValue):
    """`if option:`"""

    path: str


@dataclass(frozen=True, slots=True)
class IsNone(_OfOneValue):
    path: str


@dataclass(frozen=True, slots=True)
class Equals(_OfOneValue):
    """`option == "sum"`; also a flag that is compared with `True`, which a name in its place is not."""

    path: str
    constant: Constant


@dataclass(frozen=True, slots=True)
class Among(_OfOneValue):
    """`option in ("sum", "mean")`."""

    path: str
    constants: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Contains(_OfOneValue):
    """`"gate" in options`."""

    path: str
    item: Constant


@dataclass(frozen=True, slots=True)
class IsInstance(_OfOneValue):
    """`isinstance(value, kind)`; a guess where the value is an argument of an entry."""

    path: str
    kind: str
    guess: Guess = ""


@dataclass(frozen=True, slots=True)
class IsCallable(_OfOneValue):
    path: str


@dataclass(frozen=True, slots=True)
class IsWhole(_OfOneValue):
    """Whether an input whose entries are read as values of their own, `h[0]`, was one tensor from the start."""

    path: str

    @property
    def guess(self) -> Guess:
        return "whole"


@dataclass(frozen=True, slots=True)
class Rank(_OfOneValue):
    """`x.dim() == 3`; no guess where the code asks, "rank" or "whole" where an op needs to know."""

    path: str
    test: Literal["==", ">=", "<="]
    number: int
    guess: Guess = ""


@dataclass(frozen=True, slots=True)
class SameRank(Condition):
    """Whether two inputs that meet have as many axes."""

    left: str
    right: str

    @property
    def guess(self) -> Guess:
        return "whole"

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class SizeIsOne(Condition):
    """Whether an open size of an input is 1. `number` tells sizes apart that share a name, in the order in which they are asked for."""

    name: str
    number: int = 1

    @property
    def guess(self) -> Guess:
        return "size"

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Compares(Condition):
    """`layers > 1`: a comparison of sizes that parameters decide, in the symbols of `size_at`."""

    left: Dim
    test: Literal["==", ">", ">="]
    right: Dim

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted({s.name for s in (*self.left.symbols, *self.right.symbols)}))


@cache
def size_at(path: str) -> Dim:
    """The size that stands at a path, in the questions of all readings: the symbols of a reading are its own."""
    return Dim.of(Symbol(path, "parameter", None))


# Implication -------------------------------------------------------------------------------------

_PLAIN_KINDS = ("str", "int", "float", "bool", "list", "tuple", "dict", "set", "Tensor", "Module", "NoneType")
_COMPARED: dict[str, Callable[[int, int], bool]] = {"==": operator.eq, ">": operator.gt, ">=": operator.ge}


def implied(known: Condition, held: bool, asked: Condition) -> bool | None:
    """What the answer to one question says of another, None where it says nothing."""
    if known == asked:
        return held
    if isinstance(known, Rank) and isinstance(asked, Rank):
        return _implied_rank(known, held, asked) if known.path == asked.path else None
    if isinstance(known, Compares) and isinstance(asked, Compares):
        return _implied_sizes(known, held, asked)
    if len(known.paths) != 1 or known.paths != asked.paths:
        return None
    candidates = _candidates(known) if held else None
    if candidates is not None:
        answers = {_of_constant(asked, value) for value in candidates}
        return answers.pop() if len(answers) == 1 else None
    wanted = _candidates(asked)
    if wanted is not None and all(_of_constant(known, value) not in (held, None) for value in wanted):
        return False
    return None


def _candidates(condition: Condition) -> tuple[Constant, ...] | None:
    """All that a value may be where the answer is yes, None where that may be anything."""
    if isinstance(condition, IsNone):
        return (None,)
    if isinstance(condition, Equals):
        return (condition.constant,)
    return condition.constants if isinstance(condition, Among) else None


def _of_constant(asked: Condition, value: Constant) -> bool | None:
    """The answer where the value is known."""
    candidates = _candidates(asked)
    if isinstance(asked, IsNone):
        return value is None
    if candidates is not None:
        return value in candidates
    if isinstance(asked, IsTrue):
        return bool(value)
    if isinstance(asked, IsCallable):
        return False
    if isinstance(asked, Contains):
        return asked.item in value if isinstance(value, str) and isinstance(asked.item, str) else None
    if isinstance(asked, IsInstance) and asked.kind in _PLAIN_KINDS:
        # numbers that are equal may be of different kinds
        if isinstance(value, (int, float)) and asked.kind in ("int", "float", "bool"):
            return None
        return asked.kind in [kind.__name__ for kind in type(value).__mro__]
    if isinstance(asked, Compares) and asked.left.lone_symbol is not None and asked.right.value is not None:
        return _COMPARED[asked.test](value, asked.right.value) if isinstance(value, int) else None
    return None


def _implied_sizes(known: Compares, held: bool, asked: Compares) -> bool | None:
    """Two comparisons of the same sizes say something of each other: `a > b` and `b >= a + 1`."""
    difference = known.left - known.right
    least: int | None = {"==": 0, ">": 1, ">=": 0}[known.test]
    most: int | None = least if known.test == "==" else None
    if not held and known.test != "==":
        least, most = None, (least or 0) - 1
    other = asked.left - asked.right
    more, less = (other - difference).value, (other + difference).value
    if more is not None:
        least, most = (None if end is None else more + end for end in (least, most))
    elif less is not None:
        least, most = (None if end is None else less - end for end in (most, least))
    else:
        return None
    if known.test == "==" and not held:
        return False if asked.test == "==" and least == 0 else None
    if asked.test == "==":
        if (least is not None and least > 0) or (most is not None and most < 0):
            return False
        return True if least == most == 0 else None
    edge = 1 if asked.test == ">" else 0
    if least is not None and least >= edge:
        return True
    return False if most is not None and most < edge else None


def _implied_rank(known: Rank, held: bool, asked: Rank) -> bool | None:
    number = known.number
    if known.test == "==":
        if not held:
            return None if asked.test != "==" or asked.number != number else False
        admissible: tuple[int, int | None] = (number, number)
    elif known.test == ">=":
        admissible = (number, None) if held else (0, number - 1)
    else:
        admissible = (0, number) if held else (number + 1, None)
    return rank_answer(admissible, asked.test, asked.number)


def rank_answer(admissible: tuple[int, int | None], test: str, number: int) -> bool | None:
    """Whether a rank that lies in an interval is `number` ("=="), no less than that (">=") or no more ("<=")."""
    least, most = admissible
    if test == "<=":
        over = rank_answer(admissible, ">=", number + 1)
        return None if over is None else not over
    if most is not None and most < number:
        return False
    if test == ">=":
        return True if least >= number else None
    if least > number:
        return False
    return True if least == most == number else None


# Words -------------------------------------------------------------------------------------------

_OPPOSITE = {"==": "!=", ">": "<=", ">=": "<", "<=": ">"}


def worded(condition: Condition, held: bool) -> str:
    """An answer as Python would ask for it: `kind == 'lstm'`, `h is not None`, `x.dim() < 3`; a flag as it is given, `bidirectional=True`."""
    no, sign = ("" if held else "not "), "==" if held else "!="
    if isinstance(condition, IsTrue):
        return f"{condition.path}={held}"
    if isinstance(condition, IsNone):
        return f"{condition.path} is {no}None"
    if isinstance(condition, Equals):
        if condition.constant is True or condition.constant is False:
            return f"{condition.path} is {no}{condition.constant}"
        return f"{condition.path} {sign} {condition.constant!r}"
    if isinstance(condition, Among):
        return f"{condition.path} {no}in {condition.constants!r}"
    if isinstance(condition, Contains):
        return f"{condition.item!r} {no}in {condition.path}"
    if isinstance(condition, IsInstance):
        return f"{no}isinstance({condition.path}, {condition.kind})"
    if isinstance(condition, IsCallable):
        return f"{no}callable({condition.path})"
    if isinstance(condition, IsWhole):
        return f"{condition.path} is {no}one tensor"
    if isinstance(condition, Rank):
        return f"{condition.path}.dim() {condition.test if held else _OPPOSITE[condition.test]} {condition.number}"
    if isinstance(condition, SameRank):
        return f"{condition.left}.dim() {sign} {condition.right}.dim()"
    if isinstance(condition, SizeIsOne):
        number = "" if condition.number == 1 else f"#{condition.number}"
        return f"{condition.name}{number} {sign} 1"
    assert isinstance(condition, Compares)
    test = condition.test if held else _OPPOSITE[condition.test]
    return f"{format_dim(condition.left)} {test} {format_dim(condition.right)}"
