"""Exact probabilities of a wrong answer, by integration: what the Monte-Carlo is held against.

The conductances of independent cells add. All but one of them are convolved as densities on a lattice; the
last one enters by its distribution function, so that far tails keep their relative accuracy. Everything is in
units of one nominal junction in P: resistances of R_P, conductances of 1/R_P.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from imc.papers.imce.gates import Gate
from imc.papers.imce.laws import Law
from imc.papers.imce.memory_experiments import CellConfig

Array = NDArray[np.float64]
Side = Literal["below", "above"]

_REACH = 9.0
"""Standard deviations to which laws are followed: beyond lie 2e-19."""
_PER_DEVIATION = 5
"""Lattice points in the standard deviation of the narrowest conductance, where all functions are smooth."""
_PER_DEVIATION_OFFSET = 40
"""The same where a narrow amplifier's offset is integrated over the lattice."""
_LEAST = 0.02
_LEAST_AP = 0.5
"""Normal laws are followed down to this share of the mean RA, and of R_P for R_AP: no junction lies below."""


class Cell:
    """The conductance of one cell in one state, as a random variable.

    Attributes:
        start: lowest point of the lattice, a multiple of `step`.
        density: on the lattice, shape (points,).
    """

    def __init__(self, config: CellConfig, antiparallel: bool, step: float) -> None:
        self._series = config.series_ohm / config.junction.r_p
        self._ra = Law(config.sigma_ra_percent / 100, config.law)
        self._factors, self._weights = np.ones(1), np.ones(1)
        if antiparallel:
            spread = Law(config.sigma_tmr_percent / 100, config.law)
            nodes = 8 * math.ceil(2 * _REACH * max(1.0, spread.sigma / self._ra.sigma)) + 1
            z = np.linspace(-_REACH, _REACH, nodes)
            factors = 1 + config.junction.tmr * spread.at(z)
            possible, bell = factors > _LEAST_AP, np.exp(-(z**2) / 2)
            self._factors = factors[possible]
            self._weights = bell[possible] / bell[possible].sum()
        low, high = self._ra.at(np.array([-_REACH, _REACH]))
        least = 1 / (high * self._factors.max() + self._series)
        most = 1 / (max(low, _LEAST) * self._factors.min() + self._series)
        lattice = step * np.arange(math.floor(least / step), math.ceil(most / step) + 1)
        self.start = float(lattice[0])
        slope = 1 / (self._factors * lattice[:, None] ** 2)
        self.density = (self._ra.density(self._needed(lattice)) * slope) @ self._weights

    def _needed(self, g: Array) -> Array:
        """The factor on RA that gives conductance `g` > 0, for each TMR: shape (len(g), TMRs)."""
        return (1 / g[:, None] - self._series) / self._factors

    def tail(self, g: Array, side: Side) -> Array:
        """P(conductance < g) or P(conductance > g), shape as `g`; no conductance is negative."""
        found = np.full(g.shape, float(side == "above"))
        positive = g > 0
        needed = self._needed(g[positive])  # a smaller conductance takes a larger factor
        law = self._ra.above(needed) if side == "below" else self._ra.below(needed)
        found[positive] = law @ self._weights
        return found


def errors(config: CellConfig, gate: Gate, reference_ohm: float) -> list[float]:
    """Probability of a wrong answer with 0, 1, ..., fan_in ones, for independent cells.

    Args:
        config: the cell, its spreads and the sense amplifier's offset.
        gate: operation and number of cells.
        reference_ohm: what the joint resistance is compared with.
    """
    junction = config.junction
    one_p = 1 + config.series_ohm / junction.r_p
    offset = config.offset_percent / 100 * one_p
    fine = _PER_DEVIATION_OFFSET if offset else _PER_DEVIATION
    step = config.sigma_ra_percent / 100 / (1 + junction.tmr) / one_p / fine
    zero, one = (Cell(config, bool(state), step) for state in (0, 1))
    reference = reference_ohm / junction.r_p
    found = []
    for ones in range(gate.fan_in + 1):
        group = [one] * ones + [zero] * (gate.fan_in - ones)
        # the answer is 1 where the resistance lies above the reference, the conductance below
        side: Side = "above" if gate.answer(ones) else "below"
        if offset:
            found.append(_with_offset(group, step, reference, offset, side))
        else:
            found.append(_without(group, step, 1 / reference, side))
    return found


def _without(group: list[Cell], step: float, threshold: float, side: Side) -> float:
    """P(sum of conductances below, or above, the threshold)."""
    *others, last = group
    if not others:
        return float(last.tail(np.array([threshold]), side)[0])
    sums, density = _sum(others, step)
    return float(last.tail(threshold - sums, side) @ density) * step


def _with_offset(group: list[Cell], step: float, reference: float, offset: float, side: Side) -> float:
    """The same where resistance and a normal offset together are held against the reference."""
    sums, density = _sum(group, step)
    z = (1 / sums - reference) / offset
    return float(ndtr(z if side == "below" else -z) @ density) * step


def _sum(group: list[Cell], step: float) -> tuple[Array, Array]:
    """Lattice and density of the sum of the cells' conductances."""
    density = group[0].density
    for cell in group[1:]:
        density = step * np.convolve(density, cell.density)
    start = sum(cell.start for cell in group)
    return start + step * np.arange(len(density), dtype=np.float64), density
