"""A small test bed: one layer learns a fixed matrix, in many settings, in minutes for hundreds of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from imc.analog.algorithms import Algorithm, Setting
from imc.analog.checks import not_negative, positive, whole
from imc.analog.devices import Device
from imc.analog.periphery import Periphery
from imc.analog.pulses import PulseTrain, Update


@dataclass(frozen=True)
class Course:
    """How one layer learned.

    Attributes:
        samples: how many samples had been seen at each point.
        error: root mean square of weight less target there, relative to the target's; 1 is nothing learned.
        pulses: pulses that each array received, all its cells together.

    >>> from imc.analog import SGD, Ideal, learn_matrix
    >>> learn_matrix(Ideal(states=200), SGD(), size=4, samples=100, points=2).samples
    (50, 100)
    """

    samples: tuple[int, ...]
    error: tuple[float, ...]
    pulses: dict[str, int]


def learn_matrix(
    device: Device,
    algorithm: Algorithm,
    *,
    update: Update | None = None,
    lr: float = 0.01,
    size: int = 20,
    samples: int = 10_000,
    batch: int = 10,
    scale: float = 0.3,
    noise: float = 0.0,
    seed: int = 0,
    points: int = 10,
) -> Course:
    """Learn a fixed matrix from inputs and its products, a squared error, starting from 0.

    The target is uniform in +-scale times the device's bound, the inputs are uniform in +-1; the error of an
    output is delta = (W - target) x + noise z. A mini-batch's gradients are summed, as samples one by one.

    Args:
        device: of all cells.
        algorithm: `SGD()`, `TikiTaka(...)` and so on.
        update: how outer products are written, `PulseTrain.managed()` by default.
        lr: learning rate.
        size: inputs and outputs of the matrix.
        samples: how many to learn from.
        batch: samples in a mini-batch.
        scale: largest target, relative to the bound.
        noise: SD of the noise on the errors.
        seed: of the target, devices, samples and pulses.
        points: of the course, evenly spaced.

    Raises:
        UserError: for a size, batch or scale out of range, or a learning rate that cannot be written.

    >>> from imc.analog import SGD, SoftBounds, learn_matrix
    >>> course = learn_matrix(SoftBounds(states=200), SGD(), size=4, samples=2000, lr=0.1)
    >>> len(course.error), course.samples[-1], sorted(course.pulses)
    (10, 2000, ['c'])
    """
    whole("learn_matrix", 1, size=size, samples=samples, batch=batch, points=points)
    positive("learn_matrix", scale=scale)
    not_negative("learn_matrix", noise=noise)
    generator = torch.Generator().manual_seed(seed)
    target = torch.empty(size, size).uniform_(-1, 1, generator=generator).mul_(scale * device.bound)
    setting = Setting((size, size), device, update or PulseTrain.managed(), Periphery(), "learn_matrix")
    tile = algorithm.tile(setting, generator)
    tile.check(lr)
    tile.program(torch.zeros_like(target))
    seen, errors = [], []
    steps = max(1, samples // batch)
    marks = {round((k + 1) * steps / points) for k in range(points)}
    for step in range(1, steps + 1):
        x = torch.empty(batch, size).uniform_(-1, 1, generator=generator)
        delta = x @ (tile.weight - target).T
        if noise:
            delta += noise * torch.empty_like(delta).normal_(generator=generator)
        tile.step(x, delta, lr, generator)
        if step in marks:
            seen.append(step * batch)
            errors.append(_error(tile.weight, target))
    return Course(tuple(seen), tuple(errors), tile.pulses)


def _error(weight: Tensor, target: Tensor) -> float:
    return float((weight - target).norm() / target.norm())
