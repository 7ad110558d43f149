"""The thesis's input: centre crops of MNIST, one bit a pixel."""

import numpy as np
import torch
from torch import Tensor

from imc import datasets
from imc.papers.reram.experiments import MlpConfig

HELD_OUT = 6  # one training picture in six is held out: MNIST's last 10,000, BinaryNet's validation set


def binarize(pictures: np.ndarray, input_size: int, threshold: float) -> Tensor:
    """Pictures (n, side, side), 0..255, to inputs (n, input_size^2) of 0 and 1 in float32.

    The crop is central; a pixel is 1 from grey level `threshold` (of 1) upwards.
    """
    return torch.from_numpy((_window(pictures, input_size) >= threshold * 255).astype(np.float32))


def grey(pictures: np.ndarray, input_size: int) -> Tensor:
    """Pictures (n, side, side), 0..255, to inputs (n, input_size^2) of 0 to 1: the same crop in grey."""
    return torch.from_numpy(_window(pictures, input_size).astype(np.float32) / 255)


def _window(pictures: np.ndarray, input_size: int) -> np.ndarray:
    margin = (pictures.shape[1] - input_size) // 2
    window = pictures[:, margin : margin + input_size, margin : margin + input_size]
    return window.reshape(len(pictures), -1)


class Pictures:
    """Inputs and labels of training, held out and test, as a configuration wants them.

    Nothing is held out where the configuration trains on all training pictures; `held_out` is None then.
    """

    def __init__(self, config: MlpConfig) -> None:
        raw = datasets.load(config.data)
        images, labels = raw.train_images, raw.train_labels
        used = len(images) - (len(images) // HELD_OUT if config.held_out else 0)
        self.train = self._part(images[:used], labels[:used], config)
        self.held_out = self._part(images[used:], labels[used:], config) if config.held_out else None
        self.test = self._part(raw.test_images, raw.test_labels, config)

    @staticmethod
    def _part(images: np.ndarray, labels: np.ndarray, config: MlpConfig) -> tuple[Tensor, Tensor]:
        if config.inputs == "grey":
            inputs = grey(images, config.input_size)
        else:
            inputs = binarize(images, config.input_size, config.input_threshold)
        return inputs, torch.from_numpy(labels.astype(np.int64))
