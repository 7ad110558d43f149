"""The sign of binary networks with the gradients that training gives it.

Its own gradient is zero everywhere; each function here states the one used in its place. All give -1 or +1,
with sign(0) = +1 (also where the input is no number, so that a network that diverged answers constantly).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from imc.binary.quantizers import straight_through


def bipolar(x: Tensor) -> Tensor:
    """-1 or +1 in the type of `x`; no gradient.

    >>> bipolar(torch.tensor([-0.3, 0.0, 2.0])).tolist()
    [-1.0, 1.0, 1.0]
    """
    return torch.sign(x.detach()).add_(0.5).sign_()  # three passes, yet faster than a comparison and its copy


def sign_in_window(x: Tensor) -> Tensor:
    """Sign whose gradient passes where |x| < 1: XNOR-Net's and BATMANN's activations.

    >>> x = torch.tensor([-0.3, 0.0, 2.0], requires_grad=True)
    >>> y = sign_in_window(x)
    >>> (3 * y).sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([-1.0, 1.0, 1.0], [3.0, 3.0, 0.0])
    """
    return straight_through(bipolar(x), F.hardtanh(x))


class _Clamped(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return bipolar(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return gradient.clamp(-1, 1)


def sign_clamping(x: Tensor) -> Tensor:
    """Sign whose gradient passes everywhere, itself clamped to [-1, 1]: the weights of BATMANN's code.

    >>> x = torch.tensor([-0.3, 0.0, 2.0], requires_grad=True)
    >>> y = sign_clamping(x)
    >>> (3 * y).sum().backward()
    >>> y.tolist(), x.grad.tolist()
    ([-1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    """
    return _Clamped.apply(x)  # pyright: ignore[reportReturnType]


class _ScaledSign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w: Tensor) -> Tensor:
        alpha = w.abs().flatten(1).mean(1).view(-1, *[1] * (w.ndim - 1))
        ctx.save_for_backward(w.abs() < 1, alpha)
        return alpha * bipolar(w)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        window, alpha = ctx.saved_tensors
        return gradient * (alpha * window + gradient[0].numel() ** -1)


def scaled_sign(w: Tensor) -> Tensor:
    """XNOR-Net's weights: alpha sign(w), alpha the mean |w| of each filter (first axis).

    The gradient is XNOR-Net's (Rastegari et al. 2016, section 3.1): 1/n + alpha [|w| < 1], n weights a
    filter.

    >>> scaled_sign(torch.tensor([[0.5, -0.25]])).tolist()
    [[0.375, -0.375]]
    """
    return _ScaledSign.apply(w)  # pyright: ignore[reportReturnType]


class _Polynomial(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, t: float, k: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.t, ctx.k = t, k
        return bipolar(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (x,) = ctx.saved_tensors
        slope = x.abs().mul_(-(ctx.t**2)).add_(math.sqrt(2) * ctx.t).mul_(ctx.k).clamp_(min=0)
        return gradient * slope, None, None


def sign_sharpening(x: Tensor, t: float, k: float) -> Tensor:
    """RBNN's sign (Lin et al. 2020, section 3.4): its gradient is k max(sqrt(2) t - t^2 |x|, 0).

    >>> x = torch.tensor([0.0, 2.0], requires_grad=True)
    >>> sign_sharpening(x, t=1.0, k=1.0).sum().backward()
    >>> [round(g, 3) for g in x.grad.tolist()]
    [1.414, 0.0]
    """
    return _Polynomial.apply(x, t, k)  # pyright: ignore[reportReturnType]
