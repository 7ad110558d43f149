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

from imc.analog.checks import positive, whole
from imc.errors import UserError

LONGEST = 31
"""Longest train of pulses."""

_CODE = 4096.0
"""In dense sums a coincidence counts 1 if up and 4096 if down: one float32 holds both counts exactly."""

_DRAWS = 2**22
"""Random numbers held at once, about: many samples are taken in several parts."""

_LISTED = 0.25
"""Coincidences for each cell up to which listing them is faster than a matrix product over all cells."""


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


class Update:
    """How an outer product is written; `Outer` and `PulseTrain` are updates."""

    def check(self, lr: float, dw_min: float, where: str) -> None:
        """Refuse a learning rate that the update cannot write. Raises `UserError`."""
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

    >>> import torch
    >>> from imc.analog import PulseTrain
    >>> p_x, p_delta, slots = PulseTrain(length=10).gains(
    ...     torch.tensor([[1.0, 0.5]]), torch.tensor([[0.2]]), lr=0.1, dw_min=0.01
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

    def gains(self, x: Tensor, delta: Tensor, lr: float, dw_min: float) -> tuple[Tensor, Tensor, Tensor]:
        """Firing probabilities and slots of each sample.

        Returns:
            C_x |x| (samples, inputs) and C_d |delta| (samples, outputs), where more than 1 means 1, and the
            slots (samples,), int64.
        """
        x, delta = x.abs(), delta.abs()
        x_most = x.amax(1) if self.x_limit is None else x.new_full((len(x),), self.x_limit)
        d_most = delta.amax(1) if self.delta_limit is None else x.new_full((len(x),), self.delta_limit)
        needed = x_most * d_most * (lr / dw_min)
        if self.x_limit is None and self.delta_limit is None:
            slots = needed.ceil().clamp_(max=self.length)
        else:
            slots = (needed > 0).to(x.dtype) * self.length
        root = (needed / slots).sqrt_()  # not a number where there are no slots: never used
        p_x = x.mul_((root / x_most).unsqueeze(1))
        p_d = delta.mul_((root / d_most).unsqueeze(1))
        return p_x, p_d, slots.long()

    def pulses(
        self, x: Tensor, delta: Tensor, lr: float, dw_min: float, generator: Generator
    ) -> Iterator[Pulses]:
        p_x, p_d, slots = self.gains(x, delta, lr, dw_min)
        below = x < 0
        sides = below if bool(below.any()) else None, delta < 0
        sample = torch.repeat_interleave(slots)
        most = max(1, min(int(_CODE) - 1, _DRAWS // (x.shape[1] + delta.shape[1])))
        for part in sample.split(most) if len(sample) > most else (sample,):
            rows, columns = _fire(p_x, part, generator), _fire(p_d, part, generator)
            found = _listed(rows, columns, part, *sides) if x.device.type == "cpu" else None
            yield found or _summed(rows, columns, part, *sides)


def _fire(p: Tensor, sample: Tensor, generator: Generator) -> Tensor:
    """Which lines fire in each slot: bool, (slots, lines), each on its own with its sample's probability."""
    u = torch.empty((len(sample), p.shape[1]), device=p.device).uniform_(generator=generator)
    return u < p.index_select(0, sample)


def _listed(
    rows: Tensor, columns: Tensor, sample: Tensor, x_below: Tensor | None, d_below: Tensor
) -> Pulses | None:
    """Coincidences listed one by one, and equal cells joined by sorting; None if they are too many for that.

    Args:
        rows, columns: what fires, (slots, inputs) and (slots, outputs).
        sample: the sample of each slot, (slots,).
        x_below: where inputs are negative, (samples, inputs), or None if nowhere.
        d_below: where errors are negative, (samples, outputs).
    """
    inputs, outputs = rows.shape[1], columns.shape[1]
    slot_x, j = np.divmod(np.flatnonzero(rows.numpy()), inputs)
    slot_d, i = np.divmod(np.flatnonzero(columns.numpy()), outputs)
    fired = np.bincount(slot_x, minlength=len(rows))
    met = fired[slot_d]  # inputs that each fired error meets: the stretch of `j` that its slot holds
    ends = met.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    if total > _LISTED * inputs * outputs:
        return None
    of = sample.numpy()
    # A coincidence is the number 2 cell + (1 if it is down); it is up where delta x is negative.
    error = 2 * inputs * i + ~d_below.numpy()[of[slot_d], i]
    begin = fired.cumsum() - fired
    at = np.arange(total) + np.repeat(begin[slot_d] - ends + met, met)
    codes = np.repeat(error, met)
    if x_below is not None:
        codes ^= x_below.numpy()[of[slot_x], j][at]
    codes += np.take(2 * j, at)
    codes.sort()
    cell, down = codes >> 1, codes & 1
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    count = np.diff(first, append=total)
    down = np.add.reduceat(down, first) if total else down
    return Pulses(*(torch.from_numpy(values) for values in (cell[first], count - down, down)))


def _summed(rows: Tensor, columns: Tensor, sample: Tensor, x_below: Tensor | None, d_below: Tensor) -> Pulses:
    """The same by a matrix product over all cells; arguments as in `_listed`."""
    signs = torch.where(d_below, 1.0, _CODE).index_select(0, sample)
    if x_below is None:
        counts = (columns * signs).T @ rows.to(signs.dtype)
    else:
        below = x_below.index_select(0, sample) & rows
        counts = (columns * signs).T @ (rows & ~below).to(signs.dtype)
        counts += (columns * (_CODE + 1 - signs)).T @ below.to(signs.dtype)
    down = (counts / _CODE).floor_()
    return Pulses(None, counts.sub_(down, alpha=_CODE), down)
