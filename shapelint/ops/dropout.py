"""Dropout, as functions and as layers: the shape stays."""

from __future__ import annotations

import random

from shapelint.ops.contract import Constraint, Context, Layer, Op, Sample, layer, op, say, t
from shapelint.ops.pointwise import sizes
from shapelint.values.model import Bool, Float, Int, Tensor, Value

C1 = Constraint("C1", "invalid-option", "`p` is a probability")
C2 = Constraint("C2", "conv-input-rank", "`input` is `(channels, length)` or `(batch, channels, length)`")
C3 = Constraint("C3", "conv-input-rank", "where whole channels are dropped in training, `input` has axes for it")

_FUNCTIONS = {
    "dropout": True,
    "alpha_dropout": False,
    "feature_alpha_dropout": False,
    "dropout1d": True,
    "dropout2d": True,
    "dropout3d": True,
}
_LAYERS = ("Dropout", "AlphaDropout", "FeatureAlphaDropout", "Dropout1d", "Dropout2d", "Dropout3d")
_PAGE = "Follows https://docs.pytorch.org/docs/stable/nn.functional.html#dropout-functions"


def _document(constraints: tuple[Constraint, ...]) -> str:
    """A docstring."""
    told = " ".join(f"{c.id}: {c.text}." for c in constraints)
    return f"`(*) -> (*)`: entries, or whole channels, become 0.\n\n{told}\n{_PAGE}"


def _constraints(name: str, function: bool) -> tuple[Constraint, ...]:
    found = [C1]
    if name.endswith("1d"):  # dropout2d and dropout3d only warn
        found.append(C2)
    elif function and name not in ("dropout", "alpha_dropout"):
        found.append(C3)
    return tuple(found)


def _number(p: Value) -> float | None:
    return p.value if isinstance(p, Float) else p.dim.value if isinstance(p, Int) else None


def _probability(cx: Context, p: Value) -> None:
    number = _number(p)
    if number is not None and not 0 <= number <= 1:
        cx.refute("C1", say("dropout probability has to be between 0 and 1, but got {p}", p=str(number)), operand="p")


def _apply(cx: Context, constraints: tuple[Constraint, ...], x: Tensor) -> Tensor:
    if C2 in constraints:
        headline = say("{subject} expects 2 or 3 axes but receives a tensor of shape {shape}", shape=x.shape)
        return cx.ranks(x, (2, 3), "C2", headline)
    return x


def _channels(cx: Context, x: Tensor, p: Value, training: Value, least: int) -> None:
    """C3, which torch demands only where something is dropped."""
    if _number(p) in (None, 0, 1) or not (isinstance(training, Bool) and training.value) or x.shape.rank is None:
        return
    if x.shape.rank < least and not any(cx.surely(d, 0) for d in x.shape.dims):
        cx.refute("C3", say("feature dropout requires at least {least} axes but receives {x}", least=least, x=x.shape))


def _probable(rng: random.Random) -> object:
    return rng.choice([0.1, 0.5, 0, 1, 1.0]) if rng.random() < 0.6 else rng.choice([1.5, -0.1, 2, -1])


def _function(name: str, training: bool) -> Op:
    names = [f"torch.nn.functional.{name}"]

    def sample(rng: random.Random) -> Sample:
        x = t(*sizes(rng))
        if rng.random() < 0.3:
            return Sample(names[0], (x, _probable(rng), True))
        options = {"p": _probable(rng), "training": rng.random() < 0.5} if rng.random() < 0.9 else {}
        return Sample(names[0], (x,), options)

    constraints = _constraints(name, True)
    made = op(name, names, f"input, p=0.5, training={training}, inplace=False", constraints, sample)

    def rule(cx: Context, input: Value, p: Value, training: Value, inplace: Value) -> Value:
        x = cx.tensor(input)
        cx.expect(x)
        _probability(cx, p)
        x = _apply(cx, constraints, x)
        if C3 in constraints:
            _channels(cx, x, p, training, 1 if name == "dropout3d" else 2)  # it adds a batch axis first
        return x

    rule.__doc__ = _document(constraints)
    made.rule(rule)
    return made


def _layer(name: str) -> Op:
    names = (f"torch.nn.{name}",)

    def sample(rng: random.Random) -> Sample:
        return Sample(names[0], (t(*sizes(rng)),), init=(_probable(rng),) if rng.random() < 0.9 else ())

    constraints = _constraints(name, False)
    made = layer(name, names, "p=0.5, inplace=False", "input", constraints, sample)
    made.build(lambda cx, layer: _probability(cx, layer.value("p")))

    def rule(cx: Context, layer: Layer, input: Value) -> Value:
        return _apply(cx, constraints, cx.tensor(input))

    rule.__doc__ = _document(constraints)
    made.rule(rule)
    return made


FUNCTIONS = {name: _function(name, training) for name, training in _FUNCTIONS.items()}
LAYERS = {name: _layer(name) for name in _LAYERS}


def _by_position(name: str, torch: tuple[str, ...], constraints: tuple[Constraint, ...]) -> Op:
    """The older functions of torch, which want every argument."""

    def sample(rng: random.Random) -> Sample:
        return Sample(rng.choice(torch), (t(*sizes(rng)), _probable(rng), rng.random() < 0.5))

    made = op(name, torch, "input, p, train", constraints, sample)

    def rule(cx: Context, input: Value, p: Value, train: Value) -> Value:
        x = cx.tensor(input)
        cx.expect(x)
        _probability(cx, p)
        if C3 in constraints:
            _channels(cx, x, p, train, 2)
        return x

    rule.__doc__ = _document(constraints)
    made.rule(rule)
    return made


PLAIN = _by_position("torch_dropout", ("torch.dropout", "torch.alpha_dropout"), (C1,))
FEATURE = _by_position("torch_feature_dropout", ("torch.feature_dropout", "torch.feature_alpha_dropout"), (C1, C3))
