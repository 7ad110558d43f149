"""Inputs split over arrays with one-bit partial sums, as experiments; and the best linear classifier."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from imc.runs.config import Config
from imc.runs.experiments import Experiment

Rows = Annotated[int, Field(ge=1, le=4096)]


class LinearConfig(Config):
    """Softmax regression; the penalty of its weights that is best on the test pictures counts."""

    smoke: ClassVar[Mapping[str, Any]] = {"data": "digits", "steps": 20}

    data: Literal["mnist", "digits"] = Field("mnist", description="digits: scikit-learn's, the stand-in")
    train: int = Field(0, ge=0, le=60_000, description="first training pictures; 0: all")
    test: int = Field(0, ge=0, le=10_000, description="first test pictures; 0: all")
    pool: int = Field(1, ge=1, le=4, description="pool x pool pixels are averaged into one")
    steps: int = Field(100, ge=1, le=10_000, description="iterations of L-BFGS at most, a penalty")


class FlipsConfig(Config):
    """Random layers of binary weights, their inputs split over arrays without retraining.

    Inputs are uniform from -1 to 1: sums of binary inputs would often be 0, which a Gaussian never is.
    """

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "inputs": 256, "rows": (64, 32), "samples": 200}

    seeds: int = Field(5, ge=1, le=100, description="random layers: seed, seed+1, ...")
    inputs: int = Field(2048, ge=2, le=16_384, description="of the layer")
    outputs: int = Field(256, ge=1, le=4096, description="units of the layer, weights -1 or +1")
    samples: int = Field(1000, ge=1, le=100_000, description="random inputs a layer")
    rows: tuple[Rows, ...] = Field((512, 256, 128), min_length=1, description="rows of an array")

    @model_validator(mode="after")
    def _arrays_fit(self) -> Self:
        _whole_groups(self.inputs, self.rows)
        return self


class SplitConfig(Config):
    """784 - hidden - hidden - hidden - 10 with weights and activations of one bit.

    The second and third hidden layers are split. The authors have 2,048 hidden units, over arrays of 512, 256
    and 128 rows: 4, 8 and 16 groups. A quarter of the units over a quarter of the rows makes as many, and
    trains in a fiftieth of the time.
    """

    smoke: ClassVar[Mapping[str, Any]] = {
        "seeds": 2, "data": "digits", "epochs": 2, "hidden": 64, "rows": (32, 16), "test": 200,
    }  # fmt: skip

    seeds: int = Field(3, ge=1, le=64, description="networks of each kind: seed, seed+1, ...")
    hidden: int = Field(512, ge=2, le=4096, description="units of each hidden layer")
    rows: tuple[Rows, ...] = Field((128, 64, 32), min_length=1, description="rows of an array, split layers")
    epochs: int = Field(8, ge=1, le=1000, description="passes over the training pictures")
    batch: int = Field(100, ge=2, le=1000, description="pictures a step")
    learning_rate: float = Field(
        2.0**-6, gt=0, le=1, description="of AdaMax, times a layer's own factor; falls to 0 along a cosine"
    )
    data: Literal["mnist", "digits"] = Field("mnist", description="digits: scikit-learn's, the stand-in")
    train: int = Field(20_000, ge=0, le=60_000, description="first training pictures; 0: all")
    test: int = Field(0, ge=0, le=10_000, description="first test pictures; 0: all")

    @model_validator(mode="after")
    def _arrays_fit(self) -> Self:
        _whole_groups(self.hidden, self.rows)
        return self


def _whole_groups(inputs: int, rows: tuple[int, ...]) -> None:
    for one in rows:
        if one > inputs or inputs % one:
            raise ValueError(f"arrays whose rows divide the {inputs} inputs of a split layer; {one} do not")


EXPERIMENTS = (
    Experiment(
        name="codesign/linear",
        config=LinearConfig,
        runner="imc.papers.codesign.linear:measure",
        summary="the best linear classifier on the same pictures",
        datasets=lambda config: (config.data,),
        seconds=lambda config: 60.0 if config.data == "mnist" and not config.train else 5.0,
    ),
    Experiment(
        name="codesign/flips",
        config=FlipsConfig,
        runner="imc.papers.codesign.splitting:flips",
        summary="units that splitting flips in random binary layers, against the exact share",
        seconds=lambda config: 2e-10 * config.seeds * config.samples * config.inputs * config.outputs,
    ),
    Experiment(
        name="codesign/split",
        config=SplitConfig,
        runner="imc.papers.codesign.splitting:train",
        summary="binary networks whole and split over arrays, retrained and not",
        datasets=lambda config: (config.data,),
        seconds=lambda config: 3.4e-4 * config.seeds * config.epochs * (1 + len(config.rows))
        * config.hidden * (784 + 2 * config.hidden) / 1000 * (config.train or 60_000) / 1000,
    ),
)  # fmt: skip
