"""The house style: every figure of the book is drawn with these few functions.

Transparent ground, ink in the page's text colour, six series that differ in colour, marker and line at
once, so that a figure reads on light and dark pages, in grey and without colour vision. What a paper prints
is always an open diamond; our own numbers always carry their 95 % interval.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatter

from imc.claims.statistics import Estimate
from imc.errors import UserError
from imc.pages.svg import COLOURS, INK, PAPER

MARKERS = ("o", "s", "^", "v", "P", "X")
LINES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)), (0, (9, 3)))
HATCHES = ("", "////", "||||", "\\\\\\\\", "xxxx", "----")  # no dots: as SVG they take 180 kB

STYLE: dict[Any, Any] = {
    "figure.figsize": (6.4, 3.4),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "normal",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=COLOURS, linestyle=LINES),
    "grid.color": INK,
    "grid.alpha": 0.13,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "image.cmap": "cividis",
    "svg.fonttype": "none",
    "svg.hashsalt": "imc",
}

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PAPER_MARKER: dict[str, Any] = {
    "linestyle": "none",
    "marker": "D",
    "markersize": 6.5,
    "markerfacecolor": "none",
    "markeredgecolor": INK,
    "markeredgewidth": 1.3,
    "zorder": 4,
}


def use() -> None:
    """Make the house style matplotlib's own from here on, whatever a user's matplotlibrc says."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)


def axes(rows: int = 1, columns: int = 1, *, height: float = 3.4, width: float = 6.4, **options: Any) -> Any:
    """A figure and its axes, `width` x `height` inches; one `Axes`, or an array of them.

    `options` go to ``Figure.subplots`` (``sharex``, ``sharey``, ``width_ratios``). Built without pyplot, so
    that a notebook does not show it a second time.
    """
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **options)


def series(index: int) -> dict[str, Any]:
    """Colour, marker and line of the series `index`, as keywords of ``Axes.plot``.

    Raises:
        UserError: beyond the sixth: a reader cannot tell more apart in one figure.
    """
    if not 0 <= index < len(COLOURS):
        raise UserError(f"series {index}: a figure tells six series apart, 0 to 5")
    return {"color": COLOURS[index], "marker": MARKERS[index], "linestyle": LINES[index]}


def paper(ax: Axes, x: Any, y: Any, label: str | None = "paper") -> None:
    """Open diamonds: what the paper prints at `x`, `y`. NaN is left out."""
    ax.plot(x, y, label=label, **_PAPER_MARKER)


def intervals(
    ax: Axes,
    x: Sequence[float],
    estimates: Sequence[Estimate],
    index: int = 0,
    label: str | None = None,
    *,
    line: bool = True,
) -> None:
    """Means with their 95 % intervals as series `index`, joined by a line unless told otherwise.

    An exact value, or a single seed with its infinite interval, is drawn without a bar.
    """
    look: dict[str, Any] = series(index) | ({} if line else {"linestyle": "none"})
    look |= {"capsize": 3, "elinewidth": 1.2, "capthick": 1.2, "zorder": 3}
    sides = [[e.mean - e.low, e.high - e.mean] if math.isfinite(e.half_width) else [0, 0] for e in estimates]
    ax.errorbar(x, [e.mean for e in estimates], yerr=np.array(sides).T, label=label, **look)


def compare(
    ax: Axes,
    categories: Sequence[Any],
    ours: Mapping[str, Sequence[Estimate]],
    printed: Mapping[str, Sequence[float]] | None = None,
    *,
    first: int = 0,
) -> None:
    """Our estimates beside the paper's numbers, by category: the picture of a printed table.

    `ours` maps a series to one estimate a category, `printed` the same series to the paper's numbers (NaN
    where it prints none). The series of one category stand side by side; `first` is the look of
    the first one, where a figure's panels share a legend.

    Raises:
        UserError: if a series is not as long as `categories`, or `printed` names one that `ours` does not.
    """
    printed = printed or {}
    for name, values in [*ours.items(), *printed.items()]:
        if name not in ours:
            raise UserError(f"the paper's series '{name}' is none of ours, which are {', '.join(ours)}")
        if len(values) != len(categories):
            raise UserError(f"series '{name}' has {len(values)} values for {len(categories)} categories")
    centre = np.arange(len(categories), dtype=float)
    step = 0.7 / len(ours)
    for index, (name, estimates) in enumerate(ours.items()):
        x = centre + (index - (len(ours) - 1) / 2) * step
        intervals(ax, x.tolist(), estimates, first + index, name, line=False)
        if name in printed:
            paper(ax, x, printed[name], label=None)
    if printed:
        paper(ax, [], [])
    ax.set_xticks(centre, [str(c) for c in categories])
    ax.set_xlim(-0.5, len(categories) - 0.5)
    ax.grid(visible=False, axis="x")
    for edge in centre[:-1] + 0.5:
        ax.axvline(edge, color=INK, alpha=0.13, linewidth=0.7)


