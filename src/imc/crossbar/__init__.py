"""Crossbars: what a network becomes on arrays of resistive memory cells.

A trained network, a device of one's own, and what it is worth there. Ranges of the converters are calibrated
from data; with weights of two levels, or converters left at 1 V, this classifier would fall to chance, and a
`ChipWarning` would say which layer, why, and what helps.

    >>> import torch
    >>> from sklearn.datasets import load_digits
    >>> from imc.crossbar import ADC, DAC, Array, Chip, Device, Lognormal, map_network
    >>> inputs, labels = map(torch.tensor, load_digits(return_X_y=True))
    >>> inputs = inputs.float()
    >>> _ = torch.manual_seed(0)
    >>> network = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    >>> optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    >>> for _ in range(60):
    ...     optimizer.zero_grad()
    ...     torch.nn.functional.cross_entropy(network(inputs[:1000]), labels[:1000]).backward()
    ...     optimizer.step()

    >>> array = Array(128, 128, dac=DAC(8), adc=ADC(8))
    >>> chip = Chip(device=Device(r_on=5e3, r_off=2e5), variation=Lognormal(500), array=array)
    >>> mapped = map_network(network, chip, calibrate=inputs[:200])
    >>> report = mapped.report(inputs[1000:], labels[1000:], chips=20)
    >>> report.digital > 90, report.accuracy.low > 90
    (True, True)
    >>> sorted(report.alone)
    ['converters', 'variation']

`print(report)` shows accuracy with its interval over chips, what each imperfection costs, layer by layer,
clipped inputs and outputs, and energy, area and time of an inference. One chip after the other:

    >>> for seed in range(3):
    ...     mapped.program(seed)
    ...     scores = mapped(inputs[1000:])

Names are imported when first used, so that listing experiments does not load torch.
"""

# ruff: noqa: F401  (what TYPE_CHECKING imports is for type checkers and editors)

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imc.crossbar.arrays import Array, Chip
    from imc.crossbar.cells import RRAM_1T1R, Device, Sinh
    from imc.crossbar.converters import ADC, DAC, SenseAmplifier
    from imc.crossbar.devices import Measured, Published, all_published, published
    from imc.crossbar.diagnosis import ChipWarning
    from imc.crossbar.disturbances import Drift, ProgrammingError, ReadNoise, Retention, StuckCells
    from imc.crossbar.layers import CrossbarLayer
    from imc.crossbar.mapping import BitSliced, DoubleColumn, Offset, ReferenceCurrent, SingleColumn
    from imc.crossbar.network import CrossbarNetwork, map_network
    from imc.crossbar.report import Report
    from imc.crossbar.storage import compare, load, save
    from imc.crossbar.variation import (
        LAWS,
        MEANINGS,
        DoubledClip,
        GaussianConductance,
        GaussianResistance,
        Lognormal,
        OneSidedClip,
        RandomEndpointClip,
        Step,
        TruncatedResistance,
        meaning,
    )
    from imc.crossbar.wires import Wires, effective_conductances

_MODULES = {
    "arrays": ("Array", "Chip"),
    "cells": ("RRAM_1T1R", "Device", "Sinh"),
    "converters": ("ADC", "DAC", "SenseAmplifier"),
    "diagnosis": ("ChipWarning",),
    "devices": ("Measured", "Published", "all_published", "published"),
    "disturbances": ("Drift", "ProgrammingError", "ReadNoise", "Retention", "StuckCells"),
    "layers": ("CrossbarLayer",),
    "mapping": ("BitSliced", "DoubleColumn", "Offset", "ReferenceCurrent", "SingleColumn"),
    "network": ("CrossbarNetwork", "map_network"),
    "report": ("Report",),
    "storage": ("compare", "load", "save"),
    "variation": (
        "LAWS",
        "MEANINGS",
        "DoubledClip",
        "GaussianConductance",
        "GaussianResistance",
        "Lognormal",
        "OneSidedClip",
        "RandomEndpointClip",
        "Step",
        "TruncatedResistance",
        "meaning",
    ),
    "wires": ("Wires", "effective_conductances"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'imc.crossbar' has no attribute '{name}'")
    return getattr(importlib.import_module(f"imc.crossbar.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
