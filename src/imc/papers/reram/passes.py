"""Forward and backward through an ensemble in training, written out: few passes over buffers made once.

Automatic differentiation gives the same gradients (tests/test_reram_training.py) at twice the time. A
quantizer's gradient is that of what it quantizes (imc.binary.quantizers). Shapes: imc.papers.reram.network.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from imc.binary.binarynet import power_of_two
from imc.papers.reram.network import (
    EPSILON,
    LAYERS,
    MOMENTUM,
    Ensemble,
    has_statistics,
    shifted,
    tanh_is_used,
)

_BITS = 16  # of a random number that decides whether a neuron fires


@dataclass
class _Layer:
    """Buffers of one layer, (n, batch, outputs) but for `x` and the weights, and what backward needs again.

    x: its inputs. z: pre-activations, normalized. centred: before the scale; without statistics not centred.
    scale = gamma/sigma, inverse = 1/sigma (n, 1, outputs), 1 without statistics. slope: of the activation;
    its memory also serves as scratch before.
    """

    x: Tensor
    weights: Tensor
    z: Tensor
    centred: Tensor
    slope: Tensor
    noise: Tensor
    random: Tensor
    scale: Tensor
    inverse: Tensor


class Passes:
    """One training step: `forward` to the scores, `backward` from their gradient to all gradients."""

    def __init__(self, nets: Ensemble) -> None:
        self.nets, config = nets, nets.config
        self.config = config
        n, batch = config.seeds, config.batch
        self.inputs = torch.empty(n, batch, config.input_size**2)
        count = sum(nets.parameters[f"w{i}"].numel() for i in LAYERS)
        self.real = nets.flat.values[:count]
        self.quantized = torch.empty(count)
        split = self.quantized.split([nets.parameters[f"w{i}"].numel() for i in LAYERS])
        self.layers: list[_Layer] = []
        x = self.inputs
        for i, weights in zip(LAYERS, split, strict=True):
            shape = (n, batch, nets.parameters[f"b{i}"].shape[-1])
            z, centred, slope, noise, activation = (torch.empty(shape) for _ in range(5))
            words = -(-noise[0].numel() * _BITS // 64)
            random = torch.empty(n, words, dtype=torch.int64)
            weights = weights.view_as(nets.parameters[f"w{i}"])
            one = torch.ones(())
            self.layers.append(_Layer(x, weights, z, centred, slope, noise, random, one, one))
            x = activation

    @torch.no_grad()
    def forward(self) -> Tensor:
        """Scores (n, batch, classes) of `inputs` (n, batch, inputs); updates running statistics.

        The scores' memory is used again at the next pass.
        """
        p, config = self.nets.parameters, self.config
        _quantize(self.real, config.weight_bits, out=self.quantized)
        for i, layer in zip(LAYERS, self.layers, strict=True):
            bias = p[f"b{i}"].unsqueeze(1)
            if config.norm == "none":
                torch.baddbmm(bias, layer.x, layer.weights, out=layer.z)
            else:
                torch.baddbmm(bias, layer.x, layer.weights, out=layer.centred)
                self._normalize(i, layer)
            if i != LAYERS[-1]:
                self._activate(layer, out=self.layers[i].x)
        return self.layers[-1].z

    def _normalize(self, i: int, layer: _Layer) -> None:
        running, config = self.nets.running, self.config
        gamma, beta = (self.nets.parameters[f"{name}{i}"].unsqueeze(1) for name in ("gamma", "beta"))
        if not has_statistics(config):
            layer.scale = gamma
            torch.addcmul(beta, layer.centred, gamma, out=layer.z)
            return
        mean = layer.centred.mean(1, keepdim=True)
        centred = layer.centred.sub_(mean)
        running[f"mean{i}"].lerp_(mean.squeeze(1), MOMENTUM)
        if shifted(config, i):
            torch.mul(centred, power_of_two(centred), out=layer.slope)
            layer.inverse = power_of_two((layer.slope.mean(1, keepdim=True) + EPSILON).rsqrt())
            running[f"inverse{i}"].lerp_(layer.inverse.squeeze(1), MOMENTUM)
            gamma = power_of_two(gamma)
        else:
            var = torch.mul(centred, centred, out=layer.slope).mean(1, keepdim=True)
            running[f"var{i}"].lerp_(var.squeeze(1), MOMENTUM)
            if config.norm == "shared":
                var = var.mean(-1, keepdim=True)
            layer.inverse = (var + EPSILON).rsqrt()
        layer.scale = gamma * layer.inverse
        torch.addcmul(beta, centred, layer.scale, out=layer.z)

    def _activate(self, layer: _Layer, out: Tensor) -> None:
        """Hidden activations into `out`, and their slope."""
        config, z = self.config, layer.z
        top = 2**config.activation_bits - 1
        if tanh_is_used(config):
            torch.tanh(z, out=out)
            torch.addcmul(_HALF, out, out, value=-0.5, out=layer.slope)
        else:
            torch.le(torch.abs(z, out=layer.slope), 1, out=layer.slope).mul_(0.5)
            torch.clamp(z, -1, 1, out=out)
        if top > 1:
            out.add_(1).mul_(top / 2).add_(0.5).floor_().div_(top)
        elif config.stochastic_neurons:
            torch.lt(self._thresholds(layer), z, out=out)
        else:
            torch.ge(z, 0, out=out)

    def _thresholds(self, layer: _Layer) -> Tensor:
        """Uniform in [-1, 1) on a grid of 2^-15; a neuron fires where z is above: probability (z + 1)/2."""
        for words, generator in zip(layer.random, self.nets.generators, strict=True):
            words.random_(-(2**63), None, generator=generator)
        noise = layer.noise
        drawn = layer.random.view(torch.int16)[:, : noise[0].numel()]
        return noise.copy_(drawn.reshape(noise.shape)).mul_(2.0 ** (1 - _BITS))

    @torch.no_grad()
    def backward(self, gradient: Tensor) -> None:
        """Gradients of all parameters from that of the scores (n, batch, classes), which is overwritten."""
        slopes = self.nets.flat.slopes
        for i, layer in reversed(list(zip(LAYERS, self.layers, strict=True))):
            if i != LAYERS[-1]:
                gradient.mul_(layer.slope)
            total = gradient.sum(1, keepdim=True)
            if self.config.norm != "none":
                self._through_norm(i, layer, gradient, total)
                total = gradient.sum(1, keepdim=True)
            slopes[f"b{i}"].copy_(total.squeeze(1))
            torch.bmm(layer.x.transpose(1, 2), gradient, out=slopes[f"w{i}"])
            if i != LAYERS[0]:  # the memory of the layer's inputs is free now
                gradient = torch.bmm(gradient, layer.weights.transpose(1, 2), out=layer.x)

    def _through_norm(self, i: int, layer: _Layer, gradient: Tensor, total: Tensor) -> None:
        """Batch norm's backward pass, in place; `total` is the gradient's sum over the batch."""
        batch, slopes = self.config.batch, self.nets.flat.slopes
        along = torch.mul(gradient, layer.centred, out=layer.z).sum(1, keepdim=True)
        gamma = along * layer.inverse
        one_for_all = self.config.norm != "batch"
        slopes[f"gamma{i}"].copy_((gamma.sum(-1, keepdim=True) if one_for_all else gamma).squeeze(1))
        slopes[f"beta{i}"].copy_(total.squeeze(1))
        if one_for_all:
            along = along.mean(-1, keepdim=True)
        if has_statistics(self.config):
            gradient.sub_(total / batch)
            gradient.addcmul_(layer.centred, along * layer.inverse.square(), value=-1 / batch)
        gradient.mul_(layer.scale)


_HALF = torch.tensor(0.5)


def _quantize(w: Tensor, bits: int, out: Tensor) -> None:
    """`imc.binary.quantizers.quantize_weight` into `out`."""
    if bits == 1:
        torch.ge(w, 0, out=out).mul_(2).sub_(1)
    else:
        steps = 2 ** (bits - 1)
        torch.mul(w, steps, out=out).round_().clamp_(-steps, steps - 1).div_(steps)
