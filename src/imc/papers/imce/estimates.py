"""Energy and area of the slides' three networks, and what is uncertain in them."""

import itertools
from collections.abc import Mapping
from typing import Any

from imc.claims import reference
from imc.papers.imce import area, components, energy
from imc.papers.imce.cost_experiments import EnergyConfig
from imc.papers.imce.energy import ALEXNETS, Treatment, total
from imc.papers.imce.mapping import occupation, place
from imc.papers.imce.networks import LENET, LENET_5, SVHN, Network
from imc.papers.imce.operations import Edges, configurations, matrices
from imc.runs.experiments import Outcome, Progress

PREDICTED = {"svhn": SVHN, "mnist": LENET}
"""The comparison's other two columns. For MNIST the slides name no network; `OTHERS` has another one."""

OTHERS = {"mnist": LENET_5}

EDGES = {"8:8": Edges(8, 8), "1:8": Edges(1, 8), "1:1": Edges(1, 1)}
"""Bits W:I of the first and last layer: both as fine as a pixel; binary weights on pixels; binary."""


def printed(row: str, column: str) -> float:
    """A cell of the slides' comparison, uJ or mm2."""
    return reference.value(f"imce.comparison.{row}.{column}").value


def estimate(config: EnergyConfig, progress: Progress) -> Outcome:
    """Energy and area, calibrated to AlexNet, predicted for the others.

    Metrics: ``calibration``, the constants fitted, and what reading two cells takes; ``alexnet``,
    ``svhn``, ``mnist``, energies in uJ; ``configurations``, the SVHN network at every W:I; ``and_share``,
    the largest of these in percent, with two constants; ``treatments``, least and greatest ratio to the
    RRAM design for every way to count; ``alone``, the same with one assumption changed at a time;
    ``area``; ``printed``, arithmetic on the slides' table.
    """
    edges = Edges(config.operations.first_weight_bits, config.operations.first_input_bits)
    treatment = Treatment(config.alexnet, edges, config.sensed)
    others = energy.nominal()
    sensing = energy.calibrate(treatment, others)
    sensing_two, factor = energy.calibrate_share(treatment)
    others_two = {name: factor * each for name, each in others.items()}
    metrics: dict[str, Any] = {
        "calibration": {
            "sensing_fj": 1e3 * sensing,
            "sensing_fj_by_edges": {
                label: 1e3 * energy.calibrate(Treatment(config.alexnet, e, config.sensed), others)
                for label, e in EDGES.items()
            },
            "two_cells_fj": 2 * components.value("cell_read") * components.value("and_time"),
            "two": {"sensing_fj": 1e3 * sensing_two, "factor": factor},
        },
        "alexnet": _energy(treatment, ALEXNETS[config.alexnet], sensing, others),
        "configurations": {},
    }
    for name, bits in configurations().items():
        if name != "w32i32":
            found = _energy(treatment, SVHN, sensing, others, bits)
            two = _energy(treatment, SVHN, sensing_two, others_two, bits)
            metrics["configurations"][name] = found | {
                "two": {k: two[k] for k in ("energy_uj", "and_share", "by_part")}
            }
    rows = metrics["configurations"].values()
    metrics["and_share"] = max(row["two"]["and_share"] for row in rows)
    metrics["and_share_one_constant"] = max(row["and_share"] for row in rows)
    for name, network in PREDICTED.items():
        found = _energy(treatment, network, sensing, others)
        low, high = energy.envelope(total(treatment.uses(network)), treatment)
        rram = printed("bcnn_rram", f"{name}_energy")
        two = energy.energy_uj(total(treatment.uses(network)), sensing_two, others_two)
        metrics[name] = found | {
            "low_uj": low,
            "high_uj": high,
            "ratio": rram / found["energy_uj"],
            "ratio_two_constants": rram / two,
        }
    progress(0.3)
    metrics["treatments"] = _treatments()
    progress(0.9)
    metrics["alone"] = _alone(treatment)
    metrics["area"] = _area(treatment)
    metrics["printed"] = _printed()
    return Outcome(metrics)


def _energy(
    treatment: Treatment,
    network: Network,
    sensing_pj: float,
    others: Mapping[str, float],
    bits: tuple[int, int] = energy.BINARY,
) -> dict[str, Any]:
    """One picture of a network: energy in uJ, by part and by layer, and the share of the ANDs in percent."""
    parts = components.energies(sensing_pj, others)
    by_layer = treatment.uses(network, bits)
    whole = energy.picture(network.name, by_layer, parts)
    by_part = {name: pj / 1e6 for name, pj in whole.breakdown("energy_pj").items()}
    layers = {part.name: part.total("energy_pj") / 1e6 for _, part in whole.parts}
    used = whole.total("energy_pj") / 1e6
    ands = total(by_layer)["and"]
    return {
        "energy_uj": used,
        "by_part": by_part,
        "by_layer": layers,
        "ands": ands,
        "and_share": 100 * by_part["and"] / used,
    }


def _ratio(
    treatment: Treatment, column: str, network: Network, changed: Mapping[str, float] | None = None
) -> float:
    """The binary RRAM design's energy over ours, with the table's parts but for those `changed` (pJ)."""
    others = energy.nominal() | dict(changed or {})
    used = total(treatment.uses(network))
    ours = energy.energy_uj(used, energy.calibrate(treatment, others), others)
    return printed("bcnn_rram", f"{column}_energy") / ours


