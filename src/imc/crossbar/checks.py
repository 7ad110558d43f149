"""What a user may get wrong in describing a chip, each said in one sentence."""

import math
import numbers
from dataclasses import fields
from typing import Any

from imc.errors import UserError


def whole(name: str, value: Any, least: int, need: str) -> None:
    """Refuse `value` unless it is a whole number of `least` or more; `need` says so, and for what.

    Raises:
        UserError: naming the value and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise UserError(f"{name} = {value!r}: a whole number is wanted; {need}")
    if value < least:
        raise UserError(f"{name} = {value}: {need}")


def positive(name: str, value: Any, what: str) -> None:
    """Refuse `value` unless it is a positive, finite number.

    Raises:
        UserError: naming the value; `what` is the subject of the sentence.
    """
    if not number(value) or not (math.isfinite(value) and value > 0):
        raise UserError(f"{name} = {value!r}: {what} must be positive and finite")


def instance(name: str, value: Any, kind: type | tuple[type, ...], example: str) -> None:
    """Refuse `value` unless it is of `kind`; `example` is what one would write.

    Raises:
        UserError: naming what was given.
    """
    if isinstance(value, kind):
        return
    given = f"the class {value.__name__}" if isinstance(value, type) else f"{value!r}"
    raise UserError(f"{name} is {given}: write {example}")


def flag(name: str, value: Any) -> None:
    """Refuse `value` unless it is True or False.

    Raises:
        UserError: naming what was given.
    """
    if not isinstance(value, bool):
        raise UserError(f"{name} = {value!r}: write True or False")


def seed(value: Any) -> None:
    """Refuse `value` unless it is a seed that torch takes.

    Raises:
        UserError: naming what was given.
    """
    whole_number = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole_number or not -(2**63) <= int(value) < 2**63:
        raise UserError(f"seed = {value!r}: a seed is a whole number below 2^63")


def shown(value: Any, *options: str) -> str:
    """The repr of a dataclass, without those of its `options` that have their default.

    A chip's repr is its name in stored states: an option that is new, and not used, does not change it.
    """
    parts = (
        f"{field.name}={getattr(value, field.name)!r}"
        for field in fields(value)
        if field.name not in options or getattr(value, field.name) != field.default
    )
    return f"{type(value).__name__}({', '.join(parts)})"


def number(value: Any) -> bool:
    """Whether `value` is a real number, finite or not; True and False are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
