"""How a quantity varies from cell to cell: factors of mean 1 on its nominal value."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """A distribution of factors with mean 1.

    Attributes:
        sigma: standard deviation.
        name: normal, or lognormal, which has the same mean and deviation and no negative values.
    """

    sigma: float
    name: Literal["normal", "lognormal"] = "normal"

    @property
    def _width(self) -> float:
        """Standard deviation of a lognormal factor's logarithm."""
        return math.sqrt(math.log1p(self.sigma**2))

    def at(self, z: Array) -> Array:
        """The factors that standard normal values `z` stand for."""
        if self.name == "normal":
            return 1 + self.sigma * z
        return np.exp(self._width * z - self._width**2 / 2)

    def _z(self, x: Array) -> Array:
        if self.name == "normal":
            return (x - 1) / self.sigma
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(x > 0, np.log(x) / self._width + self._width / 2, -np.inf)

    def below(self, x: Array) -> Array:
        """P(factor < x)."""
        return ndtr(self._z(x))

    def above(self, x: Array) -> Array:
        """P(factor > x), as exact in its tail as `below` in the other."""
        return ndtr(-self._z(x))

    def density(self, x: Array) -> Array:
        """Probability density at `x`."""
        bell = np.exp(-(self._z(x) ** 2) / 2) / math.sqrt(2 * math.pi)
        if self.name == "normal":
            return bell / self.sigma
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(x > 0, bell / (x * self._width), 0.0)
