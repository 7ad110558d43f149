"""Tables of components, ``tables/*.toml``: what one of a part costs, how sure that is, and its source."""

import math
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from imc.cost.components import Origin
from imc.errors import UserError

FOLDER = Path(__file__).parent / "tables"
"""The tables that come with the package: `read(FOLDER / "crossbar.toml")`."""


@dataclass(frozen=True)
class Entry:
    """One part.

    Attributes:
        name, what: its name, and what one piece or use of it is.
        unit: of value, low and high.
        value, low, high: nominal, and the range that is left open.
        origin, source: quoted, derived or assumed; and from where.
        spread: where low and high come from.

    >>> from imc.cost.crossbars import components
    >>> entry = components()["read_time"]
    >>> entry.low <= entry.value <= entry.high, entry.unit
    (True, 'ns')
    """

    name: str
    what: str
    unit: str
    value: float
    low: float
    high: float
    origin: Origin
    source: str
    spread: str

    @property
    def range(self) -> tuple[float, float, float]:
        """value, low, high."""
        return self.value, self.low, self.high


Table = dict[str, Entry]
"""Components by name."""


def read(path: Path) -> Table:
    """The components of a file, by name.

    Raises:
        UserError: naming the file, if it is no table of components, or a range does not hold its value.

    >>> table = read(FOLDER / "crossbar.toml")
    >>> table["read_time"].what
    'one read of an array: inputs applied, currents settled'
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read as a table of components: {error}") from None
    found: Table = {}
    for raw in content.get("component", ()):
        entry = _entry(raw, path)
        if entry.name in found:
            raise UserError(f"{path}: the component '{entry.name}' is given twice")
        found[entry.name] = entry
    if not found:
        raise UserError(f"{path} holds no [[component]]")
    return found


def _entry(raw: dict[str, Any], path: Path) -> Entry:
    wanted = {field.name for field in fields(Entry)}
    name = raw.get("name", "?")
    if wrong := sorted(wanted ^ set(raw)):
        state = "has no" if wrong[0] in wanted else "has an unknown field"
        raise UserError(
            f"{path}: component '{name}' {state} '{wrong[0]}'; it takes {', '.join(sorted(wanted))}"
        )
    entry = Entry(**raw)
    numbers = cast("tuple[object, ...]", entry.range)  # whatever the file has
    if not all(isinstance(n, int | float) and math.isfinite(n) and n >= 0 for n in numbers):
        raise UserError(
            f"{path}: component '{name}' has {numbers}: value, low and high are numbers of 0 or more"
        )
    if not entry.low <= entry.value <= entry.high:
        raise UserError(f"{path}: {name} = {entry.value} lies outside {entry.low} .. {entry.high}")
    return entry
