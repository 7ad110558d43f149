"""What the chapter on crossbars computes, as experiments."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from imc.runs.config import Config
from imc.runs.experiments import Experiment

Ohm = Annotated[float, Field(ge=0, le=1e6)]
Side = Annotated[int, Field(ge=2, le=1024)]


class IdentitiesConfig(Config):
    """Random arrays on which the equations of the BATMANN paper and slides are held against circuits."""

    smoke: ClassVar[Mapping[str, Any]] = {"arrays": 3}

    arrays: int = Field(100, ge=1, le=10_000, description="random arrays")
    rows: int = Field(64, ge=1, le=512, description="wordlines of an array")
    outputs: int = Field(32, ge=1, le=512, description="outputs of an array")


class VariationConfig(Config):
    """Every meaning of sigma on one layer of binary weights, with random inputs of -1 and +1."""

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "sigmas": (0.0, 700.0, 1400.0), "side": 64}

    seeds: int = Field(10, ge=1, le=1000, description="programmed layers: seed, seed+1, ...")
    sigmas: tuple[Ohm, ...] = Field(tuple(100.0 * i for i in range(15)), description="spreads, ohm")
    side: int = Field(512, ge=8, le=4096, description="inputs, and outputs, of the layer")
    r_on: float = Field(1e3, gt=0, description="resistance of the ON state, ohm")
    r_off: float = Field(1e4, gt=0, description="resistance of the OFF state, ohm")
    shown: Ohm = Field(600.0, description="the sigma of the histograms, ohm")


class WiresConfig(Config):
    """Square arrays of random two-level cells behind wires of some resistance."""

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "sides": (8, 16), "ohms": (1.0, 3.0), "shown": 16}

    seeds: int = Field(3, ge=1, le=100, description="random arrays of each size")
    sides: tuple[Side, ...] = Field((32, 64, 128, 256, 512), description="rows, and columns, of the arrays")
    ohms: tuple[Ohm, ...] = Field((0.1, 0.3, 1.0, 3.0), description="resistance of a stretch of wire, ohm")
    r_on: float = Field(1e3, gt=0, description="resistance of the ON state, ohm")
    r_off: float = Field(1e4, gt=0, description="resistance of the OFF state, ohm")
    shown: Side = Field(128, description="side of the array whose map is kept")


class GrowthConfig(Config):
    """Time that the solver of wires takes, against the array's side."""

    smoke: ClassVar[Mapping[str, Any]] = {"sides": (8, 16, 32), "repeats": 1}

    sides: tuple[Side, ...] = Field(
        (16, 32, 64, 128, 256, 512), description="rows, and columns, of the arrays"
    )
    repeats: int = Field(5, ge=1, le=100, description="the least time of so many solutions counts")


class BenchmarkConfig(Config):
    """Speed and memory of Monte-Carlo over devices: ours, torch by hand, AIHWKit, the machine's limits."""

    smoke: ClassVar[Mapping[str, Any]] = {"networks": ("mlp",), "repeats": 1, "peers": False}

    networks: tuple[Literal["mlp", "cnn"], ...] = Field(("mlp", "cnn"), min_length=1, description="mlp, cnn")
    repeats: int = Field(7, ge=1, le=100, description="the least time of so many calls counts")
    peers: bool = Field(True, description="also time AIHWKit, where it is installed")


class OwnDeviceConfig(Config):
    """A network on digits, on chips of published and of measured devices."""

    smoke: ClassVar[Mapping[str, Any]] = {"chips": 2, "steps": 30, "ages": (100.0, 86400.0), "cells": 10}

    chips: int = Field(20, ge=2, le=1000, description="programmed chips of each device: seed, seed+1, ...")
    hidden: int = Field(64, ge=1, le=4096, description="units of the hidden layer")
    steps: int = Field(150, ge=1, le=10_000, description="of learning, all training pictures in each")
    ages: tuple[Annotated[float, Field(ge=20, le=1e10)], ...] = Field(
        (20.0, 1e3, 86_400.0, 2_592_000.0, 31_536_000.0), description="seconds since the verifying read"
    )
    cells: int = Field(50, ge=2, le=100_000, description="measured cells of each target, in the table")


class OwnNetworkConfig(Config):
    """A network on digits on a chip that suits it, and on four that do not."""

    smoke: ClassVar[Mapping[str, Any]] = {"chips": 2, "steps": 30}

    chips: int = Field(20, ge=2, le=1000, description="programmed chips of each kind: seed, seed+1, ...")
    hidden: int = Field(64, ge=1, le=4096, description="units of the hidden layer")
    steps: int = Field(150, ge=1, le=10_000, description="of learning, all training pictures in each")
    sigma: Ohm = Field(500.0, description="spread of every cell's resistance, ohm")


