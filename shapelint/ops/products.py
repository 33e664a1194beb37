"""Products of matrices and vectors of fixed ranks: `mm`, `bmm`, `mv`, `dot`, `outer`, `addmm` and their like."""

from __future__ import annotations

import random
from collections.abc import Sequence

from shapelint.ops.arithmetic import promote
from shapelint.ops.contract import Constraint, Context, Op, Sample, op, say, t
from shapelint.ops.pointwise import both
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis, Part
from shapelint.values.model import Tensor, Value

# name -> (letters of the operands and of the result, names of the parameters, names of the function)
_PRODUCTS = {
    "mm": ("nk km nm", "input mat2", (*both("mm"),)),
    "bmm": ("bnk bkm bnm", "input mat2", (*both("bmm"),)),
    "mv": ("nk k n", "input vec", (*both("mv"),)),
    "dot": ("k k ", "input tensor", (*both("dot"),)),
    "vdot": ("k k ", "input other", (*both("vdot"),)),
    "outer": ("n m nm", "input vec2", (*both("outer ger"),)),
}
_ADDED = {
    "addmm": ("nk km nm", "mat1 mat2"),
    "addmv": ("nk k n", "mat vec"),
    "addr": ("n m nm", "vec1 vec2"),
    "baddbmm": ("bnk bkm bnm", "batch1 batch2"),
    "addbmm": ("bnk bkm nm", "batch1 batch2"),
}


def require_expands(cx: Context, x: Tensor, target: Sequence[Part], constraint: str, operand: str) -> None:
    """Demand that a tensor can be expanded to the axes of `target`: no more axes, each of the same size or 1."""
    headline = say("{shape} cannot be expanded to the shape of the product", shape=x.shape)
    least, _ = cx.facts.admissible_ranks(x.shape)
    if least > len(target):
        cx.refute(constraint, headline, operand=operand)
    for part, goal in zip(reversed(x.shape.suffix), reversed(target), strict=False):
        assert isinstance(goal, Axis)
        size, want = cx.facts.resolve(part.size), cx.facts.resolve(goal.size)
        if size == want or cx.surely(size, 1):
            continue
        if cx.never(size, 1):
            cx.demand_equal(constraint, want, size, headline, operand=operand)
        elif cx.facts.compare(size, want, proof=True) is Verdict.DIFFERENT:
            cx.facts.equate(size, 1)


def multiply(cx: Context, letters: str, operands: Sequence[Tensor], names: Sequence[str]) -> tuple[list[Axis], Tensor]:
    """The axes of the result and the result itself, by the letters of each operand's axes. Demands the ranks (C2),
    and, once the result is expected, that axes of one letter have one size (C1)."""
    *wanted, given = letters.split(" ")
    axes: dict[str, Axis] = {}
    pairs = []
    ranked = []
    for x, axis_letters, name in zip(operands, wanted, names, strict=True):
        headline = say(
            "{subject} expects a tensor with {want} axes but receives {shape}", want=len(axis_letters), shape=x.shape
        )
        ranked.append(cx.ranks(x, (len(axis_letters),), "C2", headline, name))
    for x, axis_letters, name in zip(ranked, wanted, names, strict=True):
        for letter, axis in zip(axis_letters, x.shape.axes, strict=True):
            if letter in axes:
                pairs.append((axes[letter], axis, name))
            axes.setdefault(letter, axis)
    found = [axes[letter] for letter in given]
    result = ranked[0].with_parts(tuple(found)).with_dtype(promote(x.dtype for x in ranked))
    cx.expect(result)
    left, right = ranked[0].shape, ranked[-1].shape
    for expected, axis, name in pairs:
        want, got = expected.size, axis.size
        headline = say("shapes {a} and {b} cannot be multiplied: {x} against {y}", a=left, b=right, x=want, y=got)
        cx.demand_equal("C1", want, got, headline, operand=name)
    return found, result


