"""Each meaning of sigma, and each disturbance, against its closed form.

Sample moments are held within 5 standard errors of n = 400,000 draws unless a case says otherwise.
"""

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from imc.crossbar.arrays import Chip
from imc.crossbar.cells import Device
from imc.crossbar.disturbances import Drift, ProgrammingError, ReadNoise, Retention, StuckCells, in_time
from imc.crossbar.mapping import DoubleColumn, SingleColumn
from imc.crossbar.network import map_network
from imc.crossbar.steps import Law
from imc.crossbar.variation import (
    LAWS,
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
from imc.paths import ROOT

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


def test_a_drift_in_two_steps_of_one_seed_is_the_drift_in_one():
    for relative in (1.0, 0.3, 0.01, 1e-4):
        once = disturbed(Drift(1e5), 1e3 / relative, n=20_000)
        g = torch.full((20_000,), 1e-3 * relative)
        for step in (Drift(100), Drift(4000, since=100), Drift(1e5, since=4000)):
            step(g, DEVICE, torch.Generator().manual_seed(1))
        torch.testing.assert_close(g.double(), once, rtol=2e-5, atol=0)


def test_a_network_that_drifts_twice_has_drifted_once_as_long():
    layer = nn.Linear(200, 200, bias=False)
    layer.weight.data.fill_(1.0)
    mapped, at_once = (map_network(layer, Chip(DEVICE)) for _ in range(2))
    at_once.disturb(Drift(1000), seed=3)
    for seconds in (100, 1000):
        mapped.disturb(Drift(seconds), seed=3)
    torch.testing.assert_close(mapped.conductances, at_once.conductances, rtol=1e-5, atol=0)
    on = mapped.layers[""].cells[:, 0].double() / 1e-3
    expected = 50**-0.049 * math.exp((0.008 * math.log(50)) ** 2 / 2)  # nu of ON cells: 0.049, SD 0.008
    assert float(on.mean()) == pytest.approx(expected, abs=5 * 0.026 / 200)
    with pytest.raises(UserError, match="Drift to 500 s on cells that are 1000 s old: time runs forward"):
        mapped.disturb(Drift(500), seed=3)
    mapped.program(0)
    mapped.disturb(Drift(500), seed=3)  # new cells are young again


def test_other_seeds_draw_other_exponents_and_lose_as_much_on_average():
    g = torch.full((N,), 1e-3)
    Drift(100)(g, DEVICE, torch.Generator().manual_seed(1))
    Drift(1000, since=100)(g, DEVICE, torch.Generator().manual_seed(2))
    assert float(g.double().mean()) == pytest.approx(float(disturbed(Drift(1000), 1e3).mean()), rel=1e-3)


def test_kinds_of_ageing_count_their_time_apart():
    steps, ages = in_time((Drift(100), Retention(100, 1e3, 0), StuckCells(), Retention(300, 1e3, 0)), {})
    assert [getattr(step, "since", None) for step in steps] == [None, None, None, 100]
    assert ages == {Drift: 100, Retention: 300}
    g = torch.tensor([1e-3])
    for step in (steps[1], steps[3]):
        step(g, DEVICE, torch.Generator())
    assert float(g) == pytest.approx(1e-3 * math.exp(-0.3))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_either_state_varies_alone(law):
    for state, others in ((1e3, 1e4), (1e4, 1e3)):
        spreads = (
            {"sigma_on": 200.0, "sigma_off": 0.0} if state == 1e3 else {"sigma_on": 0.0, "sigma_off": 200.0}
        )
        varied = disturbed(law(**spreads), state)
        assert float(varied.std() / varied.mean()) > 0.01
        still = disturbed(law(**spreads), others)
        torch.testing.assert_close(still, torch.full_like(still, 1 / others), rtol=1e-6, atol=0)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_two_spreads_that_follow_from_one_are_that_one(law):
    one = law.of(300.0)
    on, off = one.spreads(DEVICE)
    two = law(sigma_on=on, sigma_off=off)
    for ohm in (1e3, 2e3, 5e3, 1e4):
        assert two.spread(ohm, DEVICE) == pytest.approx(one.spread(ohm, DEVICE), rel=1e-9)
        a, b = disturbed(one, ohm, n=20_000), disturbed(two, ohm, n=20_000)
        torch.testing.assert_close(a, b, rtol=2e-4, atol=1e-12)
    assert law.of(300.0).spreads(DEVICE)[0] == 300
    half = law(300.0, sigma_on=0)
    assert half.spreads(DEVICE)[0] == 0
    assert half.spreads(DEVICE)[1] > 0


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("ohm", [1e3, 3e3, 1e4])
@pytest.mark.parametrize("spreads", [(300.0, 300.0), (900.0, 2500.0), (0.0, 400.0)])
def test_density_and_atoms_are_those_of_what_is_drawn(law, ohm, spreads):
    step = law(sigma_on=spreads[0], sigma_off=spreads[1])
    r = (1 / disturbed(step, ohm)).numpy()
    edges = np.union1d(np.geomspace(0.5, 1e7, 4001), [1.0, ohm])  # densities jump there
    middles = (edges[1:] + edges[:-1]) / 2
    cells = step.density(middles, ohm, DEVICE) * np.diff(edges)
    atoms = step.atoms(ohm, DEVICE)
    assert cells.sum() + sum(atoms.values()) == pytest.approx(1, abs=5e-3)
    for at, share in atoms.items():
        near = np.isinf(r) if math.isinf(at) else np.abs(r / at - 1) < 1e-4
        assert near.mean() == pytest.approx(share, abs=5 * math.sqrt(0.25 / N) + 2e-3)
    for at in (0.5 * ohm, 0.9 * ohm, 1.1 * ohm, 2 * ohm):
        expected = cells[middles < at].sum() + sum(share for place, share in atoms.items() if place < at)
        assert (r < at).mean() == pytest.approx(expected, abs=5 * math.sqrt(0.25 / N) + 3e-3)


@pytest.mark.parametrize("sigma", [3e3, 1e5, 1e12])
@pytest.mark.parametrize("scheme", [DoubleColumn(), SingleColumn()], ids=["double", "single"])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_no_spread_however_large_makes_a_weight_that_is_no_number(law, scheme, sigma):
    layer = nn.Linear(9, 7)
    for levels in (2, 16, None):
        mapped = map_network(layer, Chip(Device(1e3, 1e4, levels), scheme, (law.of(sigma),)))
        for seed in range(60):
            mapped.program(seed)
            assert torch.isfinite(mapped.conductances).all()
            assert torch.isfinite(mapped(torch.ones(2, 9))).all()


def test_laws_have_names_of_their_own_and_say_what_they_are():
    assert len({law.name for law in LAWS}) == len({law.title for law in LAWS}) == len(LAWS)
    assert list(MEANINGS) == [law.name for law in LAWS]
    everywhere = set(Law.__subclasses__())
    for law in LAWS:
        everywhere |= set(law.__subclasses__())
    ours = {law for law in everywhere if law.__module__.startswith("imc.")}  # other tests have their own
    assert ours == set(LAWS), "a law is not in LAWS"
    for law in LAWS:
        assert len(law.about) > 10
        assert "\n" not in law.about


def test_the_books_page_shows_every_law():
    page = json.loads((ROOT / "book/crossbar/variation-models.ipynb").read_text())
    outputs = [json.dumps(cell["outputs"], ensure_ascii=False) for cell in page["cells"] if "outputs" in cell]
    for law in LAWS:
        shown = sum(all(part in output for part in law.title.split(", ")) for output in outputs)
        assert shown >= 5, f"{law.name} is missing from a table or a figure of the book's page on variation"


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
        (
            lambda: Lognormal(1e13),
            "sigma = 10000000000000.0 ohm: it must be 0 or more, and finite, and at most 1e\\+12",
        ),
        (lambda: Lognormal("much"), "sigma = .much. ohm: it must be 0 or more"),  # pyright: ignore
        (lambda: GaussianResistance(), "GaussianResistance needs sigma, or both sigma_on and sigma_off"),
        (lambda: Lognormal(sigma_on=3), "Lognormal needs sigma, or both sigma_on and sigma_off"),
        (lambda: OneSidedClip(3, sigma_on=1, sigma_off=2), "sigma has nothing left to say"),
        (lambda: TruncatedResistance(sigma_on=3, sigma_off=-1), "sigma_off = -1 ohm"),
        (lambda: StuckCells(on=0.7, off=0.4), "the shares of stuck cells lie between 0 and 1 together"),
        (lambda: Drift(1), "seconds = 1: drift counts from the verifying read at t0 = 20.0 s"),
        (lambda: ReadNoise(0), "seconds = 0: read noise needs a time not below t_read"),
        (lambda: Retention(1, 0, 0), "a positive time constant"),
        (lambda: Retention(1, 1, float("inf")), "all finite"),
        (lambda: Retention(float("nan"), 1, 0), "all finite"),
        (lambda: Retention(1, 1, 0, since=2), "Retention to 1 s on cells that are 2 s old"),
        (lambda: Drift(1000, since=5), "time runs forward, from 20.0 s on"),
        (lambda: Drift(float("inf")), "drift counts from the verifying read"),
        (lambda: ProgrammingError(()), "a programming error has some, all finite"),
        (lambda: ProgrammingError(reference=0), "reference = 0: a conductance, uS, must be positive"),
        (lambda: ProgrammingError((1.0, 2.0, float("nan"))), "has some, all finite"),
    ],
)
def test_bad_steps_are_refused_in_a_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence):
        make()
