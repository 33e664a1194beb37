"""`view` and `reshape`: the same entries under other borders."""

from __future__ import annotations

import random
from collections.abc import Sequence as Sizes
from dataclasses import replace
from math import gcd, prod

from shapelint.ops.contract import CannotTell, Constraint, Context, Message, Sample, op, say, t
from shapelint.shapes.dim import ZERO, Dim, content, divide_exactly, floor_div, modulo
from shapelint.shapes.facts import Verdict
from shapelint.shapes.regroup import regroup
from shapelint.shapes.shape import Axis, Part, Segment, Shape, product
from shapelint.values.model import Dtype, External, Int, SizeOf, Tensor, Tuple, Value

TOTAL = Constraint("C1", "reshape-size", "the sizes multiply to the number of entries")
NEGATIVE = Constraint("C2", "reshape-size", "no size is negative but -1")
ONE_OPEN = Constraint("C3", "reshape-size", "at most one size is -1")

MINUS_ONE = Dim.of(-1)


def reshaped(cx: Context, x: Tensor, sizes: Sizes[Dim | None]) -> list[Part]:
    """The axes of `sizes` made of those of `x`, where -1 stands for what is left and None for a size that cannot be
    told. The op that asks holds the constraints C1 to C3 of this file."""
    numbers = [s.value for s in sizes if s is not None]
    if any(n is not None and n < -1 for n in numbers):
        worst = min(n for n in numbers if n is not None)
        cx.refute("C2", say("invalid shape dimension {size}", size=worst), operand="shape")
    if numbers.count(-1) > 1:
        cx.refute("C3", say("only one dimension can be inferred, but several sizes are -1"), operand="shape")
    told = [s if s is not None and s != MINUS_ONE else None for s in sizes]
    open_places = [i for i, s in enumerate(told) if s is None]
    if not x.shape.ranked and not open_places:
        x = x.with_parts(cx.facts.end_if_full(x.shape, product(s for s in told if s is not None)).parts)
    if not x.shape.ranked and told.count(None) == numbers.count(-1) == 1:
        # learning that sizes divide would bind the other reading of the rank too
        likely = cx.facts.read(x.shape)
        known = product(s for s in told if s is not None)
        if likely.ranked and divide_exactly(product(a.size for a in likely.axes), known) is not None:
            x = cx.read(x)
    if not x.shape.ranked or len(open_places) > (1 if MINUS_ONE in sizes else 0):
        return [Axis.fresh(s) if s is not None else cx.fresh("size") for s in told]
    axes = x.shape.axes
    rest = cx.fresh("size")
    cx.expect(x.with_parts([Axis.fresh(s) if s is not None else rest for s in told]))
    total = cx.facts.resolve(product(a.size for a in axes))
    known = cx.facts.resolve(product(s for s in told if s is not None))
    headline = say("shape {target} is invalid for input of size {total}", target=_written(sizes), total=total)
    label = say("{shape} holds {total} entries", shape=x.shape, total=total)
    if open_places:
        told[open_places[0]] = _rest(cx, total, known, headline, label)
    else:
        cx.demand_equal("C1", total, known, headline, label=label)
    exact = [cx.facts.resolve(s) for s in told if s is not None]
    current = [replace(a, size=cx.facts.resolve(a.size)) for a in axes]
    return list(regroup(cx.facts, current, exact).axes)


def _written(sizes: Sizes[Dim | None]) -> Shape:
    return Shape(tuple(Axis(s) if s is not None else Segment("") for s in sizes))


def _rest(cx: Context, total: Dim, known: Dim, headline: Message, label: Message) -> Dim:
    """What -1 stands for: `total / known`. What torch would otherwise reject is learned."""
    if known == ZERO:
        cx.refute("C1", headline, label=label, sizes=(total, known))
    exact = divide_exactly(total, known)
    if exact is not None:
        return exact
    if never_divides(cx, known, total):
        cx.refute("C1", headline, label=label, sizes=(total, known))
    number, divisor = _reduced(total, known)
    if cx.facts.known_divides(number, divisor):
        return cx.facts.resolve(floor_div(number, divisor))
    return cx.facts.resolve(_learn_quotient(cx, number, divisor))


