"""The oracle: a crossbar layer in float64, one array, one column at a time, straight from Kirchhoff's laws.

Written to be read, not to be fast, and to share nothing with the engine but the description of the chip: the
fast paths are held against it. Torch-free.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating]


def solve_network(
    g: Matrix, word: float, bit: float, v: Matrix, source: float = 0.0, sense: float = 0.0
) -> Matrix:
    """Currents out of the bitlines of cells `g` (rows, columns) for voltages `v` (rows,), by nodal analysis.

    Node (0, i, j) is wordline i at bitline j, (1, i, j) bitline j at wordline i; wires have `word`
    and `bit` ohm, both positive; `source` and `sense` stand before the first and behind the last stretch.
    """
    rows, columns = g.shape
    a, b = np.zeros((2 * rows * columns,) * 2), np.zeros(2 * rows * columns)

    def node(layer: int, i: int, j: int) -> int:
        return (layer * rows + i) * columns + j

    def join(p: int, q: int, conductance: float) -> None:
        a[p, p] += conductance
        a[q, q] += conductance
        a[p, q] -= conductance
        a[q, p] -= conductance

    for i in range(rows):
        a[node(0, i, 0), node(0, i, 0)] += 1 / (word + source)
        b[node(0, i, 0)] = v[i] / (word + source)
        for j in range(columns):
            join(node(0, i, j), node(1, i, j), g[i, j])
            if j:
                join(node(0, i, j - 1), node(0, i, j), 1 / word)
            if i:
                join(node(1, i - 1, j), node(1, i, j), 1 / bit)
    last = [node(1, rows - 1, j) for j in range(columns)]
    a[last, last] += 1 / (bit + sense)
    return np.linalg.solve(a, b)[last] / (bit + sense)


def quantise(x: Matrix, bits: int, full: float, signed: bool) -> Matrix:
    """`x` clipped to [-full or 0, full] and rounded to the nearest code."""
    codes = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    step = full / codes
    return np.rint(np.clip(x, -full if signed else 0, full) / step) * step


def linear(
    x: Matrix, chip: Any, cells: Matrix, bias_cells: Matrix | None, limit: float, bias: Matrix
) -> Matrix:
    """Outputs (n, outputs) of a layer for inputs (n, inputs), from its cells (outputs, k, inputs).

    `chip` is an `imc.crossbar.Chip`, `bias_cells` are (blocks, inputs), `limit` the weight of the
    whole range, `bias` (outputs,) the digital bias.
    """
    array, scheme, device = chip.array, type(chip.scheme).__name__, chip.device
    if array.dac is not None and array.dac.serial and type(array.adc).__name__ == "ADC":
        return _serial(x, chip, cells, bias_cells, limit, bias)
    if array.dac is not None and array.dac.two_phase and type(array.adc).__name__ == "ADC":
        alone = replace(array.dac, bits=array.dac.bits - 1, signed=False, two_phase=False)
        once = replace(chip, array=replace(array, dac=alone))
        parts = [
            linear(np.maximum(s * x, 0), once, cells, bias_cells, limit, np.zeros_like(bias)) for s in (1, -1)
        ]
        return parts[0] - parts[1] + bias
    v = x if array.dac is None else quantise(x, array.dac.bits, array.dac.limit or 1.0, array.dac.signed)
    if array.dac is not None and (law := device.nonlinearity):
        full_input, steep = array.dac.limit or 1.0, law.read / law.v0
        v = full_input * np.sinh(v / full_input * steep) / np.sinh(steep)
    outputs, _, inputs = cells.shape
    tall = array.rows or inputs
    per_array = chip.outputs_per_array(outputs)
    unit = limit / (device.g_on - device.g_off) * (1 if scheme == "DoubleColumn" else 2)
    half, digit, worth = 0, 0.0, [1]
    if scheme == "BitSliced":
        top, half = 2**chip.scheme.cell_bits - 1, 2 ** (chip.scheme.bits - 1)
        digit = (device.g_on - device.g_off) / top
        worth = [2 ** (chip.scheme.cell_bits * place) for place in range(chip.scheme.cells)]
        unit = limit / (half - 1) / digit
    comparator = type(array.adc).__name__ == "SenseAmplifier"
    early = comparator or array.differential or scheme == "ReferenceCurrent"
    signed = early or array.dac is None or array.dac.signed
    together = inputs if array.analog_sums else tall
    rows_read = slice(0)

    def convert(current: Matrix) -> Matrix:
        if array.adc is None or comparator:
            return current
        range_ = array.adc.range or min(together, inputs)
        full = range_ * device.g_on * ((array.dac.limit or 1.0) if array.dac else 1)
        if array.dac is None and array.adc.range is None:
            wide = [full * max(1.0, float(np.abs(one).max())) for one in v[:, rows_read]]
            each = [quantise(i, array.adc.bits, f, signed) for i, f in zip(current, wide, strict=True)]
            return np.array(each)
        return quantise(current, array.adc.bits, full, signed)

    def column(o: int, which: int, start: int) -> Matrix:
        """Current of one column over the arrays joined; -1: the bias column, -2: midway resistors."""
        total = np.zeros(len(v))
        for top in range(start, min(start + together, inputs), tall):
            rows = slice(top, min(top + tall, inputs))
            if which == -2:
                total += v[:, rows].sum(1) * device.g_half
                continue
            first = o // per_array * per_array
            here = cells[first : first + per_array, :, rows].reshape(-1, rows.stop - rows.start)
            at = (o - first) * cells.shape[1] + which
            if bias_cells is not None:
                here = np.vstack([bias_cells[o // per_array, rows], here])
                at = 0 if which == -1 else at + 1
            if array.wires is None:
                total += v[:, rows] @ here[at]
            else:
                wire = array.wires
                edges = wire.source, wire.sense
                total += [solve_network(here.T, wire.word, wire.bit, one, *edges)[at] for one in v[:, rows]]
        return total

    def signal(o: int, start: int) -> Matrix:
        nonlocal rows_read
        rows_read = slice(start, min(start + together, inputs))
        one: Callable[[int], Matrix] = lambda which: column(o, which, start)  # noqa: E731
        late = (lambda c: c) if early else convert
        match scheme:
            case "DoubleColumn":
                difference = late(one(0)) - late(one(1))
            case "SingleColumn":
                difference = late(one(-1)) - late(one(0))
            case "ReferenceCurrent":
                difference = one(0) - one(-2)
            case "BitSliced":
                ones = v[:, rows_read].sum(1)
                digits = [late(one(place)) - device.g_off * ones for place in range(len(worth))]
                difference = sum(w * d for w, d in zip(worth, digits, strict=True)) - half * digit * ones
            case _:
                difference = late(one(0)) - one(-2)
        return convert(difference) if early else difference

    parts = range(0, inputs, together)
    if comparator:
        return np.stack(
            [sum(np.where(unit * signal(o, p) + bias[o] / len(parts) >= 0, 1.0, -1.0) for p in parts)
             for o in range(outputs)], axis=1
        )  # fmt: skip
    return np.stack([unit * sum(signal(o, p) for p in parts) + bias[o] for o in range(outputs)], axis=1)


def _serial(
    x: Matrix, chip: Any, cells: Matrix, bias_cells: Matrix | None, limit: float, bias: Matrix
) -> Matrix:
    """As `linear`, the inputs bit by bit in two's complement, each a pulse of 1 V."""
    dac = chip.array.dac
    top, steps = dac.limit or 1.0, 2 ** (dac.bits - 1) - 1 if dac.signed else 2**dac.bits - 1
    codes = np.rint(quantise(x, dac.bits, top, dac.signed) * steps / top).astype(int) % 2**dac.bits
    pulses = replace(
        chip, array=replace(chip.array, dac=replace(dac, bits=1, limit=1.0, signed=False, serial=False))
    )
    total = np.zeros((len(x), len(bias)))
    for bit in range(dac.bits):
        plane = ((codes >> bit) & 1).astype(float)
        worth = -(2**bit) if dac.signed and bit == dac.bits - 1 else 2**bit
        total += worth * linear(plane, pulses, cells, bias_cells, limit, np.zeros_like(bias))
    return total * top / steps + bias


def patches(x: Matrix, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Matrix:
    """Im2col: (n, channels, height, width) to (n, height, width, kernel rows x columns x channels)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))[
        :, :, :: stride[0], :: stride[1]
    ]
    return windows.transpose(0, 2, 3, 4, 5, 1).reshape(*windows.shape[0:1], *windows.shape[2:4], -1)
