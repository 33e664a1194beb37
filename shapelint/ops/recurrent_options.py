"""What the constructors of recurrent layers demand."""

from __future__ import annotations

from shapelint.ops.contract import CannotTell, Context, Layer, say
from shapelint.shapes.dim import ONE
from shapelint.values.model import Bool, Float, Int, NoneValue, Str, Value

NONLINEARITIES = ("tanh", "relu")


def require_size(cx: Context, layer: Layer, name: str, constraint: str) -> None:
    """Demand that an option be an int of 1 or more."""
    value = layer.value(name)
    if isinstance(value, (Float, Str, NoneValue)):
        kind = {"Float": "float", "Str": "str"}.get(type(value).__name__, "NoneType")
        cx.refute(constraint, say("{name} should be of type int, got: {kind}", name=name, kind=kind), operand=name)
    try:
        got = layer.int(name)
    except CannotTell:
        return
    if cx.facts.at_most(got, 0, proof=True):
        cx.refute(
            constraint,
            say("{name} must be greater than zero but is {got}", name=name, got=got),
            operand=name,
            sizes=(ONE, got),
        )


def build_recurrent(cx: Context, layer: Layer) -> None:
    """C11: sizes are ints of 1 or more, `dropout` lies in [0, 1], `proj_size` below `hidden_size`, flags are bools."""
    for name in ("input_size", "hidden_size", "num_layers"):
        require_size(cx, layer, name, "C11")
    _require_dropout(cx, layer.value("dropout"))
    for name in ("bias", "batch_first"):
        value = layer.value(name)
        if isinstance(value, (Int, Float, Str, NoneValue)):
            cx.refute("C11", say("{name} should be of type bool", name=name), operand=name)
    if layer.name == "RNN":
        chosen = layer.value("nonlinearity")
        if isinstance(chosen, Str) and chosen.value is not None and chosen.value not in NONLINEARITIES:
            cx.refute("C11", say("unknown nonlinearity {got}", got=repr(chosen.value)), operand="nonlinearity")
    if layer.name != "LSTM":
        given = layer.value("proj_size")
        if not isinstance(given, NoneValue) and not cx.surely(cx.int(given), 0):  # by position torch takes a 0
            cx.refute("C11", say("proj_size argument is only supported for LSTM"), operand="proj_size")
        return
    size, hidden = layer.int("proj_size"), layer.int("hidden_size")
    if cx.facts.at_least(size - hidden, 0, proof=True) or cx.facts.at_most(size, -1, proof=True):
        cx.refute(
            "C11",
            say("proj_size {got} has to be smaller than hidden_size {hidden}", got=size, hidden=hidden),
            operand="proj_size",
            sizes=(hidden, size),
        )
    if size.value:
        cx.facts.raise_low(hidden, size.value + 1)  # torch would have refused a smaller one


def _require_dropout(cx: Context, value: Value) -> None:
    low: float | None = None
    if isinstance(value, Bool):
        low = -1.0
    elif isinstance(value, Float):
        low = value.value
    elif isinstance(value, Int) and value.dim.value is not None:
        low = float(value.dim.value)
    if low is not None and not 0 <= low <= 1:
        cx.refute("C11", say("dropout should be a number in range [0, 1]"), operand="dropout")
