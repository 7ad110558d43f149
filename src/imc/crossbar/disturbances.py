"""What else happens to cells: stuck ones, programming error, drift, read noise, retention.

Steps as in `imc.crossbar.variation`, to be put behind a law of spread or to stand alone. The phase-change
laws are those of AIHWKit's inference model, in g = G/G_on (there G_on = 25 uS).

Ageing (`Drift`, `Retention`) is told as the time that the cells then have, counted from their programming. A
programmed network remembers how old its cells are, so that a series in time reads as it is meant:

    for seconds in (100, 1000, 86400):
        mapped.disturb(Drift(seconds), seed=7)    # one seed: every cell keeps its exponent

Without a network, `since` says how old the cells are that a step meets.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Generator, Tensor

from imc.crossbar.cells import Device
from imc.crossbar.checks import number, positive
from imc.crossbar.steps import Step, normal_like, uniform_like
from imc.errors import UserError


@dataclass(frozen=True)
class StuckCells(Step):
    """Each cell is stuck ON with probability `on`, stuck OFF with probability `off`.

    Raises:
        UserError: unless both are shares and their sum is at most 1.

    >>> import torch
    >>> from imc.crossbar import Device, StuckCells
    >>> g = torch.full((100_000,), 5e-4)
    >>> StuckCells(on=0.01)(g, Device(1e3, 1e4), torch.Generator().manual_seed(0))
    >>> round(float((g == 1e-3).double().mean()), 2)
    0.01
    """

    on: float = 0.0
    off: float = 0.0

    def __post_init__(self) -> None:
        if not _numbers(self.on, self.off) or not (
            self.on >= 0 and self.off >= 0 and self.on + self.off <= 1
        ):
            raise UserError(
                f"on = {self.on!r} and off = {self.off!r}: the shares of stuck cells lie between 0 and 1 "
                "together"
            )

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        u = uniform_like(g, generator)
        g.masked_fill_(u < self.on, device.g_on).masked_fill_(u >= 1 - self.off, device.g_off)


@dataclass(frozen=True)
class ProgrammingError(Step):
    """Conductance max(0, G + sigma(g) z), sigma(g) = (c0 + c1 g + c2 g^2 + ...) G_on/reference, not below 0.

    Attributes:
        coefficients: (c0, c1, c2, ...) in uS for a device of G_on = `reference`; the default is AIHWKit's
            phase-change memory.
        reference: uS.

    Raises:
        UserError: unless there is one coefficient at least, all are finite, and the reference is positive.

    >>> import torch
    >>> from imc.crossbar import Device, ProgrammingError
    >>> g = torch.full((100_000,), 25e-6)
    >>> ProgrammingError()(g, Device(4e4, 1e7), torch.Generator().manual_seed(0))
    >>> round(1e6 * float(g.std()), 1)  # 0.26348 + 1.9650 - 1.1731 uS
    1.1
    """

    coefficients: tuple[float, ...] = (0.26348, 1.9650, -1.1731)
    reference: float = 25.0

    def __post_init__(self) -> None:
        given = self.coefficients
        if not isinstance(given, tuple | list) or not given or not _numbers(*given):
            raise UserError(f"coefficients = {given!r}: a programming error has some, all finite")
        object.__setattr__(self, "coefficients", tuple(given))
        positive("reference", self.reference, "a conductance, uS,")

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        *lower, highest = self.coefficients
        relative = g / device.g_on
        sigma = relative.new_full(relative.shape, highest)
        for c in reversed(lower):
            sigma.mul_(relative).add_(c)
        sigma.clamp_(min=0).mul_(device.g_on / self.reference)
        g.addcmul_(sigma, normal_like(g, generator)).clamp_(min=0)


@dataclass(frozen=True)
class Drift(Step):
    """Conductance G (t/t0)^-nu after `seconds`, G as programmed, nu drawn for each cell and not below 0.

    nu has mean clamp(-0.0155 ln g + 0.0244, 0.049, 0.1) and SD clamp(-0.0125 ln g - 0.0059, 0.008, 0.045), g
    as programmed; t0 = 20 s is when the programmed conductance was verified.

    Attributes:
        seconds: age of the cells after the step.
        t0: when they were verified, seconds.
        since: age of the cells that the step meets; None: they are as verified. G and nu are then those that
            lead to what the cells are at that age, so that steps from one seed to another age are one drift.

    Raises:
        UserError: unless 0 < t0 <= since <= seconds < infinity.

    >>> import torch
    >>> from imc.crossbar import Device, Drift
    >>> g = torch.full((100_000,), 25e-6)
    >>> Drift(seconds=2000.0)(g, Device(4e4, 1e7), torch.Generator().manual_seed(0))
    >>> round(float(g.mean()) / 25e-6, 1)  # about 100^-0.049
    0.8
    """

    seconds: float
    t0: float = 20.0
    since: float | None = None

    def __post_init__(self) -> None:
        if not _numbers(self.seconds, self.t0) or not (self.t0 > 0 and self.seconds >= self.t0):
            raise UserError(
                f"seconds = {self.seconds!r}: drift counts from the verifying read at t0 = {self.t0!r} s"
            )
        _in_order(self, self.t0)

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        start = self.t0 if self.since is None else self.since
        z = normal_like(g, generator)
        now = (g / device.g_on).clamp_(min=1e-7).log_()
        nu = self._exponents(now, z)
        if elapsed := math.log(start / self.t0):
            for _ in range(_ROUNDS):
                nu = self._exponents(now.add(nu, alpha=elapsed), z)
        g.mul_(nu.mul_(-math.log(self.seconds / start)).exp_())

    def _exponents(self, log: Tensor, z: Tensor) -> Tensor:
        """nu of cells whose programmed g has this logarithm, for standard normal draws `z`."""
        mean = (-0.0155 * log).add_(0.0244).clamp_(0.049, 0.1)
        spread = (-0.0125 * log).sub_(0.0059).clamp_(0.008, 0.045)
        return mean.addcmul_(spread, z).clamp_(min=0)


_ROUNDS = 40
"""Of the iteration that finds a drifted cell's exponent; each halves the error at least, in a century."""


