"""The rules of the verdicts, all of them.

| kind of claim | verdict |
| --- | --- |
| exact | *reproduced* if every value lies within the limits, else *contradicted* |
| trained or simulated, a number | *reproduced* if the whole 95 % interval of our mean lies within the tolerance; *not reproduced* if a further run of ours would not reach it (the 95 % prediction interval lies outside); else *open* |
| mechanism, or any claim of "at least" or "at most" | *reproduced* if the whole 95 % interval lies on the claimed side of the bound, *contradicted* if all of it lies on the other; else *open* |
| any of these two with fewer than three runs | *open* |
| calibrated | *calibrated*: a constant was fitted, so that agreement shows nothing |
| quoted, not testable | as it says |
| without a measure, or without its record | *not attempted* |

A sentence that says something of several cases is *contradicted* or *not reproduced* if one of them is,
*reproduced* if all are, else *open*.
"""  # noqa: E501 - a row of the table is a line

from collections.abc import Collection, Sequence
from typing import Literal

from imc.claims.statistics import Estimate, Interval, further_run

Kind = Literal["exact", "trained", "simulated", "mechanism", "calibrated", "quoted", "not testable"]
Expectation = Literal["equals", "at least", "at most"]
Outcome = Literal[
    "reproduced",
    "open",
    "not reproduced",
    "contradicted",
    "calibrated",
    "quoted",
    "not testable",
    "not attempted",
]

FEWEST_RUNS = 3
JUDGED = ("exact", "trained", "simulated", "mechanism")
"""The kinds of claim that our results decide."""


def judge(
    kind: Kind,
    expect: Expectation,
    limits: tuple[float, float],
    ours: float | Sequence[float] | None,
    interval: Interval = "student",
) -> Outcome:
    """The verdict on one claim in one reading.

    Args:
        limits: the range of our value, ends included, for which the claim is true.
        ours: one exact number, one number a run, or None if there is none.
        interval: how the interval over runs is found.
    """
    if kind == "quoted":
        return "quoted"
    if kind == "not testable":
        return "not testable"
    if ours is None:
        return "not attempted"
    if kind == "calibrated":
        return "calibrated"
    low, high = limits
    if kind == "exact":
        values = ours if isinstance(ours, Sequence) else [ours]
        return "reproduced" if all(low <= value <= high for value in values) else "contradicted"
    if not isinstance(ours, Sequence) or len(ours) < FEWEST_RUNS:
        return "open"
    here = Estimate.of_seeds(ours, interval)
    if low <= here.low and here.high <= high:
        return "reproduced"
    is_number = kind != "mechanism" and expect == "equals"
    least, most = further_run(ours, interval) if is_number else (here.low, here.high)
    if most < low or least > high:
        return "not reproduced" if is_number else "contradicted"
    return "open"


def joint(outcomes: Collection[Outcome]) -> Outcome:
    """The verdict on a sentence that says something of several cases, from the verdict on each."""
    first, *others = dict.fromkeys(outcomes)
    if not others:
        return first
    if "contradicted" in outcomes:
        return "contradicted"
    return "not reproduced" if "not reproduced" in outcomes else "open"
