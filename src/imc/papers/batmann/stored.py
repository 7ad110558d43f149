"""The key memory alone: wires, converters and fewer bits, the controller digital."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor, nn

from imc.crossbar.arrays import Array, Chip
from imc.crossbar.cells import Device
from imc.crossbar.converters import ADC
from imc.crossbar.mapping import DoubleColumn
from imc.crossbar.network import map_network
from imc.crossbar.wires import Wires
from imc.papers.batmann.experiments import MemoryConfig
from imc.papers.batmann.on_crossbars import in_cells
from imc.papers.batmann.splits import Episodes, Similarities, digital, digital_keys
from imc.runs.experiments import Outcome, Progress

WIRED_SPLITS = 2
"""Behind wires every split's arrays are solved anew, which takes its time: so many splits a draw."""


def sweep(config: MemoryConfig, progress: Progress) -> Outcome:
    """Test the keys of `batmann/keys` in memories of every kind, one after the other.

    Metrics, percent, a list over draws: accuracy.digital; accuracy.wires by ohm ("0.1"); accuracy.adc by
    bits; accuracy.kept by bits of a key.
    """
    keys = digital_keys(config.embedding)
    episodes = Episodes(config.embedding)
    whole = Array(config.rows, config.columns, differential=True)
    memories: dict[str, dict[str, Callable[[int], Similarities]]] = {
        "wires": {f"{r:g}": _arrays(config, replace(whole, wires=Wires(r, r))) for r in config.wires},
        "adc": {f"{bits}": _arrays(config, replace(whole, adc=ADC(bits))) for bits in config.adc_bits},
        "kept": {f"{bits}": _kept(config, bits) for bits in config.kept},
    }
    accuracy: dict[str, object] = {"digital": _accuracy(episodes, keys, lambda index: digital)}
    total, done = sum(map(len, memories.values())), 0
    for kind, group in memories.items():
        found: dict[str, list[float]] = {}
        for value, memory in group.items():
            progress(done / total, f"{kind} {value}")
            found[value] = _accuracy(episodes, keys, memory, WIRED_SPLITS if kind == "wires" else None)
            done += 1
        accuracy[kind] = found
    return Outcome({"accuracy": accuracy})


def _accuracy(
    episodes: Episodes, keys: Tensor, memory: Callable[[int], Similarities], splits: int | None = None
) -> list[float]:
    found = []
    for index, own in enumerate(keys):
        split = episodes.split(index, own)[:splits]
        found.append(episodes.accuracy(split, split, memory(index)))
    return found


def _arrays(config: MemoryConfig, array: Array) -> Callable[[int], Similarities]:
    """A memory in double columns: a key a pair of columns, a query the voltages of the rows."""
    embedding, training = config.embedding, config.embedding.training
    chip = Chip(Device(embedding.r_on, embedding.r_off), DoubleColumn(), array=array, limit=1.0)
    stored = map_network(nn.Linear(training.dimension, training.ways * training.shots, bias=False), chip)
    return lambda index: in_cells(stored, 0)  # exact cells: no random numbers


def _kept(config: MemoryConfig, bits: int) -> Callable[[int], Similarities]:
    """A memory of so many bits of each key, the same random ones for queries and support of a draw."""

    def memory(index: int) -> Similarities:
        dimension = config.embedding.training.dimension
        chosen = np.random.default_rng([config.seed, index]).permutation(dimension)[:bits]
        return lambda queries, support: digital(queries[..., chosen], support[..., chosen])

    return memory