def curve(ax: Axes, x: Sequence[float], runs: Any, index: int = 0, label: str | None = None) -> None:
    """Mean over seeds of `runs` [seeds, points] at `x` [points], with the band of its 95 % interval."""
    table = np.asarray(runs, dtype=float)
    estimates = [Estimate.of_seeds(column) for column in table.T]
    look = series(index)
    every = max(1, len(estimates) // 8)
    ax.plot(x, [e.mean for e in estimates], label=label, markevery=(index * every // 6, every), **look)
    if table.shape[0] > 1:
        low, high = [e.low for e in estimates], [e.high for e in estimates]
        ax.fill_between(x, low, high, color=look["color"], alpha=0.2, linewidth=0)


def histogram(ax: Axes, values: Any, bins: Any, index: int = 0, label: str | None = None) -> None:
    """Outline and light hatched fill of the distribution of `values` over `bins`, as a share per bin."""
    flat = np.asarray(values, dtype=float).ravel()
    colour = series(index)["color"]
    look: dict[str, Any] = {
        "facecolor": (colour, 0.22),
        "edgecolor": colour,
        "hatch": HATCHES[index],
        "linewidth": 1.4,
    }
    share = np.full(flat.size, 1 / max(flat.size, 1))
    ax.hist(flat, bins, weights=share, histtype="stepfilled", label=label, **look)


def segment(
    ax: Axes,
    at: float,
    start: float,
    size: float,
    index: int,
    label: str | None = None,
    text: str = "",
    *,
    upright: bool = False,
) -> None:
    """One part of a stacked bar at `at`: `size` long from `start`, a light fill under a hatch.

    Bars lie unless they are `upright`; `text` stands in the middle of the part.
    """
    draw = ax.bar if upright else ax.barh
    look: dict[str, Any] = {"bottom" if upright else "left": start}
    draw(at, size, 0.66, facecolor=(COLOURS[index], 0.25), **look)
    draw(
        at, size, 0.66, label=label, facecolor="none", edgecolor=COLOURS[index], hatch=HATCHES[index], **look
    )
    if text:
        middle = start + size / 2
        box = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 1.5}
        place = (at, middle) if upright else (middle, at)
        ax.text(*place, text, ha="center", va="center", fontsize=8, bbox=box)


def legend(figure: Figure, columns: int = 4) -> None:
    """One legend for all panels, each label once, above the axes where it hides nothing."""
    found: dict[str, Any] = {}
    for ax in figure.axes:
        handles, labels = ax.get_legend_handles_labels()
        found |= {label: handle for handle, label in zip(handles, labels, strict=True) if label not in found}
    place: dict[str, Any] = {
        "loc": "outside upper left",
        "ncols": columns,
        "columnspacing": 1.6,
        "borderpad": 0,
    }
    figure.legend(list(found.values()), list(found), **place)


def finish(figure: Figure) -> None:
    """Last touches before a figure is shown: powers of ten as text, no grid over pictures, labels.

    Raises:
        UserError: if an axis with ticks has no label; an axis shared with a labelled one needs none.
    """
    for number, ax in enumerate(figure.axes, 1):
        if ax.images:
            ax.grid(visible=False)
        for which in "xy":
            axis = ax.xaxis if which == "x" else ax.yaxis
            if isinstance(axis.get_major_formatter(), LogFormatter):
                axis.set_major_formatter(FuncFormatter(_power))
            shown = ax.axison and axis.get_visible() and len(axis.get_ticklocs()) > 0
            if shown and not _labelled(figure, ax, which):
                raise UserError(f"the {which} axis of panel {number} needs a label: quantity and unit")


def _labelled(figure: Figure, ax: Axes, which: str) -> bool:
    shared = ax.get_shared_x_axes() if which == "x" else ax.get_shared_y_axes()
    together: Iterable[Axes] = shared.get_siblings(ax)
    label = figure.get_supxlabel() if which == "x" else figure.get_supylabel()
    return bool(label) or any((a.get_xlabel() if which == "x" else a.get_ylabel()) for a in together)


def _power(value: float, _: int) -> str:
    """10⁻³, 1, 10, 200: as text, which a reader can select and search."""
    if value < 0:
        return f"−{_power(-value, _)}"
    if value == 0 or 0.01 <= value < 10_000:
        return f"{value:g}"
    exponent = round(math.log10(value))
    return f"10{str(exponent).translate(_SUPERSCRIPT)}" if math.isclose(value, 10.0**exponent) else ""
