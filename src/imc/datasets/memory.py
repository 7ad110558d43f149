"""What the cache remembers: data sets that were verified, and arrays that are slow to decode or to make.

A data set that was verified leaves a stamp: the identity of what it was read from, (path, size, time of
change) of each file, and the digest of its arrays. The next load trusts it without hashing again.
A cache that cannot be written costs time, nothing else.
"""

import contextlib
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from imc.datasets.arrays import fingerprint
from imc.paths import cache_dir

_NOT_THOSE = (
    OSError, EOFError, KeyError, ValueError, TypeError, RuntimeError, MemoryError, struct.error, zlib.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What reading a damaged archive of arrays may raise."""


def recall(name: str, identity: list, pin: str | None) -> str | None:
    """Digest of the arrays, if they were read from this very source and held against this pin before."""
    try:
        stamp = json.loads(_stamp(name).read_text(encoding="utf-8"))
        return stamp["digest"] if (stamp["identity"], stamp["pin"]) == (identity, pin) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(name: str, identity: list, pin: str | None, digest: str) -> None:
    """Leave a stamp: this source gave arrays of this digest, which is the pin if there is one."""
    stamp = json.dumps({"identity": identity, "pin": pin, "digest": digest})
    _write(_stamp(name), lambda stream: stream.write(stamp.encode()))


def kept(name: str, digest: str) -> dict[str, np.ndarray] | None:
    """The arrays of this digest, if they were kept and are still those."""
    arrays = {}
    try:
        with np.load(_kept(name, digest), allow_pickle=False) as stored:
            for key in stored.files:
                array, _, shape = key.partition("|")
                if shape:  # bits of zeros and ones
                    sides = tuple(map(int, shape.split(",")))
                    arrays[array] = np.unpackbits(stored[key], count=np.prod(sides)).reshape(sides)
                else:
                    arrays[array] = stored[key]
    except _NOT_THOSE:
        return None
    return arrays if fingerprint(arrays) == digest else None


def keep(name: str, digest: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Keep the arrays, zeros and ones as bits, in place of any that were kept under this name."""
    packed = {}
    for key, array in arrays.items():
        if array.dtype == np.uint8 and array.size and array.max() <= 1:
            packed[f"{key}|{','.join(map(str, array.shape))}"] = np.packbits(array)
        else:
            packed[key] = array
    path = _kept(name, digest)
    for old in path.parent.glob("*.npz"):
        with contextlib.suppress(OSError):  # another process may have removed it
            old.unlink()
    _write(path, lambda stream: np.savez(stream, **packed))


def _stamp(name: str) -> Path:
    return cache_dir() / "verified" / f"{name}.json"


def _kept(name: str, digest: str) -> Path:
    return cache_dir() / "arrays" / name / f"{digest[:16]}.npz"


def _write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write a file of the cache whole or not at all."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder, path.name)
            with part.open("wb") as stream:
                fill(stream)
            os.replace(part, path)
