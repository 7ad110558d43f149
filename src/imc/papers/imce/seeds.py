"""Trainings of several seeds side by side, as claims want them."""

from imc import runs
from imc.papers.imce.recipe import BitWidthSeedsConfig, trainings_of
from imc.papers.imce.results import BitWidthResult, BitWidthSeedsResult, Learning
from imc.runs.experiments import Outcome, Progress


def gather(config: BitWidthSeedsConfig, progress: Progress) -> Outcome:
    """Find or make the trainings of seeds `seed`, `seed` + 1, ...

    Metrics, lists over seeds: error and train_error, percent; curve, lists over seeds of the curve's lists.
    """
    found: list[BitWidthResult] = []
    for name, values in trainings_of(config):
        found.append(runs.obtain(name, **values).results(BitWidthResult))
        progress(len(found) / config.seeds, f"seed {values['seed']}")
    curves = [run.curve.metrics() for run in found]
    together = BitWidthSeedsResult(
        error=[run.error for run in found],
        train_error=[run.train_error for run in found],
        curve=Learning(**{name: [curve[name] for curve in curves] for name in curves[0]}),
    )
    return Outcome(together.metrics())
