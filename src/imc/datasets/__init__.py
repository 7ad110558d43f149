"""Data sets: ``load("mnist").train_images``.

A data set is searched in ``$IMC_DATA``, ``../shared/data`` and the user's cache, then downloaded from
its official address. Whatever it was read from, it has one canonical array form, whose digest is
pinned in ``data/datasets.toml``. Stand-ins (``glyphs``, ``digits``, ``colour-digits``) need no files.
"""

import importlib
import pickle
import zipfile
import zlib
from collections.abc import Callable

from imc.datasets import manifest, store
from imc.datasets.arrays import Dataset, fingerprint
from imc.errors import UserError

__all__ = ["Dataset", "digest", "fetch", "fingerprint", "load", "names"]

_UNREADABLE = (OSError, EOFError, KeyError, ValueError, zlib.error, zipfile.BadZipFile, pickle.UnpicklingError)


def names() -> tuple[str, ...]:
    """Every data set there is, the stand-ins last."""
    return tuple(manifest.entries())


def load(name: str) -> Dataset:
    """The data set called ``name``, verified.

    Raises `UserError`, one sentence, if there is no such data set, if it is neither on disk nor to be
    downloaded, or if what is there is not what ``data/datasets.toml`` pins.
    """
    entry = manifest.entry(name)
    if entry.maker:
        arrays = _function(entry.maker)()
        return Dataset(name, arrays, fingerprint(arrays), f"made by imc.datasets.{entry.maker}")
    found = store.locate(entry) or store.fetch(entry)
    return _read(found)


def digest(name: str) -> str:
    """Digest of the canonical arrays: the pin if there is one, else that of the data set as loaded."""
    return manifest.entry(name).digest or load(name).digest


def fetch(name: str) -> Dataset:
    """Download ``name`` into the cache, unless it is on disk already, and verify it."""
    return load(name)


def _read(found: store.Found) -> Dataset:
    entry = found.entry
    known = store.read_stamp(found)
    if known is None:
        store.check_files(found)
    try:
        arrays = _function(found.form.reader)(found.paths)
    except UserError:
        raise
    except _UNREADABLE as error:
        raise UserError(f"{entry.name} in {found.folder} cannot be read: {error}") from error
    if known is None:
        known = fingerprint(arrays)
        if entry.digest not in (None, known):
            raise UserError(
                f"{entry.name} in {found.folder} gives arrays of digest {known} instead of {entry.digest}: "
                "the files are right, so a library that decodes them differs from the pinned one"
            )
        store.write_stamp(found, known)
    return Dataset(entry.name, arrays, known, str(found.folder))


def _function(place: str) -> Callable:
    """``module:function`` of this package; the module, with what it needs, is imported only now."""
    module, function = place.split(":")
    return getattr(importlib.import_module(f"imc.datasets.{module}"), function)
