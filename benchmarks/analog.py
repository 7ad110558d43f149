"""Seconds for 1,000 training samples on 784-256-128-10 by pulses, beside plain torch, and the ratios.

    python benchmarks/analog.py [--threads 2] [--batch 10] [--repeats 5]

Every repeat measures everything once, in turn, and the fastest time of each counts, so that a load on the
machine hits all alike. Processor seconds stand beside the wall clock's. AIHWKit is timed if it can be
imported. The inputs are random pictures with a fifth of their pixels set, as in MNIST.
"""

import argparse
import importlib.util
import itertools
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from imc.analog import (
    RPU_BASELINE,
    SGD,
    AnalogLinear,
    AnalogSGD,
    PulseTrain,
    SoftBounds,
    TikiTaka,
    TikiTakaV2,
)
from imc.runs import commands

SIZES = (784, 256, 128, 10)
SAMPLES = 1000
SOFT = SoftBounds(states=1200, bound=0.6, step_spread=0.3, bound_spread=0.3, cycle_spread=0.3)
LIMITS = {"pulsed SGD": 0.15, "Tiki-Taka v1": 0.3, "Tiki-Taka v2": 0.4}
"""Seconds for 1,000 samples that the project set itself."""

Step = Callable[[torch.Tensor, torch.Tensor], None]


def network(layer: Callable[[int, int], nn.Module]) -> nn.Module:
    """784-256-128-10 with logistic hidden units."""
    layers = [m for a, b in itertools.pairwise(SIZES) for m in (layer(a, b), nn.Sigmoid())]
    return nn.Sequential(*layers[:-1])


def training(net: nn.Module, optimizer: torch.optim.Optimizer) -> Step:
    """One step of an ordinary loop."""

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        optimizer.zero_grad()
        F.cross_entropy(net(x), y, reduction="sum").backward()
        optimizer.step()

    return step


def ours(device: Any, algorithm: Any, update: Any) -> Step:
    seeds = itertools.count()
    net = network(
        lambda a, b: AnalogLinear(a, b, device, algorithm=algorithm, update=update, seed=next(seeds))
    )
    return training(net, AnalogSGD(net, 0.01))


def contenders() -> dict[str, Step]:
    plain = network(nn.Linear)
    steps = {
        "plain torch": training(plain, torch.optim.SGD(plain.parameters(), 0.01)),
        "pulsed SGD": ours(RPU_BASELINE, SGD(), PulseTrain.managed()),
        "pulsed SGD, 10 slots": ours(RPU_BASELINE, SGD(), PulseTrain(10)),
        "Tiki-Taka v1": ours(SOFT, TikiTaka(gamma=0.1, every=1), PulseTrain.managed()),
        "Tiki-Taka v2": ours(SOFT, TikiTakaV2(gamma=0.0, every=1), PulseTrain.managed()),
    }
    if importlib.util.find_spec("aihwkit"):
        steps |= aihwkit()
    return steps


def aihwkit() -> dict[str, Step]:
    """The same network on AIHWKit's presets."""
    linear: Any = importlib.import_module("aihwkit.nn").AnalogLinear
    optim: Any = importlib.import_module("aihwkit.optim").AnalogSGD
    presets: Any = importlib.import_module("aihwkit.simulator.presets")
    found = {}
    for ratio, preset in (
        ("pulsed SGD", "GokmenVlasovPreset"),
        ("Tiki-Taka v1", "TikiTakaReRamSBPreset"),
        ("Tiki-Taka v2", "TTv2ReRamSBPreset"),
    ):
        config = getattr(presets, preset)
        net = network(lambda a, b, config=config: linear(a, b, rpu_config=config()))
        found[f"AIHWKit, {ratio}"] = training(net, optim(net.parameters(), lr=0.01))
    return found


def main(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    x = torch.rand(SAMPLES, SIZES[0]) * (torch.rand(SAMPLES, SIZES[0]) < 0.2)
    y = torch.randint(SIZES[-1], (SAMPLES,))
    batches = list(zip(x.split(options.batch), y.split(options.batch), strict=True))
    steps = contenders()
    wall = dict.fromkeys(steps, float("inf"))
    busy = dict(wall)
    for _ in range(options.repeats):
        for name, step in steps.items():
            begin, cpu = time.perf_counter(), time.process_time()
            for batch in batches:
                step(*batch)
            wall[name] = min(wall[name], time.perf_counter() - begin)
            busy[name] = min(busy[name], time.process_time() - cpu)
    print(f"{SAMPLES} samples, batch {options.batch}, {options.threads} threads")
    print(f"{'':24} {'wall s':>8} {'cpu s':>8} {'of plain':>9} {'limit s':>8}")
    for name in steps:
        ratio = busy[name] / busy["plain torch"]
        limit = f"{LIMITS[name]:8.2f}" if name in LIMITS else ""
        print(f"{name:24} {wall[name]:8.3f} {busy[name]:8.3f} {ratio:8.2f}x {limit}")
    for name in LIMITS:
        if f"AIHWKit, {name}" in wall:
            print(f"{wall[f'AIHWKit, {name}'] / wall[name]:.2f} x as fast as AIHWKit: {name}")


if __name__ == "__main__":
    parser = commands.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=commands.count, default=2)
    parser.add_argument("--batch", type=commands.count, default=10)
    parser.add_argument("--repeats", type=commands.count, default=5)
    commands.end(lambda: main(parser.parse_args()))
