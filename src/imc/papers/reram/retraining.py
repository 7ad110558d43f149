"""Training after the merge: section 4.4 of the thesis, which reports both attempts in one sentence each.

Retraining goes on from the merged weights and biases of trained networks, at a low rate. Training "from
scratch, starting from the merged version" is read as: a network before its first step, its statistics
measured, is merged, and what comes out is trained without batch norm. Retraining at the full rate is a
second reading of that sentence (`start=trained`, `further_rate` that of training).
"""

import torch

from imc import runs
from imc.errors import UserError
from imc.papers.reram.evaluation import load, measure_each, policies
from imc.papers.reram.experiments import MlpConfig, RetrainingConfig, training_of
from imc.papers.reram.merge import Layer, arithmetic_merge
from imc.papers.reram.network import LAYERS, Ensemble, Trained
from imc.papers.reram.passes import Passes
from imc.papers.reram.pictures import Pictures
from imc.papers.reram.training import chosen, rounded, train_on
from imc.runs.experiments import Outcome, Progress

_BATCHES = 100  # over which an untrained network's statistics are measured: 1/0.125 would do


def retrain(config: RetrainingConfig, progress: Progress) -> Outcome:
    """Merge, then train without batch norm.

    Metrics, lists over seeds: accuracy.merged and accuracy.retrained (percent, test pictures, last epoch),
    gain (their difference, percentage points); chosen and curve as in `imc.papers.reram.training`.

    Raises:
        UserError: if the configuration has no batch norm to merge.
    """
    training = config.training
    if training.norm != "batch":
        raise UserError(f"norm = '{training.norm}' leaves nothing to merge; choose norm=batch")
    pictures = Pictures(training)
    net = _before(config, pictures)
    merged = policies(net)[f"{config.merge}_merge"]
    nets = start_from(merged_weights(net, config), training)
    before = measure_each(net, {"merged": merged}, pictures.test)["accuracy"]
    curve = train_on(nets, pictures, config.further_epochs, config.further_rate, progress)
    after = Trained(nets.config, nets.tensors())
    last = measure_each(after, {"retrained": (after.layers, after.norms)}, pictures.test)["accuracy"]
    gain = [round(b - a, 4) for a, b in zip(before["merged"], last["retrained"], strict=True)]
    return Outcome(
        {"accuracy": before | last, "gain": gain, "chosen": chosen(curve), "curve": rounded(curve)}
    )


def _before(config: RetrainingConfig, pictures: Pictures) -> Trained:
    """The networks that are merged."""
    training = config.training
    if config.start == "trained":
        name, values = training_of(training)
        return load(training, runs.obtain(name, **values).tensors())
    nets = Ensemble(training)
    passes, inputs = Passes(nets), pictures.train[0]
    for i in range(_BATCHES):
        first = i * training.batch % (len(inputs) - training.batch + 1)
        passes.inputs.copy_(inputs[first : first + training.batch])
        passes.forward()
    return Trained(training, nets.tensors())


def merged_weights(net: Trained, config: RetrainingConfig) -> list[Layer]:
    """Real weights in [-1, 1] and biases behind the merged network: what its training starts from.

    The arithmetic merge has real w' = gamma/sigma w, of which the circuit keeps the nearest grid point; the
    signed merge's weights are on the grid, but for the lowest level where its sign is turned.
    """
    if config.merge == "signed":
        return policies(net)["signed_merge"][0]
    pairs = zip(net.layers, net.norms, strict=True)
    merged = [arithmetic_merge(layer, norm) for layer, norm in pairs if norm]
    return [layer._replace(w=layer.w.clamp(-1, 1)) for layer in merged]


def start_from(layers: list[Layer], config: MlpConfig) -> Ensemble:
    """An ensemble without batch norm that starts from given layers."""
    nets = Ensemble(config.model_copy(update={"norm": "none", "norm_arithmetic": "plain"}))
    with torch.no_grad():
        for i, layer in zip(LAYERS, layers, strict=True):
            nets.parameters[f"w{i}"].copy_(layer.w)
            nets.parameters[f"b{i}"].copy_(layer.b)
    return nets
