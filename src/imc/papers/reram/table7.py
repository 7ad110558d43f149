"""Table 7's cells held against each other, and against what the chips in it publish."""

import math
from statistics import median
from typing import Any

from imc.claims import reference
from imc.cost.scaling import exponent, scaled

RERAM = ("isaac", "mochida", "chen", "ours")
CMOS = ("eyeriss", "unpu", "binareye")
_GOPS = {"GOPS": 1.0, "TOPS": 1e3}


def printed(row: str, column: str) -> float:
    """A cell, efficiencies in GOPS a mm2 or W, nodes in nm; NaN where the table prints a word or nothing."""
    entry = reference.find(f"reram.table7.{row}.{column}")
    if entry is None:
        return math.nan
    return entry.value * _GOPS.get(entry.unit.partition("/")[0], 1.0)


def published(what: str) -> float:
    """What a chip publishes of itself, in the unit of ``data/reference/peers.toml``."""
    return reference.value(f"peers.{what}").value


def scaled_values() -> dict[str, Any]:
    """The values in parentheses, in the units of their cells: times (node/32 nm)^2."""
    found: dict[str, Any] = {}
    for row, column in (("mochida", "area"), ("mochida", "energy"), ("chen", "energy")):
        cell = reference.value(f"reram.table7.{row}.{column}_efficiency").value
        found.setdefault(row, {})[column] = scaled(cell, printed(row, "node"), printed("ours", "node"))
    return found


def ratios() -> dict[str, Any]:
    """What the sentences of section 5.3 compare."""
    kinds = ("worst_reram_over_best_cmos", "median_reram_over_median_cmos", "over_best_other", "over_isaac")
    found: dict[str, Any] = {kind: {} for kind in kinds}
    for which in ("area", "energy"):
        column = f"{which}_efficiency"
        reram, cmos = (
            [v for row in rows if not math.isnan(v := printed(row, column))] for rows in (RERAM, CMOS)
        )
        found["worst_reram_over_best_cmos"][which] = min(reram) / max(cmos)
        found["median_reram_over_median_cmos"][which] = median(reram) / median(cmos)
        own, others = printed("ours", column), (*cmos, *(v for v in reram if v != printed("ours", column)))
        found["over_best_other"][which] = own / max(others)
        found["over_isaac"][which] = printed("ours", column) / printed("isaac", column)
    mochida = printed("mochida", "energy_efficiency_scaled")
    return found | {"over_mochida": printed("ours", "energy_efficiency") / mochida}


def peers() -> dict[str, Any]:
    """Eyeriss, UNPU and Mochida by their own numbers, in the units of Table 7's cells."""
    gmacs = published("eyeriss.units") * published("eyeriss.clock") / 1e3
    fine, fine_nm = published("mochida.energy_efficiency"), published("mochida.node")
    coarse, coarse_nm = printed("mochida", "energy_efficiency") / 1e3, printed("mochida", "node")
    target_nm = printed("ours", "node")
    measured = exponent(coarse, coarse_nm, fine, fine_nm)
    return {
        "eyeriss": {
            "gmacs": gmacs,
            "gmacs_mm2": gmacs / published("eyeriss.area"),
            "gmacs_w": 1e3 * gmacs / published("eyeriss.power"),
        },
        "unpu": {"gops_mm2": published("unpu.throughput") / published("unpu.area")},
        "mochida": {
            "energy_exponent": measured,
            "tops_w_at_40nm_by_square": scaled(coarse, coarse_nm, fine_nm),
            "tops_w_at_32nm_by_square": scaled(coarse, coarse_nm, target_nm),
            "tops_w_at_32nm_from_40nm": scaled(fine, fine_nm, target_nm),
            "tops_w_at_32nm_by_measured_exponent": scaled(coarse, coarse_nm, target_nm, measured),
            "gops_mm2_at_40nm": 1e3 * published("mochida.throughput") / published("mochida.area"),
            "gops_mm2_at_40nm_by_square": scaled(printed("mochida", "area_efficiency"), coarse_nm, fine_nm),
        },
    }
