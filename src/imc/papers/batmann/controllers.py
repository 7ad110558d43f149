"""The controller: conv 5x5, conv 5x5, pool, conv 3x3, conv 3x3, pool, dense; in full precision or binarized.

A picture of 32 x 32 pixels passes sizes 28, 24, pooled 12, 10, 8, pooled 4; ReLU follows every convolution.
"""

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from imc.binary.layers import EightBitLayer, Layer
from imc.binary.rbnn import RbnnLayer, sharpness
from imc.binary.xnor import XnorLayer, XnorNetLayer
from imc.papers.batmann.experiments import TrainConfig

CONVOLUTIONS = ("conv1", "conv2", "conv3", "conv4")
LAYERS = (*CONVOLUTIONS, "dense")
POOLED = ("conv2", "conv4")
"""Convolutions that a maximum over 2 x 2 follows."""
KERNELS = {"conv1": 5, "conv2": 5, "conv3": 3, "conv4": 3}
LAST_SIDE = 4
"""Pixels a side after the last pool."""


def shapes(config: TrainConfig) -> dict[str, tuple[int, ...]]:
    """Shape of each layer's weights, (outputs, inputs, ...)."""
    inputs = dict.fromkeys(CONVOLUTIONS, config.channels) | {"conv1": 1}
    found = {name: (config.channels, inputs[name], k, k) for name, k in KERNELS.items()}
    return {**found, "dense": (config.dimension, config.channels * LAST_SIDE**2)}


class Controller(nn.Module):
    """The controller of a configuration, from random weights that its seed determines.

    The initial weights are those of BATMANN's code: normal, of deviation sqrt(2 / (k^2 outputs)) in
    convolutions and 0.01 in the dense layer; biases 0 and `config.bias`; learned scales as `_alpha` says.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config
        generator = torch.Generator().manual_seed(config.seed)
        self.layers = nn.ModuleDict(
            {name: _layer(config, name, shape, generator) for name, shape in shapes(config).items()}
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, dimension) of pictures (n, 1, 32, 32)."""
        for name in CONVOLUTIONS:
            x = self.layers[name](x)
            if name in POOLED:
                x = F.max_pool2d(x, 2)
            x = F.relu(x, inplace=True)  # after the pool, where it is the same and touches a quarter
        return self.layers["dense"](x.flatten(1))

    def prepare(self, episode: int) -> None:
        """What the binary layers want before training on `episode`, which counts from 0."""
        every = self.config.rotate_every
        for name in LAYERS:
            layer = self.layers[name]
            if isinstance(layer, XnorNetLayer):
                layer.constrain()
            if isinstance(layer, RbnnLayer):
                if name != "dense":  # BATMANN's code sharpens convolutions alone
                    layer.t, layer.k = sharpness(episode / self.config.episodes)
                if every and episode % every == 0:
                    layer.rotate()


def _layer(config: TrainConfig, name: str, shape: tuple[int, ...], generator: Generator) -> Layer:
    dense = name == "dense"
    deviation = 0.01 if dense else math.sqrt(2 / (shape[2] * shape[3] * shape[0]))
    weight = deviation * torch.randn(shape, generator=generator)
    bias = torch.full(shape[:1], config.bias if dense else 0.0)
    kind = {"conv1": config.first_layer, "dense": config.last_layer}.get(name, "binary")
    if kind == "8bit":
        return EightBitLayer(weight, bias if dense else None)
    if kind == "real" or config.controller == "fp32":
        return Layer(weight, bias)
    if config.controller == "rbnn":
        return RbnnLayer(weight, bias, _alpha(shape), config.activations, config.beta, generator)
    if config.controller == "xnor-net":
        return XnorNetLayer(weight, bias if dense else None)
    return XnorLayer(weight, bias if dense else None, _alpha(shape))


def _alpha(shape: tuple[int, ...]) -> float:
    """Initial learned scale: 1/(2 sqrt(inputs)).

    It is the mean |w| of PyTorch's own initial weights, uniform within 1/sqrt(inputs): BATMANN's code takes
    the scale from these, before it draws the weights anew.
    """
    return 0.5 / math.sqrt(math.prod(shape[1:]))
