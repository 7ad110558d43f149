"""Signed weights on conductances that are always positive: four schemes, and slices of bits.

A layer's weights w, shape (outputs, inputs), become the target conductances of cells, shape
(outputs, k, inputs), k cells to a weight. A scheme says which targets, and how the currents of the columns
make the output: y = unit * (sum_k sign_k I_k - reference). With exact cells that is w again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from imc.crossbar.cells import Device
from imc.crossbar.checks import flag, whole
from imc.errors import UserError


@dataclass(frozen=True)
class Scheme:
    """How signed weights sit on columns of cells.

    Attributes:
        signs: with which sign each of a weight's cells counts; their number is k.
        reference: what a weight's one cell is compared with. ``none``; ``column``: one more column of cells
            in every array, set midway; ``current``: a fixed resistor for each row, before the converter;
            ``digital``: the sum of the inputs times the midway conductance, after the converter.
        span: how much of the range of conductances one unit of |w| uses, 1 or 1/2.
    """

    signs: ClassVar[tuple[int, ...]] = (1,)
    reference: ClassVar[Literal["none", "column", "current", "digital"]] = "none"
    span: ClassVar[float] = 0.5

    def check(self, device: Device) -> None:
        """Refuse a device that cannot hold this scheme's cells.

        Raises:
            UserError: naming what is missing.
        """

    def midway(self, device: Device) -> float:
        """What the reference subtracts for each row, siemens: by default the middle of ON and OFF."""
        return device.g_half

    def targets(self, w: Tensor, limit: float, low: float, high: float, out: Tensor) -> None:
        """Write target conductances, siemens, into `out` (outputs, k, inputs) for `w` (outputs, inputs).

        Weights lie within `limit`; `low` and `high` are the conductances of OFF and ON.
        """
        (sign,) = self.signs
        torch.mul(w.unsqueeze(1), sign * (high - low) / (2 * limit), out=out).add_((low + high) / 2)

    def difference(
        self, columns: Sequence[Tensor], reference: Tensor | float, out: Tensor | None = None
    ) -> Tensor:
        """sum_k sign_k columns_k - reference (with its sign), of conductances or of currents alike.

        `columns` are k tensors of one shape; `reference` is what a midway cell gives in their place.
        """
        (sign,) = self.signs
        return torch.sub(columns[0], reference, out=out).mul_(sign)

    def unit(self, device: Device, limit: float) -> float:
        """Weight per siemens of the signed difference: a weight of `limit` uses `span` of G_on - G_off."""
        return limit / (self.span * (device.g_on - device.g_off))


@dataclass(frozen=True)
class DoubleColumn(Scheme):
    """A pair of columns, w ~ G+ - G-: slides, equations (1) and (2).

    A positive weight sets G+ between OFF and ON and leaves G- OFF; a negative one the other way round. The
    two columns lie side by side in one array.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, DoubleColumn, compare, map_network
    >>> mapped = map_network(torch.nn.Linear(4, 3), Chip(device=Device(1e3, 1e4), scheme=DoubleColumn()))
    >>> compare(mapped)[""].cells
    24
    """

    signs: ClassVar = (1, -1)
    span: ClassVar = 1.0

    def targets(self, w: Tensor, limit: float, low: float, high: float, out: Tensor) -> None:
        torch.clamp(w, min=0, out=out[:, 0])
        torch.clamp(w, max=0, out=out[:, 1]).neg_()
        out.mul_((high - low) / limit).add_(low)

    def difference(
        self, columns: Sequence[Tensor], reference: Tensor | float, out: Tensor | None = None
    ) -> Tensor:
        return torch.sub(columns[0], columns[1], out=out)


@dataclass(frozen=True)
class SingleColumn(Scheme):
    """One column a weight and one bias column an array, w = (G_bias - G) R: slides, equations (3) and (4).

    G_bias is midway between ON and OFF, so a positive weight is a low conductance. R, the amplifiers'
    feedback resistance, is `unit`.

    Attributes:
        ideal_bias: the bias cells are exact; otherwise they are disturbed as all others are, an error common
            to all outputs of the array.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, SingleColumn, compare, map_network
    >>> mapped = map_network(torch.nn.Linear(4, 3), Chip(device=Device(1e3, 1e4), scheme=SingleColumn()))
    >>> compare(mapped)[""].cells  # 12 and a bias column of 4
    16
    """

    signs: ClassVar = (-1,)
    reference: ClassVar = "column"

    ideal_bias: bool = False

    def __post_init__(self) -> None:
        flag("ideal_bias", self.ideal_bias)


@dataclass(frozen=True)
class ReferenceCurrent(Scheme):
    """One column a weight against (I_LRS + I_HRS)/2 for each row, from a fixed resistor: thesis, 5.1.

    The reference is exact and is taken away before any converter. Both the 1T1R and the thesis's 2T1R cell
    give it: see `imc.crossbar.cells.current_2t1r`.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, ReferenceCurrent, compare, map_network
    >>> mapped = map_network(torch.nn.Linear(4, 3), Chip(device=Device(1e3, 1e4), scheme=ReferenceCurrent()))
    >>> compare(mapped)[""].cells
    12
    """

    reference: ClassVar = "current"


@dataclass(frozen=True)
class Offset(Scheme):
    """One column a weight, shifted by the midway conductance; the shift is taken away digitally.

    The digital side adds up the inputs itself, so the reference is exact, but the converter must hold the
    whole unsigned current.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, Offset, compare, map_network
    >>> mapped = map_network(torch.nn.Linear(4, 3), Chip(device=Device(1e3, 1e4), scheme=Offset()))
    >>> compare(mapped)[""].cells
    12
    """

    reference: ClassVar = "digital"


@dataclass(frozen=True)
class BitSliced(Scheme):
    """A weight's bits on several cells side by side, shifted and added digitally: ISAAC, section 4.

    A weight w is the integer round(w/limit (2^(B-1) - 1)) plus 2^(B-1), B = cells * cell_bits, so that 0 has
    a code of its own; its digits of `cell_bits` bits, lowest first, lie on `cells` cells, digit 0 being OFF
    and the largest ON. The digital side takes away 2^(B-1), and what OFF cells let through, times the sum of
    the inputs. With `DAC(bits, serial=True)` and an ADC whose step is one digit, products are exact.

    Attributes:
        cells: cells of a weight.
        cell_bits: bits of a cell; a device of levels must have 2^cell_bits of them, evenly spaced.

    Raises:
        UserError: unless both are whole numbers of 1 or more, with 2 to 24 bits together.

    >>> import torch
    >>> from imc.crossbar import BitSliced, Chip, Device, compare, map_network
    >>> chip = Chip(device=Device(1e3, 1e4, levels=4), scheme=BitSliced(cells=4, cell_bits=2))
    >>> compare(map_network(torch.nn.Linear(4, 3), chip))[""].cells
    48
    """

    reference: ClassVar = "digital"

    cells: int = 8
    cell_bits: int = 2

    def __post_init__(self) -> None:
        whole("cells", self.cells, 1, "a sliced weight needs 1 cell at least")
        whole("cell_bits", self.cell_bits, 1, "a cell holds 1 bit at least")
        if not 2 <= self.bits <= 24:
            raise UserError(
                f"cells = {self.cells} of cell_bits = {self.cell_bits}: a weight takes 2 to 24 bits together"
            )

    @property
    def bits(self) -> int:
        """Bits of a weight."""
        return self.cells * self.cell_bits

    @property
    def signs(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What each cell's digit is worth."""
        return tuple(1 << self.cell_bits * digit for digit in range(self.cells))

    @property
    def _top(self) -> int:
        """The largest digit."""
        return 2**self.cell_bits - 1

    def check(self, device: Device) -> None:
        if device.levels is not None and (device.levels - 1) % self._top:
            raise UserError(
                f"levels = {device.levels}: slices of {self.cell_bits} bits need a device of "
                f"{self._top + 1} levels, or None"
            )

    def midway(self, device: Device) -> float:
        digit = (device.g_on - device.g_off) / self._top
        return device.g_off * sum(self.signs) + digit * 2 ** (self.bits - 1)

    def targets(self, w: Tensor, limit: float, low: float, high: float, out: Tensor) -> None:
        half = 2 ** (self.bits - 1)
        codes = torch.round(w.double() * ((half - 1) / limit)).to(torch.int64) + half
        for digit in range(self.cells):
            part = (codes >> self.cell_bits * digit) & self._top
            torch.mul(part, (high - low) / self._top, out=out[:, digit]).add_(low)

    def difference(
        self, columns: Sequence[Tensor], reference: Tensor | float, out: Tensor | None = None
    ) -> Tensor:
        total = torch.zeros((), dtype=torch.float64, device=columns[0].device)
        for worth, column in zip(self.signs, columns, strict=True):
            total = total + worth * column.double()
        signal = (total - reference).to(columns[0].dtype)  # a small difference of large sums
        return signal if out is None else out.copy_(signal)

    def unit(self, device: Device, limit: float) -> float:
        return limit / (2 ** (self.bits - 1) - 1) * self._top / (device.g_on - device.g_off)


