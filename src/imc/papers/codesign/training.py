"""Training networks of logistic hidden units on devices that take pulses."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from imc import datasets
from imc.analog import (
    AGAD,
    RPU_PERIPHERY,
    SGD,
    AnalogLinear,
    AnalogSGD,
    Capacitor,
    ChoppedTikiTaka,
    ConstantStep,
    Exponential,
    Outer,
    Periphery,
    Power,
    PulseTrain,
    Reference,
    SoftBounds,
    TikiTaka,
    TikiTakaV2,
)
from imc.analog.devices import Device
from imc.papers.codesign.rpu_experiments import TrainingConfig
from imc.runs.experiments import Outcome, Progress

LARGEST_START = 0.5
"""Of initial weights: within the bounds of most cells, 0.6 +- 0.18 in the baseline."""
_HELD_OUT = 6
_MARKS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""When the curve is taken, as shares of the samples."""
_SPREADS = {"step_spread", "bound_spread", "asymmetry_spread", "cycle_spread"}
_TIKI_TAKA = {"v1": TikiTaka, "v2": TikiTakaV2, "chopped": ChoppedTikiTaka, "agad": AGAD}


class Pictures(NamedTuple):
    """Grey levels from 0 to 1, (n, pixels), and labels, (n,)."""

    inputs: Tensor
    labels: Tensor

    @classmethod
    def of(cls, images: np.ndarray, labels: np.ndarray) -> "Pictures":
        inputs = torch.from_numpy(images.reshape(len(images), -1).astype(np.float32) / 255)
        return cls(inputs, torch.from_numpy(labels.astype(np.int64)))


def pictures(config: TrainingConfig) -> tuple[Pictures, Pictures]:
    """What trains, and what judges."""
    raw = datasets.load(config.data)
    kept = len(raw.train_images) - len(raw.train_images) // _HELD_OUT
    train = Pictures.of(raw.train_images[:kept], raw.train_labels[:kept])
    if config.judged_on == "held_out":
        return train, Pictures.of(raw.train_images[kept:], raw.train_labels[kept:])
    return train, Pictures.of(raw.test_images, raw.test_labels)


def device(config: TrainingConfig) -> Device:
    """The device that a configuration describes."""
    common = config.model_dump(include={"states", "bound", "asymmetry", *_SPREADS})
    if config.device == "capacitor":
        return Capacitor(
            **common,
            slope=config.slope,
            tau=math.inf if config.tau is None else config.tau,
            rest=config.rest,
            rest_spread=config.rest_spread,
        )
    kinds = {"constant": ConstantStep, "soft": SoftBounds, "power": Power, "exponential": Exponential}
    return kinds[config.device](**common)


def periphery(config: TrainingConfig) -> Periphery:
    """What a configuration puts around its arrays."""
    rpu = replace(RPU_PERIPHERY, output_noise=config.output_noise)
    return {
        "none": Periphery(),
        "rpu": rpu,
        "inputs": Periphery(dac=rpu.dac),
        "outputs": replace(rpu, dac=None),
        "scaled": replace(rpu, scale_inputs=True),
    }[config.periphery]


def algorithm(config: TrainingConfig) -> SGD | TikiTaka:
    """The algorithm that a configuration names."""
    zero = Reference(config.reference, error=config.reference_error, pairs=config.pairs)
    if config.algorithm == "sgd":
        return SGD(reference=zero)
    return _TIKI_TAKA[config.algorithm](
        gamma=config.gamma,
        every=config.every,
        columns=config.columns,
        transfer_lr=config.transfer_rate,
        reference=zero,
    )


def layer(config: TrainingConfig, inputs: int, outputs: int, seed: int) -> nn.Module:
    """One layer before its training, its weights not yet set."""
    if config.device == "float":
        return nn.Linear(inputs, outputs)
    trains = {
        "fixed": PulseTrain(config.train_length),
        "managed": PulseTrain.managed(config.train_length),
        "exact": Outer(),
    }
    return AnalogLinear(
        inputs,
        outputs,
        device(config),
        algorithm=algorithm(config),
        update=trains[config.pulses],
        periphery=periphery(config),
        seed=seed,
    )


