"""Networks on sub-arrays: what a layer occupies, and what one picture makes the sub-arrays do.

As the slides map it ("Mapping method and operations of bit-wise IMCE"), the elements of a dot product lie
along the columns, the bit planes of weights and inputs in rows one below the other. Here, a sub-array keeps
rows for the planes of one input vector; all others hold weights, which stay. Dot products longer than a row
are cut into slices, each in its own sub-arrays, whose partial counts are added. A row holds one dot product.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from imc.cost.matrices import Matrix
from imc.errors import UserError
from imc.papers.imce import components


@dataclass(frozen=True)
class SubArray:
    """Size of a sub-array, in cells."""

    rows: int = int(components.value("rows"))
    columns: int = int(components.value("columns"))

    @property
    def cells(self) -> int:
        """Cells of one sub-array."""
        return self.rows * self.columns


DEFAULT = SubArray()


@dataclass(frozen=True)
class Placement:
    """One layer on sub-arrays. All counts are over its groups, and those of uses are of one picture.

    Raises:
        UserError: if a sub-array has no row left for weights.
    """

    layer: Matrix
    array: SubArray = DEFAULT

    def __post_init__(self) -> None:
        if self.array.rows < self.layer.input_bits + self.layer.weight_bits:
            raise UserError(
                f"{self.array.rows} rows hold no {self.layer.weight_bits}-bit weight beside "
                f"{self.layer.input_bits}-bit inputs"
            )

    @cached_property
    def slices(self) -> int:
        """Pieces of a dot product, each at most a row long."""
        return math.ceil(self.layer.inputs / self.array.columns)

    @cached_property
    def blocks(self) -> int:
        """Sub-arrays among which the kernels of one slice are spread."""
        fitting = (self.array.rows - self.layer.input_bits) // self.layer.weight_bits
        return math.ceil(self.layer.outputs / fitting)

    @property
    def sub_arrays(self) -> int:
        """Sub-arrays that hold the layer once."""
        return self.slices * self.blocks * self.layer.groups

    @property
    def cells(self) -> int:
        """Cells that hold weights."""
        return self.layer.weights * self.layer.weight_bits

    def fills(self) -> list[tuple[int, int]]:
        """Columns and rows that hold weights, of each sub-array; kernels are spread evenly."""
        found = []
        for piece in range(self.slices):
            columns = min(self.array.columns, self.layer.inputs - piece * self.array.columns)
            for block in range(self.blocks):
                kernels = (self.layer.outputs + block) // self.blocks
                found.append((columns, kernels * self.layer.weight_bits))
        return found * self.layer.groups

    @property
    def sequential_ands(self) -> int:
        """Row operations one after the other in the fullest sub-array, for one input vector."""
        kernels = math.ceil(self.layer.outputs / self.blocks)
        return kernels * self.layer.weight_bits * self.layer.input_bits

    @property
    def row_ands(self) -> int:
        """ANDs of two rows; each gives one partial count."""
        bits = self.layer.weight_bits * self.layer.input_bits
        return self.layer.reads * self.layer.groups * self.layer.outputs * self.slices * bits

    @property
    def bit_ands(self) -> int:
        """Columns that these have occupied."""
        return self.layer.bit_products

    @property
    def bits_read(self) -> int:
        """Bits of input vectors read from the image bank, each once."""
        return self.layer.reads * self.layer.groups * self.layer.inputs * self.layer.input_bits

    @property
    def bits_written(self) -> int:
        """Bits of input vectors written: into every sub-array that holds kernels of their slice."""
        return self.bits_read * self.blocks

    @property
    def results(self) -> int:
        """Outputs a picture."""
        return self.layer.reads * self.layer.groups * self.layer.outputs

    def nanoseconds(self, write_ns: float, and_ns: float) -> float:
        """Time of one picture: for every input vector, its planes are written row by row, then the ANDs."""
        return self.layer.reads * (self.layer.input_bits * write_ns + self.sequential_ands * and_ns)


def place(layers: Iterable[Matrix], array: SubArray = DEFAULT) -> list[Placement]:
    """Each layer on its own sub-arrays."""
    return [Placement(layer, array) for layer in layers]


def occupation(placed: Iterable[Placement]) -> dict[str, float]:
    """Sub-arrays, banks, and the share of their cells that hold weights, percent."""
    placed = list(placed)
    sub_arrays = sum(p.sub_arrays for p in placed)
    cells = sum(p.sub_arrays * p.array.cells for p in placed)
    return {
        "sub_arrays": sub_arrays,
        "banks": math.ceil(sub_arrays / components.value("sub_arrays_per_bank")),
        "utilization": 100 * sum(p.cells for p in placed) / cells,
    }
