"""Intervals against values worked out elsewhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from imc.claims.statistics import Estimate
from imc.errors import UserError

values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


@given(values)
def test_seed_interval_is_students(sample: list[float]) -> None:
    found = Estimate.of_seeds(sample)
    if found.half_width > 1e-9:
        low, high = stats.t.interval(0.95, len(sample) - 1, loc=found.mean, scale=stats.sem(sample))
        assert math.isclose(found.low, low, rel_tol=1e-6, abs_tol=1e-6)
        assert math.isclose(found.high, high, rel_tol=1e-6, abs_tol=1e-6)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_count_interval_is_wilsons(case: tuple[int, int]) -> None:
    hits, trials = case
    found = Estimate.of_counts(hits, trials)
    expected = stats.binomtest(hits, trials).proportion_ci(method="wilson")
    assert math.isclose(found.low, expected.low, rel_tol=1e-6, abs_tol=1e-9)
    assert math.isclose(found.high, expected.high, rel_tol=1e-6, abs_tol=1e-9)
    assert 0 <= found.low <= found.mean <= found.high <= 1


def test_a_share_may_be_in_percent() -> None:
    share, percent = Estimate.of_counts(3, 8), Estimate.of_counts(3, 8, 100)
    assert percent == Estimate(37.5, 100 * share.low, 100 * share.high, 8)


def test_one_seed_tells_nothing_of_the_spread() -> None:
    assert Estimate.of_seeds([3.0]).half_width == math.inf


def test_bad_samples() -> None:
    with pytest.raises(UserError, match="one value at least"):
        Estimate.of_seeds([])
    with pytest.raises(UserError, match="5 hits in 4 trials"):
        Estimate.of_counts(5, 4)