_LEAST = 1e-18
"""Least magnitude of a layer's largest weight; the greatest is one over it."""


def checked_limit(weights: Tensor, limit: float | None, where: str) -> float:
    """The weight that uses the whole range of conductances: `limit`, by default the largest magnitude.

    Raises:
        UserError: naming `where`, if a weight is not finite or lies outside the limit.
    """
    if weights.is_meta or weights.is_complex():
        kind = "weights without values, on torch's meta device" if weights.is_meta else "complex weights"
        raise UserError(f"layer '{where}' holds {kind}: real numbers map to crossbars")
    if not torch.isfinite(weights).all():
        raise UserError(f"layer '{where}' holds a weight that is not a finite number")
    largest = float(weights.abs().max()) if weights.numel() else 0.0
    if limit is not None and largest > limit:
        raise UserError(f"layer '{where}' holds a weight of magnitude {largest:g}: the limit is {limit:g}")
    if limit is None and largest and not _LEAST < largest < 1 / _LEAST:
        raise UserError(
            f"layer '{where}' has weights up to {largest:g}: single precision holds what cells give for "
            f"those from {_LEAST:g} to {1 / _LEAST:g}; scale them"
        )
    return limit or largest or 1.0  # a layer of zeros has no scale of its own


def to_levels(g: Tensor, levels: int | None, low: float, high: float) -> Tensor:
    """Conductances `g` moved in place to the nearest of `levels` evenly spaced ones from `low` to `high`."""
    if levels is None:
        return g
    step = (high - low) / (levels - 1)
    if step == 0:  # drawn endpoints may meet
        return g.fill_(low)
    return g.sub_(low).div_(step).round_().mul_(step).add_(low)
