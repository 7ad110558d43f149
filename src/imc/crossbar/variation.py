"""What "variation" means: each law of device spread as one small step.

A step changes a tensor of conductances in place. Steps are applied in the order in which they are given,
each cell independently, all randomness from one generator:

    variation = (GaussianResistance(300), StuckCells(on=1e-3))

Spreads are in ohm throughout, so that the same number can be compared under each law. `R_on`, `R_off` are
the device's nominal resistances, `R` the resistance a cell is meant to have, `z` a standard normal draw. A
law takes one `sigma`, which it carries from the ON state to all others in its own way, or a spread for either
state, `sigma_on` and `sigma_off`, between which it interpolates:

    GaussianResistance(300)
    GaussianResistance(sigma_on=0, sigma_off=300)      # only OFF cells vary
    GaussianResistance(300, sigma_on=0)                # the same

`LAWS` lists them; whatever offers a choice of laws, or shows them, reads that list. What pages and
experiments import of this module loads no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from imc.crossbar.cells import Device
from imc.crossbar.clips import DoubledClip, OneSidedClip, RandomEndpointClip
from imc.crossbar.steps import (
    Floats,
    Law,
    Step,  # noqa: F401  (part of this module's face)
    check_positive,
    log_variance,
    normal_cdf,
    normal_like,
    normal_pdf,
    uniform_like,
)
from imc.errors import UserError

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class GaussianResistance(Law):
    """Resistance max(floor, R + sigma z): a normal law whose lower tail is piled onto the floor.

    The plain reading of "normally distributed memristance". P(cell at the floor) = Phi((floor - R)/sigma),
    and one cell at a floor of 1 ohm outweighs a thousand ON cells of 1 kilo-ohm. One sigma is that of every
    cell.

    >>> from imc.crossbar import Device, GaussianResistance
    >>> round(GaussianResistance(300).spread(1e4, Device(1e3, 1e4)))  # ohm, of an OFF cell
    300
    >>> GaussianResistance(sigma_on=0, sigma_off=300).spreads(Device(1e3, 1e4))
    (0, 300)
    """

    name: ClassVar = "gaussian"
    title: ClassVar = "Gaussian, floor 1 Ω"
    about: ClassVar = "max(1 Ω, R + σz), z standard normal"

    floor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("floor", self.floor, "ohm")

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        g.reciprocal_()
        if self._is_one_sigma:
            g.add_(normal_like(g, generator), alpha=self.sigma)  # pyright: ignore[reportArgumentType]
        else:
            g.addcmul_(self._spread_at(g, device), normal_like(g, generator))
        g.clamp_(min=self.floor).reciprocal_()

    def prepare(self, g: Tensor) -> Tensor:
        return g.reciprocal_() if self._is_one_sigma else g

    def draw(self, prepared: Tensor, out: Tensor, device: Device, generator: Generator) -> None:
        if not self._is_one_sigma:
            return super().draw(prepared, out, device, generator)
        import torch

        torch.add(prepared, out.normal_(generator=generator), alpha=self.sigma, out=out)  # pyright: ignore
        out.clamp_(min=self.floor).reciprocal_()
        return None

    def density(self, ohm: ArrayLike, nominal: float, device: Device) -> Floats:
        r = np.asarray(ohm, float)
        return np.where(r > self.floor, normal_pdf(r, nominal, self.spread(nominal, device)), 0)

    def atoms(self, nominal: float, device: Device) -> dict[float, float]:
        if found := super().atoms(nominal, device):
            return found
        return {self.floor: normal_cdf(self.floor, nominal, self.spread(nominal, device))}


@dataclass(frozen=True)
class TruncatedResistance(Law):
    """Resistance R + sigma z given that it is at least `floor`: the lower tail is drawn again, not piled up.

    By inversion: z = -Phi^-1(u Phi((R - floor)/sigma)) with u uniform on (0, 1]. One sigma is that of every
    cell.

    >>> from imc.crossbar import Device, TruncatedResistance
    >>> round(TruncatedResistance(300).spread(1e4, Device(1e3, 1e4)))  # ohm, of an OFF cell
    300
    >>> TruncatedResistance(sigma_on=0, sigma_off=300).spreads(Device(1e3, 1e4))
    (0, 300)
    """

    name: ClassVar = "truncated"
    title: ClassVar = "truncated at 1 Ω"
    about: ClassVar = "R + σz, drawn again while it is below 1 Ω"

    floor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("floor", self.floor, "ohm")

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        import torch

        if self.spreads(device) == (0, 0):
            return
        r = g.double().reciprocal()
        sigma: Any = self.sigma if self._is_one_sigma else self._spread_at(r, device).clamp_(min=1e-9)
        kept = torch.special.ndtr((r - self.floor) / sigma).clamp_(min=1e-300)
        z = -torch.special.ndtri((1 - uniform_like(g, generator)) * kept)
        g.copy_((r + sigma * z).clamp_(min=self.floor).reciprocal_())

    def density(self, ohm: ArrayLike, nominal: float, device: Device) -> Floats:
        r, sigma = np.asarray(ohm, float), self.spread(nominal, device)
        kept = 1 - normal_cdf(self.floor, nominal, sigma)
        return np.where(r > self.floor, normal_pdf(r, nominal, sigma) / kept, 0)


@dataclass(frozen=True)
class GaussianConductance(Law):
    """Conductance max(0, G + (sigma/R_on^2) z): the same additive spread for every cell.

    sigma/R_on^2 is, to first order, what sigma ohm do to an ON cell, and sigma_off/R_off^2 to an OFF cell.
    With two spreads, that of the conductance is linear in the conductance.

    >>> from imc.crossbar import Device, GaussianConductance
    >>> round(GaussianConductance(300).spread(1e4, Device(1e3, 1e4)))  # ohm, of an OFF cell
    30000
    >>> GaussianConductance(sigma_on=0, sigma_off=300).spreads(Device(1e3, 1e4))
    (0, 300)
    """

    name: ClassVar = "conductance"
    title: ClassVar = "Gaussian conductance"
    about: ClassVar = "G + z σ/R<sub>on</sub><sup>2</sup>, never below 0"

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        on, off = self.spreads(device)
        if self._is_one_sigma:
            g.add_(normal_like(g, generator), alpha=on * device.g_on**2)
        else:
            share = ((g - device.g_off) / (device.g_on - device.g_off)).clamp_(0, 1)
            low, high = off * device.g_off**2, on * device.g_on**2
            g.addcmul_(share.mul_(high - low).add_(low), normal_like(g, generator))
        g.clamp_(min=0)

    def draw(self, prepared: Tensor, out: Tensor, device: Device, generator: Generator) -> None:
        if not self._is_one_sigma:
            return super().draw(prepared, out, device, generator)
        import torch

        on, _ = self.spreads(device)
        torch.add(prepared, out.normal_(generator=generator), alpha=on * device.g_on**2, out=out).clamp_(
            min=0
        )
        return None

    def _carried(self, sigma: float, device: Device, to: float | None = None) -> float:
        return sigma * ((device.r_off if to is None else to) / device.r_on) ** 2

    def spread(self, nominal: float, device: Device) -> float:
        on, off = self.spreads(device)
        share = min(max((1 / nominal - device.g_off) / (device.g_on - device.g_off), 0.0), 1.0)
        low, high = off * device.g_off**2, on * device.g_on**2
        return (low + (high - low) * share) * nominal**2

    def density(self, ohm: ArrayLike, nominal: float, device: Device) -> Floats:
        r = np.asarray(ohm, float)
        return normal_pdf(1 / r, 1 / nominal, self.spread(nominal, device) / nominal**2) / r**2

    def atoms(self, nominal: float, device: Device) -> dict[float, float]:
        if found := super().atoms(nominal, device):
            return found
        return {math.inf: float(normal_cdf(0, 1 / nominal, self.spread(nominal, device) / nominal**2))}


@dataclass(frozen=True)
class Lognormal(Law):
    """Resistance R exp(s z - s^2/2) with s^2 = ln(1 + (sigma/R_on)^2).

    E[R_i] = R and SD = R sigma/R_on: sigma ohm for an ON cell, the same relative spread for every other. With
    two spreads, s^2 = ln(1 + (sigma(R)/R)^2).

    >>> from imc.crossbar import Device, Lognormal
    >>> round(Lognormal(300).spread(1e4, Device(1e3, 1e4)))  # ohm, of an OFF cell
    3000
    >>> Lognormal(sigma_on=0, sigma_off=300).spreads(Device(1e3, 1e4))
    (0, 300)
    """

    name: ClassVar = "lognormal"
    title: ClassVar = "lognormal"
    about: ClassVar = "R exp(sz − s²/2), s so that an ON cell has standard deviation σ"

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        if self._is_one_sigma:
            variance = log_variance(self.spreads(device)[0] / device.r_on)
            g.mul_(normal_like(g, generator).mul_(-math.sqrt(variance)).add_(variance / 2).exp_())
        else:
            r = g.reciprocal()
            variances = self._spread_at(r, device).div_(r).square_().log1p_()
            g.mul_(normal_like(g, generator).mul_(-variances.sqrt()).add_(variances, alpha=0.5).exp_())

    def draw(self, prepared: Tensor, out: Tensor, device: Device, generator: Generator) -> None:
        if not self._is_one_sigma:
            return super().draw(prepared, out, device, generator)
        variance = log_variance(self.spreads(device)[0] / device.r_on)
        out.normal_(generator=generator).mul_(-math.sqrt(variance)).add_(variance / 2).exp_().mul_(prepared)
        return None

    def _carried(self, sigma: float, device: Device, to: float | None = None) -> float:
        return sigma * (device.r_off if to is None else to) / device.r_on

    def density(self, ohm: ArrayLike, nominal: float, device: Device) -> Floats:
        r = np.asarray(ohm, float)
        variance = log_variance(self.spread(nominal, device) / nominal)
        return normal_pdf(np.log(r), math.log(nominal) - variance / 2, math.sqrt(variance)) / r


LAWS: tuple[type[Law], ...] = (
    GaussianResistance,
    TruncatedResistance,
    OneSidedClip,
    DoubledClip,
    RandomEndpointClip,
    GaussianConductance,
    Lognormal,
)
"""Every law of spread, in the order in which books and experiments list them."""

MEANINGS = {law.name: law.of for law in LAWS}
"""Every meaning of sigma by the name that experiments and pages use: makes the law at a sigma in ohm."""


def meaning(name: str, sigma: float) -> Law:
    """The law called `name`, at `sigma` ohm.

    Raises:
        UserError: if there is none of that name, or sigma is negative.

    >>> meaning("lognormal", 300)
    Lognormal(sigma=300, sigma_on=None, sigma_off=None)
    """
    if name not in MEANINGS:
        raise UserError(f"there is no meaning of sigma called '{name}'; there are {', '.join(MEANINGS)}")
    return MEANINGS[name](sigma)
