"""What an inference asks of a layer's arrays, as `imc.cost.crossbars` counts it."""

import math

import torch
from torch import Tensor

from imc.cost.crossbars import Work
from imc.crossbar.converters import ADC, SenseAmplifier
from imc.crossbar.layers import CrossbarLayer


def work(layer: CrossbarLayer, calls: list[Tensor], samples: int) -> Work:
    """The work of one inference, from the inputs of a layer's calls in `samples` inferences.

    `calls` are `CrossbarLayer.batched`. Cells count with the conductances that they have now, as if
    without wires.
    """
    chip, array = layer.chip, layer.chip.array
    _, k, inputs = layer.cell_shape
    groups, own = layer.groups, layer.cell_shape[0] // layer.groups
    tiles = list(chip.tiles(own, inputs))
    blocks = chip.blocks(own) if chip.has_bias_column else 0
    # Arrays below one another: each has converters, unless their currents are added first.
    stack = math.ceil(inputs / (array.rows or inputs))
    parts = 1 if array.analog_sums else stack
    signals = own if chip.converts_difference else own * k + blocks
    conversions = groups * parts * signals
    comparators = isinstance(array.adc, SenseAmplifier)
    dac = array.dac
    cycles = dac.cycles if dac is not None and isinstance(array.adc, ADC) else 1
    serial = dac is not None and dac.serial and cycles > 1
    law = chip.device.nonlinearity
    vectors, volt2_siemens = _power(layer, calls, serial)
    return Work(
        name=layer.name,
        arrays=layer.arrays,
        array_rows=array.rows or inputs,
        array_columns=array.columns or own * k + chip.has_bias_column,
        rows=groups * sum(rows.stop - rows.start for _, rows in tiles),
        columns=groups * sum((across.stop - across.start) * k + chip.has_bias_column for across, _ in tiles),
        conversions=conversions,
        adcs=conversions if comparators else layer.arrays * parts // stack,
        reads=vectors / samples,
        cycles=cycles,
        # magnitudes have a bit less than signed inputs
        dac_bits=None if dac is None else 1 if serial else dac.bits - (cycles == 2),
        adc_bits=array.adc.bits if isinstance(array.adc, ADC) else None,
        comparators=comparators,
        volt2_siemens=volt2_siemens / samples,
        read_voltage=None if law is None else law.read,
    )


def _power(layer: CrossbarLayer, calls: list[Tensor], serial: bool) -> tuple[int, float]:
    """Input vectors of all calls, and the sum of voltage times current, full input being 1 V."""
    array = layer.chip.array
    siemens = layer.cells.double().sum(1).unflatten(0, (layer.groups, -1)).sum(1)
    if layer.bias_cells is not None:
        siemens = siemens + layer.bias_cells.double().unflatten(0, (layer.groups, -1)).sum(1)
    vectors, found = 0, 0.0
    for x in calls:
        volts = layer.volts(x).float()
        if serial:
            assert array.dac is not None
            planes = array.dac.planes(volts, layer.ranges.largest_input(array))
            squared = torch.stack([pulses for _, pulses in planes]).sum(0)
        else:
            squared = volts * layer.bent(volts) / layer.ranges.full_input(array) ** 2
        # Each output of a layer of these conductances, one a group, is the power of one input vector.
        power = layer.operate(squared.double(), siemens, None)
        vectors += power.numel() // layer.groups
        found += float(power.sum())
    return vectors, found
