"""Ops made of signatures that the configuration holds as text (`signature_text.py`).

A size that stands there by a name alone tells that name, then each that holds one name more (`2*d`); all others are demands.
What cannot be told of one argument is asked of none.
"""

from __future__ import annotations

import ast
import functools
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapelint.ops.contract import (
    CannotTell,
    Constraint,
    Context,
    Layer,
    Mismatch,
    Op,
    Refuted,
    Sample,
    T,
    layer,
    op,
    say,
)
from shapelint.ops.signature_text import (
    ANY,
    Argument,
    Axes,
    BadSignature,
    Binary,
    SignatureText,
    Size,
    evaluate,
    names_in,
    parse,
    unknown_in,
    written,
)
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import Dtype, NoneValue, Tensor, Tuple, Unknown, Value

RULE = "signature-shape"
NEGATIVE = Constraint("NEGATIVE", RULE, "no size is negative")


def described(entries: Iterable[tuple[str, str]]) -> dict[str, Op]:
    """The ops that signatures describe, by name; `entries` are keys and texts of the configuration. Raises BadSignature."""
    found: dict[str, Op] = {}
    for key, text in entries:
        made = _op(key, text)
        if made.name in found:
            raise BadSignature(f"two signatures describe `{made.name}`")
        found[made.name] = made
    return found


@functools.cache
def _op(key: str, text: str) -> Op:
    signature = parse(key, text)
    demands = _constraints(signature)
    samples = _sampler(signature)
    if signature.built is None:
        made = op(signature.name, (signature.name,), signature.parameters, demands, samples)
        made.rule(lambda cx, /, **arguments: _Call(cx, signature, arguments).answer())
        return made
    made = layer(signature.name, (signature.name,), signature.built_parameters, signature.parameters, demands, samples)
    made.rule(lambda cx, built, /, **arguments: _Call(cx, signature, arguments, built).answer())
    built_by = frozenset(one.name for one in signature.built)
    # a text names the parameters of a constructor, and says nothing of what the attributes of those names hold
    made.attributes(lambda cx, built, name: Unknown("outside-project", name) if name in built_by else None)
    return made


# What is demanded ---------------------------------------------------------------------------------


def _constraints(signature: SignatureText) -> list[Constraint]:
    """Those demands that some call can fail."""
    axes = [one.axes for one in signature.tensors if one.axes is not None]
    solved, demanded = _roles_of_sizes(signature)
    texts = {
        "RANK": any(not one.run or one.least for one in axes) and "each tensor has the axes that stand there",
        "SIZE": bool(demanded) and "each axis has the size that stands there",
        "WHOLE": any(isinstance(size, Binary) and _multiplies(size, name) for size, name in solved)
        and "what stands there as a multiple is one",
        "RUN": sum(one.run for one in axes) > 1 and "`...` stands for the same axes",
    }
    return [Constraint(id, RULE, f"{text}: `{signature.text}`") for id, text in texts.items() if text]


def _roles_of_sizes(signature: SignatureText) -> tuple[list[tuple[Size, str]], list[Size]]:
    """The sizes that tell a name, with that name, and those that are demands, all arguments given."""
    known = {one.name for one in signature.options}
    left = [size for one in signature.tensors if one.axes is not None for size in one.axes.sizes if size != ANY]
    solved: list[tuple[Size, str]] = []
    for alone in (True, False, False):
        progress = True
        while progress:
            progress = False
            for at, size in enumerate(left):
                name = unknown_in(size, known)
                if name is not None and (isinstance(size, str) or not alone):
                    solved.append((left.pop(at), name))
                    known.add(name)
                    progress = True
                    break
    return solved, left


