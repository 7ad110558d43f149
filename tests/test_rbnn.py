"""RBNN's layers against their definitions."""

import math

import pytest
import torch
from torch import Tensor

from imc.binary.layers import standardize, standardize_filters
from imc.binary.rbnn import RbnnLayer, angle, random_rotation, sharpness, sides
from imc.binary.signs import bipolar


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def layer(
    activations: str = "real", beta: str = "uniform", shape: tuple[int, ...] = (5, 3, 2, 2)
) -> RbnnLayer:
    generator = torch.Generator().manual_seed(7)
    return RbnnLayer(normal(*shape), normal(shape[0], seed=1), 0.3, activations, beta, generator)  # pyright: ignore


def test_filters_are_rotated_as_nearly_square_matrices() -> None:
    assert [sides(n) for n in (3200, 1152, 2048, 7, 36)] == [(50, 64), (32, 36), (32, 64), (1, 7), (6, 6)]


def test_random_rotations_are_orthogonal() -> None:
    r = random_rotation(20, torch.Generator().manual_seed(0))
    assert torch.allclose(r @ r.T, torch.eye(20), atol=1e-6)


def test_gradient_sharpens_over_the_training() -> None:
    assert sharpness(0) == pytest.approx((0.01, 100))
    assert sharpness(1 / 3) == pytest.approx((0.1, 10))
    assert sharpness(1) == pytest.approx((10, 1))


def test_rotation_turns_filter_by_filter() -> None:
    found = layer()
    w = standardize_filters(found.weight)
    for filter_, turned in zip(w, found.rotated(w), strict=True):
        expected = found.r1.T @ filter_.reshape(3, 4) @ found.r2
        assert torch.allclose(turned.flatten(), expected.flatten(), atol=1e-6)
        assert turned.norm().item() == pytest.approx(filter_.norm().item(), rel=1e-5)


def objective(found: RbnnLayer) -> float:
    """Sum over the filters of |R1' X R2|, the trace with its own signs."""
    return found.rotated(standardize_filters(found.weight)).abs().sum().item()


def test_updates_keep_rotations_and_bring_weights_nearer_to_their_signs() -> None:
    found = layer(shape=(16, 4, 3, 3))
    before = [objective(found)]
    for _ in range(5):
        found.rotate()
        before.append(objective(found))
        for r in (found.r1, found.r2):
            assert torch.allclose(r @ r.T, torch.eye(len(r)), atol=1e-5)
    assert before == sorted(before)
    assert before[1] > 1.02 * before[0]
    w = standardize_filters(found.weight)
    assert angle(found.rotated(w)) < angle(w)


def test_one_update_is_the_best_rotation() -> None:
    """No small turn of R1 or R2 improves the trace with the signs that the last round used."""
    found = layer(shape=(8, 4, 3, 3))
    for _ in range(200):
        found.rotate()  # until the signs stay, when B belongs to both rotations
    x = standardize_filters(found.weight).view(8, 6, 6)
    b = bipolar(found.r1.T @ x @ found.r2)
    best = (b * (found.r1.T @ x @ found.r2)).sum()
    for seed in range(20):
        skew = 0.02 * normal(6, 6, seed=seed)
        turn = torch.linalg.matrix_exp(skew - skew.T)
        assert (b * ((found.r1 @ turn).T @ x @ found.r2)).sum() <= best + 1e-3
        assert (b * (found.r1.T @ x @ (found.r2 @ turn))).sum() <= best + 1e-3


def test_gradient_reaches_the_weights_only_past_the_rotation() -> None:
    """d w3 / d w = 1 - |sin beta|, and d w3 / d beta = cos(beta) (R(w) - w), for sin(beta) >= 0."""
    found = layer()
    w = standardize_filters(found.weight.detach())
    upstream = normal(5, 3, 2, 2, seed=3)
    found.mixed().backward(upstream)
    x = found.weight.detach().clone().requires_grad_()
    standardize_filters(x).backward(upstream * (1 - found.beta.detach().sin()))
    assert x.grad is not None
    assert found.weight.grad is not None
    assert found.beta.grad is not None
    assert torch.allclose(found.weight.grad, x.grad, atol=1e-6)
    expected = (upstream * (found.rotated(w) - w)).sum((1, 2, 3), keepdim=True) * found.beta.detach().cos()
    assert torch.allclose(found.beta.grad, expected, atol=1e-5)


def test_right_angles_freeze_the_weights() -> None:
    """BATMANN's initial angles: the binary weights are those of the rotation alone, and do not learn."""
    found = layer(beta="right")
    w = standardize_filters(found.weight)
    assert torch.allclose(found.mixed(), found.rotated(w), atol=1e-6)
    found(normal(2, 3, 4, 4, seed=2)).square().sum().backward()
    assert found.weight.grad is not None
    assert found.alpha.grad is not None
    assert found.weight.grad.abs().max() == 0
    assert found.alpha.grad.abs().min() > 0


def test_uniform_angles_lie_between_0_and_90_degrees() -> None:
    beta = layer(shape=(1000, 4)).beta
    assert beta.min() >= 0
    assert beta.max() < math.pi / 2
    assert beta.mean().item() == pytest.approx(math.pi / 4, abs=0.05)


@pytest.mark.parametrize("activations", ["real", "binary"])
@pytest.mark.parametrize("shape", [(5, 3, 2, 2), (5, 12)])
def test_forward_and_deployed_are_the_definition(activations: str, shape: tuple[int, ...]) -> None:
    found = layer(activations, shape=shape)
    x = normal(2, 3, 4, 4, seed=2) if len(shape) == 4 else normal(2, 12, seed=2)
    a = standardize(x)
    a = bipolar(a) if activations == "binary" else a
    operate = torch.nn.functional.conv2d if len(shape) == 4 else torch.nn.functional.linear
    signs = bipolar(found.mixed())
    assert torch.allclose(found(x), 0.3 * operate(a, signs, found.bias), atol=1e-5)
    deployed = found.deployed()
    assert deployed.inputs == ("signs" if activations == "binary" else "standardized")
    view = (-1, *[1] * (len(shape) - 2))
    again = deployed.scale.view(view) * operate(a, deployed.weight) + deployed.bias.view(view)
    assert torch.allclose(found(x), again, atol=1e-5)


def test_activations_keep_a_gradient_of_t_at_least_one() -> None:
    """|x| < sqrt(2)/t passes, with t at least 1 for activations."""
    found = layer("binary", shape=(5, 12))
    found.t, found.k = 0.01, 100.0
    x = normal(4, 12, seed=2).requires_grad_()
    upstream = normal(4, 12, seed=3)
    found.inputs(x).backward(upstream)
    a = standardize(x.detach())
    y = x.detach().clone().requires_grad_()
    standardize(y).backward(upstream * (math.sqrt(2) - a.abs()).clamp(min=0))
    assert x.grad is not None
    assert y.grad is not None
    assert torch.allclose(x.grad, y.grad, atol=1e-5)


def test_angle_by_hand() -> None:
    assert angle(torch.tensor([[3.0, 4.0]])) == pytest.approx(
        math.degrees(math.acos(7 / (5 * math.sqrt(2)))), rel=1e-4
    )
