"""What the verdicts would be with other tolerances: how much of the standing is the choice of them.

A tolerance is written before the run. Here all of them are multiplied by one factor, those of trained and
simulated numbers and of mechanisms; exact values stay held to their printed digits. The model is
``verdicts.js`` in ``book/_static/play``.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from imc.claims import Verdict
from imc.claims.evaluation import Judged
from imc.claims.verdicts import FEWEST_RUNS, Outcome, joint
from imc.pages import figures, scoreboard
from imc.pages.players import Start

FACTORS = tuple(float(f) for f in np.geomspace(1 / 8, 8, 25))
_SHOWN: tuple[Outcome, ...] = ("reproduced", "open", "not reproduced", "contradicted")


@dataclass(frozen=True)
class Turns:
    """The tolerances at which the verdict on one reading changes.

    Attributes:
        tolerance: the claim's own.
        holds: *reproduced* from here on: our whole interval lies within.
        misses: below this it is `miss`: no further run of ours (a mechanism: our whole interval) reaches it.
    """

    tolerance: float
    holds: float
    misses: float
    miss: Outcome

    def at(self, factor: float) -> Outcome:
        """The verdict with `factor` times the tolerance."""
        tolerance = factor * self.tolerance
        if tolerance >= self.holds:
            return "reproduced"
        return self.miss if tolerance < self.misses else "open"


def turns(judged: Judged) -> Turns | None:
    """Where the verdict turns; None where no tolerance decides it."""
    reading, here = judged.reading, judged.here
    by_chance = reading.kind in ("trained", "simulated", "mechanism") and reading.expect == "equals"
    if not by_chance or not reading.tolerance or here is None or here.n < FEWEST_RUNS:
        return None
    centre = reading.target
    slack = reading.limits[1] - centre - reading.tolerance
    mechanism = reading.kind == "mechanism"
    low, high = (here.low, here.high) if mechanism or not judged.further else judged.further
    return Turns(
        tolerance=reading.tolerance,
        holds=max(centre - here.low, here.high - centre) - slack,
        misses=max(low - centre, centre - high) - slack,
        miss="contradicted" if mechanism else "not reproduced",
    )


def at(verdict: Verdict, factor: float) -> Outcome:
    """The verdict on a claim with `factor` times its tolerances."""
    found = []
    for judged in verdict.readings:
        if judged.reading.name in verdict.claim.best:
            moves = turns(judged)
            found.append(moves.at(factor) if moves else judged.verdict)
    return joint(found)


def moving(verdicts: Sequence[Verdict]) -> Start:
    """All claims of which a tolerance decides; the figure has their verdicts against the factor."""
    papers = scoreboard.titles()
    movable = [v for v in verdicts if any(map(turns, v.readings))]
    counts = {factor: Counter(at(v, factor) for v in movable) for factor in FACTORS}
    figure, ax = figures.axes(height=3.0, width=6.0)
    shown = [outcome for outcome in _SHOWN if any(found[outcome] for found in counts.values())]
    for index, outcome in enumerate(shown):
        line = [found[outcome] for found in counts.values()]
        ax.plot(FACTORS, line, label=outcome, **(figures.series(index) | {"marker": ""}))
    ax.axvline(1, color=figures.INK, linestyle=":", linewidth=1.1)
    ax.set_xscale("log", base=2)
    ax.set_xticks([1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], ["⅛", "¼", "½", "1", "2", "4", "8"])
    ax.set_xlabel("tolerances, times their own")
    ax.set_ylabel("claims")
    figures.legend(figure)
    rows = [{"factor": round(f, 6), **{o: found[o] for o in _SHOWN}} for f, found in counts.items()]
    data = {
        "papers": [papers[paper] for paper in dict.fromkeys(v.claim.paper for v in movable)],
        "claims": [_data(v, papers[v.claim.paper]) for v in movable],
    }
    return Start(data=data, figure=figure, csv=pd.DataFrame(rows))


def _data(verdict: Verdict, paper: str) -> dict:
    claim = verdict.claim
    readings = []
    for judged in verdict.readings:
        if judged.reading.name in claim.best:
            found = turns(judged)
            fixed = {"fixed": judged.verdict}
            readings.append({**vars(found)} if found else fixed)
    link = f"{claim.page}.html#{claim.anchor}" if scoreboard.page_link(verdict) else ""
    return {"paper": paper, "text": claim.text, "link": link, "readings": readings}
