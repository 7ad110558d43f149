"""Reading, AND and OR as the sense amplifier does them: cells in parallel against one reference resistance.

Slide "In-memory processing platform". A cell holds '1' as R_AP and '0' as R_P. The cells of one column are
sensed together; the output is 1 where their joint resistance exceeds the reference. How many ones there are
decides; which cells hold them does not.
"""

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imc.errors import UserError
from imc.papers.imce.device import Junction

Operation = Literal["read", "and", "or"]
Midpoint = Literal["resistance", "conductance"]


@dataclass(frozen=True)
class Gate:
    """One operation on `fan_in` cells; a read is of one cell.

    Raises:
        UserError: if a read is of several cells, or a gate of less than two.
    """

    operation: Operation
    fan_in: int

    def __post_init__(self) -> None:
        if (self.operation == "read") != (self.fan_in == 1) or self.fan_in < 1:
            raise UserError(f"{self.operation} of {self.fan_in} cells: a read takes 1, AND and OR 2 or more")

    @property
    def name(self) -> str:
        """``read``, ``and2``, ``or3``."""
        return self.operation if self.fan_in == 1 else f"{self.operation}{self.fan_in}"

    @property
    def label(self) -> str:
        """``read``, ``AND of 2``, unbroken in tables."""
        return "read" if self.fan_in == 1 else f"{self.operation.upper()}\u00a0of\u00a0{self.fan_in}"

    def answer(self, ones: int) -> int:
        """What it should say when `ones` of its cells hold '1'."""
        return int(ones == self.fan_in if self.operation != "or" else ones >= 1)

    @property
    def first_one(self) -> int:
        """The fewest ones for which it says 1; the reference lies below that state."""
        return 1 if self.operation == "or" else self.fan_in

    def truth_table(self) -> list[tuple[tuple[int, ...], int]]:
        """Every input and the answer to it."""
        return [(bits, self.answer(sum(bits))) for bits in product((0, 1), repeat=self.fan_in)]


GATES = (Gate("read", 1), *(Gate(operation, n) for n in (2, 3, 4) for operation in ("and", "or")))
"""What the page compares: the read, AND and OR of two to four cells."""


def states(junction: Junction, fan_in: int) -> NDArray[np.float64]:
    """Joint resistance, ohm, with 0, 1, ..., fan_in ones, shape (fan_in + 1,): it rises with each."""
    ones = np.arange(fan_in + 1)
    low, high = junction.r_p + junction.series_ohm, junction.r_ap + junction.series_ohm
    return 1 / ((fan_in - ones) / low + ones / high)


def reference(junction: Junction, gate: Gate, midpoint: Midpoint = "resistance") -> float:
    """The reference resistance, ohm, midway between the two states that it has to tell apart.

    The slides take the midpoint of the resistances; that of the conductances is the alternative.
    """
    below, above = states(junction, gate.fan_in)[[gate.first_one - 1, gate.first_one]]
    return float((below + above) / 2 if midpoint == "resistance" else 2 / (1 / below + 1 / above))


def wrong_rows(junction: Junction, gate: Gate, midpoint: Midpoint = "resistance") -> int:
    """Rows of the truth table that the gate gets wrong when every cell is exactly as designed."""
    joint, ref = states(junction, gate.fan_in), reference(junction, gate, midpoint)
    return sum(int(joint[sum(bits)] > ref) != answer for bits, answer in gate.truth_table())
