"""BinaryNet's training rule: squared hinge loss and shift-based AdaMax.

Source: Hubara et al. 2016 (arXiv 1602.02830), Algorithms 1 and 4; settings of its Torch7 release.
"""

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

BETA1, BETA2, TINY = 0.9, 0.999, 2.0**-27

# In the bits of a float32: its exponent, and what carries into it from a fraction above sqrt(2) onwards.
_EXPONENT, _CARRY = 0x7F800000, 0x00800000 - 0x003504F4


def power_of_two(x: Tensor) -> Tensor:
    """Each entry rounded to the nearest power of two in its exponent (AP2); zero stays zero.

    A product with the outcome is a binary shift in hardware.

    >>> power_of_two(torch.tensor([0.0, 0.3, -3.0, 5.0])).tolist()
    [0.0, 0.25, -4.0, 4.0]
    """
    return torch.where(x == 0, 0.0, torch.sign(x) * torch.exp2(torch.round(torch.log2(torch.abs(x)))))


def powers_of_two(x: Tensor, out: Tensor) -> Tensor:
    """`power_of_two` of float32 x >= 0, by adding in the bits: as fast as memory allows, no logarithm.

    >>> x = torch.tensor([0.0, 0.3, 3.0, 5.0])
    >>> powers_of_two(x, out=torch.empty(4)).tolist()
    [0.0, 0.25, 4.0, 4.0]
    """
    bits = out.view(torch.int32)
    torch.add(x.view(torch.int32), _CARRY, out=bits)
    bits.bitwise_and_(_EXPONENT)
    return out


def squared_hinge(scores: Tensor, labels: Tensor) -> Tensor:
    """Mean over batch and classes of max(0, 1 - t s)^2 with targets t = +1 for the class, -1 elsewhere.

    Args:
        scores: (..., batch, classes).
        labels: (..., batch), the class of each.

    Returns:
        (...): one loss a network.

    >>> squared_hinge(torch.tensor([[2.0, -0.5]]), torch.tensor([0])).item()  # (0 + 0.5^2)/2
    0.125
    """
    targets = 2.0 * torch.nn.functional.one_hot(labels, scores.shape[-1]).to(scores.dtype) - 1
    return torch.relu(1 - targets * scores).square().mean(dim=(-2, -1))


