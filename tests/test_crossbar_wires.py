"""Wire resistance against an outside solver, nodal analysis, and reciprocity."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imc.crossbar.reference import solve_network
from imc.crossbar.wires import Wires, effective_conductances
from imc.errors import UserError

README_OHM = [[345, 903, 755, 257, 646], [652, 401, 508, 166, 454], [442, 874, 190, 244, 635]]
README_VOLT = np.array([1.5, 2.3, 1.7])


@pytest.fixture(scope="module")
def badcrossbar():
    with warnings.catch_warnings(record=True):  # it misses cairo, and insists on saying so
        return pytest.importorskip("badcrossbar")


shapes = st.tuples(st.integers(1, 7), st.integers(1, 7))
ohms = st.sampled_from([0.01, 0.5, 3.0, 40.0])


@pytest.mark.parametrize(
    ("ohm", "currents"),
    [
        (0.0, [0.0117215873, 0.0093418705, 0.0154616824, 0.0266592107, 0.0100652261]),
        (0.5, [0.0115850254, 0.0091906416, 0.0151156812, 0.0258332082, 0.0098117929]),
    ],
)
def test_example_of_badcrossbar(ohm, currents):
    e = effective_conductances(1 / np.array(README_OHM), Wires(ohm, ohm))
    np.testing.assert_allclose(README_VOLT @ e, currents, rtol=1e-7)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (1, 6), (6, 1), (1, 1), (16, 16)])
@pytest.mark.parametrize(("word", "bit"), [(0.5, 0.5), (3.0, 0.2), (0.0, 1.0), (1.0, 0.0)])
def test_random_arrays_agree_with_badcrossbar(badcrossbar, shape, word, bit):
    draw = np.random.default_rng(shape[0] * 10 + shape[1])
    ohm, volt = draw.uniform(1e2, 1e4, shape), draw.uniform(-1, 1, (shape[0], 3))
    theirs = badcrossbar.compute(volt, ohm, r_i_word_line=word, r_i_bit_line=bit).currents.output
    ours = volt.T @ effective_conductances(1 / ohm, Wires(word, bit))
    np.testing.assert_allclose(ours, np.reshape(theirs, ours.shape), rtol=1e-10, atol=1e-16)


@settings(deadline=None, max_examples=40)
@given(shapes, ohms, ohms, st.integers(0, 2**32 - 1))
def test_nodal_analysis_agrees_also_with_open_cells(shape, word, bit, seed):
    draw = np.random.default_rng(seed)
    g = draw.choice([0.0, 1e-4, 1e-3, 1e-2], shape)
    v = draw.uniform(-1, 1, shape[0])
    want = solve_network(g, word, bit, v)
    np.testing.assert_allclose(v @ effective_conductances(g, Wires(word, bit)), want, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("shape", [(9, 8), (8, 9), (17, 33), (33, 17), (50, 20), (40, 3), (2, 65)])
def test_arrays_of_many_blocks_agree_with_nodal_analysis_drivers_and_readers_included(shape):
    draw = np.random.default_rng(shape[0])
    g, v = draw.choice([0.0, 1e-4, 1e-3, 1e-2], shape), draw.uniform(-1, 1, shape[0])
    wires = Wires(2.0, 0.7, source=30.0, sense=11.0)
    want = solve_network(g, wires.word, wires.bit, v, wires.source, wires.sense)
    np.testing.assert_allclose(v @ effective_conductances(g, wires), want, rtol=1e-10)


def test_a_driver_and_a_reader_are_a_stretch_more_at_either_end():
    g = np.full((1, 1), 1e-3)
    for wires in (Wires(7, 0), Wires(0, 0, source=7), Wires(0, 7), Wires(0, 0, sense=7), Wires(2, 1, 3, 1)):
        assert effective_conductances(g, wires) == pytest.approx(1 / 1007, rel=1e-14)


def test_current_that_goes_in_comes_out_again_from_a_large_array():
    g = np.random.default_rng(0).uniform(1e-4, 1e-3, (96, 61))
    # With every wordline at 1 V and bitlines that hardly resist, each wordline is a ladder of its own.
    e = effective_conductances(g, Wires(1.0, 0.0))
    for i in (0, 41, 95):
        ladder = 0.0
        for cell in g[i, ::-1]:
            ladder = 1 / (1.0 + 1 / (cell + ladder))
        assert e[i].sum() == pytest.approx(ladder, rel=1e-12)


@settings(deadline=None, max_examples=40)
@given(shapes, ohms, ohms, st.integers(0, 2**32 - 1))
def test_reciprocity_driving_the_bitlines_gives_the_same_matrix(shape, word, bit, seed):
    g = np.random.default_rng(seed).uniform(1e-5, 1e-2, shape)
    forward = effective_conductances(g, Wires(word, bit))
    turned = effective_conductances(g.T[::-1, ::-1], Wires(bit, word))
    np.testing.assert_allclose(turned.T[::-1, ::-1], forward, rtol=1e-10)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (9, 20), (20, 9)])
def test_the_matrix_lies_in_memory_as_others_do(shape):
    e = effective_conductances(np.full(shape, 1e-3), Wires(1, 1))
    assert e.flags.c_contiguous
    assert min(e.strides) > 0


def test_no_wire_resistance_changes_nothing_at_all():
    g = np.random.default_rng(0).uniform(1e-5, 1e-2, (5, 8))
    assert (effective_conductances(g, Wires(0, 0)) == g).all()


def test_small_wire_resistance_loses_what_first_order_theory_says():
    rows, columns, word, bit = 9, 7, 2e-6, 1e-6
    g = np.random.default_rng(0).uniform(1e-4, 1e-3, (rows, columns))
    lost = g - effective_conductances(g, Wires(word, bit))
    # Stretch k of a wordline carries the current of all cells from k on; a cell sees the stretches up to it.
    along_word = np.cumsum(np.cumsum(g[:, ::-1], axis=1)[:, ::-1], axis=1)
    # The current of cell i lifts its bitline at row k over the stretches that both share, and leaks there.
    shared = rows - np.maximum.outer(np.arange(rows), np.arange(rows))
    np.testing.assert_allclose(lost, g * (word * along_word + bit * shared @ g), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Wires(-1, 0), "word = -1 ohm: a wire's resistance must be 0 or more"),
        (lambda: Wires(0, float("inf")), "bit = inf ohm"),
        (lambda: Wires(0, 0, source=float("nan")), "source = nan ohm"),
        (lambda: Wires(0, 0, sense=-2), "sense = -2 ohm"),
        (lambda: effective_conductances([[-1e-3]], Wires(1, 1)), "negative or not finite"),
        (lambda: effective_conductances([[np.nan]], Wires(1, 1)), "negative or not finite"),
        (lambda: effective_conductances(np.zeros((0, 3)), Wires(1, 1)), "at least one row and one column"),
    ],
)
def test_bad_wires_and_arrays_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
