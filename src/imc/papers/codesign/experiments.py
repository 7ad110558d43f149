"""What this room computes, one file of experiments a subject."""

from imc.papers.codesign import (
    equilibrium_experiments,
    network_experiments,
    rbm_experiments,
    splitting_experiments,
)

EXPERIMENTS = (
    *network_experiments.EXPERIMENTS,
    *splitting_experiments.EXPERIMENTS,
    *equilibrium_experiments.EXPERIMENTS,
    *rbm_experiments.EXPERIMENTS,
)
