"""Arrays of resistors, what they cost and hold, and sums split over them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imc.cost.matrices import Matrix
from imc.crossbar.wires import Wires, effective_conductances
from imc.errors import UserError
from imc.papers.codesign.counting import operations, use
from imc.papers.codesign.flips import flipped, many
from imc.papers.codesign.identities import converters, outer_product_error
from imc.papers.codesign.nodes import column_currents


def test_nodes_by_hand():
    # one cell of 1 ohm between two stretches of 1 ohm: a third of the voltage's current
    assert column_currents([[1.0]], [3.0], wire=1.0) == pytest.approx([1.0])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_nodes_give_the_product_without_wires_and_the_library_with_them(rows, columns, seed):
    rng = np.random.default_rng(seed)
    g, v = rng.uniform(1e-6, 1e-3, (rows, columns)), rng.uniform(-1, 1, rows)
    assert column_currents(g, v, wire=1e-7) == pytest.approx(g.T @ v, abs=1e-9)
    with_wires = v @ effective_conductances(g, Wires(word=30.0, bit=30.0))
    assert column_currents(g, v, wire=30.0) == pytest.approx(with_wires, rel=1e-9, abs=1e-12)


def test_nodes_refuse_what_does_not_fit():
    with pytest.raises(UserError, match="wire = 0"):
        column_currents([[1.0]], [1.0], wire=0.0)
    with pytest.raises(UserError, match="rows, columns"):
        column_currents([[1.0, 2.0]], [1.0, 2.0], wire=1.0)


def test_the_gradient_is_an_outer_product():
    assert outer_product_error(3) < 1e-12


def test_counting_by_hand():
    assert vars(operations(3, 5, pulses=10, shared=2)) == {
        "forward": 2,
        "backward": 2,
        "update_parallel": 10,
        "update_by_row": 3,
        "update_by_cell": 15,
        "digital": 45,
    }
    assert operations(3, 2, shared=100).forward == 2
    with pytest.raises(UserError, match="shared = 0"):
        operations(3, 5, shared=0)


def test_use_by_hand():
    found = use([Matrix(5, 3), Matrix(2, 2, weight_bits=2)], 4, 4)
    assert (found.arrays, found.cells, found.used) == (3, 48, 23)
    assert found.unused == pytest.approx(100 * 25 / 48)
    with pytest.raises(UserError, match="no cells"):
        use([Matrix(5, 3)], 0, 4)


def test_converters_close_on_isaacs_table():
    # 12 blocks of 16 + 4 mW in a tile of 330 mW, of 0.0096 + 0.00017 mm2 in one of 0.372 mm2
    assert converters()["power"] == pytest.approx(100 * 12 * 20 / 330, abs=1e-3)
    assert converters()["smaller"] == pytest.approx(100 * 12 * 0.00977 / 0.372, abs=1e-3)


def test_flips_by_hand_and_in_the_limit():
    assert flipped(1) == 0
    # two parts of opposite sign tie and go to +1, wrong if the negative one is the greater
    assert flipped(2) == pytest.approx(0.25)
    assert abs(flipped(101) - many()) < abs(flipped(11) - many())
    assert many() == pytest.approx(math.acos(math.sqrt(2 / math.pi)) / math.pi)
    with pytest.raises(UserError, match="groups = 0"):
        flipped(0)


@pytest.mark.parametrize("groups", [3, 4, 8, 16])
def test_flips_against_draws(groups):
    rng = np.random.default_rng(groups)
    parts = rng.standard_normal((200_000, groups))
    share = ((np.where(parts >= 0, 1, -1).sum(1) >= 0) != (parts.sum(1) >= 0)).mean()
    assert flipped(groups) == pytest.approx(share, abs=5 * math.sqrt(0.2 * 0.8 / 200_000))
