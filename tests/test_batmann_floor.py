"""Cells at the floor: expected by the normal law, counted in records."""

from pathlib import Path
from typing import Any

import pytest
from scipy.stats import norm

from filled import filled
from imc.papers.batmann import floor
from imc.papers.batmann.results import KeysResult, VariationResult
from imc.runs.records import Record
from imc.runs.results import Result


def record(name: str, kind: type[Result], metrics: dict[str, Any]) -> Record:
    config = {"dimension": 8, "ways": 3, "shots": 2}
    return Record(f"batmann/{name}", 1, config, filled(kind, metrics), {}, None, {}, Path("a.json"))


KEYS = record("keys", KeysResult, {"accuracy": [96.0, 94.0]})
CURVE = record(
    "variation",
    VariationResult,
    {
        "accuracy": {"controller": {"900": [95.0, 94.0]}, "memory": {"900": [96.0, 40.0]}},
        "floor": {"conv1": {"900": [1, 0]}, "dense": {"900": [2, 3]}},
        "cells": {"conv1": 10, "dense": 30},
    },
)


@pytest.mark.parametrize("sigma", [300.0, 900.0, 1400.0, 5000.0])
def test_what_is_expected_is_the_normal_laws_tail(sigma: float) -> None:
    assert floor.expected(sigma, 1000) == pytest.approx(1000 * norm.cdf((1 - 1e4) / (2 * sigma)), rel=1e-9)
    assert floor.expected(0.0, 1000) == 0


def test_cells_are_counted_over_layers_and_losses_paired_by_draw() -> None:
    cells = floor.Floor(KEYS, CURVE)
    assert (cells.controller, cells.memory) == (40, 2 * 8 * 6)
    assert cells.counted(900).tolist() == [3, 3]
    assert cells.loss(900, "controller").tolist() == [1.0, 0.0]
    assert cells.hit(900).tolist() == [False, True]
    table, draws = cells.table([900.0]), cells.draws([900.0])
    assert table["draws that lose > 10 %p (%)"].tolist() == [50.0]
    one = norm.cdf((1 - 1e4) / 1800)
    assert table["draws with one or more, expected (%)"].tolist() == [
        pytest.approx(100 * (1 - (1 - one) ** 96), abs=0.006)
    ]
    assert draws["loss, memory alone (%p)"].tolist() == [0.0, 54.0]
    assert draws["cells at the floor in the controller"].tolist() == [3, 3]
