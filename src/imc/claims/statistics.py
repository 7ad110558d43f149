"""Means and intervals over runs and counts."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from scipy import stats

from imc.errors import UserError

Interval = Literal["student", "bootstrap"]
"""How an interval over runs is found: Student's t, or the bootstrap where one run in many decides."""

LEVEL = 0.95
_DRAWS = 9_999


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval.

    Attributes:
        mean: the estimate.
        low, high: the interval's ends; both equal `mean` for an exact value.
        n: how many runs or trials it rests on (0: exact, nothing random).

    Example:
        >>> Estimate.of_seeds([1.0, 2.0, 3.0]).mean
        2.0
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
    def of_seeds(cls, values: Iterable[float], interval: Interval = "student") -> Self:
        """Mean of one value a run; one run tells nothing of the spread: its interval is infinite.

        Raises:
            UserError: if there is no value.
        """
        sample = [float(v) for v in values]
        if not sample:
            raise UserError("an estimate needs one value at least, and got none")
        mean = math.fsum(sample) / len(sample)
        if len(sample) == 1:
            return cls(mean, -math.inf, math.inf, 1)
        if _alike(sample):
            return cls(mean, mean, mean, len(sample))
        if interval == "bootstrap":
            low, high = _quantiles(np.mean(_resampled(sample), axis=1))
        else:
            low, high = stats.ttest_1samp(sample, 0).confidence_interval(LEVEL)
        return cls(mean, min(mean, float(low)), max(mean, float(high)), len(sample))

    @classmethod
    def of_counts(cls, hits: int, trials: int, whole: float = 1.0) -> Self:
        """Share of `hits` in `trials` with Wilson's interval, of `whole`: from 0 to 1, or 100 for percent.

        Raises:
            UserError: unless 0 <= hits <= trials and trials > 0.
        """
        if not 0 <= hits <= trials or trials == 0:
            raise UserError(f"{hits} hits in {trials} trials is no share: hits lie between 0 and trials > 0")
        share = hits / trials
        low, high = stats.binomtest(hits, trials).proportion_ci(LEVEL, method="wilson")
        # no hits and no misses end at the share itself; rounding must not put the end on its other side
        low, high = (0.0 if hits == 0 else low), (1.0 if hits == trials else high)
        return cls(whole * share, whole * float(low), whole * float(high), trials)

    @property
    def half_width(self) -> float:
        """Half the interval."""
        return (self.high - self.low) / 2


def further_run(values: Sequence[float], interval: Interval = "student") -> tuple[float, float]:
    """The 95 % prediction interval: where one more run like these would lie.

    Student's is the mean ± t s sqrt(1 + 1/n) of a normal sample. The bootstrap adds to the mean how far a
    run drawn from the sample lies from the mean of a sample drawn from it.

    Example:
        >>> further_run([1.0, 1.0, 1.0])
        (1.0, 1.0)
    """
    sample = [float(v) for v in values]
    mean = math.fsum(sample) / len(sample)
    if len(sample) == 1:
        return -math.inf, math.inf
    if _alike(sample):
        return mean, mean
    if interval == "bootstrap":
        drawn = _resampled(sample, more=1)
        return _quantiles(mean + drawn[:, 0] - drawn[:, 1:].mean(axis=1))
    spread = float(np.std(sample, ddof=1)) * math.sqrt(1 + 1 / len(sample))
    half = float(stats.t.isf((1 - LEVEL) / 2, len(sample) - 1)) * spread
    return mean - half, mean + half


def _alike(sample: Sequence[float]) -> bool:
    """Whether the values differ by rounding alone, so that there is no spread to speak of."""
    return max(sample) - min(sample) <= 1e-12 * max(map(abs, sample))


def _resampled(sample: Sequence[float], more: int = 0) -> np.ndarray:
    """Samples drawn from `sample` with replacement, one a row, each `more` values longer; always the same."""
    rng = np.random.default_rng(0)
    return rng.choice(np.asarray(sample), (_DRAWS, len(sample) + more))


def _quantiles(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
