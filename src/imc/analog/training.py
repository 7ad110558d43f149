"""Training networks in which some layers are analog: an optimizer as torch has them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from imc.analog.layers import AnalogLinear
from imc.errors import UserError


def analog_layers(network: nn.Module) -> list[AnalogLinear]:
    """The network's analog layers, in order.

    Raises:
        UserError: if it has none, or is no network.
    """
    if not isinstance(network, nn.Module):
        raise UserError(f"a network with AnalogLinear layers is wanted, not a {type(network).__name__}")
    layers = [module for module in network.modules() if isinstance(module, AnalogLinear)]
    if not layers:
        raise UserError(
            f"{type(network).__name__} holds no AnalogLinear layer: nothing here is trained by pulses"
        )
    return layers


def step(network: nn.Module, lr: float) -> None:
    """Give all analog layers the pulses of the backward passes since the last step.

    Args:
        network: holds the layers.
        lr: learning rate of w <- w - lr gradient.

    Raises:
        UserError: before any pulse, if a layer cannot write that learning rate.

    >>> import torch
    >>> from imc.analog import AnalogLinear, Ideal, step
    >>> layer = AnalogLinear(2, 1, Ideal(states=400), seed=0)
    >>> x, y = torch.eye(2), torch.tensor([[0.2], [-0.3]])
    >>> for _ in range(100):
    ...     loss = (layer(x) - y).square().sum()
    ...     loss.backward()
    ...     step(layer, lr=0.05)
    >>> float(loss.detach()) < 0.05
    True
    """
    layers = analog_layers(network)
    for layer in layers:
        layer.tile.check(lr)
    for layer in layers:
        layer.step(lr)


class AnalogSGD(torch.optim.Optimizer):
    """Gradient descent for networks with analog layers; torch's learning-rate schedulers drive it.

    Analog layers get pulses; ordinary parameters of the network, if any, take p <- p - lr gradient.

    Args:
        network: the network.
        lr: learning rate.

    Raises:
        UserError: if the network has no analog layer, or one of them cannot write that learning rate.

    >>> import torch
    >>> from imc.analog import AnalogLinear, AnalogSGD, Ideal
    >>> layer = AnalogLinear(2, 1, Ideal(states=400), seed=0)
    >>> x, y = torch.eye(2), torch.tensor([[0.2], [-0.3]])
    >>> optimizer = AnalogSGD(layer, lr=0.05)
    >>> for _ in range(100):
    ...     loss = (layer(x) - y).square().sum()
    ...     loss.backward()
    ...     optimizer.step()
    >>> float(loss.detach()) < 0.05
    True
    """

    def __init__(self, network: nn.Module, lr: float) -> None:
        self.layers = analog_layers(network)
        for layer in self.layers:
            layer.tile.check(lr)
        parameters = [layer.anchor for layer in self.layers] + list(network.parameters())
        super().__init__(parameters, {"lr": lr})

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget gradients, and backward passes that no step has used."""
        super().zero_grad(set_to_none)
        for layer in self.layers:
            layer.pending.clear()

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Apply what the backward passes since the last step have gathered."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        (group,) = self.param_groups
        lr = float(group["lr"])
        for layer in self.layers:
            layer.tile.check(lr)
        for layer in self.layers:
            layer.step(lr)
        for p in group["params"]:
            if p.grad is not None:
                p.add_(p.grad, alpha=-lr)
        return loss
