"""What this room computes, one file of experiments a subject."""

from imc.papers.codesign import (
    equilibrium_experiments,
    network_experiments,
    rbm_experiments,
    retention_experiments,
    rpu_experiments,
    splitting_experiments,
    tiki_taka_experiments,
)

EXPERIMENTS = (
    *network_experiments.EXPERIMENTS,
    *rpu_experiments.EXPERIMENTS,
    *tiki_taka_experiments.EXPERIMENTS,
    *retention_experiments.EXPERIMENTS,
    *splitting_experiments.EXPERIMENTS,
    *equilibrium_experiments.EXPERIMENTS,
    *rbm_experiments.EXPERIMENTS,
)
