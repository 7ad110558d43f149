"""A trained controller as hardware holds it: its checkpoint, and a network of plain layers made from it."""

import numpy as np
import torch
from torch import Tensor, nn

from imc.binary.layers import Deployed, Inputs, standardize
from imc.binary.signs import bipolar
from imc.papers.batmann.controllers import CONVOLUTIONS, LAYERS, POOLED, Controller, shapes
from imc.papers.batmann.experiments import TrainConfig


def pack(controller: Controller) -> dict[str, np.ndarray]:
    """The checkpoint: for each layer its weights, `scale` and `bias` (outputs,), float32.

    Weights are one of `signs` (uint8, eight weights a byte, 1 for +1), `integers` (int8, or int16 where 8-bit
    weights exceed it; see `imc.binary.layers.EightBitLayer`) or `real` (float32).
    """
    arrays: dict[str, np.ndarray] = {}
    for name in LAYERS:
        layer = controller.layers[name].deployed()  # pyright: ignore[reportCallIssue]
        weight = layer.weight.cpu().numpy()
        if kind(controller.config, name) == "signs":
            arrays[f"{name}.signs"] = np.packbits(weight > 0)
        elif kind(controller.config, name) == "integers":
            codes = np.nan_to_num(weight, nan=0.0)  # of a network that diverged, whose scale is NaN as well
            arrays[f"{name}.integers"] = codes.astype(np.int8 if np.abs(codes).max() <= 127 else np.int16)
        else:
            arrays[f"{name}.real"] = weight
        arrays[f"{name}.scale"] = layer.scale.cpu().numpy()
        arrays[f"{name}.bias"] = layer.bias.cpu().numpy()
    return arrays


def unpack(config: TrainConfig, arrays: dict[str, np.ndarray]) -> dict[str, Deployed]:
    """The layers of a checkpoint by name, on the CPU in float32."""
    found = {}
    for name, shape in shapes(config).items():
        stored = arrays[f"{name}.{kind(config, name)}"]
        if kind(config, name) == "signs":
            stored = np.unpackbits(stored, count=int(np.prod(shape))).reshape(shape) * 2.0 - 1.0
        weight, scale, bias = (
            torch.from_numpy(a.astype(np.float32))
            for a in (stored, arrays[f"{name}.scale"], arrays[f"{name}.bias"])
        )
        found[name] = Deployed(weight, scale, bias, inputs(config, name))
    return found


def kind(config: TrainConfig, name: str) -> str:
    """How a layer's weights are stored: signs, integers or real."""
    chosen = {"conv1": config.first_layer, "dense": config.last_layer}.get(name, "binary")
    if config.controller == "fp32" and name in ("conv2", "conv3", "conv4"):
        return "real"
    return {"real": "real", "8bit": "integers", "binary": "signs"}[chosen]


def inputs(config: TrainConfig, name: str) -> Inputs:
    """What a layer makes of its inputs."""
    if kind(config, name) != "signs":
        return "real"
    return "standardized" if config.controller == "rbnn" and config.activations == "real" else "signs"


class Standardize(nn.Module):
    """Each sample to zero mean and unit variance, digital."""

    def forward(self, x: Tensor) -> Tensor:
        return standardize(x)


class Signs(nn.Module):
    """-1 or +1, digital, in the type that the next layer multiplies in."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        return bipolar(x).to(self.dtype)


class Scale(nn.Module):
    """scale * x + bias of each output (axis 1), digital."""

    def __init__(self, scale: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.scale, self.bias = nn.Buffer(scale), nn.Buffer(bias)

    def forward(self, x: Tensor) -> Tensor:
        axes = (-1, *[1] * (x.ndim - 2))
        return x * self.scale.view(axes) + self.bias.view(axes)


def network(layers: dict[str, Deployed], dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """The controller as a sequence of plain layers, for inference and for mapping onto crossbars.

    Its nn.Conv2d and nn.Linear have no bias and hold the weights as stored (signs as -1 and +1); all else is
    digital.

    Args:
        layers: by name, as `unpack` gives them.
        dtype: of everything but products of signs, which are exact in float32 and stay there.
    """
    modules = nn.Sequential()
    for name in LAYERS:
        layer = layers[name]
        product = torch.float32 if layer.inputs == "signs" else dtype
        if name == "dense":
            modules.append(nn.Flatten())
        if layer.inputs != "real":
            modules.append(Standardize())
        if layer.inputs == "signs":
            modules.append(Signs(product))
        modules.add_module(name, _plain(layer.weight.to(product)))
        modules.append(Scale(layer.scale.to(dtype), layer.bias.to(dtype)))
        if name in POOLED:
            modules.append(nn.MaxPool2d(2))
        if name in CONVOLUTIONS:
            modules.append(nn.ReLU())
    modules.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return modules.eval().requires_grad_(False)


def _plain(weight: Tensor) -> nn.Conv2d | nn.Linear:
    outputs, inputs = weight.shape[:2]
    if weight.ndim == 2:
        layer = nn.Linear(inputs, outputs, bias=False, dtype=weight.dtype)
    else:
        layer = nn.Conv2d(inputs, outputs, weight.shape[2], bias=False, dtype=weight.dtype)
    layer.weight = nn.Parameter(weight)
    return layer
