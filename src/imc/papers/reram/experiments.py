"""What the thesis computes, as experiments."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from imc.cost.matrices import Layers
from imc.papers.reram import results
from imc.runs.config import Config
from imc.runs.experiments import Experiment


class MlpConfig(Config):
    """Training of the thesis's network, input_size^2 - hidden - hidden - 10, `seeds` networks side by side.

    The thesis trains "with the default setting" of BinaryNet's Torch7 code (section 4); what neither states
    is an assumption here, open to change: epochs, input threshold, squash. Batch norm is plain unless
    asked otherwise: the thesis writes it as equation (1), with gamma and sigma real, although the default
    of that code is the shift-based one.
    """

    smoke: ClassVar[Mapping[str, Any]] = {"epochs": 2, "seeds": 2, "data": "digits"}

    seeds: int = Field(5, ge=1, le=64, description="networks trained side by side: seed, seed+1, ...")
    input_size: int = Field(
        20, ge=4, le=28, description="side of the centre crop, pixels (even)", multiple_of=2
    )
    hidden: int = Field(128, ge=1, le=2048, description="neurons of each of the two hidden layers")
    weight_bits: int = Field(1, ge=1, le=8, description="1: {-1, +1}; k: integers -2^(k-1) .. 2^(k-1)-1")
    activation_bits: int = Field(1, ge=1, le=8, description="hidden activations take 2^bits levels of [0, 1]")
    norm: Literal["batch", "none", "shared", "scale"] = Field(
        "batch", description="batch norm; none; shared gamma/sigma; scale: one learned gamma, no statistics"
    )
    epochs: int = Field(60, ge=1, le=2000, description="passes over the 50,000 training pictures")
    learning_rate: float = Field(2.0**-6, gt=0, le=1, description="halved every 20 epochs")
    batch: int = Field(100, ge=1, le=1000, description="pictures a step")
    input_threshold: float = Field(0.5, gt=0, lt=1, description="grey level, 0 to 1, from which a pixel is 1")
    squash: Literal["tanh", "hardtanh"] = Field("tanh", description="before multi-bit activations")
    stochastic_neurons: bool = Field(True, description="binary neurons fire by chance in training")
    data: Literal["mnist", "digits"] = Field("mnist", description="digits: scikit-learn's, the stand-in")
    optimizer: Literal["companion", "released"] = Field(
        "companion",
        description="AdaMax of shifts, as BinaryNet's Torch7 code or as read from its paper",
    )
    norm_arithmetic: Literal["plain", "shift-based"] = Field(
        "plain", description="shift-based: the release's, hidden layers' gamma and 1/sigma are powers of two"
    )
    inputs: Literal["binary", "grey"] = Field("binary", description="a pixel's value: one bit, or 0 to 1")
    held_out: bool = Field(True, description="hold out the last sixth of the training pictures (10,000)")

    @model_validator(mode="after")
    def _shifts_need_batch_norm(self) -> Self:
        if self.norm_arithmetic == "shift-based" and self.norm != "batch":
            raise ValueError("norm=batch with norm_arithmetic=shift-based")
        return self


class RescaledConfig(Config):
    """The trained networks of `MlpConfig`, merged arithmetically with one free gain a layer."""

    training: MlpConfig


class RetrainingConfig(Config):
    """Networks of `MlpConfig`, merged and then trained without batch norm (thesis, section 4.4)."""

    smoke: ClassVar[Mapping[str, Any]] = {"further_epochs": 2}

    training: MlpConfig
    start: Literal["trained", "initial"] = Field(
        "trained", description="what is merged: the trained networks, or networks before their first step"
    )
    merge: Literal["arithmetic", "signed"] = Field("arithmetic", description="equations (4), (5) or (6), (7)")
    further_epochs: int = Field(20, ge=1, le=2000, description="of training after the merge")
    further_rate: float = Field(2.0**-10, gt=0, le=1, description="their learning rate, halved every 20")


class CircuitConfig(Config):
    """The trained networks on the thesis's circuit (Figures 1 to 3), one non-ideality swept, the rest ideal.

    The thesis names no device. Its resistances and its cells' spread are assumptions here.
    """

    smoke: ClassVar[Mapping[str, Any]] = {"draws": 2}

    training: MlpConfig
    sweep: Literal["none", "variation", "on_off_ratio", "offset", "wires"] = Field(
        "none", description="what `values` are; none: ideal devices"
    )
    values: tuple[float, ...] = Field(
        (),
        description="variation: SD of a cell's resistance over its mean; on_off_ratio: at `spread`; "
        "offset: SD of a comparator's, in currents of one weight; wires: ohm between neighbouring cells",
    )
    draws: int = Field(4, ge=1, le=1000, description="chips drawn for each network and value")
    r_lrs_ohm: float = Field(1e4, gt=0, le=1e9, description="resistance of the ON state, ohm")
    on_off_ratio: float = Field(100.0, gt=1, le=1e9, description="R_HRS/R_LRS")
    spread: float = Field(0.1, ge=0, le=10, description="SD over mean while on_off_ratio is swept")

    @model_validator(mode="after")
    def _values_fit_the_sweep(self) -> Self:
        if (self.sweep == "none") != (not self.values):
            raise ValueError(
                f"values of the sweep '{self.sweep}': none for none, one at least for the others"
            )
        lowest = 1.0 if self.sweep == "on_off_ratio" else 0.0
        if any(v < lowest or (v == lowest and self.sweep == "on_off_ratio") for v in self.values):
            raise ValueError(f"values of the sweep '{self.sweep}' above {lowest:g}")
        return self


class ChoiceConfig(Config):
    """The networks of Table 2, and a rule for the best: the smallest within `allowed_loss` of the widest."""

    training: MlpConfig
    allowed_loss: float = Field(1.0, ge=0, le=100, description="percentage points, mean over seeds")


class ArithmeticConfig(Config):
    """Nothing to choose: formulas and printed numbers."""


class CrossbarsConfig(Config):
    """The trained networks of `MlpConfig` on crossbars of ideal devices behind wires that resist."""

    smoke: ClassVar[Mapping[str, Any]] = {"sides": (32, 64), "ohms": (0.0, 3.0)}

    training: MlpConfig
    sides: tuple[int, ...] = Field((32, 64, 128), description="rows, and columns, of the arrays")
    ohms: tuple[float, ...] = Field(
        (0.0, 0.03, 0.1, 0.3, 1.0, 3.0), description="resistance of a stretch of wire, ohm"
    )
    r_on: float = Field(1e3, gt=0, description="resistance of the ON state, ohm")
    r_off: float = Field(1e4, gt=0, description="resistance of the OFF state, ohm")


class AlgebraConfig(Config):
    """Random layers on which the merges of section 3.2 are held against batch norm."""

    layers: int = Field(50, ge=1, le=10_000, description="random layers")
    inputs: int = Field(128, ge=1, le=4096, description="inputs of a layer")
    outputs: int = Field(128, ge=1, le=4096, description="outputs of a layer")
    batch: int = Field(256, ge=1, le=10_000, description="binary input vectors a layer")


class EfficiencyConfig(Config):
    """Conventions under which chapter V is computed; the defaults are the thesis's own."""

    mac_operations: int = Field(2, ge=1, le=2, description="operations that a multiply-accumulate counts as")
    clock_mhz: float = Field(100.0, gt=0, le=10_000, description="clock of the thesis's design, MHz")
    counted: Literal["weights", "arrays"] = Field(
        "weights", description="cells at work: the network's weights, or six full arrays"
    )
    totals: Literal["printed", "summed"] = Field(
        "printed", description="ISAAC's chip as printed, or its parts summed"
    )
    column_share: float = Field(
        0.0, ge=0, le=1, description="share of the calibrated circuits that goes with columns, not neurons"
    )


