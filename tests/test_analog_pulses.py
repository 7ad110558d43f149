"""Stochastic pulse trains and the exact outer product: closed forms, and the loop over pulses and cells."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imc.analog import ConstantStep, Outer, PulseTrain, SoftBounds
from imc.analog.algorithms import write
from imc.analog.loops import coincide, trained
from imc.analog.pulses import LONGEST
from imc.errors import UserError

X = torch.tensor([[0.9, -0.4, 0.0, 0.2]])
DELTA = torch.tensor([[0.5, -0.8, 0.0]])
RUNS = 1500


def counts(
    train: PulseTrain, x, delta, lr: float, dw_min: float, generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Up and down pulses of all cells, (outputs, inputs) each."""
    up, down = (torch.zeros(delta.shape[1] * x.shape[1]) for _ in range(2))
    for pulses in train.pulses(x, delta, lr, dw_min, generator):
        cells = slice(None) if pulses.cells is None else pulses.cells
        up[cells] += pulses.up.view(-1)
        down[cells] += pulses.down.view(-1)
    shape = delta.shape[1], x.shape[1]
    return up.view(shape), down.view(shape)


def drawn(train: PulseTrain, lr: float, dw_min: float = 0.01) -> torch.Tensor:
    """Up less down pulses of `RUNS` trains, (RUNS, outputs, inputs)."""
    generator = torch.Generator().manual_seed(0)
    pairs = [counts(train, X, DELTA, lr, dw_min, generator) for _ in range(RUNS)]
    return torch.stack([up - down for up, down in pairs]).double()


@pytest.mark.parametrize("length", [1, 2, 10, 31])
@pytest.mark.parametrize("managed", [False, True])
def test_coincidences_have_the_binomial_mean_and_variance(length, managed):
    train = PulseTrain.managed(length) if managed else PulseTrain(length)
    lr = 0.008 * length
    n = drawn(train, lr)
    mean = -lr * (DELTA.T @ X).double() / 0.01
    if managed:  # as many slots as the largest product, 0.72 lr/dw_min, needs
        length = min(length, int(np.ceil(lr * 0.72 / 0.01)))
    p = mean.abs() / length
    variance = length * p * (1 - p)
    assert ((n.mean(0) - mean).abs() <= 5 * (variance / RUNS).sqrt() + 1e-12).all()
    # The variance of a sample variance of a binomial count, its fourth moment bounded by 3 v^2 + v.
    assert ((n.var(0) - variance).abs() <= 5 * ((2 * variance**2 + variance) / RUNS).sqrt() + 1e-12).all()


def test_cells_of_one_error_share_its_pulses():
    """cov(n_ij, n_ik) = BL (q_i p_j p_k - q_i^2 p_j p_k), q of the error, p of the inputs."""
    lr, length = 0.08, 10
    n = drawn(PulseTrain(length), lr).abs()
    gain = (lr / (length * 0.01)) ** 0.5
    q, p = gain * 0.8, (gain * 0.9, gain * 0.4)
    expected = length * p[0] * p[1] * q * (1 - q)
    found = torch.cov(n[:, 1, :2].T)[0, 1]
    assert found == pytest.approx(expected, rel=0.12)


def test_the_loop_has_the_same_moments():
    chance, length, gain = np.random.default_rng(0), 5, 0.9
    p_x, p_d = gain * np.array([0.9, 0.4]), gain * np.array([0.5, 0.8])
    met = np.zeros((2000, 2, 2))
    for run in met:
        for i, j, sign in coincide(p_x, p_d, np.array([[1, -1], [1, 1]]), length, chance):
            run[i, j] += sign
    p = np.outer(p_d, p_x)
    tolerance = 5 * np.sqrt(length * p * (1 - p) / 2000)
    assert (np.abs(met.mean(0) - length * p * [[1, -1], [1, 1]]) < tolerance).all()
    np.testing.assert_allclose(met.var(0), length * p * (1 - p), rtol=0.2)


def test_probabilities_are_clipped_at_one():
    train, generator = PulseTrain(4), torch.Generator().manual_seed(0)
    up, down = counts(train, torch.tensor([[5.0, 0.0]]), torch.tensor([[-7.0]]), 0.04, 0.01, generator)
    assert up.tolist() == [[4, 0]]
    assert not down.any()


