"""Pages on devices that take pulses: the device table, zero-shifting, leaks, and trainings in small."""

import math
from typing import Any

import pytest
import torch

from imc import runs
from imc.errors import UserError
from imc.papers.codesign import leak, table, training
from imc.papers.codesign.retention_experiments import TransferConfig
from imc.papers.codesign.rpu_experiments import TrainingConfig
from imc.runs import experiments


def metrics(name: str, **values):
    experiment = experiments.find(name)
    config = experiment.config.build(**values)
    return experiment.run(config, lambda done, note="": None).metrics


SMALL = {"effort": "smoke", "samples": 60, "hidden": (12,)}


def test_the_table_holds_945_levels_under_one_reading_and_373_under_the_other():
    found = metrics("codesign/device-table")
    assert found["levels"] == pytest.approx({"mean_resistance": 945, "mean_conductance": 1120 / 3})
    assert found["half_voltage"] == 10
    assert found["asymmetry"] == pytest.approx(0.05 / 2.05)
    assert found["step"] == pytest.approx({"siemens": 1e12 * 1e5 / 24e6**2, "spread": 0.3})


@pytest.mark.parametrize("of", ["mean_resistance", "mean_conductance"])
def test_extremes_have_the_average_and_the_ratio_that_are_asked_for(of):
    low, high = table.extremes(24e6, 8, of)
    assert high / low == pytest.approx(8)
    mean = (1 / low + 1 / high) / 2 if of == "mean_resistance" else 2 / (low + high)
    assert mean == pytest.approx(24e6)


def test_zero_shifting_is_geometric_down_to_a_floor_below_the_step():
    found = metrics("codesign/zero-shifting", states=(50, 200), cells=2000)
    for number, states in enumerate((50, 200)):
        dw = 2 / states
        assert found["step"][number] == pytest.approx(1 / states)
        assert found["pairs"]["counted"][number] == pytest.approx(found["pairs"]["law"][number], rel=0.25)
        k = dw * (1 - 0.3**2)  # where an up and then a down pulse undo each other: a - k (1 - a)/(2 - k)
        assert found["floor"]["exact"][number] == pytest.approx(0.7 * k / (2 - k) / 2, abs=1e-4)
        assert found["floor"]["noisy"][number] > found["floor"]["exact"][number]
        distance, law = (found["curve"][key][number] for key in ("distance", "law"))
        assert distance[10] == pytest.approx(law[10], abs=dw / 2)
    assert found["update_rule"] < 1e-9
    assert max(found["reached"]) < 0.05
    assert found["pairs"]["counted"][1] > 4 * found["pairs"]["counted"][0]


def test_775_minutes_are_4e6_epochs_or_78_by_the_time_of_an_update():
    found = metrics("codesign/leak", tau=500, seeds=3)
    assert found["epochs"] == pytest.approx([3.875e6, 7750, 77.5])
    assert found["lost_an_epoch"][2] == pytest.approx(100 * (1 - math.exp(-1 / 77.5)))
    assert found["rest"]["distance"] == pytest.approx([math.exp(-5)] * 3, rel=1e-3)
    assert found["law"] < 5e-3


def test_what_surrounds_an_array_can_be_taken_apart():
    of = {
        kind: training.periphery(TrainingConfig.build(periphery=kind))
        for kind in ("none", "rpu", "inputs", "outputs", "scaled")
    }
    x, weight = torch.tensor([[0.9, 0.01]]), torch.tensor([[1.0, 1.0], [0.5, 0.0]])
    read = {kind: one.product(x, weight, torch.Generator().manual_seed(0)) for kind, one in of.items()}
    torch.testing.assert_close(read["none"], x @ weight.T)
    rounded = round(0.9 * 15) / 15  # 31 levels from -1 to 1, of which 0.01 is none
    torch.testing.assert_close(read["inputs"], rounded * weight[:, 0][None])
    assert not torch.equal(read["rpu"], read["outputs"])
    # an error far below the DAC's step is lost, and kept where it is scaled by its own largest
    small = 1e-3 * x
    assert of["inputs"].product(small, weight, torch.Generator()).abs().max() == 0
    scaled = training.periphery(TrainingConfig.build(periphery="scaled", output_noise=0))
    assert scaled.product(small, weight, torch.Generator()).abs().min() > 0


