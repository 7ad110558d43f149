"""Limits of parameters, each broken one said in a sentence."""

import math
import numbers
from typing import Any

from imc.errors import UserError


def number(where: str, **values: Any) -> None:
    """Refuse what is no real number."""
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            raise UserError(f"{where}: {name} = {value!r}: it must be a number")


def positive(where: str, **values: float) -> None:
    """Refuse values that are not positive and finite."""
    number(where, **values)
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise UserError(f"{where}: {name} = {value}: it must be positive and finite")


def not_negative(where: str, **values: float) -> None:
    """Refuse values that are negative or not finite."""
    number(where, **values)
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise UserError(f"{where}: {name} = {value}: it must be 0 or more, and finite")


def whole(where: str, least: int, most: int | None = None, **values: int) -> None:
    """Refuse values that are not whole numbers from `least` to `most`."""
    for name, value in values.items():
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
        if not fits or (most is not None and value > most):
            upper = "or more" if most is None else f"to {most}"
            raise UserError(f"{where}: {name} = {value}: it must be a whole number, {least} {upper}")


def share(where: str, **values: float) -> None:
    """Refuse values that are not from 0 to 1."""
    number(where, **values)
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise UserError(f"{where}: {name} = {value}: it must lie between 0 and 1")
