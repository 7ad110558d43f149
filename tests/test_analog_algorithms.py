"""Tiki-Taka and its family against loops over Algorithm 1, column by column, in double precision."""

from typing import Any

import numpy as np
import pytest
import torch

from imc.analog import (
    AGAD,
    ChoppedTikiTaka,
    ModifiedTikiTaka,
    Outer,
    Periphery,
    PulseTrain,
    Reference,
    SoftBounds,
    TikiTaka,
    TikiTakaV2,
)
from imc.analog.algorithms import Setting
from imc.crossbar import ADC, DAC
from imc.errors import UserError

DEVICE = SoftBounds(states=4000, asymmetry=0.3)
OUTPUTS, INPUTS = 3, 5
START = torch.linspace(-0.4, 0.4, OUTPUTS * INPUTS).view(OUTPUTS, INPUTS)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def samples(n: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    g = generator(seed)
    return torch.rand(n, INPUTS, generator=g), torch.rand(n, OUTPUTS, generator=g) - 0.4


def tile(algorithm: Any, update: Any = None) -> Any:
    setting = Setting((OUTPUTS, INPUTS), DEVICE, update or Outer(), Periphery(), "here")
    made = algorithm.tile(setting, generator()).double()
    made.program(START.double())
    return made


def line_10(a, product):
    """a + D F(a) - |D| G(a)."""
    return a + product * DEVICE.symmetric(a) - np.abs(product) * DEVICE.antisymmetric(a)


@pytest.mark.parametrize("gamma", [0.0, 0.7])
@pytest.mark.parametrize("every", [1, 3])
def test_tiki_taka_is_algorithm_1_line_by_line(gamma, every):
    x, delta = samples(40)
    eta_a, eta_c = 2e-3, 0.5
    one = tile(TikiTaka(gamma=gamma, every=every, transfer_lr=eta_c, transfer_update=Outer()))
    point = DEVICE.symmetry_point()
    a, c, k, t = np.full((OUTPUTS, INPUTS), point), START.double().numpy().copy(), 0, 0  # lines 1 to 5
    for inputs, errors in zip(x.double(), delta.double(), strict=True):
        np.testing.assert_allclose(one.weight.numpy(), gamma * (a - point) + c, atol=1e-6)  # lines 8 and 9
        one.step(inputs[None], errors[None], eta_a, generator())
        a = line_10(a, -eta_a * np.outer(errors, inputs))
        k = (k + 1) % every
        if k == 0:
            u = np.eye(INPUTS)[t]
            v = (a - point) @ u
            c = line_10(c, eta_c * np.outer(v, u))
            t = (t + 1) % INPUTS
    assert np.abs(c - START.numpy()).max() > 1e-3
    np.testing.assert_allclose(one.c.weight.numpy(), c, atol=1e-6)
    assert (one.k, one.t) == (k, t)


def test_a_mini_batch_carries_over_as_many_columns_as_its_samples_call_for():
    x, delta = samples(14)
    one = tile(TikiTaka(gamma=0.0, every=1, transfer_lr=0.05, transfer_update=Outer()))
    one.step(x.double(), delta.double(), 1e-4, generator())
    assert one.t == 14 % INPUTS
    assert one.samples == 14
    assert (one.c.weight != START.double()).all()


def test_the_buffer_gives_one_pulse_when_it_is_full_and_loses_nothing():
    x, delta = samples(60)
    rate, threshold = 0.2, 3.0
    one = tile(TikiTakaV2(gamma=0.0, every=1, transfer_lr=rate, threshold=threshold))
    h, c = np.zeros((OUTPUTS, INPUTS)), START.double().numpy().copy()
    limit = threshold * DEVICE.dw_min
    for n in range(60):
        one.step(x[n : n + 1].double(), delta[n : n + 1].double(), 5e-3, generator())
        t = n % INPUTS
        h[:, t] += rate * (one.a.weight - one.reference)[:, t].numpy()
        for i in range(OUTPUTS):
            if abs(h[i, t]) >= limit:
                sign = np.sign(h[i, t])
                h[i, t] -= sign * limit
                c[i, t] += DEVICE.dw_min * (DEVICE.up(c[i, t]) if sign > 0 else -DEVICE.down(c[i, t]))
    assert one.pulses["c"] > 10
    np.testing.assert_allclose(one.h.numpy(), h, atol=1e-7)
    np.testing.assert_allclose(one.c.weight.numpy(), c, atol=1e-7)


def drift(algorithm: Any, steps: int = 150) -> float:
    """How far C moves on average where gradients are 0 on average, in steps of C."""
    setting = Setting((30, 20), DEVICE, PulseTrain.managed(), Periphery(), "here")
    one, g = algorithm.tile(setting, generator()), generator(3)
    for _ in range(steps):
        x, delta = torch.rand(10, 20, generator=g), 0.5 * torch.randn(10, 30, generator=g)
        one.step(x, delta, 0.05, g)
    return float(one.c.weight.mean() / DEVICE.dw_min)


def test_what_a_wrong_reference_does_to_each():
    """v2 carries the error over without end; choppers average it out, AGAD finds its own reference."""
    wrong, fast = Reference("symmetry", offset=0.05), SoftBounds(states=40, asymmetry=0.3)
    common: Any = {"gamma": 0.0, "every": 1, "transfer_lr": 0.002, "fast_device": fast}

    def excess(kind: Any, **options: Any) -> float:
        return drift(kind(reference=wrong, **common, **options)) - drift(kind(**common, **options))

    # 75 readings of each column, each carrying the error 2 x 0.05 x 0.002 over: 30 pulses more down or fewer
    # up, of 0.7 and 1.3 steps.
    v2 = excess(TikiTakaV2)
    assert -39 < v2 < -21
    assert abs(excess(ChoppedTikiTaka, chop=0.3)) < abs(v2) / 4
    assert abs(excess(AGAD, chop=0.3)) < abs(v2) / 4


def test_without_choppers_chopped_tiki_taka_is_the_second_version():
    x, delta = samples(30)
    pair = [tile(TikiTakaV2(gamma=0.2, every=2)), tile(ChoppedTikiTaka(gamma=0.2, every=2, chop=0.0))]
    for one in pair:
        one.step(x.double(), delta.double(), 1e-2, generator(5))
    assert torch.equal(pair[0].weight, pair[1].weight)


def test_certain_choppers_flip_at_every_reading_and_the_products_do_not_see_it():
    one = tile(ChoppedTikiTaka(gamma=0.5, every=1, chop=1.0, threshold=1e6))
    x, delta = samples(INPUTS)
    one.gather(x.double(), delta.double(), 1e-3, generator())
    before = one.weight.clone()
    one.s.neg_()
    one.a.w.copy_(2 * one.reference - one.a.w)
    torch.testing.assert_close(one.weight, before)
    signs = one.s.clone()
    one.step(x.double(), delta.double(), 1e-3, generator())
    assert torch.equal(one.s, -signs)


def test_the_stable_point_of_plain_pulses_is_the_symmetry_point():
    """Gradients of mean 0 pull a soft-bound weight to its symmetry point: the drift that Tiki-Taka uses."""
    array = SoftBounds(states=100, asymmetry=0.3).array((50, 50), generator())
    array.program(torch.full((50, 50), -0.6))
    g = generator(1)
    for _ in range(400):
        up = (torch.rand(2500, generator=g) < 0.5).float()
        array.pulse(None, up, 1 - up, g)
    assert array.weight.mean() == pytest.approx(0.3, abs=0.01)


def test_several_columns_at_a_transfer_are_as_many_transfers():
    x, delta = torch.rand(6, INPUTS).double(), torch.zeros(6, OUTPUTS).double()
    pair = [
        tile(TikiTaka(gamma=0.0, every=every, columns=columns, transfer_lr=0.1, transfer_update=Outer()))
        for every, columns in ((1, 1), (3, 3))
    ]
    for one in pair:
        one.a.program(torch.linspace(-0.5, 0.5, OUTPUTS * INPUTS).view(OUTPUTS, INPUTS))
        one.step(x, delta, 0.01, generator())
    assert pair[0].t == pair[1].t == 6 % INPUTS
    torch.testing.assert_close(pair[0].c.weight, pair[1].c.weight)


def test_outputs_carry_the_noise_of_the_periphery():
    x, w = torch.full((4000, 3), 0.5), torch.zeros(20, 3)
    y = Periphery(output_noise=0.06, read_noise=0.1).product(x, w, generator())
    assert y.mean() == pytest.approx(0, abs=0.003)
    assert y.var() == pytest.approx(0.06**2 + 0.75 * 0.1**2, rel=0.02)


def test_outputs_are_bounded_and_converted():
    x, w = torch.tensor([[1.0, 0.35], [-40.0, 0.0]]), torch.tensor([[1.0, 1.0]])
    assert Periphery(output_bound=12).product(x, w, generator()).flatten().tolist() == pytest.approx(
        [1.35, -12]
    )
    y = Periphery(dac=DAC(3), adc=ADC(4), output_bound=7).product(x, w, generator())
    assert y.flatten().tolist() == pytest.approx([1.0, -1.0])  # 0.35 is 1/3 behind the DAC; steps of 1
    scaled = Periphery(dac=DAC(8), scale_inputs=True).product(x, w, generator())
    torch.testing.assert_close(scaled, x @ w.T, rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Periphery(output_bound=0), "output_bound = 0"),
        (lambda: Periphery(output_noise=-1), "output_noise = -1"),
        (lambda: Periphery(read_noise=float("nan")), "read_noise = nan"),
        (lambda: Periphery(adc=ADC(9)), "an ADC needs a range"),
        (lambda: Periphery(dac=DAC(5, signed=False)), "must be signed"),
        (lambda: TikiTakaV2(gamma=0, every=1, threshold=0), "threshold = 0"),
        (lambda: TikiTakaV2(gamma=0, every=1, keep=1.5), "keep = 1.5"),
        (lambda: ChoppedTikiTaka(gamma=0, every=1, chop=2), "chop = 2"),
        (lambda: AGAD(gamma=0, every=1, average=0), "average = 0"),
        (lambda: tile(ModifiedTikiTaka(gamma=0, every=1)), "only a leaking device"),
    ],
)
def test_bad_input_is_one_sentence(make, words):
    with pytest.raises(UserError, match=words):
        make()
