"""Layers of RBNN, the rotated binary network: binary weights taken after a rotation that brings them nearer.

Source: Lin et al. 2020 (NeurIPS, pp. 7474-7485) and its PyTorch release; as used in BATMANN's code.
"""

import math
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from imc.binary.layers import Inputs, Layer, standardize, standardize_filters
from imc.binary.signs import bipolar, sign_sharpening
from imc.binary.xnor import scales

ALTERNATIONS = 3
"""Rounds in which `RbnnLayer.rotate` improves the rotations."""
T_MIN, T_MAX = 1e-2, 1e1
"""Range of t over the training, in equal steps of log t."""


def sharpness(progress: float) -> tuple[float, float]:
    """(t, k) of the sign's gradient when `progress` (0 to 1) of the training is done; k = max(1/t, 1).

    >>> [tuple(round(v, 2) for v in sharpness(progress)) for progress in (0.0, 1.0)]
    [(0.01, 100.0), (10.0, 1.0)]
    """
    t = 10 ** (math.log10(T_MIN) + progress * math.log10(T_MAX / T_MIN))
    return t, max(1 / t, 1.0)


def sides(n: int) -> tuple[int, int]:
    """The factors a <= b of n = a b that are closest to a square; a filter of n weights is rotated as a x
    b.

    >>> sides(3200)
    (50, 64)
    """
    a = next(a for a in range(math.isqrt(n), 0, -1) if n % a == 0)
    return a, n // a


def random_rotation(n: int, generator: Generator) -> Tensor:
    """An orthogonal (n, n) matrix, uniformly distributed.

    >>> r = random_rotation(3, Generator().manual_seed(0))
    >>> torch.allclose(r @ r.T, torch.eye(3), atol=1e-6)
    True
    """
    q, r = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))
    return (q * torch.sign(torch.diagonal(r))).float()


class RbnnLayer(Layer):
    """y = alpha (sign(w3) * f(x) + b), with w3 = w + |sin beta| (R(w) - w), w standardized, R(w) = R1' X R2.

    X is a filter as an a x b matrix. R(w) counts as constant in the gradient, which is therefore that of w
    times (1 - |sin beta|): it vanishes where beta is pi/2, and there the weights do not learn.

    Args:
        weight, bias: as `Layer`.
        alpha: initial learned scale, as of `imc.binary.xnor.XnorLayer`.
        activations: inputs standardized, or the signs of that.
        beta: initial angles: "uniform" in [0, pi/2) (RBNN's release) or "right" (pi/2 everywhere, BATMANN's).
        generator: for the rotations and beta.

    Attributes:
        r1, r2: the rotations, (a, a) and (b, b); `rotate` updates them.
        t, k: of the weights' gradient; BATMANN's code changes them for convolutions alone.

    >>> generator = Generator().manual_seed(0)
    >>> weight = torch.randn(2, 6, generator=generator)
    >>> layer = RbnnLayer(weight, None, 0.5, activations="binary", beta="right", generator=generator)
    >>> layer.rotate()
    >>> sorted(layer.weights().unique().tolist())
    [-0.5, 0.5]
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        alpha: float,
        activations: Literal["real", "binary"],
        beta: Literal["uniform", "right"],
        generator: Generator,
    ) -> None:
        super().__init__(weight, bias)
        self.activations = activations
        self.alpha = nn.Parameter(scales(weight, alpha))
        a, b = sides(weight[0].numel())
        self.r1 = nn.Buffer(random_rotation(a, generator))
        self.r2 = nn.Buffer(random_rotation(b, generator))
        ones = torch.ones(len(weight), *[1] * (weight.ndim - 1))
        angles = torch.rand(ones.shape, generator=generator) if beta == "uniform" else ones
        self.beta = nn.Parameter(angles * math.pi / 2)
        self.t, self.k = 0.1, 10.0

    def mixed(self) -> Tensor:
        """w3, in the shape of `weight`."""
        w = standardize_filters(self.weight)
        return w + self.beta.sin().abs() * (self.rotated(w.detach()) - w)

    def rotated(self, w: Tensor) -> Tensor:
        """R1' X R2 of each filter of `w`."""
        return (self.r1.T @ self._matrices(w) @ self.r2).view_as(w)

    def _matrices(self, w: Tensor) -> Tensor:
        return w.reshape(len(w), len(self.r1), len(self.r2))

    def weights(self) -> Tensor:
        return self.alpha * sign_sharpening(self.mixed(), self.t, self.k)

    def offset(self) -> Tensor | None:
        return None if self.bias is None else self.alpha.flatten() * self.bias

    def inputs(self, x: Tensor) -> Tensor:
        x = standardize(x)
        if self.activations == "real":
            return x
        return sign_sharpening(x, max(self.t, 1.0), 1.0)

    @torch.no_grad()
    def rotate(self) -> None:
        """Three rounds of: B = sign(R1' X R2), then R1, then R2 that bring R(w) nearest to B (section 3.2).

        Each maximizes the sum over filters of tr(B' R1' X R2), whose maximum over orthogonal matrices is
        given by the singular vectors. The products are small, and are decomposed on the CPU in float64.
        """
        x = self._matrices(standardize_filters(self.weight)).double().cpu()
        r1, r2 = self.r1.double().cpu(), self.r2.double().cpu()
        for _ in range(ALTERNATIONS):
            b = bipolar(r1.T @ x @ r2)
            r1 = _nearest_rotation(torch.einsum("nij,nkj->ik", x @ r2, b))
            r2 = _nearest_rotation(torch.einsum("nji,njk->ik", r1.T @ x, b))
        self.r1.copy_(r1)
        self.r2.copy_(r2)

    @property
    def input_kind(self) -> Inputs:
        return "standardized" if self.activations == "real" else "signs"

    def _code(self) -> tuple[Tensor, Tensor]:
        return bipolar(self.mixed()), self.alpha.detach().flatten()


def _nearest_rotation(m: Tensor) -> Tensor:
    """The orthogonal R that maximizes tr(R' m)."""
    u, _, vh = torch.linalg.svd(m)
    return u @ vh


@torch.no_grad()
def angle(w: Tensor) -> float:
    """Mean angle, degrees, between the filters (first axis) of `w` and their signs.

    Filters of zeros have none, and do not count; NaN if there is no other.

    >>> round(angle(torch.tensor([[1.0, -1.0], [1.0, 0.0]])), 1)  # 0 and 45 degrees
    22.5
    """
    rows = w.flatten(1)
    rows = rows[(rows != 0).any(1)]
    cosine = rows.abs().mean(1) / rows.square().mean(1).sqrt()
    return torch.rad2deg(torch.arccos(cosine.clamp(-1, 1))).mean().item()