def _ratios(treatment: Treatment, column: str, network: Network) -> list[float]:
    """Least and greatest of these ratios over the parts' ranges."""
    low, high = energy.envelope(total(treatment.uses(network)), treatment)
    rram = printed("bcnn_rram", f"{column}_energy")
    return [rram / high, rram / low]


def _treatments() -> dict[str, Any]:
    """Ratios for every combination of what the slides leave open."""
    found: dict[str, Any] = {}
    for (label, edges), sensed in itertools.product(EDGES.items(), ("occupied", "rows")):
        ranges: dict[str, list[float]] = {}
        for alexnet in ALEXNETS:
            treatment = Treatment(alexnet, edges, sensed)
            for column, network in [*PREDICTED.items(), *OTHERS.items()]:
                ranges.setdefault(column, []).extend(_ratios(treatment, column, network))
        found[f"{label} {sensed}"] = {column: [min(r), max(r)] for column, r in ranges.items()}
    return found


def _alone(base: Treatment) -> dict[str, dict[str, list[float]]]:
    """Ratios with one assumption changed and all others as in `base`: least and greatest."""
    found: dict[str, dict[str, list[float]]] = {}
    for column, network in PREDICTED.items():
        changed = {
            "AlexNet": [Treatment(name, base.edges, base.sensed) for name in ALEXNETS],
            "bits of first and last layer": [Treatment(base.alexnet, e, base.sensed) for e in EDGES.values()],
            "columns sensed": [Treatment(base.alexnet, base.edges, s) for s in ("occupied", "rows")],
        }
        ratios = {
            what: [_ratio(t, column, network) for t in treatments] for what, treatments in changed.items()
        }
        if column in OTHERS:
            ratios["network"] = [_ratio(base, column, n) for n in (network, OTHERS[column])]
        for part, ends in components.ranged().items():
            ratios[part] = [_ratio(base, column, network, {part: end}) for end in ends]
        found[column] = {what: [min(r), max(r)] for what, r in ratios.items()}
    return found


def _area(treatment: Treatment) -> dict[str, Any]:
    """Areas in mm2, with everything on the chip at once, and with as little as the slides' ratio allows."""
    each = area.sub_arrays_by_cell()
    one = each["value"].total("area_mm2")
    fitted = area.fitted_sub_arrays(one)
    networks = {"alexnet": ALEXNETS[treatment.alexnet], **PREDICTED}
    found: dict[str, Any] = {
        **area.shares(each["value"]),
        "sub_array_mm2": one,
        "by_part": each["value"].breakdown("area_mm2"),
        "sub_arrays": fitted,
        "ratio": printed("bcnn_rram", "imagenet_area") / (fitted * one),
        "squares_per_bit": area.squares_per_bit(),
        "networks": {},
        "resident": {},
    }
    for name, network in networks.items():
        placed = place(matrices(network, *energy.BINARY, treatment.edges).values())
        held = occupation(placed)
        column = "imagenet" if name == "alexnet" else name
        rram = printed("bcnn_rram", f"{column}_area")
        sizes = {end: held["sub_arrays"] * block.total("area_mm2") for end, block in each.items()}
        found["networks"][name] = held | {
            "area_mm2": sizes,
            "ratio": {end: rram / size for end, size in sizes.items()},
            "by_layer": {
                layer: p.sub_arrays * one
                for layer, p in zip((lay.name for lay in network.layers), placed, strict=True)
            },
        }
        convolutions = [p for p, lay in zip(placed, network.layers, strict=True) if lay.kind == "conv"]
        resident = {
            "all layers": int(held["sub_arrays"]),
            "convolutions": sum(p.sub_arrays for p in convolutions),
            "largest convolution": max(p.sub_arrays for p in convolutions),
        }
        found["resident"][name] = {
            what: {
                "sub_arrays": number,
                "mm2": {end: number * b.total("area_mm2") for end, b in each.items()},
            }
            for what, number in resident.items()
        }
        found["networks"][name] |= {
            "loads": area.loads(resident["all layers"], fitted),
            "refill_uj": sum(p.cells for p in placed) * components.value("write") / 1e6,
        }
    return found


def _printed() -> dict[str, Any]:
    """The slides' comparison held against itself."""
    ours = reference.value("imce.energy.alexnet").value

    def saved(quantity: str) -> dict[str, float]:
        columns = [f"{data}_{quantity}" for data in ("imagenet", "svhn", "mnist")]
        return {c: 100 * (1 - printed("bcnn_rram", c) / printed("cnn_rram", c)) for c in columns}

    macs = {"imagenet": ALEXNETS["ungrouped"].macs, "svhn": SVHN.macs, "mnist": LENET.macs}
    return {
        "saved": saved("energy") | saved("area"),
        "energy_ratio": printed("bcnn_rram", "imagenet_energy") / ours,
        "energy_ratio_cnn": printed("cnn_rram", "imagenet_energy") / ours,
        "svhn_energy_ratio": printed("cnn_rram", "svhn_energy") / printed("bcnn_rram", "svhn_energy"),
        "rram_pj_per_mac": {
            data: 1e6 * printed("bcnn_rram", f"{data}_energy") / count for data, count in macs.items()
        },
        "imce_pj_per_mac": {
            name: 1e6 * ours / network.macs for name, network in ALEXNETS.items() if name != "dorefa"
        },
    }
