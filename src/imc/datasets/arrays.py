"""What every data set is once it is in memory: named arrays, and a fingerprint of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Named arrays, reached as attributes: ``load("mnist").train_images``.

    The module of each data set lists its arrays with their dtypes and shapes.

    >>> Dataset("two", {"images": np.zeros((2, 8, 8))}, "", "made here").images.shape
    (2, 8, 8)
    """

    name: str
    arrays: Mapping[str, np.ndarray]
    digest: str
    """`fingerprint` of the arrays."""
    source: str
    """Where they come from, for a provenance line: the folder read, or the recipe that made them."""

    def __getattr__(self, name: str) -> np.ndarray:
        # Reached only for what is not a field. A half-built copy (pickle, copy) has no `arrays` yet.
        arrays = self.__dict__.get("arrays", {})
        if name not in arrays:
            raise AttributeError(f"this data set has no array {name!r}: it has {', '.join(arrays)}")
        return arrays[name]


def fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256, in hexadecimal, over the names, dtypes, shapes and bytes of ``arrays``.

    Arrays are taken in the order of their names, little-endian and row by row, so that the
    fingerprint depends neither on the machine nor on the archive they were read from.

    >>> fingerprint({"a": np.arange(3)})[:8]
    '3dd482d1'
    """
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()
