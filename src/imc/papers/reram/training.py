"""Training the thesis's network: BinaryNet's rule on an ensemble."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from imc.binary.binarynet import DecayingShiftAdaMax, ShiftAdaMax, release_factors, squared_hinge_slope
from imc.papers.reram.evaluation import measure
from imc.papers.reram.experiments import MlpConfig
from imc.papers.reram.merge import Norm, arithmetic_merge
from imc.papers.reram.network import LAYERS, Ensemble, Trained
from imc.papers.reram.passes import Passes
from imc.papers.reram.pictures import Pictures
from imc.papers.reram.size import CLASSES, layer_shapes
from imc.runs.experiments import Outcome, Progress

HALVED_EVERY = 20  # epochs (BinaryNet)
_AT_ONCE = 500  # pictures a network looks at, so that a layer's numbers stay in the processor's cache

Curve = dict[str, list[list[float]]]


def train(config: MlpConfig, progress: Progress) -> Outcome:
    """Train `config.seeds` networks and measure the last epoch's under every batch-norm policy.

    Metrics, lists over seeds: accuracy.POLICY and most_frequent_answer.POLICY (percent, test pictures), and
    those of `chosen`; lists over epochs of lists over seeds: curve.train_loss, curve.test and curve.held_out
    (accuracy, percent), curve.in_window1 and curve.in_window2 (percent of a hidden layer's test
    pre-activations within (-1, 1), where its straight-through gradient is not zero).
    """
    pictures, nets = Pictures(config), Ensemble(config)
    curve = train_on(nets, pictures, config.epochs, config.learning_rate, progress)
    tensors = nets.tensors()
    metrics = measure(Trained(config, tensors), pictures.test) | {
        "chosen": chosen(curve),
        "curve": rounded(curve),
    }
    return Outcome(metrics, {name: tensor.numpy() for name, tensor in tensors.items()})


def train_on(nets: Ensemble, pictures: Pictures, epochs: int, rate: float, progress: Progress) -> Curve:
    """Train the ensemble as it is for some epochs, from a learning rate that halves every 20; its curves."""
    step = stepper(nets)
    curve: Curve = {}
    for epoch in range(epochs):
        found = {"train_loss": _epoch(nets, step, pictures, rate / 2 ** (epoch // HALVED_EVERY))}
        for name, value in (found | look(nets, pictures)).items():
            curve.setdefault(name, []).append(value)
        progress((epoch + 1) / epochs, f"test {sum(curve['test'][-1]) / nets.config.seeds:.2f} %")
    return curve


def stepper(nets: Ensemble) -> Callable[[Tensor, Tensor, float], Tensor]:
    """One training step of an ensemble.

    It takes inputs (n, batch, inputs) of any type, targets (n, batch, classes) of
    -1 and +1 and the learning rate, and gives the loss of each network (n,).
    """
    passes, optimizer = Passes(nets), optimizer_of(nets)

    def step(inputs: Tensor, targets: Tensor, rate: float) -> Tensor:
        passes.inputs.copy_(inputs)
        loss, gradient = squared_hinge_slope(passes.forward(), targets)
        passes.backward(gradient)
        optimizer.step(rate)
        return loss

    return step


def optimizer_of(nets: Ensemble) -> ShiftAdaMax:
    """The configuration's optimizer; the companion's own gives a factor to weights alone."""
    config = nets.config
    shapes = zip(LAYERS, layer_shapes(config.input_size, config.hidden), strict=True)
    factors = {
        f"{name}{layer}": factor
        for layer, (inputs, outputs) in shapes
        for name, factor in release_factors(outputs, inputs).items()
    }
    weights = [f"w{layer}" for layer in LAYERS]
    if config.optimizer == "released":
        return ShiftAdaMax(nets.flat, factors, clip=weights)
    return DecayingShiftAdaMax(nets.flat, {w: factors[w] for w in weights}, clip=weights)


def _epoch(
    nets: Ensemble, step: Callable[[Tensor, Tensor, float], Tensor], pictures: Pictures, rate: float
) -> list[float]:
    """One pass over the training pictures, each network in its own order; mean loss of each network."""
    config = nets.config
    inputs, labels = pictures.train
    targets = 2.0 * torch.nn.functional.one_hot(labels, CLASSES).to(inputs.dtype) - 1
    if config.inputs == "binary":
        inputs = inputs.to(torch.uint8)  # a quarter of the memory to gather from
    order = torch.stack([torch.randperm(len(inputs), generator=g) for g in nets.generators])
    total = torch.zeros(config.seeds)
    steps = len(inputs) // config.batch
    for drawn in order[:, : steps * config.batch].split(config.batch, dim=1):
        total += step(_take(inputs, drawn), _take(targets, drawn), rate)
    return (total / steps).tolist()


def _take(rows: Tensor, which: Tensor) -> Tensor:
    """rows[which], at a third of the time."""
    return rows.index_select(0, which.flatten()).view(*which.shape, -1)


@torch.no_grad()
def look(nets: Ensemble, pictures: Pictures) -> dict[str, list[float]]:
    """What the curves show after an epoch, lists over seeds; all percent.

    In float32, with batch norm merged into the layers (equations 4, 5: the same but for rounding).
    """
    net = Trained(nets.config, nets.tensors(), torch.float32)
    layers = [
        arithmetic_merge(layer, norm) if norm else layer
        for layer, norm in zip(net.layers, net.norms, strict=True)
    ]
    norms: list[Norm | None] = [None] * len(layers)
    shares: dict[str, Tensor] = {}

    def add(name: str, true: Tensor, of: int) -> None:
        share = true.double().flatten(1).mean(-1) * (true.shape[1] / of)
        shares[name] = shares.get(name, 0) + share

    for name, data in (("test", pictures.test), ("held_out", pictures.held_out)):
        if data is None:
            continue
        total = len(data[0])
        for inputs, labels in zip(*(part.split(_AT_ONCE) for part in data), strict=True):
            *hidden, scores = net.pre_activations(inputs, layers, norms)
            add(name, scores.argmax(-1) == labels, total)
            for i, z in enumerate(hidden if name == "test" else (), start=1):
                add(f"in_window{i}", torch.lt(z.abs_(), 1, out=z), total)
    return {name: [round(100 * s, 4) for s in share.tolist()] for name, share in shares.items()}


def chosen(curve: Curve) -> dict[str, Any]:
    """Accuracies (percent, lists over seeds) at the epoch of each network that a rule chooses.

    by_test.test: the best test epoch, an accuracy that saw its own test. by_test.held_out: the held-out
    pictures at that epoch, which chose nothing. last.held_out: theirs at the last epoch. by_held_out.test:
    the test at the held-out pictures' best epoch, an honest choice. Ties go to the first such epoch.
    """
    test = torch.tensor(curve["test"], dtype=torch.float64)
    best = test.argmax(0, keepdim=True)
    found: dict[str, Any] = {"by_test": {"test": _at(test, best), "epoch": (best[0] + 1).tolist()}}
    if "held_out" in curve:
        held_out = torch.tensor(curve["held_out"], dtype=torch.float64)
        honest = held_out.argmax(0, keepdim=True)
        found["by_test"]["held_out"] = _at(held_out, best)
        found["by_held_out"] = {"test": _at(test, honest), "epoch": (honest[0] + 1).tolist()}
        found["last"] = {"held_out": held_out[-1].tolist()}
    return found


def _at(values: Tensor, epoch: Tensor) -> list[float]:
    return values.gather(0, epoch)[0].tolist()


def rounded(curve: Curve) -> Curve:
    """Curves are for looking at: five significant digits."""
    return {name: [[float(f"{v:.5g}") for v in epoch] for epoch in values] for name, values in curve.items()}
