"""Layers of a network on crossbars: a torch module for a Linear or a Conv2d layer.

Convolution lies on the arrays by im2col, its inputs in the order (kernel row, kernel column, channel). Where
outputs are read exactly, a layer's arrays act as one matrix, and it runs as the plain layer with that matrix.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from imc.crossbar.arrays import Chip
from imc.crossbar.converters import SenseAmplifier
from imc.crossbar.mapping import SingleColumn, checked_limit, to_levels
from imc.crossbar.reading import behind_wires, read, weights
from imc.crossbar.variation import Step
from imc.errors import UserError

_CELLS_AT_ONCE = {"cpu": 2**15, "cuda": 2**24}
"""Cells programmed together: few enough to stay in a core's cache, many enough to fill a GPU.

Part of what a seed means, since it orders the draws.
"""

_PATCH_VALUES = 2**23
"""Largest number of im2col values held at once."""


@dataclass(frozen=True)
class Convolution:
    """What a Conv2d layer is beside its weights; `border` is (left, right, top, bottom) of zeros."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    border: tuple[int, int, int, int]

    @property
    def padding(self) -> tuple[int, int] | None:
        """(rows, columns) of zeros at both ends, or None if the ends differ."""
        left, right, top, bottom = self.border
        return (top, left) if (left, top) == (right, bottom) else None