def _sizes(rng: random.Random, letters: str) -> list[list[int]]:
    """Sizes for each operand and the result, often but not always fitting."""
    of = {letter: rng.randint(1, 4) for letter in "bnkm"}
    found = []
    for operand in letters.split(" "):
        sizes = [of[letter] if rng.random() < 0.9 else rng.randint(1, 4) for letter in operand]
        if rng.random() < 0.06:
            sizes = [*sizes, 2] if rng.random() < 0.5 else sizes[1:]
        found.append(sizes)
    return found


def _page(name: str) -> str:
    return f"Follows https://docs.pytorch.org/docs/stable/generated/torch.{name}.html"


def _formula(letters: str) -> str:
    shapes = [f"({', '.join(o)}{',' if len(o) == 1 else ''})" for o in letters.split(" ")]
    return f"`{', '.join(shapes[:-1])} -> {shapes[-1]}`"


def _product(name: str, letters: str, parameters: str, torch: tuple[str, ...]) -> Op:
    first, second = parameters.split()

    def sample(rng: random.Random) -> Sample:
        x, y, _ = (t(*s) for s in _sizes(rng, letters))
        called = rng.choice(torch)
        return Sample(called, (x,), {second: y}) if rng.random() < 0.2 else Sample(called, (x, y))

    shared = any(letters.split(" ")[0].count(k) and letters.split(" ")[1].count(k) for k in "bnkm")
    constraints = [Constraint("C2", "matmul-shape", "both operands have as many axes as the formula")]
    if shared:
        constraints.insert(0, Constraint("C1", "matmul-shape", "sizes of one letter agree"))
    made = op(name, torch, f"{first}, {second}, *, out=None", constraints, sample)

    def rule(cx: Context, out: Value, **operands: Value) -> Value:
        given = [cx.tensor(operands[n]) for n in (first, second)]
        return multiply(cx, letters, given, (first, second))[1]

    told = "C1: sizes of one letter agree. " if shared else ""
    rule.__doc__ = f"{_formula(letters)}.\n\n{told}C2: both operands have as many axes as that.\n{_page(name)}"
    made.rule(rule)
    return made


def _added(name: str, letters: str, parameters: str) -> Op:
    torch = both(name)
    names = parameters.split()

    def sample(rng: random.Random) -> Sample:
        x, y, z = _sizes(rng, letters)
        if rng.random() < 0.4:
            z = [n if rng.random() < 0.6 else 1 for n in z][rng.randint(0, len(z)) :]
        options = {"beta": 0.5} if rng.random() < 0.3 else {}
        return Sample(rng.choice(torch), (t(*z), t(*x), t(*y)), options)

    made = op(
        name,
        torch,
        f"input, {names[0]}, {names[1]}, *, beta=1, alpha=1, out=None",
        (
            *([Constraint("C1", "matmul-shape", "sizes of one letter agree")] if name != "addr" else []),
            Constraint("C2", "matmul-shape", "both operands of the product have as many axes as the formula"),
            Constraint("C3", "broadcast-shape", "`input` can be expanded to the product"),
        ),
        sample,
    )

    def rule(cx: Context, input: Value, beta: Value, alpha: Value, out: Value, **operands: Value) -> Value:
        axes, result = multiply(cx, letters, [cx.tensor(operands[n]) for n in names], names)
        require_expands(cx, cx.tensor(input), axes, "C3", "input")
        return result

    told = "C1: sizes of one letter agree. " if name != "addr" else ""
    rule.__doc__ = (
        f"`input +` {_formula(letters)}.\n\n{told}C2: both operands have as many axes as that. "
        f"C3: `input` can be expanded to the product.\n{_page(name)}"
    )
    made.rule(rule)
    return made


PRODUCTS = {name: _product(name, *entry) for name, entry in _PRODUCTS.items()}
ADDED = {name: _added(name, *entry) for name, entry in _ADDED.items()}
