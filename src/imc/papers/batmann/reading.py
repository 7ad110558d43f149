"""What several pages read from the records of trainings and of Figure 3's curve."""

from bisect import bisect_right
from typing import Literal

import numpy as np

from imc.crossbar.variation import LAWS
from imc.papers.batmann.results import BySigma, KeysResult, TrainResult, VariationResult
from imc.runs.records import Record

Where = Literal["controller", "memory", "both"]
"""What lies on crossbars."""
HYPOTHESES = {
    "clip-2": "A: {}",
    "clip": "B: {}",
    "gaussian": "C: {}",
    "clip-2-random-endpoint": "A with random endpoints",
}
_TITLES = {law.name: law.title for law in LAWS}
MEANINGS = {name: HYPOTHESES.get(name, "{}").format(_TITLES[name]) for name in {**HYPOTHESES, **_TITLES}}
"""Titles of the meanings of sigma, the three hypotheses on Figure 3 first."""


def still_gained(training: Record) -> float:
    """What learning gains from the eighth tenth of the episodes to the last, %p; NaN where it broke off."""
    curve, last = training.results(TrainResult).curve, training.config["episodes"]
    at, right = np.array(curve.episode), np.array(curve.accuracy, float)
    end, before = right[at > 0.9 * last], right[(at > 0.7 * last) & (at <= 0.8 * last)]
    return float(end.mean() - before.mean()) if len(end) and len(before) else np.nan


def features(training: Record, name: str) -> np.ndarray:
    """One statistic of the features by window of episodes; NaN where there is none."""
    return np.array(getattr(training.results(TrainResult).curve.features, name), float)


def offset(training: Record, episode: int | None = None) -> float:
    """How far the features lie off zero: their mean without its sign, over their standard deviation.

    Of the controller that was kept for the test, or of the one after `episode`.
    """
    found = training.results(TrainResult)
    after = found.best_episode if episode is None else episode
    window = bisect_right(found.curve.episode, after) - 1
    return round(float(abs(features(training, "mean")[window]) / features(training, "deviation")[window]), 2)


def accuracy(variation: Record, sigma: float, where: Where = "both") -> np.ndarray:
    """Accuracy of every draw at one sigma (ohm), percent; `where`: controller, memory or both on arrays."""
    by_sigma: BySigma = getattr(variation.results(VariationResult).accuracy, where)
    return np.array(by_sigma[f"{sigma:g}"])


def loss(keys: Record, variation: Record, sigma: float, where: Where = "both") -> np.ndarray:
    """What every draw loses against the digital network (record `keys`) on the same episode, %p."""
    return np.array(keys.results(KeysResult).accuracy) - accuracy(variation, sigma, where)
