"""Restricted Boltzmann machines on spikes and phase-change cells, as experiments."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from imc.runs.config import Config
from imc.runs.experiments import Experiment

Percent = Annotated[float, Field(ge=0, le=100)]
Hours = Annotated[float, Field(ge=0, le=1e6)]
Device = Literal["exact", "both", "both_soft", "one_sided", "one_sided_soft"]
"""exact: weights are numbers; both: a constant step up and down; both_soft: one that shrinks towards the end
of the range; one_sided: a pair of cells with a constant step, in which pulses only raise a conductance;
one_sided_soft: a pair whose steps shrink, as those of phase-change cells."""


class MachineConfig(Config):
    """A restricted Boltzmann machine of 784 pixels, 40 labels and hidden units, by contrastive divergence.

    Rates of spikes take the place of spikes: one draw of every unit a presentation.
    """

    smoke: ClassVar[Mapping[str, Any]] = {
        "seeds": 2, "data": "digits", "hidden": 16, "train": 100, "test": 50, "epochs": 2, "steps": 4,
    }  # fmt: skip

    seeds: int = Field(5, ge=1, le=64, description="machines side by side, from one stream of chance")
    hidden: int = Field(500, ge=1, le=4096, description="hidden units")
    epochs: int = Field(10, ge=1, le=10_000, description="passes over the training pictures")
    batch: int = Field(10, ge=1, le=1000, description="pictures whose updates are taken together")
    step: float = Field(0.01, gt=0, le=1, description="change of a weight by one coincidence of spikes")
    steps: int = Field(10, ge=1, le=1000, description="reads of each picture when it is recognized")
    data: Literal["mnist", "digits"] = Field("mnist", description="digits: scikit-learn's, the stand-in")
    train: int = Field(10_000, ge=1, le=60_000, description="first training pictures")
    test: int = Field(2000, ge=0, le=10_000, description="first test pictures; 0: all")


class RbmConfig(MachineConfig):
    """The machine on devices, and what unstable resistances do to it."""

    device: Device = Field("exact", description="what holds a weight")
    bound: float = Field(2.0, gt=0, le=100, description="assumed: largest weight that a device holds")
    cycle_spread: float = Field(
        0.3, ge=0, le=2, description="assumed: SD of one pulse's step, relative, on devices"
    )
    noises: tuple[Percent, ...] = Field(
        (1, 5, 20), description="read noise of each cell at test, SD, percent of its conductance"
    )
    hours: tuple[Hours, ...] = Field((0.01, 1.0, 24.0, 720.0), description="drift before the test, h")


class PcmConfig(RbmConfig):
    """The same machine for fewer pictures, to compare devices: a pair of phase-change cells unless chosen."""

    smoke: ClassVar[Mapping[str, Any]] = {**MachineConfig.smoke, "noises": (5,), "hours": (24,)}

    train: int = Field(1000, ge=1, le=60_000, description="first training pictures")
    device: Device = Field("one_sided_soft", description="what holds a weight")


class ChanceConfig(MachineConfig):
    """A smaller machine, to compare where its chance comes from."""

    hidden: int = Field(100, ge=1, le=4096, description="hidden units")
    epochs: int = Field(5, ge=1, le=10_000, description="passes over the training pictures")
    train: int = Field(1000, ge=1, le=60_000, description="first training pictures")
    test: int = Field(1000, ge=0, le=10_000, description="first test pictures; 0: all")
    start: Literal["data", "zero"] = Field(
        "data", description="thresholds of visible units: log odds of the training pictures, or 0"
    )


class NoiseConfig(ChanceConfig):
    """The machine with the noise of its synapses as the only chance: neurons are thresholds."""

    smoke: ClassVar[Mapping[str, Any]] = {**MachineConfig.smoke, "noises": (0, 5, 20)}

    timing: Literal["white", "frozen"] = Field(
        "white", description="noise drawn anew at every read, or once for all reads of a picture"
    )
    noises: tuple[Percent, ...] = Field(
        (0, 0.5, 1, 2, 3, 5, 7, 10, 15, 20), description="SD of a synapse, percent of what it holds"
    )
    background: float = Field(
        0.0,
        ge=0,
        le=100,
        description="sum of the two conductances of a pair, in weights; 0: one of them is 0",
    )


class ControlConfig(ChanceConfig):
    """The same machine with other sources of chance: stochastic neurons, or masks of synapses."""

    keep: float = Field(0.5, gt=0, le=1, description="share of synapses that a mask keeps")


def linear_of(config: MachineConfig) -> Iterable[tuple[str, dict[str, Any]]]:
    """The linear classifier on the same pictures, in grey."""
    same = {name: getattr(config, name) for name in ("effort", "data", "train", "test")}
    return [("codesign/linear", same)]


def _seconds(config: MachineConfig, each: float) -> float:
    """`each` nanoseconds for a synapse and a presentation."""
    work = config.seeds * config.epochs * config.train + config.seeds * config.steps * (config.test or 10_000)
    return 1e-9 * each * work * config.hidden * 824


EXPERIMENTS = (
    Experiment(
        name="codesign/rbm",
        config=RbmConfig,
        runner="imc.papers.codesign.rbm_training:train",
        summary="a restricted Boltzmann machine on devices, its noise and its drift",
        datasets=lambda config: (config.data,),
        needs=linear_of,
        seconds=lambda config: _seconds(config, 1.0 if config.device == "exact" else 5.0),
    ),
    Experiment(
        name="codesign/pcm",
        config=PcmConfig,
        runner="imc.papers.codesign.rbm_training:train",
        summary="devices compared under the same machine, their noise and their drift",
        datasets=lambda config: (config.data,),
        needs=linear_of,
        seconds=lambda config: _seconds(config, 1.0 if config.device == "exact" else 5.0),
    ),
    Experiment(
        name="codesign/noise",
        version=2,
        config=NoiseConfig,
        runner="imc.papers.codesign.noise:sweep",
        summary="a machine whose only chance is the noise of its synapses",
        datasets=lambda config: (config.data,),
        seconds=lambda config: (
            _seconds(config, 1.0 if config.timing == "white" else 12.0) * len(config.noises)
        ),
    ),
    Experiment(
        name="codesign/noise-controls",
        version=2,
        config=ControlConfig,
        runner="imc.papers.codesign.noise:controls",
        summary="the same machine with stochastic neurons, and with masks of synapses",
        datasets=lambda config: (config.data,),
        seconds=lambda config: _seconds(config, 15.0),
    ),
)
