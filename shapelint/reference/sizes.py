"""The shapes inside and around a recurrent layer by arithmetic alone; sizes may be numbers or symbols. Needs no
torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shapelint.reference.intermediates import DIRECTIONS, Direction
from shapelint.shapes.dim import Dim
from shapelint.shapes.printing import format_dim

Kind = Literal["lstm", "gru", "rnn"]
Dims = tuple[Dim, ...]
GATE_COUNTS: dict[Kind, int] = {"lstm": 4, "gru": 3, "rnn": 1}


@dataclass(frozen=True, slots=True)
class Line:
    """One intermediate of one step: `name` as the reference records it, `letter` as the equations write it."""

    name: str
    title: str
    letter: str
    equation: str
    dims: Dims


@dataclass(frozen=True, slots=True)
class ParameterShape:
    """One parameter of the layer under torch's name."""

    name: str
    dims: Dims

    @property
    def count(self) -> Dim:
        """How many numbers it holds."""
        total = Dim.of(1)
        for dim in self.dims:
            total = total * dim
        return total


@dataclass(frozen=True, slots=True)
class StateRow:
    """Which layer and direction one row of `h_n` (and `c_n`) belongs to."""

    row: int
    layer: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class Sizes:
    """A recurrent layer and one call of it, by its sizes. `steps` is the length of the sequence.

    `proj` is None without a projection; only an LSTM may have one. `head` is what a Linear on the output gives, None
    where nobody says. Follows the pages of `torch.nn.LSTM`, `GRU` and
    `RNN`.
    """

    kind: Kind
    input: Dim
    hidden: Dim
    batch: Dim
    steps: Dim
    proj: Dim | None = None
    layers: int = 1
    bidirectional: bool = False
    batch_first: bool = False
    bias: bool = True
    head: Dim | None = None

    @property
    def class_name(self) -> str:
        """`LSTM`, `GRU` or `RNN`."""
        return self.kind.upper()

    @property
    def construction(self) -> str:
        """The call that builds the layer: `nn.LSTM(5, 256, batch_first=True)`."""
        options = [format_dim(self.input), format_dim(self.hidden)]
        if self.layers > 1:
            options.append(f"num_layers={self.layers}")
        if self.proj is not None:
            options.append(f"proj_size={format_dim(self.proj)}")
        options += [f"{name}=True" for name in ("batch_first", "bidirectional") if getattr(self, name)]
        if not self.bias:
            options.append("bias=False")
        return f"nn.{self.class_name}({', '.join(options)})"

    @property
    def directions(self) -> tuple[Direction, ...]:
        """One or two, in torch's order."""
        return DIRECTIONS if self.bidirectional else DIRECTIONS[:1]

    @property
    def out(self) -> Dim:
        """The size of the hidden state that one direction gives out: `proj` where there is one, else `hidden`."""
        return self.hidden if self.proj is None else self.proj

    @property
    def features(self) -> Dim:
        """The last dimension of `output`, which is what the next layer must accept."""
        return len(self.directions) * self.out

    @property
    def top(self) -> Dim:
        """What a Linear on the output gives: `head`, or as many features as one step of the input has."""
        return self.input if self.head is None else self.head

    @property
    def has_cell(self) -> bool:
        """Only an LSTM keeps a cell state beside the hidden state."""
        return self.kind == "lstm"

    @property
    def layer_groups(self) -> tuple[range, ...]:
        """The layers by equal shapes inside: layer 0 reads the input, all others what the layer below gives out."""
        groups = (range(1), range(1, self.layers))
        return tuple(group for group in groups if group)

    def sequence(self, features: Dim) -> Dims:
        """(steps, batch, features), or (batch, steps, features) with `batch_first`."""
        return (self.batch, self.steps, features) if self.batch_first else (self.steps, self.batch, features)

    def outside(self) -> dict[str, Dims]:
        """What goes into a call and comes out of it: input, h_0, c_0, output, h_n, c_n (no cell but in an LSTM)."""
        rows = Dim.of(self.layers * len(self.directions))
        hidden, cell = (rows, self.batch, self.out), (rows, self.batch, self.hidden)
        shapes = {"input": self.sequence(self.input), "h_0": hidden}
        shapes |= {"c_0": cell} if self.has_cell else {}
        shapes |= {"output": self.sequence(self.features), "h_n": hidden}
        return shapes | ({"c_n": cell} if self.has_cell else {})

    def read(self, layer: int) -> Dim:
        """How many features a layer reads at each step."""
        return self.input if layer == 0 else self.features

    def inside(self, layer: int) -> tuple[Line, ...]:
        """Every intermediate of one step, in each direction of that layer, in the order in which they are
        computed.
        """
        read = self.read(layer)
        wide, narrow = (self.batch, self.hidden), (self.batch, self.out)
        joined = (self.batch, read + self.out)
        source = "the input at step t" if layer == 0 else "what the layer below gives out at step t"
        both = f"[x_t, h_(t-1)]: {format_dim(read)} + {format_dim(self.out)} features side by side"
        lines = [
            Line("x", "input", "x_t", source, (self.batch, read)),
            Line("gate_input", "joined input" if self.kind == "rnn" else "gate input", "xh", both, joined),
        ]
        if self.kind == "lstm":
            lines += [
                Line("input_gate", "input gate", "i", "sigmoid(W_i xh + b_i)", wide),
                Line("forget_gate", "forget gate", "f", "sigmoid(W_f xh + b_f)", wide),
                Line("cell_gate", "cell gate", "g", "tanh(W_g xh + b_g)", wide),
                Line("output_gate", "output gate", "o", "sigmoid(W_o xh + b_o)", wide),
                Line("cell", "cell state", "c_t", "f * c_(t-1) + i * g", wide),
            ]
            if self.proj is None:
                lines.append(Line("hidden", "hidden state", "h_t", "o * tanh(c_t)", wide))
            else:
                lines.append(Line("unprojected_hidden", "before projection", "m", "o * tanh(c_t)", wide))
                lines.append(Line("hidden", "hidden state", "h_t", "W_hr m", narrow))
        elif self.kind == "gru":
            lines += [
                Line("reset_gate", "reset gate", "r", "sigmoid(W_r xh + b_r)", wide),
                Line("update_gate", "update gate", "z", "sigmoid(W_z xh + b_z)", wide),
                Line("reset_hidden", "reset hidden", "s", "r * (W_hn h_(t-1) + b_hn)", wide),
                Line("new_gate", "new gate", "n", "tanh(W_in x_t + b_in + s)", wide),
                Line("hidden", "hidden state", "h_t", "(1 - z) * n + z * h_(t-1)", wide),
            ]
        else:
            lines.append(Line("hidden", "hidden state", "h_t", "tanh(W xh + b)", wide))
        return tuple(lines)

    def parameters(self, layer: int, direction: Direction = "forward") -> tuple[ParameterShape, ...]:
        """The parameters of one layer in one direction, in torch's order."""
        rows = GATE_COUNTS[self.kind] * self.hidden
        shapes: dict[str, Dims] = {"weight_ih": (rows, self.read(layer)), "weight_hh": (rows, self.out)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj is not None:
            shapes["weight_hr"] = (self.proj, self.hidden)
        suffix = "_reverse" if direction == "backward" else ""
        return tuple(ParameterShape(f"{kind}_l{layer}{suffix}", dims) for kind, dims in shapes.items())

    @property
    def parameter_count(self) -> Dim:
        """How many numbers the whole layer learns; neither batch nor steps occur in it."""
        total = Dim.of(0)
        for group in self.layer_groups:
            each = sum((parameter.count for parameter in self.parameters(group[0])), Dim.of(0))
            total = total + len(group) * len(self.directions) * each
        return total

    def passes(self) -> Iterator[tuple[int, Direction]]:
        """Layers and directions in the order of the rows of `h_n` and `c_n`: layer-major."""
        return ((layer, direction) for layer in range(self.layers) for direction in self.directions)

    def rows(self) -> tuple[StateRow, ...]:
        """The rows of `h_n` and `c_n`."""
        return tuple(StateRow(row, layer, direction) for row, (layer, direction) in enumerate(self.passes()))
