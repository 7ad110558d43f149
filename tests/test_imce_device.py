"""The junction, the spin current and the macrospin of IMCE, against closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.papers.imce import switching
from imc.papers.imce.device import Junction, absorbed, area_nm2, spin_gain
from imc.papers.imce.memory_experiments import DeviceConfig

positive = st.floats(0.01, 100)


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
    config = DeviceConfig.build(effort="smoke", demagnetizing=(0.02, 0.06, 0.92))
    found = switching.measure(config, lambda done, note="": None).metrics
    assert found["saturation"] == pytest.approx(1, abs=1e-6)
    # 3770 nm3 at 850 kA/m, a difference of 0.04, half, over 300 k
    energy = 4e-7 * math.pi * 850e3**2 * (math.pi / 4 * 60 * 40 * 2) * 1e-27
    assert found["stability"] == pytest.approx(energy * 0.02 / (1.380649e-23 * 300))
    assert found["gains"]["rectangle_along"] == pytest.approx(0.3 * 2400 / 300 * (1 - 1 / math.cosh(3 / 1.4)))
    assert area_nm2(60, 40, "rectangle") == 2400
