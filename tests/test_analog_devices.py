"""Devices and arrays: response functions, spreads, symmetry points, leaks, resets; closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imc.analog import (
    RPU_BASELINE,
    AnalogSGD,
    Capacitor,
    ConstantStep,
    Exponential,
    Ideal,
    OneSided,
    Periphery,
    Power,
    Reference,
    SoftBounds,
    alternate,
)
from imc.errors import UserError

SHAPE = (40, 50)
KINDS = [
    ConstantStep(states=100),
    SoftBounds(states=100, asymmetry=0.3),
    Power(states=100, asymmetry=0.3, exponent=2.5),
    Exponential(states=100, asymmetry=-0.3, rate=2.0),
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def full(value: float) -> torch.Tensor:
    return torch.full(SHAPE, float(value))


@pytest.mark.parametrize("device", KINDS, ids=lambda d: type(d).__name__)
@given(st.floats(-1, 1))
def test_f_and_g_are_halves_of_the_responses_and_q_is_one_at_zero(device, w):
    assert device.symmetric(w) - device.antisymmetric(w) == pytest.approx(device.up(w))
    assert device.symmetric(w) + device.antisymmetric(w) == pytest.approx(device.down(w))
    assert device.up(0.0) == pytest.approx(1 + device.asymmetry)
    assert device.down(0.0) == pytest.approx(1 - device.asymmetry)
    assert device.up(1.0) == pytest.approx(0, abs=1e-12) or isinstance(device, ConstantStep)


def test_the_exponential_law_falls_to_soft_bounds():
    w = np.linspace(-1, 1, 9)
    almost = [Exponential(states=100, rate=1e-6).up(u) for u in w]
    np.testing.assert_allclose(almost, [SoftBounds(states=100).up(u) for u in w], atol=1e-5)


def test_the_step_is_two_tau_over_states():
    assert SoftBounds(states=1200, bound=0.6).dw_min == pytest.approx(0.001)


@pytest.mark.parametrize("a", [-0.9, -0.1, 0.0, 0.2, 0.7])
def test_symmetry_points_in_closed_form(a):
    assert SoftBounds(states=9, bound=2.0, asymmetry=a).symmetry_point() == pytest.approx(2 * a, abs=1e-9)
    s = ((1 - a) / (1 + a)) ** (1 / 3)
    assert Power(states=9, asymmetry=a, exponent=3).symmetry_point() == pytest.approx(
        (1 - s) / (1 + s), abs=1e-9
    )
    device = Exponential(states=9, asymmetry=a)
    assert device.antisymmetric(device.symmetry_point()) == pytest.approx(0, abs=1e-9)


def test_a_constant_step_has_a_symmetry_point_only_where_it_is_symmetric():
    assert ConstantStep(states=10).symmetry_point() == 0
    with pytest.raises(UserError, match="no symmetry point"):
        ConstantStep(states=10, asymmetry=0.1).symmetry_point()
    with pytest.raises(UserError, match="no symmetry point"):
        RPU_BASELINE.array(SHAPE, generator()).symmetry_point()


def test_up_and_down_steps_of_every_cell_are_equal_at_its_symmetry_point():
    device = SoftBounds(states=50, step_spread=0.3, bound_spread=0.3, asymmetry_spread=0.2)
    array = device.array(SHAPE, generator())
    w = array.symmetry_point()
    rise, fall = array.up * (1 - w / array.high), array.down * (1 + w / array.low)
    torch.testing.assert_close(rise, fall, rtol=1e-4, atol=1e-7)
    assert w.std() > 0.05


@pytest.mark.parametrize("states", [2, 7, 400])
def test_pulses_one_way_climb_a_soft_bound_geometrically(states):
    """tau - w shrinks by 1 - dw/tau a pulse; exact where pulses are applied one by one."""
    device = SoftBounds(states=states, bound=0.5)
    array = device.array(SHAPE, generator())
    array.pulse(None, full(12), full(0), generator())
    expected = 0.5 - 0.5 * (1 - device.dw_min / 0.5) ** 12
    assert array.group == max(1, 0.05 * states)
    torch.testing.assert_close(array.weight, full(expected), rtol=0.06 if states > 40 else 1e-5, atol=1e-6)


@pytest.mark.parametrize("device", KINDS, ids=lambda d: type(d).__name__)
def test_one_pulse_is_the_response(device):
    for w in (-0.7, 0.0, 0.4):
        array = device.array(SHAPE, generator())
        array.program(full(w))
        array.pulse(torch.tensor([3]), torch.ones(1), torch.zeros(1), generator())
        array.pulse(torch.tensor([7]), torch.zeros(1), torch.ones(1), generator())
        found = array.weight.flatten()
        assert found[3] == pytest.approx(w + device.dw_min * device.up(w), abs=1e-6)
        assert found[7] == pytest.approx(w - device.dw_min * device.down(w), abs=1e-6)
        assert (found == found[0]).sum() == found.numel() - 2


def test_the_cycle_to_cycle_spread_of_n_pulses_adds_up():
    """Variance n dw^2 c^2, whatever the directions."""
    array = ConstantStep(states=1000, cycle_spread=0.3).array((200, 200), generator())
    many = torch.full((200, 200), 5.0)
    array.pulse(None, many, 2 * many, generator())
    assert array.weight.mean() == pytest.approx(-5 * 0.002, rel=0.01)
    assert array.weight.var() == pytest.approx(15 * 0.002**2 * 0.09, rel=0.05)


def test_cells_without_pulses_keep_their_weights_to_the_last_bit():
    array = SoftBounds(states=50, cycle_spread=0.5).array((60, 70), generator())
    before = torch.rand(60, 70, generator=generator(1)) - 0.5
    array.program(before)
    up = (torch.rand(60, 70, generator=generator(2)) < 0.3).float()
    array.pulse(None, up, torch.zeros_like(up), generator())
    assert torch.equal(array.weight != before, up > 0)
    mean = up * 0.04 * (1 - before)
    noise = ((array.weight - before - mean) / mean)[up > 0]
    assert noise.mean() == pytest.approx(0, abs=0.06)
    assert noise.std() == pytest.approx(0.5, rel=0.1)


def test_device_to_device_spreads_are_those_asked_for():
    device = ConstantStep(
        states=1000, step_spread=0.3, bound=0.6, bound_spread=0.2, asymmetry=0.1, asymmetry_spread=0.02
    )
    array = device.array((200, 200), generator())
    step, a = (array.up + array.down) / 2, (array.up - array.down) / (array.up + array.down)
    assert step.mean() == pytest.approx(device.dw_min, rel=0.01)
    assert step.std() == pytest.approx(0.3 * device.dw_min, rel=0.03)
    assert a.mean() == pytest.approx(0.1, rel=0.01)
    assert a.std() == pytest.approx(0.02, rel=0.03)
    for bound in (array.high, array.low):
        assert bound.std() == pytest.approx(0.12, rel=0.03)
        assert bound.min() >= 0.006 - 1e-9
    assert abs(torch.corrcoef(torch.stack((array.high.flatten(), array.low.flatten())))[0, 1]) < 0.03


@given(st.integers(0, 2**20))
def test_weights_never_leave_the_bounds_of_their_cells(seed):
    device = SoftBounds(states=6, bound_spread=0.3, step_spread=0.3, cycle_spread=2.0, asymmetry_spread=0.3)
    g = generator(seed)
    array = device.array((5, 6), g)
    for _ in range(4):
        up, down = torch.randint(9, (2, 30), generator=g).float()
        array.pulse(None, up, down, g)
        assert (array.weight <= array.high).all()
        assert (array.weight >= -array.low).all()


def test_pulses_are_counted():
    array = SoftBounds(states=100).array(SHAPE, generator())
    array.pulse(torch.tensor([0, 5]), torch.tensor([2.0, 3.0]), torch.tensor([0.0, 4.0]), generator())
    assert array.pulses == (5, 4)


def test_alternating_pulses_find_the_symmetry_point_geometrically():
    """Zero-shifting: the distance shrinks by 1 - dw (up + down)/tau a pair, to a floor of about dw."""
    device = SoftBounds(states=400, asymmetry=0.3)
    array = device.array(SHAPE, generator())
    array.program(full(-0.8))
    dw, pairs = device.dw_min, 100
    alternate(array, pairs, generator())
    rate = (1 - dw * 1.3) * (1 - dw * 0.7)
    floor = dw  # where an up and a down pulse undo each other
    assert array.weight[0, 0] == pytest.approx(0.3 - 1.1 * rate**pairs, abs=floor)
    alternate(array, 1000, generator())
    torch.testing.assert_close(array.weight, full(0.3), rtol=0, atol=floor)
    assert array.pulses == (1100 * 2000, 1100 * 2000)


def test_references_are_where_they_should_be():
    device = SoftBounds(states=200, asymmetry=0.2, bound=0.5)
    for reference, at in (
        (Reference(), 0.0),
        (Reference("symmetry"), 0.1),
        (Reference("pulsed", pairs=800), 0.1),
        (Reference("symmetry", offset=0.25), 0.35),
    ):
        array = device.array(SHAPE, generator())
        stored = reference.place(array, generator())
        torch.testing.assert_close(stored, full(at), rtol=0, atol=device.dw_min)
    array = device.array(SHAPE, generator())
    stored = Reference("symmetry", error=0.1).place(array, generator())
    torch.testing.assert_close(array.weight, full(0.1), rtol=0, atol=1e-6)
    assert (stored - 0.1).std() == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_a_capacitor_leaks_exponentially_towards_its_resting_point(chunk):
    array = Capacitor(states=100, tau=5e5, rest=0.25).array(SHAPE, generator())
    array.program(full(1.0))
    for _ in range(70_000 // chunk):
        array.wait(chunk)
    expected = 0.25 + 0.75 * math.exp(-70_000 // chunk * chunk / 5e5)
    torch.testing.assert_close(array.weight, full(expected), rtol=2e-4, atol=0)


def test_a_capacitor_lies_between_a_constant_step_and_soft_bounds():
    w = np.linspace(-1, 1, 9)
    for slope, other in ((0.0, ConstantStep(states=100)), (1.0, SoftBounds(states=100))):
        np.testing.assert_allclose(Capacitor(states=100, slope=slope).up(w), other.up(w))
    device = Capacitor(states=100, bound=0.5, asymmetry=0.1, slope=0.4)
    assert device.symmetry_point() == pytest.approx(0.5 * 0.1 / 0.4, abs=1e-9)
    with pytest.raises(UserError, match="no symmetry point"):
        Capacitor(states=100, asymmetry=0.1, slope=0.05).symmetry_point()


def test_a_time_constant_in_seconds_needs_the_time_of_a_cycle():
    assert Capacitor(states=100, tau=775 * 60, cycle=1e-4).lifetime == pytest.approx(4.65e8)
    array = Capacitor(states=100).array(SHAPE, generator())
    array.program(full(0.5))
    array.wait(10**12)
    assert torch.equal(array.weight, full(0.5))


def test_resting_points_are_only_where_cells_leak():
    array = Capacitor(states=100, tau=10, rest=0.1, rest_spread=0.05).array(SHAPE, generator())
    stored = Reference("rest").place(array, generator())
    assert stored.mean() == pytest.approx(0.1, abs=0.01)
    assert stored.std() == pytest.approx(0.05, rel=0.1)
    with pytest.raises(UserError, match="only a leaking device"):
        Reference("rest").place(SoftBounds(states=9).array(SHAPE, generator()), generator())


@pytest.mark.parametrize("devices", [2, 4])
def test_one_sided_devices_saturate_and_a_reset_brings_them_back(devices):
    device = OneSided(states=40, devices=devices, reset_every=5)
    array = device.array(SHAPE, generator())
    array.program(full(0.2))
    for _ in range(200):
        array.pulse(None, full(1), full(1), generator())
        torch.testing.assert_close(array.w, array.g[0].sum(0) - array.g[1].sum(0))
        array.turn = (array.turn + 1) % array.pairs
    worn = array.weight.clone()
    assert array.g.min() * array.pairs > 0.9
    assert worn.abs().max() < 0.02  # both sides are full: the weight is gone
    array.program(full(0.2))
    for _ in range(80):
        array.pulse(None, full(1), full(1), generator())
        before = array.weight.clone()
        array.wait(1)
        torch.testing.assert_close(array.weight, before, rtol=0, atol=1e-6)  # a reset keeps the weight
    assert array.resets > 0
    assert array.g.max() * array.pairs <= 1


def test_a_response_of_exponent_0_steps_evenly():
    for device in (OneSided(states=40, exponent=0.0), Power(states=40, exponent=0.0)):
        array = device.array(SHAPE, generator())
        array.pulse(None, full(7), full(3), generator())
        torch.testing.assert_close(array.weight, full(4 * 0.05))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SoftBounds(states=1), "states = 1: a device needs 2"),
        (lambda: SoftBounds(states=float("nan")), "states = nan"),
        (lambda: ConstantStep(states=10, bound=0), "bound = 0"),
        (lambda: Power(states=10, bound=-1), "bound = -1"),
        (lambda: SoftBounds(states=10, asymmetry=1), "asymmetry = 1"),
        (lambda: SoftBounds(states=10, asymmetry=-1.5), "asymmetry = -1.5"),
        (lambda: SoftBounds(states=10, step_spread=-0.1), "step_spread = -0.1"),
        (lambda: SoftBounds(states=10, cycle_spread=float("inf")), "cycle_spread = inf"),
        (lambda: Power(states=10, exponent=-1), "exponent = -1"),
        (lambda: Exponential(states=10, rate=0), "rate = 0"),
        (lambda: Ideal(states=10, asymmetry=0.1), "no asymmetry"),
        (lambda: Capacitor(states=10, tau=0), "tau = 0"),
        (lambda: Capacitor(states=10, tau=-3), "tau = -3"),
        (lambda: Capacitor(states=10, tau=3, cycle=0), "cycle = 0"),
        (lambda: Capacitor(states=10, rest=1.5), "rest = 1.5"),
        (lambda: Capacitor(states=10, slope=-0.1), "slope = -0.1"),
        (lambda: OneSided(states=10, devices=3), "devices = 3: one-sided devices come in pairs"),
        (lambda: OneSided(states=10, devices=0), "devices = 0"),
        (lambda: OneSided(states=10, reset_at=0), "reset_at = 0"),
        (lambda: OneSided(states=10).symmetry_point(), "no symmetry point"),
        (lambda: SoftBounds(states="many"), "SoftBounds: states = 'many': it must be a number"),  # pyright: ignore
        (lambda: ConstantStep(states=10, asymmetry=None), "asymmetry = None: it must be a number"),  # pyright: ignore
        (lambda: ConstantStep(states=10, bound="a"), "bound = 'a': it must be a number"),  # pyright: ignore
        (lambda: Capacitor(states=10, tau="a"), "tau = 'a': it must be a number"),  # pyright: ignore
        (lambda: Capacitor(states=10, cycle="a"), "cycle = 'a': it must be a number"),  # pyright: ignore
        (lambda: Periphery(output_noise="a"), "output_noise = 'a': it must be a number"),  # pyright: ignore
        (lambda: Periphery(output_bound="a"), "output_bound = 'a': it must be a number"),  # pyright: ignore
        (lambda: AnalogSGD([], lr=0.1), "not a list"),  # pyright: ignore
        (lambda: Reference("middle"), "no point 'middle'"),  # pyright: ignore[reportArgumentType]
        (lambda: Reference("symmetry", error=-0.1), "error = -0.1"),
        (lambda: Reference("pulsed", pairs=0), "pairs = 0"),
    ],
)
def test_bad_input_is_one_sentence(make, words):
    with pytest.raises(UserError, match=words):
        make()
