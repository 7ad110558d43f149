"""Learning with the cells' variation: every step sees the weights as freshly programmed cells hold them."""

import numpy as np
import torch
from torch import nn

from imc.crossbar.arrays import Chip
from imc.crossbar.cells import Device
from imc.crossbar.mapping import DoubleColumn
from imc.crossbar.network import map_network
from imc.crossbar.variation import meaning
from imc.papers.batmann.controllers import LAYERS, Controller
from imc.papers.batmann.experiments import TrainConfig

DEVICE = Device(1e3, 1e4)
"""R_on and R_off of the paper's Section IV, ohm."""
STREAM = 3
"""Sets the cells' random numbers apart from those of `imc.papers.batmann.episodes`."""


class Cells:
    """Double columns that hold a controller's weights, of any layer, and are off by `config.noise` ohm.

    Episode i of a seed is programmed with the same random numbers whatever came before.
    """

    def __init__(self, config: TrainConfig, controller: Controller) -> None:
        self.config, self.controller = config, controller
        chip = Chip(DEVICE, DoubleColumn(), (meaning(config.noise_meaning, config.noise),))
        self.arrays = map_network(nn.Sequential(*map(self._dense, LAYERS)), chip)

    def _dense(self, name: str) -> nn.Linear:
        weight = self._weight(name)
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device=weight.device)
        layer.weight.data.copy_(weight)
        return layer

    def _weight(self, name: str) -> torch.Tensor:
        """Signs or integers, (outputs, inputs)."""
        return self.controller.layers[name].deployed().weight.flatten(1)  # pyright: ignore[reportCallIssue]

    @torch.no_grad()
    def program(self, episode: int) -> None:
        """Write the present weights into the cells; the layers compute with what these hold, until the next
        time."""
        for name, array in zip(LAYERS, self.arrays.layers.values(), strict=True):
            array.write(self._weight(name))
        sequence = np.random.SeedSequence([self.config.seed, STREAM, episode])
        self.arrays.program(int(sequence.generate_state(1)[0]))
        for name, array in zip(LAYERS, self.arrays.layers.values(), strict=True):
            layer = self.controller.layers[name]
            layer.error = (array.effective() - array.ideal).view_as(layer.weight)  # pyright: ignore
