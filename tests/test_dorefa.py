"""DoReFa-Net's quantizers: their levels, their gradients, and noise without bias."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imc.binary.dorefa import FLOAT, activate, quantize_gradient, quantize_weight, stochastic_levels

BITS = st.integers(1, 8)


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@given(BITS, st.integers(0, 99))
def test_weights_lie_on_the_levels(bits: int, seed: int) -> None:
    w = normal(seed, 8, 3, 3, 3).double()
    q = quantize_weight(w, bits)
    if bits == 1:
        assert torch.allclose(q, torch.where(w < 0, -w.abs().mean(), w.abs().mean()))
        return
    levels = 2 * torch.arange(2**bits, dtype=torch.float64) / (2**bits - 1) - 1
    target = torch.tanh(w) / torch.tanh(w).abs().max()
    nearest = (target.flatten()[:, None] - levels).abs().amin(1)
    assert torch.allclose((q - target).abs().flatten(), nearest, atol=1e-12)
    assert torch.isin((q * (2**bits - 1)).round(), (levels * (2**bits - 1)).round()).all()


def test_the_scale_is_the_layers_and_not_the_filters() -> None:
    w = torch.tensor([[1.0, -1.0], [3.0, -3.0]])
    assert torch.equal(quantize_weight(w, 1), 2 * torch.tensor([[1.0, -1.0], [1.0, -1.0]]))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_weights_gradients_are_those_of_what_is_rounded(bits: int) -> None:
    w = normal(0, 40).double().requires_grad_()
    (quantize_weight(w, bits) * torch.arange(40)).sum().backward()
    v = w.detach().clone().requires_grad_()
    smooth = v if bits == 1 else torch.tanh(v) / torch.tanh(v).abs().max()
    (smooth * torch.arange(40)).sum().backward()
    assert torch.allclose(w.grad, v.grad)  # pyright: ignore[reportArgumentType]


def test_real_numbers_stay() -> None:
    x = normal(0, 5)
    assert quantize_weight(x, FLOAT) is x
    assert quantize_gradient(x, FLOAT, torch.Generator()) is x
    assert torch.equal(activate(x, FLOAT, "abs"), x.abs().clamp(max=1))
    assert torch.equal(activate(x, FLOAT, "clip"), x.clamp(0, 1))


def test_activations_and_their_gradient() -> None:
    x = torch.tensor([-2.0, -0.6, 0.1, 0.4, 1.5], requires_grad=True)
    found = activate(x, 2, "abs")
    assert torch.allclose(found, torch.tensor([1, 2 / 3, 0, 1 / 3, 1]))
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, -1, 1, 1, 0]


@given(BITS, st.integers(0, 99))
def test_a_gradients_levels_are_neighbours_on_the_samples_own_scale(bits: int, seed: int) -> None:
    g = normal(seed, 4, 3, 5) * torch.tensor([1e-6, 1.0, 1e3, 7.0])[:, None, None]
    kept = g.clone()
    q = stochastic_levels(g, bits, torch.Generator().manual_seed(seed))
    top, levels = g.abs().amax((1, 2), keepdim=True), 2**bits - 1
    assert torch.equal(g, kept)
    steps = (q / (2 * top) + 0.5) * levels
    assert torch.allclose(steps, steps.round(), atol=1e-3)
    assert ((q - g).abs() <= 2 * top / levels * 1.001).all()


def test_rounding_has_no_bias() -> None:
    g = normal(0, 2, 50)
    generator = torch.Generator().manual_seed(1)
    draws = torch.stack([stochastic_levels(g, 2, generator) for _ in range(4000)]).double()
    error = (draws.mean(0) - g) / (draws.std(0) / 4000**0.5).clamp(min=1e-6)
    assert error.abs().max() < 5
    assert draws.std(0).max() > 0.1


def test_noise_comes_from_the_generator_alone() -> None:
    g = normal(0, 2, 50)
    one, same, other = (stochastic_levels(g, 3, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_rounding_does_not_depend_on_how_a_gradient_lies_in_memory() -> None:
    """The noise meets other entries, but every entry keeps its place and its sample's scale."""
    g = normal(3, 4, 3, 5, 6)
    found = stochastic_levels(
        g.contiguous(memory_format=torch.channels_last), 8, torch.Generator().manual_seed(0)
    )
    step = 2 * g.abs().amax((1, 2, 3), keepdim=True) / 255
    assert ((found - g).abs() <= step * 1.001).all()
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_no_gradient_stays_none() -> None:
    assert stochastic_levels(torch.zeros(2, 3), 8, torch.Generator()).abs().max() < 1e-29


def test_only_the_way_back_is_quantized() -> None:
    x = normal(0, 2, 3).requires_grad_()
    found = quantize_gradient(x, 1, torch.Generator().manual_seed(0))
    assert torch.equal(found, x)
    found.backward(torch.tensor([[1.0, -2.0, 0.5], [0.1, 0.0, -0.1]]))
    assert x.grad is not None
    assert torch.allclose(x.grad.abs(), torch.tensor([[2.0, 2.0, 2.0], [0.1, 0.1, 0.1]]))


def test_clipped_activations_and_their_gradient() -> None:
    x = torch.tensor([-2.0, -0.6, 0.1, 0.4, 1.5], requires_grad=True)
    found = activate(x, 2, "clip")
    assert torch.allclose(found, torch.tensor([0, 0, 0, 1 / 3, 1]))
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 0, 1, 1, 0]
