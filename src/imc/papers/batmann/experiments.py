"""What the paper computes, as experiments."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from imc.crossbar.variation import MEANINGS
from imc.papers.batmann import results
from imc.papers.batmann.rows import preset
from imc.runs.config import Config
from imc.runs.experiments import Experiment

DRAWINGS = 20
"""Drawings of each character, in Omniglot and its stand-in."""
QUERY_POOL = 10
"""In learning, queries come from 10 of a character's drawings (BATMANN's code)."""
VALIDATION_POOL = 5
"""And validation, where it takes the episode's own characters, from 5 others."""


Ohm = Annotated[float, Field(ge=0, le=1e6)]
if TYPE_CHECKING:
    Meaning = str
else:
    Meaning = Literal[tuple(MEANINGS)]


class TrainConfig(Config):
    """Training one controller with Algorithm 1, then testing it.

    `row` of Table I and `variant` choose the defaults of the fields from `controller` to `validation` (see
    `imc.papers.batmann.rows`): "paper" is the text taken literally, "released" what the authors' code does.
    """

    smoke: ClassVar[Mapping[str, Any]] = {
        "data": "glyphs", "channels": 16, "dimension": 64, "ways": 5, "shots": 3, "queries": 3,
        "episodes": 12, "validate_every": 6, "validation_episodes": 2, "test_episodes": 6,
    }  # fmt: skip

    row: Literal["fp32", "xnor", "batmann_x", "rbnn", "batmann_r"] = Field(
        "batmann_x", description="row of Table I"
    )
    variant: Literal["paper", "released"] = Field("paper", description="of the row: the text, or the code")

    controller: Literal["fp32", "xnor", "xnor-net", "rbnn"] = Field(
        "xnor", description="xnor: BATMANN's version of XNOR-Net; xnor-net: the original's weights"
    )
    first_layer: Literal["real", "8bit"] = Field("8bit", description="weights of the first convolution")
    last_layer: Literal["real", "8bit", "binary"] = Field("binary", description="weights of the dense layer")
    activations: Literal["real", "binary"] = Field("binary", description="inputs of RBNN's binary layers")
    rotate_every: int = Field(
        0, ge=0, description="RBNN: episodes between updates of the rotations; 0: never"
    )
    beta: Literal["uniform", "right"] = Field(
        "uniform", description="RBNN: initial angles, uniform in [0, 90) or 90 degrees"
    )
    bias: float = Field(1.0, description="initial bias of the dense layer")
    keys: Literal["real", "bipolar"] = Field("bipolar", description="features in learning")
    similarity: Literal["cosine", "dot"] = Field("dot", description="in learning")
    sharpening: Literal["identity", "abs", "softabs", "cosh", "softmax"] = Field(
        "abs", description="of the similarities, in learning; cosh: what the released code calls softabs"
    )
    normalization: Literal["none", "sum", "z-score"] = Field(
        "none", description="of the sharpened similarities, in learning"
    )
    loss: Literal["cross-entropy", "log"] = Field("cross-entropy", description="log: needs the sum norm")
    test_sharpening: Literal["identity", "abs"] = Field(
        "abs", description="of the dot products of bipolar keys, in the test"
    )
    optimizer: Literal["adam", "sgd"] = Field(
        "adam", description="sgd: momentum 0.9, decay 1e-4, cosine schedule"
    )
    learning_rate: float = Field(1e-4, gt=0, le=10, description="initial")
    validation: Literal["episode", "held-out"] = Field(
        "held-out",
        description="characters: the episode's own, or 15 % of the training characters, kept apart",
    )

    noise: Ohm = Field(0.0, description="sigma of the cells' variation in learning, ohm; 0: none")
    noise_meaning: Meaning = Field("clip-2", description="of that sigma: see imc.crossbar.variation")

    data: Literal["omniglot", "glyphs"] = Field("omniglot", description="glyphs: the stand-in")
    split: Literal["characters", "alphabets"] = Field(
        "characters", description="964/659: drawn by character, or the official one by alphabet"
    )
    ways: int = Field(20, ge=2, le=400, description="characters of an episode")
    shots: int = Field(5, ge=1, le=10, description="drawings of each in the support set")
    queries: int = Field(5, ge=1, le=QUERY_POOL, description="queries of each")
    channels: int = Field(128, ge=1, le=1024, description="of each convolution")
    dimension: int = Field(512, ge=8, le=8192, description="of the features, bits of a bipolar key")
    episodes: int = Field(10_000, ge=1, description="N_t, training episodes")
    validate_every: int = Field(500, ge=1, description="N_i, episodes")
    validation_episodes: int = Field(250, ge=1, description="N_v, for held-out characters")
    threshold: float = Field(
        100.0, ge=0, le=100, description="t: validation accuracy beyond which to stop, %"
    )
    test_episodes: int = Field(1000, ge=1, description="episodes of the test")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="of the products in training; tests are in float64"
    )

    @classmethod
    def defaults(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """As `Config.defaults`, with those of the row and variant."""
        return {**super().defaults(values), **preset(values)}

    def chosen(self) -> dict[str, Any]:
        """Row and variant, which every name begins with."""
        return {"row": self.row, "variant": self.variant}

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.shots + self.queries > DRAWINGS - VALIDATION_POOL:
            raise ValueError(
                f"at most {DRAWINGS - VALIDATION_POOL} shots and queries together, of {DRAWINGS} drawings"
            )
        if self.controller == "fp32" and self.last_layer == "binary":
            raise ValueError("xnor, xnor-net or rbnn for binary layers; fp32 has none")
        if self.noise and self.controller != "xnor":
            raise ValueError("controller = 'xnor' to learn with noise")
        if self.loss == "log" and self.normalization != "sum":
            raise ValueError("'cross-entropy', or normalization = 'sum' for the log loss")
        return self


class SeedsConfig(Config):
    """The runs of `seeds` seeds of one training: seed, seed + 1, ..."""

    training: TrainConfig
    seeds: int = Field(3, ge=1, le=64, description="runs to gather")


class TaskConfig(Config):
    """Tests of the trained controllers of several seeds on tasks of another size."""

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "test_ways": 4}

    trainings: SeedsConfig
    test_ways: int = Field(20, ge=2, le=400, description="characters of a test episode")
    test_shots: int = Field(5, ge=1, le=10, description="drawings of each in its support set")


