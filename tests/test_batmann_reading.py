"""What pages read from the records of trainings and of the variation curve."""

import math
from pathlib import Path

import pytest

from filled import filled
from imc.crossbar import variation
from imc.papers.batmann import reading
from imc.papers.batmann.results import KeysResult, TrainResult, VariationResult
from imc.papers.batmann.rows import PLAIN
from imc.runs.records import Record
from imc.runs.results import Result


def record(metrics, kind: type[Result] = TrainResult, **config):
    name = {TrainResult: "train", KeysResult: "keys", VariationResult: "variation"}[kind]
    return Record(f"batmann/{name}", 1, config, filled(kind, metrics), {}, None, {}, Path("a.json"))


def curve(accuracy, **features):
    return {
        "curve": {"episode": list(range(1, len(accuracy) + 1)), "accuracy": accuracy, "features": features}
    }


def test_what_is_still_gained_is_the_last_tenth_minus_the_eighth():
    learned = [10.0] * 14 + [60.0, 62.0] + [99.0, 1.0] + [70.0, 74.0]
    assert reading.still_gained(record(curve(learned), episodes=20)) == 72.0 - 61.0


def test_a_training_that_broke_off_has_no_gain():
    assert math.isnan(reading.still_gained(record(curve([10.0, 20.0, 30.0]), episodes=20)))


@pytest.mark.parametrize(("kept", "offset"), [(1, 9.0), (2, 1.5), (4, 1.5)])
def test_the_offset_is_that_of_the_controller_that_was_kept(kept, offset):
    training = record(curve([1.0, 2.0], mean=[9.0, -3.0], deviation=[1.0, 2.0]) | {"best_episode": kept})
    assert reading.offset(training) == offset
    assert reading.offset(training, episode=2) == 1.5


def test_a_statistic_that_was_not_finite_is_missing():
    values = reading.features(record(curve([1.0, 2.0], mean=[0.5, None])), "mean")
    assert values[0] == 0.5
    assert math.isnan(values[1])


def test_a_loss_is_paired_by_draw():
    keys = record({"accuracy": [96.0, 94.0]}, KeysResult)
    at = {"both": {"600": [95.0, 94.5]}, "memory": {"600": [96.0, 90.0]}}
    found = record({"accuracy": at}, VariationResult)
    assert reading.loss(keys, found, 600).tolist() == [1.0, -0.5]
    assert reading.loss(keys, found, 600, "memory").tolist() == [0.0, 4.0]


def test_every_title_is_of_a_meaning():
    assert set(reading.MEANINGS) <= set(variation.MEANINGS)


@pytest.mark.parametrize("row", ["batmann_x", "batmann_r"])
def test_a_title_in_figures_has_no_markup(row):
    assert "<" not in PLAIN[row]
