"""A small network on published devices, on a measured one, and as it ages: the page "Your own device"."""

import csv
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imc import datasets, threads
from imc.crossbar.arrays import Chip
from imc.crossbar.cells import Device
from imc.crossbar.devices import Measured, all_published, published
from imc.crossbar.disturbances import Drift, ReadNoise
from imc.crossbar.network import CrossbarNetwork, map_network
from imc.crossbar.storage import compare
from imc.crossbar.variation import Lognormal
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
        data = datasets.load("digits")
        x, labels = _rows(data.train_images), torch.from_numpy(data.train_labels).long()
        test = _rows(data.test_images), torch.from_numpy(data.test_labels).long()
        network = _trained(x, labels, config)
        chips = [config.seed + i for i in range(config.chips)]
        metrics: dict[str, Any] = {"digital": _accuracy(network, test), "accuracy": {}, "weight_error": {}}
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


def _rows(images: np.ndarray) -> Tensor:
    """Pictures as rows of 400 grey levels, 0 to 1; the frame around a digit holds nothing."""
    return torch.from_numpy(images[:, 4:24, 4:24].reshape(len(images), -1).astype(np.float32) / 255)


def _trained(x: Tensor, labels: Tensor, config: OwnDeviceConfig) -> nn.Sequential:
    torch.manual_seed(config.seed)
    network = nn.Sequential(nn.Linear(x.shape[1], config.hidden), nn.ReLU(), nn.Linear(config.hidden, 10))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(config.steps):
        optimizer.zero_grad()
        F.cross_entropy(network(x), labels).backward()
        optimizer.step()
    return network.eval()


@torch.no_grad()
def _accuracy(network: nn.Module, test: tuple[Tensor, Tensor]) -> float:
    return 100 * float((network(test[0]).argmax(1) == test[1]).double().mean())


def _chip(mapped: CrossbarNetwork, seed: int, test: tuple[Tensor, Tensor]) -> tuple[float, float]:
    """Accuracy (%) of one chip, and the largest relative error of a layer's weights."""
    mapped.program(seed)
    return _accuracy(mapped, test), max(layer.weight_error for layer in compare(mapped).values())


def _ageing(
    network: nn.Module, config: OwnDeviceConfig, chips: list[int], test: tuple[Tensor, Tensor]
) -> dict[str, Any]:
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
            found["as_it_is"][-1].append(_accuracy(mapped, test))
            mapped.tune(seed)
            found["tuned"][-1].append(_accuracy(mapped, test))
    return {"seconds": list(config.ages), **found}


def _measured(
    network: nn.Module, config: OwnDeviceConfig, chips: list[int], test: tuple[Tensor, Tensor]
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
