"""Quantizers and BinaryNet's rule against their definitions."""

import math

import pytest
import torch

from imc.binary.binarynet import BETA1, BETA2, TINY, ShiftAdaMax, power_of_two, squared_hinge
from imc.binary.quantizers import activation_levels, quantize_activation, quantize_weight, sign


def test_sign_has_no_zero() -> None:
    assert sign(torch.tensor([-2.0, -0.0, 0.0, 1e-30])).tolist() == [-1, 1, 1, 1]


@pytest.mark.parametrize("bits", [1, 2, 3, 8])
def test_activation_levels(bits: int) -> None:
    x = torch.linspace(-0.5, 1.5, 4001)
    levels = activation_levels(x, bits)
    assert sorted(levels.unique().tolist()) == list(range(2**bits))
    assert torch.all((levels / (2**bits - 1) - x.clamp(0, 1)).abs() <= 0.5 / (2**bits - 1) + 1e-6)
    assert activation_levels(torch.tensor(0.5), 1) == 1


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_quantizers_pass_the_gradient_straight_through(bits: int) -> None:
    for quantize in (quantize_weight, quantize_activation):
        x = torch.tensor([-0.7, 0.1, 0.4], requires_grad=True)
        y = quantize(x, bits)
        (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [1, 2, 3]


def test_power_of_two_rounds_the_exponent() -> None:
    assert power_of_two(torch.tensor([0.0, 1.0, -3.0, 0.3, 5.0])).tolist() == [0, 1, -4, 0.25, 4]


def test_squared_hinge_by_hand() -> None:
    scores = torch.tensor([[[0.5, -2.0]]])  # class 0: (1-0.5)^2; the other: max(0, 1-2)^2 = 0
    assert squared_hinge(scores, torch.tensor([[0]])).tolist() == [0.125]


def test_shift_adamax_is_its_algorithm() -> None:
    """Three steps of the buffered optimiser against Algorithm 4 written out parameter by parameter."""
    g = torch.Generator().manual_seed(0)
    start = {"w": torch.randn(3, 2, generator=g), "b": torch.randn(2, generator=g)}
    scale, rate = {"w": 3.0}, 2.0**-3
    parameters = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimiser = ShiftAdaMax(parameters, scale, clip={"w"})
    expected = {n: v.double() for n, v in start.items()}
    mean = {n: torch.zeros_like(v) for n, v in expected.items()}
    peak = {n: torch.full_like(v, TINY) for n, v in expected.items()}
    for step in (1, 2, 3):
        grads = {n: torch.randn(v.shape, generator=g) for n, v in start.items()}
        sum((parameters[n] * grads[n]).sum() for n in grads).backward()  # pyright: ignore
        optimiser.step(rate)
        for n, value in expected.items():
            d = grads[n].double()
            mean[n] = BETA1 * mean[n] + (1 - BETA1) * d
            peak[n] = torch.maximum(BETA2 * peak[n], d.abs() + TINY)
            alpha = 2.0 ** round(math.log2(rate * scale.get(n, 1.0) / (1 - BETA1**step)))
            expected[n] = value - alpha * mean[n] * 2 ** torch.round(-torch.log2(peak[n]))
        expected["w"] = expected["w"].clamp(-1, 1)
    for n, value in expected.items():
        torch.testing.assert_close(parameters[n].detach().double(), value, rtol=1e-5, atol=1e-6)
