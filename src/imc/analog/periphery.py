"""What stands between an array and the digital world: converters, noise, and the output's bound."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor

from imc.analog.checks import not_negative, number
from imc.crossbar.converters import ADC, DAC
from imc.errors import UserError


@dataclass(frozen=True)
class Periphery:
    """How a matrix-vector product is read, forward and backward alike.

    Attributes:
        dac: converter of the inputs, signed; None is exact.
        adc: converter of the outputs; its range, in outputs of a cell of weight 1 at input 1, defaults to
            `output_bound`. None is exact.
        read_noise: SD of each cell's weight at each read, drawn anew: |x| read_noise at the output.
        output_noise: SD of the noise at each output.
        output_bound: outputs are clipped to its two sides.
        scale_inputs: divide each sample by its largest magnitude before the array and multiply behind it
            ("noise management"); not part of the 2016 system.

    Raises:
        UserError: for a negative noise, a bound of 0, or an ADC whose range nothing gives.

    >>> import torch
    >>> from imc.analog import Periphery
    >>> x, weight = torch.tensor([[1.0, 1.0]]), torch.tensor([[2.0, 0.5]])
    >>> Periphery(output_bound=2.0).product(x, weight, torch.Generator())
    tensor([[2.]])
    """

    dac: DAC | None = None
    adc: ADC | None = None
    read_noise: float = 0.0
    output_noise: float = 0.0
    output_bound: float = math.inf
    scale_inputs: bool = False

    def __post_init__(self) -> None:
        not_negative("Periphery", read_noise=self.read_noise, output_noise=self.output_noise)
        number("Periphery", output_bound=self.output_bound)
        if not self.output_bound > 0:
            raise UserError(f"Periphery: output_bound = {self.output_bound}: it must be positive")
        if self.dac is not None and not self.dac.signed:
            raise UserError("Periphery: the DAC must be signed, since errors travel backward through it")
        if self.adc is not None and self.adc.range is None and math.isinf(self.output_bound):
            raise UserError(
                "Periphery: an ADC needs a range of its own, or an output_bound that gives it one"
            )

    @cached_property
    def exact(self) -> bool:
        """Whether nothing is added to the product."""
        return self == Periphery()

    def product(self, x: Tensor, weight: Tensor, generator: Generator) -> Tensor:
        """`x` (samples, inputs) times `weight` (outputs, inputs), as read: (samples, outputs)."""
        if self.exact:
            return x @ weight.T
        scale = None
        if self.scale_inputs:
            scale = x.abs().amax(1, keepdim=True).clamp_(min=torch.finfo(x.dtype).tiny)
            x = x / scale
        if self.dac is not None:
            x = self.dac(x)
        y = x @ weight.T
        if self.read_noise or self.output_noise:
            z = torch.empty_like(y).normal_(generator=generator)
            variance = x.square().sum(1, keepdim=True).mul_(self.read_noise**2).add_(self.output_noise**2)
            y.addcmul_(z, variance.sqrt_())
        y.clamp_(-self.output_bound, self.output_bound)
        if self.adc is not None:
            y = self.adc(y, self.adc.range or self.output_bound, signed=True)
        return y if scale is None else y.mul_(scale)


RPU_PERIPHERY = Periphery(
    dac=DAC(5), adc=ADC(9), read_noise=0.0, output_noise=0.06, output_bound=12.0, scale_inputs=False
)
"""The periphery of Gokmen & Vlasov (2016): 5-bit inputs, 9-bit outputs to +-12, noise 0.06 at the output."""
