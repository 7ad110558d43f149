"""Finding the record of a run, or making it."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imc import datasets
from imc.errors import UserError
from imc.paths import PUBLISHED, record_path, results_dir
from imc.runs import experiments, provenance, records, unfinished
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
    """`find`, or compute now with a progress bar and store in this machine's results."""
    kind = experiments.find(experiment)
    return find(experiment, **values) or compute(kind, kind.config.build(**values))


def compute(experiment: Experiment, config: Config, base: Path | None = None, bar: bool = True) -> Record:
    """Run `config` now and store its record below `base` (default: this machine's results).

    Raises:
        UserError: if a data set it needs is not at hand, before any work.
    """
    data = {name: datasets.digest(name) for name in experiment.datasets(config)}
    started, begin = datetime.now(UTC), time.perf_counter()
    title = f"{experiment.name} {config.slug()}"
    with _bar(title, experiment.seconds(config), bar) as progress:
        outcome = experiment.run(config, progress)
    log = {
        "started": started.isoformat(timespec="seconds"),
        "wall_seconds": round(time.perf_counter() - begin, 1),
        "threads": int(os.environ.get("OMP_NUM_THREADS", 0)) or provenance.machine()["cores"],
        "machine": provenance.machine(),
    }
    record = records.write(experiment, config, outcome, data, base or results_dir(), log)
    unfinished.forget(experiment.name, config)
    return record


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
        UserError: if it is a smoke record, or was made from changed sources.
    """
    record = records.read(path)
    if record.config["effort"] != "full":
        raise UserError(f"{path} is a smoke record; only full effort is published")
    if record.made["commit"].endswith("+") or record.made["commit"] == "unknown":
        raise UserError(f"{path} was made from sources that no commit holds; commit, then run again")
    target = PUBLISHED / record.experiment / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".safetensors", ".log.json", ".json"):
        source = path.with_suffix(suffix)
        if source.is_file():
            records.replace(target.with_suffix(suffix), source.read_bytes())
    return target
