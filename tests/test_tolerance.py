"""The comparison of notebook outputs that tests/conftest.py gives to nbval."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import TOLERANCE, Output, alike


def embedded(csv: str) -> str:
    return f'<a href="data:text/csv;base64,{base64.b64encode(csv.encode()).decode()}">CSV</a>'


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("| 95.97 ± 0.21 |", "| 95.97 ± 0.21 |"),
        ("M 10.123456 4.000000", "M 10.123457 4.000000"),
        ("96.0714285714286", "96.0714285714285"),
        ("−0.30000000000000004", "−0.3"),
        ("1.5e-07 V", "1.50000001e-07 V"),
        (embedded("a,b\n0.1,0.30000000000000004\n"), embedded("a,b\n0.1,0.3\n")),
    ],
)
def test_rounding_is_no_difference(left, right):
    assert alike(left, right)
    assert Output(left) == Output(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("| 95.97 |", "| 95.98 |"),
        ("| 95.97 |", "| −95.97 |"),
        ("39 700 001 bits", "39 700 002 bits"),
        ("100000001", "100000002"),
        ("reproduced 95.97", "contradicted 95.97"),
        ("1.0 2.0", "1.0"),
        ("0.000001", "0.000002"),
        (embedded("a,b\n0.1,0.31\n"), embedded("a,b\n0.1,0.3\n")),
    ],
)
def test_a_digit_is_a_difference(left, right):
    assert not alike(left, right)
    assert Output(left) != Output(right)


@given(st.floats(1e-3, 1e6), st.sampled_from([-1, 1]))
def test_the_tolerance_is_as_stated(value, sign):
    near, far = (value * (1 + sign * factor * TOLERANCE) for factor in (0.5, 2))
    assert alike(f"{value:.12f}", f"{near:.12f}")
    assert not alike(f"{value:.12f}", f"{far:.12f}")
