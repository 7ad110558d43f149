"""The experiments that the papers define, found by name.

Each paper lists its own in ``imc/papers/<paper>/experiments.py`` as ``EXPERIMENTS``; importing that module is
cheap, and the code that computes is imported when it runs.
"""

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np

from imc import papers
from imc.errors import UserError
from imc.runs.config import Config
from imc.runs.results import Result


class Progress(Protocol):
    """Told by a run how far it is."""

    def __call__(self, done: float, note: str = "") -> None:
        """`done` grows from 0 to 1; `note` is what is being done."""


@dataclass(frozen=True)
class Outcome:
    """What a run found.

    Attributes:
        metrics: nested mapping of names to numbers or lists of numbers (a list is usually over seeds).
        tensors: trained or drawn arrays worth keeping, stored beside the record as safetensors.
    """

    metrics: Mapping[str, Any]
    tensors: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])


@dataclass(frozen=True)
class Experiment:
    """One kind of computation.

    Attributes:
        name: ``paper/what``, as typed on the command line.
        config: the class of its configurations.
        runner: ``module:function`` of ``(config, progress) -> Outcome``, pure in configuration and data.
        summary: one line for listings.
        result: the class that what its records hold is of, where there is one; nothing else is recorded.
        version: raised when the same configuration comes to mean something else.
        datasets: the data sets that a configuration reads.
        needs: the runs whose records a configuration is computed from, as experiment and values; the runner
            finds these, and no others.
        reads: what else it is computed from (see `imc.runs.sources`): ``components/imce`` for a file below
            ``data/``, ``printed/reram.table4`` for the printed values whose key begins so.
        seconds: expected wall time of a configuration on 2 cores.
        evaluator: ``module:function`` of ``(config, tensors) -> metrics by address``, which `imc verify`
            holds against the record; None where there is no checkpoint to evaluate.
    """

    name: str
    config: type[Config]
    runner: str
    summary: str
    result: type[Result] | None = None
    version: int = 1
    datasets: Callable[[Any], tuple[str, ...]] = lambda config: ()
    needs: Callable[[Any], Iterable[tuple[str, Mapping[str, Any]]]] = lambda config: ()
    reads: tuple[str, ...] = ()
    seconds: Callable[[Any], float] = lambda config: 1.0
    evaluator: str | None = None

    def run(self, config: Config, progress: Progress) -> Outcome:
        """Compute `config` now, without looking for a record."""
        return load(self.runner)(config, progress)


def load(address: str) -> Callable[..., Any]:
    """The function at ``module:function``, imported now."""
    module, function = address.split(":")
    return getattr(importlib.import_module(module), function)


@cache
def every() -> dict[str, Experiment]:
    """All experiments by name, in the order of their papers' names."""
    found: dict[str, Experiment] = {}
    for package in sorted(m.name for m in pkgutil.iter_modules(papers.__path__) if m.ispkg):
        name = f"imc.papers.{package}.experiments"
        if importlib.util.find_spec(name):
            found |= {e.name: e for e in importlib.import_module(name).EXPERIMENTS}
    return found


def find(name: str) -> Experiment:
    """The experiment called `name`.

    Raises:
        UserError: if there is none, with the nearest names.
    """
    try:
        return every()[name]
    except KeyError:
        near = difflib.get_close_matches(name, every(), n=3, cutoff=0.3) or list(every())
        raise UserError(f"there is no experiment '{name}'; did you mean {' or '.join(near)}?") from None
