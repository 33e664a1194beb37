"""`nn.LSTM`, `nn.GRU`, `nn.RNN`: layers that step through a sequence."""

from __future__ import annotations

import re

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, layer, say
from shapelint.ops.recurrent_input import Steps, read_steps
from shapelint.ops.recurrent_options import build_recurrent
from shapelint.ops.recurrent_samples import recurrent_sample
from shapelint.ops.recurrent_state import Expected, check_states, state_ranks
from shapelint.shapes.dim import ONE, Dim
from shapelint.shapes.shape import Axis, Factor, Shape
from shapelint.values.model import Int, Packed, Str, Tensor, Tuple, Value

CONSTRAINTS = (
    Constraint("C1", "rnn-input-size", "the last axis of `input` has `input_size` entries"),
    Constraint("C2", "rnn-input-rank", "`input` has two axes (one sequence) or three (a batch)"),
    Constraint("C3", "rnn-output-tuple", "`input` is a tensor, not the tuple that a recurrent layer returns"),
    Constraint("C4", "rnn-state-shape", "a state has `num_layers * directions` rows"),
    Constraint("C5", "rnn-state-shape", "a state has the batch of `input`"),
    Constraint("C6", "rnn-state-shape", "`h` has `proj_size` or `hidden_size` features, `c` has `hidden_size`"),
    Constraint("C7", "rnn-state-shape", "a state has three axes exactly if `input` has a batch, else two"),
    Constraint("C8", "rnn-state-shape", "an LSTM takes one tuple `(h_0, c_0)`, a GRU or RNN one tensor"),
    Constraint("C9", "rnn-batch-first", "a state has as many columns as the axis that is read as the batch"),
    Constraint("C10", "dtype-mismatch", "`input` holds floats"),
    Constraint("C11", "invalid-option", "the constructor accepts its arguments"),
)

_TAIL = "bias=True, batch_first=False, dropout=0.0, bidirectional=False"
# torch refuses `proj_size` for these two when it is given by name
_ONLY_LSTM = "proj_size=None, device=None, dtype=None"

LSTM = layer(
    "LSTM",
    ("torch.nn.LSTM", "torch.nn.modules.rnn.LSTM"),
    f"input_size, hidden_size, num_layers=1, {_TAIL}, proj_size=0, device=None, dtype=None",
    call="input, hx=None, *more",
    constraints=CONSTRAINTS,
    samples=recurrent_sample("LSTM"),
)
GRU = layer(
    "GRU",
    ("torch.nn.GRU", "torch.nn.modules.rnn.GRU"),
    f"input_size, hidden_size, num_layers=1, {_TAIL}, {_ONLY_LSTM}",
    call="input, hx=None, *more",
    constraints=CONSTRAINTS,
    samples=recurrent_sample("GRU"),
)
RNN = layer(
    "RNN",
    ("torch.nn.RNN", "torch.nn.modules.rnn.RNN"),
    f"input_size, hidden_size, num_layers=1, nonlinearity='tanh', {_TAIL}, {_ONLY_LSTM}",
    call="input, hx=None, *more",
    constraints=CONSTRAINTS,
    samples=recurrent_sample("RNN"),
)


class _Sizes:
    """The sizes of a layer; what is not known of one is a size of its own, equal to nothing else."""

    def __init__(self, cx: Context, layer: Layer) -> None:
        self.is_lstm = layer.name == "LSTM"
        self.input = _size(layer, "input_size")
        self.hidden = _size(layer, "hidden_size")
        self.layers = _size(layer, "num_layers")
        self.directions = _directions(layer)
        self.output = self.hidden
        if self.is_lstm:
            try:
                projected = layer.int("proj_size")
                if cx.facts.at_least(projected, 1):
                    self.output = projected
                elif not cx.surely(projected, 0):
                    self.output = Dim.symbol("output_size", "unknown")
            except CannotTell:
                self.output = Dim.symbol("output_size", "unknown")

    def features(self, cx: Context) -> Axis:
        """The last axis of `output`: direction outside, hidden inside."""
        hidden = Factor(self.output)
        cx.role(Axis(self.output, (hidden,)), "feature", "proved", "the features that a recurrent layer gives")
        if self.directions == ONE:
            return Axis(self.output, (hidden,))
        return Axis(self.directions * self.output, (_direction(cx, self.directions), hidden))

    def rows(self, cx: Context) -> Axis:
        """The first axis of a state: layer outside, direction inside."""
        layers = Factor(self.layers)
        cx.role(Axis(self.layers, (layers,)), "layer", "proved", "the rows of a state are layers")
        if self.directions == ONE:
            return Axis(self.layers, (layers,))
        return Axis(self.layers * self.directions, (layers, _direction(cx, self.directions)))


def _direction(cx: Context, count: Dim) -> Factor:
    factor = Factor(count)
    cx.role(Axis(count, (factor,)), "direction", "proved", "the layer reads in both directions")
    return factor


def _size(layer: Layer, name: str) -> Dim:
    try:
        return layer.size(name)
    except CannotTell:
        return Dim.symbol(name, "unknown")


def _directions(layer: Layer) -> Dim:
    try:
        return Dim.of(2 if layer.flag("bidirectional") else 1)
    except CannotTell:
        return Dim.symbol("directions", "unknown")


