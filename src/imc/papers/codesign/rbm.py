"""A restricted Boltzmann machine that also sees labels: its energy, its units, how it recognizes.

Hinton 2002; on spikes: Neftci et al., Front. Neurosci. 7:272 (2014), whose 784 pixels, 40 label units (4 a
class) and 500 hidden units these are. E(v, h) = -b v - c h - v W h, all units 0 or 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import one_hot, softplus

from imc.papers.codesign.pictures import CLASSES

LABEL_UNITS = 4
"""A class."""

Neuron = Callable[[Tensor], Tensor]
"""From a unit's input to its output of 0 or 1."""


@dataclass
class Machine:
    """Machines side by side.

    Attributes:
        w: weights, (machines, visible, hidden).
        b, c: of visible and hidden units, (machines, 1, units).
    """

    w: Tensor
    b: Tensor
    c: Tensor

    @classmethod
    def drawn(cls, machines: int, visible: int, hidden: int, generator: torch.Generator) -> "Machine":
        """Weights of SD 0.01, no thresholds."""
        w = 0.01 * torch.randn(machines, visible, hidden, generator=generator)
        return cls(w, torch.zeros(machines, 1, visible), torch.zeros(machines, 1, hidden))

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """E of states v, (machines, n, visible), and h, (machines, n, hidden): (machines, n)."""
        return -((v * self.b).sum(-1) + (h * self.c).sum(-1) + ((v @ self.w) * h).sum(-1))

    def free_energy(self, v: Tensor) -> Tensor:
        """-ln of the sum over h of exp(-E(v, h)), (machines, n)."""
        return -((v * self.b).sum(-1) + softplus(v @ self.w + self.c).sum(-1))


def stochastic(generator: torch.Generator) -> Neuron:
    """1 with the logistic function of the input as probability: what a random-walk circuit makes."""

    def fire(x: Tensor) -> Tensor:
        return (torch.rand(x.shape, generator=generator) < torch.sigmoid(x)).to(x.dtype)

    return fire


def threshold(x: Tensor) -> Tensor:
    """Deterministic units: 1 above 0."""
    return (x > 0).to(x.dtype)


class Synapses(Protocol):
    """How weights are read: products with them forwards and backwards, and what passes between reads."""

    def up(self, v: Tensor) -> Tensor:
        """v W, (machines, n, hidden)."""
        ...

    def down(self, h: Tensor) -> Tensor:
        """h W^T, (machines, n, visible)."""
        ...


@dataclass
class Exact:
    """Synapses without noise."""

    w: Tensor

    def up(self, v: Tensor) -> Tensor:
        return v @ self.w

    def down(self, h: Tensor) -> Tensor:
        return h @ self.w.mT


def visible(pictures: Tensor, labels: Tensor) -> Tensor:
    """Pixels, 1 from half grey upwards, then the label units: (n, pixels + 40)."""
    return torch.cat([pixels(pictures), label_units(labels)], -1)


def pixels(pictures: Tensor) -> Tensor:
    """One bit a pixel, so that pictures bring no chance of their own."""
    return (pictures >= 0.5).float()


def label_units(labels: Tensor) -> Tensor:
    """Four units a class, (..., 40)."""
    return one_hot(labels, CLASSES).float().repeat_interleave(LABEL_UNITS, -1)


def reconstruct(
    machine: Machine, synapses: Synapses, neuron: Neuron, v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden units on data `v`, the visible units that they bring back, the hidden units on these."""
    h = neuron(synapses.up(v) + machine.c)
    again = neuron(synapses.down(h) + machine.b)
    return h, again, neuron(synapses.up(again) + machine.c)


def spikes(machine: Machine, synapses: Synapses, neuron: Neuron, given: Tensor, steps: int) -> Tensor:
    """Spikes of each class's label units while pixels are held, (machines, n, classes).

    Label units start at 0, and `steps` times hidden units answer to all, then label units to them.

    Args:
        given: pixels, (machines or 1, n, pixels), 0 or 1.
    """
    machines, n = machine.w.shape[0], given.shape[1]
    v = torch.cat([given.expand(machines, -1, -1), torch.zeros(machines, n, CLASSES * LABEL_UNITS)], -1)
    count = torch.zeros(machines, n, CLASSES)
    for _ in range(steps):
        h = neuron(synapses.up(v) + machine.c)
        labels = neuron(synapses.down(h) + machine.b)[..., given.shape[-1] :]
        v = torch.cat([v[..., : given.shape[-1]], labels], -1)
        count += labels.unflatten(-1, (CLASSES, LABEL_UNITS)).sum(-1)
    return count


def recognized(count: Tensor, labels: Tensor) -> Tensor:
    """Share of the right answer for each picture, (machines, n): ties share it among them."""
    best = count == count.amax(-1, keepdim=True)
    right = best.gather(-1, labels.expand(count.shape[0], -1)[..., None])[..., 0]
    return right / best.sum(-1)


def by_energy(machine: Machine, given: Tensor) -> Tensor:
    """The class of least free energy, (machines, n): recognition without chance."""
    n = given.shape[1]
    scores = []
    for label in range(CLASSES):
        units = label_units(torch.full((n,), label))
        scores.append(machine.free_energy(torch.cat([given[0], units], -1)[None]))
    return torch.stack(scores, -1).argmin(-1)
