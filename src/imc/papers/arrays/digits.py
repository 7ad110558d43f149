"""The network on scikit-learn's handwritten digits that the pages on a reader's own chips ask about."""

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imc import datasets

Network = TypeVar("Network", bound=nn.Module)

Pictures = tuple[Tensor, Tensor]
"""Rows (n, 400) of grey levels from 0 to 1, and classes (n,)."""


def pictures() -> tuple[Pictures, Pictures]:
    """The digits to train on and those to test on; the frame around a digit, which holds nothing, is cut."""
    data = datasets.load("digits")
    return (
        (_rows(data.train_images), torch.from_numpy(data.train_labels).long()),
        (_rows(data.test_images), torch.from_numpy(data.test_labels).long()),
    )


def perceptron(hidden: int, seed: int) -> nn.Sequential:
    """400 inputs, `hidden` units, 10 classes; untrained."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(400, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def fit(network: Network, data: Pictures, steps: int, rate: float = 1e-2) -> Network:
    """Train `network` in place by Adam for so many steps, all pictures in each; back in eval mode."""
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(network(data[0]), data[1]).backward()
        optimizer.step()
    return network.eval()


@torch.no_grad()
def accuracy(network: nn.Module, data: Pictures) -> float:
    """Pictures that are classified correctly, percent."""
    return 100 * float((network(data[0]).argmax(1) == data[1]).double().mean())


def _rows(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images[:, 4:24, 4:24].reshape(len(images), -1).astype(np.float32) / 255)
