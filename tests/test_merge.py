"""Equations (1) to (7) of the thesis as algebra."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imc.binary.quantizers import sign, weight_integers
from imc.papers.reram.merge import (
    Layer,
    Norm,
    arithmetic_merge,
    requantized_arithmetic_merge,
    rescaled_arithmetic_merge,
    signed_merge,
)


@st.composite
def layers(draw: st.DrawFn) -> tuple[Layer, Norm, torch.Tensor]:
    """A layer of binary weights, its norm (gamma of any sign, zero included) and a batch of binary inputs."""
    rows, columns, batch = (draw(st.integers(1, 7)) for _ in range(3))
    g = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    gamma = torch.tensor(
        draw(st.lists(st.sampled_from([-2.0, -1e-3, 0.0, 1e-3, 0.7]), min_size=columns, max_size=columns))
    )

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    layer = Layer(sign(normal(rows, columns)), normal(columns))
    norm = Norm(gamma.double(), normal(columns), normal(columns), normal(columns).abs() + 1e-3)
    return layer, norm, (normal(batch, rows) > 0).double()


@given(layers())
def test_arithmetic_merge_of_unquantized_weights_is_batch_norm(
    case: tuple[Layer, Norm, torch.Tensor],
) -> None:
    layer, norm, x = case
    torch.testing.assert_close(arithmetic_merge(layer, norm)(x), norm(layer(x)), rtol=1e-9, atol=1e-9)


@given(layers())
def test_signed_merge_before_sign_is_exact_for_gamma_of_any_sign(
    case: tuple[Layer, Norm, torch.Tensor],
) -> None:
    layer, norm, x = case
    exact = norm(layer(x))
    clear = exact.abs() > 1e-9  # at the threshold itself rounding decides
    assert torch.equal(sign(signed_merge(layer, norm)(x))[clear], sign(exact)[clear])


@given(layers())
def test_signed_merge_keeps_weights_binary(case: tuple[Layer, Norm, torch.Tensor]) -> None:
    layer, norm, _ = case
    assert set(signed_merge(layer, norm).w.unique().tolist()) <= {-1.0, 1.0}


@given(layers())
def test_binary_merges_differ_only_in_the_bias(case: tuple[Layer, Norm, torch.Tensor]) -> None:
    """With 1-bit weights, gamma/sigma w put back on the grid is sign(gamma) w, the signed merge's."""
    layer, norm, _ = case
    live = norm.gamma != 0
    arithmetic, signed = requantized_arithmetic_merge(layer, norm, 1), signed_merge(layer, norm)
    assert torch.equal(arithmetic.w[:, live], signed.w[:, live])
    ratio = norm.gamma.abs() / norm.sigma
    torch.testing.assert_close(arithmetic.b[live], (ratio * signed.b)[live], rtol=1e-9, atol=1e-9)


@given(layers(), st.sampled_from([1, 2, 3, 8]))
def test_rescaled_merge_is_on_the_grid_with_one_gain(
    case: tuple[Layer, Norm, torch.Tensor], bits: int
) -> None:
    """Weights are levels, point the way of w', and the bias has the same gain in every channel."""
    layer, norm, _ = case
    exact = arithmetic_merge(layer, norm)
    if exact.w.abs().max() == 0:
        return
    found = rescaled_arithmetic_merge(layer, norm, bits)
    levels = found.w * 2 ** (bits - 1)
    assert torch.equal(levels, levels.round())
    gain = (found.w * exact.w).sum() / (exact.w * exact.w).sum()
    assert gain > 0
    live = exact.b.abs() > 1e-9
    ratio = found.b[live] / exact.b[live]
    assert torch.all((ratio - ratio.mean()).abs() <= 1e-9 * ratio.abs()) if live.any() else True


def test_rescaled_binary_merge_uses_the_mean_magnitude() -> None:
    """w' = (2, -4): the best common size is 3, so the gain is 1/3 and the bias 6 becomes 2."""
    one = torch.ones(2, dtype=torch.float64)
    norm = Norm(torch.tensor([2.0, 4.0]).double(), 6 * one, 0 * one, one)
    found = rescaled_arithmetic_merge(Layer(torch.tensor([[1.0, -1.0]]).double(), 0 * one), norm, 1)
    assert found.w.tolist() == [[1, -1]]
    assert found.b.tolist() == [2, 2]


def test_equation_5_by_hand() -> None:
    """gamma 2, sigma 4, mean 3, beta 1, b 5, w -1: w' = -1/2, b' = (5 - 3)/2 + 1 = 2."""
    one = torch.ones(1, dtype=torch.float64)
    merged = arithmetic_merge(Layer(-one.unsqueeze(0), 5 * one), Norm(2 * one, one, 3 * one, 4 * one))
    assert merged.w.item() == -0.5
    assert merged.b.item() == 2.0


def test_signed_merge_does_not_keep_the_order_of_outputs() -> None:
    """Why the output layer is not exact: argmax compares channels, and each lost its own |gamma/sigma|."""
    w, b = torch.ones(1, 2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    norm = Norm(
        torch.tensor([4.0, 1.0]).double(), torch.tensor([0.0, 1.0]).double(), b, torch.ones(2).double()
    )
    x = torch.ones(1, 1, dtype=torch.float64)
    layer = Layer(w, b)
    assert norm(layer(x)).argmax().item() == 0
    assert signed_merge(layer, norm)(x).argmax().item() == 1


@pytest.mark.parametrize(("bits", "grid"), [(1, [-1, 1]), (2, [-2, -1, 0, 1]), (3, list(range(-4, 4)))])
def test_weight_grids_are_the_thesis_tables(bits: int, grid: list[int]) -> None:
    w = torch.linspace(-1, 1, 1001)
    assert sorted(weight_integers(w, bits).unique().tolist()) == grid
