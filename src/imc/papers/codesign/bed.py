"""Algorithms on a matrix to be learned, and zero-shifting of single cells."""

import itertools
import math
from typing import Any

import torch

from imc.analog import (
    AGAD,
    SGD,
    ChoppedTikiTaka,
    ConstantStep,
    Exponential,
    Power,
    Reference,
    SoftBounds,
    TikiTaka,
    TikiTakaV2,
    alternate,
    learn_matrix,
)
from imc.papers.codesign.tiki_taka_experiments import BedConfig, Rival, ZeroShiftConfig
from imc.runs.experiments import Outcome, Progress


def rival(name: Rival, config: BedConfig, reference: Reference) -> SGD | TikiTaka:
    """The algorithm of that name."""
    if name in ("sgd", "zero_shifted"):
        return SGD() if name == "sgd" else SGD(reference=reference)
    common: dict[str, Any] = {"every": config.every, "reference": reference}
    if name in ("v1", "v1_gamma"):
        gamma = config.gamma if name == "v1_gamma" else 0.0
        return TikiTaka(gamma=gamma, transfer_lr=config.transfer_rate, **common)
    kind = {"v2": TikiTakaV2, "chopped": ChoppedTikiTaka, "agad": AGAD}[name]
    return kind(gamma=0.0, transfer_lr=config.buffer_rate, **common)


def device(config: BedConfig) -> SoftBounds:
    """The cells that a configuration describes."""
    return SoftBounds(
        states=config.states,
        asymmetry=config.asymmetry,
        asymmetry_spread=config.asymmetry_spread,
        step_spread=config.spread,
        bound_spread=config.spread,
        cycle_spread=config.cycle_spread,
    )


