"""Updates: how an outer product of inputs and errors becomes pulses.

A layer's update is w <- w - lr sum_b delta_b x_b^T. `Outer` gives each cell just that, in fractions of
pulses; `PulseTrain` sends random trains along rows and columns, and a cell moves where two pulses meet.

Stochastic trains (Gokmen & Vlasov 2016, equations 2 and 3): in each of BL slots the row of x_j fires with
probability C_x |x_j| and the column of delta_i with C_d |delta_i|. C_x C_d = lr/(BL dw_min), so that the
expected change is lr x_j delta_i, while neither probability exceeds 1. With p = C_x C_d |x_j delta_i| the
number of coincidences is binomial: mean BL p, variance BL p (1 - p).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from imc.analog.checks import number, positive, whole
from imc.errors import UserError

LONGEST = 31
"""Longest train of pulses."""

_DRAWS = 2**22
"""Random numbers held at once, about: many samples are taken in several parts."""

_LISTED = 0.5
"""Share of the cells where lines that fire cross, up to which only cells that are hit are given pulses."""


@dataclass(frozen=True)
class Pulses:
    """Pulses for some cells of an array.

    Attributes:
        cells: flat indices, shape (n,), each once; None for all cells in order.
        up, down: pulses in each direction, shape (n,) or that of the array.
    """

    cells: Tensor | None
    up: Tensor
    down: Tensor

    def to(self, device: torch.device) -> "Pulses":
        """The same on another device."""
        cells = None if self.cells is None else self.cells.to(device)
        return Pulses(cells, self.up.to(device), self.down.to(device))


class Update:
    """How an outer product is written; `Outer` and `PulseTrain` are updates."""

    def check(self, lr: float, dw_min: float, where: str) -> None:
        """Refuse a learning rate that the update cannot write. Raises `UserError`."""
        number(where, lr=lr)
        if not (math.isfinite(lr) and lr >= 0):
            raise UserError(f"{where}: lr = {lr}: a learning rate must be 0 or more, and finite")

    def pulses(
        self, x: Tensor, delta: Tensor, lr: float, dw_min: float, generator: Generator
    ) -> Iterator[Pulses]:
        """The pulses of w <- w - lr delta^T x on an array of step `dw_min`.

        Args:
            x: inputs, shape (samples, inputs).
            delta: gradient by the outputs, shape (samples, outputs).
            lr: learning rate.
            dw_min: step of one pulse.
            generator: draws the trains.

        Yields:
            Pulses, to be applied one after the other.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Outer(Update):
    """The exact outer product: lr |delta x|/dw_min pulses, not whole, each sample's sign on its own side.

    With device response this is line 10 of the slides' Algorithm 1, w + D F(w) - |D| G(w), with D and |D|
    summed over the samples of a mini-batch.

    >>> import torch
    >>> from imc.analog import Outer
    >>> x, delta = torch.tensor([[1.0, -0.5]]), torch.tensor([[0.2]])
    >>> (pulses,) = Outer().pulses(x, delta, lr=0.1, dw_min=0.01, generator=torch.Generator())
    >>> (pulses.up - pulses.down).tolist()  # -lr delta x/dw_min
    [[-2.0, 1.0]]
    """

    def pulses(
        self, x: Tensor, delta: Tensor, lr: float, dw_min: float, generator: Generator
    ) -> Iterator[Pulses]:
        net = (delta.T @ x).mul_(-lr / dw_min)
        total = (delta.abs().T @ x.abs()).mul_(lr / dw_min)
        total = torch.maximum(total, net.abs())
        yield Pulses(None, (total + net) / 2, (total - net) / 2)


