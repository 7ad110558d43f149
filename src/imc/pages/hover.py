"""The numbers behind a figure's marks, for ``book/_static/hover.js`` to say where a reader points.

An SVG of ours carries in ``data-values`` one entry a panel: its two quantities and, for each curve or group
of bars, a label and points (place in the drawing, then the values).
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, ScalarFormatter
from numpy.typing import NDArray

MOST = 40
"""Points of one curve that are kept; longer ones are thinned evenly."""

Points = NDArray[np.float64]


def values(figure: Figure) -> str:
    """JSON of all panels that show numbers, or "" if there is none.

    Args:
        figure: after it has been drawn, so that its layout is final.

    Example:
        >>> figure = Figure(figsize=(1, 1))
        >>> ax = figure.add_subplot(xlabel="x", ylabel="y")
        >>> _ = ax.plot([1, 2, 3], [3, 4, 5], label="a")
        >>> figure.draw_without_rendering()
        >>> json.loads(values(figure))[0]["curves"][0]["label"]
        'a'
    """
    panels = [found for ax in figure.axes if (found := _panel(figure, ax))]
    return json.dumps(panels, separators=(",", ":"), ensure_ascii=False) if panels else ""


def _panel(figure: Figure, ax: Axes) -> dict[str, Any] | None:
    if not ax.axison:
        return None
    curves = []
    for label, points in (*_lines(ax), *_bars(ax)):
        placed = _placed(figure, ax, points)
        if placed:
            curves.append({"label": "" if label.startswith("_") else label, "points": placed})
    if not curves:
        return None
    x, y = ax.get_xlabel() or figure.get_supxlabel(), ax.get_ylabel() or figure.get_supylabel()
    return {"x": x.replace("\n", " "), "y": y.replace("\n", " "), "curves": curves}


def _lines(ax: Axes) -> Iterator[tuple[str, Points]]:
    """Curves of more than one point, and markers; a line that crosses the panel is no curve."""
    errors = [c for c in ax.containers if isinstance(c, ErrorbarContainer)]
    of_errors = {c.lines[0]: str(c.get_label()) for c in errors}
    caps = {cap for c in errors for cap in c.lines[1]}
    for line in ax.lines:
        if line in caps:
            continue
        own = line.get_transform() == ax.transData
        marked = line.get_marker() not in ("None", "", " ", None)
        points = np.column_stack([np.asarray(v, dtype=float) for v in line.get_data()])
        if own and line.get_visible() and (marked or len(points) > 2):
            yield of_errors.get(line, str(line.get_label())), points


def _bars(ax: Axes) -> Iterator[tuple[str, Points]]:
    for bars in ax.containers:
        if not isinstance(bars, BarContainer):
            continue
        boxes = [patch for patch in bars.patches if isinstance(patch, Rectangle)]
        if bars.orientation == "vertical":
            points = [(box.get_x() + box.get_width() / 2, box.get_y() + box.get_height()) for box in boxes]
        else:
            points = [(box.get_x() + box.get_width(), box.get_y() + box.get_height() / 2) for box in boxes]
        yield str(bars.get_label()), np.array(points, dtype=float).reshape(-1, 2)


def _placed(figure: Figure, ax: Axes, points: Points) -> list[list[Any]]:
    """Place in the drawing (its own units, y downwards) and values of the points inside the panel."""
    points = points[np.isfinite(points).all(1)]
    if len(points) > MOST:
        points = points[np.linspace(0, len(points) - 1, MOST).round().astype(int)]
    found = []
    for x, y in points:
        if (ax.get_xscale() == "log" and x <= 0) or (ax.get_yscale() == "log" and y <= 0):
            continue
        right, up = ax.transData.transform((x, y))
        if not ax.bbox.padded(1).contains(right, up):
            continue
        place = 72 / figure.dpi * right, 72 * figure.get_figheight() - 72 / figure.dpi * up
        found.append([*(round(float(v), 1) for v in place), _said(ax, "x", x), _said(ax, "y", y)])
    return found


def _said(ax: Axes, which: str, value: float) -> Any:
    """The value to five digits, or the word of the category that it belongs to."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    places, formatter = axis.get_majorticklocs(), axis.get_major_formatter()
    named = isinstance(axis.get_major_locator(), FixedLocator) and not isinstance(formatter, ScalarFormatter)
    if named and len(places) and np.array_equal(places, np.arange(len(places))):
        words = formatter.format_ticks(list(places))
        return words[int(np.clip(round(value), 0, len(places) - 1))].replace("\n", " ")
    short = float(f"{value:.5g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