def _batch_first(layer: Layer) -> bool | None:
    try:
        return layer.flag("batch_first")
    except CannotTell:
        return None


def _run(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    sizes = _Sizes(cx, layer)
    if isinstance(input, Tuple):
        cx.refute(
            "C3",
            say("{subject} expects a tensor but receives a tuple of {count} values", count=len(input.items)),
            label=say("a recurrent layer returns (output, state)"),
        )
    excess = cx.items(more)
    steps = read_steps(cx, input, layer.name, _batch_first(layer), state_ranks(cx, hx, sizes.is_lstm))
    result = _result(cx, sizes, steps)
    cx.expect(result)
    if excess:
        cx.refute(
            "C8",
            say("{subject} takes an input and one state but receives {count} arguments", count=2 + len(excess)),
            label=say("the state of an LSTM is one tuple (h_0, c_0)") if sizes.is_lstm else None,
            operand="more",
        )
    if steps.dtype in ("int", "bool"):
        cx.refute("C10", say("{subject} expects floats but receives a tensor of {dtype}s", dtype=steps.dtype))
    last = steps.feature
    # for packed sequences of equal lengths the CPU's LSTM does not look at the width, and computes noise
    cx.demand_equal(
        "C1",
        sizes.input,
        last.size,
        say("{subject} expects input_size {want} but receives {got} features", want=sizes.input, got=last.size),
        label=say("last dimension of {@input} is {got}", got=last.size),
    )
    cx.role(last, "feature", "proved", "the layer reads it as features")
    width = [sizes.output, sizes.hidden] if sizes.is_lstm else [sizes.hidden]
    packed = steps.packed is not None
    check_states(cx, hx, Expected(sizes.rows(cx), steps.lead, tuple(width), steps.step, packed), sizes.is_lstm)
    return result


def _result(cx: Context, sizes: _Sizes, steps: Steps) -> Value:
    features = sizes.features(cx)
    if steps.packed is not None:
        was = steps.packed
        output: Value = Packed(was.batch, was.seq, (features,), "float", total=was.total)
    else:
        assert steps.x is not None
        output = steps.x.with_parts((*steps.x.shape.parts[:-1], features)).with_dtype("float")

    def state(width: Dim) -> Tensor:
        axis = Axis.fresh(width)
        cx.role(axis, "feature", "proved", "the features that a recurrent layer gives")
        return Tensor(Shape((sizes.rows(cx), *steps.lead, axis)), "float", assumed=steps.assumed)

    if sizes.is_lstm:
        return Tuple((output, Tuple((state(sizes.output), state(sizes.hidden)))))
    return Tuple((output, state(sizes.hidden)))


@LSTM.rule
def lstm(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    """`([batch], seq, input_size) -> ([batch], seq, D*H), (h_n, c_n)` with `batch_first`, else `(seq, [batch], …)`.

    `D` is 2 where `bidirectional`, `H` is `proj_size` or else `hidden_size`. `h_n` is `(num_layers*D, [batch], H)` and
    `c_n` `(num_layers*D, [batch], hidden_size)` whatever `batch_first` says; rows are layer-major. A packed input makes
    `batch_first` inert.

    C1: the last axis is `input_size`. C2: two or three axes. C3: no tuple as input. C4, C5, C6: rows, batch and
    features of the states. C7: states have a batch axis exactly if the input has. C8: one tuple `(h_0, c_0)`. C9: the
    states' batch is not the input's step axis. C10: floats. C11: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """
    return _run(cx, layer, input, hx, more)


@GRU.rule
def gru(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    """As `nn.LSTM` with one state tensor: `([batch], seq, input_size) -> ([batch], seq, D*hidden_size), h_n`.

    C1 to C11: as for `nn.LSTM`; C8: the state is one tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
    """
    return _run(cx, layer, input, hx, more)


@RNN.rule
def rnn(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    """As `nn.LSTM` with one state tensor: `([batch], seq, input_size) -> ([batch], seq, D*hidden_size), h_n`.

    C1 to C11: as for `nn.LSTM`; C8: the state is one tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """
    return _run(cx, layer, input, hx, more)


_WEIGHT = re.compile(r"(weight|bias)_(ih|hh|hr)_l(\d+)(_reverse)?\Z")
_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def _attribute(cx: Context, layer: Layer, name: str) -> Value | None:
    """The weights by their names, and what torch computes from the arguments."""
    if name == "proj_size" and layer.name != "LSTM":
        return Int.of(0)
    if name == "mode" and layer.name != "RNN":
        return Str(layer.name)
    matched = _WEIGHT.match(name)
    if matched is None:
        return None
    kind, which, depth, _ = matched.groups()
    sizes = _Sizes(cx, layer)
    gates = sizes.hidden * _GATES[layer.name]
    if kind == "bias":
        return Tensor(Shape.of(gates), "float")
    if which == "hr":
        return Tensor(Shape.of(sizes.output, sizes.hidden), "float")
    width = sizes.input if depth == "0" else sizes.output * sizes.directions
    return Tensor(Shape.of(gates, width if which == "ih" else sizes.output), "float")


for _op in (LSTM, GRU, RNN):
    _op.attributes(_attribute)
    _op.build(build_recurrent)
    _op.reads_packed = True
