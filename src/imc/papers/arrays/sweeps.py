"""Sweeps over sigma and over wire resistance."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from imc.crossbar.arrays import Chip
from imc.crossbar.cells import Device
from imc.crossbar.layers import CrossbarLayer
from imc.crossbar.mapping import DoubleColumn, SingleColumn
from imc.crossbar.network import map_network
from imc.crossbar.reference import solve_network
from imc.crossbar.variation import MEANINGS, meaning
from imc.crossbar.wires import Wires, effective_conductances
from imc.papers.arrays.experiments import VariationConfig, WiresConfig
from imc.runs.experiments import Outcome, Progress

SCHEMES = {"double": DoubleColumn(), "single": SingleColumn()}
CELL_METRICS = ("r_mean", "r_sd", "g_mean", "g_sd", "heaviest")
BATCH = 256
"""Random inputs on which products are compared."""

README_OHM = [[345, 903, 755, 257, 646], [652, 401, 508, 166, 454], [442, 874, 190, 244, 635]]
README_VOLT = [1.5, 2.3, 1.7]
README_AMPERE = {
    0.0: [0.0117215873, 0.0093418705, 0.0154616824, 0.0266592107, 0.0100652261],
    0.5: [0.0115850254, 0.0091906416, 0.0151156812, 0.0258332082, 0.0098117929],
}
"""The example in the README of badcrossbar, an outside solver of resistive arrays, by wire resistance."""


def variation(config: VariationConfig, progress: Progress) -> Outcome:
    """Product correlation, resistances and the heaviest cell under each meaning of sigma.

    Metrics, each [sigma][seed]: ``correlation.<scheme>.<meaning>`` of the products with the ideal ones;
    ``r_mean``, ``r_sd``, ``g_mean``, ``g_sd`` ``.<meaning>`` of the resistance (ohm, of cells that conduct at
    all) and the conductance (siemens) of ON cells; ``heaviest.<meaning>``, the share of a column's
    conductance that its largest cell holds, mean over columns. Tensors: counts of the resistances of ON and
    OFF cells at the shown sigma, the last bin holding all beyond.
    """
    device = Device(config.r_on, config.r_off, levels=2)
    ideal, x = _binary_layer(config.side, config.seed)
    bins = np.linspace(0, 1.8 * config.r_off, 181)
    metrics: dict[str, Any] = {key: {} for key in CELL_METRICS}
    metrics["correlation"] = {scheme: {} for scheme in SCHEMES}
    tensors = {"bins": bins}
    for number, name in enumerate(MEANINGS):
        progress(number / len(MEANINGS), name)
        rows: dict[str, list[list[float]]] = {k: [] for k in (*CELL_METRICS, *SCHEMES)}
        for sigma in config.sigmas:
            found = [_one(config, device, ideal, x, name, sigma, s) for s in range(config.seeds)]
            for key in rows:
                rows[key].append([f[key] for f in found])
        for key in CELL_METRICS:
            metrics[key][name] = rows[key]
        for scheme in SCHEMES:
            metrics["correlation"][scheme][name] = rows[scheme]
        layer = _programmed(config, device, ideal, name, config.shown, "double", 0)
        for state, ohm in _resistances(layer).items():
            tensors[f"{name}.{state}"] = np.histogram(np.minimum(ohm, bins[-1]), bins)[0]
    return Outcome(metrics, tensors)


def _binary_layer(side: int, seed: int) -> tuple[nn.Linear, Tensor]:
    """A layer of weights -1 and +1, and inputs of -1 and +1."""
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(side, side, bias=False)
    layer.weight.data = torch.randint(0, 2, (side, side), generator=generator) * 2.0 - 1
    return layer, torch.randint(0, 2, (BATCH, side), generator=generator) * 2.0 - 1


def _programmed(
    config: VariationConfig, device: Device, ideal: nn.Linear, name: str, sigma: float, scheme: str, seed: int
) -> CrossbarLayer:
    chip = Chip(device, SCHEMES[scheme], (meaning(name, sigma),))
    return map_network(ideal, chip, seed=config.seed + seed).layers[""]


def _one(
    config: VariationConfig, device: Device, ideal: nn.Linear, x: Tensor, name: str, sigma: float, seed: int
) -> dict[str, float]:
    """Everything that one programmed layer tells, by the names of `variation`."""
    found = {}
    for scheme in SCHEMES:
        layer = _programmed(config, device, ideal, name, sigma, scheme, seed)
        products = torch.stack((x @ layer.ideal.T, x @ layer.effective().T)).double().flatten(1)
        found[scheme] = float(torch.corrcoef(products)[0, 1])
        if scheme == "double":
            on = _resistances(layer)["on"]
            conducting = on[np.isfinite(on)]
            found["r_mean"], found["r_sd"] = float(conducting.mean()), float(conducting.std())
            found["g_mean"], found["g_sd"] = float((1 / on).mean()), float((1 / on).std())
            columns = layer.cells.double()
            found["heaviest"] = float((columns.amax(-1) / columns.sum(-1)).mean())
    return found


def _resistances(layer: CrossbarLayer) -> dict[str, np.ndarray]:
    """Resistances, ohm, of the cells of a double-column layer that should be ON and of those to be OFF."""
    ohm = 1 / layer.cells.double()
    on = torch.stack((layer.ideal > 0, layer.ideal < 0), dim=1)
    return {"on": ohm[on].numpy(), "off": ohm[~on].numpy()}


def wires(config: WiresConfig, progress: Progress) -> Outcome:
    """What edges see of cells behind wires, and two checks of the solver.

    Metrics, each [side][ohm][seed]: ``kept``, mean of E/G over the cells; ``worst``, the least;
    ``correlation`` of double-column products with the ideal ones. ``solver``: greatest relative error on the
    outside example, by wire resistance, and against nodal analysis of a random array. Tensor ``map``: E/G of
    one array at each resistance, every cell ON.
    """
    g_on, g_off = 1 / config.r_on, 1 / config.r_off
    metrics: dict[str, Any] = {"kept": [], "worst": [], "correlation": [], "solver": _solver_errors()}
    total = sum(s**3 for s in config.sides)
    done = 0.0
    for side in config.sides:
        rows: dict[str, list[list[float]]] = {"kept": [], "worst": [], "correlation": []}
        for ohm in config.ohms:
            found = [_behind(side, ohm, g_on, g_off, config.seed + s) for s in range(config.seeds)]
            for key in rows:
                rows[key].append([f[key] for f in found])
            done += side**3 / total / len(config.ohms)
            progress(min(done, 1.0), f"{side} x {side}, {ohm:g} ohm")
        for key in rows:
            metrics[key].append(rows[key])
    full = np.full((config.shown, config.shown), g_on)
    maps = np.stack([effective_conductances(full, Wires(ohm, ohm)) / g_on for ohm in config.ohms])
    return Outcome(metrics, {"map": maps.astype(np.float32)})


def _behind(side: int, ohm: float, g_on: float, g_off: float, seed: int) -> dict[str, float]:
    """One random array of weights -1 and +1 in double columns, side x side cells."""
    draw = np.random.default_rng(seed)
    w = draw.choice([-1.0, 1.0], (side, side // 2))
    g = np.stack([np.where(w > 0, g_on, g_off), np.where(w > 0, g_off, g_on)], axis=-1).reshape(side, -1)
    seen = effective_conductances(g, Wires(ohm, ohm))
    x = draw.choice([-1.0, 1.0], (BATCH, side))
    products = x @ (seen[:, ::2] - seen[:, 1::2])
    kept = seen / g
    return {
        "kept": float(kept.mean()),
        "worst": float(kept.min()),
        "correlation": float(np.corrcoef(products.ravel(), (x @ w).ravel())[0, 1]),
    }


def _solver_errors() -> dict[str, float]:
    found = {}
    for ohm, ampere in README_AMPERE.items():
        got = np.array(README_VOLT) @ effective_conductances(1 / np.array(README_OHM), Wires(ohm, ohm))
        found[f"example_{ohm:g}_ohm".replace(".", "_")] = float(np.abs(got / ampere - 1).max())
    draw = np.random.default_rng(0)
    g, v = draw.uniform(1e-4, 1e-3, (12, 9)), draw.uniform(-1, 1, 12)
    want = solve_network(g, 2.0, 3.0, v)
    found["nodal"] = float(np.abs(v @ effective_conductances(g, Wires(2.0, 3.0)) / want - 1).max())
    return found
