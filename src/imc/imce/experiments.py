"""What the slides compute, as experiments."""

from imc.experiments import Experiment

EXPERIMENTS: tuple[Experiment, ...] = ()
