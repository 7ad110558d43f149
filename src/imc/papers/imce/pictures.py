"""Pictures as the network of the accuracy table sees them: 40 x 40 in colour, 0 to 1."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from imc import datasets
from imc.papers.imce.dorefa import SIDE
from imc.papers.imce.recipe import BitWidthConfig

BRIGHTNESS, CONTRAST = 30.0, (0.5, 1.5)
"""Jitter of the released recipe: grey levels added, and factor of the deviation from a channel's mean."""
TESTED = 5
"""Of SVHN's photographs at hand, one in five is kept for the test."""
SHUFFLED = 0
"""Test pictures come in one order for every run, since CIFAR-10's JPEG files are sorted by class."""


class Part(NamedTuple):
    """Pictures uint8 (n, 32, 32, 3) and labels int64 (n,)."""

    images: Tensor
    labels: Tensor


def load(config: BitWidthConfig) -> tuple[Part, Part]:
    """Training and test pictures of a configuration; training pictures in an order that its seed draws."""
    raw = datasets.load(config.data)
    draw = np.random.default_rng([config.seed, 0])
    if config.data == "svhn-part":
        return _by_photograph(raw, draw, config)
    images, labels = raw.train_images, raw.train_labels
    tested = np.random.default_rng(SHUFFLED).permutation(len(raw.test_labels))
    if config.data == "svhn-11k":
        tested = in_fold(raw.test_photographs, config.seed)
        images = np.concatenate([images, np.delete(raw.test_images, tested, axis=0)])
        labels = np.concatenate([labels, np.delete(raw.test_labels, tested)])
    if config.data == "svhn":
        extra = datasets.load("svhn-extra")
        images = np.concatenate([images, extra.train_images])
        labels = np.concatenate([labels, extra.train_labels])
    chosen = draw.permutation(len(labels))[: config.pictures or None]
    tested = tested[: config.test_pictures or None]
    return _part(images, labels, chosen), _part(raw.test_images, raw.test_labels, tested)


def in_fold(photographs: np.ndarray, seed: int) -> np.ndarray:
    """Which pictures a seed tests: those of one photograph in five (the photograph of each picture, (n,)).

    Seeds 0 to 4 take the five parts of one division of the photographs, so that together they test every
    picture once; 5 to 9 those of another; and so on.
    """
    division, fold = divmod(seed, TESTED)
    order = np.random.default_rng([SHUFFLED, division]).permutation(np.unique(photographs))
    return np.flatnonzero(np.isin(photographs, order[fold::TESTED]))


def prepared(images: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Pictures uint8 (n, 32, 32, 3) to the network's input (n, 3, 40, 40), in memory channels last.

    They are enlarged to 40 x 40 by bilinear interpolation and divided by 256; with a generator, brightness
    and then contrast of each are changed by chance before that.
    """
    x = F.interpolate(images.permute(0, 3, 1, 2).float(), (SIDE, SIDE), mode="bilinear", align_corners=False)
    if generator is not None:
        added, factor = torch.rand(2, len(x), 1, 1, 1, generator=generator)
        x = (x + BRIGHTNESS * (2 * added - 1)).clamp_(0, 255)
        mean = x.mean((2, 3), keepdim=True)
        low, high = CONTRAST
        x = ((x - mean) * (low + (high - low) * factor) + mean).clamp_(0, 255)
    return (x / 256).contiguous(memory_format=torch.channels_last)


def _by_photograph(
    raw: datasets.Dataset, draw: np.random.Generator, config: BitWidthConfig
) -> tuple[Part, Part]:
    """The part of SVHN, all digits of a photograph on one side."""
    photographs = np.unique(raw.train_photographs)
    tested = draw.permutation(photographs)[: len(photographs) // TESTED]
    sides = np.isin(raw.train_photographs, tested)
    learnt, test = np.flatnonzero(~sides), np.flatnonzero(sides)[: config.test_pictures or None]
    if config.pictures:
        learnt = draw.permutation(learnt)[: config.pictures]
    images, labels = raw.train_images, raw.train_labels
    return _part(images, labels, learnt), _part(images, labels, test)


def _part(images: np.ndarray, labels: np.ndarray, chosen: np.ndarray) -> Part:
    return Part(torch.from_numpy(images[chosen]), torch.from_numpy(labels[chosen].astype(np.int64)))
