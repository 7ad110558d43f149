"""What can be played with: a model that runs in the reader's browser, and the data that it starts from.

A player is a file ``book/_static/play/<model>.js`` and an empty box on the page that names it; the script
``book/_static/play.js`` fills the box and puts it in the place of the static figure before it. On paper, and
without JavaScript, the figure stands. ``tests/test_play.py`` holds every model against Python.
"""

import html
import json
import math
from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from imc.errors import UserError
from imc.paths import ROOT

FOLDER = ROOT / "book" / "_static" / "play"
DIGITS = 9
"""Significant digits of every number that a page hands to a model: those of a 32-bit float."""

_SHARED = ("numbers", "panel")


class Start(TypedDict):
    """What `Page.play` takes beside words: the data of the model, and the figure that shows its start."""

    data: Mapping[str, Any]
    figure: Figure
    csv: pd.DataFrame | None


def models() -> list[str]:
    """The models that there are, by name.

    Example:
        >>> "kirchhoff" in models()
        True
    """
    return sorted(path.stem for path in FOLDER.glob("*.js") if path.stem not in _SHARED)


def box(model: str, name: str, title: str, data: Mapping[str, Any]) -> str:
    """The ``<div>`` that `play.js` makes a player of.

    Args:
        model: one of `models`.
        name: of its figure, and of its state in the page's address.
        title: what it shows, for those who do not see it.
        data: what the model starts from; anything that JSON can say, numpy arrays included.

    Raises:
        UserError: if there is no such model, or a number is not finite.
    """
    if model not in models():
        raise UserError(f"there is no player '{model}' in {FOLDER.name}/; there are {', '.join(models())}")
    text = json.dumps(
        _plain(data, f"player '{name}'"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    safe = html.escape(text, quote=False).replace("'", "&#39;")
    return (
        f'<div class="imc-play" data-model="{model}" data-name="{html.escape(name)}" '
        f"data-title=\"{html.escape(title)}\" data-play='{safe}' hidden></div>"
    )


def _plain(value: Any, where: str) -> Any:
    """The same in dictionaries, lists and numbers of `DIGITS` digits; whole numbers stay whole."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, where) for key, inner in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist(), where)
    if isinstance(value, list | tuple):
        return [_plain(inner, where) for inner in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UserError(f"{where} is given {value}: every number has to be finite")
        rounded = float(f"{value:.{DIGITS}g}")
        return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
    return value
