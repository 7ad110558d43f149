"""CIFAR-10: 60,000 colour pictures of 32 x 32 in ten classes, as published and as JPEG.

| array | dtype | shape | meaning |
| --- | --- | --- | --- |
| `train_images` | uint8 | (50000, 32, 32, 3) | row, column, RGB |
| `train_labels` | uint8 | (50000,) | index in `CLASSES` |
| `test_images` | uint8 | (10000, 32, 32, 3) | |
| `test_labels` | uint8 | (10000,) | |

`cifar10` is the official archive, in its order. `cifar10-jpeg` is another data set: the same pictures
after JPEG compression of quality 75, **sorted by class** (shuffle before use). A result on it is a
result on "CIFAR-10, JPEG quality 75".
"""

import io
import pickle
import tarfile
from pathlib import Path
from typing import IO

import numpy as np

from imc.errors import UserError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_FOLDER = "cifar-10-batches-py"
_BATCHES = {
    "train": [f"{_FOLDER}/data_batch_{number}" for number in range(1, 6)],
    "test": [f"{_FOLDER}/test_batch"],
}


def read_official(paths: list[Path]) -> dict[str, np.ndarray]:
    """The four arrays from ``cifar-10-python.tar.gz``; nothing is unpacked to disk."""
    wanted = {name for names in _BATCHES.values() for name in names}
    batches = {}
    with tarfile.open(paths[0], "r:gz") as archive:
        for member in archive:
            if member.name in wanted and (stream := archive.extractfile(member)):
                batches[member.name] = _read_batch(stream)
    if missing := wanted - set(batches):
        raise UserError(f"{paths[0]} lacks {', '.join(sorted(missing))}")
    arrays = {}
    for part, names in _BATCHES.items():
        arrays[f"{part}_images"] = np.concatenate([batches[name][0] for name in names])
        arrays[f"{part}_labels"] = np.concatenate([batches[name][1] for name in names])
    return arrays


def read_jpeg(paths: list[Path]) -> dict[str, np.ndarray]:
    """The four arrays from ``cifar10_jpeg.npz``: JPEG files one after another, and where each begins."""
    arrays = {}
    with np.load(paths[0], allow_pickle=False) as files:
        for part in ("train", "test"):
            arrays[f"{part}_images"] = _decode(files[f"{part}_jpeg"].tobytes(), files[f"{part}_offsets"])
            arrays[f"{part}_labels"] = files[f"{part}_labels"]
    return arrays


def _decode(content: bytes, offsets: np.ndarray) -> np.ndarray:
    from PIL import Image

    images = np.empty((len(offsets) - 1, 32, 32, 3), np.uint8)
    for image, start, end in zip(images, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        image[:] = np.asarray(Image.open(io.BytesIO(content[start:end]), formats=("JPEG",)))
    return images


class _ArraysOnly(pickle.Unpickler):
    """Reads the official batches, which are pickles of Python 2, and refuses all that is not an array."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return getattr(np, name)
        # The module's name when the archive was made, and its name since numpy 2.
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _reconstruct
        raise UserError(f"a batch of CIFAR-10 asks for {module}.{name}: it is not the official file")


def _reconstruct(subtype: type, shape: tuple, dtype: bytes) -> np.ndarray:
    """An empty array, as numpy's function of this name makes it; the pickle then sets its contents."""
    return np.ndarray.__new__(subtype, shape, dtype.decode())


def _read_batch(stream: IO[bytes]) -> tuple[np.ndarray, np.ndarray]:
    batch = _ArraysOnly(stream, encoding="bytes").load()
    images = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    labels = np.array(batch[b"labels"], np.uint8)
    if images.dtype != np.uint8 or len(images) != len(labels):
        raise UserError(
            f"a batch of CIFAR-10 holds {len(images)} pictures of {images.dtype}, {len(labels)} labels"
        )
    return images, labels
