"""Tables as Markdown that MyST, Jupyter and a forge all show, and as CSV.

A cell may be a text, a number, an `Estimate` (mean and 95 % interval) or None (shown as a dash). A column's
name carries its unit: ``accuracy (%)``.
"""

import base64
import html
import math
import re
from typing import Any

import numpy as np
import pandas as pd

from imc.claims.statistics import Estimate

SYMBOLS = {
    "reproduced": "✓",
    "open": "?",
    "not reproduced": "○",
    "contradicted": "✗",
    "calibrated": "≈",
    "quoted": "❝",
    "not testable": "∅",
    "not attempted": "·",
}
"""Each verdict's sign, so that it never hangs on colour alone."""

NOTHING = "–"
_DIGITS = 4


def markdown(table: pd.DataFrame) -> str:
    """A pipe table; columns of numbers and estimates stand on the right. The index is left out."""
    right = [all(_is_number(v) or v is None for v in table[c]) for c in table.columns]
    rows = [
        [str(c) for c in table.columns],
        ["---:" if r else ":---" for r in right],
        *([cell(v) for v in row] for row in table.itertuples(index=False)),
    ]
    return "\n".join("| " + " | ".join(_escape(c) for c in row) + " |" for row in rows)


def cell(value: Any) -> str:
    """One value as a reader wants it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    if isinstance(value, Estimate):
        return estimate(value)
    return number(value) if _is_number(value) else str(value)


def number(value: float, decimals: int | None = None) -> str:
    """A number with `decimals` digits after the point, else with four significant ones and none for show.

    Integers keep all their digits, in groups of three from 10,000 on; the very small and the very large take
    a power of ten.
    """
    if not math.isfinite(value):
        return NOTHING if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if decimals is None and float(value).is_integer() and abs(value) < 1e9:
        decimals = 0
    if decimals is not None:
        text = f"{value:.{decimals}f}"
    elif 1e-3 <= abs(value) < 1e6:
        text = f"{value:.{max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.{_DIGITS - 1}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')} × 10<sup>{int(exponent)}</sup>"
    return _grouped(text).replace("-", "−")


def estimate(value: Estimate, unit: str = "") -> str:
    """``95.97 ± 0.21``: the interval to two digits, the mean to the same place.

    An exact value stands alone; a single run says that it is one, behind the unit; a lopsided interval is
    given by its ends.
    """
    if value.low == value.high:
        return f"{number(value.mean)}{unit}"
    if not math.isfinite(value.half_width):
        return f"{number(value.mean)}{unit} (1 run)"
    places = places_of(value)
    if abs(value.high + value.low - 2 * value.mean) > 0.1 * value.half_width:
        ends = f"{number(value.low, places)} to {number(value.high, places)}"
        return f"{number(value.mean, places)} ({ends}){unit}"
    return f"{number(value.mean, places)} ± {number(value.half_width, places)}{unit}"


def places_of(value: Estimate) -> int | None:
    """Digits after the point that show the interval's first two digits; None if it has no width to go by."""
    if value.half_width == 0 or not math.isfinite(value.half_width):
        return None
    return min(8, max(0, 1 - math.floor(math.log10(value.half_width))))


def verdict(name: str) -> str:
    """A verdict as sign and word, in a span that the style sheet colours."""
    return f'<span class="imc-verdict imc-{name.replace(" ", "-")}">{SYMBOLS[name]} {name}</span>'


def prose(text: str) -> str:
    """Plain text as Markdown that says just that; ``G_max`` gets its subscript, ``95 %`` stays together."""
    safe = re.sub(r"([\\`*_{}\[\]$~^])", r"\\\1", html.escape(text, quote=False)).replace(" %", "\u00a0%")
    return re.sub(r"\b([A-Za-zΑ-ω]|BATMANN)\\_([\w±]+)", r"\1<sub>\2</sub>", safe)


def csv(table: pd.DataFrame) -> str:
    """The table's numbers, ten digits each; an estimate becomes three columns, the mean and both ends."""
    columns: dict[str, list[Any]] = {}
    for name in table.columns:
        values = list(table[name])
        if any(isinstance(v, Estimate) for v in values):
            for suffix, end in (("", "mean"), (" low", "low"), (" high", "high")):
                columns[f"{name}{suffix}"] = [getattr(v, end, v) for v in values]
        else:
            columns[str(name)] = values
    return pd.DataFrame(columns).to_csv(index=False, float_format="%.10g", lineterminator="\n")


def csv_link(table: pd.DataFrame, name: str) -> str:
    """A link that holds the table's CSV itself and saves it as ``<name>.csv``."""
    data = base64.b64encode(csv(table).encode()).decode()
    file = html.escape(f"{name}.csv")
    return f'<a class="imc-csv" download="{file}" title="{file}" href="data:text/csv;base64,{data}">CSV</a>'


def _is_number(value: Any) -> bool:
    return isinstance(value, Estimate | int | float | np.number) and not isinstance(value, bool)


def _escape(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


def _grouped(text: str) -> str:
    """Groups of three digits before the point, parted by commas as in the prose, from five digits on."""
    whole, point, rest = text.partition(".")
    digits = whole.removeprefix("-")
    if not digits.isdigit() or len(digits) < 5:
        return text
    return whole[: len(whole) - len(digits)] + f"{int(digits):,}" + point + rest
