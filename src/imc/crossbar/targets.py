"""What cells are programmed to: the targets of a layer, kept from one chip to the next.

A law of spread that can draw straight from what it needs of the targets, such as their resistances, says so
by `prepare` and `draw`; then each further chip of the same weights costs the draws and little else.
"""

from typing import Any

import torch
from torch import Tensor, nn

from imc.crossbar.cells import Device
from imc.crossbar.mapping import Scheme, to_levels
from imc.crossbar.steps import Step

MOST = 2**20
"""Cells of the largest layer whose targets are kept: 4 MiB."""


class Targets:
    """Those of one layer."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._ideal: nn.Parameter | None = None
        self._kept: Tensor | None = None

    def __getstate__(self) -> dict[str, Any]:  # copies and pickles find their own
        return Targets().__dict__

    def kept(
        self, ideal: nn.Parameter, limit: float | Tensor, scheme: Scheme, device: Device, like: Tensor,
        steps: tuple[Step, ...],
    ) -> Tensor | None:  # fmt: skip
        """What the first of `steps` needs of the targets, shaped as the cells `like`; None: nothing is kept.

        It is found anew when weights, limit, device or law are others than last time.
        """
        law = steps[0] if steps else None
        if like.numel() > MOST or law is None or not draws(law) or isinstance(limit, Tensor):
            self._kept = None
            return None
        key = (ideal._version, ideal.data_ptr(), limit, scheme, device, law, like.device)
        if self._kept is None or self._ideal is not ideal or self._key != key:
            targets = torch.empty_like(like)
            aim(targets, ideal.detach(), limit, scheme, device, device.g_off, device.g_on)
            self._key, self._ideal, self._kept = key, ideal, law.prepare(targets)
        return self._kept


def aim(
    out: Tensor, ideal: Tensor, limit: float, scheme: Scheme, device: Device, low: float, high: float
) -> None:
    """Write the conductances that cells are to have into `out`, (outputs, k, inputs), siemens."""
    scheme.targets(ideal, limit, low, high, out=out)
    to_levels(out, device.levels, low, high)


def draws(law: Step) -> bool:
    """Whether that very class, not one that it is derived from, draws straight from targets."""
    return "draw" in vars(type(law))
