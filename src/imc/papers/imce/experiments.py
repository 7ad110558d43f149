"""What the slides compute, as experiments."""

from imc.papers.imce import bitwise_experiments, cost_experiments, memory_experiments

EXPERIMENTS = (
    *memory_experiments.EXPERIMENTS,
    *bitwise_experiments.EXPERIMENTS,
    *cost_experiments.EXPERIMENTS,
)
