"""What is recorded while a controller learns: the material of the collapse page."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from imc.binary.layers import standardize_filters
from imc.binary.rbnn import RbnnLayer, angle
from imc.papers.batmann.controllers import LAYERS, Controller

WINDOW = 50
"""Each of the first 50 episodes is a window of its own; later windows are 50 episodes long."""


def window_end(episode: int, last: int) -> bool:
    """Whether a window ends with `episode`, which counts from 1."""
    return episode <= WINDOW or episode % WINDOW == 0 or episode == last


def number(value: Tensor | float) -> float | None:
    """To five significant digits; None for what is not finite."""
    value = float(value)
    return float(f"{value:.5g}") if math.isfinite(value) else None


@torch.no_grad()
def of_features(support: Tensor, shots: int) -> dict[str, float | None]:
    """Statistics of an episode's support features (ways * shots, d), class by class.

    mean, deviation, largest (absolute) value; positive: share of positive values, percent; within and
    between: mean cosine of two drawings of one character, and of two characters.
    """
    x = support.float()
    cosine = F.normalize(x, dim=1) @ F.normalize(x, dim=1).T
    same = torch.block_diag(*[torch.ones(shots, shots)] * (len(x) // shots)).to(x.device)
    other, itself = same.numel() - same.sum(), len(x)
    within = ((cosine * same).sum() - cosine.trace()) / max(float(same.sum()) - itself, 1.0)
    between = (cosine * (1 - same)).sum() / other
    found = {
        "mean": x.mean(), "deviation": x.std(), "largest": x.abs().max(),
        "positive": 100 * (x >= 0).float().mean(), "within": within, "between": between,
    }  # fmt: skip
    return {name: number(value) for name, value in found.items()}


class Watch:
    """Follows the binary layers of a controller from the start of its training.

    Args:
        controller: before its first step; its initial signs are what `flipped` compares with.
    """

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.binary = [name for name in LAYERS if self._deployed(name).inputs != "real"]
        self.start = {name: self._deployed(name).weight > 0 for name in self.binary}

    def _deployed(self, name: str) -> Any:
        return self.controller.layers[name].deployed()  # pyright: ignore[reportCallIssue]

    @torch.no_grad()
    def look(self) -> dict[str, dict[str, float | None]]:
        """By binary layer: share of signs `flipped` since the start, percent; `angle` between the filters and
        their signs, degrees. For RBNN also the `rotated_angle`, to the signs after rotation and mixing, and
        `sine`, the mean |sin beta|.
        """
        found: dict[str, dict[str, float | None]] = {"flipped": {}, "angle": {}}
        for name in self.binary:
            layer = self.controller.layers[name]
            changed = (self._deployed(name).weight > 0) != self.start[name]
            found["flipped"][name] = number(100 * changed.float().mean())
            found["angle"][name] = number(angle(standardize_filters(layer.weight)))  # pyright: ignore[reportArgumentType]
            if isinstance(layer, RbnnLayer):
                found.setdefault("rotated_angle", {})[name] = number(angle(layer.mixed()))
                found.setdefault("sine", {})[name] = number(layer.beta.sin().abs().mean())
        return found


def append(curve: dict[str, Any], values: dict[str, Any]) -> None:
    """Add one window's values to the lists of a nested curve."""
    for name, value in values.items():
        if isinstance(value, dict):
            append(curve.setdefault(name, {}), value)
        else:
            curve.setdefault(name, []).append(value)
