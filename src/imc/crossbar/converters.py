"""Converters at the edges of an array."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from imc.crossbar.checks import flag, positive, shown, whole
from imc.errors import UserError

FINEST = 24
"""Bits of a number's fraction in single precision."""


@dataclass(frozen=True, repr=False)
class DAC:
    """Digital-to-analog converter of the inputs: clip to the limit, then round to evenly spaced levels.

    Attributes:
        bits: signed, 2^bits - 1 levels from -limit to limit, 0 among them; unsigned, 2^bits from 0 to limit.
        limit: largest input. None: each layer's own, as calibrated (`map_network`), and 1 where it is not.
        signed: whether inputs may be negative.
        serial: an input goes in bit by bit, one a cycle, as pulses of full height (1 V); the currents of each
            cycle are converted on their own, then shifted and added. Signed inputs are in two's complement.
            Makes a difference behind an `ADC` alone, since exact sums do not depend on their order.
        two_phase: for drivers of one polarity: positive inputs go in first, then the magnitudes of negative
            ones, and what the second read gives is taken away digitally. Each read is converted on its own
            (no column gives a negative current), and costs what a read costs; behind an `ADC` alone, too.
            Otherwise drivers give both polarities in one read.

    Raises:
        UserError: unless bits is a whole number >= 1 (2 if signed) and limit > 0, and for two phases of
            unsigned or serial inputs.

    >>> import torch
    >>> from imc.crossbar import DAC
    >>> DAC(bits=3, limit=1.5)(torch.tensor([-2.0, 0.1, 0.6, 1.1])).tolist()
    [-1.5, 0.0, 0.5, 1.0]
    >>> DAC(bits=8).steps
    127
    """

    bits: int
    limit: float | None = None
    signed: bool = True
    serial: bool = False
    two_phase: bool = False

    def __post_init__(self) -> None:
        flag("signed", self.signed)
        flag("serial", self.serial)
        flag("two_phase", self.two_phase)
        if self.two_phase and (self.serial or not self.signed):
            kind = "serial ones have signs in two's complement" if self.serial else "unsigned ones have one"
            raise UserError(f"two_phase = True: two reads are for signs of parallel inputs, and {kind}")
        least, need = (2, "a signed DAC needs 2 bits") if self.signed else (1, "a DAC needs 1 bit")
        whole("bits", self.bits, least, f"{need} at least")
        _not_too_fine(self.bits)
        if self.limit is not None:
            positive("limit", self.limit, "a DAC's largest input")

    def __repr__(self) -> str:
        return shown(self, "two_phase")

    @property
    def cycles(self) -> int:
        """Reads of an array for one input vector, behind an `ADC`."""
        return self.bits if self.serial else 2 if self.two_phase else 1

    def reads(self, v: Tensor, limit: float) -> tuple[list[tuple[int, Tensor]], float]:
        """The reads of several cycles: (worth, voltages shaped as `v`), and what their sum is to be times.

        `v` are voltages as this converter gives them.
        """
        if self.serial:
            return self.planes(v, limit), limit / self.steps
        return [(1, v.clamp(min=0)), (-1, (-v).clamp(min=0))], 1.0

    @property
    def steps(self) -> int:
        """Levels above 0."""
        return 2 ** (self.bits - 1) - 1 if self.signed else 2**self.bits - 1

    def __call__(self, x: Tensor, limit: float | None = None) -> Tensor:
        """The voltages of inputs `x`, any shape, a new tensor; `limit` is a layer's, if it has its own."""
        return _round(x, self.steps, limit or self.limit or 1.0, self.signed)

    def planes(self, v: Tensor, limit: float) -> list[tuple[int, Tensor]]:
        """The cycles of a serial DAC: (worth in levels, pulses of 0 or 1, shaped as `v`), lowest bit first.

        `v` are voltages as this converter gives them; the sum of worth times pulses is `v` in levels.
        """
        codes = (v * (self.steps / limit)).round_().to(torch.int64)
        worth = [1 << bit for bit in range(self.bits)]
        if self.signed:
            worth[-1] = -worth[-1]
        planes = [(w, ((codes >> bit) & 1).to(v.dtype)) for bit, w in enumerate(worth)]
        if (lost := v.isnan()).any():  # which no code stands for
            for _, pulses in planes:
                pulses.masked_fill_(lost, math.nan)
        return planes


