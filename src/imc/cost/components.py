"""Components: what one of a part costs, and where that number comes from.

An amount is named by its quantity and unit: ``area_mm2``, ``power_mw`` or ``energy_pj`` (of one use). Tables
may print other units, which `converted` brings to these.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from imc.errors import UserError

Origin = Literal["quoted", "derived", "calibrated", "assumed"]
"""Printed by a document; computed from printed numbers; fitted so that a printed total closes; or chosen."""

_UNITS = {
    "area": ("mm2", {"mm2": 1.0, "um2": 1e-6}),
    "power": ("mw", {"w": 1e3, "mw": 1.0, "uw": 1e-3, "nw": 1e-6}),
    "energy": ("pj", {"uj": 1e6, "nj": 1e3, "pj": 1.0, "fj": 1e-3}),
}


@dataclass(frozen=True)
class Component:
    """One part.

    Attributes:
        name: unique within a roll-up.
        amounts: what one of it costs, by quantity.
        origin: quoted, derived, calibrated or assumed.
        source: where it is printed, or how it was computed.

    >>> adc = Component("ADC", {"power_mw": 2.0, "area_mm2": 0.0012}, "quoted", "its data sheet")
    >>> adc.total("power_mw"), adc.split(4, "a quarter").total("power_mw")
    (2.0, 0.5)
    """

    name: str
    amounts: Mapping[str, float]
    origin: Origin
    source: str

    def total(self, quantity: str) -> float:
        """What one of it costs.

        Raises:
            UserError: if nothing is known of that quantity.
        """
        if quantity not in self.amounts:
            raise UserError(f"component {self.name!r} has no {quantity}; it has {', '.join(self.amounts)}")
        return self.amounts[quantity]

    def split(self, pieces: float, name: str) -> "Component":
        """One of `pieces` equal pieces of it, as a derived component.

        Raises:
            UserError: unless `pieces` is positive.
        """
        if not (math.isfinite(pieces) and pieces > 0):
            raise UserError(f"{self.name!r} cannot be split into {pieces} pieces: it takes a positive number")
        amounts = {quantity: amount / pieces for quantity, amount in self.amounts.items()}
        return Component(name, amounts, "derived", f"1/{pieces:g} of: {self.source}")


def converted(name: str, value: float) -> tuple[str, float]:
    """An amount in this package's units: ``("power_w", 10.4)`` is ``("power_mw", 10400.0)``.

    Raises:
        UserError: if the name is no quantity with a unit.

    >>> converted("area_um2", 2e6)
    ('area_mm2', 2.0)
    """
    quantity, _, unit = name.rpartition("_")
    standard, factors = _UNITS.get(quantity, ("", {}))
    if unit not in factors:
        known = ", ".join(f"{q}_{u}" for q, (_, units) in _UNITS.items() for u in units)
        raise UserError(f"{name!r} is no amount; known are {known}")
    return f"{quantity}_{standard}", value * factors[unit]