def squared_hinge_slope(scores: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """`squared_hinge` and its gradient, with targets of -1 and +1 in the shape of the scores.

    Returns:
        (...): one loss a network; (..., batch, classes): the gradient of its loss.

    >>> loss, slope = squared_hinge_slope(torch.tensor([[2.0, -0.5]]), torch.tensor([[1.0, -1.0]]))
    >>> loss.item(), slope.tolist()
    (0.125, [[-0.0, 0.5]])
    """
    missing = torch.relu(1 - targets * scores)
    count = scores.shape[-2] * scores.shape[-1]
    return missing.square().mean(dim=(-2, -1)), missing.mul(targets).mul_(-2 / count)


class Flat:
    """Named parameters in one buffer and their gradients in another.

    A step over all of them is then a few passes over memory, however many there are.

    Attributes:
        values, gradients: (total,), in the order of the names.
        parameters, slopes: name to view of `values` and of `gradients`, in the parameter's own shape. The
            view's `grad` is the slope, so that automatic differentiation adds to `gradients` too.

    Example:
        >>> flat = Flat({"w": torch.ones(2, 3), "b": torch.zeros(3)})
        >>> flat.values.shape, flat.parameters["w"].shape
        (torch.Size([9]), torch.Size([2, 3]))
    """

    def __init__(self, start: Mapping[str, Tensor]) -> None:
        self.values = torch.cat([p.detach().flatten() for p in start.values()])
        self.gradients = torch.zeros_like(self.values)
        sizes = [p.numel() for p in start.values()]
        views = zip(start.items(), self.values.split(sizes), self.gradients.split(sizes), strict=True)
        self.parameters: dict[str, Tensor] = {}
        self.slopes: dict[str, Tensor] = {}
        for (name, p), value, slope in views:
            self.parameters[name] = value.view_as(p).requires_grad_()
            self.parameters[name].grad = self.slopes[name] = slope.view_as(p)


class ShiftAdaMax:
    """AdaMax of shifts, as the Torch7 release computes it.

    The step lr/(1 - beta1^t) is rounded to a power of two, then multiplied by the parameter's factor. The
    second moment max(beta2 v, |g|) is stored rounded to a power of two; a decay of 0.999 rounds back, so that
    it is the greatest |g| so far, rounded, and never falls. The division is by v + 2^-27.

    Args:
        flat: the parameters, changed in place by `step`.
        factors: name to factor of the step, 1 if absent (`release_factors`).
        clip: names whose values are clipped to [-1, 1] after each step (the real weights behind binary ones).

    >>> flat = Flat({"w": torch.ones(2)})
    >>> optimizer = ShiftAdaMax(flat, factors={}, clip=["w"])
    >>> flat.parameters["w"].sum().backward()
    >>> optimizer.step(learning_rate=0.125)
    >>> [round(w, 3) for w in flat.values.tolist()]
    [0.9, 0.9]
    """

    def __init__(self, flat: Flat, factors: Mapping[str, float], clip: Iterable[str]) -> None:
        self.flat = flat
        self.steps = 0
        self.mean = torch.zeros_like(flat.values)
        self.peak = torch.zeros_like(flat.values)
        self.scratch = torch.empty_like(flat.values)
        self.clipped = [flat.parameters[name].detach() for name in clip]
        sizes = [p.numel() for p in flat.parameters.values()]
        parts = [t.split(sizes) for t in (flat.values, self.mean, self.scratch)]
        self.parts = list(zip((factors.get(n, 1.0) for n in flat.parameters), *parts, strict=True))

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Move every parameter against its gradient and set the gradients to zero."""
        self.steps += 1
        gradients = self.flat.gradients
        self.mean.lerp_(gradients, 1 - BETA1)
        torch.maximum(self.peak, gradients.abs_(), out=self.peak)
        gradients.zero_()
        powers_of_two(self.peak, out=self.scratch).add_(TINY)
        step = 2.0 ** round(math.log2(learning_rate / (1 - BETA1**self.steps)))
        for factor, values, mean, peak in self.parts:
            values.addcdiv_(mean, peak, value=-step * factor)
        for parameter in self.clipped:
            parameter.clamp_(-1, 1)


class DecayingShiftAdaMax(ShiftAdaMax):
    """Algorithm 4 of the paper, read freely: the second moment decays, and the whole step is one shift.

    The factor multiplies before the rounding, 1/v is rounded when it is used, and 2^-27 is added to |g|.

    >>> flat = Flat({"w": torch.ones(2)})
    >>> optimizer = DecayingShiftAdaMax(flat, factors={}, clip=["w"])
    >>> flat.parameters["w"].sum().backward()
    >>> optimizer.step(learning_rate=0.125)
    >>> [round(w, 3) for w in flat.values.tolist()]
    [0.9, 0.9]
    """

    def __init__(self, flat: Flat, factors: Mapping[str, float], clip: Iterable[str]) -> None:
        super().__init__(flat, factors, clip)
        self.peak.fill_(TINY)

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Move every parameter against its gradient and set the gradients to zero."""
        self.steps += 1
        gradients = self.flat.gradients
        self.mean.lerp_(gradients, 1 - BETA1)
        torch.maximum(self.peak.mul_(BETA2), gradients.abs_().add_(TINY), out=self.peak)
        gradients.zero_()
        powers_of_two(self.peak, out=self.scratch)
        for factor, values, mean, peak in self.parts:
            step = 2.0 ** round(math.log2(factor * learning_rate / (1 - BETA1**self.steps)))
            values.addcdiv_(mean, peak, value=-step)
        for parameter in self.clipped:
            parameter.clamp_(-1, 1)


def release_factors(outputs: int, inputs: int) -> dict[str, float]:
    """Factors of the release's steps for a dense layer's w and b, and for its batch norm's gamma and beta.

    Example:
        >>> release_factors(outputs=10, inputs=140)["w"]
        10.0
    """
    dense = 1 / math.sqrt(1.5 / (outputs + inputs))
    return {"w": dense, "b": dense, "gamma": math.sqrt(outputs / 1.5), "beta": 1.0}
