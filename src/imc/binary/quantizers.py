"""Quantizers with the gradients that training gives them.

Each is a step function whose own gradient is zero; training replaces it by the gradient stated here
(a straight-through estimator, Courbariaux & Bengio 2016, arXiv 1602.02830, section 1.3).
"""

import torch
from torch import Tensor


def sign(x: Tensor) -> Tensor:
    """-1 or +1, with sign(0) = +1; no gradient.

    >>> sign(torch.tensor([-0.3, 0.0, 2.0])).tolist()
    [-1.0, 1.0, 1.0]
    """
    return torch.copysign(torch.ones((), dtype=x.dtype), x.detach() + 0.0)  # + 0.0 turns -0 into +0


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, quantized: Tensor, x: Tensor) -> Tensor:
        return quantized.view_as(quantized)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[None, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None, gradient


def straight_through(quantized: Tensor, x: Tensor) -> Tensor:
    """Exactly the value of `quantized`, with the gradient of `x`.

    >>> x = torch.tensor([0.4, 1.6], requires_grad=True)
    >>> y = straight_through(torch.round(x.detach()), x)
    >>> y.sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([0.0, 2.0], [1.0, 1.0])
    """
    return _StraightThrough.apply(quantized, x)  # pyright: ignore[reportReturnType]


def weight_levels(bits: int) -> tuple[int, int]:
    """Smallest and largest integer of a signed weight of `bits` bits (1 bit: -1 and +1, no zero).

    >>> weight_levels(1), weight_levels(4)
    ((-1, 1), (-8, 7))
    """
    return (-1, 1) if bits == 1 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def weight_integers(w: Tensor, bits: int) -> Tensor:
    """The grid point nearest to real weights `w` in units of one level; no gradient.

    One bit is sign(w); more bits are the integers of `weight_levels`, one level being 2^(1-bits), so that
    real weights in [-1, 1] use the whole grid (thesis, Tables 3 and 5: {-2, -1, 0, 1} for 2 bits, and so on).

    >>> weight_integers(torch.tensor([-1.0, -0.2, 0.3, 1.0]), bits=2).tolist()
    [-2.0, -0.0, 1.0, 1.0]
    """
    if bits == 1:
        return sign(w)
    low, high = weight_levels(bits)
    return torch.clamp(torch.round(w.detach() * 2 ** (bits - 1)), low, high)


def quantize_weight(w: Tensor, bits: int) -> Tensor:
    """`weight_integers` on the scale of `w`, with the gradient of the identity.

    >>> quantize_weight(torch.tensor([-1.0, -0.2, 0.3, 1.0]), bits=2).tolist()
    [-1.0, -0.0, 0.5, 0.5]
    """
    return straight_through(weight_integers(w, bits).div_(2 ** (bits - 1)), w)


def activation_levels(x: Tensor, bits: int) -> Tensor:
    """The integers 0 .. 2^bits - 1 nearest to `x` in [0, 1]; no gradient.

    With one bit this is a step at one half, one half itself going up.

    >>> activation_levels(torch.tensor([0.0, 0.4, 1.0]), bits=2).tolist()
    [0.0, 1.0, 3.0]
    """
    top = 2.0**bits - 1
    return (x.detach() * top).add_(0.5).floor_().clamp_(0, top)


def quantize_activation(x: Tensor, bits: int) -> Tensor:
    """`activation_levels` scaled to [0, 1], with the gradient of the identity.

    >>> quantize_activation(torch.tensor([0.0, 0.5, 0.9]), bits=1).tolist()
    [0.0, 1.0, 1.0]
    """
    return straight_through(activation_levels(x, bits).div_(2**bits - 1), x)
