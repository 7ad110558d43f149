"""What a reader can play with on IMCE's pages, and its start as a figure.

The models are ``sensing.js``, ``bitwise.js`` and ``cost.js`` in ``book/_static/play``.
"""

from typing import Any

import pandas as pd

from imc.claims import reference
from imc.pages import figures
from imc.pages.players import Start
from imc.papers.imce import area, components, energy, tails
from imc.papers.imce.bitwise_drawings import draw_shares
from imc.papers.imce.gates import Gate
from imc.papers.imce.gates import reference as midway
from imc.papers.imce.mapping import DEFAULT
from imc.papers.imce.memory_experiments import CellConfig
from imc.papers.imce.subarray import EXAMPLE_BITS, EXAMPLE_INPUTS, EXAMPLE_WEIGHTS, example


def sensing(config: CellConfig, cells: int = 3) -> Start:
    """AND and OR of `cells` cells with a perfect reference: exact error rates by the number of ones.

    Args:
        config: a normal law, no series resistance, the reference midway in resistance: what the model knows.
        cells: sensed together, 2 to 4.
    """
    junction = config.junction
    gates = [Gate(operation, cells) for operation in ("and", "or")]
    figure, ax = figures.axes(height=3.0, width=6.0)
    rows = []
    for index, gate in enumerate(gates):
        wrong = tails.errors(config, gate, midway(junction, gate))
        ax.plot(range(cells + 1), wrong, label=gate.label, **figures.series(index))
        rows += [{"gate": gate.label, "ones": k, "share of wrong answers": p} for k, p in enumerate(wrong)]
    ax.axhline(1e-3, color=figures.INK, linestyle=":", linewidth=1.1)
    ax.set_yscale("log")
    ax.set_ylim(1e-12, 1)
    ax.set_xticks(range(cells + 1))
    ax.set_xlabel("ones among the cells")
    ax.set_ylabel("share of wrong answers")
    figures.legend(figure)
    start = {
        "cells": cells,
        "tmr": config.tmr_percent,
        "ra": config.sigma_ra_percent,
        "spread": config.sigma_tmr_percent,
    }
    return Start(data={"r_p": junction.r_p / 1e3, "start": start}, figure=figure, csv=pd.DataFrame(rows))


def bitwise() -> Start:
    """The slides' worked example; the figure has the counts of its nine pairs of planes."""
    _, steps = example()
    figure, ax = figures.axes(height=2.8, width=3.4)
    draw_shares(ax, steps, EXAMPLE_BITS)
    rows = [{"n (W)": s.n, "m (I)": s.m, "count": s.count, "shifted": s.shifted} for s in steps]
    data = {"inputs": EXAMPLE_INPUTS, "weights": EXAMPLE_WEIGHTS, "bits": EXAMPLE_BITS}
    return Start(data=data, figure=figure, csv=pd.DataFrame(rows))


def machine(sensing_fj: float) -> dict[str, Any]:
    """IMCE as ``cost.js`` takes it: what a use of each part costs (pJ), a cell's area, times.

    Args:
        sensing_fj: the calibrated constant, of one AND or one read.
    """
    sub_array = area.sub_arrays_by_cell()["value"].total("area_mm2")
    each = energy.nominal() | dict.fromkeys(components.CALIBRATED, sensing_fj / 1e3)
    return {
        "each": each,
        "cell_mm2": sub_array / DEFAULT.cells,
        "write_ns": reference.value("imce.device.switching_time").value,
        "and_ns": components.value("and_time"),
    }
