"""A claim as a row of a table: what the paper prints, what we find, the verdict; the reasons on demand.

What is on demand stands in a ``<details>`` inside the row's first cell: it opens without JavaScript, and a
link to the row's anchor finds it.
"""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from imc.claims import Judged, Reading, Verdict
from imc.claims.statistics import Estimate
from imc.pages.tables import NOTHING, cell, estimate, number, places_of, prose, verdict


def table(found: Sequence[Verdict], *, without_verdict: str = "") -> pd.DataFrame:
    """One row a claim: its sentence and, folded, its reasons; the paper's value, ours, the verdict.

    `without_verdict` stands in place of every verdict, if given.
    """
    return pd.DataFrame(
        {
            "claim": f"{anchored(held)}{details(held, without_verdict)}",
            "paper": paper(held),
            "here": ours(held),
            "verdict": without_verdict or verdict(held.verdict),
        }
        for held in found
    )


def counted(found: Sequence[Verdict]) -> str:
    """How many claims of each verdict, in signs and words: ``✓ reproduced 3, ? open 1``."""
    outcomes = [held.verdict for held in found]
    return ", ".join(f"{verdict(name)} {outcomes.count(name)}" for name in dict.fromkeys(sorted(outcomes)))


def anchored(held: Verdict) -> str:
    """The claim's sentence, which links can lead to, and under it where the paper makes it."""
    place = f'<span class="imc-place">{prose(held.claim.place)}</span>'
    return f'<span id="{held.claim.anchor}">{prose(held.claim.text)}</span><br>{place}'


def details(held: Verdict, without_verdict: str = "") -> str:
    """What is folded: kind, runs, reason and difference, and each reading where there are several."""
    claim = held.claim
    words = [claim.kind, *runs(held)]
    if len(held.readings) == 1:
        body = _reason(held.main)
    else:
        words.append(f"{len(held.readings)} readings")
        why = claim.best_why or "The sentence speaks of all of these."
        body = f"{prose(why)}{_readings(held, without_verdict)}"
    return f'<details class="imc-why"><summary>why · {" · ".join(words)}</summary>{body}</details>'


def runs(held: Verdict) -> list[str]:
    """``["5 runs"]``: the runs behind the readings that count; nothing where there is no chance in them."""
    numbers = {j.here.n for j in held.readings if j.here and j.here.n and j.reading in held.claim.taken}
    return [" or ".join(_runs(n) for n in sorted(numbers))] if numbers else []


def paper(held: Verdict) -> str:
    """What the paper says; where several cases hold together, only if it says the same of all."""
    said = {printed(judged) for judged in held.readings if judged.reading in held.claim.taken}
    return said.pop() if len(said) == 1 else f"{len(held.claim.taken)} cases"


def ours(held: Verdict) -> str:
    """What we find; of several cases that hold together the smallest and the greatest value."""
    taken = [judged for judged in held.readings if judged.reading in held.claim.taken and judged.here]
    if len(held.claim.taken) == 1 or not taken:
        return here(held.main)
    means = sorted(judged.here.mean for judged in taken if judged.here)
    return f"{number(_short(means[0]))} to {number(_short(means[-1]))}{unit(held.main.reading)}"


def printed(judged: Judged) -> str:
    """What the paper says: its number with unit and tolerance, or the bound that its words set."""
    reading = judged.reading
    sign = {"equals": "", "at least": "≥ ", "at most": "≤ "}[reading.expect]
    allowed = tolerance(reading)
    behind = "" if allowed == NOTHING else f" ({allowed})"
    if reading.printed is not None:
        return f"{sign}{reading.printed.printed}{unit(reading)}{behind}"
    return NOTHING if math.isnan(reading.target) else f"{sign}{number(reading.target)}{behind}"


def here(judged: Judged) -> str:
    """What we find, with the paper's unit; an exact value to the printed digits or one more."""
    if judged.here is None:
        return NOTHING
    if judged.here.low == judged.here.high:
        return f"{number(judged.here.mean, _held_places(judged))}{unit(judged.reading)}"
    return estimate(judged.here, unit(judged.reading))


