"""`AnalogLinear` as a drop-in for torch.nn.Linear."""

import copy
import pickle
from typing import Any, cast

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from imc.analog import (
    AGAD,
    SGD,
    AnalogLinear,
    AnalogSGD,
    Capacitor,
    ChoppedTikiTaka,
    Ideal,
    ModifiedTikiTaka,
    OneSided,
    Outer,
    PulseTrain,
    Reference,
    SoftBounds,
    TikiTaka,
    TikiTakaV2,
    step,
)
from imc.errors import UserError

SOFT = SoftBounds(states=200, step_spread=0.2, bound_spread=0.1, cycle_spread=0.2)
ALGORITHMS = [
    SGD(),
    SGD(reference=Reference("pulsed", error=0.1, pairs=30)),
    TikiTaka(gamma=0.1, every=3),
    TikiTakaV2(gamma=0.0, every=2, keep=0.1),
    ChoppedTikiTaka(gamma=0.1, every=2, chop=0.3),
    AGAD(gamma=0.0, every=2, chop=0.3),
]
OTHERS = [
    (ModifiedTikiTaka(gamma=0.1, every=2), Capacitor(states=300, tau=50.0, rest=0.1, rest_spread=0.1)),
    (SGD(), OneSided(states=100, devices=4, reset_every=10, cycle_spread=0.1, step_spread=0.1)),
]


def batches(n: int, seed: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
    g = torch.Generator().manual_seed(seed)
    return [(torch.randn(6, 5, generator=g), torch.randint(3, (6,), generator=g)) for _ in range(n)]


def network(algorithm: Any, seed: int = 0, device: Any = SOFT, update: Any = None) -> Any:
    options = {"algorithm": algorithm, "update": update or PulseTrain.managed()}
    return nn.Sequential(
        AnalogLinear(5, 4, device, seed=seed, **options),
        nn.Tanh(),
        AnalogLinear(4, 3, device, seed=seed + 1, **options),
    )


def train(net: nn.Module, data, lr: float = 0.05) -> None:
    optimizer = AnalogSGD(net, lr)
    for x, y in data:
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()


def test_ideal_devices_with_exact_updates_are_torch_sgd():
    # To 1e-8: the step of a pulse is kept in single precision.
    net = network(SGD(), device=Ideal(1000), update=Outer()).double()
    plain: Any = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    for a, b in ((net[0], plain[0]), (net[2], plain[2])):
        b.weight.data, b.bias.data = a.weight, a.bias
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05)
    data = [(x.double(), y) for x, y in batches(20)]
    for x, y in data:
        optimizer.zero_grad()
        F.cross_entropy(plain(x), y).backward()
        optimizer.step()
    train(net, data)
    for a, b in ((net[0], plain[0]), (net[2], plain[2])):
        torch.testing.assert_close(a.weight, b.weight, rtol=0, atol=1e-8)
        torch.testing.assert_close(a.bias, b.bias, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("algorithm", "device"), [(a, SOFT) for a in ALGORITHMS] + OTHERS)
