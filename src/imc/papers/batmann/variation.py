"""Accuracy against device variation: Figure 3."""

import time
from typing import Any

from torch import Tensor

from imc.papers.batmann.experiments import VariationConfig
from imc.papers.batmann.on_crossbars import SCHEMES, Hardware
from imc.papers.batmann.seeds import side_by_side
from imc.papers.batmann.splits import Episodes, digital, digital_keys, trained
from imc.runs import unfinished
from imc.runs.experiments import Outcome, Progress

EXPERIMENT = "batmann/variation"
SAVE_SECONDS = 5.0
"""What is found so far is saved no more often."""
WHERE = ("controller", "memory", "both")
EDGE = (600.0, 1000.0, 1400.0)
"""The sigmas of the paper's two sentences, ohm."""


def vary(config: VariationConfig, progress: Progress) -> Outcome:
    """Program every draw at every sigma, and test it on its episode.

    Metrics, by sigma ("600") a list over draws: accuracy.WHERE, percent, with the controller, the key memory
    or both on crossbars; flipped, bits of the keys that the controller on crossbars gets wrong, percent;
    floor.LAYER, cells at the floor of 1 ohm. cells.LAYER: how many there are. edge.WHERE, over draws, %p: how
    much more is lost from 1000 to 1400 ohm than from 600 to 1000. At sigma 0 the controller's keys are the
    digital ones, which `batmann/keys` holds against those of ideal crossbars.
    """
    sweep = Sweep(config, digital_keys(config.embedding))
    state = unfinished.load(EXPERIMENT, config)
    found: dict[str, dict[str, Any]] = state[1] if state else {}
    saved = time.monotonic()
    for number, sigma in enumerate(config.sigmas):
        progress(number / len(config.sigmas), f"sigma {sigma:g} ohm")
        if f"{sigma:g}" not in found:
            found[f"{sigma:g}"] = sweep.at(sigma)
            if time.monotonic() - saved >= SAVE_SECONDS:
                unfinished.save(EXPERIMENT, config, {}, found)
                saved = time.monotonic()
    metrics = turned(found)
    each = len(SCHEMES[config.columns].signs)
    metrics["cells"] = {name: each * layer.weight.numel() for name, layer in sweep.layers.items()}
    if set(EDGE) <= set(config.sigmas):
        metrics["edge"] = {where: _edge(metrics["accuracy"][where]) for where in WHERE}
    return Outcome(metrics)


class Sweep:
    """The draws of a configuration, one sigma after the other."""

    def __init__(self, config: VariationConfig, keys: Tensor) -> None:
        self.config, self.layers = config, trained(config.embedding.training)
        self.episodes = Episodes(config.embedding)
        self.digital = keys.to(self.episodes.part.device)

    def at(self, sigma: float) -> dict[str, Any]:
        """What `vary` records of one sigma, nested, lists over draws at the leaves."""
        hardware = Hardware(self.config, self.layers, sigma, self.digital.device)
        draws = [self._draw(hardware, index) for index in range(self.config.embedding.draws)]
        return side_by_side(draws)

    def _draw(self, hardware: Hardware, index: int) -> dict[str, Any]:
        episodes = self.episodes
        own = support = queries = episodes.split(index, self.digital[index])
        floored = dict.fromkeys(self.layers, 0)
        if hardware.sigma:
            x = episodes.pictures(index)
            support = queries = episodes.split(index, hardware.keys(x, index))
            floored |= hardware.floored()
            if self.config.devices == "redrawn":
                queries = episodes.split(index, hardware.keys(x, index, device=1))
        memory = hardware.memory(index)
        return {
            "accuracy": {
                "controller": episodes.accuracy(support, queries, digital),
                "memory": episodes.accuracy(own, own, memory),
                "both": episodes.accuracy(support, queries, memory),
            },
            "flipped": round(100 * (support[0] != own[0]).double().mean().item(), 4),
            "floor": floored,
        }


def turned(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """From sigma -> name -> ... -> list to name -> ... -> sigma -> list."""
    first = next(iter(found.values()))
    return {
        name: turned({sigma: values[name] for sigma, values in found.items()})
        if isinstance(first[name], dict)
        else {sigma: values[name] for sigma, values in found.items()}
        for name in first
    }


def _edge(accuracy: dict[str, list[float]]) -> list[float]:
    """Loss beyond 1000 ohm minus the loss before, by draw."""
    before, at, after = (accuracy[f"{sigma:g}"] for sigma in EDGE)
    return [round((a - c) - (b - a), 4) for b, a, c in zip(before, at, after, strict=True)]