def network(config: TrainingConfig, seed: int) -> nn.Sequential:
    """The network `seed` before its first sample; biases start at 0."""
    chance = Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for number, (a, b) in enumerate(itertools.pairwise((784, *config.hidden, 10))):
        start = min(4 * math.sqrt(6 / (a + b)), LARGEST_START)
        weight, bias = torch.empty(b, a).uniform_(-start, start, generator=chance), torch.zeros(b)
        one = layer(config, a, b, 2**20 * (number + 1) + seed)
        if isinstance(one, AnalogLinear):
            one.set_weight(weight, bias)
        elif isinstance(one, nn.Linear):
            one.weight.data, one.bias.data = weight, bias
        layers += [one, nn.Sigmoid()]
    return nn.Sequential(*layers[:-1])


def batches(config: TrainingConfig, many: int, seed: int) -> Iterator[Tensor]:
    """Numbers of pictures of `many`, batch by batch, each pass in an order of its own."""
    chance = Generator().manual_seed(seed + 2**31)
    passes = math.ceil(config.samples / many)
    order = torch.cat([torch.randperm(many, generator=chance) for _ in range(passes)])
    return iter(order[: config.samples].split(config.batch))


@torch.no_grad()
def accuracy(net: nn.Module, data: Pictures) -> float:
    """Percent."""
    net.eval()
    right = torch.cat([net(part).argmax(1) for part in data.inputs.split(2000)]) == data.labels
    net.train()
    return round(100 * float(right.double().mean()), 4)


def trained(
    config: TrainingConfig,
    seed: int,
    train: Pictures,
    after: Callable[[nn.Sequential, int], None] = lambda net, samples: None,
) -> nn.Sequential:
    """The network `seed` after its training; `after` is called after each batch with the samples so far."""
    net = network(config, seed)
    if config.device == "float":
        optimizer: torch.optim.Optimizer = torch.optim.SGD(net.parameters(), config.learning_rate)
    else:
        optimizer = AnalogSGD(net, config.learning_rate)
    seen = 0
    for drawn in batches(config, len(train.labels), seed):
        optimizer.zero_grad()
        F.cross_entropy(net(train.inputs[drawn]), train.labels[drawn], reduction="sum").backward()
        optimizer.step()
        seen += len(drawn)
        after(net, seen)
    return net


def analog(net: nn.Sequential) -> list[AnalogLinear]:
    """The network's layers on arrays."""
    return [one for one in net if isinstance(one, AnalogLinear)]


def train(config: TrainingConfig, progress: Progress) -> Outcome:
    """Train `config.seeds` networks and judge them.

    Metrics, lists over seeds: ``accuracy`` and ``error`` after the last sample, percent; ``pulses.c``,
    ``pulses.a``, pulses that a cell of each array has received on average (a: Tiki-Taka's fast array).
    ``curve.samples``, and ``curve.error`` [seed][point].
    """
    train_pictures, judges = pictures(config)
    steps = math.ceil(config.samples / config.batch)
    marks = sorted({max(1, round(share * steps)) * config.batch for share in _MARKS})
    marks[-1] = config.samples
    errors: list[list[float]] = []
    pulses: dict[str, list[float]] = {}
    for number in range(config.seeds):
        found: list[float] = []

        def look(net: nn.Sequential, seen: int, found: list[float] = found, number: int = number) -> None:
            if seen in marks:
                found.append(round(100 - accuracy(net, judges), 4))
                share = (number + seen / config.samples) / config.seeds
                progress(share, f"network {number + 1}: error {found[-1]:.2f} %")

        net = trained(config, config.seed + number, train_pictures, look)
        errors.append(found)
        for name, value in _pulses_a_cell(net).items():
            pulses.setdefault(name, []).append(value)
    last = [found[-1] for found in errors]
    return Outcome(
        {
            "error": last,
            "accuracy": [round(100 - e, 4) for e in last],
            "curve": {"samples": marks, "error": errors},
            "pulses": pulses,
        }
    )


def _pulses_a_cell(net: nn.Sequential) -> dict[str, float]:
    layers = analog(net)
    cells = sum(one.tile.weight.numel() for one in layers)
    total: dict[str, int] = {}
    for one in layers:
        for name, count in one.pulses.items():
            total[name] = total.get(name, 0) + count
    return {name: round(count / cells, 3) for name, count in total.items()}
