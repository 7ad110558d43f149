"""The thesis's training: written-out passes against automatic differentiation, and what a record tells."""

import pytest
import torch
from torch import Tensor

from imc.binary.binarynet import power_of_two, squared_hinge, squared_hinge_slope
from imc.binary.quantizers import quantize_activation, quantize_weight, straight_through
from imc.errors import UserError
from imc.papers.reram.evaluation import measure
from imc.papers.reram.experiments import MlpConfig
from imc.papers.reram.network import EPSILON, LAYERS, Ensemble, Trained, shifted, squash
from imc.papers.reram.passes import Passes
from imc.papers.reram.pictures import Pictures
from imc.papers.reram.training import chosen, look, stepper, train

SMALL = {"effort": "smoke", "input_size": 8, "hidden": 12, "batch": 30}
VARIANTS = [
    {},
    {"stochastic_neurons": False},
    {"norm": "none"},
    {"norm": "shared"},
    {"norm": "scale", "activation_bits": 2},
    {"norm_arithmetic": "shift-based"},
    {"weight_bits": 3},
    {"activation_bits": 2},
    {"activation_bits": 8, "squash": "hardtanh", "weight_bits": 8},
]


def ensemble(**values: object) -> Ensemble:
    """Networks with lively parameters."""
    nets = Ensemble(MlpConfig.build(**SMALL | values))
    g = torch.Generator().manual_seed(5)
    for name, parameter in nets.parameters.items():
        if name[0] != "w":
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=g)
    return nets


def batch(nets: Ensemble) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(6)
    shape = (nets.config.seeds, nets.config.batch)
    x = (torch.rand(*shape, nets.config.input_size**2, generator=g) > 0.6).float()
    return x, torch.randint(0, 10, shape, generator=g)


def through(rounded: Tensor, exact: Tensor) -> Tensor:
    return straight_through(rounded.detach(), exact)


def scores_by_definition(nets: Ensemble, x: Tensor, noise: list[Tensor]) -> Tensor:
    """Double precision, operation by operation, for automatic differentiation."""
    p, config = nets.parameters, nets.config
    x = x.double()
    for layer in LAYERS:
        w = quantize_weight(p[f"w{layer}"].double(), config.weight_bits)
        z = x @ w + p[f"b{layer}"].double().unsqueeze(1)
        if config.norm == "scale":
            gamma, beta = (p[f"{name}{layer}"].double().unsqueeze(1) for name in ("gamma", "beta"))
            z = z * gamma + beta
        elif config.norm != "none":
            gamma = p[f"gamma{layer}"].double().unsqueeze(1)
            centred = z - z.mean(1, keepdim=True)
            var = centred.square().mean(1, keepdim=True)
            if config.norm == "shared":
                var = var.mean(-1, keepdim=True)
            inverse = (var + EPSILON).rsqrt()
            if shifted(config, layer):
                var = (centred * power_of_two(centred)).mean(1, keepdim=True)
                # the plain formula's gradient, at the shift-based value of 1/sigma
                value = power_of_two((var + EPSILON).rsqrt())
                inverse = value + (inverse - inverse.detach()) * (value / inverse.detach()) ** 3
                gamma = through(power_of_two(gamma), gamma)
            z = centred * inverse * gamma + p[f"beta{layer}"].double().unsqueeze(1)
        if layer == LAYERS[-1]:
            return z
        a = squash(z, config)
        if config.activation_bits == 1 and config.stochastic_neurons:
            x = straight_through((noise[layer - 1].double() < z.detach()).double(), a)
        else:
            x = quantize_activation(a, config.activation_bits)
    raise AssertionError


@pytest.mark.parametrize("values", VARIANTS)
def test_the_passes_are_those_of_automatic_differentiation(values: dict) -> None:
    nets = ensemble(**values)
    x, labels = batch(nets)
    passes = Passes(nets)
    passes.inputs.copy_(x)
    scores = passes.forward().clone()
    targets = 2.0 * torch.nn.functional.one_hot(labels, 10) - 1
    loss, gradient = squared_hinge_slope(scores, targets)
    passes.backward(gradient.clone())
    found = {name: slope.clone() for name, slope in nets.flat.slopes.items()}
    nets.flat.gradients.zero_()

    expected = scores_by_definition(nets, x, [layer.noise for layer in passes.layers])
    torch.testing.assert_close(scores.double(), expected, rtol=1e-4, atol=1e-4)
    expected_loss = squared_hinge(expected, labels)
    torch.testing.assert_close(loss.double(), expected_loss, rtol=1e-4, atol=1e-5)
    expected_loss.sum().backward()
    for name, slope in nets.flat.slopes.items():
        size = slope.abs().max().item()
        torch.testing.assert_close(found[name], slope, rtol=1e-3, atol=1e-4 * size + 1e-7, msg=name)


