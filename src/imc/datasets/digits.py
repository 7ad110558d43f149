"""Digits: a stand-in for MNIST, the 1,797 handwritten digits that scikit-learn ships, in MNIST's form.

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (1500, 28, 28) | 0 background to 255 ink |
| `train_labels` | uint8 | (1500,) | 0 to 9 |
| `test_images` | uint8 | (297, 28, 28) | the last of scikit-learn's order |
| `test_labels` | uint8 | (297,) | |

The 8 x 8 pictures are enlarged to 20 x 20 by linear interpolation and framed by 4 pixels, as MNIST's are.
"""

import numpy as np

TRAINING = 1500
_BOX, _FRAME = 20, 4


def make() -> dict[str, np.ndarray]:
    """The four arrays."""
    from sklearn.datasets import load_digits

    pixels, target = (np.asarray(array) for array in load_digits(return_X_y=True))
    small = pixels.astype(np.int64).reshape(-1, 8, 8)  # 0 to 16
    enlarge = _linear(small.shape[-1], _BOX)
    boxes = enlarge @ small @ enlarge.T
    ink = (boxes * 255 + 8 * 100) // (16 * 100)  # the weights of a pixel add up to 10 x 10
    images = np.pad(ink.astype(np.uint8), ((0, 0), (_FRAME, _FRAME), (_FRAME, _FRAME)))
    labels = target.astype(np.uint8)
    return {
        "train_images": images[:TRAINING],
        "train_labels": labels[:TRAINING],
        "test_images": images[TRAINING:],
        "test_labels": labels[TRAINING:],
    }


def _linear(small: int, large: int) -> np.ndarray:
    """Weights, in tenths, of linear interpolation between pixel centres: int64 (large, small).

    Whole numbers keep the pictures the same on every machine; 8 to 20 pixels needs no finer ones.
    """
    place = np.clip((4 * np.arange(large) - 3), 0, 10 * (small - 1))  # tenths of a small pixel
    return np.maximum(10 - np.abs(place[:, None] - 10 * np.arange(small)), 0)
