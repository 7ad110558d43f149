"""The chapter's experiments: what they compute, on small configurations."""

import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from imc.crossbar import all_published
from imc.crossbar.variation import MEANINGS
from imc.papers.arrays import contenders, own_network, speed
from imc.papers.arrays.experiments import (
    GrowthConfig,
    IdentitiesConfig,
    OnChipTrainingConfig,
    OwnDeviceConfig,
    OwnNetworkConfig,
    VariationConfig,
    WiresConfig,
)
from imc.papers.arrays.identities import check, node_by_node
from imc.papers.arrays.own_device import ask
from imc.papers.arrays.sweeps import variation, wires
from imc.paths import ROOT


def silent(done, note=""):
    assert 0 <= done <= 1


def test_what_pages_import_loads_no_torch():
    rooms = "imc.papers.arrays.equations, imc.papers.arrays.pictures, imc.papers.arrays.experiments"
    rooms += ", imc.crossbar.wires, imc.crossbar.variation, imc.papers.batmann.reading"
    code = f"import sys, {rooms}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_identities_hold_to_rounding_and_the_small_array_is_a_real_one():
    outcome = check(IdentitiesConfig.build(effort="smoke"), silent)
    assert max(outcome.metrics["error"].values()) < 1e-12
    assert outcome.metrics["range"] == 0
    assert outcome.metrics["zero_input"] == 0
    assert outcome.metrics["saved"] == 1 - 513 / 1024
    assert outcome.metrics["reference_over_half_hrs"] == pytest.approx(4 / 11)
    small = outcome.tensors
    np.testing.assert_array_equal(small["plus"] > small["minus"], small["weights"] > 0)


def test_circuit_of_held_wires_obeys_ohm_and_kirchhoff():
    g, v = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0])
    np.testing.assert_allclose(node_by_node(g, v), [13, 24])


def test_sweep_over_sigma_starts_exact_and_finds_the_outliers():
    config = VariationConfig.build(seeds=2, sigmas=(0.0, 600.0), side=64)
    found = variation(config, silent).metrics
    for name in MEANINGS:
        for scheme in ("double", "single"):
            at_zero, far = found["correlation"][scheme][name]
            np.testing.assert_allclose(at_zero, 1, atol=1e-6)
            assert max(far) < 0.999
    assert np.mean(found["heaviest"]["gaussian"][1]) > 10 * np.mean(found["heaviest"]["clip"][1])
    assert np.mean(found["r_mean"]["clip"][1]) == pytest.approx(1000 + 600 / np.sqrt(2 * np.pi), rel=0.03)


def test_sweep_over_wires_loses_more_with_size_and_resistance():
    outcome = wires(WiresConfig.build(effort="smoke"), silent)
    kept = np.array(outcome.metrics["kept"]).mean(-1)
    assert (np.diff(kept, axis=0) < 0).all()
    assert (np.diff(kept, axis=1) < 0).all()
    assert outcome.metrics["solver"]["nodal"] < 1e-10
    assert outcome.metrics["solver"]["example_0_5_ohm"] < 1e-7
    # The lower left cell is the nearest to both edges.
    assert outcome.tensors["map"][0].argmax() == 15 * 16


def test_work_of_the_benchmark_is_that_of_the_stated_networks():
    outputs = (784 * 128 * 25, 576 * 128 * 3200, 100 * 128 * 1152, 64 * 128 * 1152, 512 * 2048)
    assert contenders.work(*contenders.cnn()) == (2 * 100 * sum(outputs), 3_512_576)
    weights = 400 * 128 + 128 * 128 + 128 * 10
    assert contenders.work(*contenders.mlp()) == (2 * 1000 * weights, 2 * weights)


def test_every_contender_programs_and_infers():
    for name in ("ours-float32", "torch-float32"):
        found = contenders.contend(name, "mlp", 1)
        assert found["program_ms"] > 0
        assert found["mib"] >= found["mib_before"] > 0
    assert contenders.contend("ours-float32", "mlp", 1)["error"] < 1e-5
    assert contenders.torch.is_grad_enabled(), "what trains after it can still train"


def test_torch_by_hand_and_ours_are_the_same_network():
    (program, infer), _ = contenders.ours(*contenders.mlp(), contenders.torch.float32)
    by_hand, infer_by_hand = contenders.by_hand(*contenders.mlp(), contenders.torch.float32)
    program(1)
    by_hand(1)
    both = np.stack([infer().numpy().ravel(), infer_by_hand().numpy().ravel()])
    assert np.corrcoef(both)[0, 1] > 0.9  # different draws of one distribution


def test_growth_of_the_solver_has_a_time_for_every_side():
    found = speed.solver_growth(GrowthConfig.build(effort="smoke"), silent).metrics
    assert found["sides"] == [8, 16, 32]
    assert all(t > 0 for t in found["seconds"])


