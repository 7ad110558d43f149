"""Many runs at once: what the Snakefile is asked to compute."""

import math
import shlex
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from imc import runs
from imc.errors import UserError
from imc.paths import record_path, results_dir
from imc.runs import experiments, records
from imc.runs.config import Config
from imc.runs.experiments import Experiment


@dataclass(frozen=True)
class Job:
    """One run of a batch.

    Attributes:
        words: it as ``imc run`` takes it.
        minutes: wall time to ask a cluster for: thrice what is expected, at least 10.
        needs: the files of the records that it is computed from.
    """

    words: str
    minutes: int
    needs: tuple[str, ...] = ()


def chosen(file: str = "", only: str = "") -> dict[str, Job]:
    """The runs of a batch by their record's path without suffix, with those that they need and nobody has.

    Args:
        file: a text file with one run a line, ``EXPERIMENT name=value ...`` (``#`` begins a comment); without
            it, all published runs.
        only: keep the runs whose record's path begins so, for example ``reram/``.

    Raises:
        UserError: if the file is missing or holds a wrong run, nothing is left, or a record of this machine
            that takes part does not verify.
    """
    listed = _listed(Path(file)) if file else runs.published()
    found: dict[str, tuple[Experiment, Config]] = {}
    for experiment, config in listed:
        if _stem(experiment, config).startswith(only):
            _add(experiment, config, found)
    for stem in found:
        mine = results_dir() / f"{stem}.json"
        if mine.is_file():
            records.read(mine)
    if not found:
        beginning = f" that begins with '{only}'" if only else ""
        raise UserError(f"{file or 'data/published'} has no run{beginning}")
    return {stem: _job(*run, found) for stem, run in found.items()}


def _stem(experiment: Experiment, config: Config) -> str:
    return records.path_of(experiment.name, config, Path()).with_suffix("").as_posix()


def _add(experiment: Experiment, config: Config, found: dict[str, tuple[Experiment, Config]]) -> None:
    """Add a run to `found`, and what it needs and is not there."""
    stem = _stem(experiment, config)
    if stem not in found:
        found[stem] = experiment, config
        for kind, needed in _needs(experiment, config):
            if not record_path(_stem(kind, needed)).is_file():
                _add(kind, needed, found)


def _needs(experiment: Experiment, config: Config) -> list[tuple[Experiment, Config]]:
    kinds = [(experiments.find(name), values) for name, values in experiment.needs(config)]
    return [(kind, kind.config.build(**values)) for kind, values in kinds]


def _listed(file: Path) -> list[tuple[Experiment, Config]]:
    if not file.is_file():
        raise UserError(f"there is no file {file} with runs to compute")
    found = []
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()  # an editor may have put a mark in front
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read as a list of runs: {error}") from None
    for number, line in enumerate(lines, 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise UserError(f"{file}, line {number}: {error} in '{line.strip()}'") from None
        if words:
            try:
                experiment = experiments.find(words[0])
                found.append((experiment, experiment.config.parse(words[1:])))
            except UserError as error:
                raise UserError(f"{file}, line {number}: {error}") from None
    return found


def _job(experiment: Experiment, config: Config, batch: Container[str]) -> Job:
    stems = [_stem(*needed) for needed in _needs(experiment, config)]
    # a record that this batch makes counts before the published one
    files = (results_dir() / f"{stem}.json" if stem in batch else record_path(stem) for stem in stems)
    given = {**config.given(), "effort": config.effort}
    words = [experiment.name, *(f"{name}={_text(value)}" for name, value in given.items())]
    return Job(
        shlex.join(words), max(10, math.ceil(3 * experiment.seconds(config) / 60)), tuple(map(str, files))
    )


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
