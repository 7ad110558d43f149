"""Controller and memory of BATMANN on crossbars, as its authors mapped them with MemTorch.

The weights of every layer lie in cells, signs as they are and the 8-bit ones of the first layer as
conductances in between; standardization, signs and learned scales are digital. Of the memory, the keys lie in
cells and the values are digital.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Generator, Tensor, nn

from imc.binary.layers import Deployed
from imc.crossbar.arrays import Chip
from imc.crossbar.cells import Device
from imc.crossbar.mapping import DoubleColumn, SingleColumn
from imc.crossbar.network import CrossbarNetwork, map_network
from imc.crossbar.variation import OneSidedClip, Step, meaning
from imc.papers.batmann.deployed import network
from imc.papers.batmann.experiments import VariationConfig
from imc.papers.batmann.floor import FLOOR
from imc.papers.batmann.splits import Similarities, in_parts

SCHEMES = {"double": DoubleColumn(), "single": SingleColumn()}


@dataclass(frozen=True)
class OneState(Step):
    """`step` on the cells that are meant to be in one state; those nearer the other state stay.

    A midway cell, as a bias column has them, belongs to both.
    """

    step: Step
    state: str

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        kept = g < 0.999 * device.g_half if self.state == "on" else g > 1.001 * device.g_half
        before = g.clone()
        self.step(g, device, generator)
        torch.where(kept, before, g, out=g)


def disturbance(name: str, sigma: float, varies: str) -> Step:
    """The meaning called `name` at `sigma` ohm, of both resistances or of one.

    MemTorch's clamps draw two limits for every cell, whatever its state: there, one of the two varies.
    """
    step = meaning(name, sigma)
    if varies == "both":
        return step
    if not isinstance(step, OneSidedClip):
        return OneState(step, varies)
    return replace(step, sigma_off=0.0) if varies == "on" else replace(step, sigma_on=0.0)


class Hardware:
    """Crossbars at one sigma: program a device draw, embed with it, ask its memory.

    Draw `index` has the same random numbers at every sigma, whatever else is configured.

    Args:
        config: what varies, and how. At sigma 0, products are float32, and sums of signs read as integers.
        layers: the trained controller's, by name.
        sigma: ohm.
        place: where to compute.
    """

    def __init__(
        self, config: VariationConfig, layers: dict[str, Deployed], sigma: float, place: torch.device
    ) -> None:
        self.config, self.sigma = config, sigma
        embedding, training = config.embedding, config.embedding.training
        step = disturbance(config.meaning, sigma, config.varies)
        self.chip = Chip(Device(embedding.r_on, embedding.r_off), SCHEMES[config.columns], (step,))
        keep = ["conv1"] if config.first == "digital" else []
        self.controller = map_network(network(layers).to(place), self.chip, keep)
        for name, layer in self.controller.layers.items():
            if layers[name].inputs == "signs" and not sigma:
                layer.register_forward_hook(_integers)
            elif layers[name].inputs == "signs" and config.products == "bfloat16":  # signs are exact in it
                layer.to(torch.bfloat16)
        size = (layers["dense"].weight.shape[0], training.ways * training.shots)
        self._keys = map_network(nn.Linear(*size, bias=False, device=place), replace(self.chip, limit=1.0))

    def seed(self, *what: int) -> int:
        """Of one programming; no two share numbers."""
        return int(np.random.SeedSequence([self.config.seed, *what]).generate_state(1)[0])

    def keys(self, pictures: Tensor, index: int, device: int = 0) -> Tensor:
        """Keys (n, d), -1 and +1, of pictures from draw `index` of the controller, on its `device` 0 or 1."""
        self.controller.program(self.seed(index, device))
        if self.config.tuned and self.sigma:  # without variation there is nothing to correct
            self.controller.tune(self.seed(index, device, 1))
        if self.config.levelled:
            for layer in self.controller.layers.values():  # the digital side adds up the inputs for it
                layer.matrix.sub_((layer.effective() - layer.ideal).mean())
        return in_parts(self.controller, pictures)

    def floored(self) -> dict[str, int]:
        """By layer, cells of the programmed controller that have fallen to the floor of 1 ohm."""
        return {n: int((layer.cells > 0.999 / FLOOR).sum()) for n, layer in self.controller.layers.items()}

    def memory(self, index: int) -> Similarities:
        """Dot products in draw `index` of the key memory."""
        return in_cells(self._keys, self.seed(index, 2))


def in_cells(stored: CrossbarNetwork, seed: int) -> Similarities:
    """Dot products in the one layer of `stored`, whose outputs are the keys: every split is written into the
    same cells."""

    def products(queries: Tensor, support: Tensor) -> Tensor:
        found = []
        for q, k in zip(queries, support, strict=True):
            stored.write({"": k})
            stored.program(seed)
            found.append(stored(q))
        return torch.stack(found)

    return products


def _integers(layer: nn.Module, inputs: object, sums: Tensor) -> Tensor:
    """Sums of -1 and +1 read as the integers that they are, but for rounding."""
    return sums.round()
