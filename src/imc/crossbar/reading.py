"""Reading programmed arrays: what their edges show behind the wires, and what converters make of it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from imc.crossbar.arrays import Array, Chip, Tile
from imc.crossbar.converters import ADC, SenseAmplifier
from imc.crossbar.wires import effective_conductances


@dataclass(frozen=True)
class Ranges:
    """A layer's own converter ranges; None where they are not calibrated.

    Attributes:
        inputs: largest input, for a DAC that has no limit of its own.
        current: largest current, in ON-cell currents at full input, for an ADC without a range of its own.
    """

    inputs: float | None = None
    current: float | None = None

    def full_input(self, array: Array) -> float:
        """The input at which a row has its full voltage, which is 1 V where pulses stand for bits."""
        if array.dac is None or array.dac.serial:
            return 1.0
        return array.dac.limit or self.inputs or 1.0

    def largest_input(self, array: Array) -> float:
        """The limit of the DAC."""
        assert array.dac is not None
        return array.dac.limit or self.inputs or 1.0


@dataclass
class Tally:
    """What a converter met.

    Attributes:
        count, clipped: values converted, and how many of them lay out of range.
        largest: greatest magnitude, in the unit of the range.
    """

    count: int = 0
    clipped: int = 0
    largest: float = 0.0

    def add(self, values: Tensor, full: float | Tensor, signed: bool, unit: float | Tensor = 1.0) -> None:
        """Count `values` against a range up to `full`, or from its negative if `signed`."""
        if values.numel():
            slack = full * (1 + 1e-6)  # rounding clips nothing
            out = (values > slack) | (values < (-slack if signed else 0.0))
            self.count += values.numel()
            self.clipped += int(out.sum())
            self.largest = max(self.largest, float((values.abs() / unit).max()))

    @property
    def percent(self) -> float:
        """Share that is clipped, percent."""
        return 100 * self.clipped / self.count if self.count else 0.0


def physical(chip: Chip, cells: Tensor, bias: Tensor | None, tile: Tile) -> Tensor:
    """The conductances of one array as they lie: shape (rows, columns), the bias column leftmost."""
    outputs, inputs = tile
    columns = cells[outputs, :, inputs].flatten(0, 1)
    if bias is not None:
        block = outputs.start // chip.outputs_per_array(len(cells))
        columns = torch.cat((bias[block : block + 1, inputs], columns))
    return columns.T


def behind_wires(chip: Chip, cells: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Conductances of cells (outputs, k, inputs) and bias columns (blocks, inputs) as seen behind wires."""
    if chip.array.wires is None:
        return cells, bias
    seen, seen_bias = torch.empty_like(cells), None if bias is None else torch.empty_like(bias)
    for outputs, inputs in chip.tiles(len(cells), cells.shape[-1]):
        array = physical(chip, cells, bias, (outputs, inputs)).double().cpu().numpy()
        columns = torch.from_numpy(np.ascontiguousarray(effective_conductances(array, chip.array.wires).T))
        if seen_bias is not None:
            block = outputs.start // chip.outputs_per_array(len(cells))
            seen_bias[block, inputs] = columns[0].to(seen_bias)
            columns = columns[1:]
        seen[outputs, :, inputs] = columns.unflatten(0, (-1, cells.shape[1])).to(seen)
    return seen, seen_bias


def weights(chip: Chip, cells: Tensor, bias: Tensor | None, unit: float | Tensor, out: Tensor) -> None:
    """Write into `out`, (outputs, inputs), the weights that conductances stand for, `unit` per siemens.

    `unit` is one number, or one for each output, (outputs, 1).
    """
    reference = chip.scheme.midway(chip.device) if bias is None else _each_output(chip, bias, len(cells))
    chip.scheme.difference(cells.unbind(1), reference, out=out).mul_(unit)


