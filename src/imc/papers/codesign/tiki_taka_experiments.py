"""Algorithms on a small test bed, and zero-shifting, as experiments."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from imc.papers.codesign.rpu_experiments import DeviceName, TrainingConfig, seconds
from imc.runs.config import Config
from imc.runs.experiments import Experiment

Rival = Literal["sgd", "zero_shifted", "v1", "v1_gamma", "v2", "chopped", "agad"]
RIVALS: tuple[Rival, ...] = ("sgd", "zero_shifted", "v1", "v1_gamma", "v2", "chopped", "agad")
Share = Annotated[float, Field(ge=0, le=1)]


class BedConfig(Config):
    """One layer of soft-bound cells learns a fixed matrix from noisy errors; one property is swept.

    What is swept takes the place of the field of that name, but for ``cycle_spread`` and ``reference_error``.
    """

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "samples": 200, "values": (0.1,)}

    seeds: int = Field(3, ge=1, le=100, description="targets, devices and samples: seed, seed+1, ...")
    samples: int = Field(20_000, ge=10, le=10_000_000, description="to learn from")
    size: int = Field(20, ge=2, le=256, description="inputs, and outputs, of the matrix")
    learning_rate: float = Field(0.01, gt=0, le=1, description="of what gets the gradient")
    error_noise: float = Field(0.1, ge=0, le=10, description="SD of the noise on each error of an output")
    sweep: Literal["asymmetry", "states", "cycle_spread", "reference_error"] = Field(
        "asymmetry", description="the property that takes the values"
    )
    values: tuple[float, ...] = Field((0.0, 0.1, 0.2, 0.3, 0.5, 0.7), min_length=1, description="of it")
    rivals: tuple[Rival, ...] = Field(RIVALS, min_length=1, description="algorithms")

    states: float = Field(1000, ge=2, le=1e6, description="steps between the bounds, +-1")
    asymmetry: float = Field(0.3, gt=-1, lt=1, description="a: steps are 1 + a up and 1 - a down")
    asymmetry_spread: float = Field(0.1, ge=0, le=1, description="device-to-device SD of a")
    spread: Share = Field(0.3, description="device-to-device SD of steps and bounds, relative")
    cycle_spread: float = Field(0.3, ge=0, le=10, description="SD of one pulse relative to its mean")
    reference_error: Share = Field(0.0, description="SD of the reference's error, of the range")

    every: int = Field(2, ge=1, le=10_000, description="ns, samples between two columns carried over")
    gamma: float = Field(1.0, gt=0, le=100, description="of v1_gamma; all others have 0")
    transfer_rate: float = Field(0.03, gt=0, le=100, description="eta_c of v1")
    buffer_rate: float = Field(0.003, gt=0, le=100, description="eta_c of v2 and its kin, into the buffer")


class TikiTakaConfig(TrainingConfig):
    """Networks of `TrainingConfig` on soft-bound devices, read without converters and noise.

    What is compared is what devices do to algorithms; gains of the trains follow the data, and trains are as
    long as in the papers on Tiki-Taka.
    """

    device: DeviceName = Field("soft", description="see TrainingConfig")
    pulses: Literal["fixed", "managed", "exact"] = Field("managed", description="see TrainingConfig")
    train_length: int = Field(31, ge=1, le=31, description="slots of a train of pulses, at most")
    periphery: Literal["none", "rpu"] = Field("none", description="see TrainingConfig")


class ZeroShiftConfig(Config):
    """Pulses up and down in turn, on soft-bound cells that start at the lower bound."""

    smoke: ClassVar[Mapping[str, Any]] = {"states": (20.0, 50.0)}

    states: tuple[float, ...] = Field((20, 60, 200, 600, 2000), min_length=1, description="between bounds")
    asymmetry: float = Field(0.3, gt=-1, lt=1, description="a; the symmetry point is a times the bound")
    cycle_spread: float = Field(0.3, ge=0, le=10, description="SD of one pulse, in the noisy case")
    cells: int = Field(400, ge=1, le=100_000, description="cells, in the noisy cases")
    seeds: int = Field(5, ge=1, le=100, description="arrays of cells that differ: seed, seed+1, ...")


EXPERIMENTS = (
    Experiment(
        name="codesign/tiki-taka",
        config=TikiTakaConfig,
        runner="imc.papers.codesign.training:train",
        summary="networks of handwritten digits on soft-bound devices, by SGD and every Tiki-Taka",
        datasets=lambda config: (config.data,),
        seconds=seconds,
    ),
    Experiment(
        name="codesign/fixed-matrix",
        config=BedConfig,
        runner="imc.papers.codesign.bed:sweep",
        summary="SGD, zero-shifting and every Tiki-Taka on a matrix to be learned, one property swept",
        seconds=lambda config: 9e-5 * config.seeds * config.samples * len(config.values) * len(config.rivals),
    ),
    Experiment(
        name="codesign/zero-shifting",
        config=ZeroShiftConfig,
        runner="imc.papers.codesign.bed:zero_shift",
        summary="how many pulse pairs bring a cell to its symmetry point, and how close",
        seconds=lambda config: 2e-3 * sum(config.states),
    ),
)
