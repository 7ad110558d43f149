"""Layers of convolutional binary networks: y = W * f(x) + b, from real weights that are trained.

What W and f are is each layer's own: here real and 8-bit weights on plain inputs; `imc.binary.xnor` and
`imc.binary.rbnn` have the binary ones. Convolutions are valid (no padding), with stride 1.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imc.binary.quantizers import straight_through

Inputs = Literal["real", "standardized", "signs"]
"""What a layer makes of its inputs: nothing, zero mean and unit variance, or the signs of that."""


@dataclass(frozen=True)
class Deployed:
    """A trained layer as hardware holds it: y = scale * (weight * f(x)) + bias.

    Attributes:
        weight: (outputs, inputs) or (outputs, channels, k, k): -1 and +1, integers, or real.
        scale: (outputs,), digital.
        bias: (outputs,), digital.
        inputs: f.

    >>> layer = EightBitLayer(torch.tensor([[0.5, -0.25]]))
    >>> layer.deployed().weight.tolist(), layer.deployed().inputs
    ([[127.0, -64.0]], 'real')
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor
    inputs: Inputs


def standardize(x: Tensor) -> Tensor:
    """Each sample (first axis) to zero mean and unit variance over all its values.

    The variance is that of all n values (1/n, not 1/(n-1)). A constant sample, a blank picture, becomes 0,
    and gives no gradient.

    >>> standardize(torch.tensor([[1.0, 3.0], [2.0, 2.0]])).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    blank = _constant(x)
    if blank is None:
        return F.group_norm(x, 1, eps=0.0)
    # Masked on both sides, so that 0/0 reaches neither the values nor their gradients.
    return torch.where(blank, 0.0, F.group_norm(torch.where(blank, 0.0, x), 1, eps=0.0))


def standardize_filters(w: Tensor) -> Tensor:
    """Each filter (first axis) to zero mean and unit standard deviation, the latter with 1/(n-1).

    A constant filter, a single weight too, becomes 0, and gives no gradient.

    >>> standardize_filters(torch.tensor([[1.0, 3.0, 5.0]])).tolist()
    [[-1.0, 0.0, 1.0]]
    """
    blank = _constant(w)
    if blank is not None and bool(blank.all()):
        return w * 0
    axes = tuple(range(1, w.ndim))
    safe = w if blank is None else torch.where(blank, 0.0, w)
    centred = safe - safe.mean(axes, keepdim=True)
    found = centred / centred.std(axes, keepdim=True)
    return found if blank is None else torch.where(blank, 0.0, found)


def _constant(x: Tensor) -> Tensor | None:
    """Which entries along the first axis hold one value alone, (n, 1, ...), or None if there are none."""
    if x.numel() == 0:
        return None
    low, high = x.detach().flatten(1).aminmax(dim=1)
    constant = low == high
    return constant.view(-1, *[1] * (x.ndim - 1)) if bool(constant.any()) else None


class Layer(nn.Module):
    """Real weights on real inputs; the base of the others.

    Args:
        weight: initial weights, (outputs, inputs) of a dense layer or (outputs, channels, k, k) of a
        convolution.
        bias: initial bias (outputs,), or None for a layer without.

    Attributes:
        error: what is added to the stored weights in computing with them, in their unit and shape;
            None: nothing.

    >>> Layer(torch.tensor([[1.0, 2.0]]), torch.tensor([0.5]))(torch.ones(1, 2)).tolist()
    [[3.5]]
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = None if bias is None else nn.Parameter(bias.clone())
        self.error: Tensor | None = None

    def held(self, codes: Tensor) -> Tensor:
        """The stored weights `codes` as imperfect cells hold them: off by `error`, if one is set."""
        return codes if self.error is None else codes + self.error

    def weights(self) -> Tensor:
        """The weights that multiply, in the shape of `weight`, with their gradient."""
        return self.weight

    def offset(self) -> Tensor | None:
        """What is added to each output, (outputs,)."""
        return self.bias

    def inputs(self, x: Tensor) -> Tensor:
        """What is multiplied: f(x)."""
        return x

    def forward(self, x: Tensor) -> Tensor:
        operate = F.linear if self.weight.ndim == 2 else F.conv2d
        return operate(self.inputs(x), self.weights(), self.offset())

    @torch.no_grad()
    def deployed(self) -> Deployed:
        """The layer as trained so far."""
        weight, scale = self._code()
        outputs = len(self.weight)
        offset = self.offset()
        bias = torch.zeros(outputs, device=weight.device) if offset is None else offset.detach().clone()
        return Deployed(weight, scale.expand(outputs).clone(), bias, self.input_kind)

    @property
    def input_kind(self) -> Inputs:
        return "real"

    def _code(self) -> tuple[Tensor, Tensor]:
        """Weights as stored, and the scale, () or (outputs,), that makes `weights` of them."""
        return self.weight.detach().clone(), self.weight.new_ones(())


class EightBitLayer(Layer):
    """Weights on the grid of max(w)/127, with the gradient of the identity.

    As BATMANN's code has it: the largest weight, not the largest |weight|, is the integer 127, so that the
    most negative weights may lie below -127. Where no weight is positive, which that code leaves undefined,
    the most negative one is -127, and zeros are zeros.

    >>> layer = EightBitLayer(torch.tensor([[1.27, 0.101]]))
    >>> [round(w, 6) for w in layer.weights().flatten().tolist()]
    [1.27, 0.1]
    """

    def weights(self) -> Tensor:
        integers, unit = self._code()
        return straight_through(self.held(integers) * unit, self.weight)

    def _code(self) -> tuple[Tensor, Tensor]:
        w = self.weight.detach()
        top = w.max()
        if bool(top <= 0):
            top = w.abs().max()
            top = torch.where(top == 0, 1.0, top)
        unit = top / 127
        return torch.round(w / unit), unit
