"""A whole network on crossbars: its Linear and Conv2d layers mapped in one call, the rest left digital."""

import copy
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn

from imc.crossbar.arrays import Chip
from imc.crossbar.layers import CrossbarLayer
from imc.crossbar.variation import Step
from imc.errors import UserError


class CrossbarNetwork(nn.Module):
    """A network whose weights lie on crossbars; `map_network` makes one.

    It is called as the network it was made from, runs without autograd, and answers in float32. `.to` moves
    it between devices and sets the type of its products (float32 or bfloat16); conductances stay in float32.

    Attributes:
        network: the network, its mapped layers replaced.
        chip: what they are mapped to.
        layers: the mapped layers by name.
        conductances: every cell of every layer, siemens, one flat tensor of which the layers hold views.
    """

    def __init__(self, network: nn.Module, chip: Chip, layers: dict[str, CrossbarLayer]) -> None:
        super().__init__()
        self.network, self.chip, self.layers = network, chip, layers
        place = next(iter(layers.values())).ideal.device
        self.conductances = torch.empty(sum(_size(layer) for layer in layers.values()), device=place)
        self._bind(torch.float32)

    def program(self, seed: int) -> None:
        """Program every cell anew: one chip of those that the variation describes, the one of this seed."""
        generator = self._generator(seed)
        with torch.no_grad():
            for layer in self.layers.values():
                layer.program(generator)

    def disturb(self, *steps: Step, seed: int) -> None:
        """Apply further steps to the cells as they stand: age them, read them again."""
        generator = self._generator(seed)
        with torch.no_grad():
            for layer in self.layers.values():
                layer.disturb(steps, generator)

    def tune(self, seed: int, samples: int = 256) -> None:
        """Correct each layer's outputs by one slope and one intercept, until it is programmed again."""
        generator = self._generator(seed)
        with torch.no_grad():
            for layer in self.layers.values():
                layer.tune(generator, samples)

    def refresh(self) -> None:
        """Take conductances into use that were changed from outside."""
        with torch.no_grad():
            for layer in self.layers.values():
                layer.refresh()

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The network's output for a batch, float32."""
        if x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        return self.network(x).float()

    def _generator(self, seed: int) -> torch.Generator:
        return torch.Generator(self.conductances.device).manual_seed(seed)

    def _bind(self, dtype: torch.dtype) -> None:
        start = 0
        for layer in self.layers.values():
            own = self.conductances[start : (start := start + _size(layer))]
            cells, bias = own.split([_count(layer.cell_shape), _count(layer.bias_shape)])
            layer.bind(cells.view(layer.cell_shape), bias.view(layer.bias_shape), dtype)

    def _apply(self, fn, recurse: bool = True):  # torch's own hook behind .to, .cuda, .bfloat16
        super()._apply(fn, recurse)
        probe = fn(torch.empty(0, dtype=next(iter(self.layers.values())).matrix.dtype))
        self.conductances = self.conductances.to(probe.device)
        self._bind(probe.dtype)
        self.refresh()
        return self


def map_network(network: nn.Module, chip: Chip, keep: Collection[str] = (), seed: int = 0) -> CrossbarNetwork:
    """Map a copy of `network` to crossbars and program it.

    Linear and Conv2d layers become crossbars. Whatever else has no matrix of weights (activations, pooling,
    normalisation, a network's own arithmetic) stays as it is, and so do the layers named in `keep`.

    Args:
        network: any module whose weights are in float32, on any device.
        chip: what to map it to.
        keep: names of layers, as `network.named_modules` gives them, that stay digital.
        seed: of the first programming.

    Raises:
        UserError: for a layer with a matrix of weights that is neither kept nor a Linear or Conv2d, for
            weights that are not finite or beyond the chip's limit, or if nothing is left to map.
    """
    names = {name for name, _ in network.named_modules()}
    if unknown := sorted(set(keep) - names):
        known = ", ".join(sorted(names - {""}))
        raise UserError(f"keep names '{unknown[0]}', but the network has no such layer; it has {known}")
    layers: dict[str, CrossbarLayer] = {}
    replaced: dict[int, Any] = {}
    for name, module in network.named_modules():
        if any(f"{name}.".startswith(f"{kept}.") for kept in keep):
            continue
        if isinstance(module, nn.Linear | nn.Conv2d) and type(module) in (nn.Linear, nn.Conv2d):
            layers[name] = replaced[id(module)] = CrossbarLayer(name, module, chip)
            continue
        matrices = [p for p, value in module.named_parameters(recurse=False) if value.ndim > 1]
        if matrices:
            raise UserError(
                f"layer '{name}' is a {type(module).__name__} with weights '{matrices[0]}': only Linear and "
                "Conv2d map to crossbars; name it in keep to leave it digital"
            )
    if not layers:
        raise UserError("the network has no Linear or Conv2d layer to map to crossbars")
    # Copying looks each layer up in `replaced` first, so that its crossbar stands wherever the layer stood.
    mapped = CrossbarNetwork(copy.deepcopy(network, replaced), chip, layers).eval()
    mapped.program(seed)
    return mapped


def _count(shape: tuple[int, ...]) -> int:
    return int(torch.Size(shape).numel())


def _size(layer: CrossbarLayer) -> int:
    return _count(layer.cell_shape) + _count(layer.bias_shape)
