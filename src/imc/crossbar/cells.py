"""The memory cell: its two resistances, its levels, and the current it gives.

Conductances are in siemens, resistances in ohm, and an input of 1 means a read voltage of 1 V. The arrays
are linear, so another read voltage scales every current, and the range of every converter, alike.
"""

import math
from dataclasses import dataclass
from typing import Any

from imc.crossbar.checks import number, whole
from imc.errors import UserError

_SMALLEST, _LARGEST = 1e-18, 1e18
"""Ohm: their conductances, and the squares of these, are normal numbers in single precision."""


@dataclass(frozen=True)
class Device:
    """A resistive memory device.

    Attributes:
        r_on: resistance of the low-resistance (ON) state, ohm.
        r_off: resistance of the high-resistance (OFF) state, ohm.
        levels: number of states that programming can aim at, evenly spaced in conductance from OFF to ON;
            None if any conductance in between can be aimed at.

    Raises:
        UserError: unless 0 < r_on < r_off < infinity and levels >= 2.

    >>> from imc.crossbar import Device
    >>> Device(r_on=1e3, r_off=1e4, levels=2).g_half
    0.00055
    """

    r_on: float
    r_off: float
    levels: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("r_on", self.r_on), ("r_off", self.r_off)):
            if not number(value) or not (math.isfinite(value) and value > 0):
                raise UserError(f"{name} = {value!r} ohm: a device's resistance must be positive and finite")
            if not _SMALLEST <= value <= _LARGEST:
                raise UserError(
                    f"{name} = {value:g} ohm: single precision holds conductances of resistances from "
                    f"{_SMALLEST:g} to {_LARGEST:g} ohm"
                )
        if self.r_on >= self.r_off:
            raise UserError(
                f"r_on = {self.r_on} ohm, r_off = {self.r_off} ohm: the ON resistance must be the lower one"
            )
        if self.levels is not None:
            whole("levels", self.levels, 2, "a device needs 2 levels at least, or None for any value")

    @property
    def g_on(self) -> float:
        """Conductance of the ON state, siemens."""
        return 1 / self.r_on

    @property
    def g_off(self) -> float:
        """Conductance of the OFF state, siemens."""
        return 1 / self.r_off

    @property
    def g_half(self) -> float:
        """The conductance midway between ON and OFF, siemens: (I_LRS + I_HRS)/2 at 1 V.

        As a resistor it is 2/(1/R_LRS + 1/R_HRS), about twice the LRS; the thesis (5.1) calls it "half the
        HRS", which it is not.
        """
        return (self.g_on + self.g_off) / 2


RRAM_1T1R = Device(r_on=1e3, r_off=1e4, levels=2)
"""The device of the BATMANN paper, section IV: R_on = 1 kilo-ohm, R_off = 10 kilo-ohm, two levels."""


def current_1t1r(x: Any, g: Any) -> Any:
    """Current of a one-transistor cell: the transistor passes the input `x` (volt) to a conductance `g`.

    Any broadcastable arrays; the result is in ampere.
    """
    return x * g


def current_2t1r(x: Any, g: Any, g_half: float) -> Any:
    """Current of the thesis's two-transistor cell (section 5.2, Figure 3a) for inputs `x` in {0, 1}.

    Input 1 opens MN1 and the memory device answers; input 0 opens MP1, which injects the half current
    (I_LRS + I_HRS)/2. Held against N half currents, a column of N such cells gives
    sum_i x_i (G_i - G_half): a row with input 0 contributes the reference exactly, hence nothing.
    """
    return x * g + (1 - x) * g_half
