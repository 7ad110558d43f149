"""Training through the chip: straight-through gradients, fresh variation each step, what is held after."""

# pyright: reportOptionalMemberAccess=false, reportOptionalSubscript=false, reportCallIssue=false
# (a torch module's attributes have no types)

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from imc.crossbar import (
    ADC,
    DAC,
    RRAM_1T1R,
    Array,
    Chip,
    Device,
    Lognormal,
    SenseAmplifier,
    Wires,
    map_network,
)

pytestmark = pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning")

DEVICE = Device(1e3, 1e4)


def test_gradients_are_those_of_the_plain_layer_with_the_held_weights():
    torch.manual_seed(0)
    net, x = (
        nn.Sequential(nn.Conv2d(2, 3, 2), nn.Tanh(), nn.Flatten(), nn.Linear(27, 2)),
        torch.rand(4, 2, 4, 4),
    )
    array = Array(9, 8, wires=Wires(1.0, 1.0), adc=ADC(9), dac=DAC(7, limit=2.0))
    mapped = map_network(net, Chip(Device(1e3, 1e4, 32), variation=Lognormal(50), array=array))
    mapped.train()
    x.requires_grad_()
    y = mapped(x)
    held = {name: layer.weight.clone() for name, layer in mapped.layers.items()}
    y.square().sum().backward()
    # The last layer by hand: dL/dW = 2 y' h with the h that it met.
    hidden = {}
    mapped.layers["3"].register_forward_pre_hook(lambda m, a: hidden.update(h=a[0].detach()))
    mapped.program(0)
    again = mapped(x)
    torch.testing.assert_close(again, y, atol=1e-6, rtol=0)  # the first step of a programming is the same
    h = DAC(7, limit=2.0)(hidden["h"])
    torch.testing.assert_close(mapped.layers["3"].ideal.grad, 2 * y.detach().T @ h, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(mapped.layers["3"].bias.grad, 2 * y.detach().sum(0), atol=1e-5, rtol=1e-4)
    plain = torch.autograd.functional.jacobian(
        lambda w: F.conv2d(DAC(7, limit=2.0)(x.detach()), w, net[0].bias.detach()).sum(), held["0"]
    )
    assert plain.shape == held["0"].shape
    assert x.grad is not None
    assert mapped.layers["0"].ideal.grad.abs().sum() > 0


def test_every_step_sees_another_chip_and_a_seed_repeats_them():
    mapped = map_network(nn.Linear(5, 3), Chip(DEVICE, variation=Lognormal(300)))
    x = torch.ones(1, 5)
    mapped.train()
    first = [mapped(x).detach() for _ in range(3)]
    assert not torch.equal(first[0], first[1])
    mapped.program(0)
    assert all(torch.equal(a, mapped(x)) for a in first)


def test_noise_aware_training_stands_more_variation():
    """XOR-like digits of a kind: training on the chip must beat training without it, on the same chips."""
    torch.manual_seed(0)
    x = torch.rand(300, 6, generator=torch.Generator().manual_seed(1)) * 2 - 1
    labels = (x[:, 0] * x[:, 1] > 0).long()
    net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
    chip = Chip(DEVICE, variation=Lognormal(500))
    fit(net, x, labels, 150)
    before = map_network(net, chip).report(x, labels, chips=10)
    mapped = map_network(net, chip)
    mapped.train()
    fit(mapped, x, labels, 250)
    mapped.eval()
    after = mapped.report(x, labels, chips=10)
    assert before.digital > 90
    assert after.accuracy.mean > before.accuracy.mean + 2


def fit(network, x, labels, steps):
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(network(x), labels).backward()
        optimizer.step()


def test_eval_holds_the_trained_weights_and_takes_no_gradients():
    torch.manual_seed(0)
    net = nn.Linear(5, 3)
    mapped = map_network(net, Chip(DEVICE))
    before = mapped.layers[""].ideal.clone()
    mapped.train()
    fit(mapped, torch.randn(20, 5), torch.randint(0, 3, (20,)), 5)
    mapped.eval()
    layer = mapped.layers[""]
    assert not torch.equal(layer.ideal, before)
    torch.testing.assert_close(layer.weight, layer.ideal.data, atol=1e-6, rtol=0)
    assert float(layer.limit) == float(layer.ideal.abs().max())
    assert not mapped(torch.randn(2, 5)).requires_grad
    assert torch.equal(net.weight, before), "the original is untouched"


def test_weights_that_move_beyond_a_fixed_limit_come_back_to_it():
    net = nn.Linear(5, 3)
    mapped = map_network(net, Chip(DEVICE, limit=1.0))
    mapped.train()
    mapped.layers[""].ideal.data.fill_(4.0)
    mapped(torch.ones(1, 5))
    assert mapped.layers[""].ideal.unique().tolist() == [1.0]


def test_levels_and_comparators_let_gradients_through():
    mapped = map_network(nn.Linear(5, 3), Chip(RRAM_1T1R, array=Array(adc=SenseAmplifier())))
    mapped.train()
    y = mapped(torch.full((2, 5), 0.1))
    assert y.abs().unique().tolist() == [1.0]
    y.sum().backward()
    assert mapped.layers[""].ideal.grad.abs().sum() > 0


def test_inputs_that_a_dac_clips_get_no_gradient():
    mapped = map_network(nn.Linear(2, 1), Chip(DEVICE, array=Array(dac=DAC(8, limit=1.0))))
    mapped.train()
    x = torch.tensor([[0.5, 3.0]], requires_grad=True)
    mapped(x).sum().backward()
    assert x.grad[0, 0] != 0
    assert x.grad[0, 1] == 0
