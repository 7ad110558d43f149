"""Sensing of IMCE: closed forms, truth tables, the simulation against loops and integrals."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from imc.errors import UserError
from imc.papers.imce import montecarlo, sensitivity, tails
from imc.papers.imce.device import Junction
from imc.papers.imce.gates import GATES, Gate, reference, states, wrong_rows
from imc.papers.imce.laws import Law
from imc.papers.imce.memory_experiments import CellConfig, SensingConfig, SensitivityConfig

junctions = st.builds(
    Junction,
    ra_ohm_um2=st.floats(1, 1000),
    tmr=st.floats(0.1, 20),
    length_nm=st.floats(10, 500),
    width_nm=st.floats(10, 500),
    series_ohm=st.floats(0, 1e5),
)
gates = st.sampled_from(GATES)


def quiet(done: float, note: str = "") -> None:
    """No progress."""


# ---- Gates --------------------------------------------------------------------------------------------


@given(junction=junctions, gate=gates, midpoint=st.sampled_from(["resistance", "conductance"]))
def test_truth_tables_of_cells_as_designed(junction, gate, midpoint):
    joint, ref = states(junction, gate.fan_in), reference(junction, gate, midpoint)
    for bits, answer in gate.truth_table():
        plain = {"and": all(bits), "or": any(bits), "read": bits[0] == 1}[gate.operation]
        parallel = 1 / sum(
            1 / ((junction.r_ap if bit else junction.r_p) + junction.series_ohm) for bit in bits
        )
        assert joint[sum(bits)] == pytest.approx(parallel)
        assert answer == plain == (parallel > ref)
    assert wrong_rows(junction, gate, midpoint) == 0


def test_references_at_the_printed_midpoints():
    junction = Junction(ra_ohm_um2=1.0, tmr=1.0, length_nm=100, width_nm=100)
    p, ap = junction.r_p, junction.r_ap
    both = p * ap / (p + ap)
    assert reference(junction, Gate("and", 2)) == pytest.approx((both + ap / 2) / 2)
    assert reference(junction, Gate("or", 2)) == pytest.approx((p / 2 + both) / 2)
    assert reference(junction, Gate("read", 1)) == pytest.approx((p + ap) / 2)


def test_a_wrong_reference_is_noticed():
    junction = Junction(ra_ohm_um2=1.0, tmr=1.0, length_nm=100, width_nm=100)
    joint = states(junction, 2)
    assert int(joint[1] > reference(junction, Gate("or", 2))) == 1
    assert int(joint[1] > reference(junction, Gate("and", 2))) == 0


@pytest.mark.parametrize(("operation", "fan_in"), [("read", 2), ("and", 1), ("or", 0)])
def test_gates_that_are_none(operation, fan_in):
    with pytest.raises(UserError, match="a read takes 1"):
        Gate(operation, fan_in)


# ---- Monte-Carlo --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"draws": "group"},
        {"law": "lognormal", "series_ohm": 700.0, "offset_percent": 5.0, "midpoint": "conductance"},
    ],
)
def test_simulation_is_a_loop_over_cells(values):
    """Every answer of the vectorized simulation, from the same draws, cell by cell in plain Python."""
    wide = {"sigma_ra_percent": 12.0, "sigma_tmr_percent": 18.0, "trials": 60, "effort": "smoke"}
    config = SensingConfig.build(**wide, **values)
    groups, junction = montecarlo.draw(config, 5), config.cell.junction
    seen = 0
    for gate in GATES:
        ref = reference(junction, gate, config.cell.midpoint)
        by_state = montecarlo.wrong_states(groups, gate, ref)
        anywhere = montecarlo.wrong_anywhere(groups, gate, ref)
        for trial in range(config.trials):
            wrong = {}
            for bits, answer in gate.truth_table():
                conductance = 0.0
                for cell, bit in enumerate(bits):
                    ra = config.cell.ra_ohm_um2 * float(groups.ra[trial, cell])
                    tmr = config.cell.tmr_percent / 100 * float(groups.tmr[trial, cell])
                    resistance = ra / junction.area_um2 * (1 + tmr * bit) + config.cell.series_ohm
                    conductance += 1 / resistance
                wrong[bits] = (1 / conductance + float(groups.offset[trial, 0]) > ref) != bool(answer)
            for ones in range(gate.fan_in + 1):
                first = (1,) * ones + (0,) * (gate.fan_in - ones)
                assert bool(by_state[trial, ones]) == wrong[first]
            assert bool(anywhere[trial]) == any(wrong.values())
            seen += sum(wrong.values())
    assert seen > 0


def test_simulation_against_integrals():
    """Counts of every gate and state against the exact probabilities: none beyond 4.5 deviations."""
    trials = 200_000
    config = SensingConfig.build(
        trials=trials,
        seeds=1,
        sigma_ra_percent=8,
        sigma_tmr_percent=12,
        offset_percent=3,
        series_ohm=500,
        seed=11,
    )
    groups, checked = montecarlo.draw(config, config.seed), 0
    for gate in GATES:
        ref = reference(config.cell.junction, gate)
        hits = montecarlo.wrong_states(groups, gate, ref).sum(0)
        for count, p in zip(hits, tails.errors(config.cell, gate, ref), strict=True):
            if trials * p < 5:
                assert count < 30
                continue
            assert abs(count - trials * p) < 4.5 * math.sqrt(trials * p * (1 - p))
            checked += 1
    assert checked >= 8


def test_samples_have_the_sigmas_and_all_cells_are_independent():
    groups = montecarlo.draw(SensingConfig.build(trials=50_000), 1)
    assert groups.ra.std() == pytest.approx(0.05, rel=0.01)
    assert groups.tmr.std() == pytest.approx(0.10, rel=0.01)
    table = np.corrcoef(np.hstack([groups.ra, groups.tmr]).T)
    assert np.abs(table - np.eye(8)).max() < 0.02
    alike = montecarlo.draw(SensingConfig.build(trials=100, draws="group"), 1)
    assert np.array_equal(alike.ra[:, 0], alike.ra[:, 3])


def test_100000_trials_in_under_a_second():
    config = SensingConfig.build(seeds=1)
    assert config.trials == 100_000
    best = math.inf
    for _ in range(3):
        begin = time.process_time()
        groups = montecarlo.draw(config, 0)
        for gate in GATES:
            ref = reference(config.cell.junction, gate)
            montecarlo.wrong_states(groups, gate, ref)
            montecarlo.wrong_anywhere(groups, gate, ref)
        best = min(best, time.process_time() - begin)
    assert best < 1


def test_record_of_the_simulation():
    outcome = montecarlo.measure(SensingConfig.build(effort="smoke", sigma_ra_percent=10), quiet)
    found = outcome.metrics
    assert found["trials"] == 2000
    for gate in GATES:
        of = found[gate.name]
        assert len(of["failures"]) == 2
        assert of["wrong_rows"] == 0
        assert max(of["hits"]) == pytest.approx(sum(of["failures"]) / 100 * 2000)
        assert all(any_ >= worst - 1e-9 for any_, worst in zip(of["groups"], of["failures"], strict=True))
        counts = outcome.tensors[f"counts.{gate.fan_in}"]
        assert counts.shape == (gate.fan_in + 1, montecarlo.BINS)
        assert (counts.sum(1) >= 3990).all()
    alike = montecarlo.measure(SensingConfig.build(effort="smoke", draws="group"), quiet).metrics
    assert alike["read"].keys() == found["read"].keys() - {"exact"}


# ---- Exact probabilities ------------------------------------------------------------------------------


@given(sigma=st.floats(0.01, 0.15), x=st.floats(0.3, 3), name=st.sampled_from(["normal", "lognormal"]))
def test_laws_have_mean_1_and_their_sigma(sigma, x, name):
    law = Law(sigma, name)
    z = np.linspace(-9, 9, 2001)
    weights = np.exp(-(z**2) / 2)
    weights /= weights.sum()
    assert law.at(z) @ weights == pytest.approx(1, rel=1e-9)
    assert (law.at(z) - 1) ** 2 @ weights == pytest.approx(sigma**2, rel=1e-6)
    at = np.array([x])
    assert law.below(at) + law.above(at) == pytest.approx(1)
    if name == "normal":
        below, density = stats.norm.cdf(x, 1, sigma), stats.norm.pdf(x, 1, sigma)
    else:
        shape = {"s": math.sqrt(math.log1p(sigma**2)), "scale": 1 / math.sqrt(1 + sigma**2)}
        below, density = stats.lognorm.cdf(x, **shape), stats.lognorm.pdf(x, **shape)
    assert law.below(at) == pytest.approx(below, rel=1e-7, abs=1e-300)
    assert law.density(at) == pytest.approx(density, rel=1e-7, abs=1e-300)


def test_errors_of_a_read_in_closed_form():
    config = CellConfig.build(sigma_ra_percent=7, sigma_tmr_percent=15, series_ohm=900)
    junction = config.junction
    ref = reference(junction, Gate("read", 1))
    zero = stats.norm.sf((ref - junction.series_ohm) / junction.r_p, 1, 0.07)

    def given_tmr(z: float) -> float:
        nominal = junction.r_p * (1 + junction.tmr * (1 + 0.15 * z))
        return float(stats.norm.pdf(z) * stats.norm.cdf((ref - junction.series_ohm) / nominal, 1, 0.07))

    one = quad(given_tmr, -6, 8, points=[-4, -2, 0], epsabs=0)[0]
    assert tails.errors(config, Gate("read", 1), ref) == pytest.approx([zero, one], rel=1e-6)


def test_errors_of_two_cells_against_a_double_integral():
    config = CellConfig.build(sigma_ra_percent=6, sigma_tmr_percent=0.1)
    ref = reference(config.junction, Gate("or", 2)) / config.junction.r_p

    def given_first(x: float) -> float:
        rest = 1 / ref - 1 / x  # the conductance that the second P cell must stay below
        return float(stats.norm.pdf(x, 1, 0.06) * (stats.norm.sf(1 / rest, 1, 0.06) if rest > 0 else 0.0))

    both_p = quad(given_first, 0.6, 1.6, points=[1.0, 1.2], epsabs=0, limit=200)[0]
    assert tails.errors(config, Gate("or", 2), ref * config.junction.r_p)[0] == pytest.approx(
        both_p, rel=1e-5
    )


@settings(max_examples=8)
@given(ra=st.floats(0.5, 100), length=st.floats(20, 200), gate=st.sampled_from(GATES[:5]))
def test_ra_and_area_drop_out(ra, length, gate):
    plain, other = CellConfig.build(), CellConfig.build(ra_ohm_um2=ra, length_nm=length)
    one, two = (tails.errors(c, gate, reference(c.junction, gate)) for c in (plain, other))
    assert two == pytest.approx(one, rel=1e-6, abs=1e-250)


def test_a_tiny_offset_changes_little_and_a_large_one_everything():
    gate = Gate("or", 2)
    config = CellConfig.build()
    ref = reference(config.junction, gate)
    none, tiny, large = (
        tails.errors(config.model_copy(update={"offset_percent": o}), gate, ref)[1] for o in (0.0, 0.1, 20.0)
    )
    assert tiny == pytest.approx(none, rel=0.05)
    assert large > 100 * none


def test_sensitivity_finds_what_it_says():
    config = SensitivityConfig.build(effort="smoke")
    found = sensitivity.measure(config, quiet).metrics
    for gate in GATES[:5]:
        limits = found["limits"][gate.name]
        assert sensitivity.failure(sensitivity.scaled(config.cell, limits["scale"]), gate) == pytest.approx(
            1e-3, rel=0.02
        )
        assert found["shift"][gate.name][1] == pytest.approx(found["now"][gate.name])  # 0.5: the midpoint
        assert found["best"][gate.name]["failure"] < min(found["shift"][gate.name])
        assert found["tmr"][gate.name][1] == pytest.approx(found["now"][gate.name])
        assert found["offset"][gate.name] == sorted(found["offset"][gate.name])
    for two, three in ((Gate("and", 2), Gate("and", 3)), (Gate("or", 2), Gate("or", 3))):
        safe = sensitivity.scaled(config.cell, found["limits"][three.name]["scale_as_two"])
        same = 100 * sensitivity.failure(safe, three)
        assert same == pytest.approx(found["now"][two.name], rel=0.02)