@dataclass(frozen=True)
class ADC:
    """Analog-to-digital converter of a column's current, or of a difference of currents.

    Attributes:
        bits: levels as in `DAC`; currents that can be negative make it signed.
        range: largest current, in currents of one ON cell at full input. None: the layer's own, as calibrated
            (`map_network`); where it is not, what the array can give, one ON cell for each row, so that
            nothing is clipped and the steps are coarse. Full input is the DAC's limit; without a DAC, where
            nothing bounds the inputs, it is the largest of each input vector, 1 V at least.

    Raises:
        UserError: unless bits is a whole number >= 1 and range > 0.

    >>> import torch
    >>> from imc.crossbar import ADC
    >>> ADC(bits=2)(torch.tensor([0.2e-3, 0.5e-3, 2e-3]), full=1e-3, signed=True)
    tensor([0.0000, 0.0000, 0.0010])
    """

    bits: int
    range: float | None = None

    def __post_init__(self) -> None:
        whole("bits", self.bits, 1, "an ADC needs 1 bit at least")
        _not_too_fine(self.bits)
        if self.range is not None:
            positive("range", self.range, "an ADC's range in ON-cell currents")

    def steps(self, signed: bool) -> int:
        """Levels above 0."""
        return 2 ** (self.bits - 1) - 1 if signed else 2**self.bits - 1

    def __call__(self, current: Tensor, full: float | Tensor, signed: bool) -> Tensor:
        """`current` (ampere, any shape) as converted, a new tensor; `full`, ampere, is the largest."""
        return _round(current, self.steps(signed), full, signed)


@dataclass(frozen=True)
class SenseAmplifier:
    """A comparator: +1 where the signed difference of currents is 0 or more, else -1.

    It replaces the converter and the activation behind it. The layer's digital bias becomes its threshold,
    shared evenly by the arrays over which the inputs are split.

    >>> import torch
    >>> from imc.crossbar import SenseAmplifier
    >>> SenseAmplifier()(torch.tensor([-2e-6, 0.0, 3e-6]))
    tensor([-1.,  1.,  1.])
    """

    def __call__(self, difference: Tensor) -> Tensor:
        """+1 or -1, shape and type of `difference`; NaN stays NaN."""
        signs = (difference >= 0).to(difference.dtype).mul_(2).sub_(1)
        return torch.where(difference.isnan(), difference, signs)


def _round(x: Tensor, steps: int, full: float | Tensor, signed: bool) -> Tensor:
    if isinstance(full, Tensor):  # in double, so that a row of full input 1 comes out as with the number 1
        gain, back, top = ((f.to(x.dtype)) for f in (steps / full, full / steps, full))
        return x.clamp(-top if signed else torch.zeros_like(top), top).mul_(gain).round_().mul_(back)
    return x.clamp(-full if signed else 0.0, full).mul_(steps / full).round_().mul_(full / steps)


def _not_too_fine(bits: int) -> None:
    if bits > FINEST:
        raise UserError(f"bits = {bits}: single precision holds converters of up to {FINEST} bits")


def check_fit(dac: object, adc: object) -> None:
    """Refuse converters of the wrong kind, and pulses that nothing converts.

    Raises:
        UserError: naming which.
    """
    if dac is not None and not isinstance(dac, DAC):
        raise UserError(f"dac = {dac!r}: a DAC is wanted, as in DAC(8), or None for none")
    if adc is not None and not isinstance(adc, ADC | SenseAmplifier):
        raise UserError(
            f"adc = {adc!r}: an ADC or a SenseAmplifier is wanted, as in ADC(8), or None for none"
        )
    if isinstance(dac, DAC) and dac.cycles > 1 and isinstance(adc, SenseAmplifier):
        kind = "a serial DAC" if dac.serial else "a DAC of two phases"
        raise UserError(f"{kind} beside sense amplifiers: signs of single reads cannot be shifted and added")