def _multiplies(size: Size, name: str) -> bool:
    """Whether a name is multiplied on the way that tells it."""
    if not isinstance(size, Binary):
        return False
    return size.sign == "*" or any(
        _multiplies(side, name) for side in (size.left, size.right) if name in names_in(side)
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """An axis of an argument: what it is and what the signature says of it."""

    argument: str
    at: int
    axis: Axis
    size: Size
    text: str


@dataclass
class _Call:
    """One call, held against its signature."""

    cx: Context
    signature: SignatureText
    given: Mapping[str, Value]
    built: Layer | None = None
    known: dict[str, Dim] = field(default_factory=dict)
    axes: dict[str, Axis] = field(default_factory=dict)  # of the names that an axis tells
    runs: list[tuple[str, tuple[Part, ...]]] = field(default_factory=list)
    unread: bool = False

    def answer(self) -> Value:
        """What the call gives. Raises Refuted, CannotTell."""
        for one in self.signature.options:
            self._read_option(one)
        places = [place for one in self.signature.tensors for place in self._places(one)]
        demands = self._solve(places)
        results = tuple(self._result(axes) for axes in self.signature.results)
        result = results[0] if len(results) == 1 else Tuple(results)
        self.cx.expect(result)
        for place in demands:
            self._demand(place)
        self._demand_runs()
        if self.unread:
            raise CannotTell("dynamic-value", self.signature.name)
        return result

    def _read_option(self, one: Argument) -> None:
        of_layer = self.built is not None and self.signature.built is not None and one in self.signature.built
        value = self.built.value(one.name) if self.built is not None and of_layer else self.given[one.name]
        try:
            self.known[one.name] = self.cx.int(value)
        except CannotTell:
            return  # no size that it stands in is known

    # arguments

    def _places(self, one: Argument) -> list[_Place]:
        """The axes of one argument, with what is said of each; those that `...` stands for go to `runs`."""
        axes = one.axes
        value = self.given[one.name]
        assert axes is not None
        if one.optional and isinstance(value, NoneValue):
            return []
        try:
            parts = self._parts(one.name, value, axes)
        except CannotTell:
            self.unread = True
            return []
        before, behind = len(axes.before), len(axes.behind)
        if axes.run:
            self.runs.append((one.name, parts[before : len(parts) - behind]))
        ends = [(at, parts[at], size) for at, size in enumerate(axes.before)]
        ends += [(at - behind, parts[at - behind], size) for at, size in enumerate(axes.behind)]
        return [_Place(one.name, at, part, size, axes.text) for at, part, size in ends if isinstance(part, Axis)]

    def _parts(self, name: str, value: Value, axes: Axes) -> tuple[Part, ...]:
        """The axes of a tensor, at least as many as are named known. Raises CannotTell, Refuted."""
        cx = self.cx
        tensor = cx.tensor(value)
        if not axes.run:
            said = say(
                "{subject} expects {text} for {@" + name + "} but receives {shape}", text=axes.text, shape=tensor.shape
            )
            tensor = cx.ranks(tensor, (axes.least,), "RANK", said, name)
        elif axes.least:
            said = say(
                "{subject} expects {text} for {@" + name + "} but receives {shape}", text=axes.text, shape=tensor.shape
            )
            tensor = cx.at_least_rank(tensor, axes.least, "RANK", said, name)
            if tensor.shape.rank is None and axes.before:
                if axes.behind:  # of few axes some are counted from both ends
                    raise CannotTell("dynamic-value", "rank")
                tensor, _ = cx.axis(tensor, len(axes.before) - 1, "RANK")
        return tensor.shape.parts

    # sizes

    def _solve(self, places: list[_Place]) -> list[_Place]:
        """Tells names by the axes that they stand for; gives the places that are demands."""
        unknowable = {one.name for one in self.signature.options} - set(self.known)
        left = [place for place in places if place.size != ANY]
        for alone in (True, False):
            progress = True
            while progress:
                progress = False
                for place in left:
                    name = unknown_in(place.size, self.known)
                    if name is None or name in unknowable or (alone and not isinstance(place.size, str)):
                        continue
                    solution = self._solution(place.size, name, place.axis.size, place)
                    if solution is None:
                        continue
                    self.known[name] = solution
                    if isinstance(place.size, str):
                        self.axes[name] = place.axis
                    left.remove(place)
                    progress = True
                    break
        return left

    def _solution(self, size: Size, name: str, entries: Dim, place: _Place) -> Dim | None:
        """The value of a name for which a size has so many entries; None where nothing tells it."""
        if not isinstance(size, Binary):
            return entries
        in_left = name in names_in(size.left)
        side, other = (size.left, size.right) if in_left else (size.right, size.left)
        number = self._evaluated(other)
        if number is None:
            return None
        if size.sign == "+":
            return self._solution(side, name, entries - number, place)
        if size.sign == "-":
            return self._solution(side, name, entries + number if in_left else number - entries, place)
        if number.value == 0:
            return None
        rest = (entries % number).value
        if rest:
            self.cx.refute(
                "WHOLE",
                say(
                    "{subject} expects a multiple of {number} in axis {at} of {@"
                    + place.argument
                    + "} but receives {got}",
                    number=number,
                    at=place.at,
                    got=place.axis.size,
                ),
                operand=place.argument,
            )
        if rest is None:
            self.cx.facts.learn_divides(entries, number)  # true wherever the call works
        return self._solution(side, name, entries // number, place)

    def _evaluated(self, size: Size) -> Dim | None:
        """A size as far as its names are known; None where one is not."""
        try:
            return self.cx.facts.resolve(Dim.of(evaluate(size, self.known)))
        except (KeyError, ZeroDivisionError):
            return None

    # results

    def _result(self, axes: Axes | None) -> Value:
        if axes is None:
            return Unknown("outside-project", self.signature.name)
        run: tuple[Part, ...] = ()
        if axes.run:
            ranked = (parts for _, parts in self.runs if not any(isinstance(part, Segment) for part in parts))
            any_run = next((parts for _, parts in self.runs), (Segment(self.signature.name),))
            run = next(ranked, any_run)
        used: set[str] = set()
        before = tuple(self._axis(size, used) for size in axes.before)
        behind = tuple(self._axis(size, used) for size in axes.behind)
        return Tensor(Shape((*before, *run, *behind)), _dtype(axes))

    def _axis(self, size: Size, used: set[str]) -> Axis:
        """An axis of a result: the one of the argument that its name stands for, once in a result."""
        entries = self._evaluated(size) if size != ANY else None
        if entries is None:
            return self.cx.fresh(written(size))
        if entries.value is not None and entries.value < 0:
            headline = say("{subject} makes an axis of {size} = {got} entries", size=written(size), got=entries)
            raise Refuted(Mismatch(self.signature.name, NEGATIVE, headline))
        if isinstance(size, str) and size in self.axes and size not in used:
            used.add(size)
            return self.axes[size]
        return Axis.fresh(entries)

    # demands

    def _demand(self, place: _Place) -> None:
        want = self._evaluated(place.size)
        if want is None:
            self.unread = True
            return
        got = place.axis.size
        self.cx.demand_equal(
            "SIZE",
            want,
            got,
            say(
                "{subject} expects {want} entries in axis {at} of {@" + place.argument + "} but receives {got}",
                want=want,
                at=place.at,
                got=got,
            ),
            label=say(
                "axis {at}, `{size}` in {text}, is {got}",
                at=place.at,
                size=written(place.size),
                text=place.text,
                got=got,
            ),
            operand=place.argument,
        )

    def _demand_runs(self) -> None:
        """`...` stands for the same axes everywhere; what is unknown of them is asked of none."""
        ranked = [(name, parts) for name, parts in self.runs if not any(isinstance(part, Segment) for part in parts)]
        for name, parts in ranked[1:]:
            first, other = Shape(ranked[0][1]), Shape(parts)
            said = say(
                "{subject} expects the same axes for `...` but receives {first} and {other}", first=first, other=other
            )
            if first.rank != other.rank:
                self.cx.refute("RUN", said, operand=name)
            for left, right in zip(first.dims, other.dims, strict=True):
                self.cx.demand_equal("RUN", left, right, said, operand=name)


def _dtype(axes: Axes) -> Dtype | None:
    known: dict[str | None, Dtype] = {"bool": "bool", "int": "int", "float": "float", "complex": "complex"}
    return known.get(axes.dtype)


# Samples ------------------------------------------------------------------------------------------

SPOILT = 0.45
"""So many of the sampled calls have one axis changed."""
TRIES = 1000
"""So often sizes are drawn that must fit together."""


def _sampler(signature: SignatureText) -> Callable[[random.Random], Sample] | None:
    """Draws calls that fit, and such that do not quite; None where an argument that must be given is not described."""
    if any(one.axes is None and not one.option and not one.default for one in signature.arguments):
        return None

    def draw(rng: random.Random) -> Sample:
        for _ in range(TRIES):
            try:
                return _drawn(signature, rng)
            except (ArithmeticError, ValueError):  # a division by a drawn zero, a size below 0
                continue
        raise BadSignature(f"no small sizes fit the signature of `{signature.name}`")

    return draw


def _drawn(signature: SignatureText, rng: random.Random) -> Sample:
    axes = {one.name: one.axes for one in signature.tensors if one.axes is not None}
    in_sizes = {name for one in axes.values() for size in one.sizes for name in names_in(size)} - {ANY}
    in_sizes |= {name for result in signature.results if result for size in result.sizes for name in names_in(size)}
    values: dict[str, Any] = {}
    for one in signature.options:
        values[one.name] = rng.randint(1, 4)
        if one.default and (one.name not in in_sizes or rng.random() < 0.5):
            values[one.name] = ast.literal_eval(one.default)
    known = {name: values.get(name, rng.randint(1, 6)) for name in sorted(in_sizes - {ANY})}
    run = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    shapes: dict[str, list[int]] = {}
    for tensor in signature.tensors:
        if tensor.optional and rng.random() < 0.3:
            continue
        one_axes = axes[tensor.name]
        before, behind = (
            [_drawn_size(size, known, rng) for size in sizes] for sizes in (one_axes.before, one_axes.behind)
        )
        shapes[tensor.name] = [*before, *(run if one_axes.run else ()), *behind]
    if shapes and rng.random() < SPOILT:
        _spoil(shapes[rng.choice(sorted(shapes))], rng)
    for name, sizes in shapes.items():
        values[name] = T(tuple(sizes), _dtype(axes[name]) or "float")
    args, kwargs = _passed(signature.arguments, values, rng)
    init, init_kwargs = _passed(signature.built or (), values, rng)
    return Sample(signature.name, args, kwargs, init, init_kwargs)


def _passed(
    arguments: tuple[Argument, ...], values: Mapping[str, Any], rng: random.Random
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Values as arguments, the last ones by name where they have one; None for what was not drawn."""
    by_position = [one for one in arguments if not one.keyword]
    first = next((at + 1 for at in reversed(range(len(by_position))) if not by_position[at].named), 0)
    cut = rng.randint(first, len(by_position))
    args = tuple(values.get(one.name) for one in by_position[:cut])
    by_name = [*by_position[cut:], *(one for one in arguments if one.keyword)]
    return args, {one.name: values.get(one.name) for one in by_name}


def _drawn_size(size: Size, known: Mapping[str, Any], rng: random.Random) -> int:
    if size == ANY:
        return rng.randint(1, 4)
    try:
        number = evaluate(size, known)
    except TypeError:  # an option that is None, or no number
        number = -1
    if not isinstance(number, int) or number < 0:
        raise ValueError(written(size))
    return number


def _spoil(sizes: list[int], rng: random.Random) -> None:
    """One axis more, one less, or one of another size."""
    kind = rng.random()
    if not sizes or kind < 0.2:
        sizes.insert(rng.randint(0, len(sizes)), rng.randint(1, 4))
    elif kind < 0.4:
        del sizes[rng.randrange(len(sizes))]
    else:
        sizes[rng.randrange(len(sizes))] = rng.randint(1, 7)


__all__ = ["BadSignature", "described"]
