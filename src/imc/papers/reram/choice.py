"""Choosing a hidden size by a rule written down beforehand."""

from imc import runs
from imc.claims.statistics import Estimate
from imc.papers.reram.experiments import WIDTHS, ChoiceConfig, training_of
from imc.papers.reram.results import MlpResult
from imc.runs.experiments import Outcome, Progress


def choose(config: ChoiceConfig, progress: Progress) -> Outcome:
    """The smallest hidden size of Table 2 whose mean accuracy is within `allowed_loss` of the widest's.

    Metrics: best (neurons a layer), accuracy.hiddenN (percent, mean over seeds).
    """
    accuracy = {}
    for done, width in enumerate(WIDTHS, start=1):
        name, values = training_of(config.training, hidden=width)
        record = runs.obtain(name, **values)
        accuracy[width] = Estimate.of_seeds(record.results(MlpResult).accuracy.baseline).mean
        progress(done / len(WIDTHS))
    enough = accuracy[max(WIDTHS)] - config.allowed_loss
    best = min(width for width, found in accuracy.items() if found >= enough)
    return Outcome({"best": best, "accuracy": {f"hidden{w}": a for w, a in accuracy.items()}})
