"""Devices that are trained by pulses: how far one pulse moves a weight, and how far apart devices are.

A weight w is a number without unit; a device holds it between its bounds. One pulse up and one pulse down do

    w <- w + dw (1 + a) r(w/tau)  (1 + c z)
    w <- w - dw (1 - a) r(-w/tau) (1 + c z)

with the step dw = 2 tau/states, the asymmetry a, the cycle-to-cycle spread c, and a standard normal z that
is drawn anew at every pulse. The response r alone tells the devices apart; r(u) = 1 is the constant step.
q+ = (1 + a) r(w/tau) and q- = (1 - a) r(-w/tau) are the response functions, F = (q+ + q-)/2 their symmetric
part and G = (q- - q+)/2 the other: the F and G of the slides' Algorithm 1.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Generator, Tensor

from imc.analog.checks import not_negative, number, positive
from imc.errors import UserError

if TYPE_CHECKING:
    from imc.analog.arrays import Array


@dataclass(frozen=True)
class Device:
    """What all devices have; `ConstantStep`, `SoftBounds`, `Power` and `Exponential` are devices.

    Attributes:
        states: steps between the two bounds; the step is dw_min = 2 bound/states.
        bound: tau, the largest magnitude of a weight.
        asymmetry: a; an up step is 1 + a, a down step 1 - a times dw_min (times the response).
        step_spread: device-to-device spread of the step, SD relative to dw_min.
        bound_spread: device-to-device spread of each of the two bounds, SD relative to `bound`.
        asymmetry_spread: device-to-device SD of a.
        cycle_spread: cycle-to-cycle spread c, SD of one pulse relative to its mean.

    Steps and bounds whose draw is below 1 % of the nominal value count as 1 %, and |a| as 0.99 at most.

    Raises:
        UserError: for fewer than two states, a bound of 0, an asymmetry of 1 or more, or a negative spread.
    """

    states: float
    bound: float = 1.0
    asymmetry: float = 0.0
    step_spread: float = 0.0
    bound_spread: float = 0.0
    asymmetry_spread: float = 0.0
    cycle_spread: float = 0.0

    steepest: ClassVar[float] = 1.0
    """Largest slope of the response, -dr/du at u = -1: how fast a pulse changes the next one's size."""

    def __post_init__(self) -> None:
        where = type(self).__name__
        number(where, states=self.states, asymmetry=self.asymmetry)
        if not (math.isfinite(self.states) and self.states >= 2):
            raise UserError(f"{where}: states = {self.states}: a device needs 2 states at least")
        positive(where, bound=self.bound)
        if not abs(self.asymmetry) < 1:
            raise UserError(
                f"{where}: asymmetry = {self.asymmetry}: it must lie between -1 and 1, both excluded, since "
                "at 1 a pulse of one direction does nothing"
            )
        not_negative(
            where,
            step_spread=self.step_spread,
            bound_spread=self.bound_spread,
            asymmetry_spread=self.asymmetry_spread,
            cycle_spread=self.cycle_spread,
        )

    @property
    def dw_min(self) -> float:
        """The nominal step of one pulse at w = 0."""
        return 2 * self.bound / self.states

    def response(self, u: Any) -> Any:
        """r(u) for u = w/tau in pulse direction, from -1 (far bound) to 1 (near bound); r(0) = 1."""
        raise NotImplementedError

    def up(self, w: Any) -> Any:
        """q+(w): step of an up pulse in units of dw_min, nominal device."""
        return (1 + self.asymmetry) * self.response(w / self.bound)

    def down(self, w: Any) -> Any:
        """q-(w): step of a down pulse in units of dw_min, nominal device."""
        return (1 - self.asymmetry) * self.response(-w / self.bound)

    def symmetric(self, w: Any) -> Any:
        """F(w) = (q+ + q-)/2."""
        return (self.up(w) + self.down(w)) / 2

    def antisymmetric(self, w: Any) -> Any:
        """G(w) = (q- - q+)/2; 0 at the symmetry point."""
        return (self.down(w) - self.up(w)) / 2

    def array(self, shape: tuple[int, ...], generator: Generator) -> "Array":
        """Cells of this device, their device-to-device spread drawn from `generator`."""
        from imc.analog.arrays import Array

        return Array(shape, self, generator)

    def symmetry_point(self) -> float:
        """The weight at which up and down steps of the nominal device are equal.

        Raises:
            UserError: if the device has none within its bounds.
        """
        from imc.analog.arrays import symmetry_points

        one = torch.ones((), dtype=torch.float64)
        return float(
            symmetry_points(
                self,
                one * (1 + self.asymmetry),
                one * (1 - self.asymmetry),
                self.bound * one,
                self.bound * one,
            )
        )


