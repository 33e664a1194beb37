"""Methods that overwrite a tensor and have no other form: `fill_`, `copy_`, `uniform_`, `normal_`, `random_`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.ops.factories import demand_number
from shapelint.ops.random_draws import demand_floats
from shapelint.ops.size import any_tensor
from shapelint.shapes.facts import Verdict
from shapelint.shapes.shape import Axis
from shapelint.values.model import Tensor, Value

_METHOD = "torch.Tensor."


def _fill_sample(rng: random.Random) -> Sample:
    value = rng.choice((1, 0.5, True, t(), t(2), t(1)))
    name = rng.choice(FILL.torch)
    x = any_tensor(rng)
    return Sample(name, (x, value)) if rng.random() < 0.7 else Sample(name, (x,), {"value": value})


FILL = op(
    "fill_",
    (_METHOD + "fill_", "torch.fill"),
    "input, value",
    constraints=(Constraint("C3", "invalid-option", "`value` is one number"),),
    samples=_fill_sample,
)


@FILL.rule
def fill(cx: Context, input: Value, value: Value) -> Value:
    """`(*), number -> (*)`

    C3: `value` is one number.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_.html
    """
    x = cx.tensor(input)
    cx.expect(x)
    demand_number(cx, value)
    return x


def _copy_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    source = [s if rng.random() < 0.7 else rng.choice((1, s + 1)) for s in sizes][rng.randint(0, 1) :]
    if rng.random() < 0.1:
        source = [rng.choice((1, 2)), *sizes]
    x = t(*sizes, dtype=rng.choice(("float", "int")))
    if rng.random() < 0.1:
        return Sample(_METHOD + "copy_", (x, 1.5))
    if rng.random() < 0.2:
        return Sample(_METHOD + "copy_", (x,), {"other": t(*source), "non_blocking": True})
    return Sample(_METHOD + "copy_", (x, t(*source)))


COPY = op(
    "copy_",
    (_METHOD + "copy_",),
    "input, other, non_blocking=False",
    constraints=(
        Constraint("C1", "broadcast-shape", "each size of `other` is that of the tensor, or 1"),
        Constraint("C2", "broadcast-shape", "`other` has no more axes than the tensor"),
    ),
    samples=_copy_sample,
)


@COPY.rule
def copy_(cx: Context, input: Value, other: Value, non_blocking: Value) -> Value:
    """`(*), other -> (*)`, `other` broadcast to the shape of the tensor.

    C1: each size of `other`, from the right, is that of the tensor or 1. C2: `other` has no more axes.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """
    x, source = cx.tensor(input), cx.tensor(other)
    cx.expect(x)
    rank = x.shape.rank
    if rank is not None and len([p for p in source.shape.parts if isinstance(p, Axis)]) > rank:
        text = "output with shape {want} doesn't match the broadcast shape {got}"
        headline = say(text, want=x.shape, got=source.shape)
        cx.refute("C2", headline, operand="other")
    for want, got in zip(reversed(x.shape.parts), reversed(source.shape.parts), strict=False):
        if not isinstance(want, Axis) or not isinstance(got, Axis):
            break
        _demand_fits(cx, want, got, x, source)
    return x


def _demand_fits(cx: Context, want: Axis, got: Axis, x: Tensor, source: Tensor) -> None:
    headline = say("a tensor of shape {got} does not fit into one of shape {want}", want=x.shape, got=source.shape)
    if cx.never(got.size, 1):
        cx.demand_equal("C1", want.size, got.size, headline, operand="other")
    elif cx.facts.compare(want.size, got.size, proof=True) is Verdict.DIFFERENT:
        cx.demand_equal("C1", 1, got.size, headline, operand="other")


_DRAWN = tuple(_METHOD + n for n in ("uniform_", "normal_", "exponential_", "log_normal_", "cauchy_"))


def _drawn_sample(rng: random.Random) -> Sample:
    x = t(*(rng.randint(1, 3) for _ in range(rng.randint(0, 3))), dtype=rng.choice(("float", "int", "bool", "float")))
    name = rng.choice(_DRAWN)
    if rng.random() < 0.3 and name.endswith(("uniform_", "normal_")):
        return Sample(name, (x, 0.1, 0.9))
    if rng.random() < 0.2 and name.endswith("uniform_"):
        return Sample(name, (x,), {"from": 0.1, "to": 0.3})
    return Sample(name, (x,), {"std": 0.5, "mean": 0} if name == _METHOD + "normal_" and rng.random() < 0.3 else {})


DRAWN = op(
    "uniform_",
    _DRAWN,
    "input, *args, **kwargs",
    constraints=(Constraint("C1", "invalid-option", "the entries are floats"),),
    samples=_drawn_sample,
)


@DRAWN.rule
def drawn(cx: Context, input: Value, **options: Value) -> Value:
    """`(*) -> (*)`: random entries.

    C1: the entries are floats.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html
    """
    x = cx.tensor(input)
    cx.expect(x)
    demand_floats(cx, x, x.dtype)
    return x


def _random_sample(rng: random.Random) -> Sample:
    x, name = any_tensor(rng), rng.choice((_METHOD + "random_", _METHOD + "geometric_"))
    if x.dtype == "bool":
        return Sample(_METHOD + "random_", (x,))
    return Sample(name, (x, 0.5) if name.endswith("geometric_") else (x, *rng.choice(((), (2,), (0, 2)))))


RANDOM = op("random_", (_METHOD + "random_", _METHOD + "geometric_"), "input, *args, **kwargs", samples=_random_sample)


@RANDOM.rule
def random_(cx: Context, input: Value, **options: Value) -> Value:
    """`(*) -> (*)`: random whole numbers.

    Follows https://docs.pytorch.org/docs/stable/generated/torch.Tensor.random_.html
    """
    return cx.tensor(input)
