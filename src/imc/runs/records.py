"""Records: what a run found, written once, verified whenever it is read.

``X.json`` holds what is the same whenever the run is made: configuration, metrics, digests, versions.
``X.safetensors`` holds its arrays, ``X.log.json`` what differs each time: when, where, how long.
"""

import hashlib
import io
import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors.numpy import load_file, save

from imc.errors import UserError
from imc.runs import experiments, provenance, sources
from imc.runs.config import Config
from imc.runs.results import Result

SCHEMA = 1
R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Record:
    """One finished run.

    Attributes:
        experiment: its name, as `imc run` takes it.
        version: the experiment's version that made it.
        config: every field of its configuration.
        metrics: nested mapping of names to numbers or lists.
        data: canonical digest of each data set it read.
        checkpoint: sha256 of the arrays' file, or None.
        made: commit, versions and threads that made it.
        path: the file it was read from.
        sources: digest of each table of components and of printed values that it was computed from.
    """

    experiment: str
    version: int
    config: dict[str, Any]
    metrics: dict[str, Any]
    data: dict[str, str]
    checkpoint: str | None
    made: dict[str, Any]
    path: Path
    sources: dict[str, str] = field(default_factory=dict)

    def metric(self, address: str) -> Any:
        """The number, list or mapping at a dotted address such as ``accuracy.baseline``.

        Raises:
            UserError: if it has no such metric.
        """
        value: Any = self.metrics
        rest = f"{address}."
        while rest:
            known = list(value) if isinstance(value, Mapping) else []
            # a name may hold dots of its own, as that of a voltage does
            fitting = [name for name in known if rest.startswith(f"{name}.")]
            if not fitting:
                have = ", ".join(known) or "none below that"
                raise UserError(f"{self.path.name} has no metric '{address}'; it has {have}")
            name = max(fitting, key=len)
            value, rest = value[name], rest[len(name) + 1 :]
        return value

    def results(self, kind: type[R]) -> R:
        """Its metrics as the result class of its experiment, whose fields they are.

        Raises:
            UserError: if `kind` is not that class.
        """
        own = experiments.find(self.experiment).result
        if own is not kind:
            known = own.__name__ if own else "no class of results"
            raise UserError(f"{self.path.name} of {self.experiment} has {known}, not {kind.__name__}")
        return kind.of(self.metrics, self.path)

    def tensors(self) -> dict[str, np.ndarray]:
        """The arrays of its checkpoint, verified.

        Raises:
            UserError: if the run left none, or the file is missing or not the one recorded.
        """
        path = self.path.with_suffix(".safetensors")
        if self.checkpoint is None:
            raise UserError(f"{self.path.name} was recorded without arrays")
        if not path.is_file() or provenance.sha256(path) != self.checkpoint:
            raise UserError(f"{path} is missing or not the file its record names; {_REMEDY}")
        return load_file(path)

    def log(self) -> dict[str, Any]:
        """When, where and how long; empty if the log was not kept."""
        path = log_of(self.path)
        if not path.is_file():
            return {}
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise UserError(f"{path} is torn; {_REMEDY}") from None


_REMEDY = "delete it and run again, or restore it with git"


def path_of(experiment: str, config: Config, base: Path) -> Path:
    """Where the record of `config` lies below `base`; the name is derived from the configuration."""
    return base / experiment / f"{config.slug()}.json"


def log_of(path: Path) -> Path:
    """The log beside a record."""
    return path.with_suffix(".log.json")


def write(
    experiment: experiments.Experiment,
    config: Config,
    outcome: experiments.Outcome,
    data: Mapping[str, str],
    base: Path,
    log: Mapping[str, Any],
    made: Mapping[str, Any] | None = None,
) -> Record:
    """Store a run's outcome below `base`, each file atomically and the record last.

    `made` is `conditions` as they were when the run began; by default as they are now.

    Raises:
        UserError: if a metric is not a finite number, a text, a list or a mapping of these, or if the metrics
            are not those of the experiment's result class.
    """
    path = path_of(experiment.name, config, base)
    path.parent.mkdir(parents=True, exist_ok=True)
    metrics = plain(outcome.metrics)
    if experiment.result:
        experiment.result.of(metrics, path.name)
    checkpoint = None
    if outcome.tensors:
        arrays = {name: np.ascontiguousarray(a) for name, a in outcome.tensors.items()}
        blob = save(arrays)
        checkpoint = hashlib.sha256(blob).hexdigest()
        replace(path.with_suffix(".safetensors"), blob)
    content = {
        "schema": SCHEMA,
        "experiment": experiment.name,
        "version": experiment.version,
        "config": config.flat("json"),
        "metrics": metrics,
        "data": dict(data),
        "sources": sources.digests(experiment.reads),
        "checkpoint": checkpoint,
        "made": dict(made or conditions()),
    }
    replace(log_of(path), _dump(dict(log)))
    replace(path, _dump(content | {"digest": _digest(content)}))
    return read(path)