def read(
    chip: Chip,
    x: Tensor,
    cells: Tensor,
    bias: Tensor | None,
    unit: float | Tensor,
    threshold: Tensor | None,
    ranges: Ranges | None = None,
    tally: Tally | None = None,
) -> Tensor:
    """Outputs of a layer read through its converters.

    Args:
        chip: scheme and periphery.
        x: inputs behind the DAC, shape (n, inputs).
        cells, bias: conductances as seen behind the wires.
        unit: weight per siemens, one number or one for each output, (outputs, 1).
        threshold: the layer's digital bias, shape (outputs,), or None; added to the outputs, or, with sense
            amplifiers, to what they compare.
        ranges: the layer's own, where they are calibrated.
        tally: counts the currents that the ADC meets.

    Returns:
        Shape (n, outputs).
    """
    array, inputs = chip.array, x.shape[-1]
    ranges = ranges or Ranges()
    down = inputs if array.rows is None else min(array.rows, inputs)
    # Analog partial sums: one converter sees the currents of all arrays that lie below one another.
    together = inputs if array.analog_sums else down
    parts = [slice(i, min(i + together, inputs)) for i in range(0, inputs, together)]
    unit = unit.T if isinstance(unit, Tensor) else unit
    total = x.new_zeros(len(x), len(cells))
    for rows in parts:
        v = x[:, rows]
        own = None if bias is None else bias[:, rows]
        if array.dac is not None and array.dac.cycles > 1 and isinstance(array.adc, ADC):
            reads, scale = array.dac.reads(v, ranges.largest_input(array))
            signal = x.new_zeros(())
            for worth, part in reads:
                signal = signal + worth * _signal(chip, part, cells[:, :, rows], own, together, ranges, tally)
            signal = signal * scale
        else:
            signal = _signal(chip, v, cells[:, :, rows], own, together, ranges, tally)
        signal = signal * unit
        if isinstance(array.adc, SenseAmplifier):
            signal = array.adc(signal if threshold is None else signal + threshold / len(parts))
        total += signal
    return total if threshold is None or isinstance(array.adc, SenseAmplifier) else total + threshold


def _signal(
    chip: Chip,
    v: Tensor,
    cells: Tensor,
    bias: Tensor | None,
    together: int,
    ranges: Ranges,
    tally: Tally | None,
) -> Tensor:
    """Signed differences of currents, ampere, (n, outputs), that converters give for voltages (n, rows)."""
    array, scheme, adc = chip.array, chip.scheme, chip.array.adc

    def convert(current: Tensor) -> Tensor:
        if not isinstance(adc, ADC):
            return current
        on_current = chip.device.g_on * ranges.full_input(array)
        full: float | Tensor = (adc.range or ranges.current or together) * on_current
        if array.dac is None and adc.range is None and ranges.current is None:
            top = v.abs().amax(-1).double().clamp_(min=1.0)  # nothing else bounds the inputs
            full = (top * full).view(-1, *[1] * (current.ndim - 1))
        if tally is not None:
            tally.add(current, full, chip.signed_currents, on_current)
        return adc(current, full, chip.signed_currents)

    columns = (v @ cells.flatten(0, 1).T).unflatten(-1, cells.shape[:2])
    if bias is None:
        reference = v.sum(-1, keepdim=True) * scheme.midway(chip.device)
    else:
        reference = _each_output(chip, bias @ v.T, len(cells)).T
    if chip.converts_difference:
        return convert(scheme.difference(columns.unbind(-1), reference))
    reference = convert(reference) if chip.has_bias_column else reference
    return scheme.difference(convert(columns).unbind(-1), reference)


def _each_output(chip: Chip, bias: Tensor, outputs: int) -> Tensor:
    """The row of `bias`, (blocks, n), that serves each output: (outputs, n), or (1, n) if one serves all."""
    if len(bias) == 1:
        return bias
    return bias.repeat_interleave(chip.outputs_per_array(outputs), dim=0)[:outputs]