@dataclass(frozen=True)
class Ideal(Device):
    """A constant step without asymmetry, spread or bounds: what is left is that pulses are whole.

    `bound` only sets the step, dw_min = 2 bound/states.

    >>> from imc.analog import SGD, Ideal, learn_matrix
    >>> learn_matrix(Ideal(states=200), SGD(), size=4, samples=2000, lr=0.1).error[-1] < 0.2
    True
    """

    steepest: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        spreads = (self.asymmetry, self.step_spread, self.bound_spread, self.asymmetry_spread)
        if any(spreads) or self.cycle_spread:
            raise UserError(
                "Ideal: it has no asymmetry and no spread; use ConstantStep for a device with them"
            )

    def response(self, u: Any) -> Any:
        return u * 0 + 1


@dataclass(frozen=True)
class ConstantStep(Device):
    """The step is the same at every weight, up to the bounds: r(u) = 1.

    Gokmen & Vlasov, Front. Neurosci. 10:333 (2016); see `RPU_BASELINE`.

    >>> from imc.analog import ConstantStep
    >>> ConstantStep(states=1200, bound=0.6).dw_min
    0.001
    """

    steepest: ClassVar[float] = 0.0

    def response(self, u: Any) -> Any:
        return u * 0 + 1


@dataclass(frozen=True)
class SoftBounds(Device):
    """The step falls linearly and vanishes at the bound: r(u) = 1 - u.

    Symmetry point a tau. Gokmen & Haensch, Front. Neurosci. 14:103 (2020).

    >>> from imc.analog import SoftBounds
    >>> round(SoftBounds(states=100, asymmetry=0.1).symmetry_point(), 3)
    0.1
    """

    def response(self, u: Any) -> Any:
        return 1 - u


@dataclass(frozen=True)
class Power(Device):
    """r(u) = (1 - u)^exponent: 0 is the constant step, 1 soft bounds.

    Raises:
        UserError: also if the exponent is negative.

    >>> from imc.analog import Power
    >>> round(Power(states=100, asymmetry=0.1).symmetry_point(), 3)
    0.05
    """

    exponent: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative("Power", exponent=self.exponent)

    def response(self, u: Any) -> Any:
        return (1 - u) ** self.exponent

    @property
    def steepest(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Largest slope of the response."""
        return self.exponent * 2 ** max(self.exponent - 1, 0)


@dataclass(frozen=True)
class Exponential(Device):
    """r(u) = (exp(g (1 - u)) - 1)/(exp(g) - 1), g the `rate`; soft bounds as g -> 0.

    Raises:
        UserError: also unless the rate is positive.

    >>> from imc.analog import Exponential
    >>> round(Exponential(states=100, asymmetry=0.1).symmetry_point(), 3)
    0.063
    """

    rate: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("Exponential", rate=self.rate)

    def response(self, u: Any) -> Any:
        g = self.rate
        grown = torch.expm1(g * (1 - u)) if isinstance(u, Tensor) else math.expm1(g * (1 - u))
        return grown / math.expm1(g)

    @property
    def steepest(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Largest slope of the response."""
        return self.rate * math.exp(2 * self.rate) / math.expm1(self.rate)


RPU_BASELINE = ConstantStep(
    states=1200,
    bound=0.6,
    step_spread=0.3,
    bound_spread=0.3,
    asymmetry_spread=0.01,
    cycle_spread=0.3,
)
"""The baseline of Gokmen & Vlasov (2016): dw_min 0.001, bounds 0.6, 30 % spreads, 2 % up to down."""
