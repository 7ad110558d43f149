"""Drift of phase-change cells: g(t) = g (1 + t/t0)^-nu, with an exponent of its own for each cell."""

import torch
from torch import Tensor

LARGEST_US, UNIT_US = 25.0, 25.0
"""Assumed: what a full conductance is, and the unit of the law below, microsiemens."""


def exponents(g: Tensor, generator: torch.Generator) -> Tensor:
    """Drawn exponents of cells of conductance `g`, 0 to 1 of the largest; of its shape.

    Mean clamp(-0.0155 ln g + 0.0244, 0.049, 0.1) and SD clamp(-0.0125 ln g - 0.0059, 0.008, 0.045), as
    measured on a million cells and used by IBM's analog toolkit. t0 is 20 s.
    """
    log = (g * LARGEST_US / UNIT_US).clamp(min=1e-6).log()
    mean = (-0.0155 * log + 0.0244).clamp(0.049, 0.1)
    sd = (-0.0125 * log - 0.0059).clamp(0.008, 0.045)
    return (mean + sd * torch.randn(g.shape, generator=generator)).clamp(min=0)
