"""Training networks of resistors, and their gradients held against finite differences."""

from itertools import product

import torch
from torch import Tensor

from imc import runs
from imc.papers.codesign.equilibrium_experiments import EquilibriumConfig, GradientConfig, linear_of
from imc.papers.codesign.pictures import CLASSES, Digits, percent
from imc.papers.codesign.resistive import Circuit, Weights, cost, estimate, require_stable, settle
from imc.runs.experiments import Outcome, Progress

DECAY = 0.99
"""Of the learning rate, an epoch."""
STEP = 1e-5
"""Of a finite difference, in the unit of a conductance."""
TEST_SWEEPS = 4
"""Times the sweeps of training: the energy is convex, so that they must not matter."""


def gradients(config: GradientConfig, progress: Progress) -> Outcome:
    """Cosine between the local estimate and finite differences, over all conductances of a network.

    Metrics, lists over seeds: cosine.nudgingBETA, one_sided.nudgingBETA (nudged up alone), and
    ratio.nudgingBETA, length of the estimate over that of the finite differences.
    """
    circuit = Circuit(config.diodes, config.amplifier, sweeps=100)
    generator = torch.Generator().manual_seed(config.seed)
    sizes = (config.inputs, *config.hidden, 3)
    weights = Weights.drawn(sizes, config.seeds, generator).double()

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    for g in weights.g:
        g.add_(0.05)  # clear of 0, where a finite difference would leave the allowed range
    weights.b = [0.1 * draw(*b.shape) for b in weights.b]
    inputs, target = 3 * draw(config.seeds, 4, config.inputs), draw(config.seeds, 4, 3)
    require_stable(weights, max(config.nudgings))
    exact = finite_differences(circuit, weights, inputs, target)
    progress(0.5)
    found: dict[str, dict[str, list[float]]] = {"cosine": {}, "one_sided": {}, "ratio": {}}
    for beta in config.nudgings:
        local = flat(estimate(circuit, weights, inputs, target, beta)[0])
        side = flat(one_sided(circuit, weights, inputs, target, beta))
        name = f"nudging{beta:g}"
        found["cosine"][name] = rounded(torch.cosine_similarity(local, exact))
        found["one_sided"][name] = rounded(torch.cosine_similarity(side, exact))
        found["ratio"][name] = rounded(local.norm(dim=1) / exact.norm(dim=1))
    return Outcome(found)


def flat(weights: Weights) -> Tensor:
    """All conductances' slopes, (networks, conductances)."""
    return torch.cat([g.flatten(1) for g in weights.g], 1)


def rounded(values: Tensor) -> list[float]:
    """To nine decimals: below, double precision and the remaining sweeps decide."""
    return [round(v, 9) for v in values.tolist()]


def finite_differences(circuit: Circuit, weights: Weights, inputs: Tensor, target: Tensor) -> Tensor:
    """dC/dg of each conductance, (networks, conductances), by central differences of the free cost."""
    found = []
    for g in weights.g:
        slope = torch.zeros_like(g)
        for i, j in product(*map(range, g.shape[1:])):
            for sign in (1, -1):
                g[:, i, j] += sign * STEP
                slope[:, i, j] += sign * cost(settle(circuit, weights, inputs)[-1], target) / (2 * STEP)
                g[:, i, j] -= sign * STEP
        found.append(slope.flatten(1))
    return torch.cat(found, 1)


def one_sided(circuit: Circuit, weights: Weights, inputs: Tensor, target: Tensor, beta: float) -> Weights:
    """The estimate from the free state and one nudged up, which is biased by a term of order beta."""
    free = settle(circuit, weights, inputs)
    up = settle(circuit, weights, inputs, free, target, beta)
    over = 1 / (beta * circuit.scale(len(weights.g) - 1))
    slopes = []
    for i in range(len(weights.g)):
        squares = [_squares(circuit, i, inputs, v) for v in (up, free)]
        slopes.append(over * circuit.scale(i) * (squares[0] - squares[1]) / 2)
    return Weights(slopes, [])


def _squares(circuit: Circuit, i: int, inputs: Tensor, v: list[Tensor]) -> Tensor:
    """Squared voltage across each resistor of layer i, mean over the batch."""
    low = inputs if i == 0 else circuit.amplifier * v[i - 1]
    return (low[..., None] - v[i][..., None, :]).square().mean(1)