def never_divides(cx: Context, divisor: Dim, number: Dim) -> bool:
    """Whether a division leaves a remainder for every admissible choice of sizes."""
    n, d = cx.facts.resolve(number), cx.facts.resolve(divisor)
    factor, _ = content(d)
    if factor > 1 and (modulo(n, Dim.of(factor)).value or 0) != 0:
        return True
    # a positive number is not divided by a greater one
    return cx.facts.at_least(n, 1, proof=True) and cx.facts.at_least(d - n, 1, proof=True)


def _reduced(number: Dim, divisor: Dim) -> tuple[Dim, Dim]:
    """Both without the factors that they share."""
    (a, left), (b, right) = content(number), content(divisor)
    powers = dict(right)
    shared = tuple((atom, min(p, powers[atom])) for atom, p in left if atom in powers)
    factor = Dim(((shared, gcd(a, b) or 1),))
    return divide_exactly(number, factor) or number, divide_exactly(divisor, factor) or divisor


def _learn_quotient(cx: Context, number: Dim, divisor: Dim) -> Dim:
    """`number / divisor`, which is now known to be exact: an open size is a multiple from here on."""
    if len(number.terms) == 1:
        (monomial, factor) = number.terms[0]
        symbol = Dim(((monomial, 1),)).lone_symbol
        coprime = factor == 1 or (divisor.value is not None and gcd(factor, divisor.value) == 1)
        if symbol is not None and symbol.kind != "parameter" and symbol not in divisor.symbols and coprime:
            quotient = Dim.symbol(f"{symbol.name}/n", "unknown")
            if cx.facts.bind(symbol, quotient * divisor):
                return quotient * factor
    cx.facts.learn_divides(number, divisor)
    return floor_div(number, divisor)


# view and reshape --------------------------------------------------------------------------------


def draw_target(rng: random.Random, sizes: list[int]) -> list[int]:
    """For a sample: sizes that often hold as many entries."""
    total = prod(sizes)
    target: list[int] = []
    while rng.random() < 0.7 and len(target) < 4:
        divisors = [d for d in range(1, total + 1) if total % d == 0] if total else [1, 2]
        target.append(rng.choice(divisors))
        total //= target[-1]
    target.append(total)
    rng.shuffle(target)
    if rng.random() < 0.45:
        target[rng.randrange(len(target))] = -1
    if rng.random() < 0.25:
        target[rng.randrange(len(target))] = rng.choice([-1, 0, 2, 3, 5])
    if rng.random() < 0.08:
        target[rng.randrange(len(target))] = rng.choice([-2, -3])
    if rng.random() < 0.1 and len(target) > 1:
        first, second = rng.sample(range(len(target)), 2)
        target[first], target[second] = -target[first], -target[second]
    if rng.random() < 0.1:
        target.append(-1)
    return target


