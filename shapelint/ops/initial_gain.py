"""Numbers that initialisers use: `nn.init.calculate_gain`, and how many entries meet in one of a weight."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say, t
from shapelint.shapes.shape import product
from shapelint.values.model import Float, Int, Str, Tuple, Value

_ONE = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid")
_OTHERS = ("tanh", "relu", "leaky_relu", "selu")


def _sample(rng: random.Random) -> Sample:
    name = rng.choice((*_ONE, *_OTHERS)) if rng.random() < 0.5 else rng.choice(("gelu", "ReLU"))
    if name == "leaky_relu" and rng.random() < 0.5:
        return Sample(GAIN.torch[0], (name, 0.2))
    return Sample(GAIN.torch[0], (name,))


GAIN = op(
    "calculate_gain",
    ("torch.nn.init.calculate_gain",),
    "nonlinearity, param=None",
    (Constraint("C1", "invalid-option", "the gain of that function is known"),),
    _sample,
)


@GAIN.rule
def calculate_gain(cx: Context, nonlinearity: Value, param: Value) -> Value:
    """`name -> float`, for some functions `int`

    C1: the name is one of those that have a gain.
    Follows https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
    """
    if not isinstance(nonlinearity, Str) or nonlinearity.value is None:
        return Float()
    if nonlinearity.value in _ONE:
        return Int.of(1)
    if nonlinearity.value not in _OTHERS:
        cx.refute("C1", say("unsupported nonlinearity {name}", name=nonlinearity.value), operand="nonlinearity")
    return Float()


def _fans_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(0, 4))]
    return Sample("torch.nn.init._calculate_fan_in_and_fan_out", (t(*sizes),))


FANS = op(
    "fans",
    ("torch.nn.init._calculate_fan_in_and_fan_out",),
    "tensor",
    (Constraint("C1", "input-rank", "the weight has at least two axes"),),
    _fans_sample,
)


@FANS.rule
def fans(cx: Context, tensor: Value) -> Value:
    """`(out, in, *space) -> (in * space, out * space)`, two ints.

    C1: the weight has at least two axes.
    Follows https://docs.pytorch.org/docs/stable/nn.init.html
    """
    x = cx.tensor(tensor)
    x = cx.at_least_rank(x, 2, "C1", say("fan in and fan out can not be computed for {shape}", shape=x.shape))
    outer, inner, *space = cx.ranked(x).shape.dims
    return Tuple((Int(inner * product(space)), Int(outer * product(space))))


def _fan_sample(rng: random.Random) -> Sample:
    sizes = [rng.randint(1, 4) for _ in range(rng.randint(0, 4))]
    return Sample(FAN.torch[0], (t(*sizes), rng.choice(("fan_in", "fan_out", "FAN_IN", "fan_avg"))))


FAN = op(
    "fan",
    ("torch.nn.init._calculate_correct_fan",),
    "tensor, mode",
    (
        Constraint("C1", "input-rank", "the weight has at least two axes"),
        Constraint("C2", "invalid-option", "`mode` is fan_in or fan_out"),
    ),
    _fan_sample,
)


@FAN.rule
def fan(cx: Context, tensor: Value, mode: Value) -> Value:
    """`(out, in, *space) -> in * space`, of fan_out `out * space`

    C1: the weight has at least two axes. C2: the mode is one of the two.
    Follows https://docs.pytorch.org/docs/stable/nn.init.html
    """
    wanted = cx.text(mode).lower()
    if wanted not in ("fan_in", "fan_out"):
        cx.refute("C2", say("mode {mode} is neither fan_in nor fan_out", mode=wanted), operand="mode")
    x = cx.tensor(tensor)
    x = cx.at_least_rank(x, 2, "C1", say("fan in and fan out can not be computed for {shape}", shape=x.shape))
    outer, inner, *space = cx.ranked(x).shape.dims
    return Int((inner if wanted == "fan_in" else outer) * product(space))
