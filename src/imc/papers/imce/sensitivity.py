"""What the reliability of sensing depends on: exact failure probabilities, one number changed at a time.

A gate's failure is the probability of a wrong answer in the state that is wrong most often.
"""

import math
from collections.abc import Callable
from typing import Any

from scipy.optimize import brentq, minimize_scalar

from imc.papers.imce import tails
from imc.papers.imce.gates import GATES, Gate, reference, states
from imc.papers.imce.memory_experiments import CellConfig, SensitivityConfig
from imc.runs.experiments import Outcome, Progress

_SCALES = (0.02, 1.99)
_OFFSETS = (0.1, 30.0)
_TMRS = (10.0, 2000.0)
_LEAST = 1e-300


def failure(cell: CellConfig, gate: Gate, ref: float | None = None) -> float:
    """Probability of a wrong answer in the gate's worst state; `ref` replaces its reference, ohm."""
    if ref is None:
        ref = reference(cell.junction, gate, cell.midpoint)
    return max(tails.errors(cell, gate, ref))


def scaled(cell: CellConfig, factor: float) -> CellConfig:
    """Both sigmas times `factor`."""
    return _with(
        cell,
        sigma_ra_percent=factor * cell.sigma_ra_percent,
        sigma_tmr_percent=factor * cell.sigma_tmr_percent,
    )


def shifted(cell: CellConfig, gate: Gate, place: float) -> float:
    """The reference, ohm, at `place` between its two states: 0 the lower resistance, 1 the higher."""
    below, above = states(cell.junction, gate.fan_in)[[gate.first_one - 1, gate.first_one]]
    return float(below + place * (above - below))


def measure(config: SensitivityConfig, progress: Progress) -> Outcome:
    """Failure probabilities (%) of every gate, by gate's name.

    Metrics: now; tmr, scale, offset, shift, series: lists along the swept values; margin: tmr and series
    (kohm between the states beside the reference); assumed: by number, a list along `config.assumed`;
    choices: by what is chosen otherwise; best: the reference's best place and the failure there; and limits,
    each only where there is one within reach: scale (both sigmas times this give `config.failure`),
    scale_as_two (as reliable as two cells are now), offset and tmr (%, that give `config.failure`).
    """
    metrics: dict[str, Any] = {}
    for done, gate in enumerate(GATES):
        for group, values in _of_gate(config, gate).items():
            metrics.setdefault(group, {})[gate.name] = values
        progress((done + 1) / len(GATES), gate.name)
    return Outcome(metrics)


def _of_gate(config: SensitivityConfig, gate: Gate) -> dict[str, Any]:
    cell = config.cell

    def percent(changed: CellConfig, ref: float | None = None) -> float:
        return 100 * failure(changed, gate, ref)

    found: dict[str, Any] = {
        "now": percent(cell),
        "tmr": [percent(_with(cell, tmr_percent=t)) for t in config.tmr_percents],
        "scale": [percent(scaled(cell, s)) for s in config.scales],
        "offset": [percent(_with(cell, offset_percent=o)) for o in config.offsets_percent],
        "shift": [percent(cell, shifted(cell, gate, p)) for p in config.shifts],
        "series": [percent(_with(cell, series_ohm=r)) for r in config.series_ohms],
        "margin": {
            "tmr": [_margin(_with(cell, tmr_percent=t), gate) for t in config.tmr_percents],
            "series": [_margin(_with(cell, series_ohm=r), gate) for r in config.series_ohms],
        },
        "assumed": {
            name: [percent(_with(cell, **{name: factor * getattr(cell, name)})) for factor in config.assumed]
            for name in ("ra_ohm_um2", "length_nm", "width_nm", "tmr_percent")
        },
        "choices": {
            "law": percent(_with(cell, law="lognormal")),
            "midpoint": percent(_with(cell, midpoint="conductance")),
        },
    }
    place = _best_place(cell, gate)
    found["best"] = {"place": place, "failure": percent(cell, shifted(cell, gate, place))}
    goals = {
        "scale": (lambda s: failure(scaled(cell, s), gate), config.failure, _SCALES),
        "offset": (lambda o: failure(_with(cell, offset_percent=o), gate), config.failure, _OFFSETS),
        "tmr": (lambda t: failure(_with(cell, tmr_percent=t), gate), config.failure, _TMRS),
    }
    if gate.fan_in > 2:
        two = failure(cell, Gate(gate.operation, 2))
        goals["scale_as_two"] = (lambda s: failure(scaled(cell, s), gate), two, _SCALES)
    found["limits"] = {name: at for name, goal in goals.items() if (at := _crossing(*goal)) is not None}
    return found


def _best_place(cell: CellConfig, gate: Gate) -> float:
    """Where between its two states the reference makes the worst state wrong least often."""
    found: Any = minimize_scalar(
        lambda place: math.log(max(failure(cell, gate, shifted(cell, gate, place)), _LEAST)),
        bounds=(0.02, 0.98),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(found.x)


def _crossing(probability: Callable[[float], float], goal: float, ends: tuple[float, float]) -> float | None:
    """Where a monotone probability crosses `goal` between `ends`; None if it does not."""

    def excess(x: float) -> float:
        return math.log(max(probability(x), _LEAST) / goal)

    if excess(ends[0]) * excess(ends[1]) > 0:
        return None
    return float(brentq(excess, *ends, xtol=1e-4, rtol=1e-4))  # pyright: ignore[reportArgumentType]


def _margin(cell: CellConfig, gate: Gate) -> float:
    below, above = states(cell.junction, gate.fan_in)[[gate.first_one - 1, gate.first_one]]
    return float(above - below) / 1e3


def _with(cell: CellConfig, **changes: Any) -> CellConfig:
    """`cell` with some numbers changed, which the sweeps' limits keep sensible."""
    return cell.model_copy(update=changes)
