"""Devices that somebody published, and devices that you measured.

    device = published("pcm-nandakumar-2019")
    chip = Chip(device.cell, variation=device.variation)

    mine = Measured.read("cells.csv", unit="ohm")       # two columns: target,measured
    chip = Chip(Device(5e3, 2e5), variation=(mine,))

The published ones stand in ``data/components/devices.toml``, each with its source and with where its figures
hold; what a source does not give is named as assumed.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from imc.cost.table import FOLDER
from imc.crossbar.cells import Device
from imc.crossbar.disturbances import Drift, ProgrammingError
from imc.crossbar.steps import Step, uniform_like
from imc.crossbar.variation import Lognormal
from imc.errors import UserError
from imc.paths import read_toml

if TYPE_CHECKING:
    from torch import Generator, Tensor

FILE = FOLDER / "devices.toml"


@dataclass(frozen=True)
class Published:
    """A device of the literature.

    Attributes:
        name: by which `published` finds it.
        title: for figures and tables.
        cell: its resistances and levels.
        variation: what its cells have when they are freshly programmed.
        drifts: whether `imc.crossbar.Drift` describes it.
        source: where the figures stand.
        valid: where they hold.
        assumed: the figures that the source does not give, and what they rest on.

    >>> from imc.crossbar import Chip, published
    >>> device = published("pcm-nandakumar-2019")
    >>> device.drifts, device.cell.g_on
    (True, 2.5e-05)
    >>> chip = Chip(device=device.cell, variation=device.variation)
    """

    name: str
    title: str
    cell: Device
    variation: tuple[Step, ...]
    drifts: bool
    source: str
    valid: str
    assumed: Mapping[str, str] = field(default_factory=dict)

    def at(self, seconds: float) -> tuple[Step, ...]:
        """Its variation `seconds` after programming.

        Raises:
            UserError: if no law of its drift is known, or the time lies before that law begins.

        >>> published("pcm-nandakumar-2019").at(1000.0)[-1]
        Drift(seconds=1000.0, t0=20.0, since=None)
        """
        if not self.drifts:
            raise UserError(f"{self.name} has no published law of drift: {self.valid}")
        return (*self.variation, Drift(seconds))


def published(name: str) -> Published:
    """The published device called `name`.

    Raises:
        UserError: if there is none; the sentence names the nearest.

    >>> published("batmann-rram").cell
    Device(r_on=1000.0, r_off=10000.0, levels=2)
    """
    known = all_published()
    if not isinstance(name, str):
        raise UserError(f"name = {name!r}: write one of {', '.join(known)}")
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0)
        raise UserError(f"there is no published device '{name}'; the nearest of {len(known)} is '{near[0]}'")
    return known[name]


@cache
def all_published() -> dict[str, Published]:
    """Every published device by its name, in the order of the file.

    Raises:
        UserError: naming the entry of the file that is wrong.

    >>> from imc.crossbar import all_published
    >>> sorted(all_published())[:2]
    ['batmann-rram', 'pcm-nandakumar-2019']
    """
    entries = read_toml(FILE)["device"]
    return {entry["name"]: _device(**entry) for entry in entries}


def _device(
    name: str, r_on: float, r_off: float, levels: int | None = None, relative_spread: float = 0.0,
    error: tuple[float, ...] = (), error_g_on_us: float = 25.0, drift: bool = False, **about: Any,
) -> Published:  # fmt: skip
    variation: tuple[Step, ...] = (Lognormal(relative_spread * r_on),) if relative_spread else ()
    if error:
        variation += (ProgrammingError(tuple(error), error_g_on_us),)
    return Published(name=name, cell=Device(r_on, r_off, levels), variation=variation, drifts=drift, **about)


@dataclass(frozen=True)
class Measured(Step):
    """What measured cells did, done to others: an empirical law.

    A cell that is meant to have a conductance takes the ratio of measured to intended conductance of one
    measured cell, drawn from those of its target. Between two targets it draws from either, the nearer one
    more often; beyond the outermost, from these.

    Attributes:
        table: intended and measured conductance, siemens, of each measured cell.
        name: of the table, such as its file.

    Raises:
        UserError: if the table is empty, a target is not positive, or a value is not finite.

    >>> from imc.crossbar import Chip, Device, Measured
    >>> mine = Measured(((2e-4, 1.9e-4), (2e-4, 2.1e-4), (5e-6, 6e-6)))  # siemens; or Measured.read
    >>> [row["cells"] for row in mine.summary()]
    [1, 2]
    >>> chip = Chip(device=Device(5e3, 2e5), variation=mine)
    """

    table: tuple[tuple[float, float], ...] = field(repr=False)
    name: str = "table"
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        try:
            values = np.array(self.table, float)
        except (TypeError, ValueError):
            values = np.empty(1)
        if values.size and values.shape[1:] != (2,):
            raise UserError(f"{self.name} is no table of cells: write pairs of intended and measured siemens")
        if not values.size:
            raise UserError(f"{self.name} holds no measured cell")
        if not (np.isfinite(values).all() and (values[:, 0] > 0).all() and (values[:, 1] >= 0).all()):
            raise UserError(
                f"{self.name}: every cell needs a positive target and a measured conductance of 0 or more"
            )
        object.__setattr__(self, "digest", hashlib.sha256(values.tobytes()).hexdigest()[:12])

    @classmethod
    def read(cls, path: str | Path, unit: Literal["ohm", "siemens"]) -> Self:
        """The law of a CSV file with a line ``target,measured`` at its head and then one line a cell.

        Raises:
            UserError: naming file and line, if it is not there, has another head, or holds what is no number.
        """
        path = Path(path)
        if unit not in ("ohm", "siemens"):
            raise UserError(f"unit = {unit!r}: a table of cells is in 'ohm' or in 'siemens'")
        try:
            lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path} cannot be read as a table of cells: {error}") from None
        if not lines or [word.strip().lower() for word in lines[0]] != ["target", "measured"]:
            raise UserError(f"{path}, line 1: a table of cells begins with the line 'target,measured'")
        cells = [_cell(path, i, line, unit) for i, line in enumerate(lines[1:], 2) if line]
        return cls(tuple(cells), path.name)

    def __call__(self, g: Tensor, device: Device, generator: Generator) -> None:
        import torch

        targets, start, count, ratios = (torch.from_numpy(a).to(g.device) for a in self._groups)
        flat = g.double().flatten()
        above = torch.searchsorted(targets, flat).clamp_(1, max(1, len(targets) - 1))
        above.clamp_(max=len(targets) - 1)
        below = (above - 1).clamp_(min=0)
        share = (flat - targets[below]) / (targets[above] - targets[below]).clamp_(min=1e-300)
        group = torch.where(uniform_like(flat, generator) < share, above, below)
        drawn = start[group] + (uniform_like(flat, generator) * count[group]).long()
        g.mul_(ratios[drawn].view_as(g).to(g.dtype))

    @cached_property
    def _groups(self) -> tuple[NDArray[Any], ...]:
        """Targets in order; for each, where its ratios start and how many they are; all ratios."""
        values = np.array(sorted(self.table), float)
        targets, start, count = np.unique(values[:, 0], return_index=True, return_counts=True)
        return targets, start, count, values[:, 1] / values[:, 0]

    def summary(self) -> list[dict[str, float]]:
        """For each target: its conductance, how many cells, and the mean and SD of theirs (siemens)."""
        targets, start, count, ratios = self._groups
        found = []
        for target, begin, cells in zip(targets, start, count, strict=True):
            measured = target * ratios[begin : begin + cells]
            spread = float(measured.std(ddof=1)) if cells > 1 else math.nan
            found.append(
                {"target": float(target), "cells": int(cells), "mean": float(measured.mean()), "sd": spread}
            )
        return found


def _cell(path: Path, number: int, line: list[str], unit: str) -> tuple[float, float]:
    try:
        target, measured = map(float, line)
    except ValueError:
        raise UserError(f"{path}, line {number}: '{','.join(line)}' is not target,measured") from None
    if not (math.isfinite(target) and math.isfinite(measured) and target > 0 and measured >= 0):
        raise UserError(
            f"{path}, line {number}: a cell's {unit} are positive and finite, not {','.join(line)}"
        )
    if unit == "siemens":
        return target, measured
    if measured == 0:
        raise UserError(f"{path}, line {number}: no cell has 0 ohm")
    return 1 / target, 1 / measured
