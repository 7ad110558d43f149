"""What a layer costs in array operations, and how much of its arrays it leaves unused."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from imc.cost.matrices import Matrix
from imc.errors import UserError


@dataclass(frozen=True)
class Operations:
    """Operations, one after the other, for one sample through one layer that fits on one array.

    Attributes:
        forward: reads for the product with the weights.
        backward: reads for the product with their transpose.
        update_parallel: pulses, all cells at once, for one outer-product update.
        update_by_row: the same, row by row, as a memory is written.
        update_by_cell: the same, cell by cell, as a program-and-verify loop works.
        digital: multiplications of one processor that does one at a time, forward, backward and update.
    """

    forward: int
    backward: int
    update_parallel: int
    update_by_row: int
    update_by_cell: int
    digital: int


def operations(inputs: int, outputs: int, pulses: int = 10, shared: int = 1) -> Operations:
    """Counted for a layer of `inputs` x `outputs`.

    Args:
        pulses: of an update's pulse train.
        shared: lines that take turns at one converter.

    Raises:
        UserError: for a number below 1.

    Example:
        >>> operations(784, 256).forward, operations(784, 256, shared=8).forward
        (1, 8)
    """
    if min(inputs, outputs, pulses, shared) < 1:
        raise UserError(
            f"inputs = {inputs}, outputs = {outputs}, pulses = {pulses}, shared = {shared}: each should "
            "be 1 or more"
        )
    return Operations(
        forward=min(shared, outputs),
        backward=min(shared, inputs),
        update_parallel=pulses,
        update_by_row=inputs,
        update_by_cell=inputs * outputs,
        digital=3 * inputs * outputs,
    )


@dataclass(frozen=True)
class Use:
    """Arrays of a network, and cells of theirs that hold a weight: one cell a weight and bit."""

    arrays: int
    cells: int
    used: int

    @property
    def unused(self) -> float:
        """Share of cells that hold nothing, percent."""
        return 100 * (1 - self.used / self.cells)


def use(network: Sequence[Matrix], rows: int, columns: int) -> Use:
    """How `network` fills arrays of `rows` x `columns`; no two layers share an array.

    Raises:
        UserError: for an array without cells.

    Example:
        >>> use([Matrix(784, 256)], 512, 512)
        Use(arrays=2, cells=524288, used=200704)
    """
    if min(rows, columns) < 1:
        raise UserError(f"an array of {rows} x {columns} has no cells")
    arrays = used = 0
    for matrix in network:
        wide = matrix.outputs * matrix.weight_bits
        arrays += matrix.groups * math.ceil(matrix.inputs / rows) * math.ceil(wide / columns)
        used += matrix.groups * matrix.inputs * wide
    return Use(arrays, arrays * rows * columns, used)
