"""The memory cell: its two resistances, its levels, and the current it gives.

Conductances are in siemens, resistances in ohm, and an input of 1 means a read voltage of 1 V. Arrays of
resistors are linear, so another read voltage scales every current, and the range of every converter, alike.
"""

import math
from dataclasses import dataclass
from typing import Any

from imc.crossbar.checks import instance, number, positive, shown, whole
from imc.errors import UserError

_SMALLEST, _LARGEST = 1e-18, 1e18
"""Ohm: their conductances, and the squares of these, are normal numbers in single precision."""


@dataclass(frozen=True)
class Sinh:
    """A cell whose current bends: I = G V_read sinh(V/v0) / sinh(V_read/v0), G being I/V at the full input.

    The law of tunnelling through a gap in the filament: I = I0 exp(-g/g0) sinh(V/v0) in the model of Stanford
    and Arizona State University (Z. Jiang and H.-S. P. Wong 2014, doi 10.4231/D37H1DN48; its equation in D.
    Panda et al. 2018, doi 10.1186/s11671-017-2419-8, Table 3), in circulation with v0 = 0.25 V. Below the
    full input a cell gives less than its share: at half of it 1/(2 cosh(V_read/2v0)) of the whole, not 1/2.

    All cells of a chip bend alike, so that a bent cell is a linear one behind another voltage. Pulses of full
    height (`DAC(serial=True)`) are not bent at all.

    Attributes:
        v0: volt; the larger, the straighter.
        read: volt of a full input.

    Raises:
        UserError: unless both are positive, with read/v0 at most 80.

    >>> import torch
    >>> from imc.crossbar import Sinh
    >>> Sinh(v0=0.25, read=0.5)(torch.tensor([-1.0, 0.0, 0.5, 1.0]))
    tensor([-1.0000,  0.0000,  0.3240,  1.0000])
    """

    v0: float
    read: float = 0.2

    def __post_init__(self) -> None:
        positive("v0", self.v0, "a cell's voltage of bending")
        positive("read", self.read, "the voltage of a full input")
        if self.read / self.v0 > 80:
            raise UserError(
                f"read = {self.read} V, v0 = {self.v0} V: single precision holds a sinh of 80 at most"
            )

    def __call__(self, u: Any) -> Any:
        """Currents, in those of full inputs, for voltages `u` in full inputs, a tensor of any shape."""
        steep = self.read / self.v0
        return u * 1.0 if steep < 1e-4 else (u * steep).sinh() / math.sinh(steep)


@dataclass(frozen=True, repr=False)
class Device:
    """A resistive memory device.

    Attributes:
        r_on: resistance of the low-resistance (ON) state, ohm.
        r_off: resistance of the high-resistance (OFF) state, ohm.
        levels: number of states that programming can aim at, evenly spaced in conductance from OFF to ON;
            None if any conductance in between can be aimed at.
        nonlinearity: how its current bends with the voltage, or None if it is a resistor.

    Raises:
        UserError: unless 0 < r_on < r_off < infinity and levels >= 2.

    >>> from imc.crossbar import Device
    >>> Device(r_on=1e3, r_off=1e4, levels=2).g_half
    0.00055
    """

    r_on: float
    r_off: float
    levels: int | None = None
    nonlinearity: Sinh | None = None

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
        if self.nonlinearity is not None:
            instance("nonlinearity", self.nonlinearity, Sinh, "Sinh(v0=0.25, read=0.2), or None for none")

    def __repr__(self) -> str:
        return shown(self, "nonlinearity")

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