def test_neurons_fire_with_the_probability_of_their_activation() -> None:
    nets = Ensemble(MlpConfig.build(**SMALL | {"norm": "none", "seeds": 1, "batch": 1000, "hidden": 64}))
    for layer in LAYERS:
        nets.parameters[f"w{layer}"].data.fill_(0.0)  # quantized to +1
    passes = Passes(nets)
    passes.inputs.zero_()
    for bias, share in ((-1.5, 0.0), (-1.0, 0.0), (-0.5, 0.25), (0.2, 0.6), (1.0, 1.0)):
        nets.parameters["b1"].data.fill_(bias)
        passes.forward()
        assert passes.layers[1].x.mean().item() == pytest.approx(share, abs=0.01)


def test_shift_based_batch_norm_is_shifts_at_inference_but_for_the_output() -> None:
    nets = ensemble(norm_arithmetic="shift-based")
    x, _ = batch(nets)
    passes = Passes(nets)
    passes.inputs.copy_(x)
    passes.forward()
    tensors = nets.tensors()
    for layer in (1, 2):
        for name in (f"gamma{layer}", f"sigma{layer}"):
            assert torch.equal(tensors[name], power_of_two(tensors[name])), name
    assert not torch.equal(tensors["gamma3"], power_of_two(tensors["gamma3"]))
    with pytest.raises(UserError, match="norm=batch"):
        MlpConfig.build(norm="none", norm_arithmetic="shift-based")


@pytest.mark.parametrize("optimizer", ["companion", "released"])
def test_a_step_lowers_the_loss_of_its_own_batch(optimizer: str) -> None:
    nets = ensemble(optimizer=optimizer, stochastic_neurons=False)
    x, labels = batch(nets)
    targets = 2.0 * torch.nn.functional.one_hot(labels, 10) - 1
    step = stepper(nets)
    losses = [step(x, targets, 2.0**-8).tolist() for _ in range(30)]
    assert max(losses[-1]) < min(losses[0])


def test_what_the_curves_show_is_what_is_measured() -> None:
    nets = ensemble(activation_bits=2)
    pictures = Pictures(nets.config)
    found = look(nets, pictures)
    by_policy = measure(Trained(nets.config, nets.tensors()), pictures.test)["accuracy"]
    assert found["test"] == pytest.approx(by_policy["baseline"], abs=0.4)  # float32: a picture may differ
    assert set(found) == {"test", "held_out", "in_window1", "in_window2"}


def test_a_rule_chooses_an_epoch_of_each_network() -> None:
    curve = {
        "test": [[90.0, 91.0], [95.0, 92.0], [94.0, 93.0]],
        "held_out": [[91.0, 90.0], [93.0, 96.0], [94.0, 95.0]],
    }
    found = chosen(curve)
    assert found["by_test"] == {"test": [95.0, 93.0], "epoch": [2, 3], "held_out": [93.0, 95.0]}
    assert found["by_held_out"] == {"test": [94.0, 92.0], "epoch": [3, 2]}
    assert found["last"] == {"held_out": [94.0, 95.0]}


def test_all_pictures_leave_none_to_hold_out() -> None:
    some, every = (Pictures(MlpConfig.build(**SMALL, held_out=held_out)) for held_out in (True, False))
    assert every.held_out is None
    assert some.held_out is not None
    assert torch.equal(torch.cat([some.train[0], some.held_out[0]]), every.train[0])
    metrics = train(MlpConfig.build(**SMALL, held_out=False, epochs=1), lambda done, note="": None).metrics
    assert "held_out" not in metrics["curve"]
    assert list(metrics["chosen"]) == ["by_test"]


def test_grey_inputs_keep_their_levels() -> None:
    grey, binary = (Pictures(MlpConfig.build(**SMALL, inputs=kind)).test[0] for kind in ("grey", "binary"))
    assert torch.equal(grey >= 0.5, binary.bool())
    assert grey.unique().numel() > 2
    assert (grey.min(), grey.max()) == (0, 1)
