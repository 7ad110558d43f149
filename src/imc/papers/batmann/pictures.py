"""Omniglot as the controller sees it: 32 x 32 grey pictures, split into characters to train on and to test
on."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from imc import datasets
from imc.datasets import memory
from imc.papers.batmann.experiments import TrainConfig

SIDE = 32
MEAN, STD = 0.92206, 0.08426
"""Of the grey levels, 0 to 1, paper white (BATMANN's code)."""
SPLIT_SEED = 806
"""The split by character is one and the same for every run; 806 is the seed of BATMANN's code."""
HELD_OUT = 0.15
"""Share of the training characters kept for validation, where it is wanted (IBM/constrained-FSCIL)."""


@dataclass(frozen=True)
class Pictures:
    """Pictures by part, each uint8 (characters, drawings, 32, 32), 255 paper, on the device of the run."""

    train: Tensor
    validation: Tensor
    test: Tensor


def load(config: TrainConfig, device: torch.device) -> Pictures:
    """The pictures of a configuration; `validation` is empty unless characters are held out."""
    pictures, count = grey(config.data)
    if config.split == "characters":
        pictures = pictures[np.random.default_rng(SPLIT_SEED).permutation(len(pictures))]
    kept = count - round(HELD_OUT * count) if config.validation == "held-out" else count
    parts = pictures[:kept], pictures[kept:count], pictures[count:]
    return Pictures(*(torch.from_numpy(part.copy()).to(device) for part in parts))


def normalized(pictures: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Grey levels uint8 (..., 32, 32) to the controller's input (n, 1, 32, 32), in memory channels last."""
    x = pictures.reshape(-1, SIDE, SIDE, 1).to(dtype).div_(255).sub_(MEAN).div_(STD)
    return x.permute(0, 3, 1, 2)


@cache
def grey(name: str) -> tuple[np.ndarray, int]:
    """All characters of a data set, shrunk to uint8 (characters, drawings, 32, 32), kept in the cache.

    Also how many of them, the first ones, are the background set.
    """
    import PIL

    key, recipe = f"{name}-{SIDE}", [datasets.digest(name), PIL.__version__]
    known = memory.recall(key, recipe, None)
    arrays = memory.kept(key, known) if known else None
    if arrays is None:
        data = datasets.load(name)
        small = _shrunk(np.concatenate([data.background, data.evaluation]))
        arrays = {"pictures": small, "background": np.array([len(data.background)])}
        digest = datasets.fingerprint(arrays)
        memory.keep(key, digest, arrays)
        memory.remember(key, recipe, None, digest)
    return arrays["pictures"], int(arrays["background"][0])


def _shrunk(ink: np.ndarray) -> np.ndarray:
    """Drawings (..., side, side), 1 ink, as black on white in 32 x 32, by Lanczos resampling."""
    from PIL import Image

    flat = ((1 - ink) * 255).astype(np.uint8).reshape(-1, *ink.shape[-2:])
    small = [np.asarray(Image.fromarray(p).resize((SIDE, SIDE), Image.Resampling.LANCZOS)) for p in flat]
    return np.stack(small).reshape(*ink.shape[:-2], SIDE, SIDE)
