"""Operations, energy and area, as experiments."""

from typing import Literal

from pydantic import Field

from imc.cost.matrices import Layers
from imc.runs.config import Config
from imc.runs.experiments import Experiment


class OperationsConfig(Config):
    """Counting the AND operations of the slides' network for SVHN."""

    first_weight_bits: int = Field(8, ge=1, le=32, description="of the first and the last layer's weights")
    first_input_bits: int = Field(8, ge=1, le=32, description="of the first and the last layer's inputs")


class EnergyConfig(Config):
    """Energy and area of the slides' networks, fitted to the one energy that the slides print."""

    operations: OperationsConfig
    alexnet: Literal["ungrouped", "grouped", "dorefa"] = Field(
        "ungrouped", description="the AlexNet that 785.25 uJ are for"
    )
    sensed: Literal["occupied", "rows"] = Field(
        "occupied", description="columns that take energy in an AND: the occupied ones, or all of a row"
    )


class MappedConfig(Config):
    """Any network on IMCE: what it occupies, takes and lasts."""

    energy: EnergyConfig
    layers: Layers = ("400x128", "128x128", "128x10")


EXPERIMENTS = (
    Experiment(
        name="imce/operations",
        config=OperationsConfig,
        runner="imc.papers.imce.operations:count",
        summary="AND operations of the SVHN network, layer by layer, at every W:I",
        reads=("components/imce", "printed/imce.accuracy", "printed/imce.network"),
    ),
    Experiment(
        name="imce/energy",
        config=EnergyConfig,
        runner="imc.papers.imce.estimates:estimate",
        summary="energy and area: fitted to AlexNet, predicted for SVHN and MNIST, with what is uncertain",
        reads=(
            "components/imce",
            "printed/imce.accuracy",
            "printed/imce.area",
            "printed/imce.comparison",
            "printed/imce.energy",
            "printed/imce.storage",
            "printed/imce.technology",
        ),
    ),
    Experiment(
        name="imce/mapped",
        config=MappedConfig,
        runner="imc.papers.imce.mapped:estimate",
        summary="any network on IMCE: sub-arrays, energy, area, latency",
        reads=(
            "components/imce",
            "printed/imce.area",
            "printed/imce.device",
            "printed/imce.energy",
            "printed/imce.technology",
        ),
    ),
)
