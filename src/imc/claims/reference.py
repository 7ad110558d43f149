"""What the papers print: every number with its unit and its exact place.

The files ``data/reference/*.toml`` hold two kinds of entry. ``[[table]]`` is a printed table: named columns,
and rows that start with the printed row label and hold the cells as printed, with their unit where a column
mixes units; an empty cell is left out. ``[[value]]`` is a single number. Cells are strings, because ``96.00``
and ``96.0`` are different statements. ``context = true`` (or a list of columns) marks what is kept for the
reader but claims nothing of its own.

Keys are dotted and readable: ``reram.table4.act2.baseline``.
"""

import difflib
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from imc.errors import UserError
from imc.paths import ROOT
from imc.runs.sources import read_toml

FOLDER = ROOT / "data" / "reference"

_NUMBER = re.compile(r"[~<>]?(?P<number>[-+]?\d[\d ,]*(?:\.(?P<decimals>\d+))?)(?P<scale>[KM]?)")
_CELL_WITH_UNIT = re.compile(r"(?P<printed>\S*\d) (?P<unit>[^\d\s]\S*)")
_SCALES = {"": 1, "K": 1_000, "M": 1_000_000}


@dataclass(frozen=True, slots=True)
class Reference:
    """One printed number.

    ``value`` is NaN where a table cell is a word ("NA", "ternary"). ``half_digit`` is half a unit of the last
    printed digit: what rounding alone may explain. ``table`` is the key of the table it stands in, if any.
    """

    key: str
    value: float
    printed: str
    unit: str
    place: str
    note: str = ""
    context: bool = False
    half_digit: float = math.nan
    table: str | None = None


def value(key: str) -> Reference:
    """The printed number of that key; an audit event tells pages' inputs of it (`imc.pages.inputs`).

    Raises:
        UserError: no such key; the sentence names the nearest ones.
    """
    sys.audit("imc.printed", key)
    return look_up(key)


def find(key: str) -> Reference | None:
    """The printed number of that key, if there is one."""
    sys.audit("imc.printed", key)
    return _every().get(key)


def look_up(key: str) -> Reference:
    """As `value`, for what a claim refers to: a page that shows the claim depends on it through the claim."""
    known = _every()
    if key not in known:
        near = difflib.get_close_matches(key, known, n=3, cutoff=0.6)
        hint = f"; nearest: {', '.join(near)}" if near else f"; keys start with {', '.join(_starts(known))}"
        raise UserError(f"no printed value has the key {key!r}{hint}")
    return known[key]


def table(key: str) -> dict[str, dict[str, float]]:
    """A printed table as rows of columns, for ``pandas.DataFrame.from_dict(..., orient="index")``.

    Raises:
        UserError: there is no such table; the sentence names all.
    """
    sys.audit("imc.printed", key)
    rows: dict[str, dict[str, float]] = {}
    for entry in _every().values():
        if entry.table == key:
            row, column = entry.key.removeprefix(f"{key}.").rsplit(".", 1)
            rows.setdefault(row, {})[column] = entry.value
    if not rows:
        tables = dict.fromkeys(entry.table for entry in _every().values() if entry.table)
        raise UserError(f"no printed table is called {key!r}; there are {', '.join(tables)}")
    return rows


def every() -> Mapping[str, Reference]:
    """Every printed value by key, in the order of the files."""
    sys.audit("imc.printed", "")
    return _every()


@cache
def _every() -> Mapping[str, Reference]:
    return read(FOLDER)


def read(folder: Path) -> dict[str, Reference]:
    """Read and check every file of a folder.

    Raises:
        UserError: an unknown or missing field, a row of the wrong length, a key given twice, no number.
    """
    found: dict[str, Reference] = {}
    for path in sorted(folder.glob("*.toml")):
        content = read_toml(path)
        extra = set(content) - {"documents", "table", "value"}
        if extra:
            raise UserError(f"{path.name}: unknown section {min(extra)!r}; allowed: documents, table, value")
        for entry in _entries(content, path.name):
            if entry.key in found:
                raise UserError(f"{path.name}: the key {entry.key!r} is given twice")
            found[entry.key] = entry
    return found


