"""Any network on the thesis's circuits: as many arrays as it takes, each layer in hand at once.

The cost of a cell, a driver and a neuron's circuits comes from the thesis's chip (`imc.papers.reram.chip`):
what they draw for the 10 ns of a read is the energy of a use. Bits lie side by side. Weights of w bits take w
cells, as in the chip; inputs of i bits take i rows, whose currents the mirrors would weight by 1, 2, 4, ...
as they do the columns' (thesis, 3.3 and 4.3). Pictures between layers are not stored, as in the chip.
"""

import math
from collections.abc import Iterable

from imc.cost.matrices import Matrix, network
from imc.papers.reram import efficiency
from imc.papers.reram.chip import ARRAY_SIDE, Circuits, Inventory
from imc.papers.reram.experiments import MappedConfig
from imc.runs.experiments import Outcome, Progress


def inventory(layer: Matrix) -> Inventory:
    """What a layer takes, over its groups."""
    rows, width = layer.inputs * layer.input_bits, layer.outputs * layer.weight_bits
    down, across = math.ceil(rows / ARRAY_SIDE), math.ceil(width / ARRAY_SIDE)
    return Inventory(
        synapses=layer.weights,
        cells=rows * width * layer.groups,
        arrays=down * across * layer.groups,
        largest_side=max(min(rows, ARRAY_SIDE), min(width, ARRAY_SIDE)),
        rows=rows * across * layer.groups,
        columns=width * down * layer.groups,
        neurons=layer.outputs * layer.groups,
    )


def area_mm2(layers: Iterable[Matrix], kit: Circuits) -> float:
    """Area with every weight on the chip."""
    return math.fsum(kit.chip(inventory(layer)).total("area_mm2") for layer in layers)


def energy_pj(layer: Matrix, kit: Circuits, cycle_ns: float) -> float:
    """Energy of one picture in a layer: one read of all its arrays at every place."""
    return layer.reads * kit.chip(inventory(layer)).energy_pj(cycle_ns)


def estimate(config: MappedConfig, progress: Progress) -> Outcome:
    """Energy, area and time of `config.layers` on the thesis's circuits.

    Metrics: ``macs``, ``weights``, ``cells``, ``arrays``, ``neurons``, ``columns``; ``energy_uj`` and
    ``area_mm2`` for the configured share of the circuits at the columns, and ``_columns`` with all of them
    there; ``latency_us`` by layer, ``latency_total_us``, ``pictures_per_s`` with the layers as a pipeline.
    """
    conventions = config.efficiency
    layers, cycle_ns = network(config.layers), 1e3 / conventions.clock_mhz
    counts = [inventory(layer) for layer in layers]
    found: dict = {
        "macs": sum(layer.macs for layer in layers),
        "weights": sum(layer.weights for layer in layers),
        **{name: sum(getattr(c, name) for c in counts) for name in ("cells", "arrays", "neurons", "columns")},
    }
    for suffix, share in (("", conventions.column_share), ("_columns", 1.0)):
        kit = efficiency.circuits(conventions.model_copy(update={"column_share": share}))
        found[f"area_mm2{suffix}"] = area_mm2(layers, kit)
        found[f"energy_uj{suffix}"] = math.fsum(energy_pj(layer, kit, cycle_ns) for layer in layers) / 1e6
    latency = [layer.reads * cycle_ns / 1e3 for layer in layers]
    progress(1)
    return Outcome(
        found
        | {
            "latency_us": latency,
            "latency_total_us": sum(latency),
            "pictures_per_s": 1e6 / max(latency),
        }
    )
