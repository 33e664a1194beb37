"""Activations, as functions and as layers: applied entry by entry, the shape stays."""

from __future__ import annotations

import random

from shapelint.ops.contract import Context, Layer, Op, Sample, layer, op, t
from shapelint.ops.pointwise import sizes
from shapelint.values.model import Value

# name -> signature
_FUNCTIONS = {
    "relu": "input, inplace=False",
    "relu6": "input, inplace=False",
    "elu": "input, alpha=1.0, inplace=False",
    "selu": "input, inplace=False",
    "celu": "input, alpha=1.0, inplace=False",
    "leaky_relu": "input, negative_slope=0.01, inplace=False",
    "rrelu": "input, lower=0.125, upper=0.3333333333333333, training=False, inplace=False",
    "gelu": "input, *, approximate='none'",
    "silu": "input, inplace=False",
    "mish": "input, inplace=False",
    "softplus": "input, beta=1, threshold=20",
    "softsign": "input",
    "tanhshrink": "input",
    "softshrink": "input, lambd=0.5",
    "hardshrink": "input, lambd=0.5",
    "hardtanh": "input, min_val=-1.0, max_val=1.0, inplace=False",
    "hardsigmoid": "input, inplace=False",
    "hardswish": "input, inplace=False",
    "logsigmoid": "input",
    "threshold": "input, threshold, value, inplace=False",
}
_ELSEWHERE = {
    "relu": ("torch.relu", "torch.Tensor.relu"),
    "selu": ("torch.selu",),
    "celu": ("torch.celu",),
    "rrelu": ("torch.rrelu",),
    "hardshrink": ("torch.hardshrink", "torch.Tensor.hardshrink"),
    "threshold": ("torch.threshold",),
}
_LAYERS = {
    "ReLU": "inplace=False",
    "ReLU6": "inplace=False",
    "ELU": "alpha=1.0, inplace=False",
    "SELU": "inplace=False",
    "CELU": "alpha=1.0, inplace=False",
    "LeakyReLU": "negative_slope=0.01, inplace=False",
    "RReLU": "lower=0.125, upper=0.3333333333333333, inplace=False",
    "GELU": "approximate='none'",
    "SiLU": "inplace=False",
    "Mish": "inplace=False",
    "Softplus": "beta=1.0, threshold=20.0",
    "Softsign": "",
    "Tanhshrink": "",
    "Softshrink": "lambd=0.5",
    "Hardshrink": "lambd=0.5",
    "Hardtanh": "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None",
    "Hardsigmoid": "inplace=False",
    "Hardswish": "inplace=False",
    "LogSigmoid": "",
    "Sigmoid": "",
    "Tanh": "",
    "Threshold": "threshold, value, inplace=False",
}
# an int tensor is taken by these alone
_INTS = frozenset({"relu", "relu6", "ReLU", "ReLU6", "Sigmoid", "Tanh"})
_DOC = """`(*) -> (*)`, entry by entry.

    Follows https://docs.pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions
    """


def _options(rng: random.Random, signature: str) -> dict[str, object]:
    """Some of the options of a signature, all that have no default."""
    chosen: dict[str, object] = {}
    for piece in signature.split(", "):
        name, _, default = piece.partition("=")
        if name in ("input", "*", "min_value", "max_value", ""):
            continue
        if not default:
            chosen[name] = 0.5
        elif rng.random() < 0.3:
            chosen[name] = {"False": False, "'none'": "tanh"}.get(default) if default[0] in "F'" else float(default)
    return chosen


def _input(rng: random.Random, name: str) -> object:
    return t(*sizes(rng), dtype="int" if name in _INTS and rng.random() < 0.3 else "float")


def _function(name: str, signature: str) -> Op:
    names = (f"torch.nn.functional.{name}", *_ELSEWHERE.get(name, ()))

    def sample(rng: random.Random) -> Sample:
        called = rng.choice(names)
        options = _options(rng, signature)
        if not called.startswith("torch.nn"):
            options = {k: v for k, v in options.items() if name == "threshold" and k != "inplace"}
        return Sample(called, (_input(rng, name),), options)

    made = op(name, names, signature, samples=sample)

    def rule(cx: Context, input: Value, **options: Value) -> Value:
        x = cx.tensor(input)
        return x if x.dtype == "complex" or name in _INTS else x.with_dtype("float")

    rule.__doc__ = _DOC
    made.rule(rule)
    return made


def _layer(name: str, signature: str) -> Op:
    def sample(rng: random.Random) -> Sample:
        return Sample(f"torch.nn.{name}", (_input(rng, name),), init_kwargs=_options(rng, signature))

    made = layer(name, (f"torch.nn.{name}",), signature, call="input", samples=sample)

    def rule(cx: Context, layer: Layer, input: Value) -> Value:
        x = cx.tensor(input)
        return x if x.dtype == "complex" or name in ("ReLU", "ReLU6") else x.with_dtype("float")

    rule.__doc__ = _DOC
    made.rule(rule)
    return made


FUNCTIONS = {name: _function(name, signature) for name, signature in _FUNCTIONS.items()}
LAYERS = {name: _layer(name, signature) for name, signature in _LAYERS.items()}