class OnChipTrainingConfig(Config):
    """A network on digits, trained further through chips of growing spread."""

    smoke: ClassVar[Mapping[str, Any]] = {"chips": 2, "steps": 30, "further": 10, "sigmas": (1000.0,)}

    chips: int = Field(20, ge=2, le=1000, description="programmed chips of each spread: seed+1, seed+2, ...")
    hidden: int = Field(64, ge=1, le=4096, description="units of the hidden layer")
    steps: int = Field(150, ge=1, le=10_000, description="of learning, all training pictures in each")
    further: int = Field(300, ge=1, le=10_000, description="further steps, through the chip or without it")
    rate: float = Field(3e-3, gt=0, le=1, description="learning rate of the further steps")
    sigmas: tuple[Ohm, ...] = Field(
        (1000.0, 2000.0, 4000.0, 8000.0), min_length=1, description="spreads of the resistance, ohm"
    )


class AgreementConfig(Config):
    """Random arrays behind wires, by our solver and by those of others that are installed."""

    smoke: ClassVar[Mapping[str, Any]] = {"sides": (3, 9)}

    sides: tuple[Side, ...] = Field((4, 16, 32, 64), description="rows; 3 columns more")


EXPERIMENTS = (
    Experiment(
        name="crossbar/identities",
        config=IdentitiesConfig,
        runner="imc.papers.arrays.identities:check",
        summary="the slides' equations (1) to (4), Kirchhoff's laws and im2col, on random arrays",
    ),
    Experiment(
        name="crossbar/variation",
        config=VariationConfig,
        runner="imc.papers.arrays.sweeps:variation",
        summary="what sigma does under each of its meanings: resistances, products, where they break",
        seconds=lambda config: 0.04 * config.seeds * len(config.sigmas) * 14 * (config.side / 512) ** 2,
    ),
    Experiment(
        name="crossbar/wires",
        config=WiresConfig,
        runner="imc.papers.arrays.sweeps:wires",
        summary="what wire resistance takes from arrays of growing size",
        seconds=lambda config: (
            config.seeds * len(config.ohms) * sum(10 * (s / 512) ** 3.5 for s in config.sides)
        ),
    ),
    Experiment(
        name="crossbar/wires-growth",
        config=GrowthConfig,
        runner="imc.papers.arrays.speed:solver_growth",
        summary="time to solve arrays behind wires against their side",
        seconds=lambda config: config.repeats * sum(2 * (s / 512) ** 3 for s in config.sides),
    ),
    Experiment(
        name="crossbar/own-device",
        config=OwnDeviceConfig,
        runner="imc.papers.arrays.own_device:ask",
        summary="a network on digits on published devices, on a measured table, and as it ages",
        datasets=lambda config: ("digits",),
        seconds=lambda config: 2.0 + 0.6 * config.chips,
    ),
    Experiment(
        name="crossbar/own-network",
        config=OwnNetworkConfig,
        runner="imc.papers.arrays.own_network:ask",
        summary="what report says of a network on digits, and of four mistaken chips",
        datasets=lambda config: ("digits",),
        seconds=lambda config: 2.0 + 0.4 * config.chips,
    ),
    Experiment(
        name="crossbar/on-chip-training",
        config=OnChipTrainingConfig,
        runner="imc.papers.arrays.own_network:train_on_chip",
        summary="accuracy over chips before and after training through them, by spread",
        datasets=lambda config: ("digits",),
        seconds=lambda config: 2.0 + len(config.sigmas) * (0.1 * config.further + 0.3 * config.chips),
    ),
    Experiment(
        name="crossbar/agreement",
        config=AgreementConfig,
        runner="imc.papers.arrays.agreement:compare",
        summary="the same arrays by ngspice, badcrossbar and AIHWKit, where they are installed",
        seconds=lambda config: 5.0 + sum(2 * (s / 64) ** 2 for s in config.sides) * 7,
    ),
    Experiment(
        name="crossbar/benchmark",
        config=BenchmarkConfig,
        runner="imc.papers.arrays.speed:measure",
        summary="speed and memory against the machine's limits, torch by hand, and AIHWKit",
        seconds=lambda config: 120.0 if "cnn" in config.networks else 20.0,
    ),
)
