"""Conventions of comparing chips: operations, and technologies."""

import math

from imc.errors import UserError


def throughput_tops(macs: float, nanoseconds: float, mac_operations: int) -> float:
    """Tera-operations a second of `macs` multiply-accumulates every so many nanoseconds.

    `mac_operations` is 2 (a multiplication and an addition) or 1 (a multiply-accumulate is one operation);
    papers use either, and the results differ by that factor.

    Raises:
        UserError: for another convention, or a time that is not positive.

    >>> throughput_tops(macs=128 * 128, nanoseconds=100, mac_operations=2)
    0.32768
    """
    if mac_operations not in (1, 2):
        raise UserError(f"mac_operations = {mac_operations}: a MAC counts as 1 or 2 operations")
    _positive(nanoseconds=nanoseconds)
    return macs * mac_operations / nanoseconds / 1e3


def scaled(efficiency: float, from_nm: float, to_nm: float, exponent: float = 2.0) -> float:
    """An efficiency taken from one technology node to another, times (from/to)^exponent.

    With exponent 2, the thesis's (Table 7, in parentheses), area shrinks with the square of the feature size,
    and energy is assumed to do so too.

    Raises:
        UserError: for a node that is not positive.

    >>> scaled(10.0, from_nm=65, to_nm=32.5)
    40.0
    """
    _positive(from_nm=from_nm, to_nm=to_nm)
    return efficiency * (from_nm / to_nm) ** exponent


def exponent(first: float, first_nm: float, second: float, second_nm: float) -> float:
    """The exponent with which `scaled` takes one measured efficiency to the other.

    Raises:
        UserError: for a value that is not positive, or equal nodes.

    >>> exponent(10.0, 65, 40.0, 32.5)
    2.0
    """
    _positive(first=first, first_nm=first_nm, second=second, second_nm=second_nm)
    if first_nm == second_nm:
        raise UserError(f"two chips in {first_nm:g} nm say nothing about scaling")
    return math.log(second / first) / math.log(first_nm / second_nm)


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise UserError(f"{name} = {value}: it has to be positive")
