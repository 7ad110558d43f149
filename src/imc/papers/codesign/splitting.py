"""Networks whole and split: trained, retrained, and split without retraining."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from imc.papers.codesign.flips import flipped, many
from imc.papers.codesign.pictures import Digits
from imc.papers.codesign.split_network import SplitLayer, SplitNetwork, split_without_training
from imc.papers.codesign.splitting_experiments import FlipsConfig, SplitConfig
from imc.runs.experiments import Outcome, Progress

LOOKED_AT = 10_000
"""Training pictures from which partial sums' means are taken, and test pictures at once."""


def flips(config: FlipsConfig, progress: Progress) -> Outcome:
    """Units of random layers that change when their inputs are split.

    Metrics, percent: here.rowsR, lists over seeds; exact.rowsR; limit.
    """
    here: dict[str, list[float]] = {f"rows{r}": [] for r in config.rows}
    for i in range(config.seeds):
        rng = np.random.default_rng(config.seed + i)
        x = rng.uniform(-1, 1, (config.samples, config.inputs)).astype(np.float32)
        w = rng.choice(np.array([-1, 1], np.float32), (config.inputs, config.outputs))
        for rows in config.rows:
            groups = config.inputs // rows
            parts = np.einsum(
                "ngi,gio->ngo", x.reshape(-1, groups, rows), w.reshape(groups, rows, -1), optimize=True
            )
            votes = np.where(parts >= 0, 1, -1).sum(1) >= 0
            wrong = votes != (parts.sum(1) >= 0)
            here[f"rows{rows}"].append(round(100 * float(wrong.mean()), 5))
        progress((i + 1) / config.seeds)
    exact = {f"rows{r}": round(100 * flipped(config.inputs // r), 5) for r in config.rows}
    return Outcome({"here": here, "exact": exact, "limit": round(100 * many(), 5)})


def train(config: SplitConfig, progress: Progress) -> Outcome:
    """Train `seeds` networks in one piece, and as many for each size of array.

    Metrics, lists over seeds, percent of test pictures: accuracy.whole, accuracy.retrained.rowsR,
    accuracy.kept.rowsR (split without retraining, thresholds shared equally), accuracy.centred.rowsR (the
    same, thresholds shared by the groups' means). flipped.layer2.rowsR and flipped.layer3.rowsR: percent of
    the layer's units that splitting flips (centred), on its own, its inputs right.
    """
    digits = Digits.load(config.data, config.train, config.test)
    digits = digits._replace(train=2 * digits.train - 1, test=2 * digits.test - 1)
    found: dict[str, Any] = {"accuracy": {"whole": []}, "flipped": {}}
    total, done = config.seeds * (1 + len(config.rows)), 0

    def note(kind: str, value: float) -> None:
        nonlocal done
        done += 1
        progress(done / total, f"{kind} {value:.2f} %")

    for seed in range(config.seed, config.seed + config.seeds):
        whole = fit(config, digits, config.hidden, seed)
        found["accuracy"]["whole"].append(accuracy(whole, digits))
        note("whole", found["accuracy"]["whole"][-1])
        for rows in config.rows:
            retrained = accuracy(fit(config, digits, rows, seed), digits)
            note(f"{rows} rows", retrained)
            _add(found["accuracy"], "retrained", rows, retrained)
            for name, centred in (("kept", False), ("centred", True)):
                split, shares = _split(whole, digits, rows, centred)
                _add(found["accuracy"], name, rows, accuracy(split, digits))
                for layer, share in shares.items() if centred else ():
                    _add(found["flipped"], layer, rows, share)
    return Outcome(found)


def _add(where: dict[str, Any], name: str, rows: int, value: float) -> None:
    where.setdefault(name, {}).setdefault(f"rows{rows}", []).append(value)


def fit(config: SplitConfig, digits: Digits, rows: int, seed: int) -> SplitNetwork:
    """A network trained from scratch with its hidden layers over arrays of `rows`, in evaluation mode."""
    net = SplitNetwork(digits.train.shape[1], config.hidden, rows, seed)
    optimizer = torch.optim.Adamax(
        [
            {"params": params, "lr": factor * config.learning_rate, "factor": factor}
            for layer in net.layers()
            for params, factor in (([layer.weight], layer.factor), ([*layer.norm.parameters()], 1.0))
        ]
    )
    order = torch.Generator().manual_seed(seed)
    steps, n = 0, len(digits.train)
    last = config.epochs * (n // config.batch)
    for _ in range(config.epochs):
        shuffled = torch.randperm(n, generator=order)
        for drawn in shuffled[: n // config.batch * config.batch].split(config.batch):
            rate = config.learning_rate * (1 + math.cos(math.pi * steps / last)) / 2
            for group in optimizer.param_groups:
                group["lr"] = rate * group["factor"]
            optimizer.zero_grad()
            scores = net(digits.train[drawn])
            torch.nn.functional.cross_entropy(scores, digits.train_labels[drawn]).backward()
            optimizer.step()
            with torch.no_grad():
                for layer in net.layers():
                    layer.weight.clamp_(-1, 1)
            steps += 1
    return net.eval()


@torch.no_grad()
def accuracy(net: SplitNetwork, digits: Digits) -> float:
    """Percent of test pictures."""
    right = [
        (net(x).argmax(-1) == y).sum().item()
        for x, y in zip(digits.test.split(1000), digits.test_labels.split(1000), strict=True)
    ]
    return round(100 * sum(right) / len(digits.test), 4)


@torch.no_grad()
def _split(
    whole: SplitNetwork, digits: Digits, rows: int, centred: bool
) -> tuple[SplitNetwork, dict[str, float]]:
    """`whole` with its hidden layers split, and the share of units that each flips by itself."""
    net = SplitNetwork(digits.train.shape[1], whole.last.weight.shape[1], rows, 0).eval()
    net.hidden[0], net.last = whole.hidden[0], whole.last
    seen, tried = digits.train[:LOOKED_AT], digits.test[:LOOKED_AT]
    shares = {}
    for i in (1, 2):
        seen, tried = (_bits(whole.hidden[i - 1], x) for x in (seen, tried))
        layer: SplitLayer = whole.hidden[i]  # pyright: ignore[reportAssignmentType]
        net.hidden[i] = split_without_training(layer, rows, seen, centred)
        wrong = _bits(layer, tried) != _bits(net.hidden[i], tried)
        shares[f"layer{i + 1}"] = round(100 * wrong.double().mean().item(), 4)
    return net, shares


def _bits(layer: torch.nn.Module, x: Tensor) -> Tensor:
    return torch.cat([layer(part) for part in x.split(1000)])