def test_the_least_is_each_layers_fastest_kernel_and_one_draw_a_cell():
    found = contenders.kernels("mlp", 1)
    assert [len(found[p]["layers"]) for p in ("float32", "bfloat16")] == [3, 3]
    assert found["float32"]["ms"] == sum(min(times.values()) for times in found["float32"]["layers"])
    times = {"ours_bfloat16": {"trial_ms": 9.0, "infer_ms": 6.0, "program_ms": 3.0}}
    kernels = {"float32": {"ms": 100.0}, "bfloat16": {"ms": 4.0}, "draws_ms": 2.0}
    ratios = speed.to_kernels(times, kernels)
    assert [ratios[k]["ours_bfloat16"] for k in ("to_kernels", "infer_to_kernels", "program_to_draws")] == [
        1.5, 1.5, 1.5,
    ]  # fmt: skip


def test_kernels_of_a_convolution_do_the_same_work():
    layer, x = nn.Conv2d(3, 5, 3), torch.ones(2, 3, 8, 8)
    with torch.no_grad():
        calls = contenders._convolutions(layer, x)
        first, last, product = (calls[k]() for k in ("channels_first", "channels_last", "product"))
    torch.testing.assert_close(first, last)
    assert product.numel() == first.numel()


def test_ratios_are_to_the_limit_of_ones_own_precision():
    limits = {"float32": 1e12, "bfloat16": 2e12, "draws": 1e9}
    times = {"ours_float32": 20.0, "ours_bfloat16": 30.0, "torch_float32": 40.0, "aihwkit_ideal": 100.0}
    found = speed._ratios("mlp", {name: {"trial_ms": t} for name, t in times.items()}, limits)
    cells, operations = 137_728, 137_728_000
    assert found["limit_ms"]["bfloat16"] == pytest.approx(1e3 * (operations / 2e12 + cells / 1e9))
    assert found["best_precision"] == "float32"
    assert found["ahead_of"] == {"torch_float32": 2.0, "aihwkit_ideal": 5.0}
    assert found["ahead_of_fastest_peer"] == 5.0


def test_own_device_on_exact_cells_is_the_network_and_ages_by_its_law():
    config = OwnDeviceConfig.build(effort="smoke", steps=60)
    found = ask(config, silent).metrics
    assert found["digital"] > 50
    assert set(found["accuracy"]) == set(all_published())
    assert max(found["weight_error"]["rram-cmo-falcone"]) < min(found["weight_error"]["rpu-gokmen-2016"])
    assert np.shape(found["ageing"]["tuned"]) == (2, 2)
    assert [row["cells"] for row in found["measured"]["table"]] == [10] * 5


def test_the_code_on_the_page_about_own_devices_runs(tmp_path, monkeypatch):
    text = (ROOT / "notebooks/crossbar/your-device.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 4
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cells.csv").write_text(
        "target,measured\n5000,5500\n5000,4700\n200000,150000\n200000,260000\n"
    )
    names = {"network": nn.Linear(400, 10), "pictures": torch.zeros(3, 400)}
    for block in blocks:
        exec(block, names)


def test_a_network_that_suits_its_chip_brings_no_warning_and_each_mistake_names_a_layer():
    found = own_network.ask(OwnNetworkConfig.build(effort="smoke", steps=60), silent).metrics
    assert found["warnings"] == []
    assert found["text"].startswith("accuracy")
    assert len(found["mistakes"]) == 4
    for mistake in found["mistakes"].values():
        assert mistake["warnings"]
        assert all(text.startswith("layer '") for text in mistake["warnings"])
        assert mistake["accuracy"]["mean"] < found["report"]["accuracy"]["mean"]


def test_training_through_the_chip_leaves_the_network_that_it_began_with():
    config = OnChipTrainingConfig.build(effort="smoke", sigmas=(0.0,))
    found = own_network.train_on_chip(config, silent).metrics
    # cells without spread: every chip is the network itself, and so is what is trained through it
    for name in ("before", "longer"):
        assert found[name][0] == pytest.approx([found["digital"][name]] * 2, abs=0.4)
    assert found["after"][0] == pytest.approx([found["digital"]["after"][0]] * 2, abs=0.4)


@pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning")
@pytest.mark.parametrize("page", ["your-network", "train-on-your-chip"])
def test_the_code_on_the_pages_about_own_networks_runs(page):
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / f"notebooks/crossbar/{page}.md").read_text(), re.DOTALL
    )
    inputs, labels = torch.rand(6, 400), torch.arange(6) % 3
    names = {
        "network": nn.Sequential(nn.Linear(400, 10)),
        "pictures": inputs,
        "inputs": inputs,
        "labels": labels,
    }
    names["batches"] = [(inputs, labels)]
    with warnings.catch_warnings():  # a page shows how to make a warning an error
        for block in blocks:
            exec(block, names)
    assert blocks
