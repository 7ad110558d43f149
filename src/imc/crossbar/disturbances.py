"""What else happens to cells: stuck ones, programming error, drift, read noise, retention.

Steps as in `imc.crossbar.variation`, to be put behind a meaning of sigma or to stand alone. The phase-change
laws are those of AIHWKit's inference model, in g = G/G_on (there G_on = 25 uS).
"""

import math
from dataclasses import dataclass

from torch import Generator, Tensor

from imc.crossbar.cells import Device
from imc.crossbar.variation import Step, normal_like, uniform_like
from imc.errors import UserError


@dataclass(frozen=True)
class StuckCells(Step):
    """Each cell is stuck ON with probability `on`, stuck OFF with probability `off`.

    Raises:
        UserError: unless both are shares and their sum is at most 1.
    """

    on: float = 0.0
    off: float = 0.0

    def __post_init__(self) -> None:
        if not (self.on >= 0 and self.off >= 0 and self.on + self.off <= 1):
            raise UserError(
                f"on = {self.on} and off = {self.off}: the shares of stuck cells lie between 0 and 1 together"
            )

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        u = uniform_like(g, generator)
        g.masked_fill_(u < self.on, device.g_on).masked_fill_(u >= 1 - self.off, device.g_off)


@dataclass(frozen=True)
class ProgrammingError(Step):
    """Conductance max(0, G + sigma(g) z), sigma(g) = (c0 + c1 g + c2 g^2) G_on/25 and not below 0.

    Attributes:
        coefficients: (c0, c1, c2) in uS for a device of G_on = 25 uS; the default is AIHWKit's phase-change
            memory.
    """

    coefficients: tuple[float, float, float] = (0.26348, 1.9650, -1.1731)

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        c0, c1, c2 = self.coefficients
        relative = g / device.g_on
        sigma = relative.mul(c2).add_(c1).mul_(relative).add_(c0).clamp_(min=0).mul_(device.g_on / 25)
        g.addcmul_(sigma, normal_like(g, generator)).clamp_(min=0)


@dataclass(frozen=True)
class Drift(Step):
    """Conductance G (t/t0)^-nu after `seconds`, nu drawn for each cell and not below 0.

    nu has mean clamp(-0.0155 ln g + 0.0244, 0.049, 0.1) and SD clamp(-0.0125 ln g - 0.0059, 0.008, 0.045);
    t0 = 20 s is when the programmed conductance was verified.

    Raises:
        UserError: if `seconds` is below t0.
    """

    seconds: float
    t0: float = 20.0

    def __post_init__(self) -> None:
        if not (self.t0 > 0 and math.isfinite(self.seconds) and self.seconds >= self.t0):
            raise UserError(
                f"seconds = {self.seconds}: drift counts from the verifying read at t0 = {self.t0} s"
            )

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        log = (g / device.g_on).clamp_(min=1e-7).log_()
        mean = (-0.0155 * log).add_(0.0244).clamp_(0.049, 0.1)
        spread = (-0.0125 * log).sub_(0.0059).clamp_(0.008, 0.045)
        nu = mean.addcmul_(spread, normal_like(g, generator)).clamp_(min=0)
        g.mul_(nu.mul_(-math.log(self.seconds / self.t0)).exp_())


@dataclass(frozen=True)
class ReadNoise(Step):
    """Conductance max(0, G (1 + Q z)), Q = min(0.0088/g^0.65, 0.2) sqrt(ln((t + t_r)/(2 t_r))).

    The 1/f noise that has built up between a read of t_r = 250 ns and `seconds` after programming. It is one
    snapshot: all inputs of a batch see the same noise, so repeat the step for another read.

    Raises:
        UserError: if `seconds` is below t_r.
    """

    seconds: float
    t_read: float = 250e-9

    def __post_init__(self) -> None:
        if not (self.t_read > 0 and math.isfinite(self.seconds) and self.seconds >= self.t_read):
            raise UserError(
                f"seconds = {self.seconds}: read noise needs a time not below t_read = {self.t_read} s"
            )

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        growth = math.sqrt(math.log((self.seconds + self.t_read) / (2 * self.t_read)))
        q = (g / device.g_on).clamp_(min=1e-7).pow_(-0.65).mul_(0.0088).clamp_(max=0.2).mul_(growth)
        g.mul_(q.mul_(normal_like(g, generator)).add_(1)).clamp_(min=0)


@dataclass(frozen=True)
class Retention(Step):
    """Conductance rest + (G - rest) exp(-t/tau): every cell leaks towards one resting conductance.

    The law of capacitor cells (dw/dt = -(w - w_rest)/tau) and a plain model of retention elsewhere.

    Attributes:
        seconds: time since programming.
        tau: time constant, seconds.
        rest: resting conductance, siemens.

    Raises:
        UserError: unless seconds >= 0, tau > 0 and rest >= 0.
    """

    seconds: float
    tau: float
    rest: float

    def __post_init__(self) -> None:
        if not (self.seconds >= 0 and self.tau > 0 and self.rest >= 0):
            raise UserError(
                f"seconds = {self.seconds}, tau = {self.tau} s, rest = {self.rest} S: retention needs a "
                "time of 0 or more, a positive time constant and a resting conductance of 0 or more"
            )

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        g.sub_(self.rest).mul_(math.exp(-self.seconds / self.tau)).add_(self.rest)