def parse(printed: str) -> tuple[float, float]:
    """Value and half a unit of the last digit of a printed number; NaN, NaN for a word.

    Understood are a leading ``~``, ``<`` or ``>``, digit groups ("118 016", "100,000"), suffixes K and M.
    """
    match = _NUMBER.fullmatch(printed.strip())
    if match is None:
        return math.nan, math.nan
    scale = _SCALES[match["scale"]]
    number = Decimal(match["number"].replace(" ", "").replace(",", "")) * scale
    return float(number), float(scale * Decimal("0.5").scaleb(-len(match["decimals"] or "")))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Table(_Strict):
    key: str
    document: str
    title: str
    columns: dict[str, str]
    rows: dict[str, list[str]]
    unit: str | dict[str, str] = ""
    note: str = ""
    notes: dict[str, str] = {}
    context: bool | list[str] = False

    def entries(self, document: str) -> Iterator[Reference]:
        for row, (label, *cells) in self.rows.items():
            if len(cells) != len(self.columns):
                raise UserError(f"row {row!r} has {len(cells)} cells for {len(self.columns)} columns")
            for (column, heading), cell in zip(self.columns.items(), cells, strict=True):
                if not cell:
                    continue
                unit = self.unit if isinstance(self.unit, str) else self.unit.get(column, "")
                own = _CELL_WITH_UNIT.fullmatch(cell)
                printed, unit = own.groups() if own else (cell, unit)
                number, half_digit = parse(printed)
                yield Reference(
                    key=f"{self.key}.{row}.{column}",
                    value=number,
                    printed=printed,
                    unit=unit,
                    place=f"{document}{self.title}, row {label}, column {heading}",
                    note=self.notes.get(f"{row}.{column}", self.note),
                    context=math.isnan(number) or column in self._context_columns(),
                    half_digit=half_digit,
                    table=self.key,
                )

    def _context_columns(self) -> set[str]:
        if isinstance(self.context, list):
            return set(self.context)
        return set(self.columns) if self.context else set()


class _Value(_Strict):
    key: str
    printed: str
    unit: str
    document: str
    place: str
    note: str = ""
    context: bool = False

    def entries(self, document: str) -> Iterator[Reference]:
        number, half_digit = parse(self.printed)
        if math.isnan(number):
            raise UserError(f"printed = {self.printed!r} is not a number")
        yield Reference(
            key=self.key,
            value=number,
            printed=self.printed,
            unit=self.unit,
            place=document + self.place,
            note=self.note,
            context=self.context,
            half_digit=half_digit,
        )


def _entries(content: Mapping[str, Any], file: str) -> Iterator[Reference]:
    documents = content.get("documents", {})
    models: dict[str, type[_Table | _Value]] = {"table": _Table, "value": _Value}
    for section, model in models.items():
        for raw in content.get(section, []):
            where = f"{file}, {section} {raw.get('key', 'without key')!r}"
            try:
                entry = model.model_validate(raw)
                if entry.document not in documents:
                    raise UserError(f"the document {entry.document!r} is none of {', '.join(documents)}")
                yield from entry.entries(f"{entry.document}, " if len(documents) > 1 else "")
            except ValidationError as error:
                raise UserError(f"{where}: {explain(error)}") from None
            except UserError as error:
                raise UserError(f"{where}: {error}") from None


def explain(error: ValidationError) -> str:
    """The first complaint of a validation in plain words."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "missing":
            return f"the field {field!r} is missing"
        case "extra_forbidden":
            return f"the field {field!r} is unknown"
        case "value_error":
            return first["msg"].removeprefix("Value error, ")
        case _:
            return f"the field {field!r} is {first['input']!r}: {first['msg']}"


def _starts(known: Mapping[str, Reference]) -> list[str]:
    return sorted({key.partition(".")[0] for key in known})
