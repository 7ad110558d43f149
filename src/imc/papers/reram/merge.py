"""Merging batch norm into the layer before it: equations (1) to (7) of the thesis.

A layer gives y_j = sum_i x_i w_ij + b_j. Arrays: `w` is (..., inputs, outputs), every other (..., outputs).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from imc.binary.quantizers import sign, weight_integers


class Norm(NamedTuple):
    """Batch norm at inference, each (..., outputs): BN(y) = (y - mean)/sigma gamma + beta (equation 1)."""

    gamma: Tensor
    beta: Tensor
    mean: Tensor
    sigma: Tensor

    def __call__(self, y: Tensor) -> Tensor:
        """BN of `y` (..., batch, outputs)."""
        gamma, beta, mean, sigma = (p.unsqueeze(-2) for p in self)
        return (y - mean) / sigma * gamma + beta


class Layer(NamedTuple):
    """A dense layer: weights and biases."""

    w: Tensor
    b: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """y of inputs `x` (..., batch, inputs)."""
        return x @ self.w + self.b.unsqueeze(-2)


def arithmetic_merge(layer: Layer, norm: Norm) -> Layer:
    """Equations (4) and (5): w' = gamma/sigma w, b' = gamma/sigma (b - mean) + beta. Equals BN to rounding.

    Written so that gamma = 0 needs no division by it.
    """
    scale = norm.gamma / norm.sigma
    return Layer(layer.w * scale.unsqueeze(-2), scale * (layer.b - norm.mean) + norm.beta)


def requantized_arithmetic_merge(layer: Layer, norm: Norm, weight_bits: int) -> Layer:
    """Arithmetic merge with w' put back on the weight grid, as few-bit cells force; b' stays as it is."""
    merged = arithmetic_merge(layer, norm)
    return merged._replace(w=_on_grid(merged.w, weight_bits))


def rescaled_arithmetic_merge(layer: Layer, norm: Norm, weight_bits: int) -> Layer:
    """Arithmetic merge with one gain a layer: w' g and b' g, w' g on the weight grid.

    The thesis does not say how w' returns to the grid. A common factor g > 0 changes neither a sign
    activation nor an argmax, so a circuit may choose it freely; here the one that fits w' best in the least
    squares sense: exactly 1/mean|w'| for one bit, else the best of 200 logarithmic steps up to the gain that
    brings the largest |w'| to the top level.
    """
    merged = arithmetic_merge(layer, norm)
    size = merged.w.abs()
    if weight_bits == 1:
        gain = 1 / size.mean((-2, -1))
    else:
        lowest = (1 - 2.0 ** (1 - weight_bits)) / size.amax((-2, -1))
        gains = lowest * torch.logspace(0, 2, 200, dtype=lowest.dtype).view(-1, *[1] * lowest.ndim)
        gain = gains[0]
        least = torch.full_like(gain, torch.inf)
        for candidate in gains:
            fitted = _on_grid(merged.w * _spread(candidate), weight_bits) / _spread(candidate)
            error = (fitted - merged.w).square().sum((-2, -1))
            gain = torch.where(error < least, candidate, gain)
            least = torch.minimum(error, least)
    return Layer(_on_grid(merged.w * _spread(gain), weight_bits), merged.b * gain.unsqueeze(-1))


def _on_grid(w: Tensor, weight_bits: int) -> Tensor:
    return weight_integers(w, weight_bits) / 2 ** (weight_bits - 1)


def _spread(gain: Tensor) -> Tensor:
    return gain[..., None, None]


def signed_merge(layer: Layer, norm: Norm) -> Layer:
    """Equations (6) and (7): w' = s w, b' = s (b - mean + sigma/gamma beta) with s = sign(gamma/sigma).

    Before a sign activation this is exact: y' = BN(y) |sigma/gamma| has the sign of BN(y). With gamma = 0
    BN is the constant beta whatever the input, which equation (7) cannot say (it divides by zero); what is
    right there is a bias of beta's sign that no input outweighs, here sign(beta) (1 + sum_i |w_ij| + |b_j|),
    for inputs in [0, 1].
    """
    dead = norm.gamma == 0
    gamma = torch.where(dead, 1.0, norm.gamma)
    s = sign(gamma / norm.sigma)
    live_bias = s * (layer.b - norm.mean + norm.sigma / gamma * norm.beta)
    dead_bias = sign(norm.beta) * (1 + layer.w.abs().sum(-2) + layer.b.abs())
    return Layer(layer.w * s.unsqueeze(-2), torch.where(dead, dead_bias, live_bias))
