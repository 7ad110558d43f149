"""What ``data/datasets.toml`` says: every data set, the files it may be read from, and their pins."""

from dataclasses import dataclass
from functools import cache

from imc.errors import UserError
from imc.paths import ROOT, read_toml

MANIFEST = ROOT / "data" / "datasets.toml"


@dataclass(frozen=True)
class File:
    """One file of a data set."""

    path: str
    """Relative to any folder that is searched."""
    size: int
    """In bytes."""
    sha256: str
    addresses: tuple[str, ...] = ()
    """Official addresses and mirrors, tried in this order; empty if it cannot be downloaded."""


@dataclass(frozen=True)
class Form:
    """One set of files from which the whole data set can be read."""

    reader: str
    """``module:function`` in `imc.datasets`; takes the files' paths in order, returns named arrays."""
    files: tuple[File, ...]
    slow: bool = False
    """Whether it takes seconds to decode, so that the arrays are kept in the cache."""


@dataclass(frozen=True)
class Entry:
    """One data set."""

    name: str
    title: str
    licence: str
    citation: str
    digest: str | None = None
    """Pin of the canonical arrays (`imc.datasets.arrays.fingerprint`); none if only the files are pinned."""
    forms: tuple[Form, ...] = ()
    maker: str | None = None
    """``module:function`` in `imc.datasets` that makes the arrays of a stand-in."""
    libraries: tuple[str, ...] = ()
    """What a stand-in is made with: another version of these may make it differently."""


@cache
def entries() -> dict[str, Entry]:
    """Every data set of the manifest, by name."""
    listed = read_toml(MANIFEST)
    return {name: _entry(name, **fields) for name, fields in listed.items()}


def entry(name: str) -> Entry:
    """The data set called ``name``; a `UserError` if there is none."""
    if name not in entries():
        raise UserError(f"there is no data set {name!r}: choose one of {', '.join(entries())}")
    return entries()[name]


def _entry(name: str, forms: list[dict] | None = None, **fields) -> Entry:
    return Entry(name, forms=tuple(_form(**form) for form in forms or ()), **fields)


def _form(files: list[dict], **fields) -> Form:
    return Form(files=tuple(File(**file) for file in files), **fields)
