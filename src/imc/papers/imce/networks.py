"""The networks of the slides as layer tables: what is stored and computed follows from their shapes.

Fully connected layers are convolutions whose kernel covers their whole input, as the slides run them
("FC layers are equivalently implemented by convolutions").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from imc.errors import UserError

Kind = Literal["conv", "fc"]


@dataclass(frozen=True)
class Layer:
    """One layer with weights, on square pictures.

    Attributes:
        name, kind: what it is called and whether its author calls it convolution or fully connected.
        in_channels, in_side: its input is in_channels x in_side x in_side.
        out_channels: number of kernels.
        kernel, stride, padding: pixels.
        groups: parts into which input and output channels are cut; each kernel sees one part.
    """

    name: str
    kind: Kind
    in_channels: int
    in_side: int
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1

    @property
    def out_side(self) -> int:
        """Side of its output, pixels."""
        return (self.in_side + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def fan_in(self) -> int:
        """Weights of one kernel, which is the length of one dot product."""
        return self.in_channels // self.groups * self.kernel**2

    @property
    def weights(self) -> int:
        """Weights of all its kernels; biases are not among them."""
        return self.fan_in * self.out_channels

    @property
    def biases(self) -> int:
        """One a kernel."""
        return self.out_channels

    @property
    def positions(self) -> int:
        """Places at which each kernel is evaluated."""
        return self.out_side**2

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one picture."""
        return self.weights * self.positions

    @property
    def inputs(self) -> int:
        """Values that it reads."""
        return self.in_channels * self.in_side**2

    @property
    def outputs(self) -> int:
        """Values that it writes."""
        return self.out_channels * self.positions


@dataclass(frozen=True)
class Pool:
    """Pooling: window and stride in pixels, and the pixels of padding on both sides together."""

    window: int
    stride: int
    padding: int = 0

    def side(self, before: int) -> int:
        """Side of the picture after it."""
        return (before + self.padding - self.window) // self.stride + 1


@dataclass(frozen=True)
class Conv:
    """A convolution before it is put behind another: see `Layer`; `pool` comes after it."""

    name: str
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1
    pool: Pool | None = None
    kind: Kind = "conv"


@dataclass(frozen=True)
class Full:
    """A fully connected layer before it is put behind another."""

    name: str
    out_channels: int


@dataclass(frozen=True)
class Network:
    """Layers with weights, in the order of computation."""

    name: str
    layers: tuple[Layer, ...]

    @property
    def weights(self) -> int:
        """Weights of all layers, without biases."""
        return sum(layer.weights for layer in self.layers)

    @property
    def biases(self) -> int:
        """Biases of all layers, if each has them."""
        return sum(layer.biases for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one picture."""
        return sum(layer.macs for layer in self.layers)

    def __getitem__(self, name: str) -> Layer:
        """The layer called `name`.

        Raises:
            UserError: if there is none.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self.layers)
        raise UserError(f"{self.name} has no layer '{name}'; its layers are {known}")


def chain(name: str, channels: int, side: int, parts: Sequence[Conv | Full]) -> Network:
    """The network that `parts` make of pictures channels x side x side; sizes follow from one another.

    Raises:
        UserError: if a kernel or a pooling window is larger than what is left of the picture, or groups do
            not divide the channels.
    """
    layers: list[Layer] = []
    for part in parts:
        if isinstance(part, Full):
            layers.append(Layer(part.name, "fc", channels, side, part.out_channels, side))
            channels, side = part.out_channels, 1
            continue
        if channels % part.groups or part.out_channels % part.groups:
            raise UserError(f"{name}, {part.name}: {part.groups} groups do not divide its channels")
        shape = (part.out_channels, part.kernel, part.stride, part.padding, part.groups)
        layer = Layer(part.name, part.kind, channels, side, *shape)
        channels, side = layer.out_channels, layer.out_side
        if side >= 1 and part.pool is not None:
            side = part.pool.side(side)
        if side < 1:
            raise UserError(f"{name}, {part.name}: nothing is left of a picture of side {layer.in_side}")
        layers.append(layer)
    return Network(name, tuple(layers))


def _alexnet(name: str, groups: int) -> Network:
    return chain(
        name,
        3,
        227,
        (
            Conv("conv1", 96, 11, stride=4, pool=Pool(3, 2)),
            Conv("conv2", 256, 5, padding=2, groups=groups, pool=Pool(3, 2)),
            Conv("conv3", 384, 3, padding=1),
            Conv("conv4", 384, 3, padding=1, groups=groups),
            Conv("conv5", 256, 3, padding=1, groups=groups, pool=Pool(3, 2)),
            Full("fc6", 4096),
            Full("fc7", 4096),
            Full("fc8", 1000),
        ),
    )


ALEXNET = _alexnet("AlexNet", groups=1)
"""AlexNet on pictures 3x227x227, without groups: 62,378,344 weights and biases."""

ALEXNET_GROUPED = _alexnet("AlexNet in two groups", groups=2)
"""AlexNet as first published, for two GPUs: conv2, conv4 and conv5 in two groups."""

ALEXNET_DOREFA = chain(
    "AlexNet of DoReFa-Net",
    3,
    224,
    (
        Conv("conv1", 96, 12, stride=4),
        Conv("conv2", 256, 5, padding=2, groups=2, pool=Pool(3, 2, padding=1)),
        Conv("conv3", 384, 3, padding=1, pool=Pool(3, 2, padding=2)),
        Conv("conv4", 384, 3, padding=1, groups=2),
        Conv("conv5", 256, 3, padding=1, groups=2, pool=Pool(3, 2)),
        Full("fc6", 4096),
        Full("fc7", 4096),
        Full("fc8", 1000),
    ),
)
"""The AlexNet of DoReFa-Net's released code: pictures of 224, kernels of 12 in conv1, pooling elsewhere."""

SVHN = chain(
    "SVHN network",
    3,
    40,
    (
        Conv("conv0", 48, 5, pool=Pool(2, 2)),
        Conv("conv1", 64, 3, padding=1),
        Conv("conv2", 64, 3, padding=1, pool=Pool(2, 2)),
        Conv("conv3", 128, 3),
        Conv("conv4", 128, 3, padding=1),
        Conv("conv5", 128, 3),
        Conv("conv6", 512, 5, kind="fc"),
        Full("fc7", 10),
    ),
)
"""The network of DoReFa-Net's released SVHN example, which the slides modify: pictures of 40x40.

conv0 and fc7, first and last, are not quantized. conv6 has a kernel as wide as its input; it and fc7 are the
slides' "last two conv layers (converted from fully-connected layers)".
"""

LENET = chain(
    "LeNet",
    1,
    28,
    (
        Conv("conv1", 20, 5, pool=Pool(2, 2)),
        Conv("conv2", 50, 5, pool=Pool(2, 2)),
        Full("fc1", 500),
        Full("fc2", 10),
    ),
)
"""LeNet as Caffe distributes it (20-50-500-10), the usual one for MNIST; the slides do not say which."""

LENET_5 = chain(
    "LeNet-5",
    1,
    32,
    (
        Conv("conv1", 6, 5, pool=Pool(2, 2)),
        Conv("conv2", 16, 5, pool=Pool(2, 2)),
        Conv("conv3", 120, 5),
        Full("fc1", 84),
        Full("fc2", 10),
    ),
)
"""LeNet-5 of 1998 (6-16-120-84-10, pictures padded to 32x32), its second layer connected fully."""
