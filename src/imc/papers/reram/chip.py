"""The thesis's chip as components: cells and drivers by ISAAC's table, the analog circuits fitted.

Only the chip's efficiency is printed, hence its area and power (`imc.papers.reram.efficiency`). Cells and
drivers take what ISAAC's arrays and 1-bit DACs take. What is left goes to the circuits behind the columns
(current mirror, I-V converter, latch; Figure 3), one a neuron. How much of a neuron's circuit belongs to
each of the array columns whose currents it adds may be seen in Figure 4, but not in the text:
`column_share` is that unknown.

Weights of more bits lie on as many 1-bit cells side by side, and the mirrors add the currents of their
columns with weights 1, 2, 4, ...: the analog equivalent of a shift-adder (thesis, 3.3 and 4.3).
"""

import math
from dataclasses import dataclass

from imc.cost.components import Component
from imc.cost.rollup import Block
from imc.errors import UserError
from imc.papers.reram import isaac
from imc.papers.reram.size import layer_shapes

ARRAY_SIDE = 128  # "each being no greater than 128x128" (section 5.1)


@dataclass(frozen=True)
class Inventory:
    """What a network takes, in arrays of at most 128x128.

    Attributes:
        synapses: weights, each one multiply-accumulate a picture.
        cells: 1-bit cells.
        arrays: crossbar arrays.
        largest_side: rows or columns of the greatest array.
        rows: wordlines over all arrays, each with its driver.
        columns: bitlines over all arrays.
        neurons: outputs of all layers, each with its circuit.
    """

    synapses: int
    cells: int
    arrays: int
    largest_side: int
    rows: int
    columns: int
    neurons: int


def inventory(input_size: int, hidden: int, weight_bits: int = 1) -> Inventory:
    """The inventory of a network input_size^2 - hidden - hidden - 10, its layers cut as section 5.1 says."""
    synapses = arrays = largest = rows = columns = neurons = 0
    for inputs, outputs in layer_shapes(input_size, hidden):
        width = outputs * weight_bits
        down, across = math.ceil(inputs / ARRAY_SIDE), math.ceil(width / ARRAY_SIDE)
        synapses += inputs * outputs
        arrays += down * across
        largest = max(largest, min(inputs, ARRAY_SIDE), min(width, ARRAY_SIDE))
        rows += inputs * across
        columns += width * down
        neurons += outputs
    return Inventory(synapses, synapses * weight_bits, arrays, largest, rows, columns, neurons)


@dataclass(frozen=True)
class Circuits:
    """The four kinds of parts of a chip: two derived from ISAAC, two calibrated."""

    cell: Component
    driver: Component
    neuron: Component
    column: Component

    def chip(self, counts: Inventory) -> Block:
        """The chip of a network."""
        parts = (
            (counts.cells, self.cell),
            (counts.rows, self.driver),
            (counts.neurons, self.neuron),
            (counts.columns, self.column),
        )
        return Block("chip", parts)


def calibrate(counts: Inventory, area_mm2: float, power_mw: float, column_share: float) -> Circuits:
    """Circuits with which the chip of `counts` takes exactly this area and power.

    Args:
        column_share: the share of the analog circuits spent on array columns instead of on neurons, 0 to 1.

    Raises:
        UserError: for a share outside 0..1, or if cells and drivers alone take more than the whole.
    """
    if not 0 <= column_share <= 1:
        raise UserError(f"column_share = {column_share}: a share lies between 0 and 1")
    block = {component.name: component for _, component in isaac.block().leaves()}
    cell = block["ima.array"].split(isaac.cells_per_block(), "cell")
    driver = block["ima.dac"].split(isaac.rows_per_block(), "driver")
    left: dict[str, float] = {}
    for quantity, whole in (("area_mm2", area_mm2), ("power_mw", power_mw)):
        known = counts.cells * cell.total(quantity) + counts.rows * driver.total(quantity)
        if known >= whole:
            raise UserError(f"{quantity} = {whole:g} of the chip: its cells and drivers alone take {known:g}")
        left[quantity] = whole - known

    def share(name: str, part: float, number: int) -> Component:
        amounts = {quantity: part * amount / number for quantity, amount in left.items()}
        source = f"{100 * part:g} % of what the chip implied by Table 7 leaves, over {number} {name}s"
        return Component(name, amounts, "calibrated", source)

    neuron = share("neuron", 1 - column_share, counts.neurons)
    return Circuits(cell, driver, neuron, share("column", column_share, counts.columns))
