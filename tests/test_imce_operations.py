"""IMCE's operations against loops, and its mapping against sub-arrays filled in turn."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.claims import reference
from imc.cost.matrices import Matrix, parse
from imc.errors import UserError
from imc.papers.imce import operations
from imc.papers.imce.cost_experiments import MappedConfig, OperationsConfig
from imc.papers.imce.mapping import Placement, SubArray, occupation
from imc.papers.imce.networks import SVHN, Layer
from imc.papers.imce.operations import Edges


def quiet(done: float, note: str = "") -> None:
    pass


COUNTED = operations.count(OperationsConfig.build(), quiet).metrics


# ---- Layers in a line ---------------------------------------------------------------------------------

number = st.integers(1, 5000)
bits = st.integers(1, 32)
matrices = st.builds(Matrix, number, number, number, bits, bits, st.integers(1, 4))


@given(matrices)
def test_a_layer_is_the_same_after_writing_and_reading(layer):
    assert parse(str(layer)) == layer


@pytest.mark.parametrize("text", ["", "4", "4x", "x4", "4x4x", "4x4w", "4x4 8", "-4x4", "4.0x4", "4x4i8w8"])
def test_what_is_no_layer_is_refused(text):
    with pytest.raises(UserError, match="is no layer; write inputs x outputs"):
        parse(text)


def test_a_zero_is_refused():
    with pytest.raises(UserError, match="the layer '4x0' has a zero"):
        parse("4x0")
    with pytest.raises(UserError, match=r"layers\.1 = '4x' in MappedConfig: it should be inputs x outputs"):
        MappedConfig.build(layers=("4x4", "4x"))


# ---- Operations ---------------------------------------------------------------------------------------


def counted_by_loops(layer: Layer, weight_bits: int, input_bits: int) -> int:
    """ANDs of single bits, one by one, padding included as the zeros that it is."""
    found = 0
    side = range(-layer.padding, layer.in_side + layer.padding - layer.kernel + 1, layer.stride)
    for _top, _left in product(side, side):
        for kernel in range(layer.out_channels):
            group = kernel * layer.groups // layer.out_channels
            seen = [c for c in range(layer.in_channels) if c * layer.groups // layer.in_channels == group]
            elements = len(seen) * layer.kernel * layer.kernel
            for _m, _n in product(range(input_bits), range(weight_bits)):
                found += elements
    return found


@st.composite
def small_layers(draw):
    groups = draw(st.integers(1, 2))
    kernel, padding = draw(st.integers(1, 3)), draw(st.integers(0, 1))
    side = draw(st.integers(kernel, 6))
    channels, outputs = (groups * draw(st.integers(1, 3)) for _ in range(2))
    return Layer("l", "conv", channels, side, outputs, kernel, draw(st.integers(1, 2)), padding, groups)


@given(small_layers(), st.integers(1, 4), st.integers(1, 4))
def test_operations_are_those_counted_one_by_one(layer, w, i):
    assert operations.matrix(layer, w, i).bit_products == counted_by_loops(layer, w, i)


def test_the_network_costs_83_and_a_half_million_operations_not_80():
    # 4,665,600 + 8,957,952 + 11,943,936 + 3,612,672 + 7,225,344 + 3,686,400 + 1,638,400 + 5,120
    assert COUNTED["flops"] == 2 * 41_735_424


@pytest.mark.parametrize("row", ["w1i1", "w1i2", "w1i3", "w1i4", "w2i2"])
def test_complexity_is_as_printed(row):
    for what in ("inference", "training"):
        assert COUNTED["complexity"][row][what] == reference.value(f"imce.accuracy.{row}.{what}").value


@pytest.mark.parametrize(
    ("edges", "row", "share"),
    [
        (Edges(8, 8), "w1i1", 88.87),  # 64 x 4.6656 of 335.99 million
        (Edges(8, 8), "w2i2", 66.77),
        (Edges(1, 8), "w1i1", 50.17),
        (Edges(1, 8), "w2i2", 33.48),  # 2 x 8: no fewer bits than the quantized layers
        (Edges(1, 1), "w1i1", 11.18),
    ],
)
def test_the_first_layer_s_share_hangs_on_its_bits(edges, row, share):
    config = OperationsConfig.build(first_weight_bits=edges.weight_bits, first_input_bits=edges.input_bits)
    found = operations.count(config, quiet).metrics["first_share"][row]
    assert found == pytest.approx(share, abs=0.1)


def test_the_first_layer_leads_from_as_many_bits_as_it_is_said_to_need():
    for row, needed in COUNTED["bits_needed"].items():
        w, i = operations.configurations()[row]
        if w > 1:
            continue
        below, above = math.floor(needed), math.floor(needed) + 1
        counts = [operations.ands(SVHN, w, i, Edges(1, b)) for b in (below, above)]
        assert operations.first_over_greatest(counts[0]) < 1 < operations.first_over_greatest(counts[1])


def test_two_quantized_layers_need_more_than_the_one_before():
    assert COUNTED["greatest_step"] == 7_225_344 / 3_612_672
    assert COUNTED["last_two_share"] == pytest.approx(100 * (1_638_400 + 5_120) / 2_080_272)


def test_every_network_is_counted_alike():
    by_layer = COUNTED["networks"]["svhn"]
    for row, counts in COUNTED["ands"].items():
        assert {name: found["bits"] for name, found in by_layer[row].items()} == counts
    grouped, whole = (COUNTED["networks"][name]["w1i1"]["conv2"] for name in ("alexnet_grouped", "alexnet"))
    assert whole["bits"] == 2 * grouped["bits"] == 447_897_600
    assert (whole["rows"], grouped["rows"]) == (729 * 256 * 5, 729 * 256 * 3)  # 2400 and 1200 over 512
    assert sum(COUNTED["networks"]["lenet"]["macs"].values()) == 2_293_000


def test_thirty_two_bits_take_a_thousand_ands_a_product():
    assert sum(COUNTED["ands"]["w32i32"].values()) == 1024 * SVHN.macs


# ---- Mapping ------------------------------------------------------------------------------------------

ARRAY = SubArray(rows=16, columns=8)
small = st.builds(
    Matrix, st.integers(1, 40), st.integers(1, 40), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4),
    st.integers(1, 2),
)  # fmt: skip


def filled(layer: Matrix) -> tuple[list[int], int, int]:
    """Kernel slices in each sub-array, row operations and bits written, by filling sub-arrays one by one."""
    fitting = (ARRAY.rows - layer.input_bits) // layer.weight_bits
    held, operated, written = [], 0, 0
    for _ in range(layer.groups):
        for start in range(0, layer.inputs, ARRAY.columns):
            length = min(ARRAY.columns, layer.inputs - start)
            for first in range(0, layer.outputs, fitting):
                held.append(min(fitting, layer.outputs - first))
                for _place in range(layer.reads):
                    written += length * layer.input_bits
                    operated += held[-1] * layer.weight_bits * layer.input_bits
    return held, operated, written


@given(small)
def test_a_placement_is_what_filling_sub_arrays_gives(layer):
    placed = Placement(layer, ARRAY)
    held, operated, written = filled(layer)
    assert (placed.sub_arrays, placed.row_ands, placed.bits_written) == (len(held), operated, written)
    assert sum(held) == layer.outputs * placed.slices * layer.groups


@given(small)
def test_nothing_overflows(layer):
    placed = Placement(layer, ARRAY)
    assert len(placed.fills()) == placed.sub_arrays
    assert sum(columns * rows for columns, rows in placed.fills()) == placed.cells
    assert max(rows for _, rows in placed.fills()) * layer.input_bits == placed.sequential_ands
    assert all(rows + layer.input_bits <= ARRAY.rows for _, rows in placed.fills())
    assert placed.cells <= placed.sub_arrays * ARRAY.cells
    empty = placed.row_ands * ARRAY.columns - placed.bit_ands
    assert 0 <= empty < placed.row_ands // placed.slices * ARRAY.columns  # in the last slice alone
    assert placed.sequential_ands <= (ARRAY.rows - layer.input_bits) * layer.input_bits
    assert 0 < occupation([placed])["utilization"] <= 100


def test_svhn_s_dense_layer_by_hand():
    placed = Placement(parse("3200x512"))
    assert placed.slices == 7  # 3200 / 512
    assert placed.blocks == 3  # 512 kernels, 255 rows
    assert placed.sub_arrays == 21
    assert placed.sequential_ands == 171
    assert placed.nanoseconds(1.0, 1.0) == 172.0


def test_too_many_bits_for_a_sub_array_are_refused():
    with pytest.raises(UserError, match="16 rows hold no 9-bit weight beside 8-bit inputs"):
        Placement(Matrix(1, 1, 1, 9, 8), ARRAY)
