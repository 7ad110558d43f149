"""What IMCE's parts cost, from ``data/components/imce.toml``: each number with its range, origin, source."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from imc.claims import reference
from imc.cost.components import Component, Origin, converted
from imc.errors import UserError
from imc.paths import ROOT, read_toml

FILE = ROOT / "data" / "components" / "imce.toml"

CALIBRATED = ("and", "read")
"""Sensing: the one constant that is fitted. All other energies have a value in the table."""


@dataclass(frozen=True)
class Entry:
    """One part.

    Attributes:
        name, what: its name and what one use or piece of it is.
        unit: of value, low and high.
        origin, source: quoted, derived, calibrated or assumed; and from where.
        value, low, high: nominal, and the range that its source leaves; None where it is fitted.
    """

    name: str
    what: str
    unit: str
    origin: Origin
    source: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


@cache
def table() -> Mapping[str, Entry]:
    """Every part by name.

    Raises:
        UserError: a range that does not hold its value.
    """
    found: dict[str, Entry] = {}
    for raw in read_toml(FILE)["component"]:
        entry = Entry(**raw)
        low, high = entry.low or 0.0, entry.high or 0.0
        if entry.value is not None and not low <= entry.value <= high:
            raise UserError(f"{FILE.name}: {entry.name} = {entry.value} lies outside {low} .. {high}")
        found[entry.name] = entry
    return found


def value(name: str) -> float:
    """The nominal value of a part, in the table's unit.

    Raises:
        UserError: if it is fitted, and so has none of its own.
    """
    found = table()[name].value
    if found is None:
        raise UserError(f"{FILE.name}: {name} has no value: it is fitted to the slides")
    return found


def high(name: str) -> float:
    """The greatest value that a part's source leaves, in the table's unit; raises as `value` does."""
    found = table()[name].high
    if found is None:
        raise UserError(f"{FILE.name}: {name} has no range: it is fitted to the slides")
    return found


def ranged() -> dict[str, tuple[float, float]]:
    """Low and high of every energy whose source leaves a range, pJ."""
    return {
        name: (entry.low, entry.high)
        for name, entry in table().items()
        if entry.unit == "pJ" and entry.low is not None and entry.high is not None
    }


def energies(sensing_pj: float, others: Mapping[str, float] | None = None) -> dict[str, Component]:
    """The parts that take energy, as components.

    Args:
        sensing_pj: the fitted constant, of one AND or one read.
        others: other values than the table's for the other parts, pJ.
    """
    found = {}
    for name, entry in table().items():
        if entry.unit == "pJ":
            each = sensing_pj if name in CALIBRATED else (others or {}).get(name, entry.value)
            assert each is not None
            found[name] = Component(name, {"energy_pj": each}, entry.origin, entry.source)
    return found


def cell_area_mm2(cell_f2: float) -> float:
    """Area of a cell of so many squares of the feature size, at the slides' node."""
    node_mm = reference.value("imce.technology").value * 1e-6
    return converted("area_mm2", cell_f2 * node_mm**2)[1]
