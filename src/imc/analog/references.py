"""Where the zero of an array lies: the reference that is taken away from what its cells hold."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor

from imc.analog.arrays import Array
from imc.analog.checks import not_negative, whole
from imc.errors import UserError

POINTS = ("zero", "symmetry", "pulsed", "rest")


@dataclass(frozen=True)
class Reference:
    """The point of each cell that counts as weight 0, and how well it is known.

    Attributes:
        point: ``zero``, the middle of the nominal range; ``symmetry``, each cell's symmetry point, exactly;
            ``pulsed``, where `pairs` pulses up and down have left the cell (zero-shifting, the pulses are
            counted); ``rest``, the resting point of a leaking cell.
        error: SD of the error of the stored reference, each cell on its own, relative to the range 2 bound.
        offset: error that all cells share, likewise.
        pairs: pulses up and down, for ``pulsed`` only.

    Raises:
        UserError: for an unknown point, a negative error, or less than one pair of pulses.

    >>> import torch
    >>> from imc.analog import Reference, SoftBounds
    >>> generator = torch.Generator().manual_seed(0)
    >>> cells = SoftBounds(states=100, asymmetry=0.1).array((1, 2), generator)
    >>> Reference("symmetry").place(cells, generator)
    tensor([[0.1000, 0.1000]])
    """

    point: Literal["zero", "symmetry", "pulsed", "rest"] = "zero"
    error: float = 0.0
    offset: float = 0.0
    pairs: int = 1000

    def __post_init__(self) -> None:
        if self.point not in POINTS:
            raise UserError(f"Reference: there is no point '{self.point}'; there are {', '.join(POINTS)}")
        not_negative("Reference", error=self.error, offset=abs(self.offset))
        whole("Reference", 1, pairs=self.pairs)

    def place(self, array: Array, generator: Generator) -> Tensor:
        """Move the array's cells to the point, and return the stored reference, (outputs, inputs).

        Raises:
            UserError: if the array's device has no such point.
        """
        if self.point == "symmetry":
            array.program(array.symmetry_point())
        elif self.point == "pulsed":
            alternate(array, self.pairs, generator)
        elif self.point == "rest":
            array.program(array.resting_point())
        else:
            array.program(torch.zeros_like(array.weight))
        stored = array.weight.clone()
        spread = 2 * array.device.bound
        if self.error:
            stored += torch.empty_like(stored).normal_(generator=generator).mul_(self.error * spread)
        return stored.add_(self.offset * spread)


def alternate(array: Array, pairs: int, generator: Generator) -> None:
    """Zero-shifting: give every cell one pulse up and one down, `pairs` times; the pulses are counted.

    Kim et al., arXiv 1907.10228 (2019). With soft bounds the distance to the symmetry point shrinks by
    1 - dw (up/tau+ + down/tau-) a pair, to first order in dw; what is left is of the order of dw.

    >>> import torch
    >>> from imc.analog import SoftBounds, alternate
    >>> generator = torch.Generator().manual_seed(0)
    >>> cells = SoftBounds(states=100, asymmetry=0.1).array((1, 1), generator)
    >>> alternate(cells, 500, generator)
    >>> abs(float(cells.weight) - cells.device.symmetry_point()) < 0.02
    True
    """
    one = torch.ones_like(array.weight)
    none = torch.zeros_like(one)
    for _ in range(pairs):
        array.pulse(None, one, none, generator)
        array.pulse(None, none, one, generator)
