"""Numbers that initialisers use: `nn.init.calculate_gain`."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Sample, op, say
from shapelint.values.model import Float, Int, Str, Value

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
