"""What a run reads beside data sets and records: tables of components, and values that papers print.

An experiment declares it by name (`imc.runs.experiments.Experiment.reads`), its records keep a digest of
each, and a record whose source has changed since is refused: its numbers come from another table.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from imc.errors import UserError
from imc.paths import ROOT, read_toml

_PRINTED = "printed/"
_MEANING = ("key", "printed", "unit", "columns", "rows")
"""Fields of a printed value or table that a number can come from; places and notes are for the reader."""


def digests(names: Iterable[str], data: Path = ROOT / "data") -> dict[str, str]:
    """The digest of each source, as it is now.

    Args:
        names: ``components/imce`` for the file ``components/imce.toml`` below `data`;
            ``printed/reram.table4`` for the values below ``reference/`` whose key begins so.

    Raises:
        UserError: if there is no such file, no printed value begins so, or a file is no TOML.
    """
    return {name: _digest(name, data) for name in sorted(set(names))}


def _digest(name: str, data: Path) -> str:
    if not name.startswith(_PRINTED):
        path = data / f"{name}.toml"
        if not path.is_file():
            raise UserError(f"a run reads {path.relative_to(data.parent)}, which is not there")
        return hashlib.sha256(path.read_bytes()).hexdigest()
    beginning = name.removeprefix(_PRINTED)
    found = [e for e in _printed(data) if f"{e['key']}.".startswith(f"{beginning}.")]
    if not found:
        raise UserError(f"a run reads printed values '{beginning}...', and data/reference has none")
    kept = [{field: entry[field] for field in _MEANING if field in entry} for entry in found]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


@cache
def _printed(data: Path) -> list[dict[str, Any]]:
    """Every printed value and table, in the order of the files."""
    found: list[dict[str, Any]] = []
    for path in sorted((data / "reference").glob("*.toml")):
        content = read_toml(path)
        found += [*content.get("table", []), *content.get("value", [])]
    return found
