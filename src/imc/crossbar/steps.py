"""What a step is, by which programmed cells are disturbed, and what every law of spread has in common."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imc.crossbar.cells import Device
from imc.crossbar.checks import instance
from imc.errors import UserError

if TYPE_CHECKING:
    from torch import Generator, Tensor

Floats = NDArray[np.float64]

LARGEST_SIGMA = 1e12
"""Ohm. Beyond it single precision cannot hold what the laws draw."""


def normal_like(g: Tensor, generator: Generator) -> Tensor:
    """Standard normal draws of the shape, type and place of `g`."""
    return g.new_empty(g.shape).normal_(generator=generator)


def uniform_like(g: Tensor, generator: Generator) -> Tensor:
    """Draws uniform on [0, 1), in double precision, so that rare events keep their probability."""
    import torch

    return torch.rand(g.shape, generator=generator, dtype=torch.float64, device=g.device)


class Step(ABC):
    """One disturbance of programmed cells.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, Step, map_network
    >>> class Fading(Step):
    ...     def __call__(self, g, device, generator):
    ...         g.mul_(0.5)
    >>> layer = torch.nn.Linear(4, 3)
    >>> mapped = map_network(layer, Chip(device=Device(1e3, 1e4), variation=Fading()))
    >>> torch.allclose(mapped.layers[""].weight, layer.weight / 2, atol=1e-6)
    True
    """

    def endpoints(self, low: float, high: float, device: Device, generator: Generator) -> tuple[float, float]:
        """The conductances of OFF and ON that one layer's mapping aims at, given those so far."""
        return low, high

    @abstractmethod
    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        """Disturb the conductances `g` (siemens, any shape) in place."""

    def prepare(self, g: Tensor) -> Tensor:
        """What `draw` needs of targets `g`, which it may change."""
        return g

    def draw(self, prepared: Tensor, out: Tensor, device: Device, generator: Generator) -> None:
        """Fill `out` with what a call makes of targets, bit by bit, given what `prepare` made of them.

        A law that has a faster way than this overrides both; it is asked only in the class that does so.
        """
        self(out.copy_(prepared), device, generator)


@dataclass(frozen=True)
class Law(Step):
    """A law of spread from device to device, with one `sigma` or with one for each state.

    Attributes:
        name: what experiments and command lines call it.
        title: what figures and tables call it.
        about: one line, the resistance that a cell gets.
        sigma: standard deviation in ohm, of an ON cell and, as the law has it, of all others.
        sigma_on, sigma_off: standard deviation in ohm of cells that are meant to be ON and OFF, each in place
            of what follows from `sigma`; cells in between are interpolated.

    Raises:
        UserError: if a spread is missing, negative, or not below 10^12 ohm.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]

    sigma: float | None = None
    sigma_on: float | None = field(default=None, kw_only=True)
    sigma_off: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in ("sigma", "sigma_on", "sigma_off")}
        for name, value in given.items():
            if value is not None:
                check_not_negative(name, value, "ohm", LARGEST_SIGMA)
        if self.sigma is None and None in (self.sigma_on, self.sigma_off):
            raise UserError(f"{type(self).__name__} needs sigma, or both sigma_on and sigma_off, in ohm")
        if None not in given.values():
            raise UserError(
                f"{type(self).__name__}: sigma has nothing left to say beside sigma_on and sigma_off"
            )

    @classmethod
    def of(cls, sigma: float) -> Self:
        """The law as experiments know it by its name, at one `sigma` in ohm."""
        return cls(sigma)

    def spreads(self, device: Device) -> tuple[float, float]:
        """Spread of ON and of OFF cells, ohm."""
        on, off = self.sigma_on, self.sigma_off
        if self.sigma is not None:
            on = self.sigma if on is None else on
            off = self._carried(self.sigma, device) if off is None else off
        assert on is not None  # one of the two was given
        assert off is not None
        return on, off

    def spread(self, nominal: float, device: Device) -> float:
        """Spread, ohm, of a cell that is meant to have `nominal` ohm: linear in between, constant beyond."""
        if self._is_one_sigma:
            return self._carried(self.sigma, device, nominal)  # pyright: ignore[reportArgumentType]
        on, off = self.spreads(device)
        share = (nominal - device.r_on) / (device.r_off - device.r_on)
        return on + (off - on) * min(max(share, 0.0), 1.0)

    @abstractmethod
    def density(self, ohm: ArrayLike, nominal: float, device: Device) -> Floats:
        """Probability density, per ohm, of the resistance of a cell that is meant to have `nominal` ohm.

        Where the law piles cells up on one value, that share is not in it but in `atoms`.
        """

    def atoms(self, nominal: float, device: Device) -> dict[float, float]:
        """Resistances, ohm, at which a positive share of such cells lies, with that share."""
        return {nominal: 1.0} if self.spread(nominal, device) == 0 else {}

    def _carried(self, sigma: float, device: Device, to: float | None = None) -> float:
        """What `sigma` of an ON cell is, in ohm, for one of `to` ohm, by default of R_off."""
        return sigma

    @property
    def _is_one_sigma(self) -> bool:
        return self.sigma_on is None and self.sigma_off is None

    def _spread_at(self, r: Tensor, device: Device) -> Tensor:
        """`spread` of every cell of resistances `r`, for two spreads."""
        on, off = self.spreads(device)
        share = ((r - device.r_on) / (device.r_off - device.r_on)).clamp_(0, 1)
        return share.mul_(off - on).add_(on)


def check_step(name: str, step: object) -> None:
    """Refuse what is no step, or is one that cannot be called as steps are.

    Raises:
        UserError: naming what was given, and what is wanted.
    """
    instance(name, step, Step, "a step such as Lognormal(300), or a tuple of them")
    assert isinstance(step, Step)
    try:
        inspect.signature(step).bind(*"gdr")
    except TypeError as error:
        raise UserError(
            f"{type(step).__name__} cannot be called as a step is, with conductances, device and generator: "
            f"{error}"
        ) from None


def normal_pdf(x: Floats, mean: float, sigma: float) -> Floats:
    """Density of a normal law; 0 throughout where it is all in one point."""
    if sigma == 0:
        return np.zeros_like(x)
    return np.exp(-(((x - mean) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))


def log_variance(relative: float) -> float:
    """ln(1 + relative^2), of any size."""
    return math.log1p(relative**2) if relative < 1e8 else 2 * math.log(relative)


def normal_cdf(x: ArrayLike, mean: float, sigma: float) -> Any:
    """P(X < x) of a normal law."""
    from scipy.special import ndtr  # here, so that simulations need not load scipy

    if sigma == 0:
        return (np.asarray(x) > mean).astype(float)[()]
    return ndtr((np.asarray(x, float) - mean) / sigma)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def check_positive(name: str, value: object, unit: str) -> None:
    if not (_is_number(value) and value > 0):  # pyright: ignore[reportOperatorIssue]
        raise UserError(f"{name} = {value!r} {unit}: it must be positive and finite")


def check_not_negative(name: str, value: object, unit: str, most: float = math.inf) -> None:
    beyond = "" if most == math.inf else f", and at most {most:g}"
    if not (_is_number(value) and 0 <= value <= most):  # pyright: ignore[reportOperatorIssue]
        raise UserError(f"{name} = {value!r} {unit}: it must be 0 or more, and finite{beyond}")
