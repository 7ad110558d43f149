"""The bit-wise convolution at speed: 64 bits in a word, AND, population count.

Channels are packed into words, pixel by pixel, so that what a kernel covers is a gather of whole words;
zero padding, and the channels that fill up the last word, are zeros, which no AND counts. All in numpy, on
one core.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imc.errors import UserError
from imc.papers.imce.bitwise import Code, Shape, planes

Words = NDArray[np.uint64]
Counts = NDArray[np.int32]

WORD = 64
TOGETHER = 3
"""Words whose counts, 64 each at most, fit a byte together."""
LEFT, RIGHT = 16, 512
"""Of a block: what is computed at once stays in the core's cache."""


class PackedConvolution:
    """A layer's weights, packed.

    Args:
        weights: (kernels, channels, k, k), of `code`.
        bits: of the inputs.
    """

    def __init__(self, weights: NDArray[np.integer], shape: Shape, bits: int, code: Code) -> None:
        if not 1 <= bits <= 8:
            raise UserError(f"inputs of {bits} bits: they should be from 1 to 8")
        if weights.ndim != 4 or weights.shape[2:] != (shape.kernel,) * 2:
            raise UserError(
                f"weights of shape {weights.shape}: they should be (kernels, channels, {shape.kernel}, "
                f"{shape.kernel})"
            )
        self.shape, self.bits, self.code, self.channels = shape, bits, code, weights.shape[1]
        stored = planes(code.encode(weights), code.bits)
        packed = pack(stored.transpose(0, 1, 3, 4, 2))  # (N, kernels, k, k, words)
        self.kernels = [np.ascontiguousarray(p.reshape(len(weights), -1).T) for p in packed]

    def __call__(self, x: NDArray[np.uint8]) -> Counts:
        """Inputs (n, channels, h, w) below 2^bits to sums (n, kernels, h, w).

        Raises:
            UserError: for other channels, inputs beyond the bits, or pictures smaller than the kernel.
        """
        if x.ndim != 4 or x.shape[1] != self.channels:
            raise UserError(f"inputs of shape {x.shape}: they should be (n, {self.channels}, height, width)")
        if min(self.shape.side(side) for side in x.shape[2:]) < 1:
            raise UserError(f"inputs of shape {x.shape}: they are smaller than the kernel")
        if x.size and not (np.issubdtype(x.dtype, np.integer) and x.min() >= 0 and x.max() < 2**self.bits):
            raise UserError(
                f"inputs from {x.min()} to {x.max()} ({x.dtype}): they should be integers of {self.bits} bits"
            )
        x = x.astype(np.uint8, copy=False)
        inputs, places = self.gather(x)
        shifts = [1 << m for m in range(self.bits)]
        total = products(self.kernels, self.code.worth, inputs, shifts)
        if self.code.offset:
            for shift, plane in zip(shifts, inputs, strict=True):
                total += shift * self.code.offset * np.bitwise_count(plane).sum(0, dtype=np.int32)
        return total.reshape(-1, *places).swapaxes(0, 1)

    def gather(self, x: NDArray[np.uint8]) -> tuple[list[Words], tuple[int, int, int]]:
        """For each plane of the inputs, the words (words, positions) that each position covers.

        Also the positions as (n, h, w).
        """
        p, k, s = self.shape.padding, self.shape.kernel, self.shape.stride
        last = np.pad(x.transpose(0, 2, 3, 1), ((0, 0), (p, p), (p, p), (0, 0)))
        height, width = (self.shape.side(side) for side in x.shape[2:])
        found = []
        for m in range(self.bits):
            packed = pack(last & np.uint8(1 << m))
            taps = [
                packed[:, i : i + s * height : s, j : j + s * width : s] for i in range(k) for j in range(k)
            ]
            words = np.stack(taps).transpose(0, 4, 1, 2, 3)
            found.append(np.ascontiguousarray(words.reshape(-1, len(x) * height * width)))
        return found, (len(x), height, width)


def pack(bits: NDArray[np.uint8]) -> Words:
    """Bits (..., n), any nonzero entry a 1, to words (..., n / 64 rounded up), zeros at the end."""
    octets = np.packbits(bits, axis=-1)
    missing = -octets.shape[-1] % (WORD // 8)
    if missing:
        octets = np.concatenate([octets, np.zeros((*octets.shape[:-1], missing), np.uint8)], -1)
    return np.ascontiguousarray(octets).view(np.uint64)


def products(
    left: Sequence[Words], left_worth: Sequence[int], right: Sequence[Words], right_worth: Sequence[int]
) -> Counts:
    """Sums (a, b) over planes n of `left` and m of `right`, and over words t, of

        left_worth[n] right_worth[m] bitcount(and(left[n][t, a], right[m][t, b])).

    Args:
        left, right: planes of (words, a) and of (words, b), at most 1,023 words.
    """
    rows = left[0].shape[1]
    columns = right[0].shape[1]
    if rows > columns:
        return products(right, right_worth, left, left_worth).T
    total = np.zeros((rows, columns), np.int32)
    wide = min(RIGHT, columns)
    both = np.empty((TOGETHER, LEFT, wide), np.uint64)
    ones = np.empty((TOGETHER, LEFT, wide), np.uint8)
    for a in range(0, rows, LEFT):
        # an AND of arrays of equal shape is thrice as fast as one with a scalar
        spread = [np.repeat(plane[:, a : a + LEFT, None], wide, 2) for plane in left]
        for b in range(0, columns, wide):
            into = total[a : a + LEFT, b : b + wide]
            for plane, worth in zip(right, right_worth, strict=True):
                part = plane[:, None, b : b + wide]
                for other, its_worth in zip(spread, left_worth, strict=True):
                    into += worth * its_worth * _counts(other[..., : part.shape[2]], part, both, ones)
    return total


def _counts(left: Words, right: Words, both: Words, ones: NDArray[np.uint8]) -> Counts:
    """Ones in common of one block, (a, b), of (words, a, b) and (words, 1, b)."""
    words, *size = left.shape
    found = np.zeros(size, np.uint16)
    for t in range(0, words, TOGETHER):
        n = min(TOGETHER, words - t)
        anded, count = (buffer[:n, : size[0], : size[1]] for buffer in (both, ones))
        np.bitwise_and(left[t : t + n], right[t : t + n], out=anded)
        np.bitwise_count(anded, out=count)
        found += np.add.reduce(count, 0, dtype=np.uint8)
    return found.astype(np.int32)
