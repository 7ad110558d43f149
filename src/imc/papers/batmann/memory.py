"""The key-value memory: keys are features of the support set, values its labels (Section II-A, Algorithm
1)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from imc.binary.signs import sign_in_window

BETA = 10.0
"""Steepness of softabs (Karunaratne et al. 2021)."""


def softabs(a: Tensor) -> Tensor:
    """1/(1 + exp(-10(a - 1/2))) + 1/(1 + exp(-10(-a - 1/2))), as Karunaratne et al. 2021 define it."""
    return torch.sigmoid(BETA * (a - 0.5)) + torch.sigmoid(BETA * (-a - 0.5))


def cosh(a: Tensor) -> Tensor:
    """exp(10(a - 1/2)) + exp(10(-a - 1/2)): BATMANN's code, where softabs has lost its "1 +".

    A last edit of that code put the 1 into the exponents, a constant factor that any normalization cancels.
    """
    return torch.exp(BETA * (a - 0.5)) + torch.exp(BETA * (-a - 0.5))


SHARPENINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda a: a, "abs": torch.abs, "softabs": softabs, "cosh": cosh, "softmax": torch.exp,
}  # fmt: skip


@dataclass(frozen=True)
class Memory:
    """How a query is held against the keys.

    Attributes:
        keys: features as they are; their signs (-1, +1); or these as 0 and 1.
        similarity: a = cosine of query and key, or their dot product over the number of dimensions.
        sharpening: w = f(a): identity, abs, softabs, cosh, or exp (softmax, once normalized).
        normalization: w over the sum of the query's; after that, z-score: all w of all queries to zero mean
        and
            unit standard deviation (BATMANN's code).
    """

    keys: Literal["real", "bipolar", "binary"] = "real"
    similarity: Literal["cosine", "dot"] = "dot"
    sharpening: Literal["identity", "abs", "softabs", "cosh", "softmax"] = "identity"
    normalization: Literal["none", "sum", "z-score"] = "none"

    def encode(self, features: Tensor) -> Tensor:
        """Features as keys; the gradient of a sign passes where |x| < 1, as that of an activation."""
        if self.keys == "real":
            return features
        signs = sign_in_window(features)
        return signs if self.keys == "bipolar" else (signs + 1) / 2

    def weights(self, queries: Tensor, support: Tensor) -> Tensor:
        """Normalized, sharpened similarities (..., q, n) of features (..., q, d) to features (..., n, d)."""
        q, k = self.encode(queries), self.encode(support)
        if self.similarity == "cosine":
            norms = q.norm(dim=-1).unsqueeze(-1) * k.norm(dim=-1).unsqueeze(-2)
            a = q @ k.mT / (norms + 1e-8)
        else:
            a = q @ k.mT / q.shape[-1]
        w = SHARPENINGS[self.sharpening](a)
        if self.normalization != "none":
            w = w / w.sum(-1, keepdim=True)
        if self.normalization == "z-score":
            w = (w - w.mean((-2, -1), keepdim=True)) / w.std((-2, -1), keepdim=True)
        return w

    def scores(self, queries: Tensor, support: Tensor, values: Tensor) -> Tensor:
        """Class scores (..., q, ways): the weights' sum of the values (n, ways), one-hot labels."""
        return self.weights(queries, support) @ values
