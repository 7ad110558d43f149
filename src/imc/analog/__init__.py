"""Analog: devices that are trained by pulses, and the algorithms that train them.

    device = SoftBounds(states=1200, cycle_spread=0.3)
    layer = AnalogLinear(784, 256, device, algorithm=TikiTaka(gamma=0.1, every=2))
    network = nn.Sequential(layer, nn.Sigmoid(), AnalogLinear(256, 10, device))
    optimizer = AnalogSGD(network, lr=0.01)

`AnalogLinear` takes the place of torch.nn.Linear in any network, trained by an ordinary loop. Names are
imported when first used, so that listing them does not load torch.
"""

# ruff: noqa: F401  (what TYPE_CHECKING imports is for type checkers and editors)

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imc.analog.algorithms import SGD
    from imc.analog.buffered import AGAD, ChoppedTikiTaka, TikiTakaV2
    from imc.analog.capacitors import Capacitor
    from imc.analog.devices import (
        RPU_BASELINE,
        ConstantStep,
        Exponential,
        Ideal,
        Power,
        SoftBounds,
    )
    from imc.analog.layers import AnalogLinear
    from imc.analog.onesided import OneSided
    from imc.analog.periphery import RPU_PERIPHERY, Periphery
    from imc.analog.pulses import Outer, PulseTrain
    from imc.analog.references import Reference, alternate
    from imc.analog.testbed import Course, learn_matrix
    from imc.analog.tikitaka import ModifiedTikiTaka, TikiTaka
    from imc.analog.training import AnalogSGD, step

_MODULES = {
    "algorithms": ("SGD",),
    "buffered": ("AGAD", "ChoppedTikiTaka", "TikiTakaV2"),
    "capacitors": ("Capacitor",),
    "devices": ("RPU_BASELINE", "ConstantStep", "Exponential", "Ideal", "Power", "SoftBounds"),
    "layers": ("AnalogLinear",),
    "onesided": ("OneSided",),
    "periphery": ("RPU_PERIPHERY", "Periphery"),
    "pulses": ("Outer", "PulseTrain"),
    "references": ("Reference", "alternate"),
    "testbed": ("Course", "learn_matrix"),
    "tikitaka": ("ModifiedTikiTaka", "TikiTaka"),
    "training": ("AnalogSGD", "step"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'imc.analog' has no attribute '{name}'")
    return getattr(importlib.import_module(f"imc.analog.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
