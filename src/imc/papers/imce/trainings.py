"""The trainings of the accuracy table as its page wants them: those that there are, paired by seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from imc.claims.statistics import Estimate
from imc.papers.imce.recipe import FLOAT
from imc.papers.imce.results import BitWidthResult
from imc.runs.records import Record

ROWS = {
    "w32i32": (FLOAT, FLOAT),
    "w1i1": (1, 1),
    "w1i2": (1, 2),
    "w1i3": (1, 3),
    "w1i4": (1, 4),
    "w2i2": (2, 2),
}
"""Rows of the slides' table: bits of weights and of inputs."""
FEWEST = 3
"""Trainings below which an interval says nothing."""


@dataclass(frozen=True)
class Trained:
    """The trainings of one configuration.

    Attributes:
        records: by seed; seeds whose training is not there are left out.
        wanted: how many seeds, from 0 on, there should be.
    """

    records: Mapping[int, Record]
    wanted: int

    @property
    def complete(self) -> bool:
        return len(self.records) == self.wanted

    @property
    def errors(self) -> list[float]:
        """Test error of each, in percent, seeds ascending."""
        return [record.results(BitWidthResult).error for record in self.records.values()]

    @property
    def error(self) -> Estimate | None:
        """Mean of `errors` with its interval; None without a training."""
        return Estimate.of_seeds(self.errors) if self.records else None

    def curves(self, name: str) -> list[list[float]]:
        """The trainings' curves of this name, one list each."""
        return [getattr(record.results(BitWidthResult).curve, name) for record in self.records.values()]

    def gained(self, epochs: int) -> Estimate | None:
        """Points by which the watched test error fell in the last so many epochs; None without a training."""
        fell = [curve[-1 - epochs] - curve[-1] for curve in self.curves("test_error")]
        return Estimate.of_seeds(fell) if fell else None


def collect(find: Callable[..., Record | None], seeds: int, **config: Any) -> Trained:
    """The trainings of seeds 0 to ``seeds - 1`` that `find` (`imc.pages.Page.find`) knows."""
    found = {seed: find("imce/bit-width", seed=seed, **config) for seed in range(seeds)}
    return Trained({seed: record for seed, record in found.items() if record}, seeds)


def difference(one: Trained, other: Trained) -> Estimate | None:
    """Error of the one less that of the other in points, over the seeds that both have; None without any.

    Trainings of one seed share their division into training and test pictures, so that they form pairs.
    """
    both = [seed for seed in one.records if seed in other.records]
    if not both:
        return None
    return Estimate.of_seeds(
        one.records[seed].results(BitWidthResult).error - other.records[seed].results(BitWidthResult).error
        for seed in both
    )
