"""Runs of several seeds side by side, as claims want them."""

from typing import Any

from imc import runs
from imc.papers.batmann.experiments import SeedsConfig, trainings_of
from imc.papers.batmann.results import SeedsResult, TrainResult
from imc.runs.experiments import Outcome, Progress


def gather(config: SeedsConfig, progress: Progress) -> Outcome:
    """Find or make the runs of seeds `seed`, `seed` + 1, ...

    Metrics, lists over seeds: accuracy and most_frequent_answer as `imc.papers.batmann.testing.measure` names
    them, best_episode, trained_episodes, stopped.
    """
    found: list[TrainResult] = []
    for name, values in trainings_of(config):
        found.append(runs.obtain(name, **values).results(TrainResult))
        progress(len(found) / config.seeds, f"seed {values['seed']}")
    each = [run.metrics() for run in found]
    return Outcome({name: side_by_side([run[name] for run in each]) for name in SeedsResult.model_fields})


def side_by_side(values: list[Any]) -> Any:
    """Equal nested mappings to one, each leaf a list."""
    if isinstance(values[0], dict):
        return {name: side_by_side([value[name] for value in values]) for name in values[0]}
    return values
