"""Convolution by AND, bit count and shift, as the slides define it, and as plain sums to hold it against.

"Concept and implementation": with I = sum_m 2^m C_m(I) and W = sum_n 2^n C_n(W),

    I * W = sum_m sum_n 2^(m+n) bitcount(and(C_n(W), C_m(I))).

That is a formula for numbers from 0 on. Here every weight is `offset` + sum_n `worth[n]` bit_n, so that

    I * W = sum_m 2^m (sum_n worth[n] bitcount(and(C_n(W), C_m(I))) + offset bitcount(C_m(I))):

negative worths subtract a count instead of adding it, and the offset asks for one count more for each plane
of the inputs, shared by all kernels. Everything here is exact, in 64-bit integers, and made to be read; the
fast engine is `imc.papers.imce.packed`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imc.errors import UserError

Integers = NDArray[np.int64]
Bits = NDArray[np.uint8]

CodeName = Literal["unsigned", "twos-complement", "symmetric"]


@dataclass(frozen=True)
class Code:
    """How the bits of a stored word make a weight: offset + sum_n worth[n] bit_n, bit 0 the least.

    `unsigned`: 0 .. 2^N - 1, the slides' own. `twos-complement`: -2^(N-1) .. 2^(N-1) - 1, whose top bit is
    worth -2^(N-1). `symmetric`: the odd numbers from -(2^N - 1) to 2^N - 1, 2 i - (2^N - 1) for the stored
    word i; its 1-bit weights are -1 and 1, and over 2^N - 1 they are DoReFa-Net's levels from -1 to 1.
    """

    name: CodeName
    bits: int

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 8:
            raise UserError(f"a weight of {self.bits} bits: it should be from 1 to 8")

    @property
    def worth(self) -> tuple[int, ...]:
        """Of each bit."""
        scale = 2 if self.name == "symmetric" else 1
        worth = [scale * 2**n for n in range(self.bits)]
        if self.name == "twos-complement":
            worth[-1] = -worth[-1]
        return tuple(worth)

    @property
    def offset(self) -> int:
        """The weight whose bits are all 0."""
        return 1 - 2**self.bits if self.name == "symmetric" else 0

    @property
    def values(self) -> Integers:
        """The weight of each stored word 0 .. 2^bits - 1."""
        words = np.arange(2**self.bits, dtype=np.int64)
        return self.offset + np.tensordot(self.worth, planes(words, self.bits).astype(np.int64), 1)

    def encode(self, weights: NDArray[np.integer]) -> Integers:
        """Stored words of weights.

        Raises:
            UserError: if a weight is none of `values`.
        """
        values = self.values
        order = np.argsort(values)
        places = np.searchsorted(values[order], weights).clip(0, len(values) - 1)
        words = order[places]
        if not np.array_equal(values[words], weights):
            raise UserError(f"these weights are not all {self.bits}-bit {self.name} ones")
        return words


def planes(x: NDArray[np.integer], bits: int) -> Bits:
    """C_0(x), C_1(x), ...: bit planes (bits, *x.shape), least first.

    Raises:
        UserError: if an entry is not in 0 .. 2^bits - 1.
    """
    if x.size and not (x.min() >= 0 and x.max() < 2**bits):
        raise UserError(f"entries from {x.min()} to {x.max()} are not all of {bits} bits")
    return np.stack([(x >> n) & 1 for n in range(bits)]).astype(np.uint8)


@dataclass(frozen=True)
class Shape:
    """Of a convolution: side of its square kernels, stride and zero padding, pixels."""

    kernel: int
    stride: int = 1
    padding: int = 0

    def side(self, before: int) -> int:
        """Of the output, for inputs of side `before`."""
        return (before + 2 * self.padding - self.kernel) // self.stride + 1


def patches(x: NDArray[np.integer], shape: Shape) -> NDArray[np.integer]:
    """What each kernel position covers: (n, channels, h, w) to (n, out h, out w, channels * kernel^2)."""
    p, k = shape.padding, shape.kernel
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), (2, 3))
    windows = windows[:, :, :: shape.stride, :: shape.stride]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(len(x), *windows.shape[2:4], -1)


def direct(x: NDArray[np.integer], weights: NDArray[np.integer], shape: Shape) -> Integers:
    """Convolution (n, kernels, h, w) by multiplication; weights are (kernels, channels, k, k)."""
    covered = patches(x, shape).astype(np.int64)
    return np.einsum("nhwi,oi->nohw", covered, weights.reshape(len(weights), -1).astype(np.int64))


def bitwise(
    x: NDArray[np.integer], weights: NDArray[np.integer], shape: Shape, bits: int, code: Code
) -> Integers:
    """The same by AND, bit count and shift, of inputs of `bits` bits and weights of `code`."""
    covered = planes(patches(x, shape), bits)
    stored = planes(code.encode(weights).reshape(len(weights), -1), code.bits)
    total = np.zeros((len(x), len(weights), *covered.shape[2:4]), np.int64)
    for m, inputs in enumerate(covered):
        for worth, kernel in zip(code.worth, stored, strict=True):
            both = inputs[:, None] & kernel[:, None, None]
            total += (worth << m) * bitcount(both)
        total += (code.offset << m) * bitcount(inputs)[:, None]
    return total


def bitcount(bits: Bits) -> Integers:
    """Ones along the last axis."""
    return bits.sum(-1, dtype=np.int64)
