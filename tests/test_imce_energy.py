"""IMCE's energy and area: what the fit closes, what the roll-up conserves, what the slides' digits say."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imc.claims import reference
from imc.cost.matrices import Matrix, network
from imc.errors import UserError
from imc.papers.imce import area, components, energy, estimates, mapped, operations
from imc.papers.imce.cost_experiments import EnergyConfig, MappedConfig
from imc.papers.imce.energy import ALEXNETS, Treatment, total
from imc.papers.imce.mapping import Placement, place
from imc.papers.imce.networks import ALEXNET, ALEXNET_GROUPED, LENET, SVHN
from imc.papers.imce.operations import Edges


def quiet(done: float, note: str = "") -> None:
    pass


ESTIMATED = estimates.estimate(EnergyConfig.build(), quiet).metrics


def closes(value: float, key: str) -> bool:
    """Whether `value` rounds to what is printed under `key`."""
    entry = reference.value(key)
    return abs(value - entry.value) <= entry.half_digit + 1e-9


# ---- Energy -------------------------------------------------------------------------------------------

treatments = st.builds(
    Treatment,
    st.sampled_from(sorted(ALEXNETS)),
    st.builds(Edges, st.sampled_from([1, 8]), st.sampled_from([1, 8])),
    st.sampled_from(["occupied", "rows"]),
)
small = st.builds(
    Matrix,
    st.integers(1, 2000),
    st.integers(1, 600),
    st.integers(1, 50),
    st.integers(1, 8),
    st.integers(1, 8),
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


def test_the_constant_hangs_on_the_edges():
    by_edges = ESTIMATED["calibration"]["sensing_fj_by_edges"]
    assert by_edges["8:8"] == ESTIMATED["calibration"]["sensing_fj"]
    # at 1:1, AlexNet takes one AND a MAC; the other parts then take less than a tenth
    assert 0.9 * 785.25e9 < by_edges["1:1"] * 1_135_256_096 < 785.25e9
    assert ESTIMATED["calibration"]["two_cells_fj"] == pytest.approx(2 * 23.4)  # uW for 1 ns


def test_filling_the_chip_writes_every_weight_once():
    bits = 8 * (34_848 + 4_096_000) + 62_367_776 - 34_848 - 4_096_000
    assert ESTIMATED["area"]["networks"]["alexnet"]["refill_uj"] == pytest.approx(0.12e-6 * bits)


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
