"""Where things are. Nothing here depends on the working directory."""

import os
import tomllib
from pathlib import Path
from typing import Any

from imc.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout the package is installed from (`make` puts its src/ on the path)."""

PUBLISHED = ROOT / "data" / "published"
"""Records and checkpoints that belong to the repository."""


def _pin(name: str) -> None:
    """Make the folder that a variable names absolute, for this process and those that it starts elsewhere."""
    value = os.environ.get(name)
    if value:
        os.environ[name] = os.path.abspath(os.path.expanduser(value))


_pin("IMC_RESULTS")
_pin("IMC_DATA")


def results_dir() -> Path:
    """Records computed on this machine: ``$IMC_RESULTS``, else ``results/`` in the checkout."""
    return Path(os.environ.get("IMC_RESULTS") or ROOT / "results").expanduser().resolve()


def record_path(name: str) -> Path:
    """Where the record called ``experiment/stem`` counts: this machine's own if any, else the published.

    Where both hold the same, the published one counts, so that publishing a record changes nothing on a page.
    """
    mine, published = (base / f"{name}.json" for base in (results_dir(), PUBLISHED))
    if mine.is_file() and not (published.is_file() and mine.read_bytes() == published.read_bytes()):
        return mine
    return published


def cache_dir() -> Path:
    """Downloaded data sets: ``$XDG_CACHE_HOME/imc``, else ``~/.cache/imc``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "imc"


def data_dirs() -> list[Path]:
    """Folders searched for data sets, in order: ``$IMC_DATA``, ``../shared/data``, the cache."""
    named = os.environ.get("IMC_DATA")
    return [*([Path(named).expanduser()] if named else []), ROOT.parent / "shared" / "data", cache_dir()]


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        UserError: if it cannot be read or is no TOML; the sentence names file, line and column.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as TOML: {error}") from None
