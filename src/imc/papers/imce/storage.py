"""Memory that a network needs, from its layer table (slide "Main Memory Storage").

The slides give binary AlexNet 39.7 MB and do not say what was counted. Every way of counting that the text
leaves open is tried here; none is preferred before the printed number has been compared with all.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise, product
from typing import Any, Literal

from imc.claims import reference
from imc.papers.imce import networks
from imc.papers.imce.memory_experiments import StorageConfig
from imc.papers.imce.networks import Network
from imc.runs.experiments import Outcome, Progress

Kept = Literal["none", "first", "last", "first and last"]
Besides = Literal["nothing", "8-bit picture", "full picture", "full picture and maps"]
Unit = Literal["MB", "MiB"]

ALEXNETS = {
    "ungrouped": networks.ALEXNET,
    "grouped": networks.ALEXNET_GROUPED,
    "DoReFa-Net": networks.ALEXNET_DOREFA,
}
BITS = {"MB": 8e6, "MiB": 8 * 2.0**20}
WIDTHS = (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64)
PRINTED = "imce.storage.binary_alexnet"


@dataclass(frozen=True)
class Counting:
    """One way of counting what a network with narrow weights takes.

    Attributes:
        network: which AlexNet.
        kept: layers whose weights stay at full width.
        full_bits: the full width.
        biases: whether each kernel's bias is stored, at full width.
        besides: what of the data is stored too; maps are every layer's outputs but the last's, at 1 bit.
        unit: what MB means.
    """

    network: str
    kept: Kept
    full_bits: int
    biases: bool
    besides: Besides
    unit: Unit

    def size(self) -> float:
        """Memory of the binary network, in `unit`."""
        return sum(binary_bits(ALEXNETS[self.network], self).values()) / BITS[self.unit]


def kept_layers(network: Network, kept: Kept) -> set[str]:
    """Names of the layers that stay at full width."""
    first, last = network.layers[0].name, network.layers[-1].name
    return {"none": set(), "first": {first}, "last": {last}, "first and last": {first, last}}[kept]


def weight_bits(network: Network, narrow: int, kept: Kept, full_bits: int) -> dict[str, int]:
    """Bits of each layer's weights: `narrow` for each weight, `full_bits` in the layers kept."""
    full = kept_layers(network, kept)
    return {x.name: x.weights * (full_bits if x.name in full else narrow) for x in network.layers}


def binary_bits(network: Network, counting: Counting) -> dict[str, int]:
    """Bits of weights, biases, picture and maps when `counting` says what is stored."""
    full = counting.full_bits
    picture = {"nothing": 0, "8-bit picture": 8}.get(counting.besides, full)
    return {
        "weights": sum(weight_bits(network, 1, counting.kept, full).values()),
        "biases": network.biases * full if counting.biases else 0,
        "picture": network.layers[0].inputs * picture,
        "maps": sum(x.outputs for x in network.layers[:-1]) if "maps" in counting.besides else 0,
    }


def countings() -> Iterator[Counting]:
    """Every way of counting that gives a size of its own."""
    kept: tuple[Kept, ...] = ("none", "first", "last", "first and last")
    besides: tuple[Besides, ...] = ("nothing", "8-bit picture", "full picture", "full picture and maps")
    units: tuple[Unit, ...] = ("MB", "MiB")
    for values in product(ALEXNETS, kept, (32, 64), (False, True), besides, units):
        found = Counting(*values)
        nothing_full = found.kept == "none" and not found.biases and "full" not in found.besides
        if not (nothing_full and found.full_bits == 64):
            yield found


def measure(config: StorageConfig, progress: Progress) -> Outcome:
    """AlexNet's storage by layer, by precision, and by every way of counting.

    Metrics: layers (ungrouped AlexNet: name, weights, biases, and the memory of both in double, single and
    binary form, MiB; binary keeps first and last at `config.kept_bits`); totals (by network: parameters, and
    double and single in MB and MiB); over_printed (double and single, in either unit, over the printed
    39.7); countings (all: how, size, difference from the printed value, nearest first) and nearest, the first
    of them; plain (the same of weights alone in MiB, nearest first); rounding (how many round to the printed
    digits, how many lie within 1 of it); by_width (by network and kept width: MiB at each of `widths`);
    smallest_step (MiB, least growth from one width to the next).
    """
    printed = reference.value(PRINTED)
    everything = sorted(
        (_judged(counting, printed.value) for counting in countings()), key=lambda c: abs(c["difference"])
    )
    plain = [c for c in everything if not c["biases"] and c["besides"] == "nothing" and c["unit"] == "MiB"]
    totals = {name: _totals(network) for name, network in ALEXNETS.items()}
    by_width = {
        network.name: {
            str(kept): [_mib(weight_bits(network, w, "first and last", kept or w)) for w in WIDTHS]
            for kept in (0, 32, 64)
        }
        for network in (networks.ALEXNET, networks.SVHN)
    }
    lines = [line for of in by_width.values() for line in of.values()]
    return Outcome(
        {
            "layers": _layers(config.kept_bits),
            "totals": totals,
            "over_printed": {
                what: {unit: totals["ungrouped"][f"{what}_{unit}"] / printed.value for unit in BITS}
                for what in ("double", "single")
            },
            "countings": everything,
            "nearest": everything[0],
            "plain": plain,
            "rounding": {
                "all": len(everything),
                "same_digits": sum(abs(c["difference"]) <= printed.half_digit for c in everything),
                "within_1": sum(abs(c["difference"]) <= 1 for c in everything),
            },
            "widths": list(WIDTHS),
            "by_width": by_width,
            "smallest_step": min(b - a for line in lines for a, b in pairwise(line)),
        }
    )


def _judged(counting: Counting, printed: float) -> dict[str, Any]:
    size = counting.size()
    return asdict(counting) | {"size": size, "difference": size - printed}


def _totals(network: Network) -> dict[str, float]:
    parameters = network.weights + network.biases
    sizes = {
        f"{what}_{unit}": parameters * width / bits
        for what, width in (("double", 64), ("single", 32))
        for unit, bits in BITS.items()
    }
    return {"weights": network.weights, "parameters": parameters} | sizes


def _layers(kept_bits: int) -> list[dict[str, Any]]:
    network = networks.ALEXNET
    binary = weight_bits(network, 1, "first and last", kept_bits)
    return [
        {
            "name": x.name,
            "shape": f"{x.fan_in // x.kernel**2}×{x.kernel}×{x.kernel}×{x.out_channels}",
            "weights": x.weights,
            "biases": x.biases,
            "double": 64 * (x.weights + x.biases) / BITS["MiB"],
            "single": 32 * (x.weights + x.biases) / BITS["MiB"],
            "binary": binary[x.name] / BITS["MiB"],
        }
        for x in network.layers
    ]


def _mib(bits: dict[str, int]) -> float:
    return sum(bits.values()) / BITS["MiB"]
