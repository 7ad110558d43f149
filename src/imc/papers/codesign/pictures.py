"""Handwritten digits, as the experiments of this room want them."""

from typing import Literal, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from imc import datasets

Data = Literal["mnist", "digits"]
"""MNIST, or scikit-learn's digits, the stand-in that needs no download."""
CLASSES = 10


class Digits(NamedTuple):
    """Pictures as grey levels from 0 to 1, (n, pixels), and their labels, (n,)."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor

    @classmethod
    def load(cls, data: Data, train: int = 0, test: int = 0, pool: int = 1) -> Self:
        """The first `train` and `test` pictures, 0 meaning all.

        `pool` x `pool` pixels are averaged into one, inside the frame of four empty pixels where it is not 1.

        Raises:
            UserError: if the data set is not at hand.
        """
        raw = datasets.load(data)
        parts: list[Tensor] = []
        for images, labels, n in (
            (raw.train_images, raw.train_labels, train),
            (raw.test_images, raw.test_labels, test),
        ):
            n = n or len(images)
            parts += [_grey(images[:n], pool), torch.from_numpy(labels[:n].astype(np.int64))]
        return cls(*parts)


def _grey(images: np.ndarray, pool: int) -> Tensor:
    grey = torch.from_numpy(images.astype(np.float32) / 255)
    if pool > 1:
        grey = torch.nn.functional.avg_pool2d(grey[:, None, 4:-4, 4:-4], pool)
    return grey.flatten(1)


def percent(right: Tensor) -> list[float]:
    """Share of true values along the last axis, percent, one number a network."""
    return [round(100 * share, 4) for share in right.double().mean(-1).tolist()]
