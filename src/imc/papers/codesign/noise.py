"""Noise of synapses as a source of chance, beside other sources.

A synapse of weight w is a pair of conductances whose difference is w and whose sum is `background`, or |w| if
that is more. Each fluctuates by the relative SD sigma, so that the synapse's SD is

    S = sigma sqrt((max(background, |w|)^2 + w^2)/2),

which is sigma |w| without background: multiplicative noise, N(1, sigma^2), as of Kang et al. 2021.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from imc.papers.codesign.pictures import Digits, percent
from imc.papers.codesign.rbm import (
    Exact,
    Machine,
    Neuron,
    Synapses,
    pixels,
    recognized,
    reconstruct,
    spikes,
    stochastic,
    threshold,
    visible,
)
from imc.papers.codesign.rbm_experiments import ChanceConfig, ControlConfig, MachineConfig, NoiseConfig
from imc.runs.experiments import Outcome, Progress

AT_ONCE = 50
"""Pictures, each with synapses of its own, when a machine is tested."""

Read = Callable[[Tensor, int], Synapses]
"""From weights, (machines, visible, hidden), and a number of pictures to how they are read."""


def spread(w: Tensor, sigma: float, background: float) -> Tensor:
    """S of each synapse, of the shape of `w`; `sigma` is relative."""
    return sigma * torch.sqrt((w.abs().clamp(min=background).square() + w.square()) / 2)


@dataclass
class White:
    """Noise that is drawn anew at every read of every synapse, for each picture.

    A sum of independent normal deviations is a normal one: its variance is the sum of the variances of the
    synapses whose input is 1, exactly.
    """

    w: Tensor
    variance: Tensor
    generator: torch.Generator

    def _noise(self, variance: Tensor) -> Tensor:
        return torch.randn(variance.shape, generator=self.generator).mul_(variance.clamp_(min=0).sqrt_())

    def up(self, v: Tensor) -> Tensor:
        return v @ self.w + self._noise(v @ self.variance)

    def down(self, h: Tensor) -> Tensor:
        return h @ self.w.mT + self._noise(h @ self.variance.mT)


@dataclass
class Own:
    """Synapses of its own for each picture, (machines, n, visible, hidden): frozen noise."""

    w: Tensor

    def up(self, v: Tensor) -> Tensor:
        return (v[..., None, :] @ self.w)[..., 0, :]

    def down(self, h: Tensor) -> Tensor:
        return (self.w @ h[..., None])[..., 0]


@dataclass
class Masked:
    """Each synapse is read, or left out, anew at every read, alike for all pictures that are read together;
    divided by the share kept.
    """

    w: Tensor
    keep: float
    generator: torch.Generator

    def _drawn(self) -> Exact:
        kept = torch.rand(self.w.shape, generator=self.generator) < self.keep
        return Exact(kept * self.w / self.keep)

    def up(self, v: Tensor) -> Tensor:
        return self._drawn().up(v)

    def down(self, h: Tensor) -> Tensor:
        return self._drawn().down(h)


def sweep(config: NoiseConfig, progress: Progress) -> Outcome:
    """Train and test a machine at each amount of noise, neurons being thresholds.

    Metrics, lists over noises of lists over seeds, percent: test, train (the first 200 training pictures).
    silent: hidden units that none of these pictures wakes. optimum: the noise of highest test accuracy, one a
    seed, the mean of those that share it. best: that accuracy.
    """
    digits = Digits.load(config.data, config.train, config.test)
    found: dict[str, list[list[float]]] = {"test": [], "train": [], "silent": []}
    for i, amount in enumerate(config.noises):
        generator = torch.Generator().manual_seed(config.seed)

        def read(w: Tensor, n: int, sigma: float = amount / 100, g: torch.Generator = generator) -> Synapses:
            s = spread(w, sigma, config.background)
            if config.timing == "white":
                return White(w, s.square(), g)
            return Own(w[:, None] + s[:, None] * torch.randn(w.shape[0], n, *w.shape[1:], generator=g))

        for name, values in fit_and_test(config, digits, read, threshold, generator).items():
            found[name].append(values)
        progress((i + 1) / len(config.noises), f"{amount:g} %: {sum(found['test'][-1]) / config.seeds:.2f} %")
    table = torch.tensor(found["test"], dtype=torch.float64)
    best = table == table.amax(0)
    noises = torch.tensor(config.noises, dtype=torch.float64)[:, None]
    optimum = (best * noises).sum(0) / best.sum(0)
    return Outcome({**found, "optimum": optimum.tolist(), "best": table.amax(0).tolist()})


def controls(config: ControlConfig, progress: Progress) -> Outcome:
    """The machine with stochastic neurons, and with masks on synapses before thresholds.

    Metrics, lists over seeds, percent: stochastic.test, .train and .silent as of `sweep`, and those of
    masks.
    """
    digits = Digits.load(config.data, config.train, config.test)
    generator = torch.Generator().manual_seed(config.seed)
    found = {
        "stochastic": fit_and_test(config, digits, lambda w, n: Exact(w), stochastic(generator), generator)
    }
    progress(0.2)
    generator = torch.Generator().manual_seed(config.seed)

    def masked(w: Tensor, n: int) -> Synapses:
        return Masked(w, config.keep, generator)

    found["masks"] = fit_and_test(config, digits, masked, threshold, generator)
    return Outcome(found)


def fit_and_test(
    config: ChanceConfig, digits: Digits, read: Read, neuron: Neuron, generator: torch.Generator
) -> dict[str, list[float]]:
    """Machines trained and tested with synapses read so, accuracies in percent, lists over seeds."""
    machine = fit(config, digits, read, neuron, generator, config.start)
    return {
        "test": test(config, machine, read, neuron, digits.test, digits.test_labels),
        "train": test(config, machine, read, neuron, digits.train[:200], digits.train_labels[:200]),
        "silent": silent(machine, read, neuron, visible(digits.train[:200], digits.train_labels[:200])),
    }


def fit(
    config: MachineConfig,
    digits: Digits,
    read: Read,
    neuron: Neuron,
    generator: torch.Generator,
    start: Literal["data", "zero"] = "zero",
) -> Machine:
    """One step of contrastive divergence a batch: w <- w + step (v h of data - v h reconstructed).

    Thresholds of visible units start at the log odds of the training pictures, or at 0.
    """
    data = visible(digits.train, digits.train_labels)
    machine = Machine.drawn(config.seeds, data.shape[1], config.hidden, generator)
    if start == "data":
        machine.b += log_odds(data)
    for _ in range(config.epochs):
        order = torch.stack([torch.randperm(len(data), generator=generator) for _ in range(config.seeds)])
        for drawn in order.split(config.batch, 1):
            v = data[drawn]
            h, again, h_again = reconstruct(machine, read(machine.w, v.shape[1]), neuron, v)
            machine.w.add_(v.mT @ h - again.mT @ h_again, alpha=config.step)
            learn_thresholds(machine, config.step, v - again, h - h_again)
    return machine


def log_odds(data: Tensor) -> Tensor:
    """Thresholds, (visible,), at which stochastic units alone fire as often as in `data`, (n, visible).

    Hinton, A Practical Guide to Training Restricted Boltzmann Machines (2010), section 8. One picture more is
    counted in which each unit fires half, so that no threshold is infinite.
    """
    fired = data.sum(0) + 0.5
    return torch.log(fired / (len(data) + 1 - fired))


def silent(machine: Machine, read: Read, neuron: Neuron, data: Tensor) -> list[float]:
    """Hidden units that none of `data`, (n, visible), wakes, percent, one number a machine."""
    fired = [
        neuron(read(machine.w, len(given)).up(given.expand(len(machine.w), -1, -1)) + machine.c).amax(1)
        for given in data.split(AT_ONCE)
    ]
    return percent(torch.stack(fired).amax(0) == 0)


def learn_thresholds(machine: Machine, step: float, v: Tensor, h: Tensor) -> None:
    """b and c by contrastive divergence: step times the sums over the batch."""
    machine.b.add_(v.sum(1, keepdim=True), alpha=step)
    machine.c.add_(h.sum(1, keepdim=True), alpha=step)


def test(
    config: MachineConfig, machine: Machine, read: Read, neuron: Neuron, pictures: Tensor, labels: Tensor
) -> list[float]:
    """Accuracy by counted spikes, percent, one a machine."""
    shares = []
    for given, right in zip(pictures.split(AT_ONCE), labels.split(AT_ONCE), strict=True):
        synapses = read(machine.w, len(given))
        count = spikes(machine, synapses, neuron, pixels(given)[None], config.steps)
        shares.append(recognized(count, right))
    return [round(100 * share, 4) for share in torch.cat(shares, 1).double().mean(1).tolist()]
