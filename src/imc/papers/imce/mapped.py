"""Any network on IMCE: what it occupies, what one picture takes, and how long."""

import math

from imc.claims import reference
from imc.cost.matrices import network
from imc.papers.imce import area, components, energy
from imc.papers.imce.cost_experiments import MappedConfig
from imc.papers.imce.energy import ALEXNETS, Treatment, total
from imc.papers.imce.mapping import occupation, place
from imc.papers.imce.operations import Edges
from imc.runs.experiments import Outcome, Progress


def estimate(config: MappedConfig, progress: Progress) -> Outcome:
    """Energy, area and time of `config.layers`, each layer once on the chip.

    Metrics: ``macs``, ``weights``, ``bit_ands``; ``sub_arrays``, ``banks``, ``utilization`` (percent), and
    ``chips``, of 512 Mb; ``energy_uj``, with ``energy_low_uj`` and ``energy_high_uj`` over the parts' ranges,
    over the AlexNet that the fit closes on, and over the columns sensed; ``energy_binary_edges_uj``, if the
    fit takes AlexNet's first and last layer as binary; ``by_part`` in uJ; ``area_mm2``, for the table's cell,
    low and high; ``latency_us`` by layer, ``latency_total_us``, and ``pictures_per_s`` with the layers as a
    pipeline, and both ``_slow``, with the slower AND.
    """
    assumed, operations = config.energy, config.energy.operations
    edges = Edges(operations.first_weight_bits, operations.first_input_bits)
    treatment = Treatment(assumed.alexnet, edges, assumed.sensed)
    others, layers = energy.nominal(), network(config.layers)
    placed = place(layers)
    by_layer = energy.uses(placed, assumed.sensed)
    parts = components.energies(energy.calibrate(treatment, others), others)
    whole = energy.picture("network", by_layer, parts)
    ranges = [
        energy.envelope(total(energy.uses(placed, sensed)), Treatment(alexnet, edges, sensed))
        for alexnet in ALEXNETS
        for sensed in ("occupied", "rows")
    ]
    binary = Treatment(assumed.alexnet, Edges(1, 1), assumed.sensed)
    held = occupation(placed)
    sizes = {
        end: held["sub_arrays"] * block.total("area_mm2") for end, block in area.sub_arrays_by_cell().items()
    }
    write_ns = reference.value("imce.device.switching_time").value
    fast, slow = (
        [p.nanoseconds(write_ns, and_ns) / 1e3 for p in placed]
        for and_ns in (components.value("and_time"), components.high("and_time"))
    )
    chip = components.value("banks") * components.value("sub_arrays_per_bank")
    progress(1)
    return Outcome(
        {
            "macs": sum(layer.macs for layer in layers),
            "weights": sum(layer.weights for layer in layers),
            "bit_ands": sum(layer.bit_products for layer in layers),
            **held,
            "chips": math.ceil(held["sub_arrays"] / chip),
            "energy_uj": whole.total("energy_pj") / 1e6,
            "energy_low_uj": min(low for low, _ in ranges),
            "energy_high_uj": max(high for _, high in ranges),
            "energy_binary_edges_uj": energy.energy_uj(
                total(by_layer), energy.calibrate(binary, others), others
            ),
            "by_part": {name: pj / 1e6 for name, pj in whole.breakdown("energy_pj").items()},
            "area_mm2": sizes,
            "latency_us": fast,
            "latency_total_us": sum(fast),
            "latency_slow_us": sum(slow),
            "pictures_per_s": 1e6 / max(fast),
            "pictures_per_s_slow": 1e6 / max(slow),
        }
    )
