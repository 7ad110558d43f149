"""The magnetic tunnel junction and the heavy metal under it (slides "STT-MRAM" and "SOT-MRAM").

The slides print the formula of the spin current and the spreads, and no other number of the device. The
defaults here are assumed: values in use for such cells around 2018. Every one is a parameter.
"""

import math
from dataclasses import dataclass
from typing import Literal

Shape = Literal["ellipse", "rectangle"]


@dataclass(frozen=True)
class Junction:
    """A magnetic tunnel junction: two resistances, from what a process is described by.

    Attributes:
        ra_ohm_um2: resistance-area product of the parallel state, ohm um2.
        tmr: tunnel magnetoresistance, R_AP / R_P - 1 (1.712 is 171.2 %).
        length_nm, width_nm: axes of the free layer.
        series_ohm: what lies in series with it, access transistor and heavy metal.
    """

    ra_ohm_um2: float
    tmr: float
    length_nm: float
    width_nm: float
    series_ohm: float = 0.0

    @property
    def area_um2(self) -> float:
        """Area of the ellipse, um2."""
        return 1e-6 * area_nm2(self.length_nm, self.width_nm, "ellipse")

    @property
    def r_p(self) -> float:
        """Resistance of the parallel state '0', ohm, without what is in series."""
        return self.ra_ohm_um2 / self.area_um2

    @property
    def r_ap(self) -> float:
        """Resistance of the antiparallel state '1', ohm, without what is in series."""
        return self.r_p * (1 + self.tmr)


def area_nm2(length_nm: float, width_nm: float, shape: Shape) -> float:
    """Area of a free layer with these axes, nm2."""
    return length_nm * width_nm * (math.pi / 4 if shape == "ellipse" else 1.0)


def absorbed(thickness_nm: float, spin_flip_nm: float) -> float:
    """1 - sech(t_HM / lambda_sf): the share of the spin current that survives the heavy metal's own far side.

    Written as 2 sinh2(x/2) / cosh(x) in exponentials that neither cancel when x is small nor overflow.
    """
    x = thickness_nm / spin_flip_nm
    return math.expm1(-x) ** 2 / (1 + math.exp(-2 * x))


def spin_gain(
    hall_angle: float, area_mtj_nm2: float, area_hm_nm2: float, thickness_nm: float, spin_flip_nm: float
) -> float:
    """I_s / I_q, spin current over charge current, where spin and charge are at right angles.

    The slides' formula: theta_SH (A_MTJ / A_HM) (1 - sech(t_HM / lambda_sf)).

    Args:
        hall_angle: theta_SH, spin-Hall angle.
        area_mtj_nm2: area of the junction, through which the spins flow.
        area_hm_nm2: cross-section of the heavy metal, through which the charge flows.
        thickness_nm, spin_flip_nm: t_HM and lambda_sf.
    """
    return hall_angle * area_mtj_nm2 / area_hm_nm2 * absorbed(thickness_nm, spin_flip_nm)
