"""Holding published checkpoints against their records."""

from collections.abc import Callable
from math import isclose

from imc.datasets import digest
from imc.errors import UserError
from imc.paths import PUBLISHED
from imc.runs import experiments, records


def verify_all(only: str, tell: Callable[[str], object]) -> int:
    """Re-evaluate every published checkpoint whose record starts with `only`; returns how many differ.

    A record is named ``experiment/stem``, as in the provenance strips: ``batmann`` chooses a paper,
    ``batmann/train`` an experiment, the whole name one checkpoint.

    An experiment takes part by naming an `evaluator`: ``(config, tensors) -> metrics``, where each metric
    it returns must equal the recorded one to 1e-6 relative.

    Raises:
        UserError: if no checkpoint is named so, or the data at hand are not those of a record.
    """
    checked = failed = 0
    for record in records.read_all(PUBLISHED):
        experiment = experiments.find(record.experiment)
        name = f"{record.experiment}/{record.path.stem}"
        if not name.startswith(only) or experiment.evaluator is None or record.checkpoint is None:
            continue
        config = experiment.config.build(**record.config)
        for data, expected in record.data.items():
            if digest(data) != expected:
                raise UserError(f"data set {data} here is not the one that {record.path.name} was made from")
        found = experiments.load(experiment.evaluator)(config, record.tensors())
        differing = [a for a, v in found.items() if not _same(v, record.metric(a))]
        checked, failed = checked + 1, failed + bool(differing)
        tell(f"{name}: {'differs in ' + ', '.join(differing) if differing else 'as recorded'}")
    if not checked:
        raise UserError(f"no published checkpoint has a name that starts with '{only}'")
    return failed


def _same(found: object, recorded: object) -> bool:
    if isinstance(found, list | tuple) and isinstance(recorded, list):
        return len(found) == len(recorded) and all(map(_same, found, recorded))
    return (
        isinstance(found, int | float)
        and isinstance(recorded, int | float)
        and isclose(found, recorded, rel_tol=1e-6, abs_tol=1e-9)
    )
