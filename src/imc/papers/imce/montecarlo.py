"""Monte-Carlo of sensing: groups of cells drawn by chance, every gate tried on the same cells."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imc.papers.imce import tails
from imc.papers.imce.gates import GATES, Gate, reference, states, wrong_rows
from imc.papers.imce.laws import Law
from imc.papers.imce.memory_experiments import SensingConfig
from imc.runs.experiments import Outcome, Progress

Array = NDArray[np.float64]

CELLS = 4
"""Cells of a group: the widest gate's. Narrower gates take the first of them."""

BINS = 400


@dataclass(frozen=True)
class Groups:
    """The cells of all trials of one repetition.

    Attributes:
        ra, tmr: factors on the nominal values, shape (trials, cells).
        low, high: resistance of each cell in P and AP with what is in series, ohm, shape (trials, cells).
        offset: error of each trial's sense amplifier as ohm at its input, shape (trials, 1).
    """

    ra: Array
    tmr: Array
    low: Array
    high: Array
    offset: Array


def draw(config: SensingConfig, seed: int) -> Groups:
    """The trials of one repetition."""
    generator = np.random.default_rng(seed)
    cell, cells = config.cell, CELLS if config.draws == "cell" else 1
    ra, tmr = (
        Law(sigma / 100, cell.law).at(generator.standard_normal((config.trials, cells)))
        for sigma in (cell.sigma_ra_percent, cell.sigma_tmr_percent)
    )
    if config.draws == "group":
        ra, tmr = (np.broadcast_to(a, (config.trials, CELLS)) for a in (ra, tmr))
    junction = cell.junction
    bare = junction.r_p * ra
    low, high = bare + junction.series_ohm, bare * (1 + junction.tmr * tmr) + junction.series_ohm
    one_p = junction.r_p + junction.series_ohm
    offset = cell.offset_percent / 100 * one_p * generator.standard_normal((config.trials, 1))
    return Groups(ra, tmr, low, high, offset)


def joint(groups: Groups, fan_in: int) -> Array:
    """Joint resistance with the first 0, 1, ..., fan_in cells at '1', ohm, shape (trials, fan_in + 1)."""
    low, high = 1 / groups.low[:, :fan_in], 1 / groups.high[:, :fan_in]
    nothing = np.zeros((len(low), 1))
    ones = np.hstack([nothing, high.cumsum(1)])
    zeros = np.hstack([low[:, ::-1].cumsum(1)[:, ::-1], nothing])
    return 1 / (ones + zeros)


def rows(groups: Groups, fan_in: int) -> Array:
    """Joint resistance for every row of the truth table, in its order, ohm, shape (trials, 2 ** fan_in)."""
    bits = np.array(list(product((0, 1), repeat=fan_in)), dtype=float).T
    return 1 / ((1 / groups.low[:, :fan_in]) @ (1 - bits) + (1 / groups.high[:, :fan_in]) @ bits)


def wrong_states(groups: Groups, gate: Gate, ref: float) -> NDArray[np.bool_]:
    """Whether the answer is wrong with the first 0, 1, ... cells at '1', shape (trials, fan_in + 1)."""
    answers = np.array([gate.answer(ones) for ones in range(gate.fan_in + 1)], dtype=bool)
    return (joint(groups, gate.fan_in) + groups.offset > ref) != answers


def wrong_anywhere(groups: Groups, gate: Gate, ref: float) -> NDArray[np.bool_]:
    """Whether any row of the truth table comes out wrong, shape (trials,)."""
    answers = np.array([answer for _, answer in gate.truth_table()], dtype=bool)
    return ((rows(groups, gate.fan_in) + groups.offset > ref) != answers).any(1)


def measure(config: SensingConfig, progress: Progress) -> Outcome:
    """Errors, margins and distributions of every gate.

    Metrics: trials (of one repetition); sample.sigma_ra and .sigma_tmr (%, by seed); and of each gate
    (`read`, `and2`, `or2`, ...): wrong_rows (of the nominal cells); reference (kohm); states (kohm, nominal,
    by number of ones); hits (wrong answers by number of ones, of seeds x trials); failures (%, by seed: wrong
    answers in the state that is wrong most often); groups (%, by seed: groups of cells for which any row of
    the truth table is wrong); margin (kohm, by seed: between the means of the two states beside the
    reference) and closest (kohm, by seed: between their facing extremes; negative: they overlap); exact (%,
    by number of ones; with draws = "cell" alone).

    Arrays: edges.N (BINS + 1, kohm) and counts.N (N + 1, BINS): histograms of the joint resistance of N
    cells.
    """
    cell, junction = config.cell, config.cell.junction
    fan_ins = sorted({gate.fan_in for gate in GATES})
    references = {gate.name: reference(junction, gate, cell.midpoint) for gate in GATES}
    edges = {n: _edges(states(junction, n)) for n in fan_ins}
    counts = {n: np.zeros((n + 1, BINS), dtype=np.int64) for n in fan_ins}
    sample: dict[str, list[float]] = {"sigma_ra": [], "sigma_tmr": []}
    hits: dict[str, list[NDArray[np.int64]]] = {gate.name: [] for gate in GATES}
    found: dict[str, dict[str, list[float]]] = {
        gate.name: {"groups": [], "margin": [], "closest": []} for gate in GATES
    }
    for repetition in range(config.seeds):
        groups = draw(config, config.seed + repetition)
        sample["sigma_ra"].append(100 * float(groups.ra.std()))
        sample["sigma_tmr"].append(100 * float(groups.tmr.std()))
        joints = {n: joint(groups, n) for n in fan_ins}
        for n in fan_ins:
            for ones in range(n + 1):
                counts[n][ones] += np.histogram(joints[n][:, ones], edges[n])[0]
        for gate in GATES:
            ref, of = references[gate.name], found[gate.name]
            hits[gate.name].append(wrong_states(groups, gate, ref).sum(0))
            of["groups"].append(100 * float(wrong_anywhere(groups, gate, ref).mean()))
            below, above = joints[gate.fan_in][:, [gate.first_one - 1, gate.first_one]].T
            of["margin"].append(float(above.mean() - below.mean()) / 1e3)
            of["closest"].append(float(above.min() - below.max()) / 1e3)
        progress((repetition + 1) / config.seeds, f"repetition {repetition + 1}")
    metrics: dict[str, Any] = {"trials": config.trials, "sample": sample}
    for gate in GATES:
        by_seed = np.array(hits[gate.name])
        worst = int(by_seed.sum(0).argmax())
        metrics[gate.name] = found[gate.name] | {
            "wrong_rows": wrong_rows(junction, gate, cell.midpoint),
            "reference": references[gate.name] / 1e3,
            "states": (states(junction, gate.fan_in) / 1e3).tolist(),
            "hits": by_seed.sum(0).tolist(),
            "failures": (100 * by_seed[:, worst] / config.trials).tolist(),
        }
        if config.draws == "cell":
            exact = tails.errors(cell, gate, references[gate.name])
            metrics[gate.name]["exact"] = [100 * p for p in exact]
    tensors = {f"edges.{n}": e / 1e3 for n, e in edges.items()} | {
        f"counts.{n}": c for n, c in counts.items()
    }
    return Outcome(metrics, tensors)


def _edges(nominal: Array) -> Array:
    """Bins for the joint resistances around these nominal ones, ohm."""
    return np.linspace(0.6 * nominal[0], 1.7 * nominal[-1], BINS + 1)
