"""DoReFa-Net's quantizers of activations, weights and gradients (Zhou et al. 2016, arXiv 1606.06160).

32 bits everywhere mean "left as it is". Where formula and released code differ, the code is followed and
the difference said.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from imc.binary.quantizers import quantize_activation, straight_through
from imc.binary.signs import bipolar

FLOAT = 32
"""The number of bits that stands for real numbers."""


Bound = Literal["clip", "abs"]
"""How an activation is brought to [0, 1], which section 2.3 of the paper leaves open: min(1, max(0, x)), or
min(1, |x|) as in the released network for SVHN."""


def activate(x: Tensor, bits: int, bound: Bound) -> Tensor:
    """Bounded to [0, 1], then to `bits` bits, with the gradient of the bounding: none at 0, 1 and beyond.

    >>> activate(torch.tensor([-0.6, 0.2, 0.6, 3.0]), bits=1, bound="clip").tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    bounded = F.hardtanh(x if bound == "clip" else x.abs(), 0, 1)  # its way back is one pass, clamp's four
    return bounded if bits == FLOAT else quantize_activation(bounded, bits)


def quantize_weight(w: Tensor, bits: int) -> Tensor:
    """Weights of a whole layer to `bits` bits (section 2.2).

    One bit: sign(w) times the mean |w| of the layer, with the gradient of the identity. More bits k: the
    2^k evenly spaced levels from -1 to 1, 2 i/(2^k - 1) - 1, nearest to tanh(w)/max|tanh(w)|, with the
    gradient of the latter.

    >>> quantize_weight(torch.tensor([-0.5, 0.1, 0.3]), bits=1)
    tensor([-0.3000,  0.3000,  0.3000])
    """
    if bits == FLOAT:
        return w
    if bits == 1:
        return straight_through(bipolar(w).mul_(w.detach().abs().mean()), w)
    squashed = torch.tanh(w)
    top = squashed.abs().max()
    top = torch.where(top == 0, 1.0, top)  # a layer of zeros has no scale of its own
    return 2 * quantize_activation(squashed / top / 2 + 0.5, bits) - 1


def stochastic_levels(gradient: Tensor, bits: int, generator: torch.Generator) -> Tensor:
    """A gradient (n, ...) to `bits` bits, each sample on its own scale (section 2.4).

    With m = max|g| of a sample and N = 2^bits - 1: 2 m (i/N - 1/2), where i is (g/2m + 1/2) N rounded to
    one of its two neighbours by chance, so that the mean is g. The noise, uniform in (-1/2, 1/2) of a level,
    comes in 65,536 steps.

    >>> generator = torch.Generator().manual_seed(0)
    >>> gradient = torch.full((1, 10_000), 0.25)
    >>> gradient[0, 0] = 1.0
    >>> found = stochastic_levels(gradient, bits=1, generator=generator)
    >>> found.unique().tolist(), abs(float(found.mean()) - 0.25) < 0.05
    ([-1.0, 1.0], True)
    """
    levels = 2**bits - 1
    order = [0, *sorted(range(1, gradient.ndim), key=lambda axis: -gradient.stride(axis))]
    arranged = gradient.permute(order)  # as it lies in memory: no pass copies
    entries = arranged.flatten(1)
    top = entries.abs().amax(1, keepdim=True).float().clamp_(min=1e-30)  # a sample may have no gradient
    numbers = torch.empty(-(-entries.numel() // 4), dtype=torch.int64)
    numbers.random_(-(2**63), None, generator=generator)
    noise = numbers.view(torch.int16)[: entries.numel()].view(entries.shape)  # 16 fresh bits for each entry
    where = (noise * 2.0**-16).add_(levels / 2 + 2.0**-17)
    where.addcmul_(entries.float(), levels / (2 * top)).round_().clamp_(0, levels)
    found = where.sub_(levels / 2).mul_(2 * top / levels).to(gradient.dtype)
    return found.view(arranged.shape).permute([order.index(axis) for axis in range(gradient.ndim)])


class _QuantizedGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, bits: int, generator: torch.Generator) -> Tensor:
        ctx.bits, ctx.generator = bits, generator
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return stochastic_levels(gradient, ctx.bits, ctx.generator), None, None


def quantize_gradient(x: Tensor, bits: int, generator: torch.Generator) -> Tensor:
    """`x` itself (n, ...), whose gradient is quantized by `stochastic_levels` on its way back.

    >>> x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    >>> quantize_gradient(x, bits=8, generator=torch.Generator().manual_seed(0)).sum().backward()
    >>> x.grad.tolist()
    [[1.0, 1.0]]
    """
    return x if bits == FLOAT else _QuantizedGradient.apply(x, bits, generator)  # pyright: ignore[reportReturnType]
