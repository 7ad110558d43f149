"""The thesis's input: centre crops of MNIST, one bit a pixel."""

import numpy as np
import torch
from torch import Tensor

from imc import datasets
from imc.papers.reram.experiments import MlpConfig

HELD_OUT = (
    6  # one training picture in six stays unused: MNIST's last 10,000 of 60,000, BinaryNet's validation set
)


def binarize(pictures: np.ndarray, input_size: int, threshold: float) -> Tensor:
    """Pictures (n, side, side), 0..255, to inputs (n, input_size^2) of 0 and 1 in float32.

    The crop is central; a pixel is 1 from grey level `threshold` (of 1) upwards.
    """
    margin = (pictures.shape[1] - input_size) // 2
    window = pictures[:, margin : margin + input_size, margin : margin + input_size]
    return torch.from_numpy((window >= threshold * 255).reshape(len(pictures), -1).astype(np.float32))


class Pictures:
    """Inputs and labels of training and test, as a configuration wants them."""

    def __init__(self, config: MlpConfig) -> None:
        raw = datasets.load(config.data)
        used = len(raw.train_images) - len(raw.train_images) // HELD_OUT
        self.train = self._part(raw.train_images[:used], raw.train_labels[:used], config)
        self.test = self._part(raw.test_images, raw.test_labels, config)

    @staticmethod
    def _part(images: np.ndarray, labels: np.ndarray, config: MlpConfig) -> tuple[Tensor, Tensor]:
        inputs = binarize(images, config.input_size, config.input_threshold)
        return inputs, torch.from_numpy(labels.astype(np.int64))
