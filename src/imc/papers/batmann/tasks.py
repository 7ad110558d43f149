"""Trained controllers on tasks of another size than they have learned from."""

from typing import Any

from imc import runs
from imc.papers.batmann import pictures, testing
from imc.papers.batmann.experiments import TaskConfig, training_of
from imc.papers.batmann.seeds import side_by_side
from imc.runs.experiments import Outcome, Progress


def test(config: TaskConfig, progress: Progress) -> Outcome:
    """Test the runs of seeds `seed`, `seed` + 1, ... on `test_ways`-way `test_shots`-shot episodes.

    Metrics, lists over seeds: accuracy as `imc.papers.batmann.testing.measure` names it, percent.
    """
    part = pictures.load(config, testing.device()).test
    size = {"ways": config.test_ways, "shots": config.test_shots}
    found: list[Any] = []
    for i in range(config.seeds):
        name, values = training_of(config, seed=config.seed + i)
        run = runs.obtain(name, **values)
        own = config.model_copy(update={"seed": config.seed + i})
        found.append(testing.measure(own.model_copy(update=size), run.tensors(), part)["accuracy"])
        progress((i + 1) / config.seeds, f"seed {own.seed}")
    return Outcome({"accuracy": side_by_side(found)})
