"""BinaryNet's training rule: squared hinge loss and shift-based AdaMax.

Source: Hubara et al. 2016 (arXiv 1602.02830), Algorithms 1 and 4; settings of its Torch7 release.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

BETA1, BETA2, TINY = 0.9, 0.999, 2.0**-27


def power_of_two(x: Tensor) -> Tensor:
    """Each entry rounded to the nearest power of two in its exponent (AP2); zero stays zero.

    A product with the outcome is a binary shift in hardware.
    """
    return torch.where(x == 0, 0.0, torch.sign(x) * torch.exp2(torch.round(torch.log2(torch.abs(x)))))


def squared_hinge(scores: Tensor, labels: Tensor) -> Tensor:
    """Mean over batch and classes of max(0, 1 - t s)^2 with targets t = +1 for the class, -1 elsewhere.

    Args:
        scores: (..., batch, classes).
        labels: (..., batch), the class of each.

    Returns:
        (...): one loss a network.
    """
    targets = 2.0 * torch.nn.functional.one_hot(labels, scores.shape[-1]).to(scores.dtype) - 1
    return torch.relu(1 - targets * scores).square().mean(dim=(-2, -1))


class ShiftAdaMax:
    """AdaMax whose step sizes are powers of two.

    All parameters are laid into one buffer, so that a step is a dozen passes over it however many there are.

    Args:
        parameters: leaf tensors by name; they become views of the buffer and are changed in place by `step`.
        scale: name to multiplier of the learning rate, 1 if absent (BinaryNet: 1/sqrt(1.5/(fan_in + fan_out))
            for weights).
        clip: names whose values are clipped to [-1, 1] after each step (the real weights behind binary ones).
    """

    def __init__(self, parameters: Mapping[str, Tensor], scale: Mapping[str, float], clip: set[str]) -> None:
        self.sizes = torch.tensor([p.numel() for p in parameters.values()])
        self.scales = torch.tensor([scale.get(name, 1.0) for name in parameters])
        self.values = torch.cat([p.detach().flatten() for p in parameters.values()])
        self.gradients = torch.zeros_like(self.values)
        self.mean = torch.zeros_like(self.values)
        self.peak = torch.full_like(self.values, TINY)
        split = zip(
            self.values.split(self.sizes.tolist()), self.gradients.split(self.sizes.tolist()), strict=True
        )
        for p, (value, gradient) in zip(parameters.values(), split, strict=True):
            p.data, p.grad = value.view_as(p), gradient.view_as(p)
        self.clipped = [parameters[name].data for name in clip]
        self.steps = 0
        self._rates: tuple[list[float], Tensor] = ([], self.values)

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Move every parameter against its gradient and set the gradients to zero."""
        self.steps += 1
        self.mean.lerp_(self.gradients, 1 - BETA1)
        torch.maximum(self.peak.mul_(BETA2), self.gradients.abs_().add_(TINY), out=self.peak)
        inverse = torch.log2(self.peak).neg_().round_().exp2_()
        self.values.addcmul_(inverse.mul_(self._rate(learning_rate)), self.mean, value=-1)
        for parameter in self.clipped:
            parameter.clamp_(-1, 1)
        self.gradients.zero_()

    def _rate(self, learning_rate: float) -> Tensor:
        """Step size of every entry, laid out anew only when one of them changes."""
        rates = power_of_two(self.scales * (learning_rate / (1 - BETA1**self.steps)))
        if rates.tolist() != self._rates[0]:
            self._rates = rates.tolist(), torch.repeat_interleave(rates, self.sizes)
        return self._rates[1]
