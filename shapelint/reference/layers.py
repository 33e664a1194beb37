"""The recurrent layers of torch, from the equations: `LSTM`, `GRU`, `RNN`, with every option of `torch.nn`.

Parameters carry torch's names and shapes, so `LSTM(5, 7).load_state_dict(nn.LSTM(5, 7).state_dict())` gives the same
layer. They are read by a plain loop over layers, directions and steps: clear, differentiable, slow. `observe` also
gives the shape of everything that was computed on the way.

Letters in the shapes: `N` batch, `T` steps, `F` input size, `H` hidden size, `R` `proj_size` where given, else `H`,
`D` 2 directions if bidirectional, else 1, `L` layers.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from shapelint.reference.equations import (
    GRU_GATES,
    LSTM_GATES,
    RNN_GATES,
    RNN_STEPS,
    State,
    Step,
    Weights,
    gru_step,
    lstm_step,
    split_gates,
)
from shapelint.reference.intermediates import DIRECTIONS, Direction, Intermediate


@dataclass(frozen=True, slots=True)
class Observation:
    """What a layer gave and what was inside.

    `output` (T, N, D*R), (N, T, D*R) with `batch_first`, (T, D*R) for an unbatched input, or packed like the input.
    `state` is `(h_n, c_n)` for an LSTM and `h_n` for the others: (L*D, N, R) and (L*D, N, H), without N for an
    unbatched input.
    """

    output: Tensor | PackedSequence
    state: Tensor | tuple[Tensor, Tensor]
    intermediates: tuple[Intermediate, ...]


@dataclass(frozen=True, slots=True)
class _Sequences:
    """An input as the loop reads it: `steps[t]` (N_t, F), where N_t never grows with t (packed order)."""

    steps: tuple[Tensor, ...]
    packed: PackedSequence | None
    batched: bool

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        return tuple(step.size(0) for step in self.steps)


class Recurrent(nn.Module):
    """The frame that all three layers share: parameters, checks of the arguments, layers, directions, steps.

    Raises what torch raises, for the same reasons: `ValueError` and `TypeError` for options that make no layer; in a
    call `ValueError` for an input that is neither 2-D nor 3-D or of another dtype, `RuntimeError` for a wrong feature
    size, an empty sequence, and states of a wrong rank or size (`IndexError` for states of a packed LSTM with less than
    three axes).
    """

    gate_names: ClassVar[tuple[str, ...]]
    state_names: ClassVar[tuple[str, ...]] = ("hidden",)
    packed_states_by_kernel: ClassVar[bool] = False
    """Whether torch leaves the states that come with a packed input to its kernels, which ask for axis 2 first."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        _check_options(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        rows = len(self.gate_names) * hidden_size
        for layer, direction in self._passes():
            features = input_size if layer == 0 else len(self.directions) * self.output_size
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, self.output_size)}
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            if proj_size:
                shapes["weight_hr"] = (proj_size, hidden_size)
            for name, shape in shapes.items():
                parameter = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                self.register_parameter(parameter_name(name, layer, direction), parameter)
        bound = 1 / math.sqrt(hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions in torch's order; there are `D` of them."""
        return DIRECTIONS if self.bidirectional else DIRECTIONS[:1]

    @property
    def output_size(self) -> int:
        """`R`, the size of the hidden state that one direction gives out and reads back."""
        return self.proj_size or self.hidden_size

    def forward(
        self, input: Tensor | PackedSequence, hx: Any = None
    ) -> tuple[Tensor | PackedSequence, Tensor | tuple[Tensor, Tensor]]:
        """`(output, state)` as `torch.nn` gives them; shapes at `Observation`."""
        seen = self.observe(input, hx)
        return seen.output, seen.state

    def observe(self, input: Tensor | PackedSequence, hx: Any = None) -> Observation:
        """The same as a call, with the shape of every intermediate.

        `input`: (T, N, F), (N, T, F) with `batch_first`, (T, F) unbatched, or packed. `hx`: `(h_0, c_0)` for an LSTM,
        `h_0` for the others, each shaped like its final state; zeros where left out.
        """
        sequences, initial = self._read(input, hx)
        intermediates: list[Intermediate] = []
        finals: list[State] = []
        steps = sequences.steps
        for layer in range(self.num_layers):
            by_direction = []
            for direction in self.directions:
                row = len(finals)
                start = tuple(part[row] for part in initial)
                outputs, final = self._scan(steps, start, layer, direction, intermediates)
                by_direction.append(outputs)
                finals.append(final)
            # each step holds [forward, backward] side by side: (N_t, D*R)
            steps = tuple(torch.cat(parts, dim=1) for parts in zip(*by_direction, strict=True))
            if self.dropout and self.training and layer < self.num_layers - 1:
                dropped = functional.dropout(torch.cat(steps), self.dropout)
                steps = torch.split(dropped, list(sequences.batch_sizes))
        state = tuple(torch.stack(rows) for rows in zip(*finals, strict=True))
        return Observation(self._write(steps, sequences), self._write_state(state, sequences), tuple(intermediates))

    def _step(self) -> Step:
        raise NotImplementedError

    def _passes(self) -> Iterator[tuple[int, Direction]]:
        """Layer-major, as the rows of `h_n` and `c_n` are: layer 0 forward, layer 0 backward, layer 1 forward …"""
        return ((layer, direction) for layer in range(self.num_layers) for direction in self.directions)

    def _weights(self, layer: int, direction: Direction) -> Weights:
        kinds = ["weight_ih", "weight_hh"]
        kinds += ["bias_ih", "bias_hh"] if self.bias else []
        kinds += ["weight_hr"] if self.proj_size else []
        parameters = {kind: self.get_parameter(parameter_name(kind, layer, direction)) for kind in kinds}
        return split_gates(self.gate_names, **parameters)

    def _scan(
        self,
        steps: Sequence[Tensor],
        initial: State,
        layer: int,
        direction: Direction,
        intermediates: list[Intermediate],
    ) -> tuple[list[Tensor], State]:
        """One layer in one direction: the hidden state of every step, each (N_t, R), and the final state, (N, R) and
        (N, H).

        Sequences of a packed batch differ in length. Forward, the shortest end first and their state is put aside;
        backward, a sequence joins with its initial state at its own last step.
        """
        weights, step = self._weights(layer, direction), self._step()
        order = range(len(steps)) if direction == "forward" else range(len(steps) - 1, -1, -1)
        outputs: list[Tensor] = list(steps)
        state = tuple(part[: steps[order[0]].size(0)] for part in initial)
        ended: list[State] = []
        for t in order:
            running, rows = state[0].size(0), steps[t].size(0)
            if rows < running:
                ended.insert(0, tuple(part[rows:] for part in state))
                state = tuple(part[:rows] for part in state)
            elif rows > running:
                state = tuple(
                    torch.cat([part, first[running:rows]]) for part, first in zip(state, initial, strict=True)
                )

            def note(name: str, tensor: Tensor, t: int = t) -> Tensor:
                intermediates.append(Intermediate(layer, direction, t, name, tuple(tensor.shape)))
                return tensor

            state = step(note("x", steps[t]), state, weights, note)
            outputs[t] = state[0]
        return outputs, tuple(torch.cat(parts) for parts in zip(state, *ended, strict=True))

    def _read(self, input: Tensor | PackedSequence, hx: Any) -> tuple[_Sequences, State]:
        """Checks the arguments in torch's order and brings them into the form of the loop."""
        if isinstance(input, PackedSequence):
            data, sizes, order, _ = input
            state = None if hx is None else self._unpack_state(hx)
            if state is not None and order is not None:
                # rows of the state beyond the batch fall away here, unseen by any check, as in torch
                state = tuple(part.index_select(1, order) for part in state)
            self._check_input(data, rank=2)
            if state is not None and self.packed_states_by_kernel:
                for part in state:
                    part.size(2)
            state = self._check_state(state, int(sizes[0]), data)
            return _Sequences(torch.split(data, sizes.tolist()), input, batched=True), state
        if input.dim() not in (2, 3):
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        batched = input.dim() == 3
        state = None if hx is None else self._unpack_state(hx)
        if state is not None:
            if any(part.dim() != input.dim() for part in state):
                ranks = ", ".join(f"{part.dim()}-D" for part in state)
                kind = "batched 3-D" if batched else "unbatched 2-D"
                raise RuntimeError(f"For {kind} input, hx should also be {input.dim()}-D but got ({ranks})")
            if not batched:
                state = tuple(part.unsqueeze(1) for part in state)
        if not batched:
            input = input.unsqueeze(1)
        elif self.batch_first:
            input = input.transpose(0, 1)
        self._check_input(input, rank=3)
        state = self._check_state(state, input.size(1), input)
        if input.size(0) == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        return _Sequences(input.unbind(0), None, batched), state

    def _unpack_state(self, hx: Any) -> State:
        return (hx,)

    def _check_input(self, input: Tensor, rank: int) -> None:
        dtype = next(self.parameters()).dtype
        if input.dtype != dtype:
            raise ValueError(f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype})")
        if input.dim() != rank:
            raise RuntimeError(f"input must have {rank} dimensions, got {input.dim()}")
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def _check_state(self, state: State | None, batch: int, like: Tensor) -> State:
        """The initial state, zeros where none was given; h_0 (L*D, N, R), c_0 (L*D, N, H)."""
        rows = self.num_layers * len(self.directions)
        sizes = {"hidden": self.output_size, "cell": self.hidden_size}
        shapes = [(rows, batch, sizes[name]) for name in self.state_names]
        if state is None:
            return tuple(like.new_zeros(shape) for shape in shapes)
        for index, (part, shape) in enumerate(zip(state, shapes, strict=True)):
            if tuple(part.shape) != shape:
                subject = f"hidden[{index}]" if len(shapes) > 1 else "hidden"
                raise RuntimeError(f"Expected {subject} size {shape}, got {list(part.shape)}")
        return state

    def _write(self, steps: Sequence[Tensor], sequences: _Sequences) -> Tensor | PackedSequence:
        if sequences.packed is not None:
            return PackedSequence(torch.cat(list(steps)), *sequences.packed[1:])
        output = torch.stack(list(steps))
        if not sequences.batched:
            return output.squeeze(1)
        return output.transpose(0, 1) if self.batch_first else output

    def _write_state(self, state: State, sequences: _Sequences) -> Tensor | tuple[Tensor, Tensor]:
        if not sequences.batched:
            state = tuple(part.squeeze(1) for part in state)
        if sequences.packed is not None and sequences.packed.unsorted_indices is not None:
            state = tuple(part.index_select(1, sequences.packed.unsorted_indices) for part in state)
        return state[0] if len(state) == 1 else (state[0], state[1])


