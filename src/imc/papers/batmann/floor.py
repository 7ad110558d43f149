"""Cells at the floor of 1 ohm: how many the normal law sends there, and what they cost a draw.

A cell at the floor conducts as much as a thousand ON cells. Under hypothesis A every cell, whatever its
state, draws a limit around R_off, which falls to the floor with probability Phi((1 - R_off) / 2 sigma).
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from imc.claims.statistics import Estimate
from imc.papers.batmann import reading
from imc.papers.batmann.results import VariationResult
from imc.runs.records import Record

FLOOR = 1.0
"""Least resistance that the meanings of sigma draw, ohm."""
HARD = 10.0
"""A loss beyond which a draw counts as hit, %p."""


def expected(sigma: float, cells: int, r_off: float = 1e4) -> float:
    """How many of `cells` hypothesis A sends to the floor at `sigma` ohm."""
    return cells * 0.5 * math.erfc((r_off - FLOOR) / (2 * sigma) / math.sqrt(2)) if sigma else 0.0


@dataclass(frozen=True)
class Floor:
    """The draws of one curve against sigma.

    Attributes:
        keys: the digital keys' record (`batmann/keys`), of the same draws.
        curve: the record of the curve (`batmann/variation`).
    """

    keys: Record
    curve: Record

    @property
    def controller(self) -> int:
        """Cells of the controller."""
        return sum(self.curve.results(VariationResult).cells.values())

    @property
    def memory(self) -> int:
        """Cells of the key memory: a pair for each bit of each key."""
        config = self.curve.config
        return 2 * config["dimension"] * config["ways"] * config["shots"]

    def counted(self, sigma: float) -> np.ndarray:
        """Cells of the controller that were at the floor, by draw."""
        by_layer = self.curve.results(VariationResult).floor.values()
        return np.sum([layer[f"{sigma:g}"] for layer in by_layer], axis=0)

    def loss(self, sigma: float, where: reading.Where) -> np.ndarray:
        """What each draw loses with controller or memory alone on crossbars, %p."""
        return reading.loss(self.keys, self.curve, sigma, where)

    def hit(self, sigma: float) -> np.ndarray:
        """Whether each draw of the memory, alone on crossbars, loses more than 10 %p."""
        return self.loss(sigma, "memory") > HARD

    def table(self, sigmas: list[float]) -> pd.DataFrame:
        """Expected and counted cells beside losses, by sigma."""
        return pd.DataFrame(
            {
                "σ (Ω)": s,
                "controller: expected": round(expected(s, self.controller), 3),
                "counted": Estimate.of_seeds(self.counted(s)),
                "its loss (%p)": Estimate.of_seeds(self.loss(s, "controller")),
                "memory: expected": round(expected(s, self.memory), 4),
                "draws with one or more, expected (%)": round(
                    -100 * math.expm1(-expected(s, self.memory)), 2
                ),
                "draws that lose > 10 %p (%)": round(100 * self.hit(s).mean(), 1),
            }
            for s in sigmas
        )

    def draws(self, sigmas: list[float]) -> pd.DataFrame:
        """Every draw at every sigma, in numbers."""
        return pd.DataFrame(
            {
                "sigma (ohm)": s,
                "draw": draw,
                "cells at the floor in the controller": int(cells),
                "loss, controller alone (%p)": controller,
                "loss, memory alone (%p)": memory,
            }
            for s in sigmas
            for draw, (cells, controller, memory) in enumerate(
                zip(self.counted(s), self.loss(s, "controller"), self.loss(s, "memory"), strict=True)
            )
        )
