"""Means and intervals over seeds and counts."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from scipy.special import stdtrit

from imc.errors import UserError

# The normal's 97.5 % quantile.
_Z975 = 1.959964


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval.

    Attributes:
        mean: the estimate.
        low, high: the interval's ends; both equal `mean` for an exact value.
        n: how many seeds or trials it rests on (0: exact, nothing random).
    """

    mean: float
    low: float
    high: float
    n: int

    @classmethod
    def exact(cls, value: float) -> Self:
        """A value with nothing random in it."""
        return cls(float(value), float(value), float(value), 0)

    @classmethod
    def of_seeds(cls, values: Iterable[float]) -> Self:
        """Mean of one value a seed, with Student's t interval.

        One seed tells nothing of the spread: its interval is infinite.

        Raises:
            UserError: if there is no value.
        """
        values = [float(v) for v in values]
        n = len(values)
        if n == 0:
            raise UserError("an estimate needs one value at least, and got none")
        mean = math.fsum(values) / n
        if n == 1:
            return cls(mean, -math.inf, math.inf, 1)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
        half = float(stdtrit(n - 1, 0.975)) * spread / math.sqrt(n)
        return cls(mean, mean - half, mean + half, n)

    @classmethod
    def of_counts(cls, hits: int, trials: int, whole: float = 1.0) -> Self:
        """Share of `hits` in `trials` with Wilson's interval, of `whole`: from 0 to 1, or 100 for percent.

        Raises:
            UserError: unless 0 <= hits <= trials and trials > 0.
        """
        if not 0 <= hits <= trials or trials == 0:
            raise UserError(f"{hits} hits in {trials} trials is no share: hits lie between 0 and trials > 0")
        p, z2 = hits / trials, _Z975**2
        centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
        half = math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2)) * _Z975 / (1 + z2 / trials)
        # no hits and no misses end at the share itself; rounding must not put the end on its other side
        low = 0.0 if hits == 0 else max(0.0, centre - half)
        high = 1.0 if hits == trials else min(1.0, centre + half)
        return cls(whole * p, whole * low, whole * high, trials)

    @property
    def half_width(self) -> float:
        """Half the interval."""
        return (self.high - self.low) / 2
