"""A small network on published devices, on a measured one, and as it ages: the page "Your own device"."""

import csv
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from imc import threads
from imc.crossbar.arrays import Chip
from imc.crossbar.cells import Device
from imc.crossbar.devices import Measured, all_published, published
from imc.crossbar.disturbances import Drift, ReadNoise
from imc.crossbar.network import CrossbarNetwork, map_network
from imc.crossbar.storage import compare
from imc.crossbar.variation import Lognormal
from imc.papers.arrays import digits
from imc.papers.arrays.digits import Pictures
from imc.papers.arrays.experiments import OwnDeviceConfig
from imc.runs.experiments import Outcome, Progress

AGEING = "pcm-nandakumar-2019"
MADE_UP, SPREAD = Device(r_on=5e3, r_off=2e5), 1500.0
"""The device whose measured table is made up here, and the lognormal spread, ohm, that it is drawn with."""


def ask(config: OwnDeviceConfig, progress: Progress) -> Outcome:
    """How accurate a network on digits is on chips of each device.

    Metrics: ``digital``, test accuracy (%) of the network itself; ``accuracy.<device>`` [chip] and
    ``weight_error.<device>`` [chip], relative; ``ageing.as_it_is`` and ``ageing.tuned`` [age][chip] at
    ``ageing.seconds``; ``measured``: ``accuracy`` [chip] of the empirical law, ``law`` [chip] of the law that
    its table was drawn from, and ``table``, its summary by target.
    """
    with threads.for_products(1):
        train, test = digits.pictures()
        network = digits.fit(digits.perceptron(config.hidden, config.seed), train, config.steps)
        chips = [config.seed + i for i in range(config.chips)]
        metrics: dict[str, Any] = {
            "digital": digits.accuracy(network, test),
            "accuracy": {},
            "weight_error": {},
        }
        for done, (name, device) in enumerate(all_published().items()):
            progress(done / len(all_published()), name)
            mapped = map_network(network, Chip(device.cell, variation=device.variation))
            found = [_chip(mapped, seed, test) for seed in chips]
            metrics["accuracy"][name] = [f[0] for f in found]
            metrics["weight_error"][name] = [f[1] for f in found]
        metrics["ageing"] = _ageing(network, config, chips, test)
        metrics["measured"] = _measured(network, config, chips, test)
    progress(1, "done")
    return Outcome(metrics)


def _chip(mapped: CrossbarNetwork, seed: int, test: Pictures) -> tuple[float, float]:
    """Accuracy (%) of one chip, and the largest relative error of a layer's weights."""
    mapped.program(seed)
    return digits.accuracy(mapped, test), max(layer.weight_error for layer in compare(mapped).values())


def _ageing(network: nn.Module, config: OwnDeviceConfig, chips: list[int], test: Pictures) -> dict[str, Any]:
    """Accuracy by age, as it is and with each layer's outputs corrected; every cell keeps its exponent."""
    device = published(AGEING)
    mapped = map_network(network, Chip(device.cell, variation=device.variation))
    found: dict[str, list[list[float]]] = {"as_it_is": [], "tuned": []}
    for seconds in config.ages:
        for accuracies in found.values():
            accuracies.append([])
        for seed in chips:
            mapped.program(seed)
            mapped.disturb(Drift(seconds), ReadNoise(seconds), seed=seed)
            found["as_it_is"][-1].append(digits.accuracy(mapped, test))
            mapped.tune(seed)
            found["tuned"][-1].append(digits.accuracy(mapped, test))
    return {"seconds": list(config.ages), **found}


def _measured(
    network: nn.Module, config: OwnDeviceConfig, chips: list[int], test: Pictures
) -> dict[str, Any]:
    """A table of cells as a laboratory would send it, and the chips that it describes."""
    law, generator = Lognormal(SPREAD), torch.Generator().manual_seed(config.seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cells.csv"
        with file.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["target", "measured"])
            for target in np.geomspace(MADE_UP.r_on, MADE_UP.r_off, 5):
                g = torch.full((config.cells,), 1 / target, dtype=torch.float64)
                law(g, MADE_UP, generator)
                writer.writerows((f"{target:.6g}", f"{1 / float(cell):.6g}") for cell in g)
        mine = Measured.read(file, unit="ohm")
    found: dict[str, Any] = {"table": mine.summary()}
    for name, step in (("accuracy", mine), ("law", law)):
        mapped = map_network(network, Chip(MADE_UP, variation=(step,)))
        found[name] = [_chip(mapped, seed, test)[0] for seed in chips]
    return found
