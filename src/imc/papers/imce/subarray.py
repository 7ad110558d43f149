"""A sub-array at work: rows, columns, cycles; and the worked example of the slides, step by step.

"Mapping method and operations of bit-wise IMCE": weights' planes in rows, inputs' planes in the rows below,
two rows sensed at once give their AND in one cycle, then bit counter, shifter and sum. The slides give no
timing; here one row is written in a cycle, two are sensed in one, and counter, shifter and sum follow as a
pipeline of one cycle each, so that only the last result waits for them. With an offset (see
`imc.papers.imce.bitwise.Code`), each plane of the inputs is also read once alone, for its own count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imc.errors import UserError
from imc.papers.imce.bitwise import Bits, Code, Integers, Shape, patches, planes

PIPELINE = 3
"""Bit counter, shifter, sum."""


@dataclass
class SubArray:
    """Cells, and what has been done with them.

    Attributes:
        cells: (rows, columns).
        writes, ands, reads: rows written, pairs of rows and single rows sensed; a cycle each.
    """

    cells: Bits
    writes: int = 0
    ands: int = 0
    reads: int = 0

    @classmethod
    def empty(cls, rows: int, columns: int) -> "SubArray":
        """All zeros."""
        return cls(np.zeros((rows, columns), np.uint8))

    def write(self, row: int, bits: Bits) -> None:
        """Bits into the first columns of a row."""
        self.cells[row, : len(bits)] = bits
        self.writes += 1

    def both(self, one: int, other: int) -> Bits:
        """AND of two rows, every column at once."""
        self.ands += 1
        return self.cells[one] & self.cells[other]

    def read(self, row: int) -> Bits:
        """One row."""
        self.reads += 1
        return self.cells[row]

    @property
    def cycles(self) -> int:
        """Until the last result is added."""
        return self.writes + self.ands + self.reads + PIPELINE


@dataclass(frozen=True)
class Step:
    """One AND and what becomes of it: planes n of the weights and m of the inputs."""

    n: int
    m: int
    anded: Bits
    count: int
    shift: int
    shifted: int
    total: int


def dot(inputs: Integers, weights: Integers, bits: int) -> tuple[SubArray, list[Step]]:
    """The slides' six steps for one sum of products of numbers of `bits` bits, from 0 on.

    Rows are written from the top in the slides' order: C_N-1(W) .. C_0(W), then C_M-1(I) .. C_0(I).
    """
    array, steps, total = SubArray.empty(2 * bits, len(inputs)), [], 0
    stored = [*reversed(planes(weights, bits)), *reversed(planes(inputs, bits))]
    for row, plane in enumerate(stored):
        array.write(row, plane)
    for n in reversed(range(bits)):
        for m in reversed(range(bits)):
            anded = array.both(bits - 1 - n, 2 * bits - 1 - m)
            count = int(anded.sum())
            total += count << (n + m)
            steps.append(Step(n, m, anded, count, n + m, count << (n + m), total))
    return array, steps


EXAMPLE_INPUTS, EXAMPLE_WEIGHTS, EXAMPLE_BITS = (4, 3, 5, 2), (1, 6, 3, 2), 3
"""Of the slides' example only C_0(I) = "0110", the 3 = "011" and the count "0001" of C_2(W) and C_1(I) are in
its text; these numbers are chosen to have them."""


def example() -> tuple[SubArray, list[Step]]:
    """The worked example."""
    return dot(np.array(EXAMPLE_INPUTS), np.array(EXAMPLE_WEIGHTS), EXAMPLE_BITS)


@dataclass(frozen=True)
class Run:
    """A layer computed on sub-arrays.

    Attributes:
        outputs: (n, kernels, h, w).
        loaded: cycles in which the fullest sub-array took its weights, once.
        busy: cycles of the fullest sub-array for all positions, after that.
        arrays: sub-arrays.
    """

    outputs: Integers
    loaded: int
    busy: int
    arrays: int


def convolve(
    x: NDArray[np.integer],
    weights: NDArray[np.integer],
    shape: Shape,
    bits: int,
    code: Code,
    rows: int = 256,
    columns: int = 512,
) -> Run:
    """A convolution on sub-arrays of rows x columns: long dot products are cut, kernels spread.

    Raises:
        UserError: if there is no row for a kernel beside the inputs.
    """
    fitting = (rows - bits) // code.bits
    if fitting < 1:
        raise UserError(f"{rows} rows hold no {code.bits}-bit weight beside {bits}-bit inputs")
    covered = patches(x, shape)
    length = covered.shape[-1]
    vectors = covered.reshape(-1, length)
    stored = planes(code.encode(weights).reshape(len(weights), -1), code.bits)
    blocks = np.array_split(np.arange(len(weights)), -(-len(weights) // fitting))
    outputs = np.zeros((len(vectors), len(weights)), np.int64)
    arrays: list[SubArray] = []
    loaded = 0
    for start in range(0, length, columns):
        here = slice(start, start + columns)
        for block in blocks:
            array = SubArray.empty(rows, columns)
            for i, kernel in enumerate(block):
                for n in range(code.bits):
                    array.write(bits + i * code.bits + n, stored[n, kernel, here])
            loaded = max(loaded, array.writes)
            array.writes = 0
            arrays.append(array)
            for v, vector in enumerate(vectors[:, here]):
                outputs[v, block] += _position(array, planes(vector, bits), len(block), code)
    result = outputs.reshape(*covered.shape[:3], -1).transpose(0, 3, 1, 2)
    return Run(result, loaded, max(a.cycles for a in arrays), len(arrays))


def _position(array: SubArray, inputs: Bits, kernels: int, code: Code) -> Integers:
    """Partial sums of the kernels of one sub-array for one input vector, put into the first rows."""
    bits = len(inputs)
    for m, plane in enumerate(inputs):
        array.write(m, plane)
    sums = np.zeros(kernels, np.int64)
    for m in range(bits):
        alone = int(array.read(m).sum()) * code.offset if code.offset else 0
        for i in range(kernels):
            ones = [int(array.both(m, bits + i * code.bits + n).sum()) for n in range(code.bits)]
            sums[i] += (sum(w * c for w, c in zip(code.worth, ones, strict=True)) + alone) << m
    return sums
