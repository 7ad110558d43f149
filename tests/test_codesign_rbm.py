"""A restricted Boltzmann machine: energy, units, learning; its noise and its devices."""

import itertools
import math

import pytest
import torch

from imc import runs
from imc.errors import UserError
from imc.papers.codesign.drift import exponents
from imc.papers.codesign.noise import Masked, Own, White, fit, log_odds, silent, spread
from imc.papers.codesign.pictures import Digits
from imc.papers.codesign.rbm import (
    Exact,
    Machine,
    by_energy,
    label_units,
    recognized,
    spikes,
    stochastic,
    threshold,
    visible,
)
from imc.papers.codesign.rbm_experiments import (
    ControlConfig,
    MachineConfig,
    NoiseConfig,
    RbmConfig,
)


def machine(seed: int = 0, v: int = 4, h: int = 3) -> Machine:
    generator = torch.Generator().manual_seed(seed)
    return Machine(
        *(torch.randn(1, *shape, generator=generator).double() for shape in ((v, h), (1, v), (1, h)))
    )


def states(n: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=n))).double()


def test_energy_by_hand():
    one = Machine(torch.tensor([[[2.0], [-1.0]]]), torch.tensor([[[0.5, 0.25]]]), torch.tensor([[[3.0]]]))
    v, h = torch.tensor([[[1.0, 1.0]]]), torch.tensor([[[1.0]]])
    assert one.energy(v, h).item() == -(0.75 + 3.0 + 1.0)


def test_free_energy_sums_over_hidden_states():
    m, v = machine(), states(4)
    for state, free in zip(v, m.free_energy(v[None])[0], strict=True):
        terms = [-m.energy(state[None, None], h[None, None]).item() for h in states(3)]
        assert free.item() == pytest.approx(-math.log(sum(math.exp(t) for t in terms)))


def test_units_fire_with_their_conditional_probability():
    m = machine(1)
    v = torch.tensor([[[1.0, 0.0, 1.0, 1.0]]]).double()
    weights = [-m.energy(v, h[None, None]).item() for h in states(3)]
    p = torch.softmax(torch.tensor(weights).double(), 0) @ states(3)
    fire = stochastic(torch.Generator().manual_seed(0))
    x = (v @ m.w + m.c).expand(-1, 40_000, -1)
    assert fire(x).mean((0, 1)).tolist() == pytest.approx(p.tolist(), abs=0.015)
    assert threshold(torch.tensor([-0.1, 0.0, 0.1])).tolist() == [0, 0, 1]


def test_a_batch_learns_the_sum_of_its_pictures():
    # one step of contrastive divergence of one batch, neurons deterministic, against a loop over pictures
    config = MachineConfig.build(seeds=1, hidden=3, epochs=1, batch=4, step=0.5, train=4)
    generator = torch.Generator().manual_seed(3)
    pictures, labels = torch.rand(4, 5, generator=generator), torch.tensor([0, 3, 9, 3])
    digits = Digits(pictures, labels, pictures, labels)
    after = fit(config, digits, lambda w, n: Exact(w), threshold, torch.Generator().manual_seed(7))
    before = Machine.drawn(1, 45, 3, torch.Generator().manual_seed(7))
    w, b, c = before.w[0].clone(), before.b[0, 0].clone(), before.c[0, 0].clone()
    for v in visible(pictures, labels):
        h = threshold(v @ before.w[0])
        again = threshold(before.w[0] @ h)
        h_again = threshold(again @ before.w[0])
        w += 0.5 * (torch.outer(v, h) - torch.outer(again, h_again))
        b += 0.5 * (v - again)
        c += 0.5 * (h - h_again)
    torch.testing.assert_close(after.w[0], w)
    assert after.b[0, 0].tolist() == b.tolist()
    assert after.c[0, 0].tolist() == c.tolist()


def test_visible_units_start_at_the_log_odds_of_the_pictures():
    data = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    # fired 2 and 0 times of 3, and half a time of one picture more
    assert torch.sigmoid(log_odds(data)).tolist() == pytest.approx([2.5 / 4, 0.5 / 4])


