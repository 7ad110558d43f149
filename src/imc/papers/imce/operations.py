"""How many AND operations a network takes on IMCE, layer by layer.

The slides' convolution is a sum over bit planes of bitcount(and(C_n(W), C_m(I))): a multiply-accumulate of
W-bit weights with I-bit inputs takes W x I ANDs of single bits. First and last layer are not quantized in the
network that the slides modify; IMCE computes with bits all the same, so these layers need a width, which the
slides do not give. It is a parameter here, `Edges`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from imc.claims import reference
from imc.cost.matrices import Matrix
from imc.papers.imce.cost_experiments import OperationsConfig
from imc.papers.imce.mapping import place
from imc.papers.imce.networks import ALEXNET, ALEXNET_GROUPED, LENET, SVHN, Layer, Network
from imc.runs.experiments import Outcome, Progress

NETWORKS = {"svhn": SVHN, "alexnet": ALEXNET, "alexnet_grouped": ALEXNET_GROUPED, "lenet": LENET}
"""The networks that are counted; the slides break down the first."""


@dataclass(frozen=True)
class Edges:
    """Bits of the layers that are not quantized, the first and the last."""

    weight_bits: int = 8
    input_bits: int = 8


PIXELS = Edges()
"""As fine as a picture's pixels, weights and inputs."""


def configurations() -> dict[str, tuple[int, int]]:
    """Bits of weights and inputs by the name of their row in the slides' table (W:I)."""
    rows = reference.table("imce.accuracy")
    return {name: (int(row["weight_bits"]), int(row["input_bits"])) for name, row in rows.items()}


def labels() -> dict[str, str]:
    """`W:I` of the rows whose inner layers are quantized, by name."""
    return {name: f"{w}:{i}" for name, (w, i) in configurations().items() if name != "w32i32"}


def complexity(weight_bits: int, input_bits: int, gradient_bits: int) -> dict[str, int]:
    """The slides' complexity of inference, W x I, and of training, W x I + W x G."""
    inference = weight_bits * input_bits
    return {"inference": inference, "training": inference + weight_bits * gradient_bits}


def matrix(layer: Layer, weight_bits: int, input_bits: int) -> Matrix:
    """A layer as the matrix that an array holds."""
    outputs = layer.out_channels // layer.groups
    return Matrix(layer.fan_in, outputs, layer.positions, weight_bits, input_bits, layer.groups)


def matrices(network: Network, weight_bits: int, input_bits: int, edges: Edges) -> dict[str, Matrix]:
    """The layers of a network, by name: the first and the last with the bits of `edges`.

    Where the others have more bits than these, as in 32:32, the first and last have as many.
    """
    found = {}
    for number, layer in enumerate(network.layers):
        inside = 0 < number < len(network.layers) - 1
        w, i = (0, 0) if inside else (edges.weight_bits, edges.input_bits)
        found[layer.name] = matrix(layer, max(w, weight_bits), max(i, input_bits))
    return found


def ands(network: Network, weight_bits: int, input_bits: int, edges: Edges) -> dict[str, int]:
    """ANDs of single bits a picture, by layer."""
    layers = matrices(network, weight_bits, input_bits, edges)
    return {name: layer.bit_products for name, layer in layers.items()}


def first_over_greatest(counts: Mapping[str, int]) -> float:
    """ANDs of the first layer over those of the greatest other."""
    first, *others = counts.values()
    return first / max(others)


def count(config: OperationsConfig, progress: Progress) -> Outcome:
    """Operations of the slides' network (SVHN), and of those of their comparison, for every W:I.

    Metrics: ``complexity.<row>.inference`` and ``.training``; ``flops``; ``macs``, ``weights`` by layer;
    ``last_two_share``, the weights of the last two layers, percent of all; ``ands.<row>.<layer>``, and
    ``first_share.<row>`` in percent; ``first_over_greatest``, the smallest over the quantized rows;
    ``bits_needed.<row>``, the product of bits from which on the first layer is the greatest;
    ``greatest_step``, the greatest ratio of a quantized convolution's count to that of the one before;
    ``networks.<name>.<row>.<layer>``, ANDs of bits and of rows in each of `NETWORKS`.
    """
    edges = Edges(config.first_weight_bits, config.first_input_bits)
    gradient_bits = int(reference.value("imce.network.gradient_bits").value)
    rows = configurations()
    quantized = {name: rows[name] for name in labels()}
    counts = {name: ands(SVHN, *bits, edges) for name, bits in rows.items()}
    convolutions = [layer for layer in SVHN.layers if layer.kind == "conv"]
    first, *others = SVHN.layers
    greatest = max(layer.macs for layer in others)
    last_two = [layer.weights for layer in SVHN.layers[-2:]]
    metrics: dict[str, Any] = {
        "complexity": {name: complexity(*bits, gradient_bits) for name, bits in quantized.items()},
        "flops": 2 * SVHN.macs,
        "macs": {layer.name: layer.macs for layer in SVHN.layers},
        "weights": {layer.name: layer.weights for layer in SVHN.layers},
        "last_two_share": 100 * sum(last_two) / SVHN.weights,
        "ands": counts,
        "first_share": {name: 100 * c[first.name] / sum(c.values()) for name, c in counts.items()},
        "first_over_greatest": min(first_over_greatest(counts[name]) for name in quantized),
        "bits_needed": {name: greatest * w * i / first.macs for name, (w, i) in quantized.items()},
        "networks": {name: _by_layer(network, edges) for name, network in NETWORKS.items()},
        "greatest_step": max(b.macs / a.macs for a, b in pairwise(convolutions[1:])),
    }
    progress(1)
    return Outcome(metrics)


def _by_layer(network: Network, edges: Edges) -> dict[str, Any]:
    """MACs, and at every W:I the ANDs of single bits (columns occupied) and of rows, by layer."""
    found: dict[str, Any] = {"macs": {layer.name: layer.macs for layer in network.layers}}
    for row, bits in configurations().items():
        layers = matrices(network, *bits, edges)
        placed = dict(zip(layers, place(layers.values()), strict=True))
        found[row] = {name: {"bits": p.bit_ands, "rows": p.row_ands} for name, p in placed.items()}
    return found
