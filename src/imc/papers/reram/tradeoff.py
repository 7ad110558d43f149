"""The networks of Tables 1 to 3 as chips: what each costs, and which is the best by rule.

The rule, written before any of the accuracies was measured: the best network is the cheapest whose mean
accuracy is at most a margin (1 %p) below that of the most accurate one. The thesis gives no rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from imc.errors import UserError
from imc.papers.reram import chip
from imc.papers.reram.efficiency import circuits
from imc.papers.reram.experiments import EfficiencyConfig
from imc.papers.reram.size import CLASSES, bits, hidden_for_bits


@dataclass(frozen=True)
class Network:
    """One row of Tables 1 to 3: input_size^2 - hidden - hidden - 10, in weights of `weight_bits` bits.

    Attributes:
        table: where it stands, 1, 2 or 3; the chosen network, which stands in all, counts to Table 1.
        printed: the row's key, ``table1.crop28``.
    """

    table: int
    printed: str
    input_size: int = 20
    hidden: int = 128
    weight_bits: int = 1

    @property
    def name(self) -> str:
        """``400-128-128-10``, with the bits of a weight where these are several."""
        layers = f"{self.input_size**2}-{self.hidden}-{self.hidden}-{CLASSES}"
        return layers if self.weight_bits == 1 else f"{layers}, {self.weight_bits} bit"


CHOSEN = Network(1, "table1.crop20")
NETWORKS = (
    *(Network(1, f"table1.crop{side}", input_size=side) for side in (28, 24, 20, 16, 12)),
    *(Network(2, f"table2.hidden{width}", hidden=width) for width in (192, 160, 96, 64)),
    *(
        Network(3, f"table3.weight{b}", hidden=hidden_for_bits(bits(20, 128), 20, b), weight_bits=b)
        for b in (2, 3, 4, 6, 8)
    ),
)
"""The 14 different networks of the three tables."""


@dataclass(frozen=True)
class Cost:
    """What a network costs as a chip; `energy_pj` is of one picture, one a cycle."""

    weight_bits: int
    arrays: int
    area_mm2: float
    power_mw: float
    energy_pj: float


def cost(network: Network, config: EfficiencyConfig) -> Cost:
    """The cost of `network` built from the circuits calibrated to the chosen one (`reram.chip`)."""
    counts = chip.inventory(network.input_size, network.hidden, network.weight_bits)
    built = circuits(config).chip(counts)
    return Cost(
        weight_bits=counts.cells,
        arrays=counts.arrays,
        area_mm2=built.total("area_mm2"),
        power_mw=built.total("power_mw"),
        energy_pj=built.energy_pj(1e3 / config.clock_mhz),
    )


def best(costs: Sequence[float], accuracies: Sequence[float], margin: float) -> int:
    """Position of the cheapest network within `margin` (%p) of the most accurate; ties: the more accurate.

    Raises:
        UserError: for no networks, lists of different lengths, or a negative margin.
    """
    _paired(costs, accuracies)
    if margin < 0:
        raise UserError(f"margin = {margin}: it is zero or more, in percentage points")
    enough = [i for i, accuracy in enumerate(accuracies) if accuracy >= max(accuracies) - margin]
    return min(enough, key=lambda i: (costs[i], -accuracies[i]))


def worth_their_cost(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Positions of the networks that none beats in both cost and accuracy, from the cheapest up.

    Raises:
        UserError: for no networks, or lists of different lengths.
    """
    _paired(costs, accuracies)
    found: list[int] = []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i])):
        if not found or accuracies[i] > accuracies[found[-1]]:
            found.append(i)
    return found


def _paired(costs: Sequence[float], accuracies: Sequence[float]) -> None:
    if not costs or len(costs) != len(accuracies):
        raise UserError(
            f"{len(costs)} costs and {len(accuracies)} accuracies: one of each a network, and one at least"
        )