class LSTM(Recurrent):
    """Equals `torch.nn.LSTM` (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html); equations at
    `lstm_step`.
    """

    gate_names = LSTM_GATES
    state_names = ("hidden", "cell")
    packed_states_by_kernel = True

    def _step(self) -> Step:
        return lstm_step

    def _unpack_state(self, hx: Any) -> State:
        if len(hx) > 2:
            raise RuntimeError("lstm expects two hidden states")
        return (hx[0], hx[1])


class GRU(Recurrent):
    """Equals `torch.nn.GRU` (https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html); equations at
    `gru_step`.
    """

    gate_names = GRU_GATES

    def __init__(self, *args: Any, **options: Any) -> None:
        _refuse_projection(options)
        super().__init__(*args, **options)

    def _step(self) -> Step:
        return gru_step


class RNN(Recurrent):
    """Equals `torch.nn.RNN` (https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html); equations at
    `RNN_STEPS`.

    As in torch, `nonlinearity` is the fourth positional argument, before `bias`.
    """

    gate_names = RNN_GATES

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **options: Any,
    ) -> None:
        _refuse_projection(options)
        if nonlinearity not in RNN_STEPS:
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, num_layers, *args, **options)
        self.nonlinearity = nonlinearity

    def _step(self) -> Step:
        return RNN_STEPS[self.nonlinearity]


def parameter_name(kind: str, layer: int, direction: Direction) -> str:
    """Torch's name: `weight_ih_l0`, `bias_hh_l1_reverse`."""
    return f"{kind}_l{layer}{'_reverse' if direction == 'backward' else ''}"


def _refuse_projection(options: dict[str, Any]) -> None:
    if "proj_size" in options:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


def _check_options(
    input_size: object,
    hidden_size: object,
    num_layers: int,
    bias: object,
    batch_first: object,
    dropout: object,
    proj_size: int,
) -> None:
    if not isinstance(dropout, (int, float)) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError("dropout should be a number in range [0, 1]")
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            f"dropout acts between layers, so dropout={dropout} does nothing with num_layers={num_layers}", stacklevel=4
        )
    for name, flag in (("bias", bias), ("batch_first", batch_first)):
        if not isinstance(flag, bool):
            raise TypeError(f"{name} should be of type bool, got: {type(flag).__name__}")
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not isinstance(size, int):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    assert isinstance(hidden_size, int)
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
