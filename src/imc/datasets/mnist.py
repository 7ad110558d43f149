"""MNIST: 70,000 handwritten digits, 28 x 28 grey levels, in the official order.

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (60000, 28, 28) | 0 background to 255 ink |
| `train_labels` | uint8 | (60000,) | 0 to 9 |
| `test_images` | uint8 | (10000, 28, 28) | |
| `test_labels` | uint8 | (10000,) | |

The files are the official ones: idx, a big-endian header (two zero bytes, the type, the number of
axes, each axis' length as 32 bits), then the bytes; compressed with gzip.
"""

import gzip
import math
import struct
from pathlib import Path

import numpy as np

from imc.errors import UserError

_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
_UNSIGNED_BYTE = 8


def read(paths: list[Path]) -> dict[str, np.ndarray]:
    """The four arrays from the four official files, given in the order of the table above."""
    return {name: _read_idx(path) for name, path in zip(_ARRAYS, paths, strict=True)}


def _read_idx(path: Path) -> np.ndarray:
    content = gzip.decompress(path.read_bytes())
    zeros, kind, axes = struct.unpack_from(">HBB", content)
    if zeros or kind != _UNSIGNED_BYTE:
        raise UserError(f"{path} is no idx file of unsigned bytes: it begins with {content[:4].hex()}")
    shape = struct.unpack_from(f">{axes}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if values.size != math.prod(shape):
        raise UserError(f"{path} announces {shape} bytes and holds {values.size}")
    return values.reshape(shape).copy()
