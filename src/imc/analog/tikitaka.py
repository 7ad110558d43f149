"""Tiki-Taka: gradients gather on one array, A, and are carried over to another, C, column by column.

Gokmen & Haensch, Front. Neurosci. 14:103 (2020); the slides' Algorithm 1.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor

from imc.analog.algorithms import Algorithm, Setting, Tile, write
from imc.analog.arrays import at
from imc.analog.checks import not_negative, positive, whole
from imc.analog.devices import Device
from imc.analog.pulses import PulseTrain, Update
from imc.analog.references import Reference


@dataclass(frozen=True, kw_only=True)
class TikiTaka(Algorithm):
    """Tiki-Taka, first version: the slides' Algorithm 1 line by line.

    Attributes:
        gamma: the weights are W = gamma A + C (lines 8 and 9); 0 makes it another algorithm, in which A
            takes no part in the products. It has no default, since it must be stated.
        every: ns, samples between two transfers (lines 11 and 12).
        columns: columns carried over at a transfer, one after the other; the slides' algorithm has 1. A
            training of few samples visits each column more often with more.
        transfer_lr: eta_c of line 15; eta_a of line 10 is the optimizer's learning rate.
        reference: the zero of A (line 1); A starts there.
        fast_device: the device of A, by default that of C.
        transfer_update: how line 15 is written; f(v) = v.

    Raises:
        UserError: for a negative gamma, less than one sample between transfers, or a transfer rate of 0.

    >>> from imc.analog import SoftBounds, TikiTaka, learn_matrix
    >>> algorithm = TikiTaka(gamma=1, every=1, transfer_lr=0.1)
    >>> learn_matrix(SoftBounds(states=200), algorithm, size=4, samples=2000, lr=0.1).error[-1] < 0.3
    True
    """

    gamma: float
    every: int
    columns: int = 1
    transfer_lr: float = 1.0
    reference: Reference = field(default_factory=lambda: Reference("symmetry"))
    fast_device: Device | None = None
    transfer_update: Update = field(default_factory=PulseTrain.managed)

    def __post_init__(self) -> None:
        where = type(self).__name__
        not_negative(where, gamma=self.gamma)
        whole(where, 1, every=self.every, columns=self.columns)
        positive(where, transfer_lr=self.transfer_lr)

    def tile(self, setting: Setting, generator: Generator) -> Tile:
        return TikiTakaTile(self, setting, generator)


class TikiTakaTile(Tile):
    """The arrays `a` and `c`.

    Attributes:
        reference: of A, (outputs, inputs).
        k: samples since the last transfer.
        t: the next column to be carried over.
    """

    reference: Tensor

    def __init__(self, algorithm: TikiTaka, setting: Setting, generator: Generator) -> None:
        super().__init__(setting)
        self.algorithm = algorithm
        self.a = (algorithm.fast_device or setting.device).array(setting.shape, generator)
        self.c = setting.device.array(setting.shape, generator)
        self.register_buffer("reference", algorithm.reference.place(self.a, generator))
        self.k = self.t = 0

    @property
    def weight(self) -> Tensor:
        gamma = self.algorithm.gamma
        if gamma == 0:
            return self.c.weight
        return torch.sub(self.a.weight, self.reference).mul_(gamma).add_(self.c.weight)

    def program(self, weight: Tensor) -> None:
        self.c.program(weight)

    def check(self, lr: float) -> None:
        self.setting.update.check(lr, self.a.device.dw_min, self.setting.where)

    def train_with(self, x: Tensor, delta: Tensor, lr: float, generator: Generator) -> None:
        self.gather(x, delta, lr, generator)
        transfers, self.k = divmod(self.k + len(x), self.algorithm.every)
        inputs, left = self.setting.shape[1], transfers * self.algorithm.columns
        while left > 0:  # several columns at once, none twice
            n = min(left, inputs)
            columns = torch.arange(self.t, self.t + n, device=x.device) % inputs
            self.transfer(columns, self._read(columns, generator), generator)
            self.t = (self.t + n) % inputs
            left -= n

    def gather(self, x: Tensor, delta: Tensor, lr: float, generator: Generator) -> None:
        """Line 10: the update of A."""
        write(self.a, x, delta, lr, self.setting.update, generator)

    def _read(self, columns: Tensor, generator: Generator) -> Tensor:
        """Lines 13 and 14: v = A u for one-hot u, (columns, outputs)."""
        held = (self.a.weight.index_select(1, columns) - self.reference.index_select(1, columns)).contiguous()
        if self.setting.periphery.exact:
            return held.T.contiguous()
        return self.setting.periphery.product(torch.eye(len(columns)).to(held), held, generator)

    def transfer(self, columns: Tensor, v: Tensor, generator: Generator) -> None:
        """Line 15: carry the columns' readings `v`, (columns, outputs), over to C."""
        outputs, inputs = self.setting.shape
        rate, step = self.algorithm.transfer_lr, self.c.device.dw_min
        u = torch.eye(len(columns), dtype=v.dtype, device=v.device)
        rows = torch.arange(0, outputs * inputs, inputs, device=v.device)
        block = (rows.unsqueeze(1) + columns).view(-1)  # the columns' cells
        for pulses in self.algorithm.transfer_update.pulses(u, -v, rate, step, generator):
            self.c.pulse(at(block, pulses.cells), pulses.up, pulses.down, generator)

    def get_extra_state(self) -> dict[str, Any]:
        return {**super().get_extra_state(), "k": self.k, "t": self.t}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        super().set_extra_state(state)
        self.k, self.t = state["k"], state["t"]


@dataclass(frozen=True, kw_only=True)
class ModifiedTikiTaka(TikiTaka):
    """The slides' modified Tiki-Taka: the resting point takes the place of the symmetry point.

    For devices that leak (`Capacitor`): what A has gathered decays towards its zero by itself, and the zero
    is read after a long wait instead of being calibrated. Won et al., Adv. Sci. 10:2303018 (2023).

    >>> from imc.analog import Capacitor, ModifiedTikiTaka, learn_matrix
    >>> algorithm = ModifiedTikiTaka(gamma=1, every=1, transfer_lr=0.1)
    >>> learn_matrix(Capacitor(states=400, tau=1e3), algorithm, size=4, samples=2000, lr=0.1).error[-1] < 0.3
    True
    """

    reference: Reference = field(default_factory=lambda: Reference("rest"))
