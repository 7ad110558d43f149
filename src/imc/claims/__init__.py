"""Claims: what the papers print and say, and what our own results say about each.

This room knows no paper: which papers exist is found from ``data/claims``. `verdicts` holds the rules.
"""

from imc.claims.claim import Claim, Measure, Paper, Reading
from imc.claims.evaluation import Judged, Verdict, estimate, evaluate, subtract
from imc.claims.export import export
from imc.claims.files import FOLDER, load, papers, read, read_papers
from imc.claims.verdicts import Outcome, joint, judge

__all__ = [
    "FOLDER",
    "Claim",
    "Judged",
    "Measure",
    "Outcome",
    "Paper",
    "Reading",
    "Verdict",
    "estimate",
    "evaluate",
    "export",
    "joint",
    "judge",
    "load",
    "papers",
    "read",
    "read_papers",
    "subtract",
]
