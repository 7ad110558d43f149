"""Networks of resistors: their states, and the gradient that two of them give."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from imc.errors import UserError
from imc.papers.codesign.equilibrium import doubled, finite_differences, flat, one_sided
from imc.papers.codesign.equilibrium_experiments import CircuitConfig, EquilibriumConfig, GradientConfig
from imc.papers.codesign.resistive import (
    SATURATION,
    THERMAL,
    Circuit,
    Weights,
    antiparallel,
    cost,
    estimate,
    require_stable,
    settle,
)

CIRCUITS = [Circuit("ideal", 1, 60), Circuit("antiparallel", 4, 60), Circuit("none", 2, 60)]


def drawn(sizes: tuple[int, ...], seed: int = 0) -> tuple[Weights, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = Weights.drawn(sizes, 2, generator).double()
    for g in weights.g:
        g.add_(0.05)
    weights.b = [0.1 * torch.randn(b.shape, generator=generator).double() for b in weights.b]
    inputs, target = (torch.randn(2, 3, n, generator=generator).double() for n in (sizes[0], sizes[-1]))
    return weights, inputs, target


def test_a_divider_by_hand():
    # 3 V through 1 S and 1 V through 2 S into one node: (3 + 2)/3 volt
    weights = Weights([torch.tensor([[[1.0], [2.0]]])], [torch.zeros(1, 1, 1)])
    (v,) = settle(Circuit("none"), weights, torch.tensor([[[3.0, 1.0]]]))
    assert v.item() == pytest.approx(5 / 3)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda c: c.diodes)
def test_currents_add_up_to_zero_at_every_node(circuit):
    weights, inputs, _ = drawn((5, 6, 4, 3))
    v = settle(circuit, weights, inputs)
    gain = circuit.amplifier
    for i in range(3):
        low = inputs if i == 0 else gain * v[i - 1]
        current = (weights.g[i][:, None] * (low[..., None] - v[i][..., None, :])).sum(2) + weights.b[i]
        if i < 2:
            current -= (weights.g[i + 1][:, None] * (gain * v[i][..., None] - v[i + 1][..., None, :])).sum(
                3
            ) / gain
            if circuit.diodes == "antiparallel":
                current -= 2 * SATURATION * torch.sinh(v[i] / THERMAL)
            if circuit.diodes == "ideal":
                half = v[i].shape[-1] // 2
                assert (v[i][..., :half] >= 0).all()
                assert (v[i][..., half:] <= 0).all()
                # a diode carries current in one direction only, and none below its bend
                assert (current[..., :half] <= 1e-9).all()
                assert (current[..., half:] >= -1e-9).all()
                current[v[i] == 0] = 0
        assert current.abs().max() < 1e-8


def without_square(at: Callable[[float], Tensor], beta: float) -> Tensor:
    """A value whose error is of even powers of beta, at beta and half of it, so that the square falls out."""
    return (4 * at(beta / 2) - at(beta)) / 3


@pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda c: c.diodes)
def test_two_states_give_the_gradient_but_for_the_square_of_the_nudge(circuit):
    weights, inputs, target = drawn((4, 4, 2))
    exact = finite_differences(circuit, weights, inputs, target)

    def local(beta: float) -> Tensor:
        return flat(estimate(circuit, weights, inputs, target, beta)[0])

    # error = c beta^2 + d beta^4: a half of the nudge, a quarter of the error; without c, only d and rounding
    errors = [(local(beta) - exact).abs().max().item() for beta in (1e-3, 5e-4)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.01)
    torch.testing.assert_close(without_square(local, 1e-3), exact, rtol=0, atol=2e-8)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda c: c.diodes)
def test_nudging_one_way_errs_by_the_first_power_of_the_nudge(circuit):
    weights, inputs, target = drawn((4, 4, 2))
    exact = finite_differences(circuit, weights, inputs, target)

    def up(beta: float) -> Tensor:
        return flat(one_sided(circuit, weights, inputs, target, beta))

    errors = [(up(beta) - exact).abs().max().item() for beta in (1e-4, 5e-5)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.01)
    # (S(b) - S(0))/b and (S(0) - S(-b))/b have the mean (S(b) - S(-b))/2b, whatever S is
    both = flat(estimate(circuit, weights, inputs, target, 1e-3)[0])
    torch.testing.assert_close((up(1e-3) + up(-1e-3)) / 2, both, rtol=0, atol=1e-9)


def test_a_linear_network_is_what_differentiation_says():
    # without diodes the state is linear algebra, through which automatic differentiation goes
    weights, inputs, target = drawn((5, 4, 3), seed=4)
    for g in weights.g:
        g.requires_grad_()
    circuit = Circuit("none", 1, 100)
    cost(settle(circuit, weights, inputs)[-1], target).sum().backward()
    slopes = [g.grad for g in weights.g]
    with torch.no_grad():
        for i, slope in enumerate(slopes):
            assert slope is not None
            local = without_square(lambda b, i=i: estimate(circuit, weights, inputs, target, b)[0].g[i], 1e-3)
            torch.testing.assert_close(local, slope, rtol=0, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e3))
def test_diodes_carry_what_the_resistors_bring(current, conductance):
    v = antiparallel(torch.tensor([current]).double(), torch.tensor([conductance]).double()).item()
    carried = conductance * v + 2 * SATURATION * np.sinh(v / THERMAL)
    assert carried == pytest.approx(current, rel=1e-6, abs=1e-9)


def test_more_sweeps_change_nothing_with_one_hidden_layer():
    weights, inputs, _ = drawn((5, 6, 3))
    few, many = (settle(Circuit("ideal", 1, n), weights, inputs)[-1] for n in (40, 400))
    torch.testing.assert_close(few, many, rtol=0, atol=1e-12)


def test_doubled_inputs():
    assert doubled(torch.tensor([[0.5, 1.0]]), 10.0).tolist() == [[5.0, 10.0, -5.0, -10.0]]


def test_mistakes_are_sentences():
    weights, inputs, target = drawn((4, 4, 2))
    with pytest.raises(UserError, match="nudging = 0"):
        estimate(Circuit(), weights, inputs, target, 0.0)
    with pytest.raises(UserError, match="nudging = 50"):
        require_stable(weights, 50.0)
    with pytest.raises(UserError, match="amplifier = 0"):
        Circuit(amplifier=0.5)
    with pytest.raises(UserError, match="sweeps = 0"):
        Circuit(sweeps=0)
    for config in (EquilibriumConfig, CircuitConfig):
        with pytest.raises(UserError, match="nudging"):
            config.build(nudging=0)
    with pytest.raises(UserError, match="nudgings"):
        GradientConfig.build(nudgings=(0,))
    with pytest.raises(UserError, match="2 hidden nodes"):
        EquilibriumConfig.build(hidden=(1,))
