"""Bit widths and the bit-wise convolution, as experiments."""

from imc.experiments import Experiment
from imc.imce import recipe

EXPERIMENTS = (
    Experiment(
        name="imce/bit-width",
        config=recipe.BitWidthConfig,
        runner="imc.imce.training:train",
        summary="train DoReFa-Net's SVHN network at one choice of bit widths and test it",
        datasets=recipe.names,
        seconds=recipe.seconds,
    ),
    Experiment(
        name="imce/bit-width-seeds",
        config=recipe.BitWidthSeedsConfig,
        runner="imc.imce.seeds:gather",
        summary="the errors of imce/bit-width over several seeds, side by side",
        datasets=recipe.names,
        seconds=lambda config: config.seeds * recipe.seconds(config),
    ),
)