def _sample(rng: random.Random) -> Sample:
    sizes = [rng.choice([1, 2, 3, 4, 6]) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.05:
        sizes = [*sizes, 0]
    target = draw_target(rng, sizes)
    name = rng.choice(RESHAPE.torch)
    if name == "torch.reshape":
        return (
            Sample(name, (t(*sizes), tuple(target)))
            if rng.random() < 0.8
            else Sample(name, (t(*sizes),), {"shape": target})
        )
    if rng.random() < 0.05 and prod(sizes) == 1:
        return Sample(name, (t(*sizes), ()))
    return Sample(name, (t(*sizes), *target) if rng.random() < 0.6 else (t(*sizes), target))


RESHAPE = op(
    "reshape",
    ("torch.Tensor.view", "torch.Tensor.reshape", "torch.reshape"),
    ("input, *shape", "input, *size", "input, dtype"),
    constraints=(TOTAL, NEGATIVE, ONE_OPEN),
    samples=_sample,
)


@RESHAPE.rule
def reshape(
    cx: Context, input: Value, shape: Value | None = None, size: Value | None = None, dtype: Value | None = None
) -> Value:
    """`(n0, n1, …) -> (m0, m1, …)` with as many entries; one `m` may be -1 and is what is left.

    C1: the sizes multiply to the number of entries; with -1, they divide it. C2: no other negative size. C3: one -1
    at most. What is learned: that sizes divide, and the quotient; `view(-1, b)` of `n` entries makes `n` a multiple of
    `b`. `view(dtype)` reads the same bytes as entries of another kind. Strides, which may make `view` fail where
    `reshape` copies, are not modelled.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.reshape.html
    """
    x = cx.tensor(input)
    given = shape or size or (Tuple((dtype,)) if dtype is not None else None)
    assert given is not None
    if isinstance(given, Tuple) and len(given.items) == 1:
        only = given.items[0]
        if isinstance(only, External):
            return _reinterpreted(cx, x, only)
        if isinstance(only, SizeOf) and not cx.facts.shape(only.shape).ranked:
            return x.with_parts(_beside_run(cx, x, cx.facts.shape(only.shape).parts))
    if isinstance(given, Tuple) and not given.items:
        raise CannotTell("dynamic-value")
    result = x.with_parts(reshaped(cx, x, cx.sizes(given)))
    written = _written_out(given)
    if written is None or not cx.rests_on_assumption:
        return result
    # whatever the rank is, these are the sizes; which axes they came from is another matter
    result = replace(result, shape=Shape(tuple(Axis.fresh(cx.facts.resolve(s)) for s in written)), assumed=False)
    cx.settle(result)
    return result


def _written_out(sizes: Value) -> list[Dim] | None:
    """The sizes, where each of them is an int of its own and none is left to torch."""
    if isinstance(sizes, Tuple) and len(sizes.items) == 1 and isinstance(sizes.items[0], Tuple):
        sizes = sizes.items[0]
    items = sizes.items if isinstance(sizes, Tuple) else (sizes,)
    found = [v.dim for v in items if isinstance(v, Int) and v.dim != MINUS_ONE]
    return found if len(found) == len(items) else None


def _beside_run(cx: Context, x: Tensor, asked: tuple[Part, ...]) -> list[Part]:
    """The axes of `asked`, of which a run of axes is not known. Where it is the tensor's own, `y.view(*y.shape[:-1], heads, -1)`, what stands
    beside it holds as many entries as it did."""
    own = x.shape.parts
    alike = 0
    while alike < min(len(own), len(asked)) and _same(cx, own[alike], asked[alike]):
        alike += 1
    rest = asked[alike:]
    if own[alike:] != rest and not any(isinstance(p, Segment) for p in (*own[alike:], *rest)) and rest:
        sizes = [p.size for p in rest if isinstance(p, Axis)]
        return [*own[:alike], *reshaped(cx, x.with_parts(own[alike:]), sizes)]
    return [cx.fresh("size") if isinstance(p, Axis) and p.size == MINUS_ONE else p for p in asked]


def _same(cx: Context, one: Part, other: Part) -> bool:
    if isinstance(one, Axis) and isinstance(other, Axis):
        return cx.facts.compare(one.size, other.size) is Verdict.SAME
    return one is other


_ENTRY_KINDS: dict[str, Dtype] = {
    "float": "float",
    "bfloat": "float",
    "int": "int",
    "uint": "int",
    "complex": "complex",
    "bool": "bool",
}


def _reinterpreted(cx: Context, x: Tensor, dtype: External) -> Tensor:
    """The bytes of a tensor read as another kind: the last axis grows or shrinks by a number that no kind tells."""
    name = dtype.name.rpartition(".")[2]
    kind = _ENTRY_KINDS.get(name.rstrip("0123456789"))
    shape = cx.facts.reveal_suffix(x.shape, 1)
    if not shape.parts:
        return x.with_dtype(kind)
    return x.with_parts((*shape.parts[:-1], cx.fresh("size"))).with_dtype(kind)


def _like_sample(rng: random.Random) -> Sample:
    sizes = [rng.choice([1, 2, 3, 4]) for _ in range(rng.randint(0, 3))]
    target = list(sizes)
    rng.shuffle(target)
    if rng.random() < 0.5:
        target = [*target, rng.choice([1, 2])]
    return Sample(rng.choice(LIKE.torch), (t(*sizes), t(*target)))


LIKE = op(
    "reshape_as",
    ("torch.Tensor.view_as", "torch.Tensor.reshape_as"),
    "input, other",
    constraints=(TOTAL,),
    samples=_like_sample,
)


@LIKE.rule
def reshape_as(cx: Context, input: Value, other: Value) -> Value:
    """`(n0, n1, …), (m0, m1, …) -> (m0, m1, …)`.

    C1: both have as many entries.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view_as.html
    """
    x, like = cx.tensor(input), cx.tensor(other)
    if not like.shape.ranked:
        return x.with_parts(like.shape.parts)
    return x.with_parts(reshaped(cx, x, like.shape.dims))


__all__ = ["NEGATIVE", "ONE_OPEN", "draw_target", "never_divides", "reshaped"]