class KeysConfig(Config):
    """The keys of a trained controller on its first test episodes, from digital layers and ideal crossbars.

    Each episode's ten drawings a character (shots and queries) are split anew, `splits` times.
    """

    smoke: ClassVar[Mapping[str, Any]] = {"draws": 2, "splits": 2}

    training: TrainConfig
    draws: int = Field(20, ge=1, le=1000, description="test episodes; on crossbars, one device draw for each")
    splits: int = Field(20, ge=1, le=1000, description="of an episode's drawings into support and queries")
    r_on: float = Field(1e3, gt=0, description="resistance of the ON state, ohm")
    r_off: float = Field(1e4, gt=0, description="resistance of the OFF state, ohm")


class MemoryConfig(Config):
    """The key memory alone, in arrays with wires and converters, or with fewer bits."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "rows": 32, "columns": 16, "wires": (0.0, 10.0), "adc_bits": (2, 8), "kept": (16, 64),
    }  # fmt: skip

    embedding: KeysConfig
    rows: int = Field(128, ge=1, le=8192, description="of an array: bits of a key")
    columns: int = Field(128, ge=2, le=8192, description="of an array; two for each stored key")
    wires: tuple[Ohm, ...] = Field(
        (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
        description="of each stretch between two cells, ohm",
        min_length=1,
    )
    adc_bits: tuple[Annotated[int, Field(ge=2, le=16)], ...] = Field(
        (2, 3, 4, 5, 6, 7, 8), description="of each array's converters", min_length=1
    )
    kept: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
        (16, 32, 64, 128, 256, 512),
        description="bits of each key that are stored, drawn at random",
        min_length=1,
    )

    @model_validator(mode="after")
    def _enough_bits(self) -> Self:
        dimension = self.embedding.training.dimension
        if max(self.kept) > dimension:
            raise ValueError(f"at most {dimension} bits to keep, the dimension of a key")
        return self


class LookConfig(Config):
    """What there is to see of a controller: an episode, its keys and similarities, the filters."""

    training: TrainConfig
    moment: Literal["start", "end"] = Field("end", description="of the training: untrained, or the best")
    looked_at: int = Field(5, ge=1, le=100, description="test episodes whose keys are compared")


class VariationConfig(Config):
    """Accuracy against device variation: controller and memory of a training on crossbars (Figure 3)."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "sigmas": (0.0, 200.0, 300.0, 600.0, 1000.0, 1200.0, 1400.0),
    }  # fmt: skip

    embedding: KeysConfig
    meaning: Meaning = Field("clip-2", description="of sigma: see imc.crossbar.variation")
    columns: Literal["double", "single"] = Field("double", description="for each weight")
    varies: Literal["both", "on", "off"] = Field("both", description="which state's resistance varies")
    devices: Literal["same", "redrawn"] = Field(
        "same", description="redrawn: queries pass another device than the support set"
    )
    first: Literal["cells", "digital"] = Field(
        "cells", description="where the first layer's 8-bit weights are: cells of any conductance"
    )
    tuned: bool = Field(True, description="one slope and intercept a layer, fitted as MemTorch does")
    levelled: bool = Field(False, description="each layer's mean error of its weights is taken off digitally")
    sigmas: tuple[Ohm, ...] = Field(tuple(100.0 * i for i in range(15)), description="spreads, ohm")
    products: Literal["float32", "bfloat16"] = Field(
        "bfloat16", description="of signs with disturbed weights; all else is float32"
    )


class PrintedConfig(Config):
    """The paper's own numbers held against each other and against the data set."""

    smoke: ClassVar[Mapping[str, Any]] = {"data": "glyphs"}

    data: Literal["omniglot", "glyphs"] = Field("omniglot", description="glyphs: the stand-in")


