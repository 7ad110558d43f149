"""Configurations of the device, of sensing and of storage."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from imc.papers.imce.device import Junction
from imc.runs.config import Config
from imc.runs.experiments import Experiment


class CellConfig(Config):
    """A cell and how it varies. Printed are only the two sigmas; the junction's own numbers are assumed."""

    ra_ohm_um2: float = Field(
        10.58, gt=0, le=1e6, description="assumed: resistance-area product of the parallel state, ohm um2"
    )
    tmr_percent: float = Field(171.2, gt=0, le=1e4, description="assumed: tunnel magnetoresistance, %")
    length_nm: float = Field(60.0, gt=0, le=1e4, description="assumed: long axis of the free layer, nm")
    width_nm: float = Field(40.0, gt=0, le=1e4, description="assumed: short axis of the free layer, nm")
    series_ohm: float = Field(
        0.0, ge=0, le=1e6, description="assumed: transistor and heavy metal in series with a junction, ohm"
    )
    sigma_ra_percent: float = Field(5.0, ge=0.1, le=15, description="SD of the RA product, % of its mean")
    sigma_tmr_percent: float = Field(10.0, ge=0.1, le=20, description="SD of the TMR, % of its mean")
    law: Literal["normal", "lognormal"] = Field("normal", description="distribution of both")
    midpoint: Literal["resistance", "conductance"] = Field(
        "resistance", description="of what the reference is the midpoint; the slides: of the resistances"
    )
    offset_percent: float = Field(
        0.0,
        ge=0,
        le=30,
        description="SD of the sense amplifier's offset, % of the voltage across one nominal P cell",
    )

    @property
    def junction(self) -> Junction:
        """The cell as designed."""
        tmr = self.tmr_percent / 100
        return Junction(self.ra_ohm_um2, tmr, self.length_nm, self.width_nm, self.series_ohm)


class SensingConfig(Config):
    """Monte-Carlo of read, AND and OR."""

    smoke: ClassVar[Mapping[str, Any]] = {"seeds": 2, "trials": 2000}

    cell: CellConfig
    seeds: int = Field(10, ge=1, le=1000, description="repetitions of all trials: seed, seed+1, ...")
    trials: int = Field(100_000, ge=1, le=10_000_000, description="groups of cells drawn in a repetition")
    draws: Literal["cell", "group"] = Field(
        "cell", description="each cell of a group has its own RA and TMR, or the group shares one of each"
    )


class SensitivityConfig(Config):
    """Exact failure probabilities while one number at a time is changed."""

    smoke: ClassVar[Mapping[str, Any]] = {
        "tmr_percents": (100, 171.2, 300),
        "scales": (0.5, 1.0, 1.7),
        "offsets_percent": (0, 2, 8),
        "shifts": (0.3, 0.5, 0.7),
    }

    cell: CellConfig
    tmr_percents: tuple[float, ...] = Field(
        (50, 75, 100, 125, 150, 171.2, 200, 250, 300, 400), description="tunnel magnetoresistance, %"
    )
    scales: tuple[float, ...] = Field(
        (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0), description="both sigmas times this"
    )
    offsets_percent: tuple[float, ...] = Field(
        (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20), description="as offset_percent"
    )
    shifts: tuple[float, ...] = Field(
        tuple(round(0.1 + 0.0125 * i, 4) for i in range(65)),
        description="the reference's place between its two states, 0 to 1, in resistance",
    )
    assumed: tuple[float, ...] = Field(
        (0.5, 2.0), description="factors on each assumed number, one at a time"
    )
    series_ohms: tuple[float, ...] = Field((0, 1000, 3000), description="as series_ohm")
    failure: float = Field(1e-3, gt=0, lt=0.5, description="share of wrong answers that is one too many")


class DeviceConfig(Config):
    """Spin-Hall writing of an in-plane free layer. Of all its numbers the slides print the pulse alone."""

    smoke: ClassVar[Mapping[str, Any]] = {"spins": 20, "longest_ns": 1.0, "currents_ua": (60, 120)}

    length_nm: float = Field(60.0, gt=0, le=1e4, description="assumed: long axis of the free layer, nm")
    width_nm: float = Field(40.0, gt=0, le=1e4, description="assumed: short axis of the free layer, nm")
    free_layer_nm: float = Field(2.0, gt=0, le=100, description="assumed: thickness of the free layer, nm")
    metal_length_nm: float = Field(
        100.0, gt=0, le=1e4, description="assumed: heavy metal along the current, nm"
    )
    metal_width_nm: float = Field(
        60.0, gt=0, le=1e4, description="assumed: heavy metal across the current, nm"
    )
    metal_thickness_nm: float = Field(
        3.0, gt=0, le=100, description="assumed: thickness of the heavy metal, nm"
    )
    spin_flip_nm: float = Field(1.4, gt=0, le=100, description="assumed: spin-flip length lambda_sf, nm")
    hall_angle: float = Field(0.3, gt=0, le=1, description="assumed: spin-Hall angle theta_SH")
    ms_ka_m: float = Field(850.0, gt=0, le=3000, description="assumed: saturation magnetization, kA/m")
    damping: float = Field(0.007, gt=0, lt=1, description="assumed: Gilbert damping")
    demagnetizing: tuple[float, float, float] = Field(
        (0.022, 0.066, 0.911),
        description="assumed: factors along the long axis, the short one, the thickness",
    )
    temperature_k: float = Field(300.0, gt=0, le=1000, description="assumed: temperature of the start, K")
    pulse_ns: float = Field(1.0, gt=0, le=100, description="printed: time in which a cell switches, ns")
    certain: float = Field(99.0, gt=0, lt=100, description="share of spins that count as 'switches', %")
    currents_ua: tuple[float, ...] = Field(
        (20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 180, 200),
        description="charge currents, uA, rising",
    )
    spins: int = Field(1000, ge=1, le=100_000, description="macrospins at each current")
    longest_ns: float = Field(4.0, gt=0, le=100, description="time simulated, ns")


class StorageConfig(Config):
    """AlexNet's storage, counted from its layers."""

    kept_bits: int = Field(
        64, ge=1, le=64, description="bits of first and last layer in the table of layers; not printed"
    )


EXPERIMENTS = (
    Experiment(
        name="imce/device",
        config=DeviceConfig,
        runner="imc.papers.imce.switching:measure",
        summary="spin current of the heavy metal, and how fast it turns a macrospin",
        reads=("printed/imce.device",),
        seconds=lambda config: 1e-4 * config.longest_ns * (3000 + config.spins * len(config.currents_ua)),
    ),
    Experiment(
        name="imce/sensing",
        config=SensingConfig,
        runner="imc.papers.imce.montecarlo:measure",
        summary="read, AND and OR of SOT-MRAM cells under variation: margins and errors",
        seconds=lambda config: 1 + 0.3e-5 * config.seeds * config.trials,
    ),
    Experiment(
        name="imce/sensitivity",
        config=SensitivityConfig,
        runner="imc.papers.imce.sensitivity:measure",
        summary="exact failure probabilities of sensing against everything that is assumed",
        seconds=lambda config: 20.0,
    ),
    Experiment(
        name="imce/storage",
        config=StorageConfig,
        runner="imc.papers.imce.storage:measure",
        summary="memory of AlexNet in double, single and binary form, under every way of counting",
        reads=("printed/imce.storage",),
    ),
)
