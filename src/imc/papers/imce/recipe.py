"""How the network of the slides' accuracy table is trained, as a configuration.

The recipe is that of DoReFa-Net's released network for SVHN; what the slides add, "modification ...
different dropout techniques", is not described. `data` chooses the defaults of the fields from `pooling` to
`precision`:

| data | training pictures | epochs | batch | rate halved every |
| --- | --- | --- | --- | --- |
| svhn (the released recipe) | all, train and extra | 200 | 128 | 100 epochs |
| cifar10-jpeg | 10,000, drawn by the seed | 3 | 32 | epoch |
| svhn-part | photographs drawn by the seed, four in five | 15 | 32 | 5 epochs |
| svhn-11k | four photographs in five, the fold chosen by the seed | 30 | 64 | 5 epochs |

The others are cut to what two cores can do, the same for every bit width. They have the slides' average
pooling, and activations clipped to [0, 1]: with the released min(1, |x|) the network begins to learn too late
for the shortest of these trainings.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from imc.runs.config import Config

FLOAT = 32
"""Bits that stand for real numbers."""

Data = Literal["cifar10-jpeg", "svhn-part", "svhn-11k", "svhn", "colour-digits"]

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "cifar10-jpeg": {"pictures": 10_000, "epochs": 3, "batch": 32, "halved_every": 1},
    "svhn-part": {"pictures": 0, "epochs": 15, "batch": 32, "halved_every": 5},
    "svhn-11k": {"pictures": 0, "epochs": 30, "batch": 64, "halved_every": 5, "watched": 0},
    "svhn": {
        "pictures": 0, "epochs": 200, "batch": 128, "halved_every": 100, "precision": "float32",
        "activation": "abs", "pooling": "max",
    },
    "colour-digits": {"pictures": 48, "epochs": 2, "batch": 16, "halved_every": 1, "test_pictures": 50},
}  # fmt: skip
"""Fields by data."""


class BitWidthConfig(Config):
    """Training DoReFa-Net's network for SVHN at one choice of bit widths, then testing it."""

    smoke: ClassVar[Mapping[str, Any]] = {"data": "colour-digits"}

    weight_bits: int = Field(FLOAT, ge=1, le=FLOAT, description="of layers 2 to 7; 32: real")
    input_bits: int = Field(FLOAT, ge=1, le=FLOAT, description="of the inputs of layers 2 to 7; 32: real")
    gradient_bits: int = Field(
        8, ge=1, le=FLOAT, description="of their gradients; 32: real, as always with 32:32"
    )
    data: Data = Field("cifar10-jpeg", description="chooses the defaults of the fields below")
    pooling: Literal["average", "max"] = Field("average", description="the slides' or DoReFa-Net's code's")
    activation: Literal["clip", "abs"] = Field(
        "clip", description="min(1, max(0, x)), or min(1, |x|) as in the released code"
    )
    pictures: int = Field(10_000, ge=0, description="training pictures, drawn by the seed; 0: all")
    epochs: int = Field(3, ge=1, description="passes over them")
    batch: int = Field(32, ge=2, description="pictures of a step")
    halved_every: int = Field(1, ge=1, description="epochs after which the learning rate is halved")
    test_pictures: int = Field(0, ge=0, description="the first so many test pictures; 0: all")
    watched: int = Field(
        1000, ge=0, description="test pictures whose error is found after each epoch; 0: all that are tested"
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "bfloat16", description="of the products in training; the test is in float32"
    )

    @classmethod
    def defaults(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """As `Config.defaults`, with those of the data and of 32:32."""
        default = "colour-digits" if values.get("effort") == "smoke" else "cifar10-jpeg"
        chosen = dict(PRESETS.get(str(values.get("data", default)), {}))
        if all(str(values.get(name, FLOAT)) == str(FLOAT) for name in ("weight_bits", "input_bits")):
            chosen["gradient_bits"] = FLOAT
        return {**super().defaults(values), **chosen}

    def chosen(self) -> dict[str, Any]:
        """Bit widths and data, where they differ from the defaults."""
        base = type(self).build(effort=self.effort)
        names = ("weight_bits", "input_bits", "data")
        return {n: getattr(self, n) for n in names if getattr(self, n) != getattr(base, n)}

    @field_validator("weight_bits", "input_bits", "gradient_bits")
    @classmethod
    def _width(cls, bits: int) -> int:
        if 8 < bits < FLOAT:
            raise ValueError("from 1 to 8, or 32 for real numbers")
        return bits

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.weight_bits == self.input_bits == FLOAT != self.gradient_bits:
            raise ValueError("gradients of 32 bits where weights and inputs are real, as in the slides")
        if self.pictures > PRESENTED[self.data]:
            raise ValueError(f"at most {PRESENTED[self.data]:,} training pictures: {self.data} has no more")
        return self


class BitWidthSeedsConfig(Config):
    """The trainings of `seeds` seeds of one choice of bit widths: seed, seed + 1, ..."""

    training: BitWidthConfig
    seeds: int = Field(3, ge=1, le=64, description="trainings to gather")


PRESENTED = {
    "cifar10-jpeg": 50_000, "svhn-part": 850, "svhn-11k": 9_000, "svhn": 604_388, "colour-digits": 4_000,
}  # fmt: skip
"""Training pictures there are, in every split that a seed may choose."""


def seconds(config: BitWidthConfig) -> float:
    """Expected wall time of a training, on one core: 2.2 ms a picture in bfloat16, 4 in float32."""
    count = min(config.pictures or PRESENTED[config.data], PRESENTED[config.data])
    each = 0.0022 if config.precision == "bfloat16" else 0.004
    return config.epochs * count * each + 10


def names(config: BitWidthConfig) -> tuple[str, ...]:
    """The data sets of a configuration; full SVHN is trained on with its extra pictures."""
    return ("svhn", "svhn-extra") if config.data == "svhn" else (config.data,)


def trainings_of(config: BitWidthSeedsConfig) -> list[tuple[str, dict[str, Any]]]:
    """The runs of the trainings that are gathered, seed by seed."""
    training = config.training.flat()
    return [("imce/bit-width", training | {"seed": config.seed + i}) for i in range(config.seeds)]
