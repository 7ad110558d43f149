"""Trained controllers on tasks of another size than they have learned from."""

from typing import Any

from imc import runs
from imc.papers.batmann import pictures, testing
from imc.papers.batmann.experiments import TaskConfig, trainings_of
from imc.papers.batmann.seeds import side_by_side
from imc.runs.experiments import Outcome, Progress


def test(config: TaskConfig, progress: Progress) -> Outcome:
    """Test the runs of seeds `seed`, `seed` + 1, ... on `test_ways`-way `test_shots`-shot episodes.

    Metrics, lists over seeds: accuracy as `imc.papers.batmann.testing.measure` names it, percent.
    """
    training = config.trainings.training
    part = pictures.load(training, testing.device()).test
    size = {"ways": config.test_ways, "shots": config.test_shots}
    found: list[Any] = []
    for name, values in trainings_of(config.trainings):
        run = runs.obtain(name, **values)
        own = training.model_copy(update={"seed": values["seed"], **size})
        found.append(testing.measure(own, run.tensors(), part)["accuracy"])
        progress(len(found) / config.trainings.seeds, f"seed {own.seed}")
    return Outcome({"accuracy": side_by_side(found)})
