"""Weights that leak, and weights moved to cells that keep them, as experiments."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from imc.papers.codesign.rpu_experiments import TrainingConfig, seconds
from imc.runs.config import Config
from imc.runs.experiments import Experiment


class LeakConfig(Config):
    """A leaking cell against w <- w (1 - t/tau), and tau in epochs for some times of an update."""

    minutes: float = Field(775.0, gt=0, le=1e9, description="time constant, min")
    updates: int = Field(60_000, ge=1, le=10**9, description="updates of an epoch")
    cycles: tuple[float, ...] = Field((2e-7, 1e-4, 1e-2), min_length=1, description="time of an update, s")
    tau: float = Field(10_000, gt=1, le=1e9, description="of the cell that is simulated, updates")
    rest: float = Field(0.2, ge=-1, le=1, description="its resting point")


class TransferConfig(TrainingConfig):
    """Networks of `TrainingConfig` by SGD, their weights written to cells that keep them.

    Offline: once, after training. Online: every so many samples; what the leaking cells hold above their
    resting point is added to the lasting cells, the sum is written there, and the leaking cells start again
    from the resting point. Lasting cells are written to within an error, and read without one.
    """

    smoke: ClassVar[Mapping[str, Any]] = {**TrainingConfig.smoke, "transfer_every": 100}

    transfer: Literal["offline", "online"] = Field("offline", description="once after training, or during it")
    transfer_every: int = Field(1000, ge=1, le=1_000_000, description="online: samples between two transfers")
    transfer_error: float = Field(
        0.01, ge=0, le=1, description="assumed: SD of a lasting weight as written, of the range 2 bound"
    )


EXPERIMENTS = (
    Experiment(
        name="codesign/leak",
        config=LeakConfig,
        runner="imc.papers.codesign.leak:check",
        summary="the leak of a cell against its closed form, and a time constant in epochs",
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
