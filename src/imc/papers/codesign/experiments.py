"""What this room computes, one file of experiments a subject."""

from imc.papers.codesign import retention_experiments, rpu_experiments, tiki_taka_experiments

EXPERIMENTS = (
    rpu_experiments.EXPERIMENTS + tiki_taka_experiments.EXPERIMENTS + retention_experiments.EXPERIMENTS
)
