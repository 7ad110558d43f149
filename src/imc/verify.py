"""Holding published checkpoints against their records."""

from collections.abc import Callable
from math import isclose

from imc import experiments, records
from imc.datasets import digest
from imc.errors import UserError
from imc.paths import PUBLISHED


def verify_all(only: str, tell: Callable[[str], object]) -> int:
    """Re-evaluate every published checkpoint whose experiment starts with `only`; returns how many differ.

    An experiment takes part by naming an `evaluator`: ``(config, tensors) -> metrics``, where each metric
    it returns must equal the recorded one to 1e-6 relative.
    """
    failed = 0
    for record in records.read_all(PUBLISHED):
        experiment = experiments.find(record.experiment)
        if (
            not record.experiment.startswith(only)
            or experiment.evaluator is None
            or record.checkpoint is None
        ):
            continue
        config = experiment.config.build(**record.config)
        for name, expected in record.data.items():
            if digest(name) != expected:
                raise UserError(f"data set {name} here is not the one that {record.path.name} was made from")
        found = experiments.load(experiment.evaluator)(config, record.tensors())
        differing = [a for a, v in found.items() if not _same(v, record.metric(a))]
        failed += bool(differing)
        name = f"{record.experiment}/{record.path.stem}"
        tell(f"{name}: {'differs in ' + ', '.join(differing) if differing else 'as recorded'}")
    return failed


def _same(found: object, recorded: object) -> bool:
    if isinstance(found, list | tuple) and isinstance(recorded, list):
        return len(found) == len(recorded) and all(map(_same, found, recorded))
    return (
        isinstance(found, int | float)
        and isinstance(recorded, int | float)
        and isclose(found, recorded, rel_tol=1e-6, abs_tol=1e-9)
    )
