"""Arrays: how a layer is cut to rows x columns, and what surrounds each array.

The cells of a layer are one tensor of shape (outputs, k, inputs), its bias columns another, (blocks, inputs):
see `imc.crossbar.mapping`. Inputs lie along the rows (wordlines), outputs along the columns (bitlines).
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from imc.crossbar.cells import Device
from imc.crossbar.checks import flag, instance, positive, whole
from imc.crossbar.converters import ADC, DAC, SenseAmplifier, check_fit
from imc.crossbar.mapping import DoubleColumn, Scheme
from imc.crossbar.steps import Step, check_step
from imc.crossbar.wires import Wires
from imc.errors import UserError

Tile = tuple[slice, slice]
"""One array of a layer: which outputs and which inputs it holds."""


@dataclass(frozen=True)
class Array:
    """Size and periphery of the arrays of a chip.

    Attributes:
        rows: wordlines of an array; None: as many as a layer has inputs.
        columns: bitlines of an array; None: as many as a layer needs. The cells of one weight, and the bias
            column that serves it, lie in the same array.
        wires: resistance of the wires, or None for none.
        dac: converter of the inputs, or None to apply them as they are.
        adc: converter or comparator of the outputs, or None to read currents exactly.
        differential: the converter sees the signed difference of currents, as behind a differential
            amplifier; otherwise each column is converted and the difference taken digitally.
        analog_sums: the arrays over which a layer's inputs are split have their currents added and the sum
            converted; otherwise converted values are added.

    Raises:
        UserError: for rows or columns that are no whole number of 1 or more, or parts of another kind.

    >>> from imc.crossbar import Array, Chip, Device
    >>> chip = Chip(device=Device(1e3, 1e4), array=Array(rows=128, columns=64))
    >>> len(list(chip.tiles(outputs=100, inputs=300)))  # pairs of columns: 32 outputs an array
    12
    """

    rows: int | None = None
    columns: int | None = None
    wires: Wires | None = None
    dac: DAC | None = None
    adc: ADC | SenseAmplifier | None = None
    differential: bool = False
    analog_sums: bool = False

    def __post_init__(self) -> None:
        for name, value in (("rows", self.rows), ("columns", self.columns)):
            if value is not None:
                whole(name, value, 1, "an array needs 1 at least, or None for as many as it takes")
        if self.wires is not None:
            instance("wires", self.wires, Wires, "Wires(word=1.0, bit=1.0), ohm a stretch, or None for none")
        check_fit(self.dac, self.adc)
        flag("differential", self.differential)
        flag("analog_sums", self.analog_sums)


@dataclass(frozen=True)
class Chip:
    """Everything that weights meet: device, scheme of signed weights, variation, and arrays.

    Attributes:
        device: the memory device of every cell.
        scheme: how signed weights are mapped.
        variation: steps that disturb the programmed cells, in order; one step may stand alone.
        array: size and periphery.
        limit: the weight that uses the whole range of conductances; None: each layer's largest magnitude.
        scale: whether that largest magnitude is the whole layer's, or, with "column", each output's own, its
            scale being digital.

    Raises:
        UserError: for a part of another kind, a limit that is not positive, arrays too narrow for the scheme,
            or a converter that does not fit it.

    >>> from imc.crossbar import Array, Chip, Device, Lognormal
    >>> chip = Chip(device=Device(r_on=5e3, r_off=2e5), variation=Lognormal(500), array=Array(128, 128))
    >>> chip.outputs_per_array(100)
    64
    """

    device: Device
    scheme: Scheme = field(default_factory=DoubleColumn)
    variation: Step | Iterable[Step] = ()
    array: Array = field(default_factory=Array)
    limit: float | None = None
    scale: Literal["layer", "column"] = "layer"

    def __post_init__(self) -> None:
        instance("device", self.device, Device, "Device(r_on=1e3, r_off=1e4), ohm")
        instance("scheme", self.scheme, Scheme, "an instance such as DoubleColumn()")
        instance("array", self.array, Array, "Array(128, 128)")
        several = isinstance(self.variation, Iterable) and not isinstance(self.variation, str)
        steps: Any = self.variation if several else (self.variation,)
        object.__setattr__(self, "variation", tuple(steps))  # frozen, yet one step may stand alone
        for step in self.steps:
            check_step("variation", step)
        name, array = type(self.scheme).__name__, self.array
        least = len(self.scheme.signs) + self.has_bias_column
        if array.columns is not None and array.columns < least:
            raise UserError(
                f"columns = {array.columns}: one weight of {name} needs an array of {least} at least"
            )
        if self.limit is not None:
            positive("limit", self.limit, "the largest weight")
        if self.scale not in ("layer", "column"):
            raise UserError(
                f"scale = {self.scale!r}: the weights' scale is that of a 'layer' or of a 'column'"
            )
        if self.limit is not None and self.scale == "column":
            raise UserError(f"limit = {self.limit} and scale = 'column': each output has its own limit then")
        self.scheme.check(self.device)
        self._check_nonlinearity()
        if self.scheme.reference == "digital" and (
            array.differential or isinstance(array.adc, SenseAmplifier)
        ):
            raise UserError(
                f"{name} is taken away digitally: no amplifier can see its difference of currents"
            )
        if isinstance(array.adc, ADC) and array.adc.bits == 1 and self.signed_currents:
            raise UserError("an ADC of 1 bit cannot tell signed currents apart: use a SenseAmplifier")

    def _check_nonlinearity(self) -> None:
        if not self.bends:
            return
        if self.array.dac is None:
            raise UserError("a nonlinear cell without a DAC: its limit says what a full input is")
        if self.array.wires is not None:
            raise UserError("a nonlinear cell behind wires: the wires' equations are for resistors alone")
        if self.scheme.reference in ("current", "digital"):
            raise UserError(
                f"a nonlinear cell under {type(self.scheme).__name__}: what that takes away is linear in the "
                "inputs; use DoubleColumn or SingleColumn, or DAC(serial=True), whose pulses do not bend"
            )

    @property
    def bends(self) -> bool:
        """Whether its cells' nonlinearity shows: pulses of one height have none."""
        dac = self.array.dac
        return self.device.nonlinearity is not None and not (dac is not None and dac.serial)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The variation, one after the other."""
        assert isinstance(self.variation, tuple)
        return self.variation

    @property
    def has_bias_column(self) -> bool:
        """Whether every array has one more column, of midway cells."""
        return self.scheme.reference == "column"

    @property
    def converts_difference(self) -> bool:
        """Whether the signed difference is taken between currents, before the converter."""
        comparator = isinstance(self.array.adc, SenseAmplifier)
        return self.scheme.reference == "current" or self.array.differential or comparator

    @property
    def signed_currents(self) -> bool:
        """Whether a converter of the outputs can meet a negative current."""
        dac = self.array.dac
        return self.converts_difference or dac is None or (dac.signed and dac.cycles == 1)

    def outputs_per_array(self, outputs: int) -> int:
        """How many of a layer's `outputs` one array holds."""
        if self.array.columns is None:
            return outputs
        return min(outputs, (self.array.columns - self.has_bias_column) // len(self.scheme.signs))

    def blocks(self, outputs: int) -> int:
        """How many arrays lie side by side, each with its bias column if it has one."""
        return math.ceil(outputs / self.outputs_per_array(outputs))

    def tiles(self, outputs: int, inputs: int) -> Iterator[Tile]:
        """The arrays of a layer of this shape, those of the first inputs first."""
        across, down = self.outputs_per_array(outputs), self.array.rows or inputs
        for i in range(0, inputs, down):
            for o in range(0, outputs, across):
                yield slice(o, min(o + across, outputs)), slice(i, min(i + down, inputs))
