"""The slides' two equations of a layer, and what arrays make of them."""

from typing import Any

import numpy as np
import torch

from imc.claims import reference
from imc.cost.matrices import Matrix, network
from imc.cost.networks import NETWORKS
from imc.papers.codesign.counting import operations, use
from imc.papers.codesign.network_experiments import ArraysConfig, NetworkConfig
from imc.papers.codesign.nodes import column_currents
from imc.runs.experiments import Outcome, Progress

OWN: dict[str, tuple[Matrix, ...]] = {
    "perceptron": network(["784x256", "256x128", "128x10"]),
    "split": network(["784x2048", "2048x2048", "2048x2048", "2048x10"]),
    "machine": network(["832x832"]),
    "resistive": network(["1568x100", "100x10"]),
}
"""The networks of the slides themselves, beside those of the other documents in `imc.cost.networks`."""


def check(config: NetworkConfig, progress: Progress) -> Outcome:
    """Random arrays node by node against G^T V, and random layers' gradients against the outer product.

    Metrics, relative: product.SIZE, lists over wires of lists over seeds; outer_product, list over seeds,
    the largest over three losses and activations.
    """
    product: dict[str, Any] = {f"side{n}": [[] for _ in config.wires] for n in config.sides}
    outer: list[float] = []
    for i in range(config.seeds):
        rng = np.random.default_rng(config.seed + i)
        for n in config.sides:
            g, v = rng.uniform(1e-6, 1e-5, (n, n)), rng.uniform(0, 0.2, n)
            ideal = g.T @ v
            for at, wire in enumerate(config.wires):
                error = np.abs(column_currents(g, v, wire) - ideal).max() / ideal.max()
                product[f"side{n}"][at].append(float(f"{error:.4g}"))
        outer.append(outer_product_error(config.seed + i))
        progress((i + 1) / config.seeds)
    return Outcome({"product": product, "outer_product": outer})


def outer_product_error(seed: int) -> float:
    """Largest relative distance between a step by automatic differentiation and eta p q^T.

    A layer of 60 inputs x and 40 outputs in the middle of a network: q = x, and p is minus the derivative of
    the loss by the layer's sums. In double precision.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x, after, target, eta = draw(60), draw(40, 10), draw(10), 0.01
    worst = 0.0
    for activation in (torch.tanh, torch.sigmoid, torch.relu):
        weight = draw(40, 60).requires_grad_()
        sums = weight @ x
        sums.retain_grad()
        (activation(sums) @ after - target).square().sum().backward()
        assert weight.grad is not None
        assert sums.grad is not None
        step, product = -eta * weight.grad, eta * torch.outer(-sums.grad, x)
        worst = max(worst, ((step - product).abs().max() / step.abs().max()).item())
    return worst


def count(config: ArraysConfig, progress: Progress) -> Outcome:
    """Operations of each layer of the perceptron, unused cells of every network, converters' shares in ISAAC.

    Metrics: operations.LAYER.WHAT; unused.NETWORK.SIDE, percent, and unused.mean.SIDE over networks, each
    counting once; arrays.NETWORK.SIDE; cells, of the machine's array; converters.power, converters.area,
    converters.smaller, percent of one of ISAAC's tiles, which holds 12 blocks.
    """
    layers = {
        f"{m.inputs}x{m.outputs}": vars(operations(m.inputs, m.outputs, config.pulses))
        for m in OWN["perceptron"]
    }
    unused: dict[str, dict[str, float]] = {}
    arrays: dict[str, dict[str, int]] = {}
    for name, matrices in {**NETWORKS, **OWN}.items():
        found = {f"side{n}": use(matrices, n, n) for n in config.sides}
        unused[name] = {side: round(u.unused, 4) for side, u in found.items()}
        arrays[name] = {side: u.arrays for side, u in found.items()}
    mean = {
        side: round(float(np.mean([u[side] for u in unused.values()])), 4)
        for side in (f"side{n}" for n in config.sides)
    }
    progress(1.0)
    return Outcome(
        {
            "operations": layers,
            "unused": unused | {"mean": mean},
            "arrays": arrays,
            "cells": sum(m.weights for m in OWN["machine"]),
            "converters": converters(),
        }
    )


def converters() -> dict[str, float]:
    """Shares of ADCs and DACs in power and area of one of ISAAC's tiles, percent."""
    shares = {}
    for what, unit in (("power", "mw"), ("area", "mm2")):
        column = f"{what}_{unit}"
        both = sum(reference.value(f"isaac.ima.{part}.{column}").value for part in ("adc", "dac"))
        shares[what] = round(100 * BLOCKS * both / reference.value(f"isaac.sum.tile.{column}").value, 4)
    return shares | {"smaller": min(shares.values())}


BLOCKS = 12
"""In-situ multiply-accumulate blocks of one of ISAAC's tiles, from the title of its table."""
