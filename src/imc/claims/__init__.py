"""Claims: what the papers print and say, and what our own results say about each.

This room knows no paper: which papers exist is found from ``data/claims``.
"""

from imc.claims.claim import (
    FOLDER,
    PAPERS,
    Claim,
    Measure,
    Outcome,
    Verdict,
    estimate,
    evaluate,
    judge,
    load,
    read,
    subtract,
)

__all__ = [
    "FOLDER",
    "PAPERS",
    "Claim",
    "Measure",
    "Outcome",
    "Verdict",
    "estimate",
    "evaluate",
    "judge",
    "load",
    "read",
    "subtract",
]
