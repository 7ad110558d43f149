"""Intervals against values worked out elsewhere."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from imc.claims.statistics import Estimate, further_run
from imc.errors import UserError

values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


@given(values)
def test_seed_interval_is_students(sample: list[float]) -> None:
    found = Estimate.of_seeds(sample)
    if found.half_width > 1e-9:
        low, high = stats.t.interval(0.95, len(sample) - 1, loc=found.mean, scale=stats.sem(sample))
        assert math.isclose(found.low, low, rel_tol=1e-6, abs_tol=1e-6)
        assert math.isclose(found.high, high, rel_tol=1e-6, abs_tol=1e-6)


@given(values)
def test_a_further_run_lies_within_the_interval_of_one_more_difference(sample: list[float]) -> None:
    """A normal run minus the mean of n others has variance s² (1 + 1/n)."""
    low, high = further_run(sample)
    n, mean, spread = len(sample), math.fsum(sample) / len(sample), float(np.std(sample, ddof=1))
    half = float(stats.t.ppf(0.975, n - 1)) * spread * math.sqrt(1 + 1 / n)
    if half > 1e-9:
        assert math.isclose(low, mean - half, rel_tol=1e-6, abs_tol=1e-6)
        assert math.isclose(high, mean + half, rel_tol=1e-6, abs_tol=1e-6)


def test_bootstrap_intervals_of_a_sample_worked_out_by_hand() -> None:
    """One run in ten fails: a drawn sample holds no failure with 0.9^10 = 35 %, four or more with 1.3 %."""
    sample = [1.0] * 9 + [0.0]
    found = Estimate.of_seeds(sample, "bootstrap")
    assert (found.low, found.high) == pytest.approx((0.7, 1.0))
    low, high = further_run(sample, "bootstrap")
    assert low < 0.3
    assert 1.0 <= high <= 1.3


@given(st.floats(-1e6, 1e6), st.integers(2, 20), st.sampled_from(["student", "bootstrap"]))
def test_equal_runs_leave_no_interval(value: float, n: int, interval) -> None:
    found = Estimate.of_seeds([value] * n, interval)
    assert found.low == found.mean == found.high == pytest.approx(value)
    assert further_run([value] * n, interval) == (found.mean, found.mean)


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
