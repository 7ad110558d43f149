"""The equations of the BATMANN paper and slides, held against circuits solved node by node."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from imc.crossbar.arrays import Chip
from imc.crossbar.cells import RRAM_1T1R, current_2t1r
from imc.crossbar.mapping import DoubleColumn, SingleColumn
from imc.crossbar.network import map_network
from imc.crossbar.reference import patches
from imc.papers.arrays.equations import double_column, single_column
from imc.papers.arrays.experiments import IdentitiesConfig
from imc.runs.experiments import Outcome, Progress

Matrix = NDArray[np.floating]


def check(config: IdentitiesConfig, progress: Progress) -> Outcome:
    """Greatest relative error of each identity over random arrays, and a small array to draw."""
    draw = np.random.default_rng(config.seed)
    names = ("kirchhoff", "double_column", "single_column", "im2col", "two_transistor")
    error: dict[str, float] = dict.fromkeys(names, 0.0)
    for done in range(config.arrays):
        for name, (got, want) in _sides(config, draw).items():
            error[name] = max(error[name], float(np.abs(got - want).max() / np.abs(want).max()))
        progress((done + 1) / config.arrays)
    device = RRAM_1T1R
    found = {
        "error": error,
        "range": _range_error(),
        "saved": _devices_saved(),
        # What a 2T1R cell gives for input 0, ON or OFF, less the reference; and the resistance that gives the
        # reference current, over half the HRS.
        "zero_input": max(
            abs(current_2t1r(0, g, device.g_half) - device.g_half) for g in (device.g_on, device.g_off)
        ),
        "reference_over_half_hrs": 1 / device.g_half / (device.r_off / 2),
    }
    return Outcome(found, _small_array(draw))


def _sides(config: IdentitiesConfig, draw: np.random.Generator) -> dict[str, tuple[Matrix, Matrix]]:
    """Both sides of every identity, for one random array."""
    low, high = RRAM_1T1R.g_off, RRAM_1T1R.g_on
    v = draw.uniform(-1, 1, config.rows)
    g, minus = draw.uniform(low, high, (2, config.rows, config.outputs))
    bias = draw.uniform(low, high, config.rows)
    bits = draw.integers(0, 2, config.rows).astype(float)
    half = RRAM_1T1R.g_half
    plus_current, minus_current, difference = double_column(v, g, minus)
    _, amplified, by_weights = single_column(v, g, bias, r=draw.uniform(1e2, 1e5))
    column = current_2t1r(bits[:, None], g, half).sum(0) - config.rows * half
    x, w = draw.normal(size=(2, 3, 9, 8)), draw.normal(size=(5, 3, 3, 2))
    rows = patches(x, (3, 2), (2, 1), (1, 0))
    products = rows @ w.transpose(2, 3, 1, 0).reshape(-1, 5)
    convolved = F.conv2d(torch.from_numpy(x), torch.from_numpy(w), stride=(2, 1), padding=(1, 0)).numpy()
    return {
        "kirchhoff": (node_by_node(g, v), v @ g),
        "double_column": (plus_current - minus_current, difference),
        "single_column": (amplified, by_weights),
        "im2col": (products.transpose(0, 3, 1, 2), convolved),
        "two_transistor": (column, bits @ (g - half)),
    }


def node_by_node(g: Matrix, v: Matrix) -> Matrix:
    """Currents that hold the bitlines of `g` (rows, columns) at ground, wordlines at `v`: nodal analysis.

    Unknown are the potentials of all wordlines and bitlines and the currents of the sources that hold them;
    Kirchhoff's current law is written for every node, then each source's potential.
    """
    rows, columns = g.shape
    nodes = rows + columns
    laplacian = np.block([[np.diag(g.sum(1)), -g], [-g.T, np.diag(g.sum(0))]])
    system = np.block([[laplacian, np.eye(nodes)], [np.eye(nodes), np.zeros((nodes, nodes))]])
    held = np.concatenate([np.zeros(nodes), v, np.zeros(columns)])
    return np.linalg.solve(system, held)[nodes + rows :]


def _range_error() -> float:
    """How far the extremes of G+ - G-, over all pairs of 16 levels, are from +-(G_max - G_min), siemens."""
    low, high = RRAM_1T1R.g_off, RRAM_1T1R.g_on
    levels = np.linspace(low, high, 16)
    pairs = levels[:, None] - levels
    return float(abs(pairs.max() - (high - low)) + abs(pairs.min() - (low - high)))


def _devices_saved() -> float:
    """Share of devices that a single column saves in a layer of 512 outputs, bias column included."""
    layer = nn.Linear(64, 512)
    layer.weight.data.sign_()  # what two levels can hold
    double, single = (
        map_network(layer, Chip(RRAM_1T1R, scheme)).conductances.numel()
        for scheme in (DoubleColumn(), SingleColumn())
    )
    return 1 - single / double


def _small_array(draw: np.random.Generator) -> dict[str, np.ndarray]:
    """Conductances and voltages of 4 inputs and 3 outputs, programmed with 5 % of spread, for Figure 1."""
    w = draw.choice([-1.0, 1.0], (4, 3))
    g = {
        "plus": np.where(w > 0, RRAM_1T1R.g_on, RRAM_1T1R.g_off),
        "minus": np.where(w > 0, RRAM_1T1R.g_off, RRAM_1T1R.g_on),
        "single": np.where(w > 0, RRAM_1T1R.g_off, RRAM_1T1R.g_on),
        "bias": np.full((4, 1), RRAM_1T1R.g_half),
    }
    spread = {name: value * draw.normal(1, 0.05, value.shape) for name, value in g.items()}
    return {"weights": w, "volts": np.round(draw.uniform(-1, 1, 4), 1), **spread}
