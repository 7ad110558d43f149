"""Sigma to play with (``book/_static/play/variation.js``): what its chips are held against, and its start."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from imc.claims.statistics import Estimate
from imc.pages import figures
from imc.pages.players import Start
from imc.papers.batmann.reading import MEANINGS, accuracy
from imc.runs.records import Record

BATCH = 64
"""Random inputs on which the browser compares products."""


def chips(correlations: list[float], side: int, batch: int = BATCH) -> tuple[float, float, float]:
    """Mean product correlation of recorded layers, and between what 99 % of further chips lie.

    A further chip has its own cells (a prediction interval by Student's t), weights and inputs: a correlation
    c over n = batch x side products has the standard error (1 - c^2)/sqrt(n), three of which count.

    Args:
        correlations: of the recorded layers, two at least.
        side, batch: of the browser's layer, and its inputs.
    """
    values = np.array(correlations)
    n = len(values)
    cells = stdtrit(n - 1, 0.995) * values.std(ddof=1) * np.sqrt(1 + 1 / n)
    mean = float(values.mean())
    half = float(np.hypot(cells, 3 * (1 - mean**2) / np.sqrt(batch * side))) + 5e-5
    return mean, mean - half, mean + half


def variation(layers: Record, runs: Mapping[str, Record], law: str = "clip-2", sigma: float = 1000) -> Start:
    """Cells and accuracy at `sigma` ohm under `law`.

    Args:
        layers: of the experiment ``crossbar/variation``.
        runs: of ``batmann/variation``, by meaning of sigma; what is shown are the sigmas that all have.
    """
    config, cells = layers.config, layers.tensors()
    sigmas = [s for s in config["sigmas"] if all(s in run.config["sigmas"] for run in runs.values())]
    common = [config["sigmas"].index(s) for s in sigmas]
    names = [name for name in runs if name != "clip-2-random-endpoint"]
    found: dict[str, Any] = {}
    for name in names:
        seeds = [layers.metric(f"correlation.double.{name}")[i] for i in common]
        estimates = [Estimate.of_seeds(accuracy(runs[name], s)) for s in sigmas]
        found[name] = {
            "label": MEANINGS[name],
            "accuracy": [[round(v, 2) for v in (e.mean, e.low, e.high)] for e in estimates],
            "correlation": [[round(v, 5) for v in chips(row, config["side"])] for row in seeds],
        }
    figure, axes = figures.axes(1, 2, width=7.2, height=3.2)
    bins, shown = cells["bins"] / 1000, config["shown"]
    for index, state in enumerate(("on", "off")):
        counts = cells[f"{law}.{state}"]
        look: dict[str, Any] = {"fill": True, "alpha": 0.55, "color": figures.COLOURS[index]}
        axes[0].stairs(np.maximum(counts / counts.sum(), 1e-7), bins, label=state.upper(), **look)
    axes[0].set(yscale="log", ylim=(1e-6, 1.5), xlabel="resistance (kΩ)", ylabel="share of cells")
    axes[0].set_title(f"σ = {shown:g} Ω", loc="left", fontsize=9)
    figures.curve(axes[1], sigmas, np.array([accuracy(runs[law], s) for s in sigmas]).T, 0, MEANINGS[law])
    axes[1].set(xlabel="σ (Ω)", ylabel="accuracy (%)", ylim=(0, 100))
    figures.legend(figure, 3)
    rows = [
        {"meaning": MEANINGS[n], "sigma (ohm)": s, "accuracy (%)": Estimate.of_seeds(accuracy(runs[n], s))}
        for n in names
        for s in sigmas
    ]
    start = {"law": "clip" if law == "clip-2" else law, "sigma": sigma, "times": 2 if law == "clip-2" else 1}
    data = {
        "side": config["side"],
        "batch": BATCH,
        "sigmas": sigmas,
        "r_on": config["r_on"],
        "r_off": config["r_off"],
        "meanings": found,
        "start": start,
    }
    return Start(data=data, figure=figure, csv=pd.DataFrame(rows))