def seconds(config: TrainConfig) -> float:
    """Expected wall time of a training on 2 cores that do 250 GFLOP/s, in the step."""
    pictures = config.ways * (config.shots + config.queries)
    gflop = pictures * (config.channels / 128) ** 2 * 1.58  # forward and backward
    return config.episodes * gflop / 250 + 10


def embedding_seconds(config: KeysConfig, passes: int, gflops: float) -> float:
    """Expected wall time on 2 cores of so many passes of every draw's pictures, at so many GFLOP/s."""
    training = config.training
    pictures = config.draws * training.ways * (training.shots + training.queries)
    return passes * pictures * (0.53 * (training.channels / 128) ** 2 / gflops + 0.5e-3)


def training_of(config: TrainConfig, **other: Any) -> tuple[str, dict[str, Any]]:
    """The run of a training, with `other` values in place of its own."""
    return "batmann/train", config.flat() | other


def keys_of(config: KeysConfig) -> tuple[str, dict[str, Any]]:
    """The run of the digital keys."""
    return "batmann/keys", config.flat()


def trainings_of(config: SeedsConfig) -> list[tuple[str, dict[str, Any]]]:
    """The runs of the trainings that are gathered, seed by seed."""
    return [training_of(config.training, seed=config.seed + i) for i in range(config.seeds)]


EXPERIMENTS = (
    Experiment(
        name="batmann/train",
        config=TrainConfig,
        result=results.TrainResult,
        runner="imc.papers.batmann.training:train",
        summary="train a controller by Algorithm 1 and test it on few-shot episodes (Table I)",
        datasets=lambda config: (config.data,),
        seconds=seconds,
        evaluator="imc.papers.batmann.testing:evaluate",
    ),
    Experiment(
        name="batmann/seeds",
        config=SeedsConfig,
        result=results.SeedsResult,
        runner="imc.papers.batmann.seeds:gather",
        summary="the test accuracies of batmann/train over several seeds, side by side",
        needs=trainings_of,
        datasets=lambda config: (config.training.data,),
        seconds=lambda config: config.seeds * seconds(config.training),
    ),
    Experiment(
        name="batmann/printed",
        config=PrintedConfig,
        runner="imc.papers.batmann.printed:check",
        summary="Table I's printed numbers against each other, and counts of Omniglot",
        reads=("printed/batmann.table1", "printed/batmann.task"),
        datasets=lambda config: (config.data,),
        seconds=lambda config: 2.0,
    ),
    Experiment(
        name="batmann/task",
        config=TaskConfig,
        result=results.TaskResult,
        runner="imc.papers.batmann.tasks:test",
        summary="trained controllers on tasks of another size: 5-way 1-shot, 100-way 5-shot",
        needs=lambda config: trainings_of(config.trainings),
        datasets=lambda config: (config.trainings.training.data,),
        seconds=lambda config: (
            config.trainings.seeds * (20 + 600 * (config.trainings.training.channels / 128) ** 2)
        ),
    ),
    Experiment(
        name="batmann/memory",
        config=MemoryConfig,
        result=results.MemoryResult,
        runner="imc.papers.batmann.stored:sweep",
        summary="accuracy against wire resistance, converter bits and key bits of the memory",
        needs=lambda config: [keys_of(config.embedding)],
        datasets=lambda config: (config.embedding.training.data,),
        seconds=lambda config: 1.0 * config.embedding.draws * len(config.wires),
    ),
    Experiment(
        name="batmann/keys",
        config=KeysConfig,
        result=results.KeysResult,
        runner="imc.papers.batmann.keys:embed",
        summary="keys of the first test episodes, digital and from crossbars without variation",
        needs=lambda config: [training_of(config.training)],
        datasets=lambda config: (config.training.data,),
        seconds=lambda config: embedding_seconds(config, 3, 150),
    ),
    Experiment(
        name="batmann/variation",
        config=VariationConfig,
        result=results.VariationResult,
        runner="imc.papers.batmann.variation:vary",
        summary="accuracy against device variation, controller and memory on crossbars (Figure 3)",
        needs=lambda config: [training_of(config.embedding.training), keys_of(config.embedding)],
        datasets=lambda config: (config.embedding.training.data,),
        seconds=lambda config: embedding_seconds(
            config.embedding,
            sum(sigma > 0 for sigma in config.sigmas) * (1 + (config.devices == "redrawn")),
            400 if config.products == "bfloat16" else 150,
        ),
    ),
    Experiment(
        name="batmann/look",
        config=LookConfig,
        result=results.LookResult,
        runner="imc.papers.batmann.look:look",
        summary="an episode, keys, similarities and filters of a controller before or after training",
        needs=lambda config: [training_of(config.training)] if config.moment == "end" else [],
        datasets=lambda config: (config.training.data,),
        seconds=lambda config: 2.0 + 2.0 * config.looked_at * (config.training.channels / 128) ** 2,
    ),
)
