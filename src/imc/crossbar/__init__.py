"""Crossbars: what a network becomes on arrays of resistive memory cells.

    chip = Chip(RRAM_1T1R, DoubleColumn(), (OneSidedClip(300),), Array(128, 128, adc=ADC(8)))
    mapped = map_network(network, chip)
    for seed in range(100):
        mapped.program(seed)
        scores = mapped(pictures)

Names are imported when first used, so that listing experiments does not load torch.
"""

# ruff: noqa: F401  (what TYPE_CHECKING imports is for type checkers and editors)

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imc.crossbar.arrays import Array, Chip
    from imc.crossbar.cells import RRAM_1T1R, Device
    from imc.crossbar.converters import ADC, DAC, SenseAmplifier
    from imc.crossbar.diagnosis import ChipWarning
    from imc.crossbar.disturbances import Drift, ProgrammingError, ReadNoise, Retention, StuckCells
    from imc.crossbar.mapping import BitSliced, DoubleColumn, Offset, ReferenceCurrent, SingleColumn
    from imc.crossbar.network import CrossbarNetwork, map_network
    from imc.crossbar.storage import compare, load, save
    from imc.crossbar.variation import (
        MEANINGS,
        GaussianConductance,
        GaussianResistance,
        Lognormal,
        OneSidedClip,
        RandomEndpointClip,
        TruncatedResistance,
        meaning,
    )
    from imc.crossbar.wires import Wires, effective_conductances

_MODULES = {
    "arrays": ("Array", "Chip"),
    "cells": ("RRAM_1T1R", "Device"),
    "converters": ("ADC", "DAC", "SenseAmplifier"),
    "diagnosis": ("ChipWarning",),
    "disturbances": ("Drift", "ProgrammingError", "ReadNoise", "Retention", "StuckCells"),
    "mapping": ("BitSliced", "DoubleColumn", "Offset", "ReferenceCurrent", "SingleColumn"),
    "network": ("CrossbarNetwork", "map_network"),
    "storage": ("compare", "load", "save"),
    "variation": (
        "MEANINGS",
        "GaussianConductance",
        "GaussianResistance",
        "Lognormal",
        "OneSidedClip",
        "RandomEndpointClip",
        "TruncatedResistance",
        "meaning",
    ),
    "wires": ("Wires", "effective_conductances"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'imc.crossbar' has no attribute '{name}'")
    return getattr(importlib.import_module(f"imc.crossbar.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
