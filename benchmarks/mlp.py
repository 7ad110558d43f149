"""Speed of a training step of the thesis's networks against what this machine allows.

    python benchmarks/mlp.py [--threads 1] [--repeats 200] [--check] [name=value ...]

The limit is the time of the step's matrix products, of its random numbers, and of one pass over the
optimizer's state (values, gradients, mean, peak), each measured here. Every repeat measures everything once,
in turn, and the fastest of each counts, so that a load on the machine hits all alike. `--check` fails if a
step takes more than 2.5 limits. The first layer's product is also timed by other kernels.
"""

import argparse
import sys
import time
from collections.abc import Callable

import torch

from imc.papers.reram.experiments import MlpConfig
from imc.papers.reram.network import Ensemble
from imc.papers.reram.passes import Passes
from imc.papers.reram.size import CLASSES, layer_shapes
from imc.papers.reram.training import optimizer_of, stepper
from imc.runs import commands

RATIO = 2.5
Job = Callable[[], object]


def products(config: MlpConfig) -> Job:
    """The step's products alone: forward, to the weights, and to the inputs but for the first layer's."""
    n, batch = config.seeds, config.batch
    calls: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    for i, (rows, columns) in enumerate(layer_shapes(config.input_size, config.hidden)):
        x, w, g = torch.randn(n, batch, rows), torch.randn(n, rows, columns), torch.randn(n, batch, columns)
        calls.append((x, w, torch.empty_like(g)))
        calls.append((x.transpose(1, 2), g, torch.empty_like(w)))
        if i:
            calls.append((g, w.transpose(1, 2), torch.empty_like(x)))
    return lambda: [torch.bmm(a, b, out=out) for a, b, out in calls]


def draws(nets: Ensemble) -> Job:
    """The random numbers of a step, where neurons fire by chance."""
    words = -(-2 * nets.config.batch * nets.config.hidden // 4)  # of 64 bits, for two layers of 16 bits each
    buffer = torch.empty(nets.config.seeds, words, dtype=torch.int64)
    pairs = list(zip(buffer, nets.generators, strict=True))
    return lambda: [row.random_(-(2**63), None, generator=g) for row, g in pairs]


def state(nets: Ensemble) -> Job:
    """One pass over the four buffers of the optimizer."""
    values, gradients, mean, peak = (torch.zeros_like(nets.flat.values) for _ in range(4))

    def once() -> None:
        mean.add_(gradients)
        values.add_(peak)

    return once


def kernels(config: MlpConfig) -> dict[str, Job]:
    """The first layer's forward product, by the kernels that PyTorch has for it."""
    n, batch, (rows, columns) = config.seeds, config.batch, layer_shapes(config.input_size, config.hidden)[0]
    x, w = torch.randn(n, batch, rows), torch.randn(n, rows, columns)
    turned, channels = w.transpose(1, 2).contiguous(), x.transpose(1, 2).reshape(1, n * rows, batch)
    filters = turned.reshape(n * columns, rows, 1)
    return {
        "bmm": lambda: torch.bmm(x, w),
        "linear": lambda: [torch.nn.functional.linear(a, b) for a, b in zip(x, turned, strict=True)],
        "convolution": lambda: torch.nn.functional.conv1d(channels, filters, groups=n),
    }


def main(options: argparse.Namespace) -> int:
    torch.set_num_threads(options.threads)
    config = MlpConfig.parse(["optimizer=released", *options.values])
    nets = Ensemble(config)
    step, passes, optimizer = stepper(nets), Passes(nets), optimizer_of(nets)
    shape = (config.seeds, config.batch)
    inputs = (torch.rand(*shape, config.input_size**2) > 0.8).to(torch.uint8)
    labels = torch.randint(0, CLASSES, shape)
    targets = 2.0 * torch.nn.functional.one_hot(labels, CLASSES) - 1
    jobs: dict[str, Job] = {
        "products": products(config),
        "draws": draws(nets),
        "state": state(nets),
        "step": lambda: step(inputs, targets, 2.0**-10),
        "forward": passes.forward,
        "backward": lambda: passes.backward(torch.zeros(*shape, CLASSES)),
        "optimizer": lambda: optimizer.step(2.0**-10),
        **kernels(config),
    }
    if config.activation_bits > 1 or not config.stochastic_neurons:
        jobs["draws"] = lambda: None
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(options.repeats):
        for name, job in jobs.items():
            begin = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - begin)
    for name, seconds in best.items():
        print(f"{name:<12} {1e3 * seconds:8.3f} ms")
    ratio = best["step"] / (best["products"] + best["draws"] + best["state"])
    print(f"{options.threads} thread(s): a step takes {ratio:.2f} limits")
    if options.check and ratio > RATIO:
        print(f"too slow: more than {RATIO} limits", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    parser = commands.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=commands.count, default=1)
    parser.add_argument("--repeats", type=commands.count, default=200)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("values", nargs="*", help="name=value of the configuration")
    commands.end(lambda: main(parser.parse_args()))
