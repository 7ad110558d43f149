"""Finding the record of a run, or making it."""

import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from imc import datasets
from imc.errors import UserError
from imc.paths import PUBLISHED, record_path, results_dir
from imc.runs import experiments, provenance, records, sources, unfinished
from imc.runs.config import Config
from imc.runs.experiments import Experiment, Progress
from imc.runs.records import Record


def find(experiment: str, /, **values: Any) -> Record | None:
    """The verified record of this configuration: this machine's own or the published one; None without.

    Raises:
        UserError: for a wrong configuration, or a record that does not verify.
    """
    config = experiments.find(experiment).config.build(**values)
    name = f"{experiment}/{config.slug()}"
    sys.audit("imc.record", name)  # what a page asks for: see imc.pages.inputs
    path = record_path(name)
    return records.read(path) if path.is_file() else None


def obtain(experiment: str, /, **values: Any) -> Record:
    """`find`, or compute now with a progress bar and store in this machine's results.

    Raises:
        UserError: as `find` and `make` do.
        RuntimeError: if the run that is being made asks for a record that its experiment does not declare.
    """
    kind = experiments.find(experiment)
    config = kind.config.build(**values)
    _declared(kind, config)
    return find(experiment, **values) or make(kind, config)


def make(experiment: Experiment, config: Config, *, again: bool = False, bar: bool = True) -> Record:
    """The record of `config` in this machine's results, made now unless it is there.

    First come the runs that it needs. A lock guards the record while it is being made, so that two processes
    never compute the same.

    Args:
        again: compute even if the record is there.

    Raises:
        UserError: as `compute` does.
    """
    for name, needed in experiment.needs(config):
        kind = experiments.find(name)
        if find(name, **needed) is None:
            make(kind, kind.config.build(**needed), bar=bar)
    path = records.path_of(experiment.name, config, results_dir())
    records.prepare(path)
    # never removed: a process may be waiting for it
    lock = FileLock(_lock_of(path))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print(
            f"waiting: another process makes {experiment.name} {config.slug()}", file=sys.stderr, flush=True
        )
        lock.acquire()
        again = False
    try:
        if path.is_file() and not again:
            return records.read(path)
        return compute(experiment, config, bar=bar)
    finally:
        lock.release()


def _lock_of(path: Path) -> Path:
    folder = results_dir() / ".locks"
    folder.mkdir(exist_ok=True)
    return folder / f"{path.parent.name}-{path.stem}"


def compute(experiment: Experiment, config: Config, base: Path | None = None, bar: bool = True) -> Record:
    """Run `config` now and store its record below `base` (default: this machine's results).

    Whatever fails after the computation leaves what was found on disk.

    Raises:
        UserError: if a data set or a source that it needs is not at hand or the record could not be written,
            before any work; if it cannot be written after all, naming the file that holds what was found.
    """
    path = records.path_of(experiment.name, config, base or results_dir())
    records.prepare(path)
    data = {name: datasets.digest(name) for name in experiment.datasets(config)}
    made = records.conditions()
    sources.digests(experiment.reads)
    started, begin = datetime.now(UTC), time.perf_counter()
    title = f"{experiment.name} {config.slug()}"
    own = _making.set((experiment, config))
    try:
        with _bar(title, experiment.seconds(config), bar) as progress:
            outcome = experiment.run(config, progress)
    finally:
        _making.reset(own)
    log = {
        "started": started.isoformat(timespec="seconds"),
        "wall_seconds": round(time.perf_counter() - begin, 1),
        "threads": made["threads"],
        "machine": provenance.machine(),
    }
    try:
        record = records.write(experiment, config, outcome, data, base or results_dir(), log, made)
    except Exception as error:  # whatever it is, hours may be lost by it
        kept = records.rescue(path, outcome)
        raise UserError(f"{title} was computed and cannot be recorded: {error}; {kept} holds it") from error
    unfinished.forget(experiment.name, config)
    return record


_making: ContextVar[tuple[Experiment, Config] | None] = ContextVar("_making", default=None)
"""The run that is being computed."""


def _declared(kind: Experiment, config: Config) -> None:
    """Refuse a record that the run being computed did not declare: the workflow would not know of it."""
    making = _making.get()
    if making is None:
        return
    experiment, own = making
    wanted = (kind.name, config)
    if wanted not in [(n, experiments.find(n).config.build(**values)) for n, values in experiment.needs(own)]:
        raise RuntimeError(f"{experiment.name} asks for {kind.name} {config.slug()}, which its needs lack")


class _bar:
    """A progress bar on standard error, as `Progress`; silent where nobody looks."""

    def __init__(self, title: str, seconds: float, shown: bool) -> None:
        from tqdm import tqdm

        about = f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
        self.bar = tqdm(
            total=1.0,
            desc=f"{title} ({about})",
            bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed} left {remaining} {postfix}",
            disable=not shown or not (sys.stderr.isatty() or "ipykernel" in sys.modules),
        )

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: float, note: str = "") -> None:
        self.bar.set_postfix_str(note, refresh=False)
        self.bar.update(min(done, 1.0) - self.bar.n)

    def __exit__(self, *error: object) -> None:
        self.bar.close()


def published() -> list[tuple[Experiment, Config]]:
    """What is published: each experiment with the configuration of each of its records."""
    found = [(experiments.find(r.experiment), r.config) for r in records.read_all(PUBLISHED)]
    return [(e, e.config.build(**config)) for e, config in found]


def publish(path: Path) -> Path:
    """Copy one record with its arrays and log into the repository; returns its new place.

    Raises:
        UserError: if it is a smoke record, was made from changed sources, or its arrays or log are missing,
            torn or not its own.
    """
    record = records.read(path)
    if record.config["effort"] != "full":
        raise UserError(f"{path} is a smoke record; only full effort is published")
    if record.made["commit"].endswith("+") or record.made["commit"] == "unknown":
        raise UserError(f"{path} was made from sources that no commit holds; commit, then run again")
    if record.checkpoint:
        record.tensors()
    if "wall_seconds" not in record.log():
        raise UserError(f"{records.log_of(path)} is missing or says nothing; run again")
    target = PUBLISHED / record.experiment / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".safetensors", ".log.json", ".json"):
        source = path.with_suffix(suffix)
        if source.is_file():
            records.replace(target.with_suffix(suffix), source.read_bytes())
    return target
