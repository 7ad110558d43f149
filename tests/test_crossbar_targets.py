"""Targets that are kept from one programming to the next change no bit of what is programmed."""

import copy
import io

import pytest
import torch
from torch import nn

from imc.crossbar import (
    LAWS,
    Array,
    BitSliced,
    Chip,
    Device,
    GaussianConductance,
    GaussianResistance,
    Lognormal,
    SingleColumn,
    Step,
    StuckCells,
    Wires,
    map_network,
    targets,
)
from imc.crossbar.steps import normal_like

DEVICE = Device(1e3, 1e4)


def programmed(chip: Chip, layer: nn.Linear, seed: int = 1) -> torch.Tensor:
    """Conductances of one programming alone."""
    return map_network(layer, chip, seed=seed).conductances


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("size", [(7, 5), (300, 200)])
def test_drawing_from_kept_targets_is_what_a_call_makes_of_them(law, size):
    aimed = torch.rand(*size, generator=torch.Generator().manual_seed(0)) * 9e-4 + 1e-4
    for step in (law(200), law(sigma_on=100, sigma_off=2000)):
        called, drawn = aimed.clone(), torch.empty_like(aimed)
        step(called, DEVICE, torch.Generator().manual_seed(7))
        step.draw(step.prepare(aimed.clone()), drawn, DEVICE, torch.Generator().manual_seed(7))
        assert torch.equal(called, drawn)


@pytest.mark.parametrize(
    "chip",
    [
        Chip(DEVICE, variation=GaussianResistance(200)),
        Chip(Device(1e3, 1e4, 5), SingleColumn(), (Lognormal(200), StuckCells(on=0.1))),
        Chip(DEVICE, BitSliced(3, 2), GaussianConductance(200)),
        Chip(DEVICE, variation=Lognormal(200), array=Array(4, 8, Wires(1.0, 1.0))),
        Chip(DEVICE, variation=Lognormal(200), scale="column"),
    ],
)
def test_a_chip_is_the_one_of_its_seed_however_often_it_is_programmed(chip, monkeypatch):
    layer = nn.Linear(6, 9)
    mapped = map_network(layer, chip, seed=3)
    weight = mapped.layers[""].weight.clone()
    for seed in (5, 3):
        mapped.program(seed)
    monkeypatch.setattr(targets, "MOST", 0)  # nothing is kept
    assert torch.equal(mapped.conductances, programmed(chip, layer, 3))
    assert torch.equal(mapped.layers[""].weight, weight)


def test_other_weights_have_other_targets():
    chip = Chip(DEVICE, variation=Lognormal(200))
    torch.manual_seed(0)
    one, other = nn.Linear(6, 9), nn.Linear(6, 9)
    wanted = programmed(chip, other)
    mapped = map_network(one, chip)
    mapped.program(1)
    mapped.write({"": other.weight})
    mapped.program(1)
    assert torch.equal(mapped.conductances, wanted)
    for change in (
        lambda layer: layer.ideal.data.copy_(one.weight.detach()),  # torch counts no change of .data ...
        lambda layer: setattr(layer.ideal, "data", one.weight.detach().clone()),
    ):
        mapped = map_network(other, chip)
        mapped.program(1)
        layer = mapped.layers[""]
        change(layer)
        layer.settle()  # ... so that settle, as training does, takes it into account
        mapped.program(1)
        assert torch.equal(mapped.conductances, programmed(chip, one))


def test_training_loading_and_copies_keep_no_old_targets():
    chip = Chip(DEVICE, variation=Lognormal(200))
    torch.manual_seed(0)
    one, other = nn.Linear(6, 9), nn.Linear(6, 9)
    mapped = map_network(one, chip)
    mapped.load_state_dict(map_network(other, chip).state_dict())
    mapped.program(1)
    assert torch.equal(mapped.conductances, programmed(chip, other))
    optimizer = torch.optim.SGD(mapped.train().parameters(), 0.5)
    mapped(torch.rand(4, 6)).square().sum().backward()
    optimizer.step()
    mapped.eval().program(1)
    trained = nn.Linear(6, 9)
    trained.weight = nn.Parameter(mapped.layers[""].ideal.detach().clone())
    assert torch.equal(mapped.conductances, programmed(chip, trained))
    twin = copy.deepcopy(mapped)
    twin.write({"": one.weight})
    for network, layer in ((twin, one), (mapped, trained)):
        network.program(1)
        assert torch.equal(network.conductances, programmed(chip, layer))
    size = io.BytesIO()
    torch.save(mapped, size)
    assert size.getbuffer().nbytes < 40_000


def test_a_law_that_changes_another_s_call_is_asked_by_its_call():
    class Halved(Lognormal):
        def __call__(self, g, device, generator):
            g.mul_(0.5)

    class Plain(Step):
        def __call__(self, g, device, generator):
            g.add_(normal_like(g, generator).abs(), alpha=1e-5)

    layer = nn.Linear(6, 9)
    exact = programmed(Chip(DEVICE), layer)
    mapped = map_network(layer, Chip(DEVICE, variation=Halved(200)))
    mapped.program(2)
    assert torch.equal(mapped.conductances, exact * 0.5)
    mapped = map_network(layer, Chip(DEVICE, variation=Plain()))
    mapped.program(2)
    assert (mapped.conductances >= exact).all()
    assert not torch.equal(mapped.conductances, exact)


def test_large_layers_keep_no_targets(monkeypatch):
    monkeypatch.setattr(targets, "MOST", 100)
    mapped = map_network(
        nn.Sequential(nn.Linear(6, 9), nn.Linear(9, 2)), Chip(DEVICE, variation=Lognormal(9))
    )
    kept = [layer._targets._kept is not None for layer in mapped.layers.values()]
    assert kept == [False, True]
