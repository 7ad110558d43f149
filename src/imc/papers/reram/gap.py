"""The gap between ISAAC and the thesis's design, factor by factor (section 5.3).

`thesis` multiplies the factors that the thesis gives; `here` derives each from ISAAC's component table:

- overhead: the chip around the blocks;
- precision: 16-bit products counted as reads of single cells by single bits, 16 x 8;
- frequency and parallelism: 1.2 GHz with 128 columns one after the other in 100 ns, against all in one cycle;
- converters: a block without its ADCs and DACs;
- circuits: from there to the thesis's chip, cell for cell.
"""

import math
from typing import Any

from imc.claims import reference
from imc.papers.reram import isaac
from imc.papers.reram.table7 import printed

QUANTITIES = {"area": "area_mm2", "energy": "power_mw"}


def thesis() -> dict[str, Any]:
    """The thesis's factors between 478.95 GOPS/mm2 and 361.02 TOPS/mm2, and what they leave unexplained."""

    def value(name: str) -> float:
        return reference.value(f"reram.{name}").value

    start, end = (printed(row, "area_efficiency") / 1e3 for row in ("isaac", "ours"))
    factors = {
        "overhead": value("isaac.block_area_efficiency") / start,
        "precision": value("isaac.input_bit_factor") * value("isaac.weight_cell_factor"),
        "frequency": value("circuit.frequency") / value("isaac.frequency") / 1e3,
        "parallelism": value("isaac.parallelism"),
    }
    left = end / start / math.prod(factors.values())
    return {"factors": factors, "before_parallelism": left * factors["parallelism"], "left": left}


def here(measured: dict[str, Any], clock_mhz: float, area: float, energy: float) -> dict[str, Any]:
    """Our factors for area and energy, from ISAAC as `imc.papers.reram.isaac.measure` finds it.

    Args:
        clock_mhz: clock of the design.
        area: its area efficiency, TOPS/mm2.
        energy: its energy efficiency, TOPS/W.
    """
    ends = {
        "area": 1e3 * area / measured["area_efficiency_gops_mm2"],
        "energy": 1e3 * energy / measured["energy_efficiency_gops_w"],
    }
    precision = measured["input_bit_factor"] * measured["weight_cell_factor"]
    rate = {
        "frequency": clock_mhz / (1e3 * isaac.count("clock")),
        "parallelism": isaac.count("clock") * isaac.count("read_time"),
    }
    found: dict[str, Any] = {}
    for name, quantity in QUANTITIES.items():
        block, bare = isaac.block().total(quantity), isaac.block().without(*isaac.CONVERTERS).total(quantity)
        factors = {"overhead": measured[quantity] / (measured["blocks"] * block), "precision": precision}
        # Operations a joule have no rate in them: a read costs its energy however often it happens.
        factors |= rate if name == "area" else {}
        factors["converters"] = block / bare
        factors["circuits"] = ends[name] / math.prod(factors.values())
        found[name] = {
            "factors": factors,
            "total": ends[name],
            "analog_for_converters": ends[name] / factors["overhead"] / precision,
        }
    main = precision * math.prod(rate.values())
    found["area"]["precision_and_parallelism_share"] = 100 * math.log(main) / math.log(ends["area"])
    return found