def test_many_slots_are_taken_in_parts_and_keep_both_directions_apart(monkeypatch):
    monkeypatch.setattr("imc.analog.pulses._DRAWS", 2000)
    samples = 900
    x, delta = torch.ones(samples, 1), torch.where(torch.arange(samples) % 3 == 0, 1.0, -1.0).unsqueeze(1)
    generator = torch.Generator().manual_seed(0)
    parts = list(PulseTrain(10).pulses(x, delta, 0.1, 0.01, generator))
    assert len(parts) > 1
    assert sum(float(part.up.sum()) for part in parts) == 6000
    assert sum(float(part.down.sum()) for part in parts) == 3000


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), st.integers(0, 2**30))
def test_no_pulses_but_where_both_are_not_zero_and_never_more_than_slots(samples, outputs, inputs, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, inputs, generator=generator) * (
        torch.rand(samples, inputs, generator=generator) < 0.5
    )
    delta = torch.randn(samples, outputs, generator=generator)
    for train in (PulseTrain(7), PulseTrain.managed(7)):
        up, down = counts(train, x, delta, 0.02, 0.01, generator)
        product = -delta.unsqueeze(2) * x.unsqueeze(1)
        assert (up <= 7 * (product > 0).sum(0)).all()
        assert (down <= 7 * (product < 0).sum(0)).all()


def test_listing_and_the_matrix_product_count_alike(monkeypatch):
    g = torch.Generator().manual_seed(0)
    x, delta = torch.randn(6, 9, generator=g), torch.randn(6, 5, generator=g)
    found = []
    for share in (-1.0, 1000.0):
        monkeypatch.setattr("imc.analog.pulses._LISTED", share)
        found.append(counts(PulseTrain(9), x, delta, 0.05, 0.01, torch.Generator().manual_seed(1)))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
        assert one.any()


@pytest.mark.parametrize("states", [20, 1200])
def test_weights_move_as_in_the_loop_over_pulses_and_cells(states):
    device = SoftBounds(states=states, asymmetry=0.2, cycle_spread=0.3)
    lr, length, runs = 10 * device.dw_min, 10, 2000
    g = torch.Generator().manual_seed(0)
    x, delta = torch.rand(3, 2, generator=g), torch.rand(3, 2, generator=g) - 0.6
    start = torch.tensor([[0.5, -0.3], [0.1, -0.8]])
    array = device.array((2, 2), g)
    fast, chance = torch.empty(runs, 2, 2), np.random.default_rng(0)
    for run in fast:
        array.program(start)
        write(array, x, delta, lr, PulseTrain(length), g)
        run.copy_(array.weight)
    slow = np.array(
        [trained(start.numpy(), x.numpy(), delta.numpy(), lr, device, length, chance) for _ in range(runs)]
    )
    # An up and a down pulse of one group see the same weight: an error of at most dw^2/tau for such a pair.
    bias = 2 * device.dw_min**2
    error = np.sqrt(2 * slow.var(0) / runs)
    assert (np.abs(fast.double().numpy().mean(0) - slow.mean(0)) < 5 * error + bias).all()
    np.testing.assert_allclose(fast.double().numpy().var(0), slow.var(0), rtol=0.25)


def test_the_exact_outer_product_is_line_10_of_algorithm_1():
    """a + eta (delta x) F(a) - eta |delta x| G(a), with the sign of a descent."""
    device = SoftBounds(states=2000, asymmetry=0.3)
    g = torch.Generator().manual_seed(0)
    array = device.array((3, 4), g)
    a = 1.6 * torch.rand(3, 4, generator=g) - 0.8
    array.program(a)
    lr = 1e-3
    write(array, X, DELTA, lr, Outer(), g)
    product = -(DELTA.T @ X)
    expected = a + lr * product * device.symmetric(a) - lr * product.abs() * device.antisymmetric(a)
    torch.testing.assert_close(array.weight, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PulseTrain(0), "length = 0"),
        (lambda: PulseTrain(LONGEST + 1), "length = 32"),
        (lambda: PulseTrain(2.5), "length = 2.5"),  # pyright: ignore[reportArgumentType]
        (lambda: PulseTrain(3, x_limit=0), "x_limit = 0"),
        (lambda: PulseTrain(3, delta_limit=-1), "delta_limit = -1"),
        (lambda: PulseTrain(10).check(0.011, 0.001, "here"), "here: lr = 0.011 needs 11 pulses"),
        (lambda: PulseTrain(10, delta_limit=0.1).check(0.11, 0.001, "here"), "a train has 10"),
        (lambda: PulseTrain.managed().check(float("inf"), 0.001, "here"), "lr = inf"),
    ],
)
def test_bad_input_is_one_sentence(make, words):
    with pytest.raises(UserError, match=words):
        make()


def test_a_train_may_be_filled_to_its_last_slot():
    PulseTrain(10).check(0.01, 0.001, "here")
    PulseTrain(10, delta_limit=0.1).check(0.1, 0.001, "here")
    assert ConstantStep(states=1200, bound=0.6).dw_min == pytest.approx(0.001)
