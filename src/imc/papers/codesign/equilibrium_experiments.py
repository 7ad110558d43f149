"""Networks of resistors that train by equilibrium propagation, as experiments."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from imc.runs.config import Config
from imc.runs.experiments import Experiment

Diodes = Literal["ideal", "antiparallel", "none"]
"""ideal: one at each hidden node, which lets half of them go only above 0 volt, half only below;
antiparallel: two at each hidden node, of opposite direction, to ground; none: resistors alone."""
Nodes = Annotated[int, Field(ge=1, le=4096)]
Nudging = Annotated[float, Field(gt=0, le=1e3, allow_inf_nan=False)]
Spread = Annotated[float, Field(ge=0, le=1)]


class GradientConfig(Config):
    """The local estimate against finite differences of the same network's cost, in double precision."""

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "nudgings": (1e-3, 0.1), "inputs": 6, "hidden": (4,)}

    seeds: int = Field(5, ge=1, le=100, description="random networks, side by side")
    inputs: int = Field(10, ge=1, le=100, description="nodes that are held at voltages")
    hidden: tuple[Nodes, ...] = Field((10,), min_length=1, description="nodes of each hidden layer")
    diodes: Diodes = Field("ideal", description="at hidden nodes")
    amplifier: float = Field(1.0, ge=1, le=100, description="voltage gain behind a hidden layer; 1: none")
    nudgings: tuple[Nudging, ...] = Field(
        (1e-3, 0.01, 0.03, 0.1, 0.2, 0.4), min_length=1, description="strength beta of the nudge"
    )


class EquilibriumConfig(Config):
    """Training by equilibrium propagation: nudged up and down, from the free state."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "seeds": 2, "data": "digits", "epochs": 1, "hidden": (32,), "nudging": 0.1, "train": 200, "test": 100,
    }  # fmt: skip

    seeds: int = Field(5, ge=1, le=64, description="networks side by side, from one stream of chance")
    hidden: tuple[Nodes, ...] = Field((100,), min_length=1, description="nodes of each hidden layer")
    diodes: Diodes = Field("ideal", description="at hidden nodes; none: resistors alone")
    amplifier: float = Field(1.0, ge=1, le=100, description="voltage gain behind a hidden layer; 1: none")
    input_gain: float = Field(100.0, gt=0, le=1e4, description="volt of a white pixel")
    nudging: float = Field(1.0, gt=0, le=1e3, description="strength beta of the nudge")
    learning_rate: float = Field(
        0.006, gt=0, le=10, description="of conductances and currents; x 0.99 an epoch"
    )
    batch: int = Field(4, ge=1, le=1000, description="pictures a step")
    epochs: int = Field(4, ge=1, le=1000, description="passes over the training pictures")
    sweeps: int = Field(4, ge=1, le=1000, description="updates of all layers until it counts as settled")
    spreads: tuple[Spread, ...] = Field(
        (0.02, 0.05, 0.1, 0.2), description="of conductances after training, SD relative to each, at test"
    )
    data: Literal["mnist", "digits"] = Field("mnist", description="digits: scikit-learn's, the stand-in")
    train: int = Field(0, ge=0, le=60_000, description="first training pictures; 0: all")
    test: int = Field(0, ge=0, le=10_000, description="first test pictures; 0: all")
    pool: int = Field(1, ge=1, le=4, description="pool x pool pixels are averaged into one")

    @model_validator(mode="after")
    def _both_halves(self) -> Self:
        if self.diodes == "ideal" and min(self.hidden) < 2:
            raise ValueError("2 hidden nodes or more with ideal diodes, one for each direction")
        return self


class CircuitConfig(EquilibriumConfig):
    """The circuit that is drawn, on a small problem: 8 x 8 digits, enlarged, as 10 x 10 pixels."""

    hidden: tuple[Nodes, ...] = Field((50,), min_length=1, description="nodes of each hidden layer")
    diodes: Diodes = Field("antiparallel", description="at hidden nodes; none: resistors alone")
    amplifier: float = Field(4.0, ge=1, le=100, description="voltage gain behind a hidden layer; 1: none")
    input_gain: float = Field(20.0, gt=0, le=1e4, description="volt of a white pixel")
    nudging: float = Field(0.1, gt=0, le=1e3, description="strength beta of the nudge")
    learning_rate: float = Field(0.001, gt=0, le=10, description="of conductances; x 0.99 an epoch")
    epochs: int = Field(15, ge=1, le=1000, description="passes over the training pictures")
    sweeps: int = Field(6, ge=1, le=1000, description="updates of all layers until it counts as settled")
    data: Literal["mnist", "digits"] = Field("digits", description="scikit-learn's digits, or MNIST")
    pool: int = Field(2, ge=1, le=4, description="pool x pool pixels are averaged into one")


def linear_of(config: EquilibriumConfig) -> Iterable[tuple[str, dict[str, Any]]]:
    """The linear classifier on the same pictures."""
    same = {name: getattr(config, name) for name in ("effort", "data", "train", "test", "pool")}
    return [("codesign/linear", same)]


def _seconds(config: EquilibriumConfig) -> float:
    pictures = config.train or (60_000 if config.data == "mnist" else 1500)
    each = 2.5e-3 if config.diodes == "antiparallel" else 0.6e-3
    return each * config.epochs * pictures / config.batch * config.sweeps / 3 * len(config.hidden)


EXPERIMENTS = (
    Experiment(
        name="codesign/equilibrium-gradient",
        config=GradientConfig,
        runner="imc.papers.codesign.equilibrium:gradients",
        summary="equilibrium propagation's gradient against finite differences",
        seconds=lambda config: 10.0,
    ),
    Experiment(
        name="codesign/equilibrium",
        config=EquilibriumConfig,
        runner="imc.papers.codesign.equilibrium:train",
        summary="train a network of resistors by equilibrium propagation",
        datasets=lambda config: (config.data,),
        needs=linear_of,
        seconds=_seconds,
    ),
    Experiment(
        name="codesign/circuit",
        config=CircuitConfig,
        runner="imc.papers.codesign.equilibrium:train",
        summary="train the circuit with amplifiers and anti-parallel diodes on small digits",
        datasets=lambda config: (config.data,),
        needs=linear_of,
        seconds=_seconds,
    ),
)
