"""Reading programmed arrays: what their edges show behind the wires, and what converters make of it."""

import numpy as np
import torch
from torch import Tensor

from imc.crossbar.arrays import Chip, Tile
from imc.crossbar.converters import SenseAmplifier
from imc.crossbar.wires import effective_conductances


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


def weights(chip: Chip, cells: Tensor, bias: Tensor | None, unit: float, out: Tensor) -> None:
    """Write into `out`, (outputs, inputs), the weights that conductances stand for, `unit` per siemens."""
    reference = chip.device.g_half if bias is None else _each_output(chip, bias, len(cells))
    chip.scheme.difference(cells.unbind(1), reference, out=out).mul_(unit)


def read(
    chip: Chip, x: Tensor, cells: Tensor, bias: Tensor | None, unit: float, threshold: Tensor | None
) -> Tensor:
    """Outputs of a layer read through its converters.

    Args:
        chip: scheme and periphery.
        x: inputs behind the DAC, shape (n, inputs).
        cells, bias: conductances as seen behind the wires.
        unit: weight per siemens.
        threshold: the layer's digital bias, shape (outputs,), or None; added to the outputs, or, with sense
            amplifiers, to what they compare.

    Returns:
        Shape (n, outputs).
    """
    array, scheme, inputs = chip.array, chip.scheme, x.shape[-1]
    on_current = chip.device.g_on * (array.dac.limit if array.dac else 1.0)
    down = inputs if array.rows is None else min(array.rows, inputs)
    # Analog partial sums: one converter sees the currents of all arrays that lie below one another.
    together = inputs if array.analog_sums else down
    parts = [slice(i, min(i + together, inputs)) for i in range(0, inputs, together)]
    total = x.new_zeros(len(x), len(cells))

    def convert(current: Tensor) -> Tensor:
        if array.adc is None or isinstance(array.adc, SenseAmplifier):
            return current
        return array.adc(current, on_current, together, chip.signed_currents)

    for rows in parts:
        v = x[:, rows]
        columns = (v @ cells[:, :, rows].flatten(0, 1).T).unflatten(-1, cells.shape[:2])
        if bias is None:
            reference = v.sum(-1, keepdim=True) * chip.device.g_half
        else:
            reference = _each_output(chip, bias[:, rows] @ v.T, len(cells)).T
        if chip.converts_difference:
            signal = convert(scheme.difference(columns.unbind(-1), reference))
        else:
            reference = convert(reference) if chip.has_bias_column else reference
            signal = scheme.difference(convert(columns).unbind(-1), reference)
        signal = signal * unit
        if isinstance(array.adc, SenseAmplifier):
            signal = array.adc(signal if threshold is None else signal + threshold / len(parts))
        total += signal
    return total if threshold is None or isinstance(array.adc, SenseAmplifier) else total + threshold


def _each_output(chip: Chip, bias: Tensor, outputs: int) -> Tensor:
    """The row of `bias`, (blocks, n), that serves each output: (outputs, n), or (1, n) if one serves all."""
    if len(bias) == 1:
        return bias
    return bias.repeat_interleave(chip.outputs_per_array(outputs), dim=0)[:outputs]
