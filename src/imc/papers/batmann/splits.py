"""Test episodes as the hardware sees them: keys of signs, and answers of a memory that holds them.

One device draw meets one test episode. Its pictures are embedded once, and then split into support and
queries many times over, which averages out the luck of the split for the price of a few small products.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from imc import runs
from imc.binary.layers import Deployed
from imc.binary.signs import bipolar
from imc.papers.batmann import pictures, testing
from imc.papers.batmann.deployed import unpack
from imc.papers.batmann.episodes import draw, labels
from imc.papers.batmann.experiments import KeysConfig, TrainConfig, keys_of, training_of
from imc.papers.batmann.memory import SHARPENINGS

Similarities = Callable[[Tensor, Tensor], Tensor]
"""From query keys (splits, q, d) and support keys (splits, n, d), dot products (splits, q, n)."""

RESOLUTION = 64
"""Scores are told apart down to 1/64 of what one bit of a key weighs: a tie stays one after rounding."""


def trained(config: TrainConfig) -> dict[str, Deployed]:
    """The layers of the trained controller, found or trained now."""
    name, values = training_of(config)
    return unpack(config, runs.obtain(name, **values).tensors())


def digital_keys(config: KeysConfig) -> Tensor:
    """Keys (draws, ways * (shots + queries), d) of -1 and +1, float32, of the digital controller.

    Those of `batmann/keys`, found or made now.
    """
    name, values = keys_of(config)
    known = runs.obtain(name, **values)
    return torch.from_numpy(np.unpackbits(known.tensors()["keys"], axis=-1).astype(np.float32) * 2 - 1)


class Episodes:
    """The test episodes of a configuration, one a draw."""

    def __init__(self, config: KeysConfig) -> None:
        self.config = config
        self.training = config.training
        self.part = pictures.load(self.training, testing.device()).test

    def pictures(self, index: int) -> Tensor:
        """Normalized pictures (ways * (shots + queries), 1, 32, 32) of episode `index`, by character."""
        task = draw(self.training, "test", index, len(self.part))
        both = np.concatenate([task.support, task.queries], 1)
        return pictures.normalized(task.pictures(self.part, both))

    def split(self, index: int, of: Tensor) -> Tensor:
        """Keys `of` (ways * (shots + queries), d) by split: (splits, ways, shots + queries, d).

        The first `shots` of each character are the support set. The first split is the test's own; others
        shuffle each character's drawings.
        """
        ways, each = self.training.ways, self.training.shots + self.training.queries
        random = np.random.default_rng([self.config.seed, index])
        order = np.tile(np.arange(each), (self.config.splits, ways, 1))
        order[1:] = random.permuted(order[1:], axis=-1)
        rows = torch.from_numpy(order).to(of.device) + each * torch.arange(ways)[:, None].to(of.device)
        return of[rows]

    def accuracy(self, support: Tensor, queries: Tensor, similarities: Similarities) -> float:
        """Share of right answers, percent; `support` and `queries` are keys as `split` gives them."""
        right = self.answers(support, queries, similarities) == self.labels(support.device)
        return round(100 * right.double().mean().item(), 4)

    def answers(self, support: Tensor, queries: Tensor, similarities: Similarities) -> Tensor:
        """Classes (splits, ways * queries) that the memory answers."""
        shots, d = self.training.shots, support.shape[-1]
        found = similarities(queries[:, :, shots:].flatten(1, 2), support[:, :, :shots].flatten(1, 2))
        weights = SHARPENINGS[self.training.test_sharpening](found / d)
        scores = weights.unflatten(-1, (self.training.ways, shots)).sum(-1)
        return (RESOLUTION * d * scores).round().argmax(-1)

    def labels(self, device: torch.device) -> Tensor:
        """The right answers (ways * queries,)."""
        return labels(self.training.ways, self.training.queries, device)


def digital(queries: Tensor, support: Tensor) -> Tensor:
    """The dot products as they should be."""
    return queries @ support.mT


@torch.no_grad()
def in_parts(controller: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Keys (n, d), -1 and +1, of pictures (n, 1, 32, 32), a few at a time."""
    return torch.cat([bipolar(controller(part).float()) for part in x.split(testing.PICTURES_AT_ONCE)])
