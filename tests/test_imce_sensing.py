"""Devices and sensing of IMCE: closed forms, truth tables, the simulation against loops and integrals."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from imc.errors import UserError
from imc.imce import montecarlo, sensitivity, switching, tails
from imc.imce.device import Junction, absorbed, area_nm2, spin_gain
from imc.imce.gates import GATES, Gate, reference, states, wrong_rows
from imc.imce.laws import Law
from imc.imce.memory_experiments import DeviceConfig, SensingConfig, SensitivityConfig

positive = st.floats(0.01, 100)
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


# ---- The device ---------------------------------------------------------------------------------------


def test_resistance_from_ra_and_tmr():
    junction = Junction(ra_ohm_um2=10.0, tmr=1.5, length_nm=200, width_nm=100)
    assert junction.area_um2 == pytest.approx(math.pi * 0.1 * 0.05)
    assert junction.r_p == pytest.approx(10 / (math.pi * 0.005))
    assert junction.r_ap == pytest.approx(2.5 * junction.r_p)


@given(x=st.floats(1e-6, 50))
def test_absorbed_is_one_minus_sech(x: float):
    direct = 1 - 1 / math.cosh(x)
    assert absorbed(2 * x, 2.0) == pytest.approx(direct, rel=1e-9, abs=1e-15)


def test_absorbed_when_thin_and_when_thick():
    assert absorbed(1e-9, 1.0) == pytest.approx(0.5e-18)  # x^2 / 2, where 1 - sech gives 0
    assert absorbed(1e4, 1.0) == 1.0  # where cosh overflows


@given(area=positive, section=positive, angle=st.floats(0.01, 1), thickness=positive, length=positive)
def test_spin_gain_is_proportional_to_the_areas(area, section, angle, thickness, length):
    one = spin_gain(angle, area, section, thickness, length)
    assert spin_gain(angle, 2 * area, section, thickness, length) == pytest.approx(2 * one)
    assert spin_gain(angle, area, 2 * section, thickness, length) == pytest.approx(one / 2)
    assert 0 <= one <= angle * area / section


def test_threshold_current_against_the_linearized_equation():
    """At the threshold a small deflection neither grows nor dies: an eigenvalue without a real part."""
    config = DeviceConfig.build()
    critical = switching.threshold_ua(config)

    def growth(current: float) -> float:
        torque = np.array([current / critical * _critical_field(config)] * 2)
        # deflections along y and z, differentiated numerically around -x
        small = 1e-6
        y = switching.rate(
            (np.array([-1.0, -1.0]), np.array([small, 0]), np.array([0, small])), torque, config
        )
        still = switching.rate((np.full(2, -1.0), np.zeros(2), np.zeros(2)), torque, config)
        matrix = np.array([[y[i + 1][j] - still[i + 1][j] for j in (0, 1)] for i in (0, 1)]) / small
        return float(np.linalg.eigvals(matrix).real.max())

    scale = switching.GAMMA0 * 1e3 * config.ms_ka_m * config.damping
    assert growth(0.98 * critical) < 0 < growth(1.02 * critical)
    assert abs(growth(critical)) < 1e-3 * scale


def _critical_field(config: DeviceConfig) -> float:
    easy, hard, out = config.demagnetizing
    return config.damping * 1e3 * config.ms_ka_m * ((hard - easy) + (out - easy)) / 2


def test_the_field_of_the_threshold_current():
    config = DeviceConfig.build(damping=0.02, ms_ka_m=700.0)
    field = switching.torque_field(config) * switching.threshold_ua(config)
    assert field == pytest.approx(_critical_field(config))
    # 1 uA as spins: hbar/2e of angular momentum a second into the moment Ms V
    moment = 700e3 * math.pi / 4 * 60 * 40 * 2 * 1e-27
    rate = 1.054571817e-34 / (2 * 1.602176634e-19) * 1e-6 * switching.gain(config)
    assert switching.torque_field(config) == pytest.approx(rate / (moment * 4e-7 * math.pi))


def test_without_current_nothing_turns_and_length_is_kept():
    config = DeviceConfig.build(longest_ns=0.2)
    assert np.isinf(switching.crossing_times(config, np.array([0.0]), 20, 0)).all()


def test_more_current_turns_sooner_and_seeds_repeat():
    config = DeviceConfig.build(longest_ns=1.0)
    times = switching.crossing_times(config, np.array([80.0, 160.0]), 40, seed=3)
    assert np.median(times[1]) < np.median(times[0])
    assert np.array_equal(times, switching.crossing_times(config, np.array([80.0, 160.0]), 40, seed=3))


def test_device_metrics():
    found = switching.measure(
        DeviceConfig.build(effort="smoke", demagnetizing=(0.02, 0.06, 0.92)), quiet
    ).metrics
    assert found["saturation"] == pytest.approx(1, abs=1e-6)
    # 3770 nm3 at 850 kA/m, a difference of 0.04, half, over 300 k
    energy = 4e-7 * math.pi * 850e3**2 * (math.pi / 4 * 60 * 40 * 2) * 1e-27
    assert found["stability"] == pytest.approx(energy * 0.02 / (1.380649e-23 * 300))
    assert found["gains"]["rectangle_along"] == pytest.approx(0.3 * 2400 / 300 * (1 - 1 / math.cosh(3 / 1.4)))
    assert area_nm2(60, 40, "rectangle") == 2400


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
    groups, junction = montecarlo.draw(config, 5), config.junction
    seen = 0
    for gate in GATES:
        ref = reference(junction, gate, config.midpoint)
        by_state = montecarlo.wrong_states(groups, gate, ref)
        anywhere = montecarlo.wrong_anywhere(groups, gate, ref)
        for trial in range(config.trials):
            wrong = {}
            for bits, answer in gate.truth_table():
                conductance = 0.0
                for cell, bit in enumerate(bits):
                    ra = config.ra_ohm_um2 * float(groups.ra[trial, cell])
                    tmr = config.tmr_percent / 100 * float(groups.tmr[trial, cell])
                    resistance = ra / junction.area_um2 * (1 + tmr * bit) + config.series_ohm
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
        ref = reference(config.junction, gate)
        hits = montecarlo.wrong_states(groups, gate, ref).sum(0)
        for count, p in zip(hits, tails.errors(config, gate, ref), strict=True):
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
            ref = reference(config.junction, gate)
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
    config = SensingConfig.build(sigma_ra_percent=7, sigma_tmr_percent=15, series_ohm=900)
    junction = config.junction
    ref = reference(junction, Gate("read", 1))
    zero = stats.norm.sf((ref - junction.series_ohm) / junction.r_p, 1, 0.07)

    def given_tmr(z: float) -> float:
        nominal = junction.r_p * (1 + junction.tmr * (1 + 0.15 * z))
        return float(stats.norm.pdf(z) * stats.norm.cdf((ref - junction.series_ohm) / nominal, 1, 0.07))

    one = quad(given_tmr, -6, 8, points=[-4, -2, 0], epsabs=0)[0]
    assert tails.errors(config, Gate("read", 1), ref) == pytest.approx([zero, one], rel=1e-6)


def test_errors_of_two_cells_against_a_double_integral():
    config = SensingConfig.build(sigma_ra_percent=6, sigma_tmr_percent=0.1)
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
    plain, other = SensingConfig.build(), SensingConfig.build(ra_ohm_um2=ra, length_nm=length)
    one, two = (tails.errors(c, gate, reference(c.junction, gate)) for c in (plain, other))
    assert two == pytest.approx(one, rel=1e-6, abs=1e-250)


def test_a_tiny_offset_changes_little_and_a_large_one_everything():
    gate = Gate("or", 2)
    config = SensingConfig.build()
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
        assert sensitivity.failure(sensitivity.scaled(config, limits["scale"]), gate) == pytest.approx(
            1e-3, rel=0.02
        )
        assert found["shift"][gate.name][1] == pytest.approx(found["now"][gate.name])  # 0.5: the midpoint
        assert found["best"][gate.name]["failure"] < min(found["shift"][gate.name])
        assert found["tmr"][gate.name][1] == pytest.approx(found["now"][gate.name])
        assert found["offset"][gate.name] == sorted(found["offset"][gate.name])
    for two, three in ((Gate("and", 2), Gate("and", 3)), (Gate("or", 2), Gate("or", 3))):
        safe = sensitivity.scaled(config, found["limits"][three.name]["scale_as_two"])
        same = 100 * sensitivity.failure(safe, three)
        assert same == pytest.approx(found["now"][two.name], rel=0.02)
