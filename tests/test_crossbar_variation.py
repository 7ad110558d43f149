"""Each meaning of sigma, and each disturbance, against its closed form.

Sample moments are held within 5 standard errors of n = 400,000 draws unless a case says otherwise.
"""

import math

import pytest
import torch

from imc.crossbar.cells import Device
from imc.crossbar.disturbances import Drift, ProgrammingError, ReadNoise, Retention, StuckCells
from imc.crossbar.variation import (
    MEANINGS,
    GaussianConductance,
    GaussianResistance,
    Lognormal,
    OneSidedClip,
    RandomEndpointClip,
    TruncatedResistance,
    meaning,
)
from imc.errors import UserError

N = 400_000
DEVICE = Device(1e3, 1e4)


def disturbed(step, ohm, seed=1, n=N, device=DEVICE):
    """Conductances, in float64, of `n` cells meant to have `ohm`, after one step."""
    g = torch.full((n,), 1 / ohm)
    step(g, device, torch.Generator().manual_seed(seed))
    return g.double()


def within(sample, mean, sd):
    """Whether sample mean and SD agree with the law's, to 5 standard errors and to 1 %."""
    assert float(sample.mean()) == pytest.approx(mean, abs=5 * sd / math.sqrt(N) + 1e-6 * abs(mean))
    assert float(sample.std()) == pytest.approx(sd, rel=0.01)


