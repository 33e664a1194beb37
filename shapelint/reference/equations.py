"""One step of an LSTM, a GRU and an RNN, written from the equations, every intermediate named.

Sources: the pages of `torch.nn.LSTM`, `torch.nn.GRU` and `torch.nn.RNN`
(https://docs.pytorch.org/docs/stable/nn.html); Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997), with the
forget gate of Gers, Schmidhuber and Cummins (2000); projections as in Sak, Senior and Beaufays
(https://arxiv.org/abs/1402.1128); the GRU of Cho et al. (https://arxiv.org/abs/1406.1078) in torch's variant; the RNN
of Elman, "Finding Structure in Time" (1990).

Letters in the shapes: `N` rows of the batch, `F` features of the input, `H` hidden size, `R` size of the hidden state
that is fed back (`proj_size` where there is a projection, else `H`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

LSTM_GATES = ("input_gate", "forget_gate", "cell_gate", "output_gate")
"""The order in which torch stacks the rows of the four gates in `weight_ih`, `weight_hh` and the biases."""

GRU_GATES = ("reset_gate", "update_gate", "new_gate")
"""The order in which torch stacks the rows of the three gates of a GRU."""

RNN_GATES = ("hidden",)
"""A plain RNN has no gates: its one block of rows makes the hidden state."""

State = tuple[Tensor, ...]
"""`(hidden, cell)` of an LSTM, `(hidden,)` of a GRU or RNN; the hidden state (N, R) always comes first."""

Note = Callable[[str, Tensor], Tensor]
"""Records a tensor under a name and gives it back."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of the parameters that belong to one gate of one layer and direction.

    `weight_ih` (H, F), `weight_hh` (H, R), `bias_ih` and `bias_hh` (H) or None. `matrix` (H, F + R) and `bias` (H)
    are the same as one product with the concatenated input [x_t, h_(t-1)]: where both biases are added to it, only
    their sum matters.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    matrix: Tensor
    bias: Tensor | None

    def of_both(self, gate_input: Tensor) -> Tensor:
        """`matrix [x_t, h_(t-1)] + bias`: (N, F + R) -> (N, H)."""
        return functional.linear(gate_input, self.matrix, self.bias)

    def of_input(self, x: Tensor) -> Tensor:
        """`weight_ih x_t + bias_ih`: (N, F) -> (N, H)."""
        return functional.linear(x, self.weight_ih, self.bias_ih)

    def of_hidden(self, hidden: Tensor) -> Tensor:
        """`weight_hh h_(t-1) + bias_hh`: (N, R) -> (N, H)."""
        return functional.linear(hidden, self.weight_hh, self.bias_hh)


@dataclass(frozen=True, slots=True)
class Weights:
    """The parameters of one layer in one direction: the rows of each gate, and the projection (R, H) where there is
    one.
    """

    gates: Mapping[str, Rows]
    weight_hr: Tensor | None = None


def split_gates(
    names: tuple[str, ...],
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    weight_hr: Tensor | None = None,
) -> Weights:
    """Torch's stacked parameters by gate, for G gates in the order of `names`.

    `weight_ih` (G*H, F), `weight_hh` (G*H, R), `bias_ih` and `bias_hh` (G*H), `weight_hr` (R, H).
    """
    count = len(names)
    bias = None if bias_ih is None or bias_hh is None else bias_ih + bias_hh
    stacked = (weight_ih, weight_hh, bias_ih, bias_hh, torch.cat([weight_ih, weight_hh], dim=1), bias)
    blocks = [(None,) * count if tensor is None else tensor.chunk(count, dim=0) for tensor in stacked]
    return Weights({name: Rows(*rows) for name, *rows in zip(names, *blocks, strict=True)}, weight_hr)


Step = Callable[[Tensor, State, Weights, Note], State]


def lstm_step(x: Tensor, state: State, weights: Weights, note: Note) -> State:
    """`(N, F), ((N, R), (N, H)) -> ((N, R), (N, H))`;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html.

    With xh = [x_t, h_(t-1)] of shape (N, F + R) and one matrix (H, F + R) for each gate:

        i = sigmoid(W_i xh + b_i)    f = sigmoid(W_f xh + b_f)    g = tanh(W_g xh + b_g)    o = sigmoid(W_o xh + b_o)
        c_t = f * c_(t-1) + i * g
        h_t = o * tanh(c_t)         with a projection: h_t = W_hr (o * tanh(c_t))

    The products with c_t are taken element by element, so all gates and the cell have H features; only the matrix
    W_hr (R, H) can give the hidden state another size.
    """
    hidden, cell = state
    gates = weights.gates
    gate_input = note("gate_input", torch.cat([x, hidden], dim=1))
    i = note("input_gate", torch.sigmoid(gates["input_gate"].of_both(gate_input)))
    f = note("forget_gate", torch.sigmoid(gates["forget_gate"].of_both(gate_input)))
    g = note("cell_gate", torch.tanh(gates["cell_gate"].of_both(gate_input)))
    o = note("output_gate", torch.sigmoid(gates["output_gate"].of_both(gate_input)))
    cell = note("cell", f * cell + i * g)
    hidden = o * torch.tanh(cell)
    if weights.weight_hr is not None:
        hidden = functional.linear(note("unprojected_hidden", hidden), weights.weight_hr)
    return note("hidden", hidden), cell


def gru_step(x: Tensor, state: State, weights: Weights, note: Note) -> State:
    """`(N, F), ((N, H),) -> ((N, H),)`; https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html.

        r = sigmoid(W_r [x_t, h_(t-1)] + b_r)    z = sigmoid(W_z [x_t, h_(t-1)] + b_z)
        n = tanh(W_in x_t + b_in + r * (W_hn h_(t-1) + b_hn))
        h_t = (1 - z) * n + z * h_(t-1)

    The new gate reads input and hidden state apart, since r scales the second only. Unlike the paper, torch applies r
    after the product with W_hn, so the two biases of this gate cannot be summed.
    """
    (hidden,) = state
    gates = weights.gates
    gate_input = note("gate_input", torch.cat([x, hidden], dim=1))
    r = note("reset_gate", torch.sigmoid(gates["reset_gate"].of_both(gate_input)))
    z = note("update_gate", torch.sigmoid(gates["update_gate"].of_both(gate_input)))
    reset_hidden = note("reset_hidden", r * gates["new_gate"].of_hidden(hidden))
    n = note("new_gate", torch.tanh(gates["new_gate"].of_input(x) + reset_hidden))
    return (note("hidden", (1 - z) * n + z * hidden),)


def _rnn_step(activation: Callable[[Tensor], Tensor]) -> Step:
    def step(x: Tensor, state: State, weights: Weights, note: Note) -> State:
        (hidden,) = state
        gate_input = note("gate_input", torch.cat([x, hidden], dim=1))
        return (note("hidden", activation(weights.gates["hidden"].of_both(gate_input))),)

    return step


RNN_STEPS: Mapping[str, Step] = {"tanh": _rnn_step(torch.tanh), "relu": _rnn_step(torch.relu)}
"""By `nonlinearity`: `(N, F), ((N, H),) -> ((N, H),)`;
https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html.

    h_t = tanh(W [x_t, h_(t-1)] + b)    or relu in place of tanh
"""
