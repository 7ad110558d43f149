"""Quantizers and BinaryNet's rule against their definitions."""

import math

import pytest
import torch

from imc.binary import dorefa
from imc.binary.binarynet import (
    BETA1,
    BETA2,
    TINY,
    DecayingShiftAdaMax,
    Flat,
    ShiftAdaMax,
    power_of_two,
    powers_of_two,
    release_factors,
    squared_hinge,
    squared_hinge_slope,
)
from imc.binary.layers import EightBitLayer, standardize, standardize_filters
from imc.binary.quantizers import activation_levels, quantize_activation, quantize_weight, sign
from imc.binary.rbnn import RbnnLayer, angle
from imc.binary.xnor import XnorLayer, XnorNetLayer


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


def gradients_of(steps: int) -> list[dict[str, torch.Tensor]]:
    """Gradients of many sizes, zeros among them."""
    g = torch.Generator().manual_seed(0)
    shapes = {"w": (30, 20), "b": (20,), "gamma": (20,)}
    return [
        {
            n: torch.randn(s, generator=g)
            * 2.0 ** torch.randint(-20, 3, s, generator=g)
            * (torch.rand(s, generator=g) > 0.1)
            for n, s in shapes.items()
        }
        for _ in range(steps)
    ]


@pytest.mark.parametrize("kind", [ShiftAdaMax, DecayingShiftAdaMax])
def test_shift_adamax_is_its_algorithm(kind: type[ShiftAdaMax]) -> None:
    """The buffered optimizers against the recursions written out in double precision."""
    factors, rate = {"w": 3.0, "gamma": 0.7}, 2.0**-3
    steps = gradients_of(40)
    flat = Flat({name: torch.full_like(value, 0.01) for name, value in steps[0].items()})
    optimizer = kind(flat, factors, clip=["w"])
    expected = {n: v.detach().double() for n, v in flat.parameters.items()}
    mean = {n: torch.zeros_like(v) for n, v in expected.items()}
    peak = {n: torch.full_like(v, TINY if kind is DecayingShiftAdaMax else 0) for n, v in expected.items()}
    for step, gradients in enumerate(steps, start=1):
        sum((flat.parameters[n] * gradients[n]).sum() for n in gradients).backward()  # pyright: ignore
        optimizer.step(rate)
        for n, value in expected.items():
            d, factor, bias = gradients[n].double(), factors.get(n, 1.0), 1 - BETA1**step
            mean[n] = BETA1 * mean[n] + (1 - BETA1) * d
            if kind is ShiftAdaMax:
                peak[n] = power_of_two(torch.maximum(BETA2 * peak[n], d.abs()))
                move = 2.0 ** round(math.log2(rate / bias)) * factor * mean[n] / (peak[n] + TINY)
            else:
                peak[n] = torch.maximum(BETA2 * peak[n], d.abs() + TINY)
                move = 2.0 ** round(math.log2(rate * factor / bias)) * mean[n] / power_of_two(peak[n])
            expected[n] = value - move
        expected["w"] = expected["w"].clamp(-1, 1)
        assert torch.count_nonzero(flat.gradients) == 0
    for n, value in expected.items():
        torch.testing.assert_close(flat.parameters[n].detach().double(), value, rtol=1e-4, atol=1e-5)


def test_powers_of_two_in_the_bits_are_those_of_the_logarithm() -> None:
    some = torch.rand(10_000, generator=torch.Generator().manual_seed(0))
    x = torch.cat([some, torch.logspace(-37, 37, 10_001), torch.tensor([0.0, 1.0, 2.0])])
    assert torch.equal(powers_of_two(x, out=torch.empty_like(x)), power_of_two(x.double()).float())


def test_a_released_second_moment_never_falls() -> None:
    flat = Flat({"w": torch.zeros(1)})
    optimizer = ShiftAdaMax(flat, {}, clip=[])
    for gradient in (1.0, *[1e-6] * 2000):
        flat.gradients.fill_(gradient)
        optimizer.step(0.5)
    assert optimizer.peak.item() == 1


def test_the_slope_of_the_hinge_is_its_gradient() -> None:
    g = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 7, 10, dtype=torch.float64, generator=g).requires_grad_()
    labels = torch.randint(0, 10, (2, 7), generator=g)
    loss = squared_hinge(scores, labels)
    loss.sum().backward()
    targets = 2.0 * torch.nn.functional.one_hot(labels, 10) - 1
    found, slope = squared_hinge_slope(scores.detach(), targets)
    assert scores.grad is not None
    torch.testing.assert_close(found, loss.detach())
    torch.testing.assert_close(slope, scores.grad)


