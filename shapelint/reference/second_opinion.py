"""A call of a recurrent layer of torch, held against the reference layer with the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from shapelint.reference import cells, layers

RECURRENT = frozenset(("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"))
MOST_STEPS = 2_000
"""Of longer sequences torch alone is asked: the reference takes its time over each step."""

TOLERANCE = 1e-4
"""The largest difference between two float32 values that still counts as equal."""

_OPTIONS = ("input_size", "hidden_size", "bias")
_LAYER_OPTIONS = ("num_layers", "batch_first", "dropout", "bidirectional")


def second_opinion(layer: nn.Module, call: Callable[[Any], Any], answer: Any) -> str:
    """Where the reference does not agree with torch, how; else "".

    `call` calls the layer that it is given; `answer` is what torch gave to it, or the exception that torch raised.
    """
    if _longest(answer) > MOST_STEPS:
        return ""
    twin = reference_of(layer)
    try:
        with torch.no_grad():
            told: Any = call(twin)
    except Exception as error:
        told = error
    if isinstance(told, Exception) or isinstance(answer, Exception):
        if isinstance(told, Exception) and isinstance(answer, Exception):
            return ""
        who, what = ("the reference", told) if isinstance(told, Exception) else ("torch", answer)
        return f"{who} alone refuses the call: {what}"
    for ours, theirs in zip(_tensors(told), _tensors(answer), strict=True):
        if ours.shape != theirs.shape:
            return f"the reference gives {tuple(ours.shape)}, torch {tuple(theirs.shape)}"
        if ours.numel() and float((ours - theirs).abs().max()) > TOLERANCE:
            return "values of the reference and of torch differ"
    return ""


def _longest(answer: Any) -> int:
    """The number of steps, or of samples where these are more, in an answer of a recurrent layer; 0 in what was raised."""
    return max((max(t.shape[:-1], default=0) for t in _tensors(answer)), default=0)


def reference_of(layer: nn.Module) -> nn.Module:
    """The reference layer with the options and weights of one of torch."""
    name = type(layer).__name__
    options = {option: getattr(layer, option) for option in _OPTIONS}
    if name.startswith("RNN"):
        options["nonlinearity"] = layer.nonlinearity
    if not name.endswith("Cell"):
        options |= {option: getattr(layer, option) for option in _LAYER_OPTIONS}
        if name == "LSTM":
            options["proj_size"] = layer.proj_size
    twin: nn.Module = getattr(cells if name.endswith("Cell") else layers, name)(**options)
    twin.load_state_dict(layer.state_dict())
    return twin.train(layer.training)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, PackedSequence):
        yield value.data
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)
