"""The thesis's network on crossbars: ideal devices, and arrays behind wires that resist.

The weights lie on single columns against the reference current (section 5.1) or, for comparison, on double
columns, in as many arrays as the size takes; batch norm and the step activation stay as trained.
"""

from typing import Any

import torch
from torch import Tensor, nn

from imc import runs
from imc.crossbar import (
    DAC,
    Array,
    Chip,
    CrossbarNetwork,
    Device,
    DoubleColumn,
    ReferenceCurrent,
    Wires,
    map_network,
)
from imc.crossbar.mapping import Scheme
from imc.papers.reram.evaluation import load
from imc.papers.reram.experiments import CrossbarsConfig, training_of
from imc.papers.reram.network import Trained
from imc.papers.reram.pictures import Pictures
from imc.runs.experiments import Outcome, Progress

SCHEMES: dict[str, Scheme] = {"reference": ReferenceCurrent(), "double": DoubleColumn()}


class Digital(nn.Module):
    """What follows a layer of network `n`: its norm and, but for the last, its activation."""

    def __init__(self, net: Trained, n: int, layer: int) -> None:
        super().__init__()
        self.net, self.n, self.layer = net, n, layer

    def forward(self, y: Tensor) -> Tensor:
        norm = self.net.norms[self.layer]
        if norm is not None:
            gamma, beta, mean, sigma = (p[self.n] for p in norm)
            y = (y - mean) / sigma * gamma + beta
        return y if self.layer == len(self.net.layers) - 1 else self.net.activate(y)


def plain(net: Trained, n: int) -> nn.Sequential:
    """Network `n` of an ensemble as torch layers, Linear and `Digital` in turn."""
    modules: list[nn.Module] = []
    for number, layer in enumerate(net.layers):
        w = layer.w[n]
        linear = nn.Linear(w.shape[0], w.shape[1])
        linear.weight, linear.bias = nn.Parameter(w.T.contiguous()), nn.Parameter(layer.b[n].clone())
        modules += [linear, Digital(net, n, number)]
    return nn.Sequential(*modules)


def measure(config: CrossbarsConfig, progress: Progress) -> Outcome:
    """Accuracy on arrays of every size behind wires of every resistance, under two schemes of signed weights.

    Metrics: ``digital``, accuracy of the networks as trained, percent; ``differing``, for each network the
    activations and answers, over all test pictures, in which exact cells without wires differ from it;
    ``accuracy.<scheme>.as_is`` and ``.tuned``, percent, [side][ohm][seed], the latter with one digital slope
    and one intercept a layer; ``kept.<scheme>``, the mean share of a cell's conductance that is seen.
    """
    training = config.training
    name, values = training_of(training)
    net = load(training, runs.obtain(name, **values).tensors())
    inputs, labels = Pictures(training).test
    networks = [plain(net, n) for n in range(training.seeds)]
    accuracy: dict[str, Any] = {name: {"as_is": [], "tuned": []} for name in SCHEMES}
    kept: dict[str, list[list[list[float]]]] = {name: [] for name in SCHEMES}
    steps = [(name, side, ohm) for name in SCHEMES for side in config.sides for ohm in config.ohms]
    with torch.no_grad():
        digital = [_accuracy(network(inputs.double()), labels) for network in networks]
        differing = [_differing(network, _mapped(config, network), inputs) for network in networks]
        for done, (name, side, ohm) in enumerate(steps):
            progress(done / len(steps), f"{name}, {side} x {side}, {ohm:g} ohm")
            found: dict[str, list[float]] = {"as_is": [], "tuned": [], "kept": []}
            for network in networks:
                chip = _mapped(config, network, SCHEMES[name], side, Wires(ohm, ohm))
                found["kept"].append(_kept(chip))
                found["as_is"].append(_accuracy(chip(inputs), labels))
                chip.tune(config.seed)
                found["tuned"].append(_accuracy(chip(inputs), labels))
            for key, rows in {**accuracy[name], "kept": kept[name]}.items():
                if ohm == config.ohms[0]:
                    rows.append([])
                rows[-1].append(found[key])
    progress(1)
    return Outcome({"digital": digital, "differing": differing, "accuracy": accuracy, "kept": kept})


def _mapped(
    config: CrossbarsConfig,
    network: nn.Sequential,
    scheme: Scheme = SCHEMES["reference"],
    side: int | None = None,
    wires: Wires | None = None,
) -> CrossbarNetwork:
    """`network` on exact cells, the inputs of every layer at the levels of its activations."""
    dac = DAC(config.training.activation_bits, limit=1.0, signed=False)
    device = Device(config.r_on, config.r_off)
    return map_network(network, Chip(device, scheme, (), Array(side, side, wires, dac), limit=1.0))


def _accuracy(scores: Tensor, labels: Tensor) -> float:
    """Percent of pictures whose highest score is their label's."""
    return round(100 * float((scores.argmax(-1) == labels).double().mean()), 4)


def _differing(network: nn.Sequential, chip: CrossbarNetwork, inputs: Tensor) -> int:
    """Activations and answers of `chip` that are not those of `network`, each layer on its own inputs."""
    x, y, count = inputs.double(), inputs, 0
    on_chip = chip.network
    assert isinstance(on_chip, nn.Sequential)
    for number, (here, there) in enumerate(zip(network, on_chip, strict=True), 1):
        x, y = here(x), there(y)
        if number == len(network):
            x, y = x.argmax(-1), y.argmax(-1)
        if isinstance(here, Digital):
            count += int((x != y).sum())
    return count


def _kept(chip: CrossbarNetwork) -> float:
    """Mean over all cells of the conductance seen behind the wires, over the cell's own."""
    seen = torch.cat([layer.seen[0].flatten() for layer in chip.layers.values()])
    return float((seen / chip.conductances).double().mean())
