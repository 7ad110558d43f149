"""MemTorch's laws of spread: a cell is clamped between two limits of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from imc.crossbar.cells import Device
from imc.crossbar.steps import (
    Floats,
    Law,
    check_not_negative,
    check_positive,
    normal_cdf,
    normal_like,
    normal_pdf,
)

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class OneSidedClip(Law):
    """MemTorch's meaning: the target is clamped between each cell's own two limits.

    Every cell draws R_on,i = max(floor, R_on + sigma_on z) and R_off,i = max(floor, R_off + sigma_off z'),
    and G = max(min(G_target, 1/R_on,i), 1/R_off,i). So an ON cell becomes max(R_on, R_on,i) and an OFF cell
    min(R_off, R_off,i), unless the two limits cross: half of the cells stay exactly nominal. While crossings
    are rare, an ON cell has E[R] = R_on + sigma/sqrt(2 pi) and SD = sigma sqrt(1/2 - 1/(2 pi)) = 0.584 sigma.

    Attributes:
        off: spread of R_off as a multiple of sigma: 1 is "sigma on both", 2 is what every sweep shipped with
            MemTorch does.
        floor: least resistance that can be drawn, ohm.

    >>> from imc.crossbar import Device, OneSidedClip
    >>> nominal = OneSidedClip(300).atoms(1e3, Device(1e3, 1e4))[1e3]
    >>> round(nominal, 3)  # the share of ON cells that are exact
    0.5
    """

    name: ClassVar = "clip"
    title: ClassVar = "MemTorch, σ and σ"
    about: ClassVar = (
        "two limits of its own, R<sub>on,i</sub> = max(1, R<sub>on</sub> + σz) and "
        "R<sub>off,i</sub> = max(1, R<sub>off</sub> + σz′); its conductance is clamped between them"
    )

    off: float = 1.0
    floor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_not_negative("off", self.off, "times sigma")
        check_positive("floor", self.floor, "ohm")

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        import torch

        sigma_on, sigma_off = self.spreads(device)
        on = self._limit(g, device.r_on, sigma_on, generator)
        off = self._limit(g, device.r_off, sigma_off, generator)
        torch.maximum(torch.minimum(g, on, out=g), off, out=g)

    def _carried(self, sigma: float, device: Device, to: float | None = None) -> float:
        share = 1.0 if to is None else (to - device.r_on) / (device.r_off - device.r_on)
        return sigma * (1 + (self.off - 1) * min(max(share, 0.0), 1.0))

    def _limit(self, g: Tensor, nominal: float, sigma: float, generator: Generator) -> Tensor:
        return normal_like(g, generator).mul_(sigma).add_(nominal).clamp_(min=self.floor).reciprocal_()

    def density(self, ohm: ArrayLike, nominal: float, device: Device) -> Floats:
        r, (on, off) = np.asarray(ohm, float), self.spreads(device)
        above_on = np.where(r < nominal, 1, 1 - normal_cdf(r, device.r_on, on))
        fell = normal_pdf(r, device.r_off, off) * above_on
        rose = np.where(r > nominal, normal_pdf(r, device.r_on, on), 0) * (
            1 - normal_cdf(r, device.r_off, off)
        )
        return np.where(r > self.floor, fell + rose, 0)

    def atoms(self, nominal: float, device: Device) -> dict[float, float]:
        on, off = self.spreads(device)
        on_stays = 1.0 if on == 0 and nominal >= device.r_on else float(normal_cdf(nominal, device.r_on, on))
        off_above = (
            1.0 if off == 0 and nominal <= device.r_off else 1 - float(normal_cdf(nominal, device.r_off, off))
        )
        found = {nominal: on_stays * off_above}
        if off:
            found[self.floor] = found.get(self.floor, 0.0) + float(normal_cdf(self.floor, device.r_off, off))
        return found


@dataclass(frozen=True)
class DoubledClip(OneSidedClip):
    """`OneSidedClip` with twice the spread on R_off, as in every sweep that MemTorch ships.

    >>> from imc.crossbar import Device, DoubledClip
    >>> DoubledClip(300).spreads(Device(1e3, 1e4))
    (300, 600.0)
    """

    name: ClassVar = "clip-2"
    title: ClassVar = "MemTorch, σ and 2σ"
    about: ClassVar = "the same with 2σ for R<sub>off</sub>: what every sweep shipped with MemTorch does"

    off: float = 2.0


@dataclass(frozen=True)
class RandomEndpointClip(OneSidedClip):
    """`OneSidedClip` as MemTorch's `patch_model` runs it: the mapping's endpoints are draws too.

    Each layer draws one R_on and one R_off by the law of its cells, and maps its weights onto what lies
    between them. All cells of a layer thus share an error that no averaging over rows removes. The density is
    that of a cell meant to have what its layer drew.

    >>> import torch
    >>> from imc.crossbar import Device, RandomEndpointClip
    >>> law, device = RandomEndpointClip.of(300), Device(1e3, 1e4)
    >>> low, high = law.endpoints(device.g_off, device.g_on, device, torch.Generator().manual_seed(0))
    >>> low < high, high == device.g_on  # both are draws
    (True, False)
    """

    name: ClassVar = "clip-2-random-endpoint"
    title: ClassVar = "MemTorch, σ and 2σ, random endpoint"
    about: ClassVar = (
        "the same, and each layer maps its weights onto one *draw* of both limits: what `patch_model` does"
    )

    @classmethod
    def of(cls, sigma: float) -> Self:
        return cls(sigma, off=2.0)

    def endpoints(self, low: float, high: float, device: Device, generator: Generator) -> tuple[float, float]:
        import torch

        sigma_on, sigma_off = self.spreads(device)
        one = torch.empty(1, device=generator.device)
        on = float(self._limit(one, device.r_on, sigma_on, generator))
        off = float(self._limit(one, device.r_off, sigma_off, generator))
        return min(off, on), max(off, on)
