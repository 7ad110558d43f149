"""The benchmark: the machine's limits, ours and the others, measured in one run, and their ratios."""

import importlib.util
import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from imc.crossbar.wires import Wires, effective_conductances
from imc.errors import UserError
from imc.papers.arrays import contenders
from imc.papers.arrays.experiments import BenchmarkConfig, GrowthConfig
from imc.runs.experiments import Outcome, Progress

OURS = {"float32": "ours-float32", "bfloat16": "ours-bfloat16"}
PEERS = ("aihwkit-ideal", "aihwkit-default")


def measure(config: BenchmarkConfig, progress: Progress) -> Outcome:
    """Time every contender on every network; each is a process of its own."""
    here = importlib.util.find_spec("aihwkit") is not None
    names = [*OURS.values(), "torch-float32", "torch-bfloat16", *(PEERS if here and config.peers else ())]
    steps = 2 + (len(names) + 1) * len(config.networks)
    progress(0, "the machine's limits")
    limits = _run("limits", config.repeats)
    progress(1 / steps, "growth with trials and cells")
    metrics: dict[str, Any] = {"limits": limits, "growth": _run("growth", config.repeats)}
    metrics["threads"] = torch.get_num_threads()
    done = 2
    for network in config.networks:
        found = {}
        progress(done / steps, f"the kernels of the {network.upper()}")
        kernels = _run("kernels", network, config.repeats)
        done += 1
        for name in names:
            progress(done / steps, f"{name} on the {network.upper()}")
            times = _run(name, network, config.repeats)
            found[name.replace("-", "_")] = times | {"trial_ms": times["program_ms"] + times["infer_ms"]}
            done += 1
        ratios = _ratios(network, found, limits) | to_kernels(found, kernels)
        metrics[network] = {"contenders": found, **ratios}
    progress(1, "done")
    return Outcome(metrics)


def solver_growth(config: GrowthConfig, progress: Progress) -> Outcome:
    """Processor seconds, least of the repeats, to find one array's effective conductances; one thread."""
    seconds = []
    with threadpool_limits(1):
        for done, side in enumerate(config.sides):
            progress(done / len(config.sides), f"{side} x {side}")
            g = np.random.default_rng(config.seed).uniform(1e-4, 1e-3, (side, side))
            took = []
            for _ in range(config.repeats + 1):
                begin = time.thread_time()
                effective_conductances(g, Wires(1.0, 1.0))
                took.append(time.thread_time() - begin)
            seconds.append(min(took[1:]))
    progress(1, "done")
    return Outcome({"sides": list(config.sides), "seconds": seconds})


def _ratios(network: str, found: dict[str, Any], limits: dict[str, float]) -> dict[str, Any]:
    """How far ours is from the limit of its precision, and ahead of the others."""
    operations, cells = contenders.work(*contenders.NETWORKS[network]())
    limit = {p: 1e3 * operations / limits[p] + 1e3 * cells / limits["draws"] for p in OURS}
    best = min(OURS, key=lambda p: found[f"ours_{p}"]["trial_ms"])
    mine = found[f"ours_{best}"]["trial_ms"]
    others = {name: times["trial_ms"] / mine for name, times in found.items() if "ours" not in name}
    peers = [ratio for name, ratio in others.items() if "aihwkit" in name]
    return {
        "operations": operations,
        "cells": cells,
        "limit_ms": limit,
        "draws_ms": 1e3 * cells / limits["draws"],
        "best_precision": best,
        "to_limit": {p: found[f"ours_{p}"]["trial_ms"] / limit[p] for p in OURS},
        "ahead_of": others,
        **({"ahead_of_fastest_peer": min(peers)} if peers else {}),
    }


def to_kernels(found: dict[str, Any], kernels: dict[str, Any]) -> dict[str, Any]:
    """How far every contender is from what its work takes at least: the fastest kernels, and the draws.

    By contender, of a whole trial, of inference and of programming alone. `_ratios` holds against products at
    the machine's peak, which convolutions can beat.
    """
    times: dict[str, dict[str, float]] = {"to_kernels": {}, "infer_to_kernels": {}, "program_to_draws": {}}
    for name, took in found.items():
        least = kernels["bfloat16" if name.endswith("bfloat16") else "float32"]["ms"]
        times["to_kernels"][name] = took["trial_ms"] / (least + kernels["draws_ms"])
        times["infer_to_kernels"][name] = took["infer_ms"] / least
        times["program_to_draws"][name] = took["program_ms"] / kernels["draws_ms"]
    return {"kernels": kernels, **times}


def _run(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "imc.papers.arrays.contenders", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise UserError(f"{' '.join(command[1:])} failed: {(ran.stderr.strip() or '?').splitlines()[-1]}")
    return json.loads(ran.stdout.splitlines()[-1])
