"""Colour digits: a stand-in for SVHN, synthetic house numbers in its form.

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (4000, 32, 32, 3) | row, column, RGB |
| `train_labels` | uint8 | (4000,) | 0 to 9, the digit in the middle |
| `test_images` | uint8 | (1000, 32, 32, 3) | |
| `test_labels` | uint8 | (1000,) | |

What makes SVHN hard is there: neighbours that reach into the picture, many fonts, colours of little
contrast, uneven light, blur and noise. All arithmetic is on whole numbers, so that a seed gives the
same pictures on every machine.
"""

from pathlib import Path

import numpy as np

TRAINING, TEST = 4000, 1000
SIDE = 32
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSerif",
    "DejaVuSansMono-Bold",
    "STIXGeneral",
    "STIXGeneralBol",
    "cmss10",
)

_HEIGHT, _CELL = 48, 64
"""Height of a digit, and side of the cell it stands in, in pixels of the mask."""
_OVER = 2
"""Points to a pixel, in each direction, at which a mask is looked up."""
_BATCH = 250
"""Pictures made at a time: small enough for the processor's cache."""
_BLANK = 10
"""Stands for no neighbour where a digit is expected."""


def make(seed: int = 0) -> dict[str, np.ndarray]:
    """The four arrays; the seed chooses everything."""
    rng = np.random.default_rng(seed)
    masks = _masks()
    batches = [_pictures(_BATCH, masks, rng) for _ in range((TRAINING + TEST) // _BATCH)]
    images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return {
        "train_images": images[:TRAINING],
        "train_labels": labels[:TRAINING],
        "test_images": images[TRAINING:],
        "test_labels": labels[TRAINING:],
    }


def _pictures(count: int, masks: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """``count`` pictures uint8 (count, SIDE, SIDE, 3) and their labels uint8 (count,)."""

    def one(low: int, high: int, *shape: int) -> np.ndarray:
        return rng.integers(low, high, (count, 1, 1, *shape), np.int32, endpoint=True)

    labels = rng.integers(0, 10, count, np.uint8)
    ink = _ink(labels, masks, rng)[..., None]  # 0 to _OVER²
    ground = one(30, 225, 1)
    contrast = one(40, 140, 1) * np.where(ground < one(80, 170, 1), 1, -1)
    ground, paint = (grey + one(-30, 30, 3) for grey in (ground, ground + contrast))
    pictures = (ground * (_OVER**2 - ink) + paint * ink) // _OVER**2
    ramp = 2 * np.arange(SIDE, dtype=np.int32) - SIDE + 1
    pictures += ((one(-20, 20) * ramp[:, None] + one(-20, 20) * ramp) // SIDE)[..., None]
    pictures = _blurred(pictures, rng.integers(0, 3, count))
    pictures += rng.integers(-5, 5, pictures.shape, np.int32, endpoint=True)
    return np.clip(pictures, 0, 255).astype(np.uint8), labels


def _ink(labels: np.ndarray, masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How much of each pixel is painted, 0 to _OVER²: int32 (n, SIDE, SIDE). The label is in the middle."""
    count = len(labels)

    def one(low: int, high: int) -> np.ndarray:
        return rng.integers(low, high, (count, 1, 1), np.int32, endpoint=True)

    left, right = (np.where(one(0, 9) < 6, one(0, 9), _BLANK)[:, 0, 0] for _ in range(2))
    blank = np.full(count, _BLANK)
    digits = np.column_stack([blank, left, labels, right, blank])
    font = one(0, len(FONTS) - 1)
    pitch = one(30, 42)  # from one digit to the next, in pixels of the mask
    grid = 2 * np.arange(_OVER * SIDE, dtype=np.int32) - _OVER * SIDE + 1  # from the middle, in half points
    size = one(15, 22)  # pixels of the mask to 32 half points
    y = (grid[:, None] * (size + one(-2, 2)) + grid * one(-2, 2)) // 32 + one(-4, 4) + _CELL // 2
    x = (grid * (size + one(-2, 2)) + grid[:, None] * one(-4, 4)) // 32 + one(-4, 4) + pitch // 2
    slot = np.clip(x // pitch, -2, 2)
    which = np.take_along_axis(digits, slot.reshape(count, -1) + 2, 1).reshape(slot.shape)
    column = x - slot * pitch - pitch // 2 + _CELL // 2
    inside = (y >= 0) & (y < _CELL) & (column >= 0) & (column < _CELL)
    y, column = np.clip(y, 0, _CELL - 1), np.clip(column, 0, _CELL - 1)
    ink = masks[font, which, y, column] & inside
    return ink.reshape(count, SIDE, _OVER, SIDE, _OVER).sum((2, 4), np.int32)


def _masks() -> np.ndarray:
    """Every digit of every font, and a blank one: bool (len(FONTS), 11, _CELL, _CELL)."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font, LoadFlags

    masks = np.zeros((len(FONTS), 11, _CELL, _CELL), bool)
    for place, name in zip(masks, FONTS, strict=True):
        font = FT2Font(str(Path(get_data_path(), "fonts", "ttf", f"{name}.ttf")))
        font.set_size(_HEIGHT * 4 // 3, 72)  # digits are about three quarters of a font's size
        for digit in range(10):
            font.set_text(str(digit), 0, flags=LoadFlags.NO_HINTING)
            font.draw_glyphs_to_bitmap(antialiased=True)
            ink = np.asarray(font.get_image())[:_CELL, :_CELL] > 127
            row, column = ((_CELL - length) // 2 for length in ink.shape)
            place[digit, row : row + ink.shape[0], column : column + ink.shape[1]] = ink
    return masks


def _blurred(pictures: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Each picture blurred so many times by the binomial filter 1 2 1 in both directions."""
    blurred = pictures.copy()
    for passes in range(1, times.max() + 1):
        some = blurred[times >= passes]
        for axis in (1, 2):
            wide = np.pad(some, [(0, 0)] + [(int(axis == a),) * 2 for a in (1, 2)] + [(0, 0)], mode="edge")
            before, after = (np.take(wide, range(k, k + SIDE), axis) for k in (0, 2))
            some = (before + 2 * some + after + 2) // 4
        blurred[times >= passes] = some
    return blurred
