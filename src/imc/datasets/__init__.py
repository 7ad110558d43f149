"""Data sets: ``load("mnist").train_images``.

A data set is searched in ``$IMC_DATA``, ``../shared/data`` and the user's cache, then downloaded from
its official address. Whatever it was read from, it has one canonical array form, whose digest is
pinned in ``data/datasets.toml``. Stand-ins (``glyphs``, ``digits``, ``colour-digits``) need no files.
"""

from imc.datasets.arrays import Dataset, fingerprint
from imc.datasets.loading import Status, digest, load, names, status

__all__ = ["Dataset", "Status", "digest", "fingerprint", "load", "names", "status"]
