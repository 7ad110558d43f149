"""XNOR-Net's layers and the signs' gradients against their definitions."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from imc.binary.layers import EightBitLayer, Layer, standardize, standardize_filters
from imc.binary.signs import bipolar, scaled_sign, sign_clamping, sign_in_window, sign_sharpening
from imc.binary.xnor import XnorLayer, XnorNetLayer


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def gradient_of(function, x: Tensor, upstream: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(function(x), x, upstream)[0]


def test_signs_are_never_zero() -> None:
    x = torch.tensor([-2.0, -0.0, 0.0, 1e-30, math.nan])
    for sign in (bipolar, sign_in_window, sign_clamping, lambda x: sign_sharpening(x, 1, 1)):
        assert sign(x).tolist() == [-1, 1, 1, 1, 1]


@given(st.floats(-3, 3, width=32), st.floats(-3, 3, width=32))
def test_gradients_of_the_signs(x: float, g: float) -> None:
    at, upstream = torch.tensor([x]), torch.tensor([g])
    assert gradient_of(sign_in_window, at, upstream).item() == (g if abs(x) < 1 else 0)
    assert gradient_of(sign_clamping, at, upstream).item() == max(-1, min(1, g))
    for t, k in ((0.01, 100.0), (0.1, 10.0), (1.0, 1.0), (10.0, 1.0)):
        slope = max(k * (2 * math.sqrt(t**2 / 2) - abs(t**2 * x)), 0)
        found = gradient_of(lambda x, t=t, k=k: sign_sharpening(x, t, k), at, upstream)
        assert found.item() == pytest.approx(g * slope, rel=1e-5, abs=1e-5)


def test_scaled_sign_is_xnor_nets() -> None:
    w, upstream = normal(3, 2, 2, 2), normal(3, 2, 2, 2, seed=1)
    found, gradient = scaled_sign(w), gradient_of(scaled_sign, w, upstream)
    for f in range(3):
        values = w[f].flatten().tolist()
        alpha = sum(map(abs, values)) / 8
        signs = [alpha if v >= 0 else -alpha for v in values]
        assert found[f].flatten().tolist() == pytest.approx(signs, rel=1e-6)
        slopes = [1 / 8 + (alpha if abs(v) < 1 else 0) for v in values]
        expected = [g * s for g, s in zip(upstream[f].flatten().tolist(), slopes, strict=True)]
        assert gradient[f].flatten().tolist() == pytest.approx(expected, rel=1e-5)


def test_alpha_makes_the_nearest_binary_filter() -> None:
    """XNOR-Net, equations (2) to (6): no other scale brings alpha sign(w) nearer to w."""
    w = normal(1, 40)
    nearest = (scaled_sign(w) - w).square().sum()
    for scale in torch.linspace(0, 2, 201):
        assert (scale * bipolar(w) - w).square().sum() >= nearest - 1e-5


@pytest.mark.parametrize("shape", [(3, 4, 5, 5), (3, 7)])
def test_standardization_is_per_sample(shape: tuple[int, ...]) -> None:
    x = 3 * normal(*shape) + 2
    for sample, found in zip(x, standardize(x), strict=True):
        assert torch.allclose(found, (sample - sample.mean()) / sample.std(unbiased=False), atol=1e-5)
    for sample, found in zip(x, standardize_filters(x), strict=True):
        assert torch.allclose(found, (sample - sample.mean()) / sample.std(), atol=1e-5)
    assert torch.equal(standardize(x)[:1], standardize(x[:1]))


def test_a_constant_sample_is_zeros() -> None:
    assert not standardize(torch.ones(1, 2, 3, 3)).any()


def test_convolution_is_the_textbook_loop() -> None:
    """Released layer, output by output: signs of standardized filters and pictures, times alpha."""
    x, w = normal(2, 3, 4, 4), normal(5, 3, 2, 2, seed=1)
    layer = XnorLayer(w, None, alpha=0.25)
    layer.alpha.data += 0.1 * torch.arange(5).view(5, 1, 1, 1)
    found = layer(x)
    for n in range(2):
        picture = x[n] - x[n].mean()
        for o in range(5):
            kernel = w[o] - w[o].mean()
            for i in range(3):
                for j in range(3):
                    patch = picture[:, i : i + 2, j : j + 2]
                    total = sum(
                        1 if p * k > 0 else -1 for p, k in zip(patch.flatten(), kernel.flatten(), strict=True)
                    )
                    assert found[n, o, i, j].item() == pytest.approx((0.25 + 0.1 * o) * total, abs=1e-5)


def test_dense_layer_scales_its_bias() -> None:
    """BATMANN's binary dense layer: alpha multiplies the bias as well."""
    layer = XnorLayer(normal(4, 6), torch.full((4,), 3.0), alpha=0.5)
    x = normal(2, 6, seed=1)
    signs = bipolar(standardize(x)) @ bipolar(standardize_filters(layer.weight)).T
    assert torch.allclose(layer(x), 0.5 * (signs + 3))
    assert layer.alpha.numel() == 1


