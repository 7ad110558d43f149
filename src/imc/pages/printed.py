"""Claims and printed values as inputs of a page: it depends on those that it shows, not on their whole files.

`imc.claims` says which it looks up, through the audit events ``imc.claim`` and ``imc.printed``; here are
their contents, as they stand in ``data/``, without the checks that reading them brings.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from imc.paths import ROOT, read_toml

KINDS = {"claim": "claims", "printed": "reference"}
"""Kinds of input, and the folder below ``data/`` whose files hold them."""


def is_table(name: str) -> bool:
    """Whether an input is one of the files whose entries count by themselves."""
    return any(name.startswith(f"data/{folder}/") for folder in KINDS.values())


def content(name: str) -> bytes:
    """What ``claim:batmann.table1.fp32.accuracy`` or ``printed:reram.table4`` stands for; all for no key."""
    kind, _, key = name.partition(":")
    return json.dumps(_claims(key) if kind == "claim" else _values(key), sort_keys=True).encode()


def _claims(key: str) -> Any:
    """The entry that the claim of this id comes from, with the printed values that it refers to.

    An entry with ``each`` stands for several claims, and a reference with ``{row}`` for several values.
    """
    if not key:
        return [_files("claims"), _files("reference")]
    blocks = [raw for file in _files("claims").values() for raw in file.get("claim", []) if key in _ids(raw)]
    referred = re.findall(r'"reference": "([^"{]+)', json.dumps(blocks))
    return [blocks, [_values(beginning.rstrip(".")) for beginning in referred]]


def _ids(raw: dict[str, Any]) -> list[str]:
    ids = []
    for entry in raw.get("each", [{}]):
        name = str(raw.get("id", ""))
        for field, value in entry.items():
            name = name.replace(f"{{{field}}}", str(value))
        ids.append(name)
    return ids


def _values(key: str) -> Any:
    """The printed value or table that a key names."""
    if not key:
        return _files("reference")
    entries = [
        e for f in _files("reference").values() for part in ("table", "value") for e in f.get(part, [])
    ]
    return [
        e
        for e in entries
        if f"{key}.".startswith(f"{e.get('key')}.") or f"{e.get('key')}.".startswith(f"{key}.")
    ]


@cache
def _files(folder: str, data: Path = ROOT / "data") -> dict[str, dict[str, Any]]:
    return {path.stem: read_toml(path) for path in sorted((data / folder).glob("*.toml"))}
