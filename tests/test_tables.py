"""Tables: digits that the interval supports, verdicts in words and signs, CSV that holds the same numbers."""

import base64
import io
import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.claims.statistics import Estimate
from imc.pages import tables


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3, "−3"),
        (9999, "9999"),
        (118016, "118,016"),
        (95.97, "95.97"),
        (0.061234, "0.06123"),
        (1234.56, "1235"),
        (2.5, "2.5"),
        (3.2e-7, "3.2 × 10<sup>−7</sup>"),
        (6.02e23, "6.02 × 10<sup>23</sup>"),
        (math.inf, "∞"),
        (math.nan, "–"),
    ],
)
def test_number(value, text):
    assert tables.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Estimate(95.9712, 95.7612, 96.1812, 5), "95.97 ± 0.21"),
        (Estimate(1234.4, 1200.4, 1268.4, 5), "1234 ± 34"),
        (Estimate.exact(42), "42"),
        (Estimate.of_seeds([95.5]), "95.5 (1 run)"),
        (Estimate(0.990, 0.942, 0.998, 100), "0.990 (0.942 to 0.998)"),
    ],
)
def test_estimate(value, text):
    assert tables.estimate(value) == text


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e3))
def test_an_estimate_shows_its_mean_to_within_a_twentieth_of_its_interval(mean, half):
    shown = tables.estimate(Estimate(mean, mean - half, mean + half, 5)).partition(" ")[0]
    plain = float(shown.replace("−", "-").replace(",", ""))
    assert abs(plain - mean) <= max(0.06 * half, 1e-6)


@pytest.mark.parametrize(
    ("plain", "markdown"),
    [
        ("G_max - G_min", "G<sub>max</sub> - G<sub>min</sub>"),
        ("BATMANN_X has 96.53 %.", "BATMANN<sub>X</sub> has 96.53\u00a0%."),
        ("{-1, +1} * cnn_rram < $5", "\\{-1, +1\\} \\* cnn\\_rram &lt; \\$5"),
    ],
)
def test_plain_text_says_just_that_in_markdown(plain, markdown):
    assert tables.prose(plain) == markdown


def test_markdown_table():
    table = pd.DataFrame(
        {"bits": [1, 2], "accuracy (%)": [Estimate(96, 95.8, 96.2, 5), None], "note": ["a|b", "c"]}
    )
    assert tables.markdown(table).splitlines() == [
        "| bits | accuracy (%) | note |",
        "| ---: | ---: | :--- |",
        "| 1 | 96.00 ± 0.20 | a\\|b |",
        "| 2 | – | c |",
    ]


def test_verdicts_differ_without_colour():
    assert len(set(tables.SYMBOLS.values())) == len(tables.SYMBOLS)
    shown = tables.verdict("not reproduced")
    assert ">○ not reproduced<" in shown
    assert 'class="imc-verdict imc-not-reproduced"' in shown


def decode(link: str) -> pd.DataFrame:
    match = re.search(r'href="data:text/csv;base64,([^"]+)"', link)
    assert match
    return pd.read_csv(io.BytesIO(base64.b64decode(match[1])))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=5))
def test_csv_link_decodes_to_the_same_numbers(values):
    read = decode(tables.csv_link(pd.DataFrame({"x (µm)": values}), "widths"))
    assert read["x (µm)"].tolist() == pytest.approx(values, rel=1e-9, abs=1e-300)


def test_csv_of_estimates_has_the_mean_and_both_ends():
    table = pd.DataFrame({"bits": [1, 2], "accuracy (%)": [Estimate(96, 95.5, 96.5, 5), None]})
    read = decode(tables.csv_link(table, "page-accuracy"))
    assert list(read.columns) == ["bits", "accuracy (%)", "accuracy (%) low", "accuracy (%) high"]
    assert read.iloc[0].tolist() == [1, 96, 95.5, 96.5]
    assert read.iloc[1, 1:].isna().all()


def test_csv_link_saves_under_a_name_that_says_what_it_is():
    assert 'download="page-accuracy.csv"' in tables.csv_link(pd.DataFrame({"x": [1]}), "page-accuracy")
