"""The claims with their verdicts as data, for other programs and for the pages' players."""

from collections.abc import Iterable
from typing import Any

from imc.claims.claim import Claim
from imc.claims.evaluation import Judged, Verdict, evaluate
from imc.claims.files import load, papers


def export(chosen: Iterable[Claim] | None = None) -> list[dict[str, Any]]:
    """Every claim with its readings and verdicts as plain JSON data, from the records at hand.

    An interval whose end is infinite (one run) is None. `chosen` defaults to all claims.

    Example:
        >>> export()[0]["paper"]
        'BATMANN'
    """
    return [_claim(evaluate(claim)) for claim in (load().values() if chosen is None else chosen)]


def _claim(found: Verdict) -> dict[str, Any]:
    claim = found.claim
    return {
        "id": claim.id,
        "paper": papers()[claim.paper].title,
        "place": claim.place,
        "text": claim.text,
        "verdict": found.verdict,
        "best": [name for name in claim.best if name],
        "best_why": claim.best_why,
        "page": claim.page,
        "anchor": claim.anchor,
        "readings": [_reading(judged) for judged in found.readings],
    }


def _reading(judged: Judged) -> dict[str, Any]:
    reading, here = judged.reading, judged.here
    interval = None if here is None or here.n == 1 else [here.low, here.high]
    low, high = reading.limits
    return {
        "name": reading.name,
        "text": reading.text,
        "kind": reading.kind,
        "printed": reading.printed.printed if reading.printed else None,
        "unit": reading.printed.unit if reading.printed else "",
        "least": None if low == float("-inf") or low != low else low,
        "most": None if high == float("inf") or high != high else high,
        "here": here.mean if here else None,
        "interval": interval,
        "runs": here.n if here else None,
        "verdict": judged.verdict,
        "why": reading.why,
        "holds_for": reading.holds_for,
        "records": list(judged.records),
    }
