"""Training the thesis's network: BinaryNet's rule on an ensemble."""

import math

import torch

from imc.binary.binarynet import ShiftAdaMax, squared_hinge
from imc.papers.reram.evaluation import measure, percent
from imc.papers.reram.experiments import MlpConfig
from imc.papers.reram.network import LAYERS, Ensemble, Trained
from imc.papers.reram.pictures import Pictures
from imc.papers.reram.size import layer_shapes
from imc.runs.experiments import Outcome, Progress

HALVED_EVERY = 20  # epochs (BinaryNet)


def train(config: MlpConfig, progress: Progress) -> Outcome:
    """Train `config.seeds` networks and measure the last epoch's under every batch-norm policy.

    Metrics, lists over seeds: accuracy.POLICY and most_frequent_answer.POLICY (percent, test pictures);
    lists over epochs of lists over seeds: curve.train_loss, curve.test (accuracy, percent), curve.in_window1
    and curve.in_window2 (percent of a hidden layer's test pre-activations within (-1, 1), where its
    straight-through gradient is not zero).
    """
    pictures, nets = Pictures(config), Ensemble(config)
    shapes = dict(zip(LAYERS, layer_shapes(config.input_size, config.hidden), strict=True))
    weights = {f"w{layer}" for layer in LAYERS}
    scale = {f"w{i}": 1 / math.sqrt(1.5 / (rows + columns)) for i, (rows, columns) in shapes.items()}
    optimiser = ShiftAdaMax(nets.parameters, scale, clip=weights)
    curve: dict[str, list[list[float]]] = {
        name: [] for name in ("train_loss", "test", "in_window1", "in_window2")
    }
    for epoch in range(config.epochs):
        losses = _epoch(nets, optimiser, pictures, config.learning_rate / 2 ** (epoch // HALVED_EVERY))
        curve["train_loss"].append(losses)
        for name, value in _look(Trained(config, nets.tensors(), torch.float32), *pictures.test).items():
            curve[name].append(value)
        progress((epoch + 1) / config.epochs, f"test {sum(curve['test'][-1]) / config.seeds:.2f} %")
    tensors = nets.tensors()
    metrics = measure(Trained(config, tensors), pictures.test) | {"curve": _rounded(curve)}
    return Outcome(metrics, {name: tensor.numpy() for name, tensor in tensors.items()})


def _epoch(nets: Ensemble, optimiser: ShiftAdaMax, pictures: Pictures, rate: float) -> list[float]:
    """One pass over the training pictures, each network in its own order; mean loss of each network."""
    config = nets.config
    inputs, labels = pictures.train
    order = torch.stack([torch.randperm(len(inputs), generator=g) for g in nets.generators])
    total = torch.zeros(config.seeds)
    steps = len(inputs) // config.batch
    for step in range(steps):
        chosen = order[:, step * config.batch : (step + 1) * config.batch]
        loss = squared_hinge(nets.scores(inputs[chosen]), labels[chosen])
        loss.sum().backward()
        optimiser.step(rate)
        total += loss.detach()
    return (total / steps).tolist()


@torch.no_grad()
def _look(net: Trained, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, list[float]]:
    """Accuracy and, by hidden layer, the share of pre-activations within (-1, 1); all percent."""
    *hidden, scores = net.pre_activations(inputs)
    found = {"test": percent(scores.argmax(-1) == labels, -1)}
    return found | {f"in_window{i}": percent(z.abs() < 1, (-2, -1)) for i, z in enumerate(hidden, start=1)}


def _rounded(curve: dict[str, list[list[float]]]) -> dict[str, list[list[float]]]:
    """Curves are for looking at: five significant digits."""
    return {name: [[float(f"{v:.5g}") for v in epoch] for epoch in values] for name, values in curve.items()}
