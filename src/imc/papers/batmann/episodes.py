"""Episodes: m-way n-shot tasks with support set, queries and validation pool (Algorithm 1, lines 2 to 5).

Episode i of a seed is the same whatever was drawn before: its generator is a counter-based one (Philox),
whose key is the seed and the stream, and whose counter begins at i.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.random import Generator, Philox
from torch import Tensor

from imc.errors import UserError
from imc.papers.batmann.experiments import DRAWINGS, VALIDATION_POOL, TrainConfig

STREAMS = {"train": 0, "validation": 1, "test": 2}
Stream = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Episode:
    """One task, as indices into a part of the pictures.

    Attributes:
        characters: (ways,).
        support: drawings of the support set, (ways, shots).
        queries: drawings of the queries, (ways, queries); none of the support set.
        pool: drawings that are neither and validate in the course of training, (ways, 5).
        turns: quarter turns, one for all pictures of the episode: 0 to 3.
    """

    characters: np.ndarray
    support: np.ndarray
    queries: np.ndarray
    pool: np.ndarray
    turns: int

    def pictures(self, part: Tensor, drawings: np.ndarray) -> Tensor:
        """Pictures (ways * k, 32, 32), character by character, of drawings (ways, k), turned."""
        rows = torch.from_numpy(self.characters).repeat_interleave(drawings.shape[1])
        columns = torch.from_numpy(drawings).flatten()
        return torch.rot90(part[rows.to(part.device), columns.to(part.device)], self.turns, (-2, -1))


def generator(seed: int, stream: Stream, index: int = 0) -> Generator:
    """The generator of one episode; streams and episodes share no numbers."""
    return Generator(Philox(key=[seed, STREAMS[stream]], counter=[0, 0, 0, index]))


def draw(config: TrainConfig, stream: Stream, index: int, characters: int) -> Episode:
    """Episode `index` of the stream, of a part with so many characters.

    Raises:
        UserError: if the part has fewer characters than the episode wants.
    """
    if characters < config.ways:
        raise UserError(
            f"ways = {config.ways}: the {stream} part of {config.data} has {characters} characters"
        )
    random = generator(config.seed, stream, index)
    chosen = random.permutation(characters)[: config.ways]
    order = random.permuted(np.tile(np.arange(DRAWINGS), (config.ways, 1)), axis=1)
    n, last = config.shots, DRAWINGS - VALIDATION_POOL
    return Episode(
        chosen, order[:, :n], order[:, n : n + config.queries], order[:, last:], int(random.integers(4))
    )


def labels(ways: int, each: int, device: torch.device | str = "cpu") -> Tensor:
    """Classes 0 .. ways - 1 of `each` pictures a class, in the order of `Episode.pictures`."""
    return torch.arange(ways, device=device).repeat_interleave(each)
