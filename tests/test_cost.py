"""Components, roll-up and conventions of counting: linear, composable, and refused in one sentence."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.claims.components import quoted
from imc.cost.components import Component, converted
from imc.cost.rollup import Block
from imc.cost.scaling import exponent, scaled, throughput_tops
from imc.errors import UserError

AMOUNTS = st.floats(0, 1e6)
POSITIVE = st.floats(1e-3, 1e3)


def part(name: str, area: float, power: float = 0.0) -> Component:
    return Component(name, {"area_mm2": area, "power_mw": power}, "quoted", "a test")


COUNTED = st.lists(st.tuples(st.floats(0, 1e4), AMOUNTS), min_size=1, max_size=6)


def block(counted: list[tuple[float, float]]) -> Block:
    return Block("whole", tuple((count, part(f"part{i}", area)) for i, (count, area) in enumerate(counted)))


@given(COUNTED)
def test_a_total_is_the_sum_of_counts_times_costs(counted):
    assert block(counted).total("area_mm2") == pytest.approx(sum(n * a for n, a in counted))


@given(COUNTED, st.floats(0, 1e3), st.floats(0, 1e3))
def test_the_roll_up_is_linear(counted, a, b):
    one = block(counted)
    together = Block("both", ((a, one), (b, one)))
    assert together.total("area_mm2") == pytest.approx((a + b) * one.total("area_mm2"))


@given(COUNTED, st.floats(0, 1e3))
def test_nesting_changes_nothing(counted, times):
    flat = Block("flat", tuple((times * count, component) for count, component in block(counted).leaves()))
    nested = Block("nested", ((times, block(counted)),))
    assert nested.total("area_mm2") == pytest.approx(flat.total("area_mm2"))
    assert nested.breakdown("area_mm2") == pytest.approx(flat.breakdown("area_mm2"))


@given(COUNTED)
def test_a_breakdown_adds_up_to_the_total(counted):
    whole = block(counted)
    assert math.fsum(whole.breakdown("area_mm2").values()) == pytest.approx(whole.total("area_mm2"))


@given(COUNTED)
def test_leaving_out_a_component_takes_exactly_its_amount_away(counted):
    nested = Block("nested", ((3, block(counted)), (1, part("other", 5.0))))
    rest = nested.total("area_mm2") - nested.amount("area_mm2", "part0")
    assert nested.without("part0").total("area_mm2") == pytest.approx(rest, abs=1e-3)


def test_the_same_component_at_two_levels_is_added_up():
    adc = part("adc", 2.0)
    whole = Block("chip", ((3, Block("block", ((4, adc),))), (1, adc)))
    assert whole.breakdown("area_mm2") == {"adc": 26.0}


def test_power_times_time_is_energy():
    assert Block("chip", ((2, part("adc", 1.0, power=3.0)),)).energy_pj(10.0) == 60.0


@given(AMOUNTS, st.integers(1, 10_000))
def test_a_split_component_is_whole_again_in_its_pieces(area, pieces):
    piece = part("array", area).split(pieces, "cell")
    assert Block("array", ((pieces, piece),)).total("area_mm2") == pytest.approx(area)
    assert piece.origin == "derived"


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (((-1, part("adc", 1.0)),), "whole has -1 of adc; a count is zero or more"),
        (((math.nan, part("adc", 1.0)),), "whole has nan of adc"),
        (((1, part("adc", 1.0)), (1, part("adc", 2.0))), "two different components called 'adc'"),
    ],
)
def test_a_wrong_block_is_refused(parts, sentence):
    with pytest.raises(UserError, match=sentence):
        Block("whole", parts)


def test_what_is_not_known_is_refused():
    with pytest.raises(UserError, match="component 'adc' has no energy_pj; it has area_mm2, power_mw"):
        Block("whole", ((1, part("adc", 1.0)),)).total("energy_pj")
    with pytest.raises(UserError, match="whole has no component 'dac'; it has adc"):
        Block("whole", ((1, part("adc", 1.0)),)).amount("area_mm2", "dac")
    with pytest.raises(UserError, match="'adc' cannot be split into 0 pieces"):
        part("adc", 1.0).split(0, "bit")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("power_w", 10.4, ("power_mw", 10_400.0)),
        ("area_um2", 142.0, ("area_mm2", 142e-6)),
        ("energy_uj", 785.25, ("energy_pj", 785.25e6)),
        ("power_mw", 16.0, ("power_mw", 16.0)),
    ],
)
def test_units_are_converted_by_name(name, value, expected):
    found, amount = converted(name, value)
    assert (found, amount) == (expected[0], pytest.approx(expected[1]))


@pytest.mark.parametrize("name", ["power", "power_kw", "price_eur", ""])
def test_an_unknown_unit_is_refused(name):
    with pytest.raises(UserError, match="is no amount; known are area_mm2"):
        converted(name, 1.0)


def test_a_printed_table_becomes_components_that_know_their_source():
    adc = quoted("isaac.ima")["adc"]
    assert (adc.name, adc.origin) == ("ima.adc", "quoted")
    assert adc.amounts == {"power_mw": 16.0, "area_mm2": 0.0096}
    assert "ADC, 8 x 8 bit" in adc.source
    assert quoted("isaac.chip")["links"].amounts["power_mw"] == 10_400.0


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE)
def test_scaling_composes_and_returns(value, a, b, c):
    assert scaled(scaled(value, a, b), b, c) == pytest.approx(scaled(value, a, c))
    assert scaled(scaled(value, a, b), b, a) == pytest.approx(value)


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE)
def test_a_measured_exponent_leads_from_one_chip_to_the_other(first, first_nm, second, second_nm):
    if abs(math.log(first_nm / second_nm)) > 0.1:
        k = exponent(first, first_nm, second, second_nm)
        assert scaled(first, first_nm, second_nm, k) == pytest.approx(second)


@given(POSITIVE, POSITIVE)
def test_a_mac_of_two_operations_doubles_the_throughput(macs, nanoseconds):
    assert throughput_tops(macs, nanoseconds, 2) == 2 * throughput_tops(macs, nanoseconds, 1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: throughput_tops(1, 1, 3), "mac_operations = 3: a MAC counts as 1 or 2"),
        (lambda: throughput_tops(1, 0, 2), "nanoseconds = 0: it has to be positive"),
        (lambda: scaled(1, -65, 32), "from_nm = -65: it has to be positive"),
        (lambda: exponent(1, 32, 2, 32), "two chips in 32 nm say nothing"),
        (lambda: exponent(1, 32, math.inf, 65), "second = inf: it has to be positive"),
    ],
)
def test_wrong_numbers_are_refused(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
