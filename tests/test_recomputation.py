"""Published records that cost seconds are computed again: changed numbers want another version."""

import math
from typing import Any

import pytest

from imc import datasets, runs
from imc.errors import UserError
from imc.runs import experiments, records
from imc.runs.config import Config
from imc.runs.experiments import Experiment

SECONDS = 2.0


def quick() -> list[tuple[Experiment, Config]]:
    """The published runs that took less than `SECONDS`."""
    found = []
    for experiment, config in runs.published():
        record = runs.find(experiment.name, **config.flat())
        if record is not None and record.log().get("wall_seconds", math.inf) < SECONDS:
            found.append((experiment, config))
    return found


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Addresses at which two nested metrics are not the same to 1e-9."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return [f"{where}: {sorted(one.keys() ^ other.keys())}"]
        return [d for name in one for d in differences(one[name], other[name], f"{where}.{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            d
            for i, pair in enumerate(zip(one, other, strict=True))
            for d in differences(*pair, f"{where}.{i}")
        ]
    if isinstance(one, float) and isinstance(other, int | float):
        return (
            [] if math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) else [f"{where}: {one} was {other}"]
        )
    return [] if one == other else [f"{where}: {one!r} was {other!r}"]


@pytest.mark.parametrize(
    ("experiment", "config"), [pytest.param(e, c, id=f"{e.name}-{c.slug()}") for e, c in quick()]
)
def test_a_quick_record_comes_out_again(experiment: Experiment, config: Config) -> None:
    record = runs.find(experiment.name, **config.flat())
    assert record is not None
    for name, digest in record.data.items():
        try:
            here = datasets.digest(name)
        except UserError as error:
            pytest.skip(str(error))
        assert here == digest
    outcome = experiment.run(config, lambda done, note="": None)
    again = records.plain(outcome.metrics)
    assert not differences(again, record.metrics)


def test_there_are_quick_records() -> None:
    assert len(quick()) > 10
    assert "crossbar/identities" in experiments.every()
