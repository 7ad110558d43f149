"""Published devices, and measured tables as laws."""

import numpy as np
import pytest
import torch
from torch import nn

from imc.crossbar import Chip, Device, Measured, all_published, map_network, published
from imc.errors import UserError

CELL = Device(1e3, 1e4)


def disturbed(step, siemens, n=40_000, device=CELL):
    g = torch.full((n,), siemens)
    step(g, device, torch.Generator().manual_seed(0))
    return g.double().numpy()


@pytest.mark.parametrize("device", all_published().values(), ids=lambda device: device.name)
def test_every_published_device_says_where_it_stands_and_where_it_holds_and_makes_a_chip(device):
    assert len(device.source) > 20
    assert len(device.valid) > 20
    assert all(len(reason) > 8 for reason in device.assumed.values())
    mapped = map_network(nn.Linear(40, 30), Chip(device.cell, variation=device.variation))
    assert torch.isfinite(mapped(torch.ones(2, 40))).all()
    if device.drifts:
        assert device.at(1e4)[:-1] == device.variation
    else:
        with pytest.raises(UserError, match="has no published law of drift"):
            device.at(1e4)


def test_phase_change_and_rram_miss_by_what_their_fits_say_in_microsiemens():
    for name, level, expected in (
        ("pcm-nandakumar-2019", 1.0, 0.26348 + 1.9650 - 1.1731),
        ("rram-wan-2022", 0.5, 0.348 + 16.030 / 2 - 43.853 / 4 + 45.393 / 8 - 16.815 / 16),
    ):
        device = published(name)
        (step,) = device.variation
        found = disturbed(step, level * device.cell.g_on, device=device.cell)
        assert found.std() * 1e6 == pytest.approx(expected, rel=0.02)
        assert found.mean() == pytest.approx(level * device.cell.g_on, rel=2e-3)


def test_the_specified_device_has_the_slides_mean_ratio_and_spread():
    device = published("rpu-gokmen-2016")
    assert (device.cell.r_on + device.cell.r_off) / 2 == pytest.approx(24e6, rel=2e-3)
    assert device.cell.r_off / device.cell.r_on == pytest.approx(8, rel=2e-3)
    found = 1 / disturbed(device.variation[0], 1 / 24e6, device=device.cell)
    assert found.std() == pytest.approx(7e6, rel=0.02)


def test_a_measured_table_gives_its_own_ratios_and_no_others(tmp_path):
    file = tmp_path / "cells.csv"
    file.write_text("\ufefftarget, measured\n1000,900\n1000,1250\n\n10000,8000\n10000,10000\n10000,12500\n")
    law = Measured.read(file, unit="ohm")
    on, off = disturbed(law, 1e-3), disturbed(law, 1e-4)
    np.testing.assert_allclose(np.unique(on.round(9)), [0.8e-3, 1e-3 / 0.9], rtol=1e-5)
    np.testing.assert_allclose(np.unique(off.round(9)), [0.8e-4, 1e-4, 1.25e-4], rtol=1e-4)
    assert (on < 1e-3).mean() == pytest.approx(0.5, abs=0.015)
    assert np.isclose(off, 1e-4, rtol=1e-3).mean() == pytest.approx(1 / 3, abs=0.015)
    between = disturbed(law, 3.25e-4)  # a quarter of the way from OFF to ON, in conductance
    assert np.isclose(between, 3.25e-4, rtol=1e-3).mean() == pytest.approx(0.75 / 3, abs=0.015)
    np.testing.assert_allclose(np.unique(disturbed(law, 1e-2) / 1e-2).round(4), [0.8, 1.1111], rtol=1e-4)
    np.testing.assert_allclose(np.unique((disturbed(law, 1e-5) / 1e-5).round(4)), [0.8, 1, 1.25], rtol=1e-4)
    assert [row["cells"] for row in law.summary()] == [3, 2]
    assert law.summary()[1]["mean"] == pytest.approx((1 / 900 + 1 / 1250) / 2)


def test_one_target_alone_serves_every_cell_and_siemens_may_be_zero():
    law = Measured(((1e-3, 0.0), (1e-3, 2e-3)))
    np.testing.assert_allclose(np.unique(disturbed(law, 5e-4)), [0, 1e-3], rtol=1e-6)


def test_other_tables_have_another_name_in_the_chips_description():
    one, other = Measured(((1e-3, 1e-3),)), Measured(((1e-3, 2e-3),))
    assert repr(one) != repr(other)
    assert len(repr(Measured(((1e-3, 1e-3),) * 1000))) < 80


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: a table of cells begins with the line 'target,measured'"),
        ("a,b\n1,2", "line 1"),
        ("target,measured\n", "cells.csv holds no measured cell"),
        ("target,measured\n1,2\n1;2\n", "line 3: '1;2' is not target,measured"),
        ("target,measured\n1,2,3\n", "line 2: '1,2,3' is not target,measured"),
        ("target,measured\n1,nan\n", "line 2: a cell's ohm are positive and finite"),
        ("target,measured\n0,5\n", "line 2: a cell's ohm are positive and finite"),
        ("target,measured\n5,0\n", "line 2: no cell has 0 ohm"),
    ],
)
def test_bad_tables_are_refused_with_file_and_line(tmp_path, text, sentence):
    file = tmp_path / "cells.csv"
    file.write_text(text)
    with pytest.raises(UserError, match=sentence):
        Measured.read(file, unit="ohm")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: published("pcm"),
            "no published device 'pcm'; the nearest of 7 is 'pcm-nandakumar-2019'",
        ),
        (lambda: Measured.read("nowhere.csv", "ohm"), "nowhere.csv cannot be read as a table of cells"),
        (lambda: Measured.read("nowhere.csv", "kohm"), "unit = 'kohm'"),  # pyright: ignore
        (lambda: Measured(((0.0, 1.0),)), "needs a positive target"),
        (lambda: Measured(()), "table holds no measured cell"),
    ],
)
def test_wrong_names_and_tables_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
