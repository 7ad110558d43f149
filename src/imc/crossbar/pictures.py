"""Drawings of arrays, from the conductances they really have."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from imc.svg import INK

_CELL = 0.46


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
        ax.plot([j + 0.36] * 2, [0.55, -rows + 0.35], color=INK, linewidth=1, zorder=1, linestyle="-")
        ax.text(j + 0.36, 0.62, heads[j], ha="center", va="bottom", fontsize=8.5)
        ax.text(j + 0.36, -rows + 0.25, feet[j], ha="center", va="top", fontsize=8.5)
        for i in range(rows):
            corner = (j - _CELL / 2 - 0.08, -i + 0.06)
            strength = 0.12 + 0.88 * float(np.clip(shade(g[i, j]), 0, 1))
            cell = Rectangle(corner, _CELL + 0.12, 0.34, facecolor=("#23699e", strength), edgecolor=INK)
            cell.set(linewidth=0.8, zorder=2)
            ax.add_patch(cell)
            ink = "white" if strength > 0.55 else INK
            ax.text(
                j - 0.02, -i + 0.23, f"{1e3 * g[i, j]:.2f}", ha="center", va="center", fontsize=7.5, color=ink
            )
            ax.plot(j + 0.36, -i, marker="o", markersize=2.6, color=INK, zorder=3)
    ax.set_xlim(-1.9, columns - 0.1)
    ax.set_ylim(-rows - 0.25, 1.1)
    ax.set_aspect("auto")
    ax.set_axis_off()