class CrossbarLayer(nn.Module):
    """One layer on crossbars; `imc.crossbar.network.map_network` makes them.

    Attributes:
        name: where it stands in its network.
        chip: what it is mapped to.
        ideal: the weights it should have, shape (outputs, inputs), rows in the order of the cells' inputs.
        threshold: the digital bias, shape (outputs,), or None.
        limit: the weight that uses the whole range of conductances.
        cells: conductances of the cells, siemens, shape (outputs, k, inputs), float32.
        bias_cells: conductances of the bias columns, (blocks, inputs), or None.
        seen: `cells` and `bias_cells` as their arrays' edges see them, behind the wires.
        slope, intercept: digital correction of the outputs, set by `tune` until programmed again.
    """

    def __init__(self, name: str, plain: nn.Linear | nn.Conv2d, chip: Chip) -> None:
        super().__init__()
        if isinstance(plain, nn.Conv2d) and (plain.groups != 1 or plain.padding_mode != "zeros"):
            raise UserError(
                f"layer '{name}' is a Conv2d with groups = {plain.groups}, padding_mode = "
                f"'{plain.padding_mode}': only groups = 1 with 'zeros' maps to crossbars"
            )
        self.name, self.chip = name, chip
        weight = plain.weight.detach()
        self.conv: Convolution | None = None
        if isinstance(plain, nn.Conv2d):
            border: Any = tuple(plain._reversed_padding_repeated_twice)
            kernel, stride, dilation = (_pair(s) for s in (plain.kernel_size, plain.stride, plain.dilation))
            self.conv = Convolution(kernel, stride, dilation, border)
            weight = weight.permute(0, 2, 3, 1).flatten(1)
        # Plain attributes, not buffers: a change of the network's type must not touch them.
        self.ideal = weight.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        self.limit = checked_limit(self.ideal, chip.limit, name)
        self.threshold = None if plain.bias is None else plain.bias.detach().float().clone()
        self.slope, self.intercept = 1.0, 0.0

    @property
    def cell_shape(self) -> tuple[int, int, int]:
        """(outputs, k, inputs)."""
        return self.ideal.shape[0], len(self.chip.scheme.signs), self.ideal.shape[1]

    @property
    def bias_shape(self) -> tuple[int, int]:
        """(blocks, inputs) of the bias columns; (0, inputs) if the scheme has none."""
        outputs, _, inputs = self.cell_shape
        return self.chip.blocks(outputs) if self.chip.has_bias_column else 0, inputs

    def bind(self, cells: Tensor, bias_cells: Tensor, dtype: torch.dtype) -> None:
        """Use these tensors, of `cell_shape` and `bias_shape`, as the layer's cells; `dtype` for products."""
        self.cells = cells
        self.ideal = self.ideal.to(cells.device)
        self.threshold = None if self.threshold is None else self.threshold.to(cells.device)
        self.bias_cells = bias_cells if self.chip.has_bias_column else None
        self.matrix = torch.empty(self.ideal.shape, dtype=dtype, device=cells.device)
        self.weight = self.matrix
        if self.conv is not None:
            self.weight = self.matrix.unflatten(1, (*self.conv.kernel, -1)).permute(0, 3, 1, 2)

    def program(self, generator: Generator) -> None:
        """Write the ideal weights into the cells and disturb them by the chip's variation."""
        device, scheme, steps = self.chip.device, self.chip.scheme, self.chip.variation
        low, high = device.g_off, device.g_on
        for step in steps:
            low, high = step.endpoints(low, high, device, generator)
        for cells, wanted in zip(self._chunks(self.cells), self._chunks(self.ideal), strict=True):
            scheme.targets(wanted, self.limit, low, high, out=cells)
            to_levels(cells, device.levels, low, high)
            self._disturb(cells, steps, generator)
        if self.bias_cells is not None:
            self.bias_cells.fill_((low + high) / 2)
        self._disturb_bias(steps, generator)
        self.slope, self.intercept = 1.0, 0.0
        self.refresh()

    def disturb(self, steps: tuple[Step, ...], generator: Generator) -> None:
        """Apply further steps to the cells as they stand."""
        for cells in self._chunks(self.cells):
            self._disturb(cells, steps, generator)
        self._disturb_bias(steps, generator)
        self.refresh()

    def _chunks(self, of: Tensor) -> tuple[Tensor, ...]:
        _, k, inputs = self.cell_shape
        return of.split(max(1, _CELLS_AT_ONCE[of.device.type] // (k * inputs)))

    def _disturb(self, cells: Tensor, steps: tuple[Step, ...], generator: Generator) -> None:
        for step in steps:
            step(cells, self.chip.device, generator)

    def _disturb_bias(self, steps: tuple[Step, ...], generator: Generator) -> None:
        scheme = self.chip.scheme
        if self.bias_cells is not None and isinstance(scheme, SingleColumn) and not scheme.ideal_bias:
            self._disturb(self.bias_cells, steps, generator)

    def refresh(self) -> None:
        """Take changed conductances into use."""
        self.seen = behind_wires(self.chip, self.cells, self.bias_cells)
        self.correct(self.slope, self.intercept)

    def correct(self, slope: float, intercept: float) -> None:
        """Set the digital correction, and the matrix of the plain layer where outputs are read exactly."""
        self.slope, self.intercept = slope, intercept
        if self.chip.array.adc is None:
            exact = self.matrix.dtype == torch.float32
            out = self.matrix if exact else torch.empty_like(self.matrix, dtype=torch.float32)
            weights(self.chip, *self.seen, self.unit, out)
            if not exact:
                self.matrix.copy_(out)

    @property
    def unit(self) -> float:
        """Weight per siemens, the digital correction included."""
        return self.chip.scheme.unit(self.chip.device, self.limit) * self.slope

    def effective(self) -> Tensor:
        """The weights that the cells stand for behind their wires, (outputs, inputs), float32."""
        out = torch.empty_like(self.ideal)
        weights(self.chip, *self.seen, self.unit, out)
        return out

    def tune(self, generator: Generator, samples: int) -> None:
        """Fit one slope and one intercept by least squares on random inputs, as MemTorch does.

        Inputs are uniform on the range of the DAC, or on [-1, 1] without one. The outputs are corrected by
        them until the layer is programmed again.
        """
        if isinstance(self.chip.array.adc, SenseAmplifier):
            raise UserError(f"layer '{self.name}' is read by sense amplifiers: signs have no slope to tune")
        self.correct(1.0, 0.0)
        dac = self.chip.array.dac
        low, high = (-1.0, 1.0) if dac is None else (-dac.limit if dac.signed else 0.0, dac.limit)
        x = self.ideal.new_empty(samples, self.ideal.shape[1]).uniform_(low, high, generator=generator)
        x = x if dac is None else dac(x)
        wanted, got = (x @ self.ideal.T).double(), self._products(x, None).double()
        centred = got - got.mean()
        power = float((centred * centred).sum())
        if power == 0:
            raise UserError(
                f"layer '{self.name}' gives one output for every input: there is no slope to tune"
            )
        slope = float((centred * (wanted - wanted.mean())).sum()) / power
        self.correct(slope, float(wanted.mean()) - slope * float(got.mean()))

    def _digital_bias(self) -> Tensor | None:
        if self.intercept == 0:
            return self.threshold
        own = self.ideal.new_zeros(len(self.ideal)) if self.threshold is None else self.threshold
        return own + self.intercept

    def _products(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """Outputs for rows of inputs `x`, (n, inputs)."""
        dac, adc = self.chip.array.dac, self.chip.array.adc
        x = x if dac is None else dac(x)
        if adc is None:
            return F.linear(
                x.to(self.matrix.dtype), self.matrix, None if bias is None else bias.to(self.matrix.dtype)
            )
        return read(self.chip, x.float(), *self.seen, self.unit, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs for `x`, shaped as the plain layer takes and gives them, in the layer's dtype."""
        bias = self._digital_bias()
        if self.conv is None:
            return self._products(x.flatten(0, -2), bias).unflatten(0, x.shape[:-1]).to(self.matrix.dtype)
        conv, array = self.conv, self.chip.array
        if array.adc is None:
            x = (x if array.dac is None else array.dac(x)).to(self.matrix.dtype)
            bias = None if bias is None else bias.to(x.dtype)
            padding = conv.padding
            if padding is None:
                x, padding = F.pad(x, conv.border), (0, 0)
            return F.conv2d(x, self.weight, bias, conv.stride, padding, conv.dilation)
        return self._convolve(conv, x, bias)

    def _convolve(self, conv: Convolution, x: Tensor, bias: Tensor | None) -> Tensor:
        """Convolution read through converters: im2col, a few pictures at a time."""
        x = F.pad(x, conv.border)
        reach = [(k - 1) * d + 1 for k, d in zip(conv.kernel, conv.dilation, strict=True)]
        height, width = ((n - r) // s + 1 for n, r, s in zip(x.shape[-2:], reach, conv.stride, strict=True))
        at_once = max(1, _PATCH_VALUES // (height * width * self.ideal.shape[1]))
        outputs = []
        for part in x.split(at_once):
            patches = F.unfold(part.float(), conv.kernel, conv.dilation, 0, conv.stride)
            rows = patches.unflatten(1, (x.shape[1], -1)).permute(0, 3, 2, 1).flatten(2).flatten(0, 1)
            outputs.append(self._products(rows, bias).to(self.matrix.dtype))
        return torch.cat(outputs).view(len(x), height, width, -1).permute(0, 3, 1, 2)


def _pair(sizes: tuple[int, ...]) -> tuple[int, int]:
    rows, columns = sizes
    return rows, columns