def phi(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def test_gaussian_resistance_is_normal_with_its_tail_on_the_floor():
    within(1 / disturbed(GaussianResistance(100), 1e3), 1000, 100)
    r = 1 / disturbed(GaussianResistance(1000, floor=2), 1e3)
    at_floor = float((r <= 2.0001).double().mean())
    assert at_floor == pytest.approx(phi(-0.998), abs=0.003)
    assert float(r.min()) == pytest.approx(2, rel=1e-5)


def test_truncated_resistance_has_the_truncated_normals_moments():
    sigma, floor = 1000.0, 1.0
    r = 1 / disturbed(TruncatedResistance(sigma, floor), 1e3)
    a = (floor - 1e3) / sigma
    ratio = math.exp(-a * a / 2) / math.sqrt(2 * math.pi) / (1 - phi(a))
    within(r, 1e3 + sigma * ratio, sigma * math.sqrt(1 + a * ratio - ratio**2))
    assert float(r.min()) >= floor


def test_memtorch_clip_leaves_half_nominal_and_shifts_the_rest():
    sigma = 300.0
    r = 1 / disturbed(OneSidedClip(sigma), 1e3)
    within(r, 1000 + sigma / math.sqrt(2 * math.pi), sigma * math.sqrt(0.5 - 0.5 / math.pi))
    assert math.sqrt(0.5 - 0.5 / math.pi) == pytest.approx(0.584, abs=5e-4)
    assert float((r - 1000).abs().lt(1e-3).double().mean()) == pytest.approx(0.5, abs=0.004)
    assert float(r.min()) == pytest.approx(1000, rel=1e-6)


@pytest.mark.parametrize("off", [1.0, 2.0])
def test_memtorch_clip_spreads_off_cells_by_its_own_factor_and_downwards(off):
    sigma = 500.0
    r = 1 / disturbed(OneSidedClip(sigma, off=off), 1e4)
    spread = off * sigma
    within(r, 1e4 - spread / math.sqrt(2 * math.pi), spread * math.sqrt(0.5 - 0.5 / math.pi))
    assert float(r.max()) == pytest.approx(1e4, rel=1e-6)


def test_memtorch_clip_lets_an_off_draw_at_the_floor_outweigh_the_on_state():
    g = disturbed(OneSidedClip(1400, off=2), 1e3, n=2_000_000)
    share = float((g > 0.99).double().mean())
    assert share == pytest.approx(phi((1 - 1e4) / 2800), rel=0.15)
    assert float(g.max()) == pytest.approx(1.0)


def test_random_endpoints_are_shared_by_a_layer_and_follow_the_cells_law():
    step, generator = RandomEndpointClip(1000, off=2), torch.Generator().manual_seed(0)
    draws = [step.endpoints(DEVICE.g_off, DEVICE.g_on, DEVICE, generator) for _ in range(2000)]
    on = torch.tensor([1 / high for _, high in draws])
    assert float(on.median()) == pytest.approx(1000, abs=100)
    assert float((on < 1.001).double().mean()) == pytest.approx(phi(-0.999), abs=0.04)
    assert all(low <= high for low, high in draws)
    assert GaussianResistance(9).endpoints(1e-4, 1e-3, DEVICE, generator) == (1e-4, 1e-3)


def test_gaussian_conductance_has_one_spread_for_all_cells():
    for ohm in (1e3, 1e4):
        g = disturbed(GaussianConductance(20), ohm)
        within(g, 1 / ohm, 20 / 1e3**2)
    assert float(disturbed(GaussianConductance(900), 1e4).min()) == 0


def test_lognormal_keeps_the_mean_and_has_one_relative_spread():
    for ohm in (1e3, 1e4):
        within(1 / disturbed(Lognormal(300), ohm), ohm, 0.3 * ohm)


@pytest.mark.parametrize("name", list(MEANINGS))
def test_every_meaning_at_sigma_0_leaves_cells_as_they_are(name):
    for ohm in (1e3, 1e4):
        torch.testing.assert_close(
            disturbed(meaning(name, 0), ohm, n=100), torch.full((100,), 1 / ohm).double()
        )


def test_stuck_cells_are_as_many_as_said():
    g = disturbed(StuckCells(on=0.02, off=0.05), 5e3)
    assert float((g - 1e-3).abs().lt(1e-9).double().mean()) == pytest.approx(0.02, abs=0.0012)
    assert float((g - 1e-4).abs().lt(1e-9).double().mean()) == pytest.approx(0.05, abs=0.0018)
    assert float((g - 2e-4).abs().lt(1e-9).double().mean()) == pytest.approx(0.93, abs=0.002)


def test_programming_error_is_the_phase_change_polynomial():
    pcm = Device(1 / 25e-6, 1 / 0.1e-6)
    for micro in (5.0, 20.0):
        g = micro / 25
        sigma = (0.26348 + 1.9650 * g - 1.1731 * g * g) * 1e-6
        within(disturbed(ProgrammingError(), 1e6 / micro, device=pcm), micro * 1e-6, sigma)


def test_drift_follows_the_power_law_with_its_spread_of_exponents():
    seconds = 20 * math.e  # ln(t/t0) = 1, so that ln G falls by nu
    for relative, mean, sd in ((1.0, 0.049, 0.008), (0.01, 0.0957812, 0.045)):
        nu = -torch.log(disturbed(Drift(seconds), 1e3 / relative) / (1e-3 * relative))
        if sd / mean < 0.2:  # hardly any exponent is cut at 0
            within(nu, mean, sd)
        assert float(nu.median()) == pytest.approx(mean, abs=0.001)
        assert float(nu.min()) >= -1e-6
    torch.testing.assert_close(disturbed(Drift(20), 1e3, n=9), torch.full((9,), 1e-3).double())


def test_read_noise_grows_with_time_as_stated():
    for ohm, seconds in ((1e3, 1.0), (4e3, 3600.0)):
        g = 1e3 / ohm
        q = min(0.0088 / g**0.65, 0.2) * math.sqrt(math.log((seconds + 250e-9) / 500e-9))
        within(disturbed(ReadNoise(seconds), ohm), 1 / ohm, q / ohm)


def test_retention_leaks_to_rest_with_one_time_constant():
    tau = 775 * 60
    g = disturbed(Retention(tau, tau, rest=5e-4), 1e3, n=3)
    torch.testing.assert_close(g, torch.full((3,), 5e-4 + 5e-4 / math.e).double())


def test_steps_draw_from_their_generator_alone():
    for name in MEANINGS:
        one, same, other = (disturbed(meaning(name, 400), 1e3, seed=s, n=1000) for s in (3, 3, 4))
        assert torch.equal(one, same)
        assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: GaussianResistance(-1), "sigma = -1 ohm: it must be 0 or more, and finite"),
        (lambda: Lognormal(float("nan")), "sigma = nan ohm"),
        (lambda: TruncatedResistance(3, floor=0), "floor = 0 ohm: it must be positive"),
        (lambda: OneSidedClip(3, off=-2), "off = -2 times sigma"),
        (lambda: meaning("loud", 3), "no meaning of sigma called 'loud'; there are gaussian, truncated"),
        (lambda: StuckCells(on=0.7, off=0.4), "the shares of stuck cells lie between 0 and 1 together"),
        (lambda: Drift(1), "seconds = 1: drift counts from the verifying read at t0 = 20.0 s"),
        (lambda: ReadNoise(0), "seconds = 0: read noise needs a time not below t_read"),
        (lambda: Retention(1, 0, 0), "a positive time constant"),
    ],
)
def test_bad_steps_are_refused_in_a_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()
