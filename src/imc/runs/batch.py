"""Many runs at once: what the Snakefile is asked to compute."""

import math
import shlex
from dataclasses import dataclass
from pathlib import Path

from imc import runs
from imc.errors import UserError
from imc.runs import experiments, records
from imc.runs.config import Config
from imc.runs.experiments import Experiment


@dataclass(frozen=True)
class Job:
    """One run of a batch.

    Attributes:
        words: it as ``imc run`` takes it.
        minutes: wall time to ask a cluster for: thrice what is expected, at least 10.
    """

    words: str
    minutes: int


def chosen(file: str = "", only: str = "") -> dict[str, Job]:
    """The runs of a batch by their record's path without suffix.

    Args:
        file: a text file with one run a line, ``EXPERIMENT name=value ...`` (``#`` begins a comment); without
            it, all published runs.
        only: keep the runs whose record's path begins so, for example ``reram/``.

    Raises:
        UserError: if the file is missing or holds a wrong run, or nothing is left.
    """
    listed = _listed(Path(file)) if file else runs.published()
    found = {}
    for experiment, config in listed:
        stem = records.path_of(experiment.name, config, Path()).with_suffix("").as_posix()
        if stem.startswith(only):
            found[stem] = _job(experiment, config)
    if not found:
        beginning = f" that begins with '{only}'" if only else ""
        raise UserError(f"{file or 'data/published'} has no run{beginning}")
    return found


def _listed(file: Path) -> list[tuple[Experiment, Config]]:
    if not file.is_file():
        raise UserError(f"there is no file {file} with runs to compute")
    found = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        words = shlex.split(line, comments=True)
        if words:
            try:
                experiment = experiments.find(words[0])
                found.append((experiment, experiment.config.parse(words[1:])))
            except UserError as error:
                raise UserError(f"{file}, line {number}: {error}") from None
    return found


def _job(experiment: Experiment, config: Config) -> Job:
    given = {**config.given(), "effort": config.effort}
    words = [experiment.name, *(f"{name}={_text(value)}" for name, value in given.items())]
    return Job(shlex.join(words), max(10, math.ceil(3 * experiment.seconds(config) / 60)))


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
