"""A layer's cells: their programming, and the weights that they stand for."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Generator, Tensor, nn

from imc.crossbar.arrays import Chip
from imc.crossbar.convolution import Convolution
from imc.crossbar.disturbances import in_time
from imc.crossbar.mapping import SingleColumn, checked_limit
from imc.crossbar.reading import Ranges, behind_wires, weights
from imc.crossbar.targets import Targets, aim
from imc.crossbar.variation import Step
from imc.errors import UserError

_CELLS_AT_ONCE = {"cpu": 2**15, "cuda": 2**24}
"""Cells programmed together: few enough to stay in a core's cache, many enough to fill a GPU.

Part of what a seed means, since it orders the draws.
"""

Plain = nn.Linear | nn.Conv1d | nn.Conv2d


class ProgrammedLayer(nn.Module):
    """What a `CrossbarLayer` is beside its inputs: weights, the cells that hold them, and what these give.

    Attributes:
        name: where it stands in its network.
        chip: what it is mapped to.
        conv: the convolution's geometry, or None for a dense layer. (in_features, out_features, or
            in_channels, out_channels, kernel_size, stride, padding and dilation, are the plain layer's.)
        groups: how many matrices lie side by side, each on its own inputs and in its own arrays.
        ideal: the weights it should have, shape (outputs, inputs), rows in the order of the cells' inputs;
            trained in `train` mode, changed by `write`.
        bias: the digital bias, shape (outputs,), or None.
        limit: the weight that uses the whole range of conductances, or one for each output, (outputs, 1).
        cells: conductances of the cells, siemens, shape (outputs, k, inputs), float32.
        bias_cells: conductances of the bias columns, (blocks, inputs), or None.
        ranges: its converters' own ranges, where calibrated.
        slope, intercept: digital correction of the outputs, set by `tune` until programmed again.
        matrix: the weights that the cells stand for, (outputs, inputs), in the type of its products.
    """

    def __init__(self, name: str, plain: Plain, chip: Chip) -> None:
        super().__init__()
        _check_plain(name, plain)
        self.name, self.chip = name, chip
        weight = plain.weight.detach()
        checked_limit(weight, None, name)
        self.conv = None if isinstance(plain, nn.Linear) else Convolution.of(plain)
        self.groups = 1 if self.conv is None else self.conv.groups
        weight = weight if self.conv is None else self.conv.matrix(weight)
        for attribute in _SHAPE[:2] if self.conv is None else _SHAPE[2:]:
            setattr(self, attribute, getattr(plain, attribute))
        ideal = weight.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        self.ideal = nn.Parameter(ideal, requires_grad=False)
        own = None if plain.bias is None else plain.bias.detach().float().clone()
        self.bias = None if own is None else nn.Parameter(own, requires_grad=False)
        self.limit = self._limit_of(ideal)
        self.slope, self.intercept, self.ranges = 1.0, 0.0, Ranges()
        self.cells = nn.Buffer(ideal.new_zeros(self.cell_shape))
        self.bias_cells = nn.Buffer(ideal.new_zeros(self.bias_shape)) if chip.has_bias_column else None
        self.matrix = torch.zeros_like(ideal)
        self._targets = Targets()
        self._behind: tuple[Tensor, Tensor | None] = (self.cells, self.bias_cells)
        for hooks in _HOOKS:
            getattr(self, hooks).update(getattr(plain, hooks))

    # ---- shapes ------------------------------------------------------------------------------------------

    @property
    def cell_shape(self) -> tuple[int, int, int]:
        """(outputs, k, inputs)."""
        return self.ideal.shape[0], len(self.chip.scheme.signs), self.ideal.shape[1]

    @property
    def bias_shape(self) -> tuple[int, int]:
        """(blocks, inputs) of the bias columns; (0, inputs) if the scheme has none."""
        outputs, _, inputs = self.cell_shape
        blocks = self.groups * self.chip.blocks(outputs // self.groups)
        return blocks if self.chip.has_bias_column else 0, inputs

    @property
    def arrays(self) -> int:
        """Number of arrays it takes."""
        outputs, _, inputs = self.cell_shape
        return self.groups * sum(1 for _ in self.chip.tiles(outputs // self.groups, inputs))

    @property
    def weight(self) -> Tensor:
        """The weights that the cells stand for, shaped as the plain layer's; converters act on products."""
        return self._shaped(self.matrix)

    def _shaped(self, matrix: Tensor) -> Tensor:
        if self.conv is None:
            return matrix
        filters = self.conv.filters(matrix)
        return filters.squeeze(2) if self.conv.line else filters

    @property
    def _where(self) -> str:
        return f"layer '{self.name}'"

    @property
    def size(self) -> str:
        """Its size and its arrays in words."""
        outputs, k, inputs = self.cell_shape
        array = self.chip.array
        size = f"{array.rows or inputs} x {array.columns or outputs // self.groups * k}"
        kind = "" if self.conv is None else f"kernel {self.conv.kernel[0]} x {self.conv.kernel[1]}, "
        groups = f" in {self.groups} groups" if self.groups > 1 else ""
        scheme = type(self.chip.scheme).__name__
        arrays = f"{self.arrays} array" if self.arrays == 1 else f"{self.arrays} arrays"
        return f"{inputs} x {outputs}{groups}, {kind}{arrays} of {size}, {scheme}"

    def extra_repr(self) -> str:
        return self.size

    # ---- programming -------------------------------------------------------------------------------------

    def bind(self, cells: Tensor, bias_cells: Tensor) -> None:
        """Use these tensors, of `cell_shape` and `bias_shape`, for the layer's conductances from now on."""
        cells.copy_(self.cells)
        self.cells = cells
        if self.bias_cells is not None:
            bias_cells.copy_(self.bias_cells)
            self.bias_cells = bias_cells

    @torch.no_grad()
    def write(self, weight: Tensor) -> None:
        """Give the layer new weights, which it holds once it is programmed.

        Args:
            weight: shaped as the plain layer's, or (outputs, inputs) in the order of the cells.

        Raises:
            UserError: for another shape, a weight that is not finite, or one beyond the chip's limit.
        """
        if not isinstance(weight, Tensor):
            raise UserError(f"{self._where} takes a tensor of weights, not a {type(weight).__name__}")
        weight = weight.detach()
        if self.conv is not None and weight.shape == self._shaped(self.matrix).shape:
            weight = self.conv.matrix(weight)
        if weight.shape != self.ideal.shape:
            wanted = tuple(self._shaped(self.matrix).shape)
            raise UserError(f"{self._where} has weights of shape {wanted}, not {tuple(weight.shape)}")
        self.limit = self._limit_of(weight)
        self.ideal.copy_(weight)

    def _limit_of(self, weight: Tensor) -> float | Tensor:
        limit = checked_limit(weight, self.chip.limit, self.name)
        if self.chip.scale == "layer":
            return limit
        each = weight.abs().amax(1, keepdim=True).float()
        return torch.where(each == 0, 1.0, each)

    @torch.no_grad()
    def program(self, generator: Generator) -> None:
        """Write the ideal weights into the cells and disturb them by the chip's variation.

        In `train` mode weights that have moved beyond a limit of the chip's are first brought back to it.

        Raises:
            UserError: if the variation makes a conductance that is no finite number, or below 0.
        """
        if self.training:
            self.settle()
        steps, _ = in_time(self.chip.steps, {})
        self.slope, self.intercept = 1.0, 0.0
        at_once = self.bias_cells is None and self.chip.array.wires is None
        self._program(self.cells, self.bias_cells, steps, generator, self.matrix if at_once else None)
        if not at_once:
            self.refresh()

    @torch.no_grad()
    def settle(self) -> None:
        """Take weights that training has moved: within the chip's limit, or with a limit of their own."""
        self._targets = Targets()
        if self.chip.limit is not None:
            self.ideal.clamp_(-self.chip.limit, self.chip.limit)
        self.limit = self._limit_of(self.ideal)

    def _program(
        self, cells: Tensor, bias_cells: Tensor | None, steps: tuple[Step, ...], generator: Generator,
        out: Tensor | None = None,
    ) -> None:  # fmt: skip
        """Write the cells, and into `out` the weights that they stand for, while they are in the cache."""
        device, scheme = self.chip.device, self.chip.scheme
        low, high = device.g_off, device.g_on
        for step in steps:
            low, high = step.endpoints(low, high, device, generator)
        # Each output on its own scale: as a layer of the limit 1.
        wanted, limit = self.ideal.detach(), self.limit
        if isinstance(limit, Tensor):
            wanted, limit = wanted / limit, 1.0
        fixed = (low, high) == (device.g_off, device.g_on) and not self.training
        kept = self._targets.kept(self.ideal, self.limit, scheme, device, cells, steps) if fixed else None
        from_kept = [] if kept is None else self._chunks(kept)
        start, unit = 0, self.unit
        foreign = any(not type(step).__module__.startswith(f"{__package__}.") for step in steps)
        for i, (part, ideal) in enumerate(zip(self._chunks(cells), self._chunks(wanted), strict=True)):
            if from_kept:
                steps[0].draw(from_kept[i], part, device, generator)
            else:
                aim(part, ideal, limit, scheme, device, low, high)
            self._disturb(part, steps[1:] if from_kept else steps, generator)
            if foreign and float(part.amin()) < 0:
                self._refuse("below 0", steps)
            if out is not None:
                stop = start + len(part)
                own = unit[start:stop] if isinstance(unit, Tensor) else unit
                self._weigh(part, own, out[start:stop], steps)
                start = stop
        if bias_cells is not None:
            bias_cells.fill_((low + high) / 2)
        self._disturb_bias(bias_cells, steps, generator)

    def _weigh(self, part: Tensor, unit: float | Tensor, out: Tensor, steps: tuple[Step, ...]) -> None:
        """Write into `out`, of any type, the weights that the cells `part` hold."""
        found = out if out.dtype == torch.float32 else torch.empty_like(out, dtype=torch.float32)
        weights(self.chip, part, None, unit, found)
        if not math.isfinite(float(found.sum())) and not torch.isfinite(found).all():
            self._refuse("that is no finite number", steps)
        if found is not out:
            out.copy_(found)

    def _refuse(self, what: str, steps: tuple[Step, ...]) -> None:
        names = ", ".join(type(step).__name__ for step in steps) or "a change from outside"
        raise UserError(f"{self._where} has a conductance {what}, after {names}")

    @torch.no_grad()
    def exact(self) -> Tensor:
        """The weights, (outputs, inputs), that cells without any variation or wires stand for."""
        cells = torch.empty_like(self.cells)
        bias = None if self.bias_cells is None else torch.empty_like(self.bias_cells)
        self._program(cells, bias, (), torch.Generator(cells.device))
        out = torch.empty_like(cells[:, 0])
        self._weights((cells, bias), self._unit, out)
        return out

    @torch.no_grad()
    def disturb(self, steps: tuple[Step, ...], generator: Generator) -> None:
        """Apply further steps to the cells as they stand."""
        for cells in self._chunks(self.cells):
            self._disturb(cells, steps, generator)
        self._disturb_bias(self.bias_cells, steps, generator)
        self.refresh()

    def _chunks(self, of: Tensor) -> tuple[Tensor, ...]:
        _, k, inputs = self.cell_shape
        return of.split(max(1, _CELLS_AT_ONCE[of.device.type] // (k * inputs)))

    def _disturb(self, cells: Tensor, steps: tuple[Step, ...], generator: Generator) -> None:
        for step in steps:
            returned: object = step(cells, self.chip.device, generator)
            if returned is not None:
                raise UserError(
                    f"{type(step).__name__} returns a {type(returned).__name__}: a step changes the "
                    "conductances that it is given in place, and returns nothing"
                )

    def _disturb_bias(self, bias_cells: Tensor | None, steps: tuple[Step, ...], generator: Generator) -> None:
        scheme = self.chip.scheme
        if bias_cells is not None and isinstance(scheme, SingleColumn) and not scheme.ideal_bias:
            self._disturb(bias_cells, steps, generator)

    # ---- what the cells stand for ------------------------------------------------------------------------

    @property
    def seen(self) -> tuple[Tensor, Tensor | None]:
        """`cells` and `bias_cells` as their arrays' edges see them, behind the wires."""
        return (self.cells, self.bias_cells) if self.chip.array.wires is None else self._behind

    @torch.no_grad()
    def refresh(self) -> None:
        """Take changed conductances into use.

        Raises:
            UserError: if one of them is no finite number.
        """
        if self.chip.array.wires is not None:
            seen, seen_bias = torch.empty_like(self.cells), None
            if self.bias_cells is not None:
                seen_bias = torch.empty_like(self.bias_cells)
            for outputs, blocks in self._parts():
                own = None if self.bias_cells is None else self.bias_cells[blocks]
                seen[outputs], behind = behind_wires(self.chip, self.cells[outputs], own)
                if seen_bias is not None and behind is not None:
                    seen_bias[blocks] = behind
            self._behind = seen, seen_bias
        self.correct(self.slope, self.intercept)
        if not math.isfinite(float(self.matrix.sum())) and not torch.isfinite(self.matrix).all():
            self._refuse("that is no finite number", self.chip.steps)

    def correct(self, slope: float, intercept: float) -> None:
        """Set the digital correction, and `matrix` with it."""
        self.slope, self.intercept = slope, intercept
        exact = self.matrix.dtype == torch.float32
        out = self.matrix if exact else torch.empty_like(self.matrix, dtype=torch.float32)
        self._weights(self.seen, self.unit, out)
        if not exact:
            self.matrix.copy_(out)

    def _parts(self) -> Iterator[tuple[slice, slice]]:
        """Outputs and blocks of each group."""
        outputs, blocks = len(self.ideal) // self.groups, self.bias_shape[0] // self.groups
        for group in range(self.groups):
            yield (
                slice(group * outputs, (group + 1) * outputs),
                slice(group * blocks, (group + 1) * blocks),
            )

    def _weights(self, seen: tuple[Tensor, Tensor | None], unit: float | Tensor, out: Tensor) -> None:
        cells, bias = seen
        if bias is None or self.groups == 1:
            weights(self.chip, cells, bias, unit, out)
            return
        for outputs, blocks in self._parts():
            own = unit[outputs] if isinstance(unit, Tensor) else unit
            weights(self.chip, cells[outputs], bias[blocks], own, out[outputs])

    @property
    def _unit(self) -> float | Tensor:
        return self.chip.scheme.unit(self.chip.device, self.limit)  # pyright: ignore[reportArgumentType]

    @property
    def unit(self) -> float | Tensor:
        """Weight per siemens, the digital correction included; with a scale for each output, (outputs, 1)."""
        return self._unit * self.slope

    def effective(self) -> Tensor:
        """The weights that the cells stand for behind their wires, (outputs, inputs), float32."""
        out = torch.empty_like(self.ideal.detach())
        self._weights(self.seen, self.unit, out)
        return out

    # ---- torch's own: type, place and saving -------------------------------------------------------------

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        # Behind .to, .cuda, .bfloat16: another type is that of products, never of conductances or weights.
        probe = fn(torch.empty(0, dtype=self.matrix.dtype, device=self.matrix.device))
        super()._apply(lambda tensor: tensor.to(probe.device), recurse)
        self._behind = tuple(None if t is None else t.to(probe.device) for t in self._behind)  # pyright: ignore
        if isinstance(self.limit, Tensor):
            self.limit = self.limit.to(probe.device)
        self.matrix = torch.empty(self.ideal.shape, dtype=probe.dtype, device=probe.device)
        self.correct(self.slope, self.intercept)
        return self

    def get_extra_state(self) -> dict[str, Any]:
        limit = self.limit.flatten().tolist() if isinstance(self.limit, Tensor) else self.limit
        ranges = {"inputs": self.ranges.inputs, "current": self.ranges.current}
        return {
            "chip": repr(self.chip),
            "limit": limit,
            "slope": self.slope,
            "intercept": self.intercept,
        } | ranges

    def set_extra_state(self, state: dict[str, Any]) -> None:
        limit = state["limit"]
        self.limit = self.cells.new_tensor(limit).unsqueeze(1) if isinstance(limit, list) else limit
        self.ranges = Ranges(state["inputs"], state["current"])
        self.slope, self.intercept = state["slope"], state["intercept"]
        self.refresh()


_SHAPE = (
    "in_features", "out_features",
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation",
)  # fmt: skip
"""What one may ask a torch layer: the first two of a dense layer, the others of a convolution."""

_HOOKS = (
    "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs", "_backward_hooks", "_backward_pre_hooks",
)  # fmt: skip
"""Where torch keeps a module's hooks; it has no public list of them."""


def _check_plain(name: str, plain: Plain) -> None:
    """Refuse what would not be the layer that it seems to be."""
    kind = type(plain).__name__
    if not isinstance(plain, nn.Linear) and plain.padding_mode != "zeros":
        raise UserError(
            f"layer '{name}' is a {kind} with padding_mode = '{plain.padding_mode}': only 'zeros' maps to "
            "crossbars; name it in keep to leave it digital"
        )
    names = {n for n, _ in plain.named_parameters(recurse=False)} | {n for n, _ in plain.named_buffers()}
    if extra := sorted(names - {"weight", "bias"}):
        raise UserError(
            f"layer '{name}' is a {kind} whose weight is computed from '{extra[0]}' (weight_norm, pruning): "
            "make it permanent first (torch.nn.utils has a remove function for each), or name it in keep"
        )
    if plain.weight.numel() == 0:
        raise UserError(f"layer '{name}' is a {kind} without weights: name it in keep to leave it digital")