def test_a_silent_unit_is_one_that_no_picture_wakes():
    w = torch.tensor([[[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]])
    m = Machine(w, torch.zeros(1, 1, 2), torch.tensor([[[-0.5, 0.5, 0.5]]]))
    data = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    # pictures give the units 0.5, -0.5, 0.5 and 0.5, 0.5, -0.5
    assert silent(m, lambda w, n: Exact(w), threshold, data) == [0.0]
    assert silent(m, lambda w, n: Exact(w), threshold, data[:1]) == [pytest.approx(100 / 3, abs=1e-4)]


def test_white_noise_has_the_variance_of_a_noise_in_every_synapse():
    generator = torch.Generator().manual_seed(0)
    w = torch.randn(1, 6, 2, generator=generator)
    v = torch.tensor([1.0, 0, 1, 1, 0, 1]).expand(1, 20_000, -1)
    s = spread(w, 0.3, 0.0)
    torch.testing.assert_close(s, 0.3 * w.abs())
    own = Own(w[:, None] + s[:, None] * torch.randn(1, 20_000, 6, 2, generator=generator)).up(v)
    white = White(w, s.square(), generator).up(v)
    for moment in (torch.mean, torch.std):
        torch.testing.assert_close(moment(own, 1), moment(white, 1), rtol=0.05, atol=0.02)


def test_a_background_adds_noise_that_no_weight_shows():
    w = torch.tensor([0.0, 0.6, 2.0])
    # two conductances of 0.5 each, of 0.8 and 0.2, of 2 and 0
    expected = [0.1 * math.hypot(a, b) for a, b in ((0.5, 0.5), (0.8, 0.2), (2.0, 0.0))]
    assert spread(w, 0.1, 1.0).tolist() == pytest.approx(expected)


def test_masks_keep_their_share():
    masked = Masked(torch.ones(1, 2000, 40), 0.25, torch.Generator().manual_seed(0))
    kept = masked.up(torch.ones(1, 2, 2000))
    assert torch.equal(kept[0, 0], kept[0, 1])  # read together
    assert not torch.equal(kept, masked.up(torch.ones(1, 2, 2000)))
    assert kept.mean().item() == pytest.approx(2000, rel=0.02)
    # the variance of 40 values has a relative SD of sqrt(2/39), 0.23: three of them
    assert kept[0, 0].var().item() == pytest.approx(2000 * 3, rel=0.7)


def test_ties_share_the_right_answer():
    count = torch.tensor([[[2.0, 2, 0], [0, 0, 0], [1, 3, 0]]])
    assert recognized(count, torch.tensor([1, 2, 0])).tolist() == [pytest.approx([1 / 2, 1 / 3, 0])]


def test_recognition_finds_what_the_weights_say():
    # one hidden unit a class, on when its pixel is, and nothing else turns its labels on
    w = torch.zeros(1, 50, 10)
    for c in range(10):
        w[0, c, c] = 20.0
        w[0, 10 + 4 * c : 14 + 4 * c, c] = 10.0
    m = Machine(w, torch.full((1, 1, 50), -5.0), torch.full((1, 1, 10), -10.0))
    given = torch.eye(10)[None]
    for neuron in (threshold, stochastic(torch.Generator().manual_seed(0))):
        count = spikes(m, Exact(w), neuron, given, steps=5)
        assert count.argmax(-1).tolist() == [list(range(10))]
    assert by_energy(m, given).tolist() == [list(range(10))]
    assert label_units(torch.tensor([1]))[0].nonzero()[:, 0].tolist() == [4, 5, 6, 7]


def test_drift_exponents():
    generator = torch.Generator().manual_seed(0)
    full = exponents(torch.ones(100_000), generator)
    assert (full.mean().item(), full.std().item()) == pytest.approx((0.049, 0.008), abs=2e-4)
    small = exponents(torch.full((100_000,), 1e-4), generator)
    assert small.mean().item() == pytest.approx(0.1, abs=2e-3)  # SD 0.045, cut at 0


@pytest.mark.parametrize("device", ["exact", "both", "both_soft", "one_sided", "one_sided_soft"])
def test_devices_learn(device, tmp_path, monkeypatch):
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    record = runs.obtain(
        "codesign/pcm", effort="smoke", seeds=1, hidden=32, epochs=30, step=0.05, device=device
    )
    # thrice chance: that a machine of this kind of device learns at all, whatever the pulses drawn
    assert record.metric("accuracy.train")[0] > 30


def test_mistakes_are_sentences():
    for config, wrong in (
        (RbmConfig, {"step": 0}),
        (RbmConfig, {"device": "two_sided"}),
        (NoiseConfig, {"noises": (-1,)}),
        (ControlConfig, {"keep": 0}),
        (MachineConfig, {"batch": 0}),
    ):
        with pytest.raises(UserError, match=next(iter(wrong))):
            config.build(**wrong)
