"""DoReFa-Net's network for SVHN, with the slides' choice of pooling.

Its shapes are `imc.papers.imce.networks.SVHN`. conv0 (with bias) and fc7 are real; conv1 to conv6 are
quantized, each followed by batch norm and the activation, conv0 and conv2 by pooling before that; conv6's
activation stays real. Dropout comes before conv6. The slides count "6 (bit-wise) convolutional layers, 2
(average) pooling layers and 2 FC layers": conv0 to conv5, and conv6 and fc7 "equivalently implemented by
convolutions".
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imc.binary import dorefa
from imc.papers.imce.networks import SVHN
from imc.papers.imce.recipe import BitWidthConfig

SHAPES = {x.name: (x.out_channels, x.in_channels, x.kernel, x.kernel) for x in SVHN.layers}
"""Weights of each layer: (outputs, channels, k, k)."""
CHANNELS_LAST, CHANNELS_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
"""Parameters are (outputs, k, k, channels), as convolutions run fastest and the optimizer without a copy."""
SIDE = SVHN["conv0"].in_side
QUANTIZED = tuple(f"conv{i}" for i in range(1, 7))
POOLED = ("conv0", "conv2")
EPSILON, MOMENTUM = 1e-4, 0.1
KEPT = 0.5
"""Share of conv5's outputs that dropout keeps."""


class Network(nn.Module):
    """The network of one configuration.

    Args:
        generator: of the initial weights (He's normal), of dropout and of the gradients' noise.
    """

    def __init__(self, config: BitWidthConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.config, self.generator = config, generator
        self.pool = F.avg_pool2d if config.pooling == "average" else F.max_pool2d
        self.weights = nn.ParameterDict()
        for name, shape in SHAPES.items():
            drawn = torch.empty(shape)
            nn.init.kaiming_normal_(drawn, nonlinearity="relu", generator=generator)
            self.weights[name] = nn.Parameter(drawn.permute(CHANNELS_LAST).contiguous())
        self.biases = nn.ParameterDict({n: torch.zeros(SHAPES[n][0]) for n in ("conv0", "fc7")})
        self.norms = nn.ModuleDict(
            {n: nn.BatchNorm2d(SHAPES[n][0], eps=EPSILON, momentum=MOMENTUM) for n in QUANTIZED}
        )

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (n, 3, 40, 40) in [0, 1] to scores (n, 10)."""
        bits = self.config.input_bits
        x = F.conv2d(x, self.weights["conv0"].permute(CHANNELS_FIRST), self.biases["conv0"])
        x = dorefa.activate(self.pool(x, 2), bits, self.config.activation)
        for name in QUANTIZED:
            if name == "conv6":
                x = self._dropout(x)
            weight = dorefa.quantize_weight(self.weights[name], self.config.weight_bits)
            x = self._multiplied(name, x, weight)
            x = dorefa.quantize_gradient(x, self.config.gradient_bits, self.generator)
            x = self.norms[name](x)
            x = self.pool(x, 2) if name in POOLED else x
            x = dorefa.activate(x, dorefa.FLOAT if name == "conv6" else bits, self.config.activation)
        return F.linear(x.flatten(1), self.weights["fc7"].flatten(1), self.biases["fc7"])

    def _multiplied(self, name: str, x: Tensor, weight: Tensor) -> Tensor:
        """Convolution by weights (outputs, k, k, channels); over the whole input as a product, faster."""
        if name == "conv6":
            product = F.linear(x.permute(CHANNELS_LAST).flatten(1), weight.flatten(1))
            return product[:, :, None, None]
        return F.conv2d(x, weight.permute(CHANNELS_FIRST), padding=SVHN[name].padding)

    def _dropout(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand(x.shape, generator=self.generator) < KEPT
        return x * kept / KEPT
