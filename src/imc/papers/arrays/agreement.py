"""The same arrays beside outside solvers: signed differences."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from imc import threads
from imc.crossbar.cells import Device
from imc.crossbar.disturbances import Drift, ProgrammingError
from imc.crossbar.wires import Wires, effective_conductances
from imc.papers.arrays import outside
from imc.papers.arrays.experiments import AgreementConfig
from imc.runs.experiments import Outcome, Progress

Floats = NDArray[np.float64]

SOLVERS = {"ngspice": outside.ngspice, "badcrossbar": outside.badcrossbar}
VERSIONS = {
    "ngspice": outside.ngspice_version,
    "badcrossbar": outside.badcrossbar_version,
    "aihwkit": outside.aihwkit_version,
}
WIRES = {
    "even": Wires(1.0, 1.0),
    "uneven": Wires(3.0, 0.2),
    "one_sided": Wires(0.0, 2.0),
    "edges": Wires(1.0, 1.0, source=50.0, sense=20.0),
}
"""Wires of the arrays that are compared; the last have edges that resist, which only ngspice knows."""
PHASE_CHANGE = Device(1 / 25e-6, 1 / 0.025e-6)
LEVELS, SECONDS, CELLS = (1.0, 0.5, 0.1), 86_400.0, 200_000


def compare(config: AgreementConfig, progress: Progress) -> Outcome:
    """Ours less theirs.

    Metrics: ``versions`` of the solvers that are here; ``absent``, how many are not; for each circuit solver
    and each of `WIRES` that it knows, [shape], ``low`` and ``high``: the least and the greatest signed
    difference of the bitlines' currents, relative to the largest current; for AIHWKit, the same of a layer's
    outputs (``products``), and for `LEVELS` of G/25 uS the moments of programmed and drifted cells, ours and
    theirs (``moments``), with the standard error of their difference.
    """
    versions = {name: found for name, version in VERSIONS.items() if (found := version())}
    metrics: dict[str, Any] = {"versions": versions, "absent": len(VERSIONS) - len(versions)}
    done, total = 0, len(SOLVERS) * len(WIRES) * len(config.sides)
    for name in SOLVERS:
        if name not in versions:
            continue
        metrics[name] = {}
        for kind, wires in WIRES.items():
            if name == "badcrossbar" and (wires.source or wires.sense):
                continue
            low, high = [], []
            for side in config.sides:
                progress(done / total, f"{name}, {side} x {side}")
                differences = _differences(name, side, wires, config.seed)
                low.append(float(differences.min()))
                high.append(float(differences.max()))
                done += 1
            metrics[name][kind] = {"low": low, "high": high}
    if "aihwkit" in versions:
        metrics["aihwkit"] = _aihwkit(config.seed)
    progress(1, "done")
    return Outcome(metrics)


def array(side: int, seed: int) -> tuple[Floats, Floats]:
    """Cells of 1 to 10 kilo-ohm, (side, side + 3), even in conductance, and voltages of -1 to 1, (side,)."""
    draw = np.random.default_rng([seed, side])
    return draw.uniform(1e-4, 1e-3, (side, side + 3)), draw.uniform(-1, 1, side)


def _differences(name: str, side: int, wires: Wires, seed: int) -> Floats:
    g, volts = array(side, seed)
    with threads.for_products(1):
        theirs = SOLVERS[name](g, wires, volts)
    ours = volts @ effective_conductances(g, wires)
    return (ours - theirs) / np.abs(theirs).max()


def _aihwkit(seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    weights, x = draw.normal(size=(10, 64)), draw.normal(size=(100, 64))
    exact = x @ weights.T
    differences = (exact - outside.aihwkit_products(weights, x)) / np.abs(exact).max()
    moments = []
    for level in LEVELS:
        theirs, ours = outside.aihwkit_moments(level, SECONDS, CELLS, seed), moments_of_ours(level, seed)
        error = {k: ours[k.split("_")[0] + "_sd"] * (2 / CELLS) ** 0.5 for k in ours}
        moments.append({"level": level, "ours": ours, "theirs": theirs, "standard_error": error})
    return {
        "products": {"low": float(differences.min()), "high": float(differences.max())},
        "moments": moments,
    }


def moments_of_ours(level: float, seed: int) -> dict[str, float]:
    """What `outside.aihwkit_moments` gives of AIHWKit's model, of our steps."""
    generator = torch.Generator().manual_seed(seed)
    target = level * PHASE_CHANGE.g_on
    programmed, drifted = torch.full((CELLS,), target), torch.full((CELLS,), target)
    ProgrammingError()(programmed, PHASE_CHANGE, generator)
    Drift(SECONDS)(drifted, PHASE_CHANGE, generator)
    relative, lost = programmed.double() / PHASE_CHANGE.g_on, torch.log(drifted.double() / target)
    return {
        "programmed_mean": float(relative.mean()),
        "programmed_sd": float(relative.std()),
        "drifted_mean": float(lost.mean()),
        "drifted_sd": float(lost.std()),
    }
