"""ISAAC, the thesis's yardstick, from its component table: sections 2.1 and 5.3, Table 7.

A block (ISAAC's IMA) holds 8 arrays with one ADC each. A 16-bit weight lies on 8 cells of 2 bits in a row; a
16-bit input goes in bit by bit, so a product takes 16 reads of all arrays.
"""

from functools import cache
from typing import Any, Literal

from imc.claims import reference
from imc.claims.components import quoted
from imc.cost.rollup import Block
from imc.cost.scaling import throughput_tops

Totals = Literal["printed", "summed"]
"""The chip's area and power as ISAAC prints them, or as its parts add up (0.04 % and 0.01 % more)."""

CONVERTERS = ("ima.adc", "ima.dac")


def count(name: str) -> float:
    """A count or rate of ISAAC, in the unit of ``isaac.count`` in ``data/reference/isaac.toml``."""
    return reference.value(f"isaac.count.{name}.value").value


@cache
def block() -> Block:
    """One IMA."""
    return Block("IMA", tuple((1, part) for part in quoted("isaac.ima").values()))


@cache
def chip() -> Block:
    """168 tiles of 12 IMAs and the rest of a tile, and the links."""
    parts = tuple((1, part) for part in quoted("isaac.tile").values())
    tile = Block("tile", ((count("imas_per_tile"), block()), *parts))
    return Block("chip", ((count("tiles"), tile), (1, quoted("isaac.chip")["links"])))


def blocks() -> float:
    """Number of IMAs on the chip."""
    return count("tiles") * count("imas_per_tile")


def whole(quantity: str, totals: Totals = "printed") -> float:
    """Area or power of the chip."""
    return quoted("isaac.chip")["total"].total(quantity) if totals == "printed" else chip().total(quantity)


def cells_per_block() -> float:
    """Cells of one IMA; each takes part in every read."""
    return count("arrays_per_ima") * count("array_side") ** 2


def rows_per_block() -> float:
    """Wordlines of one IMA, each with a 1-bit DAC."""
    return count("arrays_per_ima") * count("array_side")


def cells_per_weight() -> float:
    """Cells of a weight, side by side."""
    return count("weight_bits") / count("cell_bits")


def block_tops(mac_operations: int) -> float:
    """Tera-operations a second of one IMA, on 16-bit inputs and weights."""
    macs = cells_per_block() / cells_per_weight()
    return throughput_tops(macs, count("input_bits") * count("read_time"), mac_operations)


def share(quantity: str, names: tuple[str, ...], of: Literal["chip", "block"], totals: Totals) -> float:
    """What components of the IMA take of the chip or of one IMA, percent."""
    if of == "block":
        return 100 * block().amount(quantity, *names) / block().total(quantity)
    return 100 * chip().amount(quantity, *names) / whole(quantity, totals)


def measure(mac_operations: int, totals: Totals) -> dict[str, Any]:
    """Every number that the thesis gives of ISAAC, rolled up."""
    tops = blocks() * block_tops(mac_operations)
    area, power = whole("area_mm2", totals), whole("power_mw", totals)
    block_area = block().total("area_mm2")
    printed_tops = reference.value("reram.table7.isaac.area_efficiency").value * area / 1e3
    outputs = count("adcs_per_ima") * count("adc_rate") / count("clock")
    columns = count("array_side")
    return {
        "blocks": blocks(),
        "throughput_tops": tops,
        "throughput_tops_from_printed_area_efficiency": printed_tops,
        "area_mm2": area,
        "power_mw": power,
        "area_efficiency_gops_mm2": 1e3 * tops / area,
        "energy_efficiency_gops_w": 1e6 * tops / power,
        "block_area_mm2": block_area,
        "block_power_mw": block().total("power_mw"),
        "block_throughput_tops": block_tops(mac_operations),
        "block_area_efficiency_tops_mm2": block_tops(mac_operations) / block_area,
        "block_area_efficiency_from_printed_tops_mm2": printed_tops / blocks() / block_area,
        "converter_share": {
            f"{of}_{quantity.partition('_')[0]}": share(quantity, CONVERTERS, of, totals)
            for of in ("chip", "block")
            for quantity in ("area_mm2", "power_mw")
        },
        "crossbar_area_share": share("area_mm2", ("ima.array",), "chip", totals),
        "area_share_outside_blocks": 100 * (1 - blocks() * block_area / area),
        "frequency_ghz": {"arrays": 1 / count("read_time"), "converters": count("adc_rate")},
        "input_bit_factor": count("input_bits"),
        "weight_cell_factor": cells_per_weight(),
        "outputs_per_clock": {"block": outputs, "array": outputs / count("arrays_per_ima")},
        "columns_over_outputs": {
            "as_printed": columns / outputs,
            "array": columns * count("arrays_per_ima") / outputs,
        },
    }
