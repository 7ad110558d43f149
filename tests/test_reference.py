"""Printed values: the digits as printed, the places, the lookup."""

import math
import re
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc import claims
from imc.claims import reference
from imc.errors import UserError

EVERY = list(reference.every().values())
NUMBERS = [entry for entry in EVERY if not math.isnan(entry.value)]


def test_every_value_has_a_key_that_names_its_file_and_a_place():
    papers = {entry.key.partition(".")[0] for entry in EVERY}
    assert papers == {*claims.papers(), "isaac", "peers"}
    assert all(entry.place for entry in EVERY)
    assert all(re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", entry.key) for entry in EVERY)


def test_values_are_those_of_the_printed_digits():
    for entry in NUMBERS:
        digits = re.sub(r"[^\d.]", "", entry.printed)
        scale = {"K": 1e3, "M": 1e6}.get(entry.printed[-1], 1.0)
        assert entry.value == float(digits) * scale, entry
        decimals = len(digits.partition(".")[2])
        assert entry.half_digit == pytest.approx(0.5 * scale * 10.0**-decimals), entry


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=2))
def test_a_parsed_number_keeps_its_value_and_its_last_digit(number: Decimal):
    assert reference.parse(f"{number:.2f}") == (float(number), 0.005)
    assert reference.parse(f"~{number:,.2f}") == (float(number), 0.005)


@pytest.mark.parametrize(
    ("printed", "value", "half_digit"),
    [
        ("96.00", 96.0, 0.005),
        ("96.0", 96.0, 0.05),
        ("118 016", 118016, 0.5),
        ("692K", 692_000, 500),
        ("~3", 3, 0.5),
    ],
)
def test_printed_forms(printed: str, value: float, half_digit: float):
    assert reference.parse(printed) == (value, half_digit)


@pytest.mark.parametrize("word", ["NA", "ternary", "16-bit", "", "V_DD (GND)"])
def test_words_are_no_numbers(word: str):
    assert all(math.isnan(part) for part in reference.parse(word))


def test_a_table_is_ready_for_a_data_frame():
    frame = pd.DataFrame.from_dict(reference.table("reram.table4"), orient="index")
    assert list(frame.index) == ["act1", "act2", "act3", "act6", "act8"]
    assert list(frame.columns) == ["baseline", "without_bn", "sbn", "arithmetic_merge", "signed_merge"]
    assert frame.loc["act2", "baseline"] == 95.97


def test_a_cell_knows_its_row_column_and_unit():
    entry = reference.value("reram.table7.ours.area_efficiency")
    assert (entry.printed, entry.unit) == ("361.02", "TOPS/mm2")
    assert "row Ours (estimated), column Area Efficiency" in entry.place


@pytest.mark.parametrize("key", ["reram.table4.act2.basline", "reram.tabel4.act2.baseline"])
def test_an_unknown_key_names_near_misses(key: str):
    with pytest.raises(UserError, match=r"reram\.table4\.act2\.baseline"):
        reference.value(key)


def test_a_hopeless_key_names_where_keys_start():
    with pytest.raises(UserError, match="batmann, codesign, imce, isaac, peers, reram"):
        reference.value("?")


@pytest.mark.parametrize("prefix", ["reram.table9", "reram.table4.act2", "reram", ""])
def test_an_unknown_table_names_the_tables(prefix: str):
    with pytest.raises(UserError, match=r"there are batmann\.table1"):
        reference.table(prefix)


def test_every_value_is_claimed_or_marked_as_context():
    claimed = {r.reference for claim in claims.load().values() for r in claim.readings}
    claimed |= {key for claim in claims.load().values() for key in claim.also}
    assert [e.key for e in EVERY if e.key not in claimed and not e.context] == []


def test_transcription_closes():
    """Sums and products that the documents themselves print elsewhere."""
    tables = reference.table("reram.table1") | reference.table("reram.table2")
    for row, cells in tables.items():
        inputs = int(row.removeprefix("crop")) ** 2 if row.startswith("crop") else 400
        hidden = int(row.removeprefix("hidden")) if row.startswith("hidden") else 128
        assert cells["size"] == inputs * hidden + hidden**2 + 10 * hidden, row
    sums = reference.table("isaac.sum")
    for prefix, total in [("isaac.ima", sums["ima"]), ("isaac.tile", sums["tile_beside_imas"])]:
        parts = reference.table(prefix).values()
        for column in ("power_mw", "area_mm2"):
            assert sum(part[column] for part in parts) == pytest.approx(total[column], rel=1e-3)
    chip = reference.table("isaac.chip")
    for column in ("power_w", "area_mm2"):
        assert chip["tiles"][column] + chip["links"][column] == pytest.approx(chip["total"][column], rel=1e-3)


VALUE = '[[value]]\nkey = "x.a"\ndocument = "thesis"\nprinted = "1.0"\nunit = "%"\nplace = "p"\n'
TABLE = '[[table]]\nkey = "x.t"\ndocument = "thesis"\ntitle = "T"\ncolumns = {a = "A"}\nrows.r = ["R", "1"]\n'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (VALUE + "colour = 1\n", "value 'x.a': the field 'colour' is unknown"),
        (VALUE.replace('unit = "%"\n', ""), "value 'x.a': the field 'unit' is missing"),
        (VALUE.replace("1.0", "one"), "value 'x.a': printed = 'one' is not a number"),
        (VALUE.replace('"1.0"', "1.0"), "value 'x.a': the field 'printed' is 1.0"),
        (VALUE.replace("thesis", "novel"), "the document 'novel' is none of thesis"),
        (VALUE + VALUE, "the key 'x.a' is given twice"),
        (TABLE.replace('"1"]', '"1", "2"]'), "table 'x.t': row 'r' has 2 cells for 1 columns"),
        ("[[row]]\n", "unknown section 'row'"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path, content: str, sentence: str):
    (tmp_path / "x.toml").write_text(f'{content}\n[documents]\nthesis = "A thesis"\n')
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        reference.read(tmp_path)
    assert str(caught.value).startswith("x.toml")


def test_empty_cells_are_left_out_and_units_may_stand_in_cells(tmp_path):
    table = TABLE.replace('{a = "A"}', '{a = "A", b = "B"}').replace('"1"]', '"1.50 mW", ""]')
    (tmp_path / "x.toml").write_text(f'{table}\n[documents]\nthesis = "A thesis"\n')
    (entry,) = reference.read(tmp_path).values()
    assert (entry.key, entry.value, entry.unit, entry.half_digit) == ("x.t.r.a", 1.5, "mW", 0.005)
