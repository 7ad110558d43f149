"""Capacitor cells: nearly constant steps, and a charge that leaks towards a resting point."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from imc.analog.arrays import Array
from imc.analog.checks import not_negative, number, share
from imc.analog.devices import Device
from imc.errors import UserError

LEAK_AT_ONCE = 1e-4
"""Share of a weight that may have leaked before the leak is written: single precision loses smaller ones."""


@dataclass(frozen=True)
class Capacitor(Device):
    """A capacitor whose charge is the weight: dw/dt = -(w - rest)/tau between pulses.

    r(u) = 1 - slope u: the constant step of the slides ("near ideal symmetry and linearity") at a slope of 0,
    soft bounds at 1. With a slope, the symmetry point is asymmetry/slope times the bound, where that is no
    more than the bound. One sample of training is one update cycle.

    Attributes:
        slope: how much of the step is lost from w = 0 to the bound, 0 to 1.
        tau: time constant, in update cycles, or in seconds if `cycle` is given. Infinity does not leak.
        cycle: seconds that one update takes. 775 min at 100 us are 4.65e8 updates.
        rest: resting point, a weight.
        rest_spread: device-to-device SD of the resting point, a weight.

    Raises:
        UserError: also if tau or cycle is not positive, rest lies outside the bounds, or slope is not 0 to 1.

    >>> from imc.analog import Capacitor
    >>> Capacitor(states=400, tau=46_500.0, cycle=1e-4).lifetime  # updates in which a weight falls to 1/e
    465000000.0
    """

    slope: float = 0.0
    tau: float = math.inf
    cycle: float | None = None
    rest: float = 0.0
    rest_spread: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        cycle = {} if self.cycle is None else {"cycle": self.cycle}
        number("Capacitor", tau=self.tau, rest=self.rest, **cycle)
        if not self.tau > 0:
            raise UserError(f"Capacitor: tau = {self.tau}: a time constant must be positive")
        if self.cycle is not None and not (math.isfinite(self.cycle) and self.cycle > 0):
            raise UserError(f"Capacitor: cycle = {self.cycle} s: the time of an update must be positive")
        if not abs(self.rest) <= self.bound:
            raise UserError(f"Capacitor: rest = {self.rest}: it must lie within the bounds, +-{self.bound}")
        not_negative("Capacitor", rest_spread=self.rest_spread)
        share("Capacitor", slope=self.slope)

    @property
    def steepest(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Largest slope of the response."""
        return self.slope

    def response(self, u: Any) -> Any:
        return 1 - self.slope * u

    @property
    def lifetime(self) -> float:
        """tau in update cycles."""
        return self.tau if self.cycle is None else self.tau / self.cycle

    def array(self, shape: tuple[int, ...], generator: Generator) -> "LeakyArray":
        return LeakyArray(shape, self, generator)


class LeakyArray(Array):
    """Cells that leak.

    Attributes:
        resting: their resting points, shape (outputs, inputs) or 0-dimensional.
        waited: update cycles whose leak is not yet written.
    """

    resting: Tensor
    device: Capacitor

    def __init__(self, shape: tuple[int, ...], device: Capacitor, generator: Generator) -> None:
        super().__init__(shape, device, generator)
        resting = torch.full((), device.rest, device=generator.device)
        if device.rest_spread:
            z = torch.randn(shape, generator=generator, device=generator.device)
            resting = torch.minimum(torch.maximum(resting + device.rest_spread * z, -self.low), self.high)
        self.register_buffer("resting", resting)
        self.waited = 0.0

    def resting_point(self) -> Tensor:
        return self.resting.expand_as(self.w)

    def wait(self, updates: float) -> None:
        """Let `updates` update cycles pass: w - rest shrinks by exp(-updates/lifetime).

        Leaks below `LEAK_AT_ONCE` are saved up until they amount to it.
        """
        self.waited += updates
        leak = self.waited / self.device.lifetime
        if leak >= LEAK_AT_ONCE:
            self.w.lerp_(self.resting.expand_as(self.w), -math.expm1(-leak))
            self.waited = 0.0

    def get_extra_state(self) -> dict[str, Any]:
        return {**super().get_extra_state(), "waited": self.waited}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        super().set_extra_state(state)
        self.waited = state["waited"]