def test_state_dict_copy_and_pickle_continue_exactly(algorithm, device, tmp_path):
    net = network(algorithm, device=device)
    train(net, batches(7))
    torch.save(net.state_dict(), tmp_path / "state.pt")
    loaded = network(algorithm, seed=10, device=device)
    loaded.load_state_dict(torch.load(tmp_path / "state.pt"))
    others = [loaded, copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    train(net, batches(7, seed=1))
    for other in others:
        train(other, batches(7, seed=1))
        torch.testing.assert_close(other[0].weight, net[0].weight, rtol=0, atol=0)
        torch.testing.assert_close(other[2].weight, net[2].weight, rtol=0, atol=0)
        assert other[0].pulses == net[0].pulses


def test_the_same_seed_repeats_and_manual_seed_repeats_unseeded_layers():
    one, two = network(SGD()), network(SGD())
    train(one, batches(3))
    train(two, batches(3))
    assert torch.equal(one[0].weight, two[0].weight)
    torch.manual_seed(3)
    first = AnalogLinear(5, 4, SOFT).weight
    second = AnalogLinear(5, 4, SOFT).weight
    torch.manual_seed(3)
    assert torch.equal(first, AnalogLinear(5, 4, SOFT).weight)
    assert not torch.equal(first, second)


def test_ordinary_parameters_beside_analog_layers_are_trained_too():
    net: Any = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), AnalogLinear(4, 3, SOFT, seed=0))
    (x, y), before = batches(1)[0], net[0].weight.detach().clone()
    optimizer = AnalogSGD(net, 0.001)
    F.cross_entropy(net(x), y).backward()
    gradient = net[0].weight.grad.clone()
    optimizer.step()
    torch.testing.assert_close(net[0].weight.detach(), before - 0.001 * gradient)


def test_a_scheduler_lowers_the_learning_rate():
    net = network(SGD(), device=Ideal(1000), update=Outer())
    optimizer = AnalogSGD(net, 0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.0)
    optimizer.step()
    scheduler.step()
    before = net[0].weight
    x, y = batches(1)[0]
    F.cross_entropy(net(x), y).backward()
    optimizer.step()
    assert torch.equal(net[0].weight, before)


def test_zero_grad_forgets_and_backward_passes_gather():
    net = network(SGD(), device=Ideal(1000), update=Outer())
    x, y = batches(1)[0]
    before = net[0].weight
    optimizer = AnalogSGD(net, 0.1)
    F.cross_entropy(net(x), y).backward()
    optimizer.zero_grad()
    optimizer.step()
    assert torch.equal(net[0].weight, before)
    F.cross_entropy(net(x), y).backward()
    gradient = net[0].pending[0][1].T @ x
    F.cross_entropy(net(x), y).backward()
    step(net, 0.1)
    torch.testing.assert_close(net[0].weight, before - 0.2 * gradient)


def test_a_closure_is_evaluated_with_gradients():
    one, two = network(SGD()), network(SGD())
    x, y = batches(1)[0]
    optimizer = AnalogSGD(one, 0.05)

    def closure() -> torch.Tensor:
        loss = F.cross_entropy(one(x), y)
        loss.backward()
        return loss

    assert optimizer.step(closure) > 0
    train(two, [(x, y)])
    assert torch.equal(one[0].weight, two[0].weight)


def test_evaluation_leaves_nothing_to_apply():
    net = network(SGD()).eval()
    x, y = batches(1)[0]
    F.cross_entropy(net(x), y).backward()
    assert not net[0].pending


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AnalogLinear(0, 3, SOFT), "in_features = 0"),
        (lambda: AnalogLinear(3, 3, cast(Any, "soft")), "must be a device"),
        (lambda: AnalogLinear(3, 3, SOFT)(torch.zeros(2, 4)), "end in another size"),
        (lambda: AnalogLinear(3, 3, SOFT).set_weight(torch.zeros(3, 4)), "do not fit"),
        (lambda: AnalogSGD(nn.Linear(3, 3), 0.1), "no AnalogLinear"),
        (lambda: AnalogSGD(AnalogLinear(3, 3, SOFT), 1.0), "needs 100 pulses"),
        (lambda: AnalogSGD(AnalogLinear(3, 3, SOFT), -1.0), "lr = -1"),
        (lambda: step(AnalogLinear(3, 3, SOFT, update=Outer()), float("nan")), "lr = nan"),
        (lambda: TikiTaka(gamma=-1, every=1), "gamma = -1"),
        (lambda: TikiTaka(gamma=0, every=0), "every = 0"),
        (lambda: TikiTaka(gamma=0, every=1, transfer_lr=0), "transfer_lr = 0"),
    ],
)
def test_bad_input_is_one_sentence(make, words):
    with pytest.raises(UserError, match=words):
        make()
