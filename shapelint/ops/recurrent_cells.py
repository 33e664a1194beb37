"""`nn.LSTMCell`, `nn.GRUCell`, `nn.RNNCell`: one step of a recurrent layer."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, NoReturn

from shapelint.ops.contract import CannotTell, Constraint, Context, Layer, Op, Sample, Sampler, layer, say, t
from shapelint.ops.recurrent_options import require_size
from shapelint.shapes.dim import Dim
from shapelint.shapes.shape import Axis, Part, Segment, Shape
from shapelint.values.model import NoneValue, Str, Tensor, Tuple, Value

CONSTRAINTS = (
    Constraint("C1", "rnn-input-size", "the last axis of `input` has `input_size` entries"),
    Constraint("C2", "rnn-input-rank", "`input` has one axis (one sample) or two (a batch)"),
    Constraint("C3", "rnn-output-tuple", "`input` is a tensor, not the tuple that a recurrent layer returns"),
    Constraint("C4", "rnn-state-shape", "a state has the batch of `input`"),
    Constraint("C5", "rnn-state-shape", "a state has `hidden_size` features"),
    Constraint("C6", "rnn-state-shape", "a state has as many axes as `input`"),
    Constraint("C7", "rnn-state-shape", "an LSTMCell takes one tuple `(h_0, c_0)`, the others one tensor"),
    Constraint("C8", "dtype-mismatch", "`input` holds floats"),
    Constraint("C9", "invalid-option", "sizes are ints of 1 or more, and the nonlinearity is known"),
)


def _sample(name: str) -> Sampler:
    def sample(rng: random.Random) -> Sample:
        inner, hidden = rng.randint(1, 4), rng.randint(1, 4)
        options: dict[str, Any] = {} if rng.random() < 0.7 else {"bias": rng.random() < 0.5}
        if name == "RNNCell" and rng.random() < 0.3:
            options["nonlinearity"] = "relu" if rng.random() < 0.8 else "gelu"
        lead = [rng.randint(1, 4)] if rng.random() < 0.7 else []
        sizes = [*lead, inner if rng.random() < 0.9 else rng.randint(1, 5)]
        if rng.random() < 0.07:
            sizes = [2, *sizes] if lead else [2, 2, *sizes]
        x: Any = t(*sizes, dtype="int" if rng.random() < 0.04 else "float")
        if rng.random() < 0.04:
            x = (x, x)
        called = f"torch.nn.{name}" if rng.random() < 0.9 else f"torch.nn.modules.rnn.{name}"
        init = (inner, hidden if rng.random() < 0.97 else float(hidden))
        if rng.random() < 0.3:
            return Sample(called, (x,), init=init, init_kwargs=options)
        state = [*lead, hidden]
        if rng.random() < 0.25:
            state[rng.randrange(len(state))] = rng.randint(1, 5)
        # one axis more or fewer with sizes that happen to fit makes torch read past the end
        if rng.random() < 0.08 and hidden != (lead[0] if lead else 5):
            state = state[1:] if len(state) > 1 else [5, *state]
        h, c = t(*state), t(*lead, hidden)
        hx: Any = h
        if name == "LSTMCell":
            hx = [(h, c), (c, h), [h, c], (h, c, c), (h,), t(2, *lead, hidden)][
                min(rng.randrange(12), rng.randrange(6))
            ]
            if rng.random() < 0.05:
                return Sample(called, (x, h, c), init=init, init_kwargs=options)
        elif rng.random() < 0.05:
            hx = (h,)
        if rng.random() < 0.5:
            return Sample(called, (x, hx), init=init, init_kwargs=options)
        return Sample(called, (x,), {"hx": hx}, init=init, init_kwargs=options)

    return sample


def _cell(name: str, options: str) -> Op:
    return layer(
        name,
        (f"torch.nn.{name}", f"torch.nn.modules.rnn.{name}"),
        f"input_size, hidden_size, bias=True, {options}device=None, dtype=None",
        call="input, hx=None, *more",
        constraints=CONSTRAINTS,
        samples=_sample(name),
    )


LSTM_CELL = _cell("LSTMCell", "")
GRU_CELL = _cell("GRUCell", "")
RNN_CELL = _cell("RNNCell", "nonlinearity='tanh', ")


def _size(layer: Layer, name: str) -> Dim:
    try:
        return layer.size(name)
    except CannotTell:
        return Dim.symbol(name, "unknown")


def _run(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    is_lstm = layer.name == "LSTMCell"
    if isinstance(input, Tuple):
        cx.refute(
            "C3",
            say("{subject} expects a tensor but receives a tuple of {count} values", count=len(input.items)),
            label=say("a recurrent layer returns (output, state)"),
        )
    want, hidden = _size(layer, "input_size"), _size(layer, "hidden_size")
    x = cx.tensor(input)
    headline = say("{subject} expects input to be 1-D or 2-D but receives a tensor of shape {shape}", shape=x.shape)
    x = cx.ranks(x, (1, 2), "C2", headline)
    x = _settle(cx, x, hx.items if isinstance(hx, Tuple) else () if is_lstm else (hx,))
    lead = x.shape.parts[:-1]
    last = x.shape.parts[-1]
    assert isinstance(last, Axis)
    if lead and isinstance(lead[0], Axis):
        cx.role(lead[0], "batch", "proved", f"nn.{layer.name} reads it as the batch")

    def state() -> Tensor:
        axis = Axis.fresh(hidden)
        cx.role(axis, "feature", "proved", "the features that a recurrent layer gives")
        return x.with_parts((*lead, axis)).with_dtype("float")

    result: Value = Tuple((state(), state())) if is_lstm else state()
    cx.expect(result)
    excess = cx.items(more)
    if excess:
        count = 2 + len(excess)
        cx.refute(
            "C7",
            say("{subject} takes an input and one state but receives {count} arguments", count=count),
            operand="more",
        )
    if x.dtype in ("int", "bool"):
        cx.refute("C8", say("{subject} expects floats but receives a tensor of {dtype}s", dtype=x.dtype))
    if layer.name == "RNNCell":
        chosen = layer.value("nonlinearity")
        if isinstance(chosen, Str) and chosen.value not in (None, "tanh", "relu"):
            cx.refute("C9", say("unknown nonlinearity {got}", got=repr(chosen.value)), operand="nonlinearity")
    cx.demand_equal(
        "C1",
        want,
        last.size,
        say("{subject} expects input_size {want} but receives {got} features", want=want, got=last.size),
        label=say("last dimension of {@input} is {got}", got=last.size),
    )
    cx.role(last, "feature", "proved", "the layer reads it as features")
    for name, value in _states(cx, hx, is_lstm, lead):
        _check(cx, name, value, lead, hidden)
    return result


def _settle(cx: Context, x: Tensor, states: tuple[Value, ...]) -> Tensor:
    """The input with its rank as the states have it; one that nothing settles stays open, the batched reading
    preferred."""
    if x.shape.rank is not None:
        return x
    for value in states:
        if isinstance(value, Tensor) and (rank := cx.tensor(value).shape.rank) in (1, 2):
            fixed = cx.facts.fix_rank(x.shape, rank)
            if fixed is not None:
                return x.with_parts(fixed.parts)
    if x.shape.prefix:
        fixed = cx.facts.copy().fix_rank(x.shape, 2)
        assert fixed is not None
        cx.assumed = True
        return replace(x, shape=fixed, assumed=True)
    shape = cx.facts.reveal_suffix(x.shape, 1)
    run = shape.parts[0]
    if isinstance(run, Segment):
        cx.facts.either(run, (Axis.fresh(Dim.symbol("batch", "input")),))
    return x.with_parts(shape.parts)


def _states(cx: Context, hx: Value, is_lstm: bool, lead: tuple[Part, ...]) -> list[tuple[str, Value]]:
    if isinstance(hx, NoneValue):
        return []
    batched = bool(lead) and isinstance(lead[0], Axis)
    if not is_lstm:
        if isinstance(hx, Tuple):
            _refute_kind(cx, "{subject} expects its state as one tensor but receives a tuple")
        return [("hx", hx)]
    if isinstance(hx, Tensor):
        if not batched:  # torch reads hx[0] and hx[1] of a tensor as the two states
            raise CannotTell("dynamic-value")
        _refute_kind(cx, "{subject} expects its state as a tuple (h_0, c_0) but receives one tensor")
    if not isinstance(hx, Tuple):
        return []
    if len(hx.items) < 2 or (len(hx.items) > 2 and batched):
        cx.refute(
            "C7",
            say("{subject} expects two states (h_0, c_0) but receives {count}", count=len(hx.items)),
            operand="hx",
        )
    return list(zip(("h_0", "c_0"), hx.items, strict=False))


def _refute_kind(cx: Context, text: str) -> NoReturn:
    cx.refute("C7", say(text), operand="hx")


def _check(cx: Context, name: str, value: Value, lead: tuple[Part, ...], hidden: Dim) -> None:
    if isinstance(value, (NoneValue, Tuple)):
        _refute_kind(cx, "{subject} expects tensors as its states")
    try:
        s = cx.tensor(value)
    except CannotTell:
        return
    want = Shape((*lead, Axis.fresh(hidden)))
    headline = say("{subject} expects {name} of shape {want} but receives {got}", name=name, want=want, got=s.shape)
    if any(isinstance(p, Segment) for p in lead):
        s = cx.ranks(s, (1, 2), "C6", headline, "hx")
        run = s.shape.parts[0]
        if s.shape.rank is None and len(s.shape.parts) == 1 and isinstance(run, Segment):
            cx.facts.bind_segment(run, want.parts)
            return
        s = s.with_parts(cx.facts.reveal_suffix(s.shape, 1).parts)
    else:
        s = cx.ranks(s, (len(want.parts),), "C6", headline, "hx")
        if lead:
            batch, got = lead[0], s.shape.axes[0]
            assert isinstance(batch, Axis)
            cx.demand_equal("C4", batch.size, got.size, headline, operand="hx")
            cx.role(got, "batch", "proved", "the first axis of a cell's state is the batch")
    last = s.shape.parts[-1]
    assert isinstance(last, Axis)
    cx.demand_equal("C5", hidden, last.size, headline, operand="hx")
    cx.role(last, "feature", "proved", "the last axis of a state is its features")


@LSTM_CELL.rule
def lstm_cell(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    """`([batch], input_size), (([batch], hidden_size), ([batch], hidden_size)) -> (h, c)`, both `([batch],
    hidden_size)`.

    C1: the last axis is `input_size`. C2: one or two axes. C3: no tuple as input. C4, C5, C6: batch, features and rank
    of the states. C7: one tuple `(h_0, c_0)`. C8: floats. C9: options in range.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """
    return _run(cx, layer, input, hx, more)


@GRU_CELL.rule
def gru_cell(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    """`([batch], input_size), ([batch], hidden_size) -> ([batch], hidden_size)`.

    C1 to C9: as for `nn.LSTMCell`; C7: the state is one tensor.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    """
    return _run(cx, layer, input, hx, more)


@RNN_CELL.rule
def rnn_cell(cx: Context, layer: Layer, input: Value, hx: Value, more: Value) -> Value:
    """`([batch], input_size), ([batch], hidden_size) -> ([batch], hidden_size)`.

    C1 to C9: as for `nn.LSTMCell`; C7: the state is one tensor; C9: torch refuses the nonlinearity when it is called.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """
    return _run(cx, layer, input, hx, more)


_GATES = {"LSTMCell": 4, "GRUCell": 3, "RNNCell": 1}


def _attribute(cx: Context, layer: Layer, name: str) -> Value | None:
    gates = _GATES[layer.name] * _size(layer, "hidden_size")
    if name == "weight_ih":
        return Tensor(Shape.of(gates, _size(layer, "input_size")), "float")
    if name == "weight_hh":
        return Tensor(Shape.of(gates, _size(layer, "hidden_size")), "float")
    if name in ("bias_ih", "bias_hh"):
        return Tensor(Shape.of(gates), "float") if layer.flag("bias") else NoneValue()
    return None


def _build(cx: Context, layer: Layer) -> None:
    """C9: sizes are ints."""
    for name in ("input_size", "hidden_size"):
        require_size(cx, layer, name, "C9")


for _op in (LSTM_CELL, GRU_CELL, RNN_CELL):
    _op.attributes(_attribute)
    _op.build(_build)
