"""Converters at the edges of an array."""

import math
from dataclasses import dataclass

from torch import Tensor

from imc.errors import UserError


@dataclass(frozen=True)
class DAC:
    """Digital-to-analog converter of the inputs: clip to the limit, then round to evenly spaced levels.

    Attributes:
        bits: signed, 2^bits - 1 levels from -limit to limit, 0 among them; unsigned, 2^bits from 0 to limit.
        limit: largest input.
        signed: whether inputs may be negative.

    Raises:
        UserError: unless bits >= 1 (2 if signed) and limit > 0.
    """

    bits: int
    limit: float = 1.0
    signed: bool = True

    def __post_init__(self) -> None:
        if self.bits < (2 if self.signed else 1):
            kind = "a signed DAC needs 2 bits" if self.signed else "a DAC needs 1 bit"
            raise UserError(f"bits = {self.bits}: {kind} at least")
        if not (math.isfinite(self.limit) and self.limit > 0):
            raise UserError(f"limit = {self.limit}: a DAC's largest input must be positive and finite")

    def __call__(self, x: Tensor) -> Tensor:
        """The voltages of inputs `x`, any shape, a new tensor."""
        return _round(x, self.bits, self.limit, self.signed)


@dataclass(frozen=True)
class ADC:
    """Analog-to-digital converter of a column's current, or of a difference of currents.

    Attributes:
        bits: levels as in `DAC`; currents that can be negative make it signed.
        range: largest current, in currents of one ON cell at full input; None takes what the array can give,
            one ON cell for each row, so that nothing is clipped and the steps are coarse.

    Raises:
        UserError: unless bits >= 1 and range > 0.
    """

    bits: int
    range: float | None = None

    def __post_init__(self) -> None:
        if self.bits < 1:
            raise UserError(f"bits = {self.bits}: an ADC needs 1 bit at least")
        if self.range is not None and not (math.isfinite(self.range) and self.range > 0):
            raise UserError(
                f"range = {self.range}: an ADC's range in ON-cell currents must be positive and finite"
            )

    def __call__(self, current: Tensor, on_current: float, rows: int, signed: bool) -> Tensor:
        """`current` (ampere, any shape) as converted, a new tensor; `on_current` is one ON cell's."""
        full = (rows if self.range is None else self.range) * on_current
        return _round(current, self.bits, full, signed)


@dataclass(frozen=True)
class SenseAmplifier:
    """A comparator: +1 where the signed difference of currents is 0 or more, else -1.

    It replaces the converter and the activation behind it. The layer's digital bias becomes its threshold,
    shared evenly by the arrays over which the inputs are split.
    """

    def __call__(self, difference: Tensor) -> Tensor:
        """+1 or -1, shape and type of `difference`."""
        return (difference >= 0).to(difference.dtype).mul_(2).sub_(1)


def _round(x: Tensor, bits: int, full: float, signed: bool) -> Tensor:
    steps = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    return x.clamp(-full if signed else 0.0, full).mul_(steps / full).round_().mul_(full / steps)
