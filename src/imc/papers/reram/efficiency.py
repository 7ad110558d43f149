"""Efficiency of the thesis's design: chapter V as arithmetic.

Printed are 361.02 TOPS/mm2 and 589.57 TOPS/W at 100 MHz. With all weights at work every cycle, these imply an
area and a power, to which the circuits of `imc.papers.reram.chip` are calibrated.
"""

from imc.claims import reference
from imc.cost.rollup import Block
from imc.cost.scaling import throughput_tops
from imc.papers.reram import chip, gap, isaac, table7
from imc.papers.reram.experiments import EfficiencyConfig
from imc.runs.experiments import Outcome, Progress

NETWORK = chip.inventory(input_size=20, hidden=128)
"""400-128-128-10, the network of chapter V."""


def compute(config: EfficiencyConfig, progress: Progress) -> Outcome:
    """Everything in chapter V that follows from something else.

    Metrics: isaac, its roll-up; scaled, Table 7's parentheses; printed, ratios of its cells; peers, what the
    chips publish; ours, the implied and calibrated chip; gap, the factors between ISAAC and ours.
    """
    rolled, built = isaac.measure(config.mac_operations, config.totals), ours(config)
    efficiencies = (built["area_efficiency_tops_mm2"], built["energy_efficiency_tops_w"])
    return Outcome(
        {
            "isaac": rolled,
            "scaled": table7.scaled_values(),
            "printed": table7.ratios(),
            "peers": table7.peers(),
            "ours": built,
            "gap": {"thesis": gap.thesis(), "here": gap.here(rolled, config.clock_mhz, *efficiencies)},
        }
    )


def implied(config: EfficiencyConfig) -> tuple[float, float, float]:
    """Throughput (TOPS), area (mm2) and power (mW) that the printed efficiencies imply.

    `config.counted` says which cells are at work: the network's weights, or those of six full arrays.
    """
    macs = NETWORK.synapses if config.counted == "weights" else NETWORK.arrays * chip.ARRAY_SIDE**2
    tops = throughput_tops(macs, 1e3 / config.clock_mhz, config.mac_operations)
    area = tops / reference.value("reram.table7.ours.area_efficiency").value
    power = 1e3 * tops / reference.value("reram.table7.ours.energy_efficiency").value
    return tops, area, power


def circuits(config: EfficiencyConfig) -> chip.Circuits:
    """The circuits calibrated to the implied area and power."""
    _, area, power = implied(config)
    return chip.calibrate(NETWORK, area, power, config.column_share)


def ours(config: EfficiencyConfig) -> dict:
    """The chip of 400-128-128-10, rolled up from the calibrated circuits."""
    tops, area, power = implied(config)
    kit = circuits(config)
    built: Block = kit.chip(NETWORK)
    return {
        **vars(NETWORK),
        "throughput_tops": tops,
        "implied_area_mm2": area,
        "implied_power_mw": power,
        "area_efficiency_tops_mm2": tops / built.total("area_mm2"),
        "energy_efficiency_tops_w": 1e3 * tops / built.total("power_mw"),
        "energy_per_picture_pj": built.energy_pj(1e3 / config.clock_mhz),
        "area_mm2": built.breakdown("area_mm2"),
        "power_mw": built.breakdown("power_mw"),
        "area_share_of_cells": 100 * built.amount("area_mm2", "cell") / built.total("area_mm2"),
        "isaac_block_over_area": isaac.block().total("area_mm2") / area,
        "each": {
            part.name: {"area_um2": 1e6 * part.total("area_mm2"), "power_uw": 1e3 * part.total("power_mw")}
            for part in (kit.cell, kit.driver, kit.neuron, kit.column)
        },
    }
