"""Cells, the mapping of signed weights, and the slides' equations (1) to (4)."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imc.crossbar.arrays import Array, Chip
from imc.crossbar.cells import RRAM_1T1R, Device, current_1t1r, current_2t1r
from imc.crossbar.mapping import (
    DoubleColumn,
    Offset,
    ReferenceCurrent,
    SingleColumn,
    to_levels,
)
from imc.crossbar.reading import weights
from imc.errors import UserError
from imc.papers.arrays.equations import double_column, single_column

SCHEMES = [DoubleColumn(), SingleColumn(), ReferenceCurrent(), Offset()]
siemens = st.floats(1e-6, 1e-2)
volts = st.floats(-2, 2)


@given(arrays(float, 5, elements=volts), arrays(float, (2, 5, 3), elements=siemens))
def test_double_column_is_the_difference_of_its_currents(v, g):
    plus, minus, together = double_column(v, g[0], g[1])
    np.testing.assert_allclose(plus - minus, together, rtol=0, atol=1e-16)


@given(
    arrays(float, 5, elements=volts),
    arrays(float, (5, 3), elements=siemens),
    arrays(float, 5, elements=siemens),
    st.floats(1, 1e5),
)
def test_single_column_amplifiers_give_the_weights_of_equation_4(v, g, bias, r):
    v_bias, v_out, from_weights = single_column(v, g, bias, r)
    np.testing.assert_allclose(v_bias, -r * np.sum(v * bias), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(v_out, from_weights, rtol=0, atol=1e-13 * r)


@given(
    arrays(float, (6, 3), elements=st.sampled_from([1e-3, 1e-4])),
    arrays(float, 6, elements=st.sampled_from([0.0, 1.0])),
)
def test_a_2t1r_column_less_its_reference_ignores_rows_with_input_0(g, x):
    half = RRAM_1T1R.g_half
    column = current_2t1r(x[:, None], g, half).sum(0)
    np.testing.assert_allclose(column - len(x) * half, current_1t1r(x, 1) @ (g - half), rtol=0, atol=1e-17)


def test_half_current_is_about_twice_the_lrs_not_half_the_hrs():
    assert 1 / RRAM_1T1R.g_half == pytest.approx(2 / (1 / 1e3 + 1 / 1e4))
    assert 1 / RRAM_1T1R.g_half == pytest.approx(1818.18, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: type(s).__name__)
@given(w=arrays(np.float32, (4, 7), elements=st.floats(-3, 3, width=32)))
def test_exact_cells_stand_for_the_weights_they_were_mapped_from(scheme, w):
    device = Device(1e3, 1e4)
    limit, w = 3.0, torch.from_numpy(w)
    cells = torch.empty(4, len(scheme.signs), 7)
    scheme.targets(w, limit, device.g_off, device.g_on, out=cells)
    assert cells.min() >= device.g_off * (1 - 1e-6)
    assert cells.max() <= device.g_on * (1 + 1e-6)
    bias = torch.full((1, 7), device.g_half) if scheme.reference == "column" else None
    out = torch.empty(4, 7)
    weights(Chip(device, scheme), cells, bias, scheme.unit(device, limit), out)
    torch.testing.assert_close(out, w, rtol=0, atol=2e-6)


def test_single_column_unit_is_the_feedback_resistance_of_equation_4():
    g, bias, r = 1e-3, RRAM_1T1R.g_half, SingleColumn().unit(RRAM_1T1R, 1.0)
    assert (bias - g) * r == pytest.approx(-1)


def test_binary_weights_land_on_two_levels_in_every_scheme():
    w = torch.tensor([[1.0, -1.0]])
    for scheme in SCHEMES:
        cells = torch.empty(1, len(scheme.signs), 2)
        scheme.targets(w, 1.0, RRAM_1T1R.g_off, RRAM_1T1R.g_on, out=cells)
        assert set(np.round(cells.flatten().tolist(), 9)) == {1e-3, 1e-4}


@given(arrays(np.float64, 20, elements=st.floats(0, 1)), st.integers(2, 9))
def test_levels_are_evenly_spaced_and_the_nearest_is_taken(g, levels):
    got = to_levels(torch.from_numpy(g.copy()), levels, 0.0, 1.0).numpy()
    allowed = np.linspace(0, 1, levels)
    np.testing.assert_allclose(np.abs(allowed[:, None] - got).min(0), 0, atol=1e-12)
    np.testing.assert_allclose(np.abs(got - g), np.abs(allowed[:, None] - g).min(0), atol=1e-12)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Device(0, 1e4), "r_on = 0 ohm: a device's resistance must be positive and finite"),
        (lambda: Device(-5, 1e4), "r_on = -5 ohm"),
        (lambda: Device(1e3, float("nan")), "r_off = nan ohm"),
        (lambda: Device(1e4, 1e4), "the ON resistance must be the lower one"),
        (lambda: Device(1e3, 1e4, levels=1), "levels = 1: a device needs 2 levels at least"),
        (lambda: Array(rows=0), "rows = 0: an array needs 1 at least"),
        (lambda: Array(columns=-1), "columns = -1: an array needs 1 at least"),
        (lambda: Chip(RRAM_1T1R, array=Array(columns=1)), "DoubleColumn needs an array of 2 at least"),
        (lambda: Chip(RRAM_1T1R, limit=0), "limit = 0: the largest weight must be positive"),
    ],
)  # fmt: skip
def test_bad_cells_schemes_and_arrays_are_refused_in_a_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence.replace("(", r"\(")):
        make()
