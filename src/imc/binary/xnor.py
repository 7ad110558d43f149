"""Layers of XNOR-Net: binary weights with a scale per filter, on the signs of standardized inputs.

Sources: Rastegari et al. 2016 (arXiv 1603.05279) and its Torch7 release; BATMANN's released code, which
learns the scale and standardizes each sample where XNOR-Net has batch norm.
"""

import torch
from torch import Tensor, nn

from imc.binary.layers import Inputs, Layer, standardize, standardize_filters
from imc.binary.signs import bipolar, scaled_sign, sign_clamping, sign_in_window


class XnorLayer(Layer):
    """As in BATMANN's code: y = alpha (sign(standardized w) * sign(standardized x) + b), alpha learned.

    Args:
        weight, bias: as `Layer`.
        alpha: initial scale; one per filter of a convolution, a single one for a dense layer.

    >>> layer = XnorLayer(torch.tensor([[0.3, -0.1, 0.5]]), None, alpha=2.0)
    >>> layer.weights().tolist(), layer(torch.tensor([[1.0, 2.0, 6.0]])).tolist()
    ([[2.0, -2.0, 2.0]], [[2.0]])
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, alpha: float) -> None:
        super().__init__(weight, bias)
        self.alpha = nn.Parameter(scales(weight, alpha))

    def weights(self) -> Tensor:
        return self.alpha * self.held(sign_clamping(standardize_filters(self.weight)))

    def offset(self) -> Tensor | None:
        return None if self.bias is None else self.alpha.flatten() * self.bias

    def inputs(self, x: Tensor) -> Tensor:
        return sign_in_window(standardize(x))

    @property
    def input_kind(self) -> Inputs:
        return "signs"

    def _code(self) -> tuple[Tensor, Tensor]:
        return bipolar(standardize_filters(self.weight)), self.alpha.detach().flatten()


class XnorNetLayer(Layer):
    """As XNOR-Net: y = alpha sign(w) * sign(standardized x) + b, alpha the mean |w| of each filter.

    Before each step `constrain` centres the weights over the input channels and clips them to [-1, 1].

    >>> XnorNetLayer(torch.tensor([[0.5, -0.25]])).weights().tolist()
    [[0.375, -0.375]]
    """

    def weights(self) -> Tensor:
        return scaled_sign(self.weight)

    def inputs(self, x: Tensor) -> Tensor:
        return sign_in_window(standardize(x))

    @torch.no_grad()
    def constrain(self) -> None:
        """XNOR-Net's util.lua: meancenter, then clamp, in place."""
        self.weight.sub_(self.weight.mean(1, keepdim=True)).clamp_(-1, 1)

    @property
    def input_kind(self) -> Inputs:
        return "signs"

    def _code(self) -> tuple[Tensor, Tensor]:
        return bipolar(self.weight), self.weight.detach().abs().flatten(1).mean(1)


def scales(weight: Tensor, alpha: float) -> Tensor:
    """Initial learned scales that multiply `weight`: (outputs, 1, 1, 1) for a convolution, (1, 1) for a
    dense layer.

    >>> scales(torch.zeros(8, 3, 5, 5), 0.1).shape
    torch.Size([8, 1, 1, 1])
    """
    return weight.new_full((1, 1) if weight.ndim == 2 else (len(weight), 1, 1, 1), alpha)
