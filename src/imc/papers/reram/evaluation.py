"""Accuracy of trained networks under every batch-norm policy of the thesis's Tables 4 and 5."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from imc import runs
from imc.errors import UserError
from imc.papers.reram.experiments import MlpConfig, RescaledConfig, training_of
from imc.papers.reram.merge import (
    Layer,
    Norm,
    requantized_arithmetic_merge,
    rescaled_arithmetic_merge,
    signed_merge,
)
from imc.papers.reram.network import Trained
from imc.papers.reram.pictures import Pictures
from imc.runs.experiments import Outcome, Progress

Policy = tuple[list[Layer], list[Norm | None]]


def policies(net: Trained) -> dict[str, Policy]:
    """Layers and norms of each policy; a network trained without per-channel batch norm has only `baseline`.

    baseline: software batch norm (Table 4, column 1; for other norms the network as trained).
    arithmetic_merge: equations (4), (5), w' back on the weight grid (column 4).
    signed_merge: equations (6), (7) in every layer (column 5).
    signed_merge_output_exact: the same, but the output layer keeps its batch norm, which no sign follows.
    """
    found: dict[str, Policy] = {"baseline": (net.layers, net.norms)}
    if net.config.norm == "batch":
        pairs = [(layer, norm) for layer, norm in zip(net.layers, net.norms, strict=True) if norm]
        signed = [signed_merge(*pair) for pair in pairs]
        none: list[Norm | None] = [None, None, None]
        found["arithmetic_merge"] = (
            [requantized_arithmetic_merge(*pair, net.config.weight_bits) for pair in pairs],
            none,
        )
        found["signed_merge"] = (signed, none)
        found["signed_merge_output_exact"] = ([*signed[:2], net.layers[2]], [None, None, net.norms[2]])
    return found


def measure(net: Trained, test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    """`measure_each` of every policy that the network has."""
    return measure_each(net, policies(net), test)


@torch.no_grad()
def measure_each(net: Trained, by: dict[str, Policy], test: tuple[Tensor, Tensor]) -> dict[str, Any]:
    """Per policy and network: accuracy (percent) and the share (percent) of its most frequent answer."""
    inputs, labels = test
    accuracy, constancy = {}, {}
    for name, (layers, norms) in by.items():
        answers = net.pre_activations(inputs, layers, norms)[-1].argmax(-1)
        accuracy[name] = percent(answers == labels, -1)
        counts = torch.nn.functional.one_hot(answers, 10).double().mean(1)
        constancy[name] = [round(100 * share, 4) for share in counts.amax(-1).tolist()]
    return {"accuracy": accuracy, "most_frequent_answer": constancy}


def percent(true: Tensor, dim: int | tuple[int, ...]) -> list[float]:
    """Share of true entries along `dim`, percent, to the fourth decimal (a picture in 10,000 is 0.01)."""
    return [round(100 * share, 4) for share in true.double().mean(dim).tolist()]


def rescaled(config: RescaledConfig, progress: Progress) -> Outcome:
    """The arithmetic merge with one free gain a layer, on the networks that `reram/mlp` trained."""
    training = config.training
    name, values = training_of(training)
    net = load(training, runs.obtain(name, **values).tensors())
    if training.norm != "batch":
        raise UserError(f"norm = '{training.norm}' leaves nothing to merge; choose norm=batch")
    layers = [
        rescaled_arithmetic_merge(layer, norm, training.weight_bits)
        for layer, norm in zip(net.layers, net.norms, strict=True)
        if norm
    ]
    return Outcome(measure_each(net, {"arithmetic_merge": (layers, [None] * 3)}, Pictures(training).test))


def load(config: MlpConfig, tensors: dict[str, np.ndarray]) -> Trained:
    """The trained networks of a checkpoint."""
    return Trained(config, {name: torch.from_numpy(array) for name, array in tensors.items()})


def evaluate(config: MlpConfig, tensors: dict[str, np.ndarray]) -> dict[str, Any]:
    """Metrics by address of a checkpoint, for `imc verify`."""
    net = load(config, tensors)
    found = measure(net, Pictures(config).test)
    return {f"{group}.{policy}": v for group, by_policy in found.items() for policy, v in by_policy.items()}
