"""Contrastive divergence on devices; then what noise and drift of their conductances do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from imc import runs
from imc.papers.codesign.drift import exponents
from imc.papers.codesign.noise import fit, learn_thresholds, test
from imc.papers.codesign.pictures import Digits, percent
from imc.papers.codesign.rbm import (
    CLASSES,
    LABEL_UNITS,
    Exact,
    Machine,
    Neuron,
    by_energy,
    pixels,
    reconstruct,
    stochastic,
    threshold,
    visible,
)
from imc.papers.codesign.rbm_experiments import RbmConfig, linear_of
from imc.runs.experiments import Outcome, Progress

SHOWN = 10
"""Test pictures whose reconstructions and completions are kept."""


@dataclass
class Conductances:
    """The two conductances behind each weight, in weights: w = plus - minus."""

    plus: Tensor
    minus: Tensor

    def changed(self, by: Callable[[Tensor], Tensor]) -> Tensor:
        """The weights when each conductance becomes what `by` makes of it."""
        return by(self.plus) - by(self.minus)


def train(config: RbmConfig, progress: Progress) -> Outcome:
    """Train `seeds` machines on the configuration's device, and test them.

    Metrics, lists over seeds, percent of pictures: accuracy.test and accuracy.train (spikes counted, at most
    1,000 training pictures), accuracy.energy (test, least free energy), above_linear (accuracy.test less the
    best linear classifier's); noise.NEURON.percentN and loss.NEURON.percentN (test with read noise of N
    percent, frozen, one draw of all cells a machine, neurons stochastic or threshold; what is lost to none);
    drift.hoursN and drift_loss.hoursN; linear; resets, cells reset in training, a cell.
    """
    linear = runs.obtain("codesign/linear", **dict(next(iter(linear_of(config)))[1])).metric("accuracy.best")
    digits = Digits.load(config.data, config.train, config.test)
    generator = torch.Generator().manual_seed(config.seed)
    neuron = stochastic(generator)
    resets = 0.0
    if config.device == "exact":
        machine = fit(config, digits, lambda w, n: Exact(w), neuron, generator)
        cells = Conductances(machine.w.clamp(min=0), (-machine.w).clamp(min=0))
    else:
        machine, cells, resets = fit_on_devices(config, digits, neuron, generator)
    progress(0.7)
    right = tested(config, machine, neuron, digits)
    seen = test(
        config, machine, lambda w, n: Exact(w), neuron, digits.train[:1000], digits.train_labels[:1000]
    )
    energy = by_energy(machine, pixels(digits.test)[None])
    found: dict[str, Any] = {
        "accuracy": {"test": right, "train": seen, "energy": percent(energy == digits.test_labels)},
        "above_linear": [round(value - linear, 4) for value in right],
        "linear": linear,
        "resets": resets,
    }
    found |= unstable(config, machine, cells, digits, generator)
    return Outcome(found, shown(machine, neuron, digits))


def tested(config: RbmConfig, machine: Machine, neuron: Neuron, digits: Digits) -> list[float]:
    """Accuracy on the test pictures, percent, one a machine."""
    return test(config, machine, lambda w, n: Exact(w), neuron, digits.test, digits.test_labels)


def fit_on_devices(
    config: RbmConfig, digits: Digits, neuron: Neuron, generator: torch.Generator
) -> tuple[Machine, Conductances, float]:
    """Machines whose weights are devices: a coincidence on data pulses up, one on the reconstruction down.

    The step of a device at weight 0 is `config.step`. Thresholds are numbers.
    """
    from imc.analog import ConstantStep, OneSided, SoftBounds
    from imc.analog.onesided import PairArray

    states = 2 * config.bound / config.step
    common: dict[str, Any] = {"states": states, "bound": config.bound, "cycle_spread": config.cycle_spread}
    device = {
        "both": lambda: ConstantStep(**common),
        "both_soft": lambda: SoftBounds(**common),
        "one_sided": lambda: OneSided(**common, exponent=0.0, reset_every=config.batch),
        "one_sided_soft": lambda: OneSided(**common, exponent=1.0, reset_every=config.batch),
    }[config.device]()
    data = visible(digits.train, digits.train_labels)
    machine = Machine.drawn(config.seeds, data.shape[1], config.hidden, generator)
    array = device.array(tuple(machine.w.shape), generator)
    array.program(machine.w)
    machine.w = array.weight
    for _ in range(config.epochs):
        order = torch.stack([torch.randperm(len(data), generator=generator) for _ in range(config.seeds)])
        for drawn in order.split(config.batch, 1):
            v = data[drawn]
            h, again, h_again = reconstruct(machine, Exact(array.weight), neuron, v)
            array.pulse(None, v.mT @ h, again.mT @ h_again, generator)
            array.wait(v.shape[1])
            learn_thresholds(machine, config.step, v - again, h - h_again)
    machine.w = array.weight
    if isinstance(array, PairArray):
        plus, minus = array.g.sum(1)
        return machine, Conductances(plus, minus), array.resets.item() / machine.w.numel()
    return machine, Conductances(machine.w.clamp(min=0), (-machine.w).clamp(min=0)), 0.0


def unstable(
    config: RbmConfig, machine: Machine, cells: Conductances, digits: Digits, generator: torch.Generator
) -> dict[str, Any]:
    """Accuracies with read noise and after drift, and what is lost by them."""
    found: dict[str, Any] = {"noise": {}, "loss": {}, "drift": {}, "drift_loss": {}}

    def noisy(relative: float) -> Machine:
        def off(g: Tensor) -> Tensor:
            return g * (1 + relative * torch.randn(g.shape, generator=generator))

        return Machine(cells.changed(off), machine.b, machine.c)

    still = {}
    for name, neuron in (("stochastic", stochastic(generator)), ("threshold", threshold)):
        still[name] = tested(config, machine, neuron, digits)
        found["noise"][name] = {"percent0": still[name]}
        found["loss"][name] = {}
        for n in config.noises:
            right = tested(config, noisy(n / 100), neuron, digits)
            found["noise"][name][f"percent{n:g}"] = right
            found["loss"][name][f"percent{n:g}"] = _less(still[name], right)
    nu = [exponents(g / config.bound, generator) for g in (cells.plus, cells.minus)]
    for hours in config.hours:
        factors = iter([(1 + hours * 3600 / 20.0) ** -one for one in nu])
        late = Machine(cells.changed(lambda g, f=factors: g * next(f)), machine.b, machine.c)
        right = tested(config, late, stochastic(generator), digits)
        found["drift"][f"hours{hours:g}"] = right
        found["drift_loss"][f"hours{hours:g}"] = _less(still["stochastic"], right)
    return found


def _less(one: list[float], other: list[float]) -> list[float]:
    return [round(a - b, 4) for a, b in zip(one, other, strict=True)]


def shown(machine: Machine, neuron: Neuron, digits: Digits) -> dict[str, np.ndarray]:
    """Of the first machine, uint8 of 0 to 255: pictures, reconstructions, upper halves completed.

    Reconstructions are mean pixels over 20 draws; completions hold the upper half, and the label, which is
    given, for 50 steps, and are mean pixels over the last 20.
    """
    one = Machine(machine.w[:1], machine.b[:1], machine.c[:1])
    first = [
        int((digits.test_labels == c).nonzero()[0]) for c in range(CLASSES) if (digits.test_labels == c).any()
    ]
    v = visible(digits.test[first], digits.test_labels[first])[None]
    count = v.shape[-1] - CLASSES * LABEL_UNITS
    given = torch.ones_like(v)
    given[..., count // 2 : count] = 0
    brought = torch.stack([reconstruct(one, Exact(one.w), neuron, v)[1] for _ in range(20)]).mean(0)
    state, late = v * given, []
    for step in range(50):
        state = v * given + reconstruct(one, Exact(one.w), neuron, state)[1] * (1 - given)
        late += [state] if step >= 30 else []
    found = {"pictures": v, "reconstructions": brought, "completions": torch.stack(late).mean(0)}
    return {
        name: (255 * value[0, :, :count]).round().to(torch.uint8).numpy() for name, value in found.items()
    }