class MappedConfig(Config):
    """Any network on the thesis's circuits, as chapter V implies them."""

    efficiency: EfficiencyConfig
    layers: Layers = ("400x128", "128x128", "128x10")


WIDTHS = (192, 160, 128, 96, 64)
"""Neurons of a hidden layer in Table 2."""


def training_of(config: MlpConfig, **other: Any) -> tuple[str, dict[str, Any]]:
    """The run of a training, with `other` values in place of its own."""
    return "reram/mlp", config.flat() | other


EXPERIMENTS = (
    Experiment(
        name="reram/crossbars",
        config=CrossbarsConfig,
        result=results.CrossbarsResult,
        runner="imc.papers.reram.crossbars:measure",
        summary="the networks of reram/mlp on crossbars: exact cells, and wires that resist",
        needs=lambda config: [training_of(config.training)],
        datasets=lambda config: (config.training.data,),
        seconds=lambda config: 1.5 * config.training.seeds * len(config.sides) * len(config.ohms),
    ),
    Experiment(
        name="reram/rescaled-merge",
        config=RescaledConfig,
        result=results.RescaledResult,
        runner="imc.papers.reram.evaluation:rescaled",
        summary="the arithmetic merge with one free gain a layer, on the networks of reram/mlp",
        needs=lambda config: [training_of(config.training)],
        datasets=lambda config: (config.training.data,),
        seconds=lambda config: 3.0 * config.training.seeds,
    ),
    Experiment(
        name="reram/retraining",
        config=RetrainingConfig,
        runner="imc.papers.reram.retraining:retrain",
        summary="training on after a merge, and from merged networks that were never trained (section 4.4)",
        needs=lambda config: [training_of(config.training)] if config.start == "trained" else [],
        datasets=lambda config: (config.training.data,),
        seconds=lambda config: 0.6 * config.further_epochs * config.training.seeds,
    ),
    Experiment(
        name="reram/circuit",
        config=CircuitConfig,
        result=results.CircuitResult,
        runner="imc.papers.reram.circuit:sweep",
        summary="the networks on six crossbar arrays with reference currents (Figures 1 to 3), non-ideal",
        needs=lambda config: [training_of(config.training)],
        datasets=lambda config: (config.training.data,),
        seconds=lambda config: 5 + 0.3 * len(config.values) * config.draws * config.training.seeds,
    ),
    Experiment(
        name="reram/hidden-choice",
        config=ChoiceConfig,
        runner="imc.papers.reram.choice:choose",
        summary="the smallest of Table 2's hidden sizes that is accurate enough",
        needs=lambda config: [training_of(config.training, hidden=width) for width in WIDTHS],
        datasets=lambda config: (config.training.data,),
    ),
    Experiment(
        name="reram/arithmetic",
        config=ArithmeticConfig,
        runner="imc.papers.reram.arithmetic:compute",
        summary="network sizes by formula; the printed numbers of Tables 3 to 6 against each other",
        reads=("printed/reram.table3", "printed/reram.table4", "printed/reram.table5"),
    ),
    Experiment(
        name="reram/algebra",
        config=AlgebraConfig,
        runner="imc.papers.reram.algebra:compare",
        summary="the merges of equations (1) to (7) against batch norm, on random layers",
    ),
    Experiment(
        name="reram/efficiency",
        config=EfficiencyConfig,
        runner="imc.papers.reram.efficiency:compute",
        summary="chapter V as arithmetic: ISAAC's roll-up, the implied circuit, the gap (Table 7)",
        reads=(
            "printed/isaac",
            "printed/peers",
            "printed/reram.circuit",
            "printed/reram.isaac",
            "printed/reram.table7",
        ),
    ),
    Experiment(
        name="reram/mapped",
        config=MappedConfig,
        runner="imc.papers.reram.mapped:estimate",
        summary="any network on the thesis's circuits: arrays, energy, area, latency",
        reads=("printed/isaac", "printed/reram.table7"),
    ),
    Experiment(
        name="reram/mlp",
        config=MlpConfig,
        result=results.MlpResult,
        runner="imc.papers.reram.training:train",
        summary="train the thesis's network on MNIST; accuracy under every batch-norm policy (Tables 1-6)",
        datasets=lambda config: (config.data,),
        seconds=lambda config: 0.6 * config.epochs * config.seeds,
        evaluator="imc.papers.reram.evaluation:evaluate",
    ),
)