def test_gradients_are_those_of_the_released_code() -> None:
    """Weights: through the standardization, the sign's gradient clamped. Inputs: zero where |x| >= 1."""
    layer = XnorLayer(normal(4, 6), None, alpha=0.5)
    x = normal(3, 6, seed=1).requires_grad_()
    upstream = 5 * normal(3, 4, seed=2)
    layer(x).backward(upstream)
    a, b = standardize(x.detach()), standardize_filters(layer.weight.detach())
    to_signs = (0.5 * upstream.T @ bipolar(a)).clamp(-1, 1)
    assert (to_signs.abs() == 1).any()
    assert layer.weight.grad is not None
    assert layer.alpha.grad is not None
    assert x.grad is not None
    expected = gradient_of(standardize_filters, layer.weight.detach(), to_signs)
    assert torch.allclose(layer.weight.grad, expected, atol=1e-5)
    to_inputs = (0.5 * upstream @ bipolar(b)) * (a.abs() < 1)
    assert torch.allclose(x.grad, gradient_of(standardize, x.detach(), to_inputs), atol=1e-5)
    assert layer.alpha.grad.item() == pytest.approx(
        float((upstream * (bipolar(a) @ bipolar(b).T)).sum()), rel=1e-5
    )


def test_xnor_net_constrains_its_weights() -> None:
    layer = XnorNetLayer(2 * normal(3, 4, 2, 2))
    layer.constrain()
    w = 2 * normal(3, 4, 2, 2)
    expected = (w - w.mean(dim=1, keepdim=True)).clamp(-1, 1)
    assert torch.allclose(layer.weight, expected, atol=1e-6)


def test_eight_bit_weights() -> None:
    """The largest weight is 127; the most negative may lie below -127, as in the released code."""
    w = torch.tensor([[0.5, -0.6, 0.1, 0.0]])
    layer = EightBitLayer(w, torch.zeros(1))
    assert layer.deployed().weight.tolist() == [[127, -152, 25, 0]]
    assert layer.weights().flatten().tolist() == pytest.approx([n * 0.5 / 127 for n in (127, -152, 25, 0)])
    layer(torch.tensor([[1.0, 2, 3, 4]])).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[1, 2, 3, 4]]


@pytest.mark.parametrize("kind", [Layer, EightBitLayer, XnorNetLayer, lambda w, b: XnorLayer(w, b, 0.3)])
def test_deployed_layers_give_the_same(kind) -> None:
    layer = kind(normal(4, 6), normal(4, seed=1))
    x = normal(5, 6, seed=2)
    deployed = layer.deployed()
    a = x if deployed.inputs == "real" else bipolar(standardize(x))
    assert torch.allclose(layer(x), deployed.scale * (a @ deployed.weight.T) + deployed.bias, atol=1e-5)