@dataclass(frozen=True)
class PulseTrain(Update):
    """Stochastic trains of pulses.

    Attributes:
        length: BL, slots in a train, 1 to 31.
        x_limit: largest |x| that the trains can write, C_x x_limit = C_d delta_limit; larger inputs are
            clipped. None measures it anew in each sample.
        delta_limit: largest |delta|, likewise. A loss averaged over n samples gives deltas of 1/n.

    With both limits 1 the gains are C = sqrt(lr/(BL dw_min)) on both sides, as in 2016. With both measured
    (`PulseTrain.managed`) each sample also takes only as many slots as its largest product needs.

    Raises:
        UserError: for a length below 1 or above 31, or a limit that is not positive.

    >>> import numpy as np
    >>> from imc.analog import PulseTrain
    >>> p_x, p_delta, slots = PulseTrain(length=10).gains(
    ...     np.array([[1.0, 0.5]]), np.array([[0.2]]), lr=0.1, dw_min=0.01
    ... )
    >>> p_x.tolist(), slots.tolist()
    ([[1.0, 0.5]], [10])
    """

    length: int = LONGEST
    x_limit: float | None = 1.0
    delta_limit: float | None = 1.0

    def __post_init__(self) -> None:
        whole("PulseTrain", 1, LONGEST, length=self.length)
        for name in ("x_limit", "delta_limit"):
            if getattr(self, name) is not None:
                positive("PulseTrain", **{name: getattr(self, name)})

    @classmethod
    def managed(cls, length: int = LONGEST) -> "PulseTrain":
        """Trains whose gains and length follow each sample's largest |x| and |delta|."""
        return cls(length, None, None)

    def check(self, lr: float, dw_min: float, where: str) -> None:
        super().check(lr, dw_min, where)
        if self.x_limit is None or self.delta_limit is None:
            return
        largest = self.x_limit * self.delta_limit
        needed, highest = lr * largest / dw_min, self.length * dw_min / largest
        if needed > self.length * (1 + 1e-9):
            raise UserError(
                f"{where}: lr = {lr:g} needs {needed:.4g} pulses of {dw_min:g} to write "
                f"|x delta| = {largest:g}, and a train has {self.length}: lower lr to {highest:.4g}, "
                "lengthen the train, or state smaller limits"
            )

    def gains(
        self, x: np.ndarray, delta: np.ndarray, lr: float, dw_min: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Firing probabilities and slots of each sample, of x (samples, inputs), delta (samples, outputs).

        Returns:
            C_x x (samples, inputs) and C_d delta (samples, outputs): probabilities with the signs of x and
            delta, where more than 1 means 1; and the slots (samples,), int64.
        """
        x_most, d_most = _most(x, self.x_limit), _most(delta, self.delta_limit)
        needed = x_most * d_most * (lr / dw_min)
        if self.x_limit is None and self.delta_limit is None:
            slots = np.minimum(np.ceil(needed), self.length).astype(np.int64)
        else:
            slots = np.where(needed > 0, self.length, 0)
        with np.errstate(divide="ignore", invalid="ignore"):  # not a number without slots: never used
            root = np.sqrt(needed / slots).astype(x.dtype)
            return x * (root / x_most)[:, None], delta * (root / d_most)[:, None], slots

    def pulses(
        self, x: Tensor, delta: Tensor, lr: float, dw_min: float, generator: Generator
    ) -> Iterator[Pulses]:
        p_x, p_d, slots = self.gains(x.numpy(force=True), delta.numpy(force=True), lr, dw_min)
        sample = np.repeat(np.arange(len(slots)), slots)
        most = max(1, _DRAWS // (x.shape[1] + delta.shape[1]))
        for begin in range(0, len(sample), most):
            part = sample[begin : begin + most]
            errors = _fire(p_d, part, generator)
            met = errors.any(1)  # the other slots need no inputs drawn
            if not met.all():
                part, errors = part[met], errors[met]
            pulses = _coincidences(_fire(p_x, part, generator), errors)
            yield pulses if x.is_cpu else pulses.to(x.device)


def _most(values: np.ndarray, limit: float | None) -> np.ndarray:
    """Each row's largest magnitude, or the stated one."""
    if limit is not None:
        return np.full(len(values), limit, values.dtype)
    return np.maximum(np.maximum.reduce(values, 1), -np.minimum.reduce(values, 1))


def _fire(p: np.ndarray, sample: np.ndarray, generator: Generator) -> np.ndarray:
    """What fires in each slot, bool (slots, 2 lines): lines of positive `p` first, then those of negative.

    Each line fires on its own, with the probability |p| of the slot's sample.
    """
    p = p.take(sample, 0)
    u = torch.empty(p.shape, device=generator.device).uniform_(generator=generator).numpy(force=True)
    return np.concatenate((u < p, u < -p), 1)


def _coincidences(inputs: np.ndarray, errors: np.ndarray) -> Pulses:
    """Where inputs and errors fire together in all slots; arguments as `_fire` gives them.

    A coincidence of like signs is a pulse down, one of unlike signs a pulse up.
    """
    n, m = inputs.shape[1] // 2, errors.shape[1] // 2
    sides = np.concatenate((errors[:, m:], errors[:, :m]), 1)  # up and down where the input is positive
    below = inputs[:, n:]
    inputs = inputs[:, :n]
    if below.any():
        inputs, sides = np.concatenate((inputs, below)), np.concatenate((sides, errors))
    i, j = np.flatnonzero(sides[:, :m].any(0) | sides[:, m:].any(0)), np.flatnonzero(inputs.any(0))
    listed = len(i) * len(j) <= _LISTED * m * n
    if listed:
        sides, inputs = sides.take(np.concatenate((i, i + m)), 1), inputs.take(j, 1)
    one, other = (torch.from_numpy(fired.astype(np.float32)) for fired in (sides, inputs))
    up, down = (one.T @ other).view(2, -1)
    if not listed:
        return Pulses(None, up, down)
    hit = np.flatnonzero((up + down).numpy() != 0)
    row, column = np.divmod(hit, len(j) or 1)
    cells, at = torch.from_numpy(i.take(row) * n + j.take(column)), torch.from_numpy(hit)
    return Pulses(cells, up.index_select(0, at), down.index_select(0, at))
