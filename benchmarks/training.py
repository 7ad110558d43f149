"""Speed of one training step, plain and binarized, against the fastest matrix product measured beside it.

    python benchmarks/training.py [--threads 2] [--precision float32] [--channels 128] [--repeats 5] [--check]

Every repeat measures everything once, in turn, and the fastest time of each counts, so that a load on the
machine hits all alike. `--check` fails if a binarized step takes more than 1.5 times the plain one, or
sampling more than 2 % of the plain step.
"""

import argparse
import sys
import time
from collections.abc import Callable

import torch

from imc.papers.batmann import pictures
from imc.papers.batmann.controllers import CONVOLUTIONS, POOLED, shapes
from imc.papers.batmann.episodes import draw
from imc.papers.batmann.experiments import TrainConfig
from imc.papers.batmann.testing import device
from imc.papers.batmann.training import Training
from imc.runs import commands

ROWS = ("fp32", "xnor", "batmann_x", "rbnn", "batmann_r")
RATIO, SHARE = 1.5, 0.02
PEAK_SIDE = 2048


def gflop(config: TrainConfig) -> float:
    """Multiplications and additions of a step, in billions: forward, and backward to weights and to
    inputs."""
    side, total = pictures.SIDE, 0
    for name, shape in shapes(config).items():
        products = 1
        for n in shape:
            products *= n
        if name in CONVOLUTIONS:
            side -= shape[2] - 1
            products *= side**2
            side //= 2 if name in POOLED else 1
        total += products * (2 if name == "conv1" else 3)
    return 2e-9 * total * config.ways * (config.shots + config.queries)


def main(options: argparse.Namespace) -> int:
    torch.set_num_threads(options.threads)
    place = device()
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[options.precision]
    configs = {row: _config(row, options) for row in ROWS}
    trainings = {row: Training(config, place) for row, config in configs.items()}
    matrix = torch.randn(PEAK_SIDE, PEAK_SIDE, device=place).to(dtype)
    plain = trainings["fp32"]

    def sample() -> None:
        task = draw(plain.config, "train", plain.episode, len(plain.pictures.train))
        both = [task.pictures(plain.pictures.train, d) for d in (task.support, task.queries)]
        pictures.normalized(torch.cat(both))

    jobs: dict[str, Callable[[], object]] = {row: training.step for row, training in trainings.items()}
    jobs |= {"product": lambda: matrix @ matrix, "sampling": sample}
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(options.repeats):
        for name, job in jobs.items():
            best[name] = min(best[name], _seconds(job, place))

    peak = 2e-9 * PEAK_SIDE**3 / best["product"]
    where = torch.cuda.get_device_name() if place.type == "cuda" else f"{options.threads} threads"
    print(f"{where}, {options.precision}, matrix product {peak:.0f} GFLOP/s")
    print(f"{'row':<10} {'s/step':>8} {'GFLOP/s':>8} {'of peak':>8} {'of plain':>9}")
    for row, config in configs.items():
        rate = gflop(config) / best[row]
        print(f"{row:<10} {best[row]:8.4f} {rate:8.0f} {rate / peak:8.0%} {best[row] / best['fp32']:8.2f}x")
    share = best["sampling"] / best["fp32"]
    print(f"sampling {1e3 * best['sampling']:.2f} ms, {share:.2%} of the plain step")
    slow = [row for row in ROWS if best[row] > RATIO * best["fp32"]]
    if options.check and (slow or share > SHARE):
        print(f"too slow: {', '.join(slow) or 'sampling'}", file=sys.stderr)
        return 1
    return 0


def _config(row: str, options: argparse.Namespace) -> TrainConfig:
    return TrainConfig.build(
        row=row, variant="released", data=options.data, channels=options.channels, precision=options.precision
    )


def _seconds(job: Callable[[], object], place: torch.device) -> float:
    begin = time.perf_counter()
    job()
    if place.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin


if __name__ == "__main__":
    parser = commands.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=commands.count, default=2)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--channels", type=commands.count, default=128)
    parser.add_argument("--repeats", type=commands.count, default=5)
    parser.add_argument("--data", choices=("omniglot", "glyphs"), default="omniglot")
    parser.add_argument("--check", action="store_true")
    commands.end(lambda: main(parser.parse_args()))
