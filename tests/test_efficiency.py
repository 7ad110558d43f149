"""Chapter V to the printed digit, each closure with its arithmetic written out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.claims import reference
from imc.cost.rollup import Block
from imc.errors import UserError
from imc.papers.reram import chip, efficiency, gap, isaac, table7
from imc.papers.reram.efficiency import compute
from imc.papers.reram.experiments import EfficiencyConfig


def metrics(**values):
    return compute(EfficiencyConfig.build(**values), lambda done, note="": None).metrics


ALL = metrics()


def closes(value: float, key: str) -> bool:
    """Whether `value` rounds to what is printed under `key`."""
    entry = reference.value(key)
    return abs(value - entry.value) <= entry.half_digit


# ---- ISAAC --------------------------------------------------------------------------------------------


def test_isaac_s_parts_add_up_to_its_printed_sums():
    assert isaac.block().total("area_mm2") == pytest.approx(0.01312, abs=1e-9)
    assert isaac.block().total("power_mw") == pytest.approx(24.08, abs=1e-9)
    # 168 (12 x 24.08 + 40.85) + 10,400 mW; 168 (12 x 0.01312 + 0.2149) + 22.88 mm2
    assert isaac.chip().total("power_mw") == pytest.approx(168 * (12 * 24.08 + 40.85) + 10_400)
    assert isaac.chip().total("area_mm2") == pytest.approx(168 * (12 * 0.01312 + 0.2149) + 22.88)
    for quantity in ("area_mm2", "power_mw"):
        assert isaac.whole(quantity, "summed") == pytest.approx(isaac.whole(quantity, "printed"), rel=5e-4)


def test_isaac_s_throughput():
    # 8 arrays x 128 rows x 16 weights, 2 operations each, every 16 reads of 100 ns
    assert isaac.block_tops(2) == pytest.approx(8 * 128 * 16 * 2 / 1600 / 1e3)
    assert ALL["isaac"]["throughput_tops"] == pytest.approx(168 * 12 * 0.02048)


ISAAC, SCALED, PEERS = ALL["isaac"], ALL["scaled"], ALL["peers"]


@pytest.mark.parametrize(
    ("found", "arithmetic", "key"),
    [
        (ISAAC["converter_share"]["chip_area"], 100 * 2016 * 0.00977 / 85.4, "related.isaac_converter_area"),
        (ISAAC["crossbar_area_share"], 100 * 2016 * 0.0002 / 85.4, "related.isaac_crossbar_area"),
        (ISAAC["energy_efficiency_gops_w"], 2016 * 20.48 / 65.8, "table7.isaac.energy_efficiency"),
        (
            ISAAC["block_area_efficiency_from_printed_tops_mm2"],
            478.95e-3 * 85.4 / 2016 / 0.01312,
            "isaac.block_area_efficiency",
        ),
        (ISAAC["columns_over_outputs"]["as_printed"], 128 / 8, "isaac.parallelism"),
        (SCALED["mochida"]["area"], 26.19 * (180 / 32) ** 2, "table7.mochida.area_efficiency_scaled"),
        (SCALED["mochida"]["energy"], 20.7 * (180 / 32) ** 2, "table7.mochida.energy_efficiency_scaled"),
        (SCALED["chen"]["energy"], 16.95 * (65 / 32) ** 2, "table7.chen.energy_efficiency_scaled"),
        (PEERS["eyeriss"]["gmacs_mm2"], 168 * 0.250 / 12.25, "table7.eyeriss.area_efficiency"),
        (PEERS["eyeriss"]["gmacs_w"], 168 * 0.250 / 0.278, "table7.eyeriss.energy_efficiency"),
        (PEERS["unpu"]["gops_mm2"], 7372 / 16, "table7.unpu.area_efficiency"),
    ],
)
def test_closures_to_the_printed_digit(found, arithmetic, key):
    assert found == pytest.approx(arithmetic)
    assert closes(found, f"reram.{key}")


def test_what_does_not_close():
    """Each of these was checked: the printed digit cannot be had from the same table."""
    found = ALL["isaac"]
    assert found["area_efficiency_gops_mm2"] == pytest.approx(2016 * 20.48 / 85.4)
    assert not closes(found["area_efficiency_gops_mm2"], "reram.table7.isaac.area_efficiency")
    assert found["block_area_efficiency_tops_mm2"] == pytest.approx(0.02048 / 0.01312)
    assert not closes(found["block_area_efficiency_tops_mm2"], "reram.isaac.block_area_efficiency")
    # 478.95 GOPS/mm2 and 627.5 GOPS/W imply throughputs that differ by 1 %
    implied = 627.5 * 65.8 / 1e3
    assert implied / found["throughput_tops_from_printed_area_efficiency"] == pytest.approx(1.0095, abs=1e-4)
    assert (found["outputs_per_clock"]["array"], found["columns_over_outputs"]["array"]) == (1, 128)


def test_summed_totals_miss_the_last_digit_of_two_closures():
    found = metrics(totals="summed")["isaac"]
    assert not closes(found["converter_share"]["chip_area"], "reram.related.isaac_converter_area")
    assert not closes(found["energy_efficiency_gops_w"], "reram.table7.isaac.energy_efficiency")
    assert closes(found["crossbar_area_share"], "reram.related.isaac_crossbar_area")


def test_table_7_counts_operations_in_two_ways():
    """Eyeriss closes with a MAC as one operation, ISAAC with a MAC as two."""
    one = metrics(mac_operations=1)
    assert not closes(one["isaac"]["energy_efficiency_gops_w"], "reram.table7.isaac.energy_efficiency")
    assert not closes(2 * one["peers"]["eyeriss"]["gmacs_w"], "reram.table7.eyeriss.energy_efficiency")


def test_mochida_s_two_chips_refute_the_square():
    found = ALL["peers"]["mochida"]
    assert found["tops_w_at_40nm_by_square"] == pytest.approx(20.7 * 4.5**2)
    assert found["tops_w_at_32nm_from_40nm"] == pytest.approx(66.5 * 1.25**2)
    assert found["energy_exponent"] == pytest.approx(math.log(66.5 / 20.7) / math.log(180 / 40))
    assert found["energy_exponent"] < 1


def test_ratios_of_printed_cells():
    found = table7.ratios()
    assert found["worst_reram_over_best_cmos"]["area"] == pytest.approx(26.19 / 1400)
    assert found["worst_reram_over_best_cmos"]["energy"] == pytest.approx(627.5 / 230e3)
    assert found["over_isaac"]["area"] == pytest.approx(361.02e3 / 478.95)
    assert found["over_isaac"]["energy"] == pytest.approx(589.57e3 / 627.5)
    assert found["over_mochida"] == pytest.approx(589.57 / 655)
    assert math.isnan(table7.printed("chen", "area_efficiency"))
    assert math.isnan(table7.printed("isaac", "area_efficiency_scaled"))


# ---- The thesis's chip --------------------------------------------------------------------------------


def test_the_inventory_of_chapter_5():
    found = efficiency.NETWORK
    # 400x128 on four arrays, 128x128 and 128x10 on one each
    assert (found.synapses, found.cells, found.arrays, found.largest_side) == (68_864, 68_864, 6, 128)
    assert found.rows == 400 + 128 + 128
    assert found.columns == 4 * 128 + 128 + 10
    assert found.neurons == 128 + 128 + 10


@given(st.integers(4, 28), st.integers(1, 300), st.integers(1, 8))
def test_arrays_hold_every_cell(input_size, hidden, bits):
    found = chip.inventory(input_size, hidden, bits)
    assert found.cells == bits * found.synapses <= found.arrays * 128**2
    assert found.largest_side <= 128
    assert found.columns >= bits * found.neurons
    assert found.neurons == 2 * hidden + 10


@pytest.mark.parametrize(
    ("values", "area", "power"),
    [
        ({}, 0.03815, 23.36),
        ({"mac_operations": 1}, 0.01907, 11.68),
        ({"counted": "arrays"}, 0.05446, 33.35),
        ({"clock_mhz": 50.0}, 0.03815 / 2, 23.36 / 2),
    ],
)
def test_implied_area_and_power(values, area, power):
    # e.g. 2 x 68,864 x 100 MHz = 13.7728 TOPS, over 361.02 TOPS/mm2 and over 589.57 TOPS/W
    found = metrics(**values)["ours"]
    assert found["implied_area_mm2"] == pytest.approx(area, abs=6e-6)
    assert found["implied_power_mw"] == pytest.approx(power, abs=6e-3)


def test_energy_of_a_picture():
    assert ALL["ours"]["throughput_tops"] == pytest.approx(13.7728)
    # 23.361 mW for a cycle of 10 ns, all layers at work on one picture each
    assert ALL["ours"]["energy_per_picture_pj"] == pytest.approx(233.6, abs=0.05)
    # the same from the printed efficiency: 137,728 operations / 589.57 TOPS/W
    assert ALL["ours"]["energy_per_picture_pj"] == pytest.approx(137_728 / 589.57)


@given(st.sampled_from([1, 2]), st.floats(100, 1000), st.sampled_from(["weights", "arrays"]), st.floats(0, 1))
def test_the_calibrated_chip_has_the_printed_efficiency_whatever_the_convention(ops, clock, counted, share):
    found = metrics(mac_operations=ops, clock_mhz=clock, counted=counted, column_share=share)["ours"]
    assert found["area_efficiency_tops_mm2"] == pytest.approx(361.02)
    assert found["energy_efficiency_tops_w"] == pytest.approx(589.57)


def test_one_circuit_a_neuron_and_the_rest_from_isaac():
    each = ALL["ours"]["each"]
    assert each["cell"]["area_um2"] == pytest.approx(200 / (8 * 128 * 128))  # 0.0002 mm2 for 8 arrays
    assert each["driver"]["power_uw"] == pytest.approx(4000 / (8 * 128))  # 4 mW for 8 x 128 DACs
    area = 0.0381497 - 68_864 * 200e-6 / 131_072 - 656 * 170e-6 / 1024
    assert each["neuron"]["area_um2"] == pytest.approx(1e6 * area / 266, rel=1e-5)
    assert each["column"] == {"area_um2": 0.0, "power_uw": 0.0}


def test_column_share_moves_cost_from_neurons_to_columns():
    moved = metrics(column_share=1.0)["ours"]["each"]
    assert moved["neuron"] == {"area_um2": 0.0, "power_uw": 0.0}
    assert moved["column"]["area_um2"] * 650 == pytest.approx(ALL["ours"]["each"]["neuron"]["area_um2"] * 266)


def test_a_chip_smaller_than_its_cells_is_refused():
    with pytest.raises(UserError, match="its cells and drivers alone take"):
        chip.calibrate(efficiency.NETWORK, 1e-4, 23.0, 0.0)
    with pytest.raises(UserError, match="column_share = 2: a share lies between 0 and 1"):
        chip.calibrate(efficiency.NETWORK, 0.038, 23.0, 2)


# ---- The gap ------------------------------------------------------------------------------------------


def test_the_thesis_s_factors_leave_a_third():
    found = ALL["gap"]["thesis"]
    assert found["before_parallelism"] == pytest.approx(361.02 / (1.55 * 16 * 8 / 12))  # 21.8
    assert found["left"] == pytest.approx(361.02 / (1.55 * 16 * 8 / 12 * 16))  # 1.36
    product = math.prod(found["factors"].values()) * found["left"]
    assert product == pytest.approx(361.02e3 / 478.95)


@pytest.mark.parametrize("values", [{}, {"totals": "summed"}, {"mac_operations": 1}, {"clock_mhz": 200.0}])
def test_our_factors_multiply_to_the_whole_gap(values):
    found = metrics(**values)
    ends = {
        "area": 1e3 * 361.02 / found["isaac"]["area_efficiency_gops_mm2"],
        "energy": 1e3 * 589.57 / found["isaac"]["energy_efficiency_gops_w"],
    }
    for name, end in ends.items():
        assert math.prod(found["gap"]["here"][name]["factors"].values()) == pytest.approx(end)


def test_the_last_factor_is_the_area_of_a_cell_with_its_circuits():
    bare: Block = isaac.block().without(*isaac.CONVERTERS)
    per_cell = bare.total("area_mm2") / isaac.cells_per_block()
    ours = ALL["ours"]["implied_area_mm2"] / 68_864
    assert ALL["gap"]["here"]["area"]["factors"]["circuits"] == pytest.approx(per_cell / ours)
    energy = bare.total("power_mw") * isaac.count("read_time") / isaac.cells_per_block()
    ours = ALL["ours"]["energy_per_picture_pj"] / 68_864
    assert ALL["gap"]["here"]["energy"]["factors"]["circuits"] == pytest.approx(energy / ours)


def test_rates_say_what_the_thesis_s_clocks_hide():
    factors = ALL["gap"]["here"]["area"]["factors"]
    # 1.2 GHz is the converters' clock: an array is read every 100 ns, ours every 10 ns
    assert factors["frequency"] * factors["parallelism"] == pytest.approx(100 / 10)
    assert gap.thesis()["factors"]["frequency"] == pytest.approx(1 / 12)
