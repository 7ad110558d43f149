"""Networks trained on devices that take pulses, and the slides' table of such a device, as experiments."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from imc.runs.config import Config
from imc.runs.experiments import Experiment

Units = Annotated[int, Field(ge=1, le=4096)]
DeviceName = Literal["float", "constant", "soft", "power", "exponential", "capacitor"]


class TableConfig(Config):
    """Do the rows of the slides' device table agree with each other?"""


class TrainingConfig(Config):
    """A network with logistic hidden units, trained by pulses on handwritten digits, network by network.

    The defaults are the baseline of Gokmen and Vlasov (2016) on their 784-256-128-10, but for what the number
    of samples asks for: initial weights are uniform in +-4 sqrt(6/(inputs + outputs)), 0.5 at most, since
    logistic units start too slowly from smaller ones. Each seed draws initial weights, order of the pictures
    and devices; the first two are the same whatever the device, so that networks can be paired.
    """

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "samples": 300, "data": "digits"}

    seeds: int = Field(5, ge=1, le=100, description="networks, one after the other: seed, seed+1, ...")
    samples: int = Field(10_000, ge=10, le=2_000_000, description="training pictures, repeated if they end")
    batch: int = Field(10, ge=1, le=1000, description="pictures between two steps; gradients are summed")
    hidden: tuple[Units, ...] = Field((256, 128), max_length=6, description="units of the hidden layers")
    learning_rate: float = Field(0.01, gt=0, le=1, description="of w - rate x gradient of one picture")
    data: Literal["mnist", "digits"] = Field("mnist", description="digits: scikit-learn's, the stand-in")
    judged_on: Literal["test", "held_out"] = Field(
        "test", description="held_out: the last sixth of the training pictures, which never train"
    )

    device: DeviceName = Field(
        "constant",
        description="float: torch's own SGD; step constant, or falling to soft bounds, as a power 2 or "
        "exponentially; leaking",
    )
    states: float = Field(1200, ge=2, le=1e6, description="steps between the bounds")
    bound: float = Field(0.6, gt=0, le=100, description="largest magnitude of a weight, a number")
    step_spread: float = Field(0.3, ge=0, le=10, description="device-to-device SD of the step, relative")
    bound_spread: float = Field(0.3, ge=0, le=10, description="device-to-device SD of each bound, relative")
    asymmetry: float = Field(0.0, gt=-1, lt=1, description="a: steps are 1 + a up and 1 - a down")
    asymmetry_spread: float = Field(0.01, ge=0, le=1, description="device-to-device SD of a")
    cycle_spread: float = Field(0.3, ge=0, le=10, description="SD of one pulse relative to its mean")
    slope: float = Field(0.0, ge=0, le=1, description="capacitor: share of the step lost at the bound")
    tau: float | None = Field(None, gt=0, description="capacitor: time constant, updates; None keeps all")
    rest: float = Field(0.0, ge=-100, le=100, description="capacitor: resting point, a weight")
    rest_spread: float = Field(0.0, ge=0, le=100, description="capacitor: device-to-device SD of it")

    algorithm: Literal["sgd", "v1", "v2", "chopped", "agad"] = Field(
        "sgd", description="plain SGD, or Tiki-Taka v1, v2, with choppers, AGAD"
    )
    reference: Literal["zero", "symmetry", "pulsed", "rest"] = Field(
        "zero", description="what counts as 0: SGD's weights, Tiki-Taka's A; pulsed is zero-shifting"
    )
    pairs: int = Field(1000, ge=1, le=100_000, description="pulses up and down of zero-shifting")
    reference_error: float = Field(0.0, ge=0, le=1, description="SD of the reference's error, of the range")
    gamma: float = Field(0.0, ge=0, le=100, description="weights are gamma A + C")
    every: int = Field(1, ge=1, le=10_000, description="ns, samples between two columns carried over")
    columns: int = Field(1, ge=1, le=4096, description="columns carried over at a time; the slides: 1")
    transfer_rate: float = Field(1.0, gt=0, le=100, description="eta_c, of what C gets of a reading of A")

    pulses: Literal["fixed", "managed", "exact"] = Field(
        "fixed", description="fixed gains as in 2016; gains that follow the data; exact outer products"
    )
    train_length: int = Field(10, ge=1, le=31, description="slots of a train of pulses")
    periphery: Literal["none", "rpu", "inputs", "outputs", "scaled"] = Field(
        "rpu",
        description="rpu: 5-bit DAC, 9-bit ADC, outputs to +-12 with noise; inputs: the DAC alone; outputs: "
        "all but the DAC; scaled: rpu, each input divided by its largest before the DAC",
    )
    output_noise: float = Field(0.06, ge=0, le=100, description="SD of the noise of an output, if it has any")


IDEAL: Mapping[str, Any] = {
    "periphery": "none",
    "step_spread": 0.0,
    "bound_spread": 0.0,
    "asymmetry_spread": 0.0,
    "cycle_spread": 0.0,
}
"""Fields of a device and a periphery of which only that pulses are whole is left."""

TABLE: Mapping[str, Any] = {"states": 1000, "asymmetry": 0.0244}
"""What the slides' table changes of the baseline: 1000 levels, steps up and down of 1.05 to 1."""


def seconds(config: TrainingConfig) -> float:
    """Expected time of a training, on one free core."""
    weights = sum(a * b for a, b in zip((784, *config.hidden), (*config.hidden, 10), strict=True))
    per_sample = 1e-4 if config.device == "float" else 6e-4 if config.algorithm == "sgd" else 1e-3
    return config.seeds * (config.samples * per_sample * (0.2 + 0.8 * weights / 235_000) + 1)


EXPERIMENTS = (
    Experiment(
        name="codesign/device-table",
        config=TableConfig,
        runner="imc.papers.codesign.table:check",
        summary="the rows of the slides' device table against each other",
        reads=("printed/codesign.rpu",),
    ),
    Experiment(
        name="codesign/training",
        config=TrainingConfig,
        runner="imc.papers.codesign.training:train",
        summary="a network of handwritten digits trained by pulses on a device, by an algorithm",
        datasets=lambda config: (config.data,),
        seconds=seconds,
    ),
)
