"""Trainings of several seeds side by side, as claims want them."""

from imc import runs
from imc.papers.imce.recipe import BitWidthSeedsConfig, trainings_of
from imc.runs.experiments import Outcome, Progress

KEPT = ("error", "train_error")


def gather(config: BitWidthSeedsConfig, progress: Progress) -> Outcome:
    """Find or make the trainings of seeds `seed`, `seed` + 1, ...

    Metrics, lists over seeds: error and train_error, percent; curve, lists over seeds of the curve's lists.
    """
    found = []
    for name, values in trainings_of(config):
        found.append(runs.obtain(name, **values).metrics)
        progress(len(found) / config.seeds, f"seed {values['seed']}")
    curve = {name: [run["curve"][name] for run in found] for name in found[0]["curve"]}
    return Outcome({name: [run[name] for run in found] for name in KEPT} | {"curve": curve})
