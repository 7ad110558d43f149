"""IMCE's operations against loops, its mapping against sub-arrays filled in turn, its energy as printed."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imc import reference
from imc.cost.matrices import Matrix, network, parse
from imc.errors import UserError
from imc.imce import area, components, energy, estimates, mapped, operations
from imc.imce.cost_experiments import EnergyConfig, MappedConfig, OperationsConfig
from imc.imce.energy import ALEXNETS, Treatment, total
from imc.imce.mapping import Placement, SubArray, occupation, place
from imc.imce.networks import ALEXNET, ALEXNET_GROUPED, LENET, SVHN, Layer
from imc.imce.operations import Edges


def quiet(done: float, note: str = "") -> None:
    pass


COUNTED = operations.count(OperationsConfig.build(), quiet).metrics
ESTIMATED = estimates.estimate(EnergyConfig.build(), quiet).metrics


def closes(value: float, key: str) -> bool:
    """Whether `value` rounds to what is printed under `key`."""
    entry = reference.value(key)
    return abs(value - entry.value) <= entry.half_digit + 1e-9


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


# ---- Energy -------------------------------------------------------------------------------------------

treatments = st.builds(
    Treatment,
    st.sampled_from(sorted(ALEXNETS)),
    st.builds(Edges, st.sampled_from([1, 8]), st.sampled_from([1, 8])),
    st.sampled_from(["occupied", "rows"]),
)
others = st.fixed_dictionaries({n: st.floats(low, high) for n, (low, high) in components.ranged().items()})


@settings(max_examples=25)
@given(treatments, others)
def test_alexnet_closes_whatever_is_assumed(treatment, parts):
    each = energy.calibrate(treatment, parts)
    used = total(treatment.uses(ALEXNETS[treatment.alexnet]))
    assert closes(energy.energy_uj(used, each, parts), "imce.energy.alexnet")


@settings(max_examples=25)
@given(treatments, others)
def test_an_energy_lies_between_the_ends_of_its_envelope(treatment, parts):
    used = total(treatment.uses(SVHN))
    low, high = energy.envelope(used, treatment)
    found = energy.energy_uj(used, energy.calibrate(treatment, parts), parts)
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)


@settings(max_examples=25)
@given(st.lists(small, min_size=1, max_size=4), treatments, st.floats(0, 10), others)
def test_the_roll_up_loses_nothing(layers, treatment, each, parts):
    used = energy.uses(place(layers), treatment.sensed)
    whole = energy.picture("p", used, components.energies(each, parts))
    joined = energy.energy_uj(total(used), each, parts)
    assert whole.total("energy_pj") / 1e6 == pytest.approx(joined)
    assert math.fsum(whole.breakdown("energy_pj").values()) / 1e6 == pytest.approx(joined)
    assert math.fsum(part.total("energy_pj") for _, part in whole.parts) / 1e6 == pytest.approx(joined)


def test_shares_sum_to_one():
    for found in (ESTIMATED["alexnet"], ESTIMATED["svhn"], *ESTIMATED["configurations"].values()):
        for split in ("by_part", "by_layer"):
            assert math.fsum(found[split].values()) == pytest.approx(found["energy_uj"])


def test_alexnet_s_operations_by_hand():
    # conv1 and fc8 at 8 x 8 bits: 64 x (105,415,200 + 4,096,000); the rest once: 1,025,744,896
    assert ESTIMATED["alexnet"]["ands"] == 64 * 109_511_200 + 1_025_744_896
    assert closes(ESTIMATED["alexnet"]["energy_uj"], "imce.energy.alexnet")


def test_two_constants_close_energy_and_share():
    assert closes(ESTIMATED["and_share"], "imce.energy.and_share")
    each, factor = energy.calibrate_share(Treatment())
    parts = {name: factor * pj for name, pj in energy.nominal().items()}
    used = total(Treatment().uses(ALEXNET))
    assert closes(energy.energy_uj(used, each, parts), "imce.energy.alexnet")
    shares = [row["two"]["and_share"] for row in ESTIMATED["configurations"].values()]
    assert sum(math.isclose(share, 65) for share in shares) == 1
    assert max(shares) <= 65 + 1e-9


def test_more_bits_take_more_energy():
    rows = ESTIMATED["configurations"]
    used = [rows[name]["energy_uj"] for name in ("w1i1", "w1i2", "w1i3", "w1i4")]
    assert used == sorted(set(used))


def test_parts_that_take_all_are_refused():
    with pytest.raises(UserError, match="all parts but sensing take"):
        energy.calibrate(Treatment(), dict.fromkeys(components.ranged(), 10.0))


def test_every_part_says_where_it_is_from():
    table = components.table()
    assert all(entry.source and entry.what for entry in table.values())
    assert {entry.origin for entry in table.values()} == {"quoted", "derived", "calibrated", "assumed"}
    assert [name for name, entry in table.items() if entry.value is None] == list(components.CALIBRATED)
    with pytest.raises(UserError, match="and has no value: it is fitted"):
        components.value("and")


def test_a_written_bit_is_current_times_time_times_a_volt():
    current, ns = (reference.value(f"imce.device.{n}").value for n in ("write_current", "switching_time"))
    assert components.value("write") == pytest.approx(current * 1e-6 * ns * 1e-9 * 1.0 * 1e12)


# ---- Area, and the printed table ----------------------------------------------------------------------


def test_area_is_calibrated_to_the_printed_shares():
    found = ESTIMATED["area"]
    assert closes(found["overhead"], "imce.area.overhead")
    assert closes(found["decoder_and_sum"], "imce.area.decoder_and_sum")
    assert closes(found["ratio"], "imce.area.ratio")
    # 256 x 512 cells of 57.5 F2 at 45 nm, and 15.4 %
    assert found["sub_array_mm2"] == pytest.approx(256 * 512 * 57.5 * 0.045**2 * 1e-6 * 1.154)


def test_the_printed_storage_does_not_fit_the_printed_area():
    # 9.19 / 4 mm2 over 39.7 x 8 million bits, in squares of 45 nm: less than two lines each way
    assert ESTIMATED["area"]["squares_per_bit"] == pytest.approx(2.2975e6 / 317.6e6 / 0.045**2)
    assert ESTIMATED["area"]["squares_per_bit"] < 4


def test_the_comparison_s_arithmetic():
    found = ESTIMATED["printed"]
    assert round(found["saved"]["imagenet_energy"], 2) == 58.21
    assert round(found["saved"]["imagenet_area"], 2) == 56.75
    assert found["svhn_energy_ratio"] == 2.0
    assert round(found["energy_ratio"], 2) == 2.90
    assert round(found["energy_ratio_cnn"], 2) == 6.93
    assert found["saved"]["mnist_area"] < 0
    assert closes(found["energy_ratio"], "imce.energy.ratio")
    assert found["imce_pj_per_mac"] == pytest.approx(
        {"ungrouped": 785.25 / 1135.256096, "grouped": 785.25 / 724.406816}
    )


# ---- Any network --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slides", "name"), [(SVHN, "svhn"), (LENET, "mnist"), (ALEXNET, "alexnet")])
def test_a_network_in_lines_takes_what_the_slides_network_takes(slides, name):
    layers = operations.matrices(slides, *energy.BINARY, Edges())
    found = mapped.estimate(MappedConfig.build(layers=tuple(map(str, layers.values()))), quiet).metrics
    assert found["energy_uj"] == pytest.approx(ESTIMATED[name]["energy_uj"])
    assert found["area_mm2"] == pytest.approx(ESTIMATED["area"]["networks"][name]["area_mm2"])
    assert found["energy_low_uj"] <= found["energy_uj"] <= found["energy_high_uj"]


def test_groups_halve_work_but_not_outputs():
    one, two = (operations.matrix(n["conv2"], 1, 1) for n in (ALEXNET, ALEXNET_GROUPED))
    assert two.macs * 2 == one.macs
    assert Placement(two).results == Placement(one).results


def test_a_slower_and_slows_and_a_second_layer_adds():
    found = mapped.estimate(MappedConfig.build(layers=("512x100", "512x100")), quiet).metrics
    assert found["latency_us"] == [0.101, 0.101]
    assert found["latency_slow_us"] == pytest.approx(2 * (0.001 + 0.5))
    assert found["pictures_per_s"] == pytest.approx(1e6 / 0.101)
    assert found["sub_arrays"] == 2
    assert network(("512x100",))[0].weights * 2 == found["weights"]


def test_a_loaded_chip_holds_a_part_at_a_time():
    assert area.loads(758, 130) == 6
