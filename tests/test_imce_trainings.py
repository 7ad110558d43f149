"""Trainings of the accuracy table as its page gathers them: some may be missing."""

from pathlib import Path
from typing import Any

import pytest

from filled import filled
from imc.papers.imce.results import BitWidthResult
from imc.papers.imce.trainings import ROWS, collect, difference
from imc.runs.records import Record

ERRORS = {0: 10.0, 1: 12.0, 2: 11.0}


def record(error: float, curve: list[float]) -> Record:
    metrics = filled(BitWidthResult, {"error": error, "curve": {"test_error": curve}})
    return Record("imce/bit-width", 1, {}, metrics, {}, None, {}, Path("made"))


def finder(errors: dict[int, float]) -> Any:
    def find(experiment: str, *, seed: int, **config: Any) -> Record | None:
        assert experiment == "imce/bit-width"
        assert config == {"weight_bits": 1}
        return record(errors[seed], [50.0, 20.0, errors[seed]]) if seed in errors else None

    return find


def test_what_is_there_and_what_is_missing() -> None:
    trained = collect(finder({0: 10.0, 2: 11.0}), 3, weight_bits=1)
    assert (list(trained.records), trained.errors, trained.complete) == ([0, 2], [10.0, 11.0], False)
    assert trained.error
    assert (trained.error.mean, trained.error.n) == (10.5, 2)
    assert collect(finder(ERRORS), 3, weight_bits=1).complete


def test_nothing_is_there() -> None:
    nothing, all_three = (collect(finder(e), 3, weight_bits=1) for e in ({}, ERRORS))
    assert (nothing.error, nothing.gained(1), nothing.complete) == (None, None, False)
    assert difference(nothing, all_three) is None


def test_differences_are_of_the_same_seed() -> None:
    one = collect(finder(ERRORS), 3, weight_bits=1)
    other = collect(finder({1: 11.5, 2: 10.0, 7: 0.0}), 8, weight_bits=1)
    found = difference(one, other)
    assert found
    assert (found.mean, found.n) == (0.75, 2)


@pytest.mark.parametrize(("epochs", "fell"), [(1, 9.0), (2, 39.0)])
def test_what_the_last_epochs_gained(epochs: int, fell: float) -> None:
    gained = collect(finder(ERRORS), 3, weight_bits=1).gained(epochs)
    assert gained
    assert gained.mean == pytest.approx(fell)


def test_the_rows_are_those_of_the_claims() -> None:
    assert list(ROWS) == ["w32i32", "w1i1", "w1i2", "w1i3", "w1i4", "w2i2"]
    assert all(row == f"w{w}i{i}" for row, (w, i) in ROWS.items())