def test_factors_of_the_release() -> None:
    found = release_factors(outputs=128, inputs=400)
    assert found["w"] == found["b"] == pytest.approx(18.762, abs=1e-3)  # 1/sqrt(1.5/528)
    assert (found["gamma"], found["beta"]) == (pytest.approx(9.2376, abs=1e-4), 1)


# ---- Degenerate weights and inputs -------------------------------------------------------------------------

WEIGHTS = {
    "zero": torch.zeros(3, 2, 3, 3),
    "constant": torch.full((3, 2, 3, 3), 0.1),
    "negative": -torch.rand(3, 2, 3, 3, generator=torch.Generator().manual_seed(0)) - 0.1,
    "constant and negative": torch.full((3, 2, 3, 3), -0.1),
    "one filter of zeros": torch.randn(3, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    * torch.tensor([0.0, 1.0, 1.0]).view(3, 1, 1, 1),
    "single": torch.tensor([[[[0.3]]], [[[-0.3]]], [[[0.0]]]]).expand(3, 1, 1, 1).clone(),
}
LAYERS = {
    "eight bits": EightBitLayer,
    "xnor": lambda w: XnorLayer(w, None, 0.5),
    "xnor-net": XnorNetLayer,
    "rbnn": lambda w: RbnnLayer(w, None, 0.5, "binary", "uniform", torch.Generator().manual_seed(0)),
    "rbnn, real inputs": lambda w: RbnnLayer(w, None, 0.5, "real", "right", torch.Generator().manual_seed(0)),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("blank", [False, True])
def test_degenerate_weights_and_blank_pictures_give_numbers(layer: str, weights: str, blank: bool) -> None:
    module = LAYERS[layer](WEIGHTS[weights])
    x = torch.randn(4, WEIGHTS[weights].shape[1], 5, 5, generator=torch.Generator().manual_seed(2))
    x[1:3] = torch.tensor([0.1, -0.7]).view(2, 1, 1, 1) if blank else x[1:3]
    x.requires_grad_()
    y = module(x)
    y.square().sum().backward()
    assert torch.isfinite(y).all()
    for found in (x.grad, *(p.grad for p in module.parameters())):
        assert found is None or torch.isfinite(found).all()
    held = module.deployed()
    assert torch.isfinite(held.weight).all()
    assert torch.isfinite(held.scale).all()
    if layer.startswith("rbnn"):
        module.rotate()
        assert torch.isfinite(module(x)).all()


@pytest.mark.parametrize("weights", WEIGHTS)
def test_eight_bit_codes_of_degenerate_weights_are_of_eight_bits(weights: str) -> None:
    w = WEIGHTS[weights]
    held = EightBitLayer(w).deployed()
    if weights == "one filter of zeros":
        assert held.weight.max() == 127
        return
    assert held.weight.abs().max() <= 127
    torch.testing.assert_close(
        held.weight * held.scale.view(-1, 1, 1, 1), w, atol=float(w.abs().max()) / 127, rtol=0
    )


def test_a_blank_picture_leaves_its_neighbours_as_they_are() -> None:
    x = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    alone = standardize(x)
    x[1] = 0.1
    beside = standardize(x)
    assert torch.equal(beside[[0, 2]], alone[[0, 2]])
    assert not beside[1].any()
    w = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    alone = standardize_filters(w)
    w[2] = -4.0
    assert torch.equal(standardize_filters(w)[:2], alone[:2])


@pytest.mark.parametrize("bits", [1, 2, 8])
@pytest.mark.parametrize("value", [0.0, 0.4, -0.4])
def test_quantizers_of_constant_weights_give_numbers(bits: int, value: float) -> None:
    for quantize in (quantize_weight, dorefa.quantize_weight):
        w = torch.full((3, 4), value, requires_grad=True)
        q = quantize(w, bits)
        q.sum().backward()
        assert w.grad is not None
        assert torch.isfinite(q).all()
        assert torch.isfinite(w.grad).all()
        assert float(q.detach().abs().max()) <= 1
    zero = torch.zeros(2, 3, 4, requires_grad=True)
    dorefa.quantize_gradient(zero, bits, torch.Generator().manual_seed(0)).sum().backward()
    assert zero.grad is not None
    assert torch.isfinite(zero.grad).all()


def test_filters_of_zeros_have_no_angle() -> None:
    w = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    assert angle(w) == pytest.approx(0, abs=0.05)
    assert math.isnan(angle(torch.zeros(2, 2)))
