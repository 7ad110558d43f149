"""Tiki-Taka with a digital buffer between the arrays: second version, choppers, and AGAD.

Gokmen, Front. Artif. Intell. 4:699148 (2021); Rasch, Carta, Fagbohungbe & Gokmen, Nat. Commun. 15:7133
(2024) for the last two.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from imc.analog.algorithms import Setting, Tile
from imc.analog.checks import positive, share
from imc.analog.tikitaka import TikiTaka, TikiTakaTile


@dataclass(frozen=True, kw_only=True)
class TikiTakaV2(TikiTaka):
    """Tiki-Taka, second version: readings gather in a digital buffer H, and C gets single pulses.

    A column's reading v adds transfer_lr v to its column of H. Where |H| then reaches `threshold` steps of
    C, the cell of C gets one pulse of that sign, and H loses the threshold.

    Attributes:
        threshold: in steps dw_min of C.
        keep: share of H that stays after its pulse; None takes the threshold away, so that nothing is lost.

    `transfer_update` is not used.

    Raises:
        UserError: also for a threshold of 0, or a share outside 0 to 1.

    >>> from imc.analog import AnalogLinear, SoftBounds, TikiTakaV2
    >>> algorithm = TikiTakaV2(gamma=0.1, every=2, transfer_lr=0.1)
    >>> layer = AnalogLinear(4, 2, SoftBounds(states=1200), algorithm=algorithm, seed=0)
    >>> sorted(layer.tile.arrays)
    ['a', 'c']
    """

    threshold: float = 1.0
    keep: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(type(self).__name__, threshold=self.threshold)
        if self.keep is not None:
            share(type(self).__name__, keep=self.keep)

    def tile(self, setting: Setting, generator: Generator) -> Tile:
        return BufferedTile(self, setting, generator)


class BufferedTile(TikiTakaTile):
    """The arrays `a` and `c` with the buffer `h` between them, (outputs, inputs), in weights."""

    algorithm: TikiTakaV2
    h: Tensor

    def __init__(self, algorithm: TikiTakaV2, setting: Setting, generator: Generator) -> None:
        super().__init__(algorithm, setting, generator)
        self.register_buffer("h", torch.zeros_like(self.reference))

    def transfer(self, columns: Tensor, v: Tensor, generator: Generator) -> None:
        limit = self.algorithm.threshold * self.c.device.dw_min
        held = self.h.index_select(1, columns).add_(v.T, alpha=self.algorithm.transfer_lr)
        up, down = (held >= limit).to(held.dtype), (held <= -limit).to(held.dtype)
        pulsed = up + down > 0
        if self.algorithm.keep is None:
            held.sub_(up, alpha=limit).add_(down, alpha=limit)
        else:
            held = torch.where(pulsed, held * self.algorithm.keep, held)
        self.h.index_copy_(1, columns, held)
        row, column = pulsed.nonzero(as_tuple=True)
        cells = row * self.setting.shape[1] + columns[column]
        self.c.pulse(cells, up[row, column], down[row, column], generator)


@dataclass(frozen=True, kw_only=True)
class ChoppedTikiTaka(TikiTakaV2):
    """`TikiTakaV2` whose inputs to A change sign by chance, so that an error of the reference averages out.

    Column j of A gets s_j x_j, and its reading counts s_j v in H. After each of its readings s_j changes
    sign with probability `chop`.

    Raises:
        UserError: also if `chop` is not a probability.

    >>> from imc.analog import AnalogLinear, ChoppedTikiTaka, SoftBounds
    >>> algorithm = ChoppedTikiTaka(gamma=0.1, every=2, transfer_lr=0.1, chop=0.1)
    >>> layer = AnalogLinear(4, 2, SoftBounds(states=1200), algorithm=algorithm, seed=0)
    >>> sorted(layer.tile.arrays)
    ['a', 'c']
    """

    chop: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        share(type(self).__name__, chop=self.chop)

    def tile(self, setting: Setting, generator: Generator) -> Tile:
        return ChoppedTile(self, setting, generator)


class ChoppedTile(BufferedTile):
    """`BufferedTile` with the choppers' signs `s`, (inputs,)."""

    algorithm: ChoppedTikiTaka
    s: Tensor

    def __init__(self, algorithm: ChoppedTikiTaka, setting: Setting, generator: Generator) -> None:
        super().__init__(algorithm, setting, generator)
        self.register_buffer("s", self.reference.new_ones(setting.shape[1]))

    @property
    def weight(self) -> Tensor:
        if self.algorithm.gamma == 0:
            return self.c.weight
        a = torch.sub(self.a.weight, self.reference).mul_(self.s)
        return a.mul_(self.algorithm.gamma).add_(self.c.weight)

    def gather(self, x: Tensor, delta: Tensor, lr: float, generator: Generator) -> None:
        super().gather(x * self.s, delta, lr, generator)

    def transfer(self, columns: Tensor, v: Tensor, generator: Generator) -> None:
        signs = self.s.index_select(0, columns)
        super().transfer(columns, v * signs.unsqueeze(1), generator)
        flips = torch.rand(len(columns), generator=generator, device=v.device) < self.algorithm.chop
        self.s.index_copy_(0, columns, torch.where(flips, -signs, signs))
        self.chopped(columns[flips])

    def chopped(self, columns: Tensor) -> None:
        """Called with the columns whose sign has just changed."""


@dataclass(frozen=True, kw_only=True)
class AGAD(ChoppedTikiTaka):
    """Analog gradient accumulation with dynamic reference: choppers, and a reference found on the fly.

    A running average P <- P + average (v - P) of each cell's readings becomes its digital reference when its
    column's sign changes, and is taken away from the readings until the next change. An error of the stored
    reference is thus part of both, and falls out.

    Attributes:
        average: weight of the newest reading in the running average.

    Raises:
        UserError: also if `average` is not above 0 and at most 1.

    >>> from imc.analog import AGAD, AnalogLinear, SoftBounds
    >>> algorithm = AGAD(gamma=0.1, every=2, transfer_lr=0.1, chop=0.1)
    >>> layer = AnalogLinear(4, 2, SoftBounds(states=1200), algorithm=algorithm, seed=0)
    >>> sorted(layer.tile.arrays)
    ['a', 'c']
    """

    average: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("AGAD", average=self.average)
        share("AGAD", average=self.average)

    def tile(self, setting: Setting, generator: Generator) -> Tile:
        return AGADTile(self, setting, generator)


class AGADTile(ChoppedTile):
    """`ChoppedTile` with running averages `p` and digital references `q`, both (outputs, inputs)."""

    algorithm: AGAD
    p: Tensor
    q: Tensor

    def __init__(self, algorithm: AGAD, setting: Setting, generator: Generator) -> None:
        super().__init__(algorithm, setting, generator)
        self.register_buffer("p", self.a.weight - self.reference)  # a first reading of the array at rest
        self.register_buffer("q", self.p.clone())

    def transfer(self, columns: Tensor, v: Tensor, generator: Generator) -> None:
        past = self.p.index_select(1, columns)
        self.p.index_copy_(1, columns, past.lerp(v.T, self.algorithm.average))
        super().transfer(columns, v - self.q.index_select(1, columns).T, generator)

    def chopped(self, columns: Tensor) -> None:
        self.q.index_copy_(1, columns, self.p.index_select(1, columns))
