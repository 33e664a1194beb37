"""`torch.einsum`: sums of products, by labels."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NoReturn

from shapelint.ops.arithmetic import promote
from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.shapes.shape import Axis, Part, Shape
from shapelint.values.model import EllipsisValue, Str, Tensor, Tuple, Value

C1 = Constraint("C1", "einsum-shape", "axes of one label have equal sizes, or 1 in another operand")
C2 = Constraint("C2", "einsum-shape", "each operand has as many axes as labels, or more where there is an ellipsis")
C3 = Constraint("C3", "einsum-shape", "there are as many operands as terms")
C4 = Constraint("C4", "einsum-shape", "the equation is well formed, and its output has only labels of the inputs")


@dataclass(frozen=True, slots=True)
class Term:
    """The labels of one operand before and after its ellipsis, if it has one."""

    before: str
    after: str = ""
    ellipsis: bool = False

    @property
    def labels(self) -> str:
        return self.before + self.after


def _malformed(cx: Context, why: str) -> NoReturn:
    cx.refute("C4", say("invalid einsum equation: {why}", why=why), operand="equation")


def _term(cx: Context, text: str) -> Term:
    before, dots, after = text.partition("...")
    for label in before + after:
        if not (label.isascii() and label.isalpha()):
            _malformed(cx, "more than one ellipsis" if dots and label == "." else f"{label!r} is not a label")
    return Term(before, after, bool(dots))


def _parse(cx: Context, equation: str) -> tuple[list[Term], Term]:
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = [_term(cx, text) for text in left.split(",")]
    given = "".join(term.labels for term in terms)
    if not arrow:
        once = "".join(sorted(label for label in set(given) if given.count(label) == 1))
        return terms, Term("", once, any(term.ellipsis for term in terms))
    output = _term(cx, right)
    for label in output.labels:
        if output.labels.count(label) > 1:
            _malformed(cx, f"the output has {label!r} more than once")
        if label not in given:
            _malformed(cx, f"the output has {label!r}, which no input has")
    return terms, output


def _sample(rng: random.Random) -> Sample:
    equation = rng.choice(_EQUATIONS)
    if rng.random() < 0.04:
        equation = rng.choice(["ij,jk->ikz", "ij->ii", "i.j->i", "i...j...->i", "i1->i", "ij-jk"])
    sizes = {label: rng.randint(1, 4) for label in "bhijklmnBZ"}
    dots = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    tensors = []
    for text in equation.partition("->")[0].replace(" ", "").split(","):
        shape: list[int] = []
        before, ellipsis, after = text.partition("...")
        for part in (before, None, after):
            if part is None:
                shape += [n if rng.random() < 0.85 else 1 for n in dots[rng.randint(0, 1) :]] if ellipsis else []
            else:
                shape += [sizes.get(c, 2) if rng.random() < 0.95 else rng.randint(1, 4) for c in part]
        if rng.random() < 0.05:
            shape = shape[1:] if rng.random() < 0.5 else [2, *shape]
        tensors.append(t(*shape))
    if rng.random() < 0.05:
        tensors = tensors[1:] if rng.random() < 0.5 else [*tensors, t(2)]
    if not tensors:
        tensors = [t(2), t(2)]
    return Sample("torch.einsum", (equation, tensors) if rng.random() < 0.2 else (equation, *tensors))


_EQUATIONS = (
    "ij,jk->ik",
    "ij,jk",
    "bij,bjk->bik",
    "bhik,bhjk->bhij",
    "ii->i",
    "ii",
    "ij->ji",
    "ij->",
    "i,j->ij",
    "bij, bjk -> bik",
    "...ij,...jk->...ik",
    "...i,i->...",
    "b...j,jk->b...k",
    "i...->...",
    "...ij->ij",
    "...,...",
    "bn,lnm,bm->bl",
    "ij,kj->ik",
    "Bi,iZ",
    "iij->ij",
    "ijk,k->ij",
    "i->i",
)


def _numbered(rng: random.Random, drawn: Sample) -> Sample:
    """The same call with lists of numbers for the labels, where it has no fault of its own that they cannot have."""
    equation, *operands = drawn.args
    left, arrow, right = str(equation).replace(" ", "").partition("->")
    terms = left.split(",")
    if isinstance(operands[0], list) or len(terms) != len(operands) or not all(map(_is_term, (*terms, right))):
        return drawn
    pairs = [part for x, term in zip(operands, terms) for part in (x, _numbers(term))]
    return Sample(drawn.name, (*pairs, _numbers(right)) if arrow else tuple(pairs))


def _is_term(text: str) -> bool:
    before, _, after = text.partition("...")
    return set(before + after) <= set(_ALPHABET)


def _numbers(term: str) -> list[object]:
    before, dots, after = term.partition("...")
    return [*map(_ALPHABET.index, before), *([...] if dots else []), *map(_ALPHABET.index, after)]


def _any_sample(rng: random.Random) -> Sample:
    drawn = _sample(rng)
    return _numbered(rng, drawn) if rng.random() < 0.2 else drawn


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # what torch writes for the labels 0 to 51
EINSUM = op("einsum", ("torch.einsum",), ("equation, *operands",), (C1, C2, C3, C4), _any_sample)


@EINSUM.rule
def einsum(cx: Context, equation: Value, operands: Value) -> Value:
    """`"bij,bjk->bik", (b, i, j), (b, j, k) -> (b, i, k)`; without `->` the labels that occur once, in order.

    Labels may be numbers: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
    C1: axes of one label have equal sizes; between operands a size of 1 broadcasts. C2: as many axes as labels, where
    `...` stands for any number. C3: as many operands as terms. C4: a well-formed equation.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
    """
    if not isinstance(equation, Str):
        equation, operands = _lettered(cx, (equation, *cx.items(operands)))
    terms, output = _parse(cx, cx.text(equation))
    items = cx.items(operands)
    if len(items) == 1 and not isinstance(items[0], Tensor):
        try:
            items = cx.items(items[0])
        except CannotTell:
            items = (items[0],)  # a tensor that is not seen as one yet
    if len(items) != len(terms):
        headline = say("the equation has {want} terms but {got} operands are given", want=len(terms), got=len(items))
        cx.refute("C3", headline, operand="operands")
    tensors = [_ranked(cx, cx.tensor(item), term) for item, term in zip(items, terms, strict=True)]
    found: dict[str, Axis] = {}
    dots: list[Tensor] = []
    for x, term in zip(tensors, terms, strict=True):
        own = _own_labels(cx, x, term)
        for label, axis in own.items():
            found[label] = _together(cx, label, found[label], axis) if label in found else axis
        if term.ellipsis:
            parts = x.shape.parts
            dots.append(x.with_parts(parts[len(term.before) : len(parts) - len(term.after)]))
    run: tuple[Part, ...] = cx.broadcast(dots, "C1") if dots and output.ellipsis else ()
    if dots and not output.ellipsis:
        cx.broadcast(dots, "C1")
    parts = (*(found[c] for c in output.before), *run, *(found[c] for c in output.after))
    return tensors[0].with_parts(parts).with_dtype(promote(x.dtype for x in tensors))


def _lettered(cx: Context, given: tuple[Value, ...]) -> tuple[Value, Value]:
    """The equation and the operands of `einsum(a, [0, 1], b, [1, 2], [0, 2])`."""
    labels = [_letters(cx, value) for value in given[1::2]]
    output = _letters(cx, given[-1]) if len(given) % 2 else None
    equation = ",".join(labels) + ("" if output is None else f"->{output}")
    return Str(equation), Tuple(given[: len(labels) * 2 : 2])


def _letters(cx: Context, value: Value) -> str:
    text = ""
    for item in cx.items(value):
        if isinstance(item, EllipsisValue):
            text += "..."
            continue
        number = cx.known_int(item)
        if not 0 <= number < len(_ALPHABET):
            _malformed(cx, f"{number} is not a label")
        text += _ALPHABET[number]
    return text


def _ranked(cx: Context, x: Tensor, term: Term) -> Tensor:
    count = len(term.labels)
    headline = say(
        "`{labels}` names {count} axes but the operand has the shape {shape}",
        labels=term.before + ("..." if term.ellipsis else "") + term.after,
        count=count,
        shape=x.shape,
    )
    if not term.ellipsis:
        return cx.ranks(x, (count,), "C2", headline, "operands")
    if x.shape.rank is None:
        shape = cx.facts.reveal_suffix(cx.facts.reveal_prefix(x.shape, len(term.before)), len(term.after))
        x = x.with_parts(shape.parts)
    if x.shape.rank is not None and x.shape.rank < count:
        cx.refute("C2", headline, operand="operands")
    return x


def _own_labels(cx: Context, x: Tensor, term: Term) -> dict[str, Axis]:
    """The axis of each label of one operand; a label that is repeated takes the diagonal."""
    parts = x.shape.parts
    axes = (
        (*parts[: len(term.before)], *parts[len(parts) - len(term.after) :])
        if term.after
        else parts[: len(term.before)]
    )
    own: dict[str, Axis] = {}
    for label, axis in zip(term.labels, axes, strict=True):
        assert isinstance(axis, Axis)
        first = own.setdefault(label, axis)
        if first is not axis:
            headline = say(
                "label `{label}` is repeated but its sizes are {a} and {b}", label=label, a=first.size, b=axis.size
            )
            cx.demand_equal("C1", first.size, axis.size, headline, operand="operands")
    return own


def _together(cx: Context, label: str, first: Axis, second: Axis) -> Axis:
    a, b = first.size, second.size
    if cx.never(a, 1) and cx.never(b, 1):
        headline = say("label `{label}` has size {a} in one operand and {b} in another", label=label, a=a, b=b)
        cx.demand_equal("C1", a, b, headline, operand="operands")
        return first
    (axis,) = cx.broadcast((Tensor(Shape((first,))), Tensor(Shape((second,)))), "C1")
    assert isinstance(axis, Axis)
    return axis
