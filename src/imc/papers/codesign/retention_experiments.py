"""Weights that leak, and weights moved to cells that keep them, as experiments."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from imc.papers.codesign.rpu_experiments import DeviceName, seconds
from imc.papers.codesign.tiki_taka_experiments import TikiTakaConfig
from imc.runs.config import Config
from imc.runs.experiments import Experiment


class LeakConfig(Config):
    """A leaking cell against w <- w (1 - t/tau), and tau in epochs for some times of an update."""

    minutes: float = Field(775.0, gt=0, le=1e9, description="time constant, min")
    updates: int = Field(60_000, ge=1, le=10**9, description="updates of an epoch")
    cycles: tuple[float, ...] = Field((2e-7, 1e-4, 1e-2), min_length=1, description="time of an update, s")
    seeds: int = Field(5, ge=1, le=100, description="cells that are simulated, from -1 to -0.5")
    tau: float = Field(10_000, gt=1, le=1e9, description="their time constant, updates")
    rest: float = Field(0.2, ge=-0.4, le=1, description="their resting point")


class CapacitorConfig(TikiTakaConfig):
    """Networks of `TikiTakaConfig` on capacitor cells, which leak.

    The numbers of the cell are assumptions: 400 steps, an asymmetry that differs by 0.02 from cell to cell
    ("near ideal symmetry"), a step that loses a fifth towards the bounds ("near ideal linearity"), and 5 %
    of everything else ("minimal device-to-device variation").
    """

    device: DeviceName = Field("capacitor", description="see TrainingConfig")
    states: float = Field(400, ge=2, le=1e6, description="steps between the bounds")
    bound: float = Field(1.0, gt=0, le=100, description="largest magnitude of a weight, a number")
    step_spread: float = Field(0.05, ge=0, le=10, description="device-to-device SD of the step, relative")
    bound_spread: float = Field(0.05, ge=0, le=10, description="device-to-device SD of each bound, relative")
    asymmetry_spread: float = Field(0.02, ge=0, le=1, description="device-to-device SD of a")
    cycle_spread: float = Field(0.05, ge=0, le=10, description="SD of one pulse relative to its mean")
    slope: float = Field(0.2, ge=0, le=1, description="share of the step lost at the bound")


class LossConfig(CapacitorConfig):
    """Networks of `CapacitorConfig` with a leak, against the same without: `tau` is their time constant."""

    tau: float = Field(10_000, gt=0, description="time constant, updates")


def compared(config: LossConfig) -> list[tuple[str, dict[str, Any]]]:
    """The trainings with the leak, and without."""
    with_leak = CapacitorConfig.build(**config.model_dump())
    without = with_leak.model_copy(update={"tau": None})
    return [("codesign/capacitor", {"effort": c.effort, **c.given()}) for c in (with_leak, without)]


class TransferConfig(CapacitorConfig):
    """Networks of `CapacitorConfig` by SGD, their weights written to cells that keep them.

    Offline: once, after training. Online: every so many samples; what the leaking cells hold above their
    resting point is added to the lasting cells, the sum is written there, and the leaking cells start again
    from the resting point. Lasting cells are written to within an error, and read without one.
    """

    smoke: ClassVar[Mapping[str, Any]] = {**CapacitorConfig.smoke, "transfer_every": 100}

    reference: Literal["zero", "symmetry", "pulsed", "rest"] = Field("rest", description="has to be rest")
    transfer: Literal["offline", "online"] = Field("offline", description="once after training, or during it")
    transfer_every: int = Field(1000, ge=1, le=1_000_000, description="online: samples between two transfers")
    transfer_error: float = Field(
        0.01, ge=0, le=1, description="assumed: SD of a lasting weight as written, of the range 2 bound"
    )

    @model_validator(mode="after")
    def _moves_at_least_once(self) -> Self:
        if self.transfer_every > self.samples:
            raise ValueError("transfer_every of at most samples, or nothing is ever moved")
        return self


EXPERIMENTS = (
    Experiment(
        name="codesign/capacitor",
        config=CapacitorConfig,
        runner="imc.papers.codesign.training:train",
        summary="networks of handwritten digits on leaking capacitor cells",
        datasets=lambda config: (config.data,),
        seconds=seconds,
    ),
    Experiment(
        name="codesign/leak",
        config=LeakConfig,
        runner="imc.papers.codesign.leak:check",
        summary="the leak of a cell against its closed form, and a time constant in epochs",
    ),
    Experiment(
        name="codesign/loss-by-leak",
        config=LossConfig,
        runner="imc.papers.codesign.leak:loss",
        summary="what a leak costs a network, by its depth and its training",
        needs=compared,
    ),
    Experiment(
        name="codesign/transfer",
        config=TransferConfig,
        runner="imc.papers.codesign.leak:transfer",
        summary="weights moved from leaking to lasting cells, after training or during it",
        datasets=lambda config: (config.data,),
        seconds=seconds,
    ),
)
