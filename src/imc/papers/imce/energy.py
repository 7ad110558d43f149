"""Energy of a picture on IMCE: uses times energy of a use, rolled up by layer and part.

The slides print one absolute number, 785.25 uJ for binary-weight AlexNet, from circuit tools that are not at
hand. All parts but one have a value from elsewhere (`imc.papers.imce.components`); the one constant left, the
energy of sensing a column, is fitted so that AlexNet closes. Everything else follows.

The slides also print a share, up to 65 % for the ANDs, which allows a second constant: a factor on all other
parts.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from imc.claims import reference
from imc.cost.components import Component, converted
from imc.cost.rollup import Block
from imc.errors import UserError
from imc.papers.imce import components
from imc.papers.imce.mapping import Placement, place
from imc.papers.imce.networks import ALEXNET, ALEXNET_DOREFA, ALEXNET_GROUPED, SVHN, Network
from imc.papers.imce.operations import PIXELS, Edges, configurations, matrices

Sensed = Literal["occupied", "rows"]
"""Columns that take energy in an AND: those with an element of the dot product, or all of the row."""

AlexNet = Literal["ungrouped", "grouped", "dorefa"]

ALEXNETS: dict[AlexNet, Network] = {
    "ungrouped": ALEXNET, "grouped": ALEXNET_GROUPED, "dorefa": ALEXNET_DOREFA
}  # fmt: skip

BINARY = (1, 1)
"""Weights and inputs of the comparison's binary networks (BCNN)."""

Uses = Mapping[str, float]


def uses(placed: Sequence[Placement], sensed: Sensed) -> dict[str, dict[str, float]]:
    """How often one picture uses each part, by layer.

    A layer's results are written into the image bank with the bits of the next layer's inputs.
    """
    found: dict[str, dict[str, float]] = {}
    for number, p in enumerate(placed):
        following = placed[min(number + 1, len(placed) - 1)].layer.input_bits
        columns = p.bit_ands if sensed == "occupied" else p.row_ands * p.array.columns
        found[f"{number}: {p.layer}"] = {
            "and": columns,
            "read": p.bits_read,
            "count": columns,
            "shift": p.row_ands,
            "sum": p.row_ands,
            "write": p.bits_written + p.results * following,
            "dpu": p.results,
        }
    return found


def total(by_layer: Mapping[str, Uses]) -> dict[str, float]:
    """Uses of each part over all layers."""
    found: dict[str, float] = {}
    for layer in by_layer.values():
        for name, number in layer.items():
            found[name] = found.get(name, 0.0) + number
    return found


def picture(name: str, by_layer: Mapping[str, Uses], parts: Mapping[str, Component]) -> Block:
    """One picture as a roll-up: layers, and in each the uses of its parts."""
    layers = (
        Block(layer, tuple((number, parts[part]) for part, number in used.items()))
        for layer, used in by_layer.items()
    )
    return Block(name, tuple((1, layer) for layer in layers))


def network_uses(
    network: Network, bits: tuple[int, int], edges: Edges, sensed: Sensed
) -> dict[str, dict[str, float]]:
    """`uses` of a network of the slides, by the names of its layers."""
    layers = matrices(network, *bits, edges)
    return dict(zip(layers, uses(place(layers.values()), sensed).values(), strict=True))


@dataclass(frozen=True)
class Treatment:
    """What the slides leave open and the fit needs.

    Attributes:
        alexnet: which AlexNet the 785.25 uJ are for.
        edges: bits of the layers that are not quantized.
        sensed: the columns that take energy.
    """

    alexnet: AlexNet = "ungrouped"
    edges: Edges = PIXELS
    sensed: Sensed = "occupied"

    def uses(self, network: Network, bits: tuple[int, int] = BINARY) -> dict[str, dict[str, float]]:
        """Uses of `network` under this treatment, by layer."""
        return network_uses(network, bits, self.edges, self.sensed)

    def alexnet_uses(self) -> dict[str, float]:
        """Uses of the binary AlexNet that the fit closes on."""
        return total(self.uses(ALEXNETS[self.alexnet]))


def printed_pj() -> float:
    """The slides' energy for AlexNet, in pJ."""
    return converted("energy_uj", reference.value("imce.energy.alexnet").value)[1]


def sensing(used: Uses) -> float:
    """How often a column is sensed."""
    return sum(used[name] for name in components.CALIBRATED)


def rest_pj(used: Uses, others: Mapping[str, float]) -> float:
    """Energy of all other parts, pJ."""
    return sum(each * used[name] for name, each in others.items())


def nominal() -> dict[str, float]:
    """The table's value of every part but sensing, pJ."""
    return {name: components.value(name) for name in components.ranged()}


def calibrate(treatment: Treatment, others: Mapping[str, float]) -> float:
    """Energy of sensing one column with which AlexNet takes exactly the printed energy, pJ.

    Args:
        others: energies of the other parts, pJ.

    Raises:
        UserError: if the other parts alone take more.
    """
    used = treatment.alexnet_uses()
    known = rest_pj(used, others)
    if known >= printed_pj():
        raise UserError(f"all parts but sensing take {known / 1e6:g} uJ of AlexNet's {printed_pj() / 1e6:g}")
    return (printed_pj() - known) / sensing(used)


def energy_uj(used: Uses, sensing_pj: float, others: Mapping[str, float]) -> float:
    """Energy of one picture, uJ."""
    return (sensing_pj * sensing(used) + rest_pj(used, others)) / 1e6


def calibrate_share(treatment: Treatment) -> tuple[float, float]:
    """Two constants: energy of sensing (pJ), and a factor on all other parts.

    They close AlexNet's energy, and the printed share of the ANDs as the largest among the configurations of
    the SVHN network ("up to 65 %").

    Raises:
        UserError: if the share is larger than ANDs and reads allow.
    """
    share = reference.value("imce.energy.and_share").value / 100
    needed = []
    for name, bits in configurations().items():
        if name != "w32i32":
            used = total(treatment.uses(SVHN, bits))
            needed.append((used["and"] / share - sensing(used)) / rest_pj(used, nominal()))
    factor = max(needed)  # over the energy of sensing; a larger one makes every share smaller
    if factor < 0:
        raise UserError(f"ANDs cannot take {100 * share:g} % beside the reads, which cost as much each")
    used = treatment.alexnet_uses()
    sensing_pj = printed_pj() / (sensing(used) + factor * rest_pj(used, nominal()))
    return sensing_pj, factor * sensing_pj


def corners() -> Iterator[dict[str, float]]:
    """Every combination of the ends of the table's ranges, pJ.

    An energy after the fit is a quotient of linear functions of each part, hence monotone in each, so that
    its extremes lie at corners.
    """
    ranges = components.ranged()
    for ends in itertools.product(*ranges.values()):
        yield dict(zip(ranges, ends, strict=True))


def envelope(used: Uses, treatment: Treatment) -> tuple[float, float]:
    """Least and greatest energy of one picture over the table's ranges, refitted at every corner, uJ."""
    found = [energy_uj(used, calibrate(treatment, others), others) for others in corners()]
    return min(found), max(found)
