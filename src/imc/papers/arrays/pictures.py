"""Drawings of arrays, from the conductances they really have."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from imc.pages.svg import INK

_BITLINE = 0.38
"""How far right of its cells a bitline runs."""


def draw_array(
    ax: Axes,
    g: NDArray[np.floating],
    volts: Sequence[float],
    feet: Sequence[str],
    heads: Sequence[str],
    scale: tuple[float, float],
) -> None:
    """Draw an array: wordlines with their voltages, bitlines, and a square for each cell.

    Args:
        ax: where; its axis is switched off.
        g: conductances, siemens, shape (rows, columns); written into the cells in mS.
        volts: voltage of each wordline.
        feet: what stands under each bitline, such as its current.
        heads: what stands above each bitline.
        scale: conductances, siemens, of the lightest and the darkest cell.
    """
    rows, columns = g.shape
    shade = Normalize(*scale)
    for i in range(rows):
        ax.plot([-0.75, columns - 0.5], [-i, -i], color=INK, linewidth=1, zorder=1, linestyle="-")
        ax.text(-0.85, -i, f"{volts[i]:+.1f} V".replace("-", "−"), ha="right", va="center", fontsize=8.5)
    for j in range(columns):
        ax.plot([j + _BITLINE] * 2, [0.62, -rows + 0.4], color=INK, linewidth=1, zorder=1, linestyle="-")
        ax.text(j + _BITLINE, 0.68, heads[j], ha="center", va="bottom", fontsize=8.5)
        ax.text(j + _BITLINE, -rows + 0.34, feet[j], ha="center", va="top", fontsize=8.5)
        for i in range(rows):
            _draw_cell(ax, j, -i, g[i, j], float(np.clip(shade(g[i, j]), 0, 1)))
    ax.set_xlim(-1.9, columns - 0.1)
    ax.set_ylim(-rows - 0.05, 1.15)
    ax.set_aspect("auto")
    ax.set_axis_off()


def _draw_cell(ax: Axes, x: float, y: float, g: float, strength: float) -> None:
    """A cell between the wordline at height `y` and the bitline right of `x`, joined to each at a dot."""
    wire = {"color": INK, "linewidth": 1, "linestyle": "-", "zorder": 1}
    ax.plot([x, x], [y, y + 0.1], **wire)
    ax.plot([x + 0.27, x + _BITLINE], [y + 0.28] * 2, **wire)
    ax.plot(
        [x, x + _BITLINE], [y, y + 0.28], color=INK, marker="o", markersize=2.6, linestyle="none", zorder=3
    )
    shade = 0.08 + 0.87 * strength**2  # so that a midway cell stays light enough to be read
    box = Rectangle((x - 0.27, y + 0.1), 0.54, 0.36, facecolor=("#23699e", shade), edgecolor=INK, zorder=2)
    box.set_linewidth(0.8)
    ax.add_patch(box)
    ink = "white" if shade > 0.55 else INK
    ax.text(x, y + 0.28, f"{1e3 * g:.2f}", ha="center", va="center", fontsize=7.5, color=ink)