def sweep(config: BedConfig, progress: Progress) -> Outcome:
    """Every rival at every value.

    Metrics [value][seed], by rival: ``error``, root mean square of weight less target over that of the
    target, mean of the second half of the course; ``pulses.a`` and ``pulses.c``, a cell.
    """
    error: dict[str, list[list[float]]] = {}
    pulses: dict[str, dict[str, list[list[float]]]] = {"a": {}, "c": {}}
    total = len(config.rivals) * len(config.values)
    for number, (name, value) in enumerate(itertools.product(config.rivals, config.values)):
        progress(number / total, f"{name}, {config.sweep} {value:g}")
        here = config.model_copy(update={config.sweep: value})
        found = []
        for seed in range(config.seeds):
            reference = Reference("symmetry", error=here.reference_error)
            course = learn_matrix(
                device(here),
                rival(name, here, reference),
                lr=config.learning_rate,
                size=config.size,
                samples=config.samples,
                noise=config.error_noise,
                seed=config.seed + seed,
            )
            half = course.error[len(course.error) // 2 :]
            found.append((sum(half) / len(half), course.pulses))
        error.setdefault(name, []).append([round(e, 5) for e, _ in found])
        for array, table in pulses.items():
            counts = [round(p.get(array, 0) / config.size**2, 2) for _, p in found]
            table.setdefault(name, []).append(counts)
    return Outcome({"error": error, "pulses": pulses})


def zero_shift(config: ZeroShiftConfig, progress: Progress) -> Outcome:
    """How nominal soft-bound cells come from the lower bound to their symmetry point a, by pulse pairs.

    One pair takes the distance d to d (1 - dw (1 + a))(1 - dw (1 - a)) but for a floor of the order of dw.

    Metrics, lists over `states`: ``pairs.counted``, pairs until the distance is below one step, without
    cycle-to-cycle spread, and ``pairs.law``, the same by the law alone; ``floor.exact``, distance after many
    pairs, and ``floor.noisy``, root mean square with spread: shares of the range; ``step``, dw as such a
    share. ``reached``, a list over seeds: root mean square distance, of the range, of 1,000-state cells from
    their own symmetry points after 2,000 pairs, where steps, bounds and a differ by 30, 30 % and 0.1.
    ``update_rule``: largest error, in steps, of pulses against a + D F(a) - |D| G(a). Curves
    [states][point]: ``curve.pairs``; ``curve.distance``, ``curve.law``, shares of the range.
    """
    a = config.asymmetry
    pairs: dict[str, list[float]] = {"counted": [], "law": []}
    floor: dict[str, list[float]] = {"exact": [], "noisy": []}
    curve: dict[str, list[list[float]]] = {"pairs": [], "distance": [], "law": []}
    steps = []
    for number, states in enumerate(config.states):
        progress(number / len(config.states), f"{states:g} states")
        cell = SoftBounds(states=states, asymmetry=a)
        rate = (1 - cell.dw_min * (1 + a)) * (1 - cell.dw_min * (1 - a))
        most = math.ceil(math.log(1e-4) / math.log(rate))
        distances = _distances(cell, most, config.seed)
        law = [(1 + a) / 2 * rate**k for k in range(most + 1)]
        step = cell.dw_min / 2
        steps.append(step)
        pairs["counted"].append(next(k for k, d in enumerate(distances) if d < step))
        pairs["law"].append(math.log(step / law[0]) / math.log(rate))
        shown = sorted({round(most * i / 40) for i in range(41)})
        for key, values in (("pairs", range(most + 1)), ("distance", distances), ("law", law)):
            curve[key].append([float(f"{values[k]:.5g}") for k in shown])
        floor["exact"].append(distances[-1])
        noisy = SoftBounds(states=states, asymmetry=a, cycle_spread=config.cycle_spread)
        array = noisy.array((1, config.cells), torch.Generator().manual_seed(config.seed))
        alternate(array, most, torch.Generator().manual_seed(config.seed + 1))
        floor["noisy"].append(float((array.weight - a).square().mean().sqrt()) / 2)
    reached = [_reached(config, config.seed + seed) for seed in range(config.seeds)]
    exact = {"step": steps, "reached": reached, "update_rule": _update_rule(config)}
    return Outcome({"pairs": pairs, "floor": floor, "curve": curve, **exact})


def _reached(config: ZeroShiftConfig, seed: int) -> float:
    cells = SoftBounds(
        states=1000,
        asymmetry=config.asymmetry,
        asymmetry_spread=0.1,
        step_spread=0.3,
        bound_spread=0.3,
        cycle_spread=config.cycle_spread,
    )
    chance = torch.Generator().manual_seed(seed)
    array = cells.array((1, config.cells), chance)
    alternate(array, 2000, chance)
    return float((array.weight - array.symmetry_point()).square().mean().sqrt()) / 2


def _update_rule(config: ZeroShiftConfig) -> float:
    """Line 10 of Algorithm 1 against part of a pulse, up or down, in double precision; error in steps."""
    chance = torch.Generator().manual_seed(config.seed)
    worst = 0.0
    for kind in (ConstantStep, SoftBounds, Power, Exponential):
        cell = kind(states=1000, asymmetry=config.asymmetry)
        array = cell.array((1, config.cells), chance).double()
        a = torch.empty(1, config.cells).uniform_(-0.9, 0.9, generator=chance).double()
        change = torch.empty(1, config.cells).uniform_(-1, 1, generator=chance).double() * cell.dw_min
        array.w.copy_(a)
        array.up.fill_(cell.dw_min * (1 + cell.asymmetry))  # drawn in single precision
        array.down.fill_(cell.dw_min * (1 - cell.asymmetry))
        pulses = change / cell.dw_min
        array.pulse(None, pulses.clamp(min=0), -pulses.clamp(max=0), chance)
        line = a + change * cell.symmetric(a) - change.abs() * cell.antisymmetric(a)
        worst = max(worst, float((array.weight - line).abs().max()) / cell.dw_min)
    return worst


def _distances(cell: SoftBounds, most: int, seed: int) -> list[float]:
    """Distance from the symmetry point after 0, 1, ... pulse pairs from the lower bound, of the range."""
    chance = torch.Generator().manual_seed(seed)
    array = cell.array((1, 1), chance)
    array.program(torch.full((1, 1), -cell.bound))
    found = [abs(float(array.weight) - cell.asymmetry) / 2]
    for _ in range(most):
        alternate(array, 1, chance)
        found.append(abs(float(array.weight) - cell.asymmetry) / 2)
    return found