@pytest.mark.parametrize("device", ["float", "constant", "soft", "power", "exponential", "capacitor"])
def test_networks_of_one_seed_start_and_see_the_same_whatever_their_device(device):
    config = TrainingConfig.build(**SMALL, device=device, bound=100, states=1e5, bound_spread=0)
    plain = TrainingConfig.build(**SMALL, device="float")
    one, other = training.network(config, 3)[0], training.network(plain, 3)[0]
    torch.testing.assert_close(one.weight, other.weight)
    first, second = (torch.cat(list(training.batches(c, 40, 3))) for c in (config, plain))
    assert torch.equal(first, second)
    assert len(first) == 60


@pytest.mark.parametrize("algorithm", ["sgd", "v1", "v2", "chopped", "agad"])
def test_every_algorithm_trains_and_repeats(algorithm):
    values = {**SMALL, "algorithm": algorithm, "reference": "symmetry", "asymmetry": 0.2}
    found = metrics("codesign/tiki-taka", **values)
    assert found == metrics("codesign/tiki-taka", **values)
    assert len(found["error"]) == 2
    assert [a + e for a, e in zip(found["accuracy"], found["error"], strict=True)] == [100, 100]
    assert ("a" in found["pulses"]) == (algorithm != "sgd")
    assert found["curve"]["samples"][-1] == 60


def test_what_a_leak_costs_is_a_difference_of_declared_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("IMC_RESULTS", str(tmp_path))
    found = runs.obtain("codesign/loss-by-leak", **SMALL, tau=30).metric("loss")
    with_leak = runs.find("codesign/capacitor", **SMALL, tau=30)
    without = runs.find("codesign/capacitor", **SMALL)
    assert with_leak is not None
    assert without is not None
    assert found == pytest.approx(
        [a - b for a, b in zip(with_leak.metric("error"), without.metric("error"), strict=True)]
    )


def test_what_is_moved_without_error_is_kept():
    """Leaking cells start again from rest, and the weights in effect are the same before and after."""
    values = {**SMALL, "transfer_every": 60, "tau": 50, "rest": 0.1, "rest_spread": 0.05}
    layer: Any = training.network(TransferConfig.build(**values), 0)[0]
    layer.tile.c.w.add_(0.1)
    before = layer.weight
    for _ in range(2):
        leak.move(layer, 0.0, torch.Generator())
        torch.testing.assert_close(layer.weight, before, rtol=0, atol=1e-6)
        torch.testing.assert_close(layer.tile.c.weight, layer.tile.c.resting_point())
    layer.tile.c.wait(1000)
    torch.testing.assert_close(layer.weight, before, rtol=0, atol=1e-6)


def test_transfers_are_counted_and_judged():
    found = metrics("codesign/transfer", **SMALL, transfer="online", transfer_every=20, tau=100)
    assert found["transfers"] == 3
    before, after = found["accuracy"]["before"], found["accuracy"]["after"]
    assert found["change"] == pytest.approx([b - a for a, b in zip(before, after, strict=True)])


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("training", {"asymmetry": 1.0}, "asymmetry = 1.0"),
        ("training", {"states": 1}, "states = 1"),
        ("training", {"bound": 0}, "bound = 0"),
        ("training", {"tau": 0, "device": "capacitor"}, "tau = 0"),
        ("training", {"learning_rate": 0.1}, "lr = 0.1 needs 100 pulses"),
        ("training", {"algorithm": "v1", "reference": "symmetry", "asymmetry": 0.1}, "no symmetry point"),
        ("training", {"reference": "rest"}, "only a leaking device"),
        ("capacitor", {"rest": 3}, "rest = 3"),
        ("transfer", {"transfer_every": 1000}, "transfer_every of at most samples"),
        ("transfer", {"reference": "zero", "transfer_every": 20}, "weights move from leaking cells"),
        ("fixed-matrix", {"sweep": "asymmetry", "values": (1.0,)}, "asymmetry = 1.0"),
    ],
)
def test_bad_input_is_one_sentence(name, values, words):
    with pytest.raises(UserError, match=words):
        metrics(f"codesign/{name}", **({} if name == "fixed-matrix" else SMALL), **values)
