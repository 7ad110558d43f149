"""The slides' device table (after Gokmen and Vlasov 2016), its rows held against each other."""

from typing import Any

from imc.claims import reference
from imc.papers.codesign.rpu_experiments import TableConfig
from imc.runs.experiments import Outcome, Progress


def extremes(average: float, ratio: float, of: str) -> tuple[float, float]:
    """Smallest and largest conductance of a device, siemens.

    Args:
        average: "average device resistance", ohm.
        ratio: of the largest to the smallest conductance.
        of: what the average is of: ``mean_resistance``, the mean of the extreme resistances, or
            ``mean_conductance``, the resistance at the mean of the extreme conductances.

    >>> low, high = extremes(24e6, 8, "mean_resistance")
    >>> round((1 / low + 1 / high) / 2e6, 9)
    24.0
    """
    if of == "mean_resistance":
        high = (1 + ratio) / (2 * average)
        return high / ratio, high
    low = 2 / (average * (1 + ratio))
    return low, low * ratio


def levels(average: float, ratio: float, step: float, of: str) -> float:
    """(max g - min g)/delta g, where delta g = step/average^2 is the step in resistance at the average.

    >>> round(levels(24e6, 8, 1e5, "mean_resistance")), round(levels(24e6, 8, 1e5, "mean_conductance"))
    (945, 373)
    """
    low, high = extremes(average, ratio, of)
    return (high - low) / (step / average**2)


def asymmetry(ratio: float) -> float:
    """a of steps 1 + a up and 1 - a down whose ratio this is.

    >>> round(asymmetry(1.5), 9)
    0.2
    """
    return (ratio - 1) / (ratio + 1)


def check(config: TableConfig, progress: Progress) -> Outcome:
    """What follows from the printed rows.

    Metrics: ``levels.<reading>``; ``conductance.<reading>``, smallest and largest, nS; ``step.siemens``, of
    one pulse at the average resistance, pS; ``step.spread`` and ``resistance.spread``, relative;
    ``half_voltage``, the step at full voltage over that at half; ``asymmetry``, a.
    """
    row = {
        (name, column): reference.value(f"codesign.rpu.{name}.{column}").value * scale
        for name, column, scale in (
            ("resistance", "value", 1e6),
            ("resistance", "tolerance", 1e6),
            ("on_off_ratio", "value", 1),
            ("step_full", "value", 1e3),
            ("step_full", "tolerance", 1e3),
            ("step_half", "value", 1e3),
            ("asymmetry", "value", 1),
        )
    }
    average, ratio = row["resistance", "value"], row["on_off_ratio", "value"]
    step = row["step_full", "value"]
    readings = ("mean_resistance", "mean_conductance")
    metrics: dict[str, Any] = {
        "levels": {of: levels(average, ratio, step, of) for of in readings},
        "conductance": {of: [1e9 * g for g in extremes(average, ratio, of)] for of in readings},
        "step": {"siemens": 1e12 * step / average**2, "spread": row["step_full", "tolerance"] / step},
        "resistance": {"spread": row["resistance", "tolerance"] / average},
        "half_voltage": step / row["step_half", "value"],
        "asymmetry": asymmetry(row["asymmetry", "value"]),
    }
    return Outcome(metrics)