def unit(reading: Reading) -> str:
    """The unit of the printed value in its proper signs, behind a space that does not break; or nothing."""
    text = reading.printed.unit if reading.printed else ""
    for plain, proper in (("mm2", "mm²"), ("uJ", "µJ"), ("uA", "µA"), ("ohm", "Ω")):
        text = text.replace(plain, proper)
    return f"\u00a0{'×' if text == 'x' else text}" if text else ""


def difference(judged: Judged) -> str:
    """Ours minus the paper's, to the digits of our interval."""
    if judged.here is None or judged.difference is None or math.isnan(judged.difference):
        return NOTHING
    beyond_rounding = abs(judged.difference) > 1e-9 * max(1.0, abs(judged.reading.target))
    text = number(judged.difference if beyond_rounding else 0.0, _held_places(judged))
    return f"{'' if text.startswith('−') else '+'}{text}"


def tolerance(reading: Reading) -> str:
    """``±0.5``: how far ours may lie from the paper's, fixed before the run, or a dash."""
    low, high = reading.limits
    if reading.kind in ("calibrated", "quoted", "not testable") or not math.isfinite(high - low):
        return NOTHING
    return f"±{number(float(f'{(high - low) / 2:.3g}'))}"


def _readings(held: Verdict, without_verdict: str) -> str:
    """The readings as a small table inside the cell; those that the text supports best are marked."""
    rows = ["<tr><th>reading</th><th>paper</th><th>here</th><th>verdict</th></tr>"]
    reasons: dict[str, None] = {}
    for judged in held.readings:
        best = judged.reading in held.claim.taken and len(held.claim.taken) < len(held.readings)
        text = f"{'<b>▸</b> ' if best else ''}{prose(judged.reading.text)}"
        outcome = without_verdict or verdict(judged.verdict)
        cells = (text, printed(judged), here(judged), outcome)
        rows.append("<tr>" + "".join(f"<td>{value}</td>" for value in cells) + "</tr>")
        reasons[_reason(judged, several=True)] = None
    return f'<table class="imc-readings">{"".join(rows)}</table>{"<br>".join(reasons)}'


def _reason(judged: Judged, *, several: bool = False) -> str:
    reading = judged.reading
    said = [prose(reading.why)]
    if reading.holds_for:
        said.append(f"Holds for {prose(reading.holds_for)}")
    if reading.interval == "bootstrap":
        said.append("Interval: bootstrap over the runs.")
    if not several and difference(judged) != NOTHING and reading.expect == "equals":
        said.append(f"Ours minus the paper's: {difference(judged)}{unit(reading)}.")
    return " ".join(said)


def _runs(n: int) -> str:
    return f"{cell(n)} run{'' if n == 1 else 's'}"


def _held_places(judged: Judged) -> int | None:
    """Digits after the point for our value: as its interval says, else as printed, or one more if need be."""
    paper = judged.reading.printed
    places = places_of(judged.here) if judged.here else None
    if places is not None or judged.here is None or paper is None or not paper.half_digit > 0:
        return places
    printed_places = max(0, -math.floor(math.log10(2 * paper.half_digit) + 0.5))
    same = math.isclose(
        judged.here.mean, round(judged.here.mean, printed_places), rel_tol=1e-9, abs_tol=1e-12
    )
    return printed_places if same else printed_places + 1


def _short(value: float) -> float:
    """Three significant digits."""
    return float(f"{value:.3g}")


def as_data(found: Sequence[Verdict]) -> pd.DataFrame:
    """One row a reading, for computing with."""
    rows: list[dict[str, Any]] = []
    for held in found:
        for judged in held.readings:
            reading, value = judged.reading, judged.here
            rows.append(
                {
                    "id": held.claim.id,
                    "place": held.claim.place,
                    "text": held.claim.text,
                    "verdict": held.verdict,
                    "reading": reading.name,
                    "counts": reading in held.claim.taken,
                    "meaning": reading.text,
                    "kind": reading.kind,
                    "printed": reading.printed.printed if reading.printed else None,
                    "unit": reading.printed.unit if reading.printed else None,
                    "least": reading.limits[0],
                    "most": reading.limits[1],
                    "here": value if isinstance(value, Estimate) else None,
                    "runs": value.n if value else None,
                    "judged": judged.verdict,
                    "page": held.claim.page,
                }
            )
    return pd.DataFrame(rows)
