"""Resistor networks and arrays as experiments."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from imc.runs.config import Config
from imc.runs.experiments import Experiment

Side = Annotated[int, Field(ge=1, le=4096)]
SmallSide = Annotated[int, Field(ge=1, le=40)]
Wire = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class NetworkConfig(Config):
    """Random arrays of cells between 0.1 and 1 megohm, solved node by node, and random layers' gradients."""

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "sides": (4, 8), "wires": (1e-6, 10.0)}

    seeds: int = Field(5, ge=1, le=100, description="random arrays and layers: seed, seed+1, ...")
    sides: tuple[SmallSide, ...] = Field(
        (4, 8, 16, 24), min_length=1, description="rows, and columns, of an array"
    )
    wires: tuple[Wire, ...] = Field(
        (1e-4, 1e-2, 1.0, 10.0, 100.0), min_length=1, description="resistance of one stretch of wire, ohm"
    )


class ArraysConfig(Config):
    """Array operations and unused cells, counted."""

    sides: tuple[Side, ...] = Field(
        (128, 256, 512, 1024), min_length=1, description="rows, and columns, of an array"
    )
    pulses: int = Field(10, ge=1, le=1000, description="of the pulse train of one update")


EXPERIMENTS = (
    Experiment(
        name="codesign/network",
        config=NetworkConfig,
        runner="imc.papers.codesign.identities:check",
        summary="a resistor array node by node against the product, gradients against outer products",
        seconds=lambda config: 1.0 * config.seeds,
    ),
    Experiment(
        name="codesign/arrays",
        config=ArraysConfig,
        runner="imc.papers.codesign.identities:count",
        summary="array operations of a layer, unused cells of all networks, converters' share",
        reads=("printed/isaac",),
    ),
)
