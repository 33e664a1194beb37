"""The cells of torch, one step at a time: `LSTMCell`, `GRUCell`, `RNNCell`, from the same equations as the layers.

Letters in the shapes: `N` batch, `F` input size, `H` hidden size. Without N, input and states are 1-D.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from shapelint.reference.equations import (
    GRU_GATES,
    LSTM_GATES,
    RNN_GATES,
    RNN_STEPS,
    State,
    Step,
    gru_step,
    lstm_step,
    split_gates,
)
from shapelint.reference.intermediates import Intermediate


@dataclass(frozen=True, slots=True)
class CellObservation:
    """`state` is `(h_1, c_1)` for an LSTM cell and `h_1` for the others, each (N, H) or (H); `intermediates` have
    layer and step 0.
    """

    state: Tensor | tuple[Tensor, Tensor]
    intermediates: tuple[Intermediate, ...]


class Cell(nn.Module):
    """The frame that all three cells share.

    Raises what torch raises: `ValueError` for an input or state that is neither 1-D nor 2-D, `RuntimeError` for a
    wrong feature, batch or hidden size. One oddity of torch is not followed: with a 1-D input its RNNCell takes a
    square (H, H) state for one sample.
    """

    gate_names: ClassVar[tuple[str, ...]]
    state_count: ClassVar[int] = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        rows = len(self.gate_names) * hidden_size
        shapes = {
            "weight_ih": (rows, input_size),
            "weight_hh": (rows, hidden_size),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        for name, shape in shapes.items():
            made = bias or name.startswith("weight")
            parameter = nn.Parameter(torch.empty(shape, device=device, dtype=dtype)) if made else None
            self.register_parameter(name, parameter)
        bound = 1 / math.sqrt(hidden_size) if hidden_size > 0 else 0.0
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, input: Tensor, hx: Any = None) -> Tensor | tuple[Tensor, Tensor]:
        """The next state as `torch.nn` gives it; shapes at `CellObservation`."""
        return self.observe(input, hx).state

    def observe(self, input: Tensor, hx: Any = None) -> CellObservation:
        """One step with the shape of every intermediate. `input`: (N, F) or (F); `hx`: `(h_0, c_0)` or `h_0`, each
        (N, H) or (H).
        """
        x, state = self._read(input, hx)
        intermediates: list[Intermediate] = []

        def note(name: str, tensor: Tensor) -> Tensor:
            intermediates.append(Intermediate(0, "forward", 0, name, tuple(tensor.shape)))
            return tensor

        parameters = {name: tensor for name, tensor in self.named_parameters() if tensor is not None}
        state = self._step()(note("x", x), state, split_gates(self.gate_names, **parameters), note)
        if input.dim() == 1:
            state = tuple(part.squeeze(0) for part in state)
        return CellObservation(state[0] if len(state) == 1 else (state[0], state[1]), tuple(intermediates))

    def _step(self) -> Step:
        raise NotImplementedError

    def _unpack_state(self, hx: Any) -> State:
        return (hx,)

    def _read(self, input: Tensor, hx: Any) -> tuple[Tensor, State]:
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        state = None if hx is None else self._unpack_state(hx)
        for part in state or ():
            if part.dim() not in (1, 2):
                raise ValueError(f"{name}: Expected hidden to be 1D or 2D, got {part.dim()}D instead")
        x = input if input.dim() == 2 else input.unsqueeze(0)
        if state is None:
            state = tuple(x.new_zeros(x.size(0), self.hidden_size) for _ in range(self.state_count))
        elif input.dim() == 1:
            state = tuple(part.unsqueeze(0) for part in state)
        if x.size(1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {x.size(1)} expected {self.input_size}")
        for index, part in enumerate(state):
            if part.size(0) != x.size(0):
                raise RuntimeError(
                    f"Input batch size {x.size(0)} doesn't match hidden{index} batch size {part.size(0)}"
                )
            if part.dim() != 2 or part.size(1) != self.hidden_size:
                got = part.size(1) if part.dim() > 1 else None
                raise RuntimeError(
                    f"hidden{index} has inconsistent hidden_size: got {got}, expected {self.hidden_size}"
                )
        return x, state


class LSTMCell(Cell):
    """Equals `torch.nn.LSTMCell` (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html)."""

    gate_names = LSTM_GATES
    state_count = 2

    def _step(self) -> Step:
        return lstm_step

    def _unpack_state(self, hx: Any) -> State:
        if isinstance(hx, Tensor):
            raise TypeError("lstm_cell(): argument 'hx' must be tuple of Tensors, not Tensor")
        if len(hx) != 2:
            raise RuntimeError("lstm_cell expects two hidden states")
        return tuple(hx)


class GRUCell(Cell):
    """Equals `torch.nn.GRUCell` (https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html)."""

    gate_names = GRU_GATES

    def _step(self) -> Step:
        return gru_step


class RNNCell(Cell):
    """Equals `torch.nn.RNNCell` (https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html).

    As in torch, an unknown `nonlinearity` is refused (`RuntimeError`) only when the cell is called.
    """

    gate_names = RNN_GATES

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def _step(self) -> Step:
        if self.nonlinearity not in RNN_STEPS:
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return RNN_STEPS[self.nonlinearity]
