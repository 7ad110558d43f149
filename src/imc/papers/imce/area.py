"""Area of sub-arrays: cells, and the 15.4 % that IMCE adds to the memory.

The slides print no area of IMCE, only that it is about 4 times less than the binary RRAM design's 9.19 mm2
for AlexNet. What is computed here is a lower bound: cells and the printed overhead, without the decoders,
sense amplifiers and wires that a plain memory has already.
"""

import math

from imc.claims import reference
from imc.cost.components import Component
from imc.cost.rollup import Block
from imc.papers.imce import components
from imc.papers.imce.mapping import DEFAULT, SubArray


def _printed(name: str) -> float:
    return reference.value(f"imce.{name}").value


def sub_array(cell_f2: float, array: SubArray = DEFAULT) -> Block:
    """One sub-array of cells of so many squares of the feature size.

    The overhead is quoted as a whole, and its split calibrated to "more than 60 %".
    """
    source = components.table()["cell"].source
    cell = Component("cell", {"area_mm2": components.cell_area_mm2(cell_f2)}, "quoted", source)
    overhead = _printed("area.overhead") / 100 * array.cells * cell.total("area_mm2")
    share = _printed("area.decoder_and_sum") / 100
    why = f"{_printed('area.overhead'):g} % of the memory's area (slides, Area estimation)"
    parts = {"decoder and Sum": share, "rest of IMCE": 1 - share}
    added = [
        Component(name, {"area_mm2": part * overhead}, "calibrated", f"{100 * part:g} % of {why}")
        for name, part in parts.items()
    ]
    return Block("sub-array", ((array.cells, cell), *((1, part) for part in added)))


def sub_arrays_by_cell() -> dict[str, Block]:
    """A sub-array of the table's cell, and of the ends of its range: ``low``, ``value``, ``high``."""
    entry = components.table()["cell"]
    return {end: sub_array(getattr(entry, end)) for end in ("low", "value", "high")}


def shares(block: Block) -> dict[str, float]:
    """The overhead over the cells, and the share of decoder and Sum in it, percent."""
    cells = block.amount("area_mm2", "cell")
    added = block.total("area_mm2") - cells
    return {
        "overhead": 100 * added / cells,
        "decoder_and_sum": 100 * block.amount("area_mm2", "decoder and Sum") / added,
    }


def fitted_sub_arrays(sub_array_mm2: float) -> int:
    """Sub-arrays of a chip about 4 times smaller than the binary RRAM design, as the slides say: the fit."""
    return round(_printed("comparison.bcnn_rram.imagenet_area") / _printed("area.ratio") / sub_array_mm2)


def squares_per_bit() -> float:
    """Area for one bit, in squares of the feature size, if 39.7 MB lie on the chip 4 times smaller."""
    chip = _printed("comparison.bcnn_rram.imagenet_area") / _printed("area.ratio")
    bits = 8e6 * _printed("storage.binary_alexnet")
    return chip / bits / components.cell_area_mm2(1.0)


def loads(needed: int, fitted: int) -> int:
    """How often a chip of `fitted` sub-arrays is filled until all `needed` have been on it."""
    return math.ceil(needed / fitted)
