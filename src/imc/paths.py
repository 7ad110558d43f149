"""Where things are. Nothing here depends on the working directory."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout the package is installed from (always an editable install)."""

PUBLISHED = ROOT / "data" / "published"
"""Records and checkpoints that belong to the repository."""


def results_dir() -> Path:
    """Records computed on this machine: ``$IMC_RESULTS``, else ``results/`` in the checkout."""
    return Path(os.environ.get("IMC_RESULTS") or ROOT / "results").expanduser().resolve()


def cache_dir() -> Path:
    """Downloaded data sets: ``$XDG_CACHE_HOME/imc``, else ``~/.cache/imc``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "imc"


def data_dirs() -> list[Path]:
    """Folders searched for data sets, in order: ``$IMC_DATA``, ``../shared/data``, the cache."""
    named = os.environ.get("IMC_DATA")
    return [*([Path(named).expanduser()] if named else []), ROOT.parent / "shared" / "data", cache_dir()]