@dataclass(frozen=True)
class ReadNoise(Step):
    """Conductance max(0, G (1 + Q z)), Q = min(0.0088/g^0.65, 0.2) sqrt(ln((t + t_r)/(2 t_r))).

    The 1/f noise that has built up between a read of t_r = 250 ns and `seconds` after programming. It is one
    snapshot: all inputs of a batch see the same noise, so repeat the step for another read.

    Raises:
        UserError: if `seconds` is below t_r.

    >>> import torch
    >>> from imc.crossbar import Device, ReadNoise
    >>> g = torch.full((100_000,), 25e-6)
    >>> ReadNoise(seconds=1.0)(g, Device(4e4, 1e7), torch.Generator().manual_seed(0))
    >>> round(float(g.std() / g.mean()), 3)
    0.034
    """

    seconds: float
    t_read: float = 250e-9

    def __post_init__(self) -> None:
        if not _numbers(self.seconds, self.t_read) or not (self.t_read > 0 and self.seconds >= self.t_read):
            raise UserError(
                f"seconds = {self.seconds!r}: read noise needs a time not below t_read = {self.t_read!r} s"
            )

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        growth = math.sqrt(math.log((self.seconds + self.t_read) / (2 * self.t_read)))
        q = (g / device.g_on).clamp_(min=1e-7).pow_(-0.65).mul_(0.0088).clamp_(max=0.2).mul_(growth)
        g.mul_(q.mul_(normal_like(g, generator)).add_(1)).clamp_(min=0)


@dataclass(frozen=True)
class Retention(Step):
    """Conductance rest + (G - rest) exp(-t/tau): every cell leaks towards one resting conductance.

    The law of capacitor cells (dw/dt = -(w - w_rest)/tau) and a plain model of retention elsewhere.

    Attributes:
        seconds: age of the cells after the step, since programming.
        tau: time constant, seconds.
        rest: resting conductance, siemens.
        since: age of the cells that the step meets, seconds; None: they are as programmed.

    Raises:
        UserError: unless 0 <= since <= seconds, tau > 0 and rest >= 0, all finite.

    >>> import torch
    >>> from imc.crossbar import Device, Retention
    >>> g = torch.tensor([10e-6, 30e-6])
    >>> Retention(seconds=1.0, tau=1.0, rest=20e-6)(g, Device(4e4, 1e7), torch.Generator())
    >>> [round(1e6 * x, 2) for x in g.tolist()]
    [16.32, 23.68]
    """

    seconds: float
    tau: float
    rest: float
    since: float | None = None

    def __post_init__(self) -> None:
        finite = _numbers(self.seconds, self.tau, self.rest)
        if not finite or not (self.seconds >= 0 and self.tau > 0 and self.rest >= 0):
            raise UserError(
                f"seconds = {self.seconds!r}, tau = {self.tau!r} s, rest = {self.rest!r} S: retention needs "
                "a time of 0 or more, a positive time constant and a resting conductance of 0 or more, "
                "all finite"
            )
        _in_order(self, 0.0)

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        passed = self.seconds - (self.since or 0.0)
        g.sub_(self.rest).mul_(math.exp(-passed / self.tau)).add_(self.rest)


Ages = Mapping[type[Step], float]
"""How old cells are, in seconds, to each kind of ageing."""


def in_time(steps: Iterable[Step], ages: Ages) -> tuple[tuple[Step, ...], Ages]:
    """Steps that start where earlier ones of their kind ended, and the ages after them.

    Raises:
        UserError: if a step would make cells younger than they are.

    >>> (step,), ages = in_time((Drift(1000.0),), {Drift: 100.0})
    >>> step
    Drift(seconds=1000.0, t0=20.0, since=100.0)
    """
    found, after = [], dict(ages)
    for step in steps:
        if isinstance(step, Drift | Retention):
            if step.since is None and type(step) in after:
                step = replace(step, since=after[type(step)])
            after[type(step)] = step.seconds
        found.append(step)
    return tuple(found), after


def _numbers(*values: object) -> bool:
    """Whether all are finite numbers."""
    return all(number(value) and math.isfinite(value) for value in values)  # pyright: ignore[reportArgumentType]


def _in_order(step: Any, earliest: float) -> None:
    if step.since is not None and not (_numbers(step.since) and earliest <= step.since <= step.seconds):
        raise UserError(
            f"{type(step).__name__} to {step.seconds} s on cells that are {step.since!r} s old: "
            f"time runs forward, from {earliest} s on"
        )