def train(config: EquilibriumConfig, progress: Progress) -> Outcome:
    """Train `seeds` networks and test them.

    Metrics, lists over seeds, percent of pictures: accuracy.test, accuracy.train (the first 10,000),
    accuracy.settled (test, with four times the sweeps), above_linear (test, less the best linear
    classifier's), spread.AT (test, conductances off by AT percent); settled_difference, the largest
    change of an output by more sweeps, relative; conducting, percent of hidden states that a diode bends;
    linear; lists over epochs of lists over seeds: curve.test.
    """
    linear = runs.obtain("codesign/linear", **dict(next(iter(linear_of(config)))[1])).metric("accuracy.best")
    digits = Digits.load(config.data, config.train, config.test, config.pool)
    circuit = Circuit(config.diodes, config.amplifier, config.sweeps)
    generator = torch.Generator().manual_seed(config.seed)
    sizes = (2 * digits.train.shape[1], *config.hidden, CLASSES)
    weights = Weights.drawn(sizes, config.seeds, generator)
    require_stable(weights, config.nudging)
    targets = torch.nn.functional.one_hot(digits.train_labels, CLASSES).float()
    curve = []
    for epoch in range(config.epochs):
        order = torch.stack([torch.randperm(len(targets), generator=generator) for _ in range(config.seeds)])
        rate = config.learning_rate * DECAY**epoch
        steps = len(targets) // config.batch
        for n, drawn in enumerate(order[:, : steps * config.batch].split(config.batch, 1)):
            inputs = doubled(digits.train[drawn], config.input_gain)
            slopes, _ = estimate(circuit, weights, inputs, targets[drawn], config.nudging)
            for g, slope in zip(weights.g, slopes.g, strict=True):
                g.sub_(slope, alpha=rate).clamp_(min=0)
            for b, slope in zip(weights.b, slopes.b, strict=True):
                b.sub_(slope, alpha=rate)
            if n % 500 == 0:
                progress((epoch + n / steps) / config.epochs)
        curve.append(percent(_right(config, circuit, weights, digits.test, digits.test_labels)))
        progress((epoch + 1) / config.epochs, f"test {sum(curve[-1]) / config.seeds:.2f} %")
    return Outcome(_measure(config, circuit, weights, digits, linear, generator) | {"curve": {"test": curve}})


def doubled(pictures: Tensor, gain: float) -> Tensor:
    """Voltages x and -x, (..., 2 pixels): conductances cannot be negative."""
    return torch.cat([pictures, -pictures], -1).mul_(gain)


def _outputs(config: EquilibriumConfig, circuit: Circuit, weights: Weights, pictures: Tensor) -> Tensor:
    parts = [
        settle(circuit, weights, doubled(part, config.input_gain).expand(config.seeds, -1, -1))[-1]
        for part in pictures.split(500)
    ]
    return torch.cat(parts, 1)


def _right(
    config: EquilibriumConfig, circuit: Circuit, weights: Weights, pictures: Tensor, labels: Tensor
) -> Tensor:
    return _outputs(config, circuit, weights, pictures).argmax(-1) == labels


def _measure(
    config: EquilibriumConfig,
    circuit: Circuit,
    weights: Weights,
    digits: Digits,
    linear: float,
    generator: torch.Generator,
) -> dict[str, object]:
    long = Circuit(circuit.diodes, circuit.amplifier, TEST_SWEEPS * circuit.sweeps)
    free, settled = (_outputs(config, c, weights, digits.test) for c in (circuit, long))
    test, seen = percent(free.argmax(-1) == digits.test_labels), 10_000
    spread = {}
    for relative in config.spreads:
        off = [
            g * (1 + relative * torch.randn(g.shape, generator=generator)).clamp_(min=0) for g in weights.g
        ]
        right = _right(config, circuit, Weights(off, weights.b), digits.test, digits.test_labels)
        spread[f"percent{100 * relative:g}"] = percent(right)
    return {
        "accuracy": {
            "test": test,
            "train": percent(
                _right(config, circuit, weights, digits.train[:seen], digits.train_labels[:seen])
            ),
            "settled": percent(settled.argmax(-1) == digits.test_labels),
        },
        "above_linear": [round(value - linear, 4) for value in test],
        "linear": linear,
        "settled_difference": ((settled - free).abs().amax((1, 2)) / settled.abs().amax((1, 2))).tolist(),
        "conducting": conducting(config, circuit, weights, digits.test[:500]),
        "spread": spread,
    }


def conducting(
    config: EquilibriumConfig, circuit: Circuit, weights: Weights, pictures: Tensor
) -> list[float]:
    """Percent of the first hidden layer's voltages that a diode changes by 1 % or more, one a network."""
    inputs = doubled(pictures, config.input_gain).expand(config.seeds, -1, -1)
    v = settle(circuit, weights, inputs)
    free = Circuit("none", circuit.amplifier, circuit.sweeps)
    above = weights.g[1].sum(2)[:, None]
    current = inputs @ weights.g[0] + weights.b[0] + v[1] @ weights.g[1].mT / circuit.amplifier
    alone = free.clamp(current, weights.g[0].sum(1, keepdim=True) + above)
    return percent(((v[0] - alone).abs() > 0.01 * alone.abs()).flatten(1))
