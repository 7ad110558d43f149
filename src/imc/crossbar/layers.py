"""Layers of a network on crossbars: a torch module for a Linear, a Conv1d or a Conv2d layer.

Convolution lies on the arrays by im2col, its inputs in the order (kernel row, kernel column, channel); each
of its groups has arrays of its own. Where outputs are read exactly, a layer's arrays act as one matrix, and
it runs as the plain layer with that matrix.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from imc.binary.quantizers import straight_through
from imc.crossbar.arrays import Chip
from imc.crossbar.converters import ADC, SenseAmplifier
from imc.crossbar.diagnosis import look_at_converters
from imc.crossbar.programming import Plain, ProgrammedLayer
from imc.crossbar.reading import Tally, read
from imc.errors import UserError

_VALUES_AT_ONCE = 2**22
"""Largest number of inputs (im2col'ed ones too) or of currents held at once behind converters."""


class CrossbarLayer(ProgrammedLayer):
    """One layer on crossbars; `imc.crossbar.map_network` makes them. Called as the plain layer is.

    Attributes:
        digital: compute with `ideal` instead of the cells, as the plain layer does.
        calibrating: widen the converters' own ranges to what the inputs need.
        looked: whether converters have been looked at, and warned of, already.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, map_network
    >>> mapped = map_network(torch.nn.Sequential(torch.nn.Linear(4, 2)), Chip(device=Device(1e3, 1e4)))
    >>> layer = mapped.layers["0"]
    >>> layer.in_features, layer.arrays, tuple(layer.cells.shape)
    (4, 1, (2, 2, 4))
    >>> torch.allclose(layer.weight, layer.ideal)
    True
    """

    def __init__(self, name: str, plain: Plain, chip: Chip) -> None:
        super().__init__(name, plain, chip)
        self.digital = self.calibrating = self.looked = False

    def forward(self, x: Tensor) -> Tensor:
        """Outputs for `x`, shaped as the plain layer takes and gives them, in the layer's type of products.

        Raises:
            UserError: for inputs of another shape.
        """
        y = self.products(self.batched(x))
        if self.conv is None:
            return y
        y = y.squeeze(2) if self.conv.line else y
        return y.squeeze(0) if x.ndim == (2 if self.conv.line else 3) else y

    def batched(self, x: Tensor) -> Tensor:
        """Inputs as `forward` takes them, a convolution's with an axis for the batch and two for the picture.

        Raises:
            UserError: for inputs of another shape.
        """
        self._check_inputs(x)
        if self.conv is None:
            return x
        x = x.unsqueeze(0) if x.ndim == (2 if self.conv.line else 3) else x
        return x.unsqueeze(2) if self.conv.line else x

    def products(self, x: Tensor) -> Tensor:
        """Outputs for `batched` inputs, batched likewise."""
        if self.digital:
            return self.operate(x.to(self.matrix.dtype), self.ideal.to(self.matrix.dtype), self.bias)
        if self.calibrating:
            self._calibrate(x)
        if self.training:
            return self._trained(x)
        if not self.looked and x.numel():
            self.looked = look_at_converters(self, x)
        if self.chip.array.adc is not None:
            return self._converted(x)
        driven = self.bent(self.volts(x)).to(self.matrix.dtype)
        return self.operate(driven, self.matrix, self._digital_bias())

    def operate(self, x: Tensor, matrix: Tensor, bias: Tensor | None) -> Tensor:
        """The plain layer with these weights (outputs, inputs) and this bias."""
        bias = None if bias is None else bias.to(x.dtype)
        if self.conv is None:
            return F.linear(x.reshape(-1, x.shape[-1]), matrix, bias).view(*x.shape[:-1], len(matrix))
        padding = self.conv.padding
        if padding is None:
            x, padding = F.pad(x, self.conv.border), (0, 0)
        weight = self.conv.filters(matrix)
        return F.conv2d(x, weight, bias, self.conv.stride, padding, self.conv.dilation, self.conv.groups)

    def _trained(self, x: Tensor) -> Tensor:
        """As `products`, with gradients: straight through levels, variation, wires and converters."""
        dac, adc = self.chip.array.dac, self.chip.array.adc
        x = x.float()
        if dac is not None:
            top = self.ranges.largest_input(self.chip.array)
            x = straight_through(self.volts(x.detach()), x.clamp(-top if dac.signed else 0.0, top))
        entered, x = x, self.bent(x)
        held = straight_through(self.matrix.float().clone(), self.ideal)
        plain = self.operate(x, held, self.bias)
        if adc is None:
            return plain
        with torch.no_grad():
            read_out = self._converted(entered.detach()).float()
        # A comparator's gradient passes where its signal is within one, as that of a binary activation.
        return straight_through(read_out, F.hardtanh(plain) if isinstance(adc, SenseAmplifier) else plain)

    def volts(self, x: Tensor) -> Tensor:
        """What the DAC makes of inputs, of any shape."""
        dac = self.chip.array.dac
        return x if dac is None else dac(x, self.ranges.largest_input(self.chip.array))

    def bent(self, v: Tensor) -> Tensor:
        """The voltages, for `v` of any shape, at which resistors would give what the chip's cells give."""
        law = self.chip.device.nonlinearity
        if law is None or not self.chip.bends:
            return v
        full = self.ranges.full_input(self.chip.array)
        return law(v / full) * full

    def _digital_bias(self) -> Tensor | None:
        own = None if self.bias is None else self.bias.detach()
        if self.intercept == 0:
            return own
        return (self.cells.new_zeros(len(self.ideal)) if own is None else own) + self.intercept

    def rows(self, x: Tensor) -> Iterator[Tensor]:
        """The input vectors of `batched` inputs, (n, groups, inputs), some at a time, before the DAC."""
        if self.conv is None:
            rows = x.reshape(-1, x.shape[-1]).unsqueeze(1)
            yield from rows.split(self._at_once(1))
            return
        x = F.pad(x, self.conv.border)
        height, width = self.conv.places(*x.shape[-2:])
        for part in x.split(self._at_once(height * width)):
            yield self.conv.patches(part.float())

    def _at_once(self, vectors: int) -> int:
        """How many samples of so many input vectors each are read together."""
        outputs, k, inputs = self.cell_shape
        return max(1, _VALUES_AT_ONCE // (vectors * max(inputs * self.groups, outputs * k)))

    def _converted(self, x: Tensor, tally: Tally | None = None) -> Tensor:
        """Outputs read through converters, a bounded number of currents at a time."""
        bias, outputs = self._digital_bias(), len(self.ideal)
        dtype = self.matrix.dtype
        if self.conv is None:
            out = torch.empty(math.prod(x.shape[:-1]), outputs, dtype=dtype, device=x.device)
        else:
            border = self.conv.border
            height, width = self.conv.places(
                x.shape[-2] + border[2] + border[3], x.shape[-1] + border[0] + border[1]
            )
            out = torch.empty(len(x) * height * width, outputs, dtype=dtype, device=x.device)
        start = 0
        for rows in self.rows(x) if out.numel() else ():
            for some in rows.split(self._at_once(1)):  # the patches of one large picture
                out[start : start + len(some)] = self.read_volts(self.volts(some).float(), bias, tally)
                start += len(some)
        if self.conv is None:
            return out.view(*x.shape[:-1], outputs)
        return out.view(len(x), height, width, outputs).permute(0, 3, 1, 2)

    def read_volts(self, x: Tensor, bias: Tensor | None = None, tally: Tally | None = None) -> Tensor:
        """Outputs (n, outputs) for voltages (n, groups, inputs), float32, `bias` (outputs,) added."""
        x = self.bent(x)
        cells, bias_cells = self.seen
        found = []
        for group, (outputs, blocks) in enumerate(self._parts()):
            unit = self.unit[outputs] if isinstance(self.unit, Tensor) else self.unit
            own = None if bias is None else bias[outputs]
            columns = None if bias_cells is None else bias_cells[blocks]
            y = read(self.chip, x[:, group], cells[outputs], columns, unit, own, self.ranges, tally)
            found.append(y)
        return found[0] if len(found) == 1 else torch.cat(found, 1)

    def count_clipped(self, x: Tensor, inputs: Tally, currents: Tally) -> None:
        """Count what the DAC and the ADC meet, and clip, for `batched` inputs."""
        dac = self.chip.array.dac
        for rows in self.rows(x):
            if dac is not None:
                inputs.add(rows, self.ranges.largest_input(self.chip.array), dac.signed)
            if isinstance(self.chip.array.adc, ADC):
                self.read_volts(self.volts(rows).float(), None, currents)

    def _calibrate(self, x: Tensor) -> None:
        """Widen the converters' own ranges to what inputs `x` need."""
        array = self.chip.array
        if array.dac is not None and array.dac.limit is None and x.numel():
            low, high = torch.aminmax(x)
            largest = max(self.ranges.inputs or 0.0, -float(low), float(high))
            self.ranges = replace(self.ranges, inputs=largest or None)
        if isinstance(array.adc, ADC) and array.adc.range is None:
            kept, tally = self.ranges.current, Tally()
            self.ranges = replace(self.ranges, current=None)
            self._converted(x, tally)
            largest = max(kept or 0.0, tally.largest)
            self.ranges = replace(self.ranges, current=largest or None)

    def _check_inputs(self, x: object) -> None:
        if not isinstance(x, Tensor):
            raise UserError(f"{self._where} takes a tensor, not a {type(x).__name__}")
        if x.is_complex() or x.layout != torch.strided:
            raise UserError(f"{self._where} takes real, dense tensors, not {x.dtype} of layout {x.layout}")
        shape = tuple(x.shape)
        if self.conv is None:
            if x.ndim == 0 or shape[-1] != self.ideal.shape[1]:
                raise UserError(
                    f"{self._where} takes inputs of shape (..., {self.ideal.shape[1]}), not {shape}"
                )
            return
        sides = 1 if self.conv.line else 2
        wanted = f"(n, {self.conv.channels}, {'length' if sides == 1 else 'height, width'})"
        if x.ndim not in (sides + 1, sides + 2) or shape[-sides - 1] != self.conv.channels:
            raise UserError(f"{self._where} takes inputs of shape {wanted}, not {shape}")
        left, right, top, bottom = self.conv.border
        height = 1 if self.conv.line else shape[-2]
        if min(self.conv.places(height + top + bottom, shape[-1] + left + right)) < 1:
            raise UserError(f"{self._where} takes inputs at least as large as its kernel, not {shape}")

    @torch.no_grad()
    def tune(self, generator: Generator, samples: int) -> None:
        """Fit one slope and one intercept by least squares on random inputs, as MemTorch does.

        Inputs are uniform on the range of the DAC, or on [-1, 1] without one. The outputs are corrected by
        them until the layer is programmed again.
        """
        if isinstance(self.chip.array.adc, SenseAmplifier):
            raise UserError(f"{self._where} is read by sense amplifiers: signs have no slope to tune")
        self.correct(1.0, 0.0)
        dac = self.chip.array.dac
        top = 1.0 if dac is None else self.ranges.largest_input(self.chip.array)
        low, high = (-top if dac is None or dac.signed else 0.0), top
        x = self.cells.new_empty(samples, self.groups, self.ideal.shape[1])
        x = self.volts(x.uniform_(low, high, generator=generator))
        ideal = self.ideal.detach().unflatten(0, (self.groups, -1))
        wanted = torch.cat([x[:, group] @ part.T for group, part in enumerate(ideal)], 1).double()
        if self.chip.array.adc is None:
            x, held = self.bent(x).to(self.matrix.dtype), self.matrix.unflatten(0, (self.groups, -1))
            got = torch.cat([F.linear(x[:, group], part) for group, part in enumerate(held)], 1).double()
        else:
            got = self.read_volts(x.float()).double()
        centred = got - got.mean()
        power = float((centred * centred).sum())
        if power == 0:
            raise UserError(f"{self._where} gives one output for every input: there is no slope to tune")
        slope = float((centred * (wanted - wanted.mean())).sum()) / power
        self.correct(slope, float(wanted.mean()) - slope * float(got.mean()))
