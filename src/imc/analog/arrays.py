"""Arrays of devices: the weights they hold, and what pulses do to them.

Pulses arrive as counts for each cell. Where pulses change the response noticeably, they are applied in
groups: at most `GROUP`/(steepest slope x dw/tau) pulses of a direction at one weight, one by one for devices
of few states. Within a group, the mean is that of as many equal steps, and one normal draw a cell stands for
the sum of the pulses' cycle-to-cycle spread, with the same variance.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor, nn

from imc.analog.devices import Device, Ideal
from imc.errors import UserError

GROUP = 0.1
"""Share of its size by which a group of pulses may change the response of a cell."""

LEAST = 0.01
"""Smallest step or bound that a device-to-device draw can give, relative to the nominal one."""


def symmetry_points(device: Device, up: Tensor, down: Tensor, high: Tensor, low: Tensor) -> Tensor:
    """Weights at which up and down steps are equal, by bisection.

    Args:
        device: gives the response.
        up, down: size of the steps at w = 0, in any common unit.
        high, low: magnitudes of the upper and the lower bound; all four of one shape or broadcastable.

    Returns:
        The symmetry points, of the common shape.

    Raises:
        UserError: if steps are equal nowhere between the bounds.
    """
    up, down, high, low = torch.broadcast_tensors(up, down, high, low)

    def g(w: Tensor) -> Tensor:
        return down * device.response(-w / low) - up * device.response(w / high)

    left, right = -low.double(), high.double()
    tiny = 1e-9 * (up + down).double()
    if bool((g(left) > tiny).any()) or bool((g(right) < -tiny).any()):
        raise UserError(
            f"{type(device).__name__} with asymmetry has no symmetry point: its up and down steps are equal "
            "at no weight between the bounds"
        )
    flat = (g(left) >= -tiny) & (g(right) <= tiny)  # equal everywhere: any weight serves, 0 is taken
    for _ in range(60):
        middle = (left + right) / 2
        above = g(middle) > 0
        right, left = torch.where(above, middle, right), torch.where(above, left, middle)
    return torch.where(flat, torch.zeros_like(left), (left + right) / 2)


class Steps(NamedTuple):
    """Steps at w = 0, magnitudes of the bounds, least weight: each (n,) for n cells, or 0-dimensional."""

    up: Tensor
    down: Tensor
    high: Tensor
    low: Tensor
    least: Tensor


class Array(nn.Module):
    """Cells of one kind of device, one to a weight.

    Attributes:
        device: their device.
        w: weights, shape (outputs, inputs).
        up, down: step of one up or down pulse at w = 0; 0-dimensional without device-to-device spread.
        high, low: magnitudes of the upper and lower bounds, likewise.
        counts: up and down pulses received so far by all cells together.
    """

    w: Tensor
    up: Tensor
    down: Tensor
    high: Tensor
    low: Tensor

    def __init__(self, shape: tuple[int, ...], device: Device, generator: Generator) -> None:
        super().__init__()
        self.device = device
        place = generator.device

        def spread(sd: float) -> Tensor:
            if sd == 0:
                return torch.zeros((), device=place)
            return torch.randn(shape, generator=generator, device=place) * sd

        step = device.dw_min * (1 + spread(device.step_spread)).clamp(min=LEAST)
        a = (device.asymmetry + spread(device.asymmetry_spread)).clamp(-0.99, 0.99)
        limit = math.inf if isinstance(device, Ideal) else device.bound
        self.register_buffer("w", torch.zeros(shape, device=place))
        self.register_buffer("up", step * (1 + a))
        self.register_buffer("down", step * (1 - a))
        self.register_buffer("high", limit * (1 + spread(device.bound_spread)).clamp(min=LEAST))
        self.register_buffer("low", limit * (1 + spread(device.bound_spread)).clamp(min=LEAST))
        self.counts = [0.0, 0.0]
        slope = device.steepest * device.dw_min / device.bound
        self.group = max(1.0, math.floor(GROUP / slope)) if slope else math.inf

    @property
    def weight(self) -> Tensor:
        """What the array's cells hold, (outputs, inputs)."""
        return self.w

    def program(self, weight: Tensor) -> None:
        """Write weights, (outputs, inputs), by a closed loop: exact within the bounds, pulses not counted."""
        self.w.copy_(torch.minimum(torch.maximum(weight.to(self.w), -self.low), self.high))

    def symmetry_point(self) -> Tensor:
        """Each cell's symmetry point, (outputs, inputs).

        Raises:
            UserError: if a cell has none between its bounds.
        """
        points = symmetry_points(self.device, self.up, self.down, self.high, self.low)
        return points.to(self.w).expand_as(self.w)

    def resting_point(self) -> Tensor:
        """Where each cell comes to rest without pulses, (outputs, inputs).

        Raises:
            UserError: if the cells keep their weights.
        """
        raise UserError(
            f"{type(self.device).__name__} keeps its weights: only a leaking device has a resting point"
        )

    def pulse(self, cells: Tensor | None, up: Tensor, down: Tensor, generator: Generator) -> None:
        """Give cells their pulses.

        Args:
            cells: flat indices of the cells, shape (n,), no cell twice; None for all.
            up, down: pulses of each direction for each cell, shape (n,) or that of the array; need not be
                whole, since an exact update is one of fractions of pulses.
            generator: draws the cycle-to-cycle spread.
        """
        up, down = up.reshape(-1).to(self.w.dtype), down.reshape(-1).to(self.w.dtype)
        self.count(up, down)
        rise, fall, high, low = (at(value, cells) for value in (self.up, self.down, self.high, self.low))
        self.move(self.w, cells, up, down, Steps(rise, fall, high, low, -low), generator)

    def count(self, up: Tensor, down: Tensor) -> None:
        """Add these pulses to the array's counts."""
        self.counts[0] += float(up.sum())
        self.counts[1] += float(down.sum())

    @property
    def pulses(self) -> tuple[int, int]:
        """Up and down pulses received so far by all cells together, to the nearest whole pulse."""
        return round(self.counts[0]), round(self.counts[1])

    def get_extra_state(self) -> dict[str, Any]:
        return {"counts": list(self.counts)}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.counts = list(state["counts"])

    def move(
        self,
        values: Tensor,
        cells: Tensor | None,
        up: Tensor,
        down: Tensor,
        steps: Steps,
        generator: Generator,
    ) -> None:
        """Move `values`, one for each cell of the array, by `up` and `down` pulses of `cells`, (n,) each."""
        device, group = self.device, self.group
        w = at(values, cells)
        most = float(torch.maximum(up, down).max()) if group < math.inf and up.numel() else 0.0
        for _ in range(max(1, math.ceil(most / group))):
            n, m = (up, down) if most <= group else (up.clamp(max=group), down.clamp(max=group))
            rise, fall = steps.up, steps.down
            if group < math.inf:
                rise = rise * device.response(w / steps.high)
                fall = fall * device.response(-w / steps.low)
            # In place throughout: at these sizes fresh memory costs more than arithmetic.
            raised, lowered = n * rise, m * fall
            w.add_(raised).sub_(lowered)
            if device.cycle_spread:
                variance = raised.mul_(rise).addcmul_(lowered, fall)
                # Normal draws are dear: of all cells, only those that are hit get one.
                hit = nonzero(variance) if cells is None else None
                spread = at(variance, hit).sqrt_()
                spread.mul_(torch.empty_like(spread).normal_(0, device.cycle_spread, generator=generator))
                w.add_(spread) if hit is None else w.index_add_(0, hit, spread)
            w.clamp_(steps.least, steps.high)
            if most > group:
                up, down = up - n, down - m
        if cells is not None:
            values.view(-1).index_copy_(0, cells, w)

    def wait(self, updates: float) -> None:
        """Let time pass, `updates` update cycles; these cells keep their weights."""

    def extra_repr(self) -> str:
        return f"{tuple(self.w.shape)}, {self.device}"


def nonzero(values: Tensor) -> Tensor:
    """Indices of what is not 0 in `values`, (n,)."""
    if values.is_cpu:
        return torch.from_numpy(np.flatnonzero(values.numpy() != 0))  # faster than torch's
    return values.nonzero().squeeze(1)


def at(value: Tensor, cells: Tensor | None) -> Tensor:
    """A per-cell value at the given cells; a 0-dimensional one serves all."""
    if value.dim() == 0:
        return value
    flat = value.view(-1)
    return flat if cells is None else flat.index_select(0, cells)
