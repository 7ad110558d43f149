"""Algorithms: what happens to a layer's arrays when a mini-batch's inputs and errors are known."""

from dataclasses import dataclass, field
from typing import Any

from torch import Generator, Tensor, nn

from imc.analog.arrays import Array
from imc.analog.devices import Device
from imc.analog.periphery import Periphery
from imc.analog.pulses import Update
from imc.analog.references import Reference


@dataclass(frozen=True)
class Setting:
    """What a layer is made of, handed to its algorithm.

    Attributes:
        shape: (outputs, inputs) of its arrays.
        device: of its cells.
        update: how outer products are written.
        periphery: how arrays are read.
        where: the layer's name in messages.
    """

    shape: tuple[int, int]
    device: Device
    update: Update
    periphery: Periphery
    where: str


class Tile(nn.Module):
    """The arrays behind one layer.

    Attributes:
        setting: shape, device, update, periphery.
        samples: samples that it has been trained with.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setting = setting
        self.samples = 0

    @property
    def weight(self) -> Tensor:
        """The weights that products are taken with, (outputs, inputs)."""
        raise NotImplementedError

    def program(self, weight: Tensor) -> None:
        """Start from these weights, (outputs, inputs), kept within the bounds of the cells."""
        raise NotImplementedError

    def check(self, lr: float) -> None:
        """Refuse a learning rate that cannot be written, with a `UserError`."""
        raise NotImplementedError

    def step(self, x: Tensor, delta: Tensor, lr: float, generator: Generator) -> None:
        """Train with inputs (samples, inputs) and errors (samples, outputs)."""
        self.train_with(x, delta, lr, generator)
        self.samples += len(x)
        for array in self.arrays.values():
            array.wait(len(x))

    def train_with(self, x: Tensor, delta: Tensor, lr: float, generator: Generator) -> None:
        """The algorithm itself; `step` lets time pass behind it."""
        raise NotImplementedError

    @property
    def arrays(self) -> dict[str, Array]:
        """The arrays by their names in the algorithm."""
        return {name: module for name, module in self.named_children() if isinstance(module, Array)}

    @property
    def pulses(self) -> dict[str, int]:
        """Pulses that all cells of each array have received together."""
        return {name: sum(array.pulses) for name, array in self.arrays.items()}

    def get_extra_state(self) -> dict[str, Any]:
        return {"samples": self.samples}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.samples = state["samples"]


def write(array: Array, x: Tensor, delta: Tensor, lr: float, update: Update, generator: Generator) -> None:
    """array <- array - lr delta^T x, as `update` and the cells let it happen."""
    for pulses in update.pulses(x, delta, lr, array.device.dw_min, generator):
        array.pulse(pulses.cells, pulses.up, pulses.down, generator)


class Algorithm:
    """How a layer is trained: `SGD`, `TikiTaka` and their like."""

    def tile(self, setting: Setting, generator: Generator) -> Tile:
        """Arrays for a layer, their device-to-device spread drawn."""
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Algorithm):
    """Stochastic gradient descent: each update goes to the array that holds the weights.

    Attributes:
        reference: the zero of the array; `Reference("symmetry")` or `Reference("pulsed")` is zero-shifting.

    >>> from imc.analog import SGD, SoftBounds, learn_matrix
    >>> course = learn_matrix(SoftBounds(states=200), SGD(), size=4, samples=2000, lr=0.1)
    >>> course.error[-1] < 0.2
    True
    """

    reference: Reference = field(default_factory=Reference)

    def tile(self, setting: Setting, generator: Generator) -> Tile:
        return SGDTile(self, setting, generator)


class SGDTile(Tile):
    """One array, `c`, and its reference."""

    reference: Tensor

    def __init__(self, algorithm: SGD, setting: Setting, generator: Generator) -> None:
        super().__init__(setting)
        self.c = setting.device.array(setting.shape, generator)
        self.shifted = algorithm.reference != Reference()
        self.register_buffer(
            "reference", algorithm.reference.place(self.c, generator) if self.shifted else None
        )

    @property
    def weight(self) -> Tensor:
        return self.c.weight - self.reference if self.shifted else self.c.weight

    def program(self, weight: Tensor) -> None:
        self.c.program(weight + self.reference if self.shifted else weight)

    def check(self, lr: float) -> None:
        self.setting.update.check(lr, self.setting.device.dw_min, self.setting.where)

    def train_with(self, x: Tensor, delta: Tensor, lr: float, generator: Generator) -> None:
        write(self.c, x, delta, lr, self.setting.update, generator)
