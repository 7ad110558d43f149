"""Bit widths and the bit-wise convolution, as experiments."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from imc.papers.imce import recipe, results
from imc.runs.config import Config
from imc.runs.experiments import Experiment

Width = Annotated[str, Field(pattern=r"^[1-8]:[1-8]$")]
LayerName = Annotated[str, Field(pattern=r"^conv[1-6]$")]


class BitwiseConfig(Config):
    """The slides' equations on random layers, for all widths from 1 to 8 and every code of the weights."""

    smoke: ClassVar[Mapping[str, Any]] = {"layers": 1}

    layers: int = Field(5, ge=1, le=1000, description="random layers for each pair of widths and each code")


class SpeedConfig(Config):
    """The packed engine against int8 and float32 convolutions, one core."""

    smoke: ClassVar[Mapping[str, Any]] = {"layers": ("conv4",), "batch": 1, "repeats": 1}

    layers: tuple[LayerName, ...] = Field(
        tuple(f"conv{i}" for i in range(1, 7)), min_length=1, description="of the SVHN network"
    )
    widths: tuple[Width, ...] = Field(
        ("1:1", "1:2", "1:3", "1:4", "2:2"), min_length=1, description="bits of weights and inputs, W:I"
    )
    batch: int = Field(16, ge=1, le=4096, description="pictures")
    repeats: int = Field(30, ge=1, le=10_000, description="the least time of so many calls counts")


EXPERIMENTS = (
    Experiment(
        name="imce/bit-width",
        config=recipe.BitWidthConfig,
        result=results.BitWidthResult,
        runner="imc.papers.imce.training:train",
        summary="train DoReFa-Net's SVHN network at one choice of bit widths and test it",
        datasets=recipe.names,
        seconds=recipe.seconds,
    ),
    Experiment(
        name="imce/bit-width-seeds",
        config=recipe.BitWidthSeedsConfig,
        result=results.BitWidthSeedsResult,
        runner="imc.papers.imce.seeds:gather",
        summary="the errors of imce/bit-width over several seeds, side by side",
        datasets=lambda config: recipe.names(config.training),
        needs=recipe.trainings_of,
        seconds=lambda config: config.seeds * recipe.seconds(config.training),
    ),
    Experiment(
        name="imce/bitwise",
        config=BitwiseConfig,
        runner="imc.papers.imce.identities:check",
        summary="AND, bit count and shift against multiplication, and the digital unit's formulas",
        seconds=lambda config: 2.0 * config.layers,
    ),
    Experiment(
        name="imce/bitwise-speed",
        config=SpeedConfig,
        runner="imc.papers.imce.bitwise_speed:measure",
        summary="the packed engine's speed against int8 and float32 convolutions",
        seconds=lambda config: 0.01 * config.batch * config.repeats * len(config.layers),
    ),
)
