"""What "variation" means: each meaning of sigma, and each later disturbance, as one small step.

A step changes a tensor of conductances in place. Steps are applied in the order in which they are given,
each cell independently, all randomness from one generator:

    variation = (GaussianResistance(300), StuckCells(on=1e-3))

`sigma` is in ohm throughout, so that the same number can be compared under each meaning. `R_on`, `R_off` are
the device's nominal resistances, `R` the resistance a cell is meant to have, `z` a standard normal draw.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from imc.crossbar.cells import Device
from imc.errors import UserError


def normal_like(g: Tensor, generator: Generator) -> Tensor:
    """Standard normal draws of the shape, type and place of `g`."""
    return torch.empty_like(g).normal_(generator=generator)


def uniform_like(g: Tensor, generator: Generator) -> Tensor:
    """Draws uniform on [0, 1), in double precision, so that rare events keep their probability."""
    return torch.rand(g.shape, generator=generator, dtype=torch.float64, device=g.device)


class Step(ABC):
    """One disturbance of programmed cells."""

    def endpoints(self, low: float, high: float, device: Device, generator: Generator) -> tuple[float, float]:
        """The conductances of OFF and ON that one layer's mapping aims at, given those so far."""
        return low, high

    @abstractmethod
    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        """Disturb the conductances `g` (siemens, any shape) in place."""


@dataclass(frozen=True)
class Spread(Step):
    """A step with one parameter, the standard deviation `sigma` in ohm.

    Raises:
        UserError: if sigma is negative or not finite.
    """

    sigma: float

    def __post_init__(self) -> None:
        _not_negative("sigma", self.sigma, "ohm")


@dataclass(frozen=True)
class GaussianResistance(Spread):
    """Resistance max(floor, R + sigma z): a normal law whose lower tail is piled onto the floor.

    The plain reading of "normally distributed memristance". P(cell at the floor) = Phi((floor - R)/sigma),
    and one cell at a floor of 1 ohm outweighs a thousand ON cells of 1 kilo-ohm.
    """

    floor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("floor", self.floor, "ohm")

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        g.reciprocal_().add_(normal_like(g, generator), alpha=self.sigma).clamp_(min=self.floor).reciprocal_()


@dataclass(frozen=True)
class TruncatedResistance(Spread):
    """Resistance R + sigma z given that it is at least `floor`: the lower tail is drawn again, not piled up.

    By inversion: z = -Phi^-1(u Phi((R - floor)/sigma)) with u uniform on (0, 1].
    """

    floor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("floor", self.floor, "ohm")

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        if self.sigma == 0:
            return
        r = g.double().reciprocal()
        kept = torch.special.ndtr((r - self.floor) / self.sigma)
        z = -torch.special.ndtri((1 - uniform_like(g, generator)) * kept)
        g.copy_((r + self.sigma * z).clamp_(min=self.floor).reciprocal_())


@dataclass(frozen=True)
class OneSidedClip(Spread):
    """MemTorch's meaning: the target is clamped between each cell's own two limits.

    Every cell draws R_on,i = max(floor, R_on + sigma z) and R_off,i = max(floor, R_off + off sigma z'), and
    G = max(min(G_target, 1/R_on,i), 1/R_off,i). So an ON cell becomes max(R_on, R_on,i) and an OFF cell
    min(R_off, R_off,i), unless the two limits cross: half of the cells stay exactly nominal. While crossings
    are rare, an ON cell has E[R] = R_on + sigma/sqrt(2 pi) and SD = sigma sqrt(1/2 - 1/(2 pi)) = 0.584 sigma.

    Attributes:
        off: spread of R_off as a multiple of sigma: 1 is "sigma on both", 2 is what every sweep shipped with
            MemTorch does.
        floor: least resistance that can be drawn, ohm.
    """

    off: float = 1.0
    floor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _not_negative("off", self.off, "times sigma")
        _positive("floor", self.floor, "ohm")

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        on = self._limit(g, device.r_on, self.sigma, generator)
        off = self._limit(g, device.r_off, self.off * self.sigma, generator)
        torch.maximum(torch.minimum(g, on, out=g), off, out=g)

    def _limit(self, g: Tensor, nominal: float, sigma: float, generator: Generator) -> Tensor:
        return normal_like(g, generator).mul_(sigma).add_(nominal).clamp_(min=self.floor).reciprocal_()


@dataclass(frozen=True)
class RandomEndpointClip(OneSidedClip):
    """`OneSidedClip` as MemTorch's `patch_model` runs it: the mapping's endpoints are draws too.

    Each layer draws one R_on and one R_off by the law of its cells, and maps its weights onto what lies
    between them. All cells of a layer thus share an error that no averaging over rows removes.
    """

    def endpoints(self, low: float, high: float, device: Device, generator: Generator) -> tuple[float, float]:
        one = torch.empty(1, device=generator.device)
        on = float(self._limit(one, device.r_on, self.sigma, generator))
        off = float(self._limit(one, device.r_off, self.off * self.sigma, generator))
        return min(off, on), max(off, on)


@dataclass(frozen=True)
class GaussianConductance(Spread):
    """Conductance max(0, G + (sigma/R_on^2) z): the same additive spread for every cell.

    sigma/R_on^2 is, to first order, what sigma ohm do to an ON cell.
    """

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        g.add_(normal_like(g, generator), alpha=self.sigma * device.g_on**2).clamp_(min=0)


@dataclass(frozen=True)
class Lognormal(Spread):
    """Resistance R exp(s z - s^2/2) with s^2 = ln(1 + (sigma/R_on)^2).

    E[R_i] = R and SD = R sigma/R_on: sigma ohm for an ON cell, the same relative spread for every other.
    """

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        variance = math.log1p((self.sigma / device.r_on) ** 2)
        g.mul_(normal_like(g, generator).mul_(-math.sqrt(variance)).add_(variance / 2).exp_())


MEANINGS = {
    "gaussian": GaussianResistance,
    "truncated": TruncatedResistance,
    "clip": OneSidedClip,
    "clip-2": lambda sigma: OneSidedClip(sigma, off=2.0),
    "clip-2-random-endpoint": lambda sigma: RandomEndpointClip(sigma, off=2.0),
    "conductance": GaussianConductance,
    "lognormal": Lognormal,
}
"""Every meaning of sigma by the name that experiments and pages use."""


def meaning(name: str, sigma: float) -> Step:
    """The meaning called `name`, at `sigma` ohm.

    Raises:
        UserError: if there is none of that name, or sigma is negative.
    """
    if name not in MEANINGS:
        raise UserError(f"there is no meaning of sigma called '{name}'; there are {', '.join(MEANINGS)}")
    return MEANINGS[name](sigma)


def _positive(name: str, value: float, unit: str) -> None:
    if not (math.isfinite(value) and value > 0):
        raise UserError(f"{name} = {value} {unit}: it must be positive and finite")


def _not_negative(name: str, value: float, unit: str) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise UserError(f"{name} = {value} {unit}: it must be 0 or more, and finite")
