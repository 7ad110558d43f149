"""From a name to verified arrays."""

import hashlib
import importlib
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from imc.datasets import manifest, memory, store
from imc.datasets.arrays import Dataset, fingerprint
from imc.datasets.manifest import Entry
from imc.errors import UserError

# What a reader of an archive may raise over a file that is not what it should be.
_UNREADABLE = (
    OSError, EOFError, KeyError, ValueError, zlib.error,
    zipfile.BadZipFile, tarfile.TarError, pickle.UnpicklingError,
)  # fmt: skip


@dataclass(frozen=True)
class Status:
    """Where a data set is, and whether it is what it should be.

    >>> Status("mnist", "MNIST", where=None, size=0, verified=None).line
    'mnist: not here'
    """

    name: str
    title: str
    where: str | None
    """Folder, or "made here" for a stand-in; none if it is not on disk."""
    size: int
    """Bytes of its files; 0 if none."""
    verified: bool | None
    """Whether it gives the pinned arrays; none if nobody has looked yet."""
    fault: str | None = None
    """What is wrong, if its files are. A stand-in that other libraries made differently has no fault."""

    @property
    def line(self) -> str:
        """One line for a list."""
        if self.where is None:
            return f"{self.name}: not here"
        verified = {True: "verified", False: "not the pinned one", None: "not verified yet"}[self.verified]
        return f"{self.name}: {self.where}, {verified}"


def names() -> tuple[str, ...]:
    """Every data set there is, the stand-ins last.

    >>> "digits" in names()
    True
    """
    return tuple(manifest.entries())


def load(name: str) -> Dataset:
    """The data set called ``name``, verified.

    Raises `UserError`, one sentence, if there is no such data set, if it is neither on disk nor to be
    downloaded, or if what is there is not what ``data/datasets.toml`` pins.

    >>> from imc import datasets
    >>> datasets.load("digits").train_images.shape
    (1500, 28, 28)
    """
    entry = manifest.entry(name)
    if entry.maker:
        return _make(entry, entry.maker)
    return _read(store.locate(entry) or store.download(entry))


def digest(name: str) -> str:
    """Digest of the canonical arrays.

    For files this is the pin, where there is one; a stand-in, or a data set whose arrays are not
    pinned, is loaded if this machine has not seen it yet.

    >>> digest("digits") == load("digits").digest
    True
    """
    entry = manifest.entry(name)
    if entry.maker:
        return memory.recall(name, _recipe(entry), entry.digest) or load(name).digest
    return entry.digest or load(name).digest


def status(verify: bool = False) -> list[Status]:
    """What is where, of every data set; with ``verify``, those on disk are read to make sure.

    >>> [found.line for found in status() if found.name == "digits"][0].startswith("digits: made here")
    True
    """
    return [_status(entry, verify) for entry in manifest.entries().values()]


def _make(entry: Entry, maker: str) -> Dataset:
    """A stand-in. Its pin is what the pinned libraries make of it; others may make it a little different."""
    source = _recipe(entry)
    known = memory.recall(entry.name, source, entry.digest)
    arrays = memory.kept(entry.name, known) if known else None
    if known is None or arrays is None:
        arrays = _function(maker)()
        known = fingerprint(arrays)
        memory.keep(entry.name, known, arrays)
        memory.remember(entry.name, source, entry.digest, known)
    return Dataset(entry.name, arrays, known, f"made by imc.datasets.{maker}")


def _recipe(entry: Entry) -> list:
    """Identity of what makes a stand-in: this package's source and the versions of what it draws on."""
    source = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        source.update(path.read_bytes())
    return [source.hexdigest(), *(f"{library} {version(library)}" for library in entry.libraries)]


def _read(found: store.Found) -> Dataset:
    """A data set from files: held against its pins the first time, remembered afterwards."""
    name, slow = found.entry.name, found.form.slow
    known = memory.recall(name, found.identity(), found.entry.digest)
    if known and slow and (arrays := memory.kept(name, known)):
        return Dataset(name, arrays, known, str(found.folder))
    if known is None:
        found.check()
    arrays = _decode(found)
    known = known or _verified(found, arrays)
    if slow:
        memory.keep(name, known, arrays)
    return Dataset(name, arrays, known, str(found.folder))


def _verified(found: store.Found, arrays: dict) -> str:
    """Digest of the arrays, which must be the pin if there is one."""
    entry, made = found.entry, fingerprint(arrays)
    if entry.digest not in (None, made):
        raise UserError(
            f"{entry.name} in {found.folder} gives arrays of digest {made}, not {entry.digest}; "
            "its files are right, so a library decodes them otherwise: install requirements.txt"
        )
    memory.remember(entry.name, found.identity(), entry.digest, made)
    return made


def _decode(found: store.Found) -> dict:
    try:
        return _function(found.form.reader)(found.paths)
    except UserError:
        raise
    except _UNREADABLE as error:
        raise UserError(f"{found.entry.name} in {found.folder} cannot be read: {error}") from error


def _function(place: str) -> Callable:
    """``module:function`` of this package; the module, with all that it needs, is imported only now."""
    module, function = place.split(":")
    return getattr(importlib.import_module(f"imc.datasets.{module}"), function)


def _status(entry: Entry, verify: bool) -> Status:
    if entry.maker:
        made = load(entry.name).digest if verify else memory.recall(entry.name, _recipe(entry), entry.digest)
        return Status(entry.name, entry.title, "made here", 0, None if made is None else made == entry.digest)
    found = store.locate(entry)
    if found is None:
        return Status(entry.name, entry.title, None, 0, None)
    size = sum(path.stat().st_size for path in found.paths)
    seen = Status(entry.name, entry.title, str(found.folder), size, None)
    if memory.recall(entry.name, found.identity(), entry.digest):
        return replace(seen, verified=True)
    if not verify:
        return seen
    try:
        _read(found)
    except UserError as error:
        return replace(seen, verified=False, fault=str(error))
    return replace(seen, verified=True)
