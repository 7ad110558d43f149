"""Convolutions as matrices: which inputs each output of a Conv1d or Conv2d layer sees."""

from dataclasses import dataclass
from typing import Self

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Convolution:
    """What a Conv1d or Conv2d layer is beside its weights; a line is a picture one pixel high.

    Attributes:
        channels: channels of the inputs.
        kernel, stride, dilation: (rows, columns).
        border: (left, right, top, bottom) of zeros.
        groups: so many matrices side by side, each on its own channels.
        line: a Conv1d.
    """

    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    border: tuple[int, int, int, int]
    groups: int
    line: bool

    @classmethod
    def of(cls, plain: nn.Conv1d | nn.Conv2d) -> Self:
        """That of a torch layer."""
        line = isinstance(plain, nn.Conv1d)
        kernel, stride, dilation = (
            _pair(sizes, line) for sizes in (plain.kernel_size, plain.stride, plain.dilation)
        )
        if plain.padding == "same":
            total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        elif plain.padding == "valid":
            total = [0, 0]
        else:
            assert not isinstance(plain.padding, str)
            total = [2 * p for p in _pair(plain.padding, line, 0)]
        (top, bottom), (left, right) = ((n // 2, n - n // 2) for n in total)
        border = (left, right, top, bottom)
        return cls(plain.in_channels, kernel, stride, dilation, border, plain.groups, line)

    @property
    def padding(self) -> tuple[int, int] | None:
        """(rows, columns) of zeros at both ends, or None if the ends differ."""
        left, right, top, bottom = self.border
        return (top, left) if (left, top) == (right, bottom) else None

    def matrix(self, weight: Tensor) -> Tensor:
        """A layer's weights (outputs, channels, ...) as rows (outputs, inputs) in the order of the cells.

        That order is (kernel row, kernel column, channel); channels are those of the output's own group.
        """
        weight = weight.unsqueeze(2) if self.line else weight
        return weight.permute(0, 2, 3, 1).flatten(1)

    def filters(self, matrix: Tensor) -> Tensor:
        """The reverse of `matrix`, a view: (outputs, channels, rows, columns)."""
        return matrix.unflatten(1, (*self.kernel, -1)).permute(0, 3, 1, 2)

    def places(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the outputs for bordered inputs of that size; below 1 where too small."""
        rows, columns = (
            (n - (k - 1) * d - 1) // s + 1
            for n, k, d, s in zip((height, width), self.kernel, self.dilation, self.stride, strict=True)
        )
        return rows, columns

    def patches(self, x: Tensor) -> Tensor:
        """Im2col of bordered inputs (n, channels, height, width): (n * places, groups, inputs)."""
        found = F.unfold(x, self.kernel, self.dilation, 0, self.stride)
        found = found.unflatten(1, (x.shape[1], -1)).permute(0, 3, 2, 1).flatten(0, 1)  # (n, taps, channels)
        if self.groups == 1:
            return found.flatten(1).unsqueeze(1)
        return found.unflatten(2, (self.groups, -1)).transpose(1, 2).flatten(2)


def _pair(sizes: tuple[int, ...], line: bool, single: int = 1) -> tuple[int, int]:
    rows, columns = (single, *sizes) if line else sizes
    return rows, columns
