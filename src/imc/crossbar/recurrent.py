"""LSTM, GRU and RNN whose matrices lie on crossbars; gates and state are digital."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from imc.crossbar.arrays import Chip
from imc.crossbar.attention import dense
from imc.crossbar.layers import CrossbarLayer
from imc.errors import UserError

RECURRENT = (nn.LSTM, nn.GRU, nn.RNN)


class CrossbarRecurrence(nn.Module):
    """A torch recurrent module on crossbars, called as that is, but for packed sequences.

    Each layer and direction has two matrices, on its inputs and on its own state; both serve every time step.

    Args:
        name: where it stands in its network; its layers are called ``<name>.ih_l0``, ``<name>.hh_l0`` and so
            on, as torch names their weights.
        plain: the trained LSTM, GRU or RNN.
        chip: the chip of a layer, by its name.

    Raises:
        UserError: for an LSTM with projections.
    """

    def __init__(self, name: str, plain: nn.RNNBase, chip: Callable[[str], Chip]) -> None:
        super().__init__()
        if plain.proj_size:
            raise UserError(
                f"layer '{name}' is an LSTM with proj_size = {plain.proj_size}: name it in keep to leave it "
                "digital"
            )
        self.mode, self.hidden_size, self.batch_first = plain.mode, plain.hidden_size, plain.batch_first
        self.num_layers, self.dropout, self.bidirectional = (
            plain.num_layers,
            plain.dropout,
            plain.bidirectional,
        )
        self.name = name
        for suffix in self._suffixes():
            for part in ("ih", "hh"):
                own = f"{name}.{part}_{suffix}".lstrip(".")
                bias = getattr(plain, f"bias_{part}_{suffix}").detach() if plain.bias else None
                weight = getattr(plain, f"weight_{part}_{suffix}").detach()
                self.add_module(f"{part}_{suffix}", CrossbarLayer(own, dense(weight, bias), chip(own)))

    def _suffixes(self) -> list[str]:
        ends = ("", "_reverse") if self.bidirectional else ("",)
        return [f"l{layer}{end}" for layer in range(self.num_layers) for end in ends]

    @property
    def layers(self) -> dict[str, CrossbarLayer]:
        """Its layers on crossbars, by name."""
        return {layer.name: layer for layer in self.children() if isinstance(layer, CrossbarLayer)}

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """As torch's module: outputs of the last layer at every time, and the last states.

        Raises:
            UserError: for a packed sequence, inputs of other than two or three axes or of no time, or a state
                of another shape.
        """
        if isinstance(x, PackedSequence):
            raise UserError(f"layer '{self.name}' on crossbars takes padded tensors, no packed sequences")
        if not isinstance(x, Tensor) or x.ndim not in (2, 3):
            kind = f"of shape {tuple(x.shape)}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
            raise UserError(f"layer '{self.name}' takes inputs of 2 or 3 axes, not {kind}")
        single = x.ndim == 2
        if single:
            x = x.unsqueeze(1)
        elif self.batch_first:
            x = x.transpose(0, 1)
        if not len(x):
            raise UserError(f"layer '{self.name}' takes sequences of one time step at least")
        long = self.mode == "LSTM"
        count = len(self._suffixes())
        given: tuple[Tensor, ...]
        if state is None:
            given = (x.new_zeros(count, x.shape[1], self.hidden_size),) * (2 if long else 1)
        else:
            parts = [*state] if long else [state]
            wanted = (count, self.hidden_size) if single else (count, x.shape[1], self.hidden_size)
            if len(parts) != 1 + long or any(getattr(part, "shape", None) != wanted for part in parts):
                kind = f"a pair of states of shape {wanted} each" if long else f"a state of shape {wanted}"
                raise UserError(f"layer '{self.name}' takes {kind}")
            given = tuple(part.unsqueeze(1) if single else part for part in parts)
        last: list[tuple[Tensor, ...]] = []
        ends = 2 if self.bidirectional else 1
        for number in range(self.num_layers):
            outputs = []
            for end in range(ends):
                own = number * ends + end
                y, final = self._run(self._suffixes()[own], x, tuple(s[own] for s in given), reverse=end == 1)
                outputs.append(y)
                last.append(final)
            x = torch.cat(outputs, -1)
            if number < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        found = tuple(torch.stack(parts) for parts in zip(*last, strict=True))
        if single:
            x, found = x.squeeze(1), tuple(s.squeeze(1) for s in found)
        elif self.batch_first:
            x = x.transpose(0, 1)
        return x, found if long else found[0]

    def _run(
        self, suffix: str, x: Tensor, state: tuple[Tensor, ...], reverse: bool
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One layer in one direction over inputs (time, n, features): states at every time, and the last."""
        hidden = self.get_submodule(f"hh_{suffix}")
        outputs = []
        driven = self.get_submodule(f"ih_{suffix}")(x)
        for now in driven.flip(0) if reverse else driven:
            state = self._step(now, hidden(state[0]), state)
            outputs.append(state[0])
        return torch.stack(outputs[::-1] if reverse else outputs), state

    def _step(self, i: Tensor, h: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The next state from what inputs and present state drive: torch's definition of each mode."""
        if self.mode == "LSTM":
            enter, forget, cell, leave = (i + h).chunk(4, -1)
            c = forget.sigmoid() * state[1] + enter.sigmoid() * cell.tanh()
            return leave.sigmoid() * c.tanh(), c
        if self.mode == "GRU":
            (ir, iz, new), (hr, hz, own) = i.chunk(3, -1), h.chunk(3, -1)
            z = (iz + hz).sigmoid()
            return ((1 - z) * (new + (ir + hr).sigmoid() * own).tanh() + z * state[0],)
        return ((i + h).tanh() if self.mode == "RNN_TANH" else (i + h).relu(),)
