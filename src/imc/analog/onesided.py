"""One-sided devices, such as phase-change memory: pulses only raise a conductance, a reset clears it."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from imc.analog.arrays import Array, Steps, at
from imc.analog.checks import not_negative, whole
from imc.analog.devices import Device
from imc.errors import UserError


@dataclass(frozen=True)
class OneSided(Device):
    """Pairs of one-sided devices: w is the sum of the plus devices less the sum of the minus devices.

    An up pulse raises a plus device, a down pulse a minus device, by dw_min (1 + a) or (1 - a) times
    r(u) = (1 - u)^exponent, u = g/bound from 0 to 1. With k pairs a device's bound is bound/k, and all cells
    take the pulses of a mini-batch on the same pair, the next mini-batch on the next. When a device of a
    cell stands above `reset_at` of its bound, and one of the other sign is not at 0, all its devices are
    reset and the weight is written back.

    Attributes:
        devices: one-sided devices for each weight, an even number.
        exponent: of the response; 0 is a linear device, 1 a soft bound.
        reset_at: share of the bound at which a cell is reset.
        reset_every: samples between two looks for such cells.

    `states` and `bound` are those of the weight, so one device has states/devices steps.

    Raises:
        UserError: also for an odd number of devices, a negative exponent, or a reset outside (0, 1].

    >>> from imc.analog import SGD, OneSided, learn_matrix
    >>> learn_matrix(OneSided(states=200), SGD(), size=4, samples=2000, lr=0.1).error[-1] < 0.3
    True
    """

    devices: int = 2
    exponent: float = 1.0
    reset_at: float = 0.9
    reset_every: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("OneSided", 2, devices=self.devices)
        whole("OneSided", 1, reset_every=self.reset_every)
        if self.devices % 2:
            raise UserError(
                f"OneSided: devices = {self.devices}: one-sided devices come in pairs, one for each sign, so "
                "their number must be even"
            )
        not_negative("OneSided", exponent=self.exponent)
        if not 0 < self.reset_at <= 1:
            raise UserError(f"OneSided: reset_at = {self.reset_at}: it must lie above 0 and not above 1")

    @property
    def steepest(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Largest slope of the response of one device."""
        return self.exponent * self.devices / 2

    def response(self, u: Any) -> Any:
        return (1 - u) ** self.exponent

    def up(self, w: Any) -> Any:
        """q+(w) of a freshly reset pair, in units of dw_min."""
        return (1 + self.asymmetry) * self.response((abs(w) + w) / (2 * self.bound))

    def down(self, w: Any) -> Any:
        """q-(w) of a freshly reset pair, in units of dw_min."""
        return (1 - self.asymmetry) * self.response((abs(w) - w) / (2 * self.bound))

    def symmetry_point(self) -> float:
        raise UserError("OneSided: a pair has no symmetry point, since both its pulses raise a conductance")

    def array(self, shape: tuple[int, ...], generator: Generator) -> "PairArray":
        return PairArray(shape, self, generator)


class PairArray(Array):
    """Cells of one-sided devices.

    Attributes:
        g: their conductances as weights, shape (2, pairs, outputs, inputs), plus devices first.
        resets: cells that have been reset so far, int64.
        turn: the pair that takes the next pulses.
        since: samples since the last look for cells to reset.
    """

    g: Tensor
    resets: Tensor
    device: OneSided

    def __init__(self, shape: tuple[int, ...], device: OneSided, generator: Generator) -> None:
        super().__init__(shape, device, generator)
        self.pairs = device.devices // 2
        self.register_buffer("g", self.w.new_zeros((2, self.pairs, *shape)))
        self.register_buffer("resets", torch.zeros((), dtype=torch.int64, device=generator.device))
        self.turn = self.since = 0

    def symmetry_point(self) -> Tensor:
        return torch.full_like(self.w, self.device.symmetry_point())

    def program(self, weight: Tensor) -> None:
        super().program(weight)
        self.g[0] = self.w.clamp(min=0) / self.pairs
        self.g[1] = (-self.w).clamp(min=0) / self.pairs

    def pulse(self, cells: Tensor | None, up: Tensor, down: Tensor, generator: Generator) -> None:
        up, down = up.reshape(-1).to(self.w.dtype), down.reshape(-1).to(self.w.dtype)
        self.count(up, down)
        none = torch.zeros_like(up)
        for g, n, step, bound in (
            (self.g[0, self.turn], up, self.up, self.high),
            (self.g[1, self.turn], down, self.down, self.low),
        ):
            step, high = at(step, cells), at(bound, cells) / self.pairs
            self.move(g, cells, n, none, Steps(step, step, high, high, torch.zeros_like(high)), generator)
        plus, minus = self.g.sum(1)
        torch.sub(plus, minus, out=self.w)

    def wait(self, updates: float) -> None:
        """After each mini-batch: the next pair's turn, and a reset of cells that are due."""
        self.turn = (self.turn + 1) % self.pairs
        self.since += int(updates)
        if self.since >= self.device.reset_every:
            self.since = 0
            self.reset()

    def reset(self) -> None:
        """Reset cells with a device above its limit, and write their weights back.

        Writing back is exact and counts |w|/dw_min pulses, as if at the full step.
        """
        limit = self.device.reset_at / self.pairs
        due = (self.g[0] >= limit * self.high).any(0) | (self.g[1] >= limit * self.low).any(0)
        due &= self.g.sum(1).amin(0) > self.device.dw_min  # else nothing is gained
        if not bool(due.any()):
            return
        w = torch.where(due, self.w, 0.0)
        self.count(w.clamp(min=0) / self.device.dw_min, (-w).clamp(min=0) / self.device.dw_min)
        self.resets += due.sum()
        self.g[0] = torch.where(due, w.clamp(min=0) / self.pairs, self.g[0])
        self.g[1] = torch.where(due, (-w).clamp(min=0) / self.pairs, self.g[1])

    def get_extra_state(self) -> dict[str, Any]:
        return {**super().get_extra_state(), "turn": self.turn, "since": self.since}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        super().set_extra_state(state)
        self.turn, self.since = state["turn"], state["since"]
