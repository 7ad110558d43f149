"""Components of a cost model as a paper's own table prints them."""

import math
import re

from imc.claims import reference
from imc.cost.components import Component, converted


def quoted(table: str) -> dict[str, Component]:
    """The rows of a printed table as components, called ``<table's last word>.<row>``.

    Raises:
        UserError: no such table, or a column that names no known quantity and unit.
    """
    prefix = table.rpartition(".")[2]
    found: dict[str, Component] = {}
    for row, cells in reference.table(table).items():
        printed = {column: value for column, value in cells.items() if not math.isnan(value)}
        amounts = dict(converted(column, value) for column, value in printed.items())
        places = (reference.value(f"{table}.{row}.{column}").place for column in printed)
        source = next((re.sub(r", column .*", "", place) for place in places), table)
        found[row] = Component(f"{prefix}.{row}", amounts, "quoted", source)
    return found
