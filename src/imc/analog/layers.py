"""`AnalogLinear`: a drop-in for torch.nn.Linear whose weights lie on arrays of devices."""

import math
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from imc.analog.algorithms import SGD, Algorithm, Setting
from imc.analog.checks import whole
from imc.analog.devices import Device
from imc.analog.periphery import Periphery
from imc.analog.pulses import PulseTrain, Update
from imc.errors import UserError

MOST_PENDING = 1000
"""Backward passes that may wait for a step."""


class AnalogLinear(nn.Module):
    """A fully connected layer, y = x W^T + b, on arrays that are trained by pulses.

    The forward and backward products are read from the arrays; the backward pass keeps inputs and errors,
    and `AnalogSGD.step` (or `imc.analog.step`) turns them into pulses::

        network = nn.Sequential(AnalogLinear(784, 256, SoftBounds(states=1200)), nn.Sigmoid(), ...)
        optimizer = AnalogSGD(network, lr=0.01)
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(network(x), y).backward()
            optimizer.step()

    Args:
        in_features: inputs.
        out_features: outputs.
        device: of all cells.
        algorithm: `SGD()` by default.
        update: how outer products are written, `PulseTrain()` by default.
        periphery: converters and noise, none by default.
        bias: one more input that is always 1, on the arrays like all others.
        seed: of the devices, the first weights and all pulses and noise. None draws one from torch's global
            generator, so that torch.manual_seed repeats a network as it does for nn.Linear.

    Weights start uniform in +-1/sqrt(in_features), as in nn.Linear, kept within the devices' bounds. The
    state of the random generator is part of `state_dict`.

    Raises:
        UserError: for sizes below 1, or a device that has no reference point that the algorithm needs.

    >>> import torch
    >>> from imc.analog import SGD, AnalogLinear, SoftBounds
    >>> layer = AnalogLinear(4, 2, SoftBounds(states=1200), algorithm=SGD(), seed=0)
    >>> layer(torch.ones(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        device: Device,
        *,
        algorithm: Algorithm | None = None,
        update: Update | None = None,
        periphery: Periphery | None = None,
        bias: bool = True,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        whole("AnalogLinear", 1, in_features=in_features, out_features=out_features)
        if not isinstance(device, Device):
            raise UserError(
                f"AnalogLinear: device = {device!r}: it must be a device such as SoftBounds(states=1200)"
            )
        self.in_features, self.out_features, self.has_bias = in_features, out_features, bias
        self.seed = int(torch.randint(2**62, ())) if seed is None else seed
        self.generator = torch.Generator().manual_seed(self.seed)
        self.algorithm = algorithm or SGD()
        self.periphery = periphery or Periphery()
        setting = Setting(
            shape=(out_features, in_features + bias),
            device=device,
            update=update or PulseTrain(),
            periphery=self.periphery,
            where=f"AnalogLinear({in_features}, {out_features})",
        )
        self.tile = self.algorithm.tile(setting, self.generator)
        self.pending: list[tuple[Tensor, Tensor]] = []
        # Autograd asks for a gradient only behind something that wants one; nothing is ever learnt in it.
        self.anchor = torch.zeros((), requires_grad=True)
        first = torch.empty(setting.shape).uniform_(-1, 1, generator=self.generator)
        with torch.no_grad():
            self.tile.program(first.mul_(1 / math.sqrt(in_features)))

    @property
    def weight(self) -> Tensor:
        """The weights in effect, (out_features, in_features), a copy."""
        return self.tile.weight[:, : self.in_features].clone()

    @property
    def bias(self) -> Tensor | None:
        """The bias in effect, (out_features,), a copy, or None."""
        return self.tile.weight[:, -1].clone() if self.has_bias else None

    @property
    def pulses(self) -> dict[str, int]:
        """Pulses that each array has received, all its cells together."""
        return self.tile.pulses

    @torch.no_grad()
    def set_weight(self, weight: Tensor, bias: Tensor | None = None) -> None:
        """Program weights (out_features, in_features) and bias (out_features,), kept within the bounds.

        Raises:
            UserError: if their shapes are others.
        """
        if weight.shape != (self.out_features, self.in_features) or (bias is None) == self.has_bias:
            raise UserError(
                f"{self.tile.setting.where}: weights of shape {tuple(weight.shape)} and "
                f"{'no ' if bias is None else 'a '}bias do not fit"
            )
        self.tile.program(weight if bias is None else torch.cat((weight, bias.unsqueeze(1)), dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """`x` (..., in_features) to (..., out_features)."""
        if x.shape[-1] != self.in_features:
            raise UserError(
                f"{self.tile.setting.where}: inputs of shape {tuple(x.shape)} end in another size"
            )
        if len(self.pending) >= MOST_PENDING:
            raise UserError(
                f"{self.tile.setting.where}: {MOST_PENDING} backward passes wait for a step: train with "
                "imc.analog.AnalogSGD, whose step() gives the arrays their pulses"
            )
        flat = x.reshape(-1, self.in_features)
        if self.has_bias:
            flat = F.pad(flat, (0, 1), value=1.0)
        y = cast(Tensor, _Products.apply(flat, self.anchor, self))
        return y.view(*x.shape[:-1], self.out_features)

    @torch.inference_mode()
    def step(self, lr: float) -> None:
        """Give the arrays the pulses of all waiting backward passes, in order."""
        self.tile.check(lr)
        if not all(math.isfinite(float(t.sum())) for pair in self.pending for t in pair):
            raise UserError(
                f"{self.tile.setting.where}: an input or an error is not a finite number: the training has "
                "diverged, or its data hold such a number"
            )
        for x, delta in self.pending:
            self.tile.step(x, delta, lr, self.generator)
        self.pending.clear()

    def _apply(self, fn: Any, recurse: bool = True) -> "AnalogLinear":
        super()._apply(fn, recurse)
        place = self.tile.weight.device
        if place != self.generator.device:  # generators cannot move: the seed starts one there
            self.generator = torch.Generator(place).manual_seed(self.seed)
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state["generator"] = (str(self.generator.device), self.generator.get_state())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        place, drawn = state["generator"]
        super().__setstate__({**state, "generator": Generator(place)})
        self.generator.set_state(drawn)

    def get_extra_state(self) -> dict[str, Any]:
        return {"generator": self.generator.get_state(), "seed": self.seed}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.generator.set_state(state["generator"].cpu())
        self.seed = state["seed"]

    def extra_repr(self) -> str:
        return (
            f"{self.in_features}, {self.out_features}, bias={self.has_bias}, {self.algorithm}, "
            f"{self.tile.setting.update}, {self.periphery}"
        )


class _Products(torch.autograd.Function):
    """Forward: x W^T; backward: delta W. Both as the periphery reads them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, anchor: Tensor, layer: AnalogLinear) -> Tensor:
        weight = layer.tile.weight
        ctx.layer, ctx.x, ctx.weight, ctx.training = layer, x.detach(), weight, layer.training
        return layer.periphery.product(x, weight, layer.generator)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (delta,) = gradients
        if ctx.training:
            ctx.layer.pending.append((ctx.x, delta))
        if not ctx.needs_input_grad[0]:
            return None, None, None
        return ctx.layer.periphery.product(delta, ctx.weight.T, ctx.layer.generator), None, None