def conditions() -> dict[str, Any]:
    """Under what a record is made: commit, versions, and threads, with whose number sums are rounded."""
    return {"commit": provenance.commit(), "threads": provenance.threads(), **provenance.versions()}


def prepare(path: Path) -> None:
    """Make sure, before a run, that its record can be written at `path`.

    Raises:
        UserError: if it cannot.
    """
    try:
        probe(path)
    except OSError as error:
        raise UserError(
            f"no record can be written into {path.parent} ({error.strerror or error}); "
            "make room there, or set IMC_RESULTS to another folder"
        ) from None


def probe(path: Path) -> None:
    """Write a little beside `path`, making its folder, and remove it; raises OSError where it cannot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as stream:
        stream.write(b"\0" * 4096)
        stream.flush()


def rescue(path: Path, outcome: experiments.Outcome) -> Path:
    """Keep an outcome that could not be recorded, as it is, where there is room; returns the file."""
    try:
        text = json.dumps(dict(outcome.metrics), indent=1, default=repr)
    except (TypeError, ValueError):  # names that are no texts, or a circle
        text = repr(outcome.metrics)
    tensors: dict[str, Any] = {name.replace("/", "."): np.asarray(a) for name, a in outcome.tensors.items()}
    arrays = io.BytesIO()
    np.savez(arrays, **tensors)  # takes what a record does not
    folders = (path.parent, Path(tempfile.gettempdir()))
    for number, folder in enumerate(folders):
        kept = folder / f"{'-'.join([*path.parts[-3:-1], path.stem])}.rescued.txt"
        try:
            replace(kept, text.encode())
            if outcome.tensors:
                replace(kept.with_suffix(".npz"), arrays.getvalue())
            return kept
        except OSError:
            if number == len(folders) - 1:
                raise
    raise AssertionError("one of the folders was tried")


def read(path: Path) -> Record:
    """The record at `path`, verified.

    A file is taken apart once in a process, and again when its bytes have changed. All who ask for it share
    its metrics: copy what you mean to change.

    Raises:
        UserError: if it is missing, torn, edited, of another schema, of an unknown or changed experiment,
            or lies under a name that is not its configuration's.
    """
    content = _content(path)
    experiment = experiments.find(content["experiment"])
    if content["version"] != experiment.version:
        raise UserError(
            f"{path} was made by version {content['version']} of {experiment.name}, "
            f"now at {experiment.version}; {_REMEDY}"
        )
    for name, then in content.get("sources", {}).items():
        if sources.digests([name])[name] != then:
            raise UserError(f"{path} was made before data/{name} changed; {_REMEDY}")
    config = experiment.config.build(**content["config"])
    if path.name != f"{config.slug()}.json" or not str(path.parent).endswith(experiment.name):
        raise UserError(f"{path} holds {experiment.name} {config.slug()}, not what its name says; {_REMEDY}")
    fields = ("experiment", "version", "metrics", "data", "checkpoint", "made")
    given = {name: content[name] for name in fields}
    return Record(path=path, config=config.flat(), sources=content.get("sources", {}), **given)


_known: dict[Path, tuple[bytes, dict[str, Any]]] = {}
"""By file: the digest of the bytes that were last read from it, and what they hold."""


def _content(path: Path) -> dict[str, Any]:
    """What a record's file holds, untouched and of this schema."""
    try:
        raw = path.read_bytes()
    except OSError:
        raise UserError(f"there is no record at {path}; `imc run` makes one") from None
    mark = hashlib.sha256(raw).digest()
    if path in _known and _known[path][0] == mark:
        return _known[path][1]
    try:
        content = json.loads(raw.decode("utf-8"))
        digest = content.pop("digest")
    except (ValueError, KeyError, AttributeError, TypeError):
        raise UserError(f"{path} is torn or is no record; {_REMEDY}") from None
    if content.get("schema") != SCHEMA:
        raise UserError(f"{path} has schema {content.get('schema')}, this version reads {SCHEMA}; {_REMEDY}")
    if digest != _digest(content):
        raise UserError(f"{path} was edited after it was made (its digest does not match); {_REMEDY}")
    _known[path] = mark, content
    return content


def read_all(base: Path) -> list[Record]:
    """All records below `base`, in the order of their paths; raises as `read` does."""
    return [read(p) for p in sorted(base.rglob("*.json")) if not p.name.endswith(".log.json")]


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _dump(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def plain(value: Any, where: str = "") -> Any:
    """`value` as JSON knows it; numpy numbers and arrays become numbers and lists.

    Raises:
        UserError: if it is, or holds, anything else, or a number that is not finite.
    """
    if isinstance(value, Mapping):
        return {str(k): plain(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(v, where) for v in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise UserError(
        f"metric '{where.lstrip('.')}' is {value!r}; a record holds finite numbers, texts and lists"
    )


def replace(path: Path, content: bytes) -> None:
    """Write `content` so that `path` is always the old file or the whole new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def summary(record: Record) -> dict[str, Any]:
    """A record's content without its path, for comparing two."""
    return {k: v for k, v in asdict(record).items() if k != "path"}
