"""The files of claims: ``data/claims/<paper>.toml``, each with a head and the claims in the paper's order.

``[paper]`` gives the paper's title and its order among the papers; a new paper is a new file. A ``[[claim]]``
has the fields of `Claim` and those of its only reading. Two short forms keep the files short:

- ``each = [{...}, ...]`` stands for one claim an entry, as for the cells of a column.
- ``readings = [{ reading = "name", ... }, ...]`` gives one reading an entry, as for the meanings of a word or
  the cases that a sentence speaks of; what an entry leaves out, it takes from the claim (but no `minus` for a
  `measure` of its own, and of reference and bound only what it gives, if it gives one).

An entry's names that are no fields fill the claim's texts: ``{name}`` becomes the entry's value, and a field
that is ``"{name}"`` and nothing else takes the value with its type. ``{printed}`` is what the paper prints.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from imc.claims import reference
from imc.claims.claim import Claim, Paper, Reading
from imc.errors import UserError
from imc.paths import ROOT
from imc.runs.sources import read_toml

FOLDER = ROOT / "data" / "claims"


def load() -> Mapping[str, Claim]:
    """Every claim by id: papers in their order, claims in their papers' order.

    Which are looked up is told by audit events: see `imc.pages.inputs`.

    Raises:
        UserError: a claim that is not well formed; the sentence names file, claim and field.
    """
    return _Watched(_all())


class _Watched(Mapping[str, Claim]):
    """Claims by id; what is taken out is announced, all of it if they are counted through."""

    def __init__(self, known: Mapping[str, Claim]) -> None:
        self.known = known

    def __getitem__(self, name: str) -> Claim:
        sys.audit("imc.claim", name)
        return self.known[name]

    def __contains__(self, name: object) -> bool:
        return name in self.known

    def __iter__(self) -> Iterator[str]:
        sys.audit("imc.claim", "")
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


@cache
def _all() -> dict[str, Claim]:
    return {claim.id: claim for claim in read(FOLDER)}


def papers() -> dict[str, Paper]:
    """Every paper by id, in their order; found from the files of claims."""
    sys.audit("imc.claim", "")
    return _papers()


@cache
def _papers() -> dict[str, Paper]:
    return read_papers(FOLDER)


def read_papers(folder: Path) -> dict[str, Paper]:
    """The papers of a folder, in their order.

    Raises:
        UserError: there is no file, or one without its head.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise UserError(f"there are no claims in {folder}: each paper has a file <paper>.toml there")
    found = []
    for path in files:
        content = read_toml(path)
        if unknown := set(content) - {"paper", "claim"}:
            raise UserError(f"{path.name}: the sections allowed are paper and claim, it has {min(unknown)}")
        try:
            found.append(Paper.model_validate({"id": path.stem, **content.get("paper", {})}))
        except ValidationError as error:
            raise UserError(f"{path.name}, section paper: {reference.explain(error)}") from None
    return {paper.id: paper for paper in sorted(found, key=lambda paper: (paper.order, paper.id))}


def read(folder: Path) -> tuple[Claim, ...]:
    """Read and check the claims of a folder; raises as `load` does."""
    found: dict[str, Claim] = {}
    for paper in read_papers(folder):
        path = folder / f"{paper}.toml"
        for raw in read_toml(path).get("claim", []):
            where = f"{path.name}, claim {raw.get('id', 'without id')!r}"
            try:
                for claim in _expand(raw, paper):
                    if claim.id in found:
                        raise UserError(f"the id {claim.id!r} is given twice")
                    found[claim.id] = claim
            except ValidationError as error:
                raise UserError(f"{where}: {reference.explain(error)}") from None
            except UserError as error:
                raise UserError(f"{where}: {error}") from None
    return tuple(found.values())


# An entry names its reading as `reading`, so that `name` is free to fill texts.
_OF_READING = {*Reading.model_fields} - {"name"} | {"reading"}
_OF_CLAIM = {*Claim.model_fields} - {"paper"}


def _expand(raw: Mapping[str, Any], paper: str) -> Iterator[Claim]:
    """The claims that one ``[[claim]]`` stands for."""
    if unknown := set(raw) - _OF_READING - _OF_CLAIM - {"each"}:
        raise UserError(f"the field {min(unknown)!r} is unknown")
    shared = {name: value for name, value in raw.items() if name not in ("each", "readings")}
    for entry in (*raw.get("each", []), *raw.get("readings", [])):
        for name in set(entry) - _OF_READING:
            if f"{{{name}}}" not in str(raw):
                raise UserError(f"the name {name!r} of an entry is no field and fills no text")
    for entry in raw.get("each", [{}]):
        readings = [_reading(shared, {**entry, **own}) for own in raw.get("readings", [{}])]
        fields = {name: value for name, value in shared.items() if name in _OF_CLAIM}
        if "reference" in raw:
            printed = reference.look_up(_filled(raw["reference"], entry))
            fields = {"place": printed.place} | fields
            entry = {**entry, "printed": printed.printed}
        best = _filled(raw.get("best", [reading.name for reading in readings]), entry)
        fields |= {"paper": paper, "best": [best] if isinstance(best, str) else best}
        yield Claim.model_validate(_filled(fields, entry) | {"readings": readings})


def _reading(shared: Mapping[str, Any], entry: Mapping[str, Any]) -> Reading:
    """One reading: the entry's own fields, else the claim's, with the names filled in."""
    own = {name: value for name, value in entry.items() if name in _OF_READING}
    fields = {name: value for name, value in shared.items() if name in _OF_READING} | own
    for one, other in (("bound", "reference"), ("reference", "bound")):
        if one in own and other not in own:
            fields.pop(other, None)
    if "measure" in own and "minus" not in own:
        fields.pop("minus", None)
    if "reference" in fields:
        entry = {**entry, "printed": reference.look_up(_filled(fields["reference"], entry)).printed}
    filled = _filled(fields, entry)
    return Reading.model_validate({"name": filled.pop("reading", ""), **filled})


def _filled(value: Any, entry: Mapping[str, Any]) -> Any:
    """`value` with every ``{name}`` in its texts replaced by the entry's value of that name."""
    if isinstance(value, Mapping):
        return {name: _filled(v, entry) for name, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, entry) for v in value]
    if not isinstance(value, str):
        return value
    for name in re.findall(r"\{(\w+)\}", value):
        if name not in entry:
            raise UserError(
                f"{{{name}}} is none of the names it can stand for ({', '.join(entry) or 'none'})"
            )
    alone = re.fullmatch(r"\{(\w+)\}", value)
    return entry[alone[1]] if alone else re.sub(r"\{(\w+)\}", lambda m: str(entry[m[1]]), value)
