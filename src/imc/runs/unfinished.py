"""State of a run that is not finished, so that a killed run goes on where it was.

It lies beside the record to come, as ``X.unfinished``, and is removed once that is written.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as pack

from imc.errors import UserError
from imc.paths import results_dir
from imc.runs import experiments, provenance, records
from imc.runs.config import Config


def path_of(experiment: str, config: Config) -> Path:
    """Where the state of a run lies, in this machine's results."""
    return records.path_of(experiment, config, results_dir()).with_suffix(".unfinished")


def save(
    experiment: str, config: Config, arrays: Mapping[str, np.ndarray], content: Mapping[str, Any]
) -> None:
    """Replace the run's state: arrays, and content that JSON knows."""
    path = path_of(experiment, config)
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {n: np.asarray(a, order="C") for n, a in arrays.items()}
    text = json.dumps(content)
    header = {"identity": _identity(experiment, config), "content": text, "digest": _digest(plain, text)}
    records.replace(path, pack(plain, header))


def load(experiment: str, config: Config) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Arrays and content of the run's state; None if there is none, or other code made it.

    Raises:
        UserError: if the file is no such state.
    """
    path = path_of(experiment, config)
    if not path.is_file():
        return None
    try:
        with safe_open(path, "numpy") as stream:
            header = stream.metadata()
            if header["identity"] != _identity(experiment, config):
                return None
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
        if _digest(arrays, header["content"]) != header["digest"]:
            raise ValueError("the arrays are not those that were saved")
        return arrays, json.loads(header["content"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        raise UserError(f"{path} is not the state of a run; delete it and run again") from None


def forget(experiment: str, config: Config) -> None:
    """Remove the run's state, if there is one."""
    path_of(experiment, config).unlink(missing_ok=True)


def _identity(experiment: str, config: Config) -> str:
    """Changes with what the rest of the run has to agree with: configuration, version, libraries, threads."""
    version = experiments.find(experiment).version
    return json.dumps([version, config.flat("json"), provenance.versions(), provenance.threads()])


def _digest(arrays: Mapping[str, np.ndarray], content: str) -> str:
    """Of everything that a state holds: zeros in the middle of a file are no array's fault."""
    total = hashlib.sha256(content.encode())
    for name in sorted(arrays):
        total.update(f"\0{name} {arrays[name].dtype} {arrays[name].shape}\0".encode())
        total.update(np.ascontiguousarray(arrays[name]).tobytes())
    return total.hexdigest()
