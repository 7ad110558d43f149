"""What a user may get wrong in describing a chip, each said in one sentence."""

import math
import numbers
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
    if not _number(value) or not (math.isfinite(value) and value > 0):
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


def _number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
