"""Saving, loading, inspecting and comparing programmed networks."""

import numpy as np
import pytest
import torch
from torch import nn

from imc.crossbar import (
    RRAM_1T1R,
    Array,
    Chip,
    GaussianResistance,
    SingleColumn,
    compare,
    load,
    map_network,
    save,
)
from imc.crossbar.storage import histogram, picture
from imc.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning")


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))


def chip(sigma=100.0):
    return Chip(RRAM_1T1R, SingleColumn(), (GaussianResistance(sigma),), Array(8, 4))


def test_a_stored_network_answers_as_the_one_that_was_stored(tmp_path):
    first, second = map_network(network(), chip(), seed=1), map_network(network(), chip(), seed=2)
    first.tune(seed=0)
    x = torch.randn(5, 1, 4, 4)
    assert not torch.equal(first(x), second(x))
    save(first, tmp_path / "chip.safetensors")
    load(second, tmp_path / "chip.safetensors")
    assert torch.equal(first(x), second(x))
    assert torch.equal(first.conductances, second.conductances)


def test_another_chip_or_another_network_is_refused(tmp_path):
    path = tmp_path / "chip.safetensors"
    save(map_network(network(), chip()), path)
    with pytest.raises(UserError, match=r"sigma=100.0.*, not on Chip"):
        load(map_network(network(), chip(50.0)), path)
    with pytest.raises(UserError, match="holds cells of shapes"):
        load(map_network(network()[3], chip()), path)


def test_comparison_counts_cells_and_arrays_and_measures_the_error():
    found = compare(map_network(network(), chip(0.0)))["3"]
    assert found.cells == 3 * 16 + 16  # one array across, 16 bias cells
    assert found.arrays == 2  # 16 inputs on 8 rows
    assert found.g_low == pytest.approx(1e-4)
    assert found.g_high == pytest.approx(1e-3)
    assert 0 < found.weight_error < 1  # two levels only
    noisy = compare(map_network(network(), chip(300.0)))["3"]
    assert noisy.weight_error > found.weight_error
    assert noisy.correlation < found.correlation <= 1


def test_histogram_and_picture_show_the_cells():
    layer = map_network(network(), chip()).layers["3"]
    counts, edges = histogram(layer, bins=10)
    assert counts.sum() == layer.cells.numel()
    assert edges[0] == pytest.approx(float(layer.cells.min()))
    shown = picture(layer, 1)
    assert layer.bias_cells is not None
    assert shown.shape == (8, 4)
    np.testing.assert_array_equal(shown[:, 0], layer.bias_cells[0, 8:].numpy())
    np.testing.assert_array_equal(shown[:, 1:], layer.cells[:, 0, 8:].T.numpy())
    with pytest.raises(UserError, match="has no array 2: its arrays are 0 to 1"):
        picture(layer, 2)
