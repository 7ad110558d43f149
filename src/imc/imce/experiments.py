"""What the slides compute, as experiments."""

from imc.imce import memory_experiments

EXPERIMENTS = (*memory_experiments.EXPERIMENTS,)
