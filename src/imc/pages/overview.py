"""The picture of the front page: device, array, network, system, and what each document says of them."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from imc.pages import figures
from imc.pages.svg import COLOURS, INK, PAPER

LEVELS = {
    "device": "weight = conductance",
    "array": "Kirchhoff's law multiplies",
    "network": "few bits have to do",
    "system": "area, energy, time",
}

DOCUMENTS = {
    "BATMANN, paper": (
        "two-level RRAM,\nspread of resistance",
        "double and\nsingle column",
        "few-shot learning,\nbinary throughout",
        "",
    ),
    "BATMANN, slides": (
        "variation of\nthe cells",
        "signed weights:\nequations (1) to (4)",
        "key-value memory,\ncontroller",
        "",
    ),
    "ReRAM thesis": (
        "two-level ReRAM,\n2T1R",
        "reference current,\ncurrent mirror",
        "batch norm merged\ninto weights",
        "TOPS/W beside\nISAAC and others",
    ),
    "IMCE, slides": (
        "SOT-MRAM,\nsense margin",
        "AND of two rows,\nbit counter",
        "bit-wise\nconvolution, SVHN",
        "energy, area,\nstorage",
    ),
    "Co-design, slides": (
        "specifications,\nnoise, retention",
        "updates in place,\nTiki-Taka",
        "Boltzmann machines,\nanalog end to end",
        "",
    ),
}
"""What each document says of each level; empty where it does not treat it."""

# Documents of one work share a colour.
_HUES = (COLOURS[0], COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[4])


def picture() -> Figure:
    """Four levels from left to right, an icon each; below, what each document says of them."""
    figure, ax = figures.axes(height=4.9, width=7.2)
    ax.set_axis_off()
    ax.set(xlim=(0, 5), ylim=(-5.05, 2.05))
    for column, (level, says) in enumerate(LEVELS.items(), start=1):
        x = column + 0.5
        _ICONS[level](ax, x, 1.35)
        ax.text(x, 0.57, level, ha="center", weight="bold", size=11)
        ax.text(x, 0.2, says, ha="center", size=8)
        if column > 1:
            arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2}
            ax.annotate("", (column + 0.11, 1.35), (column - 0.11, 1.35), arrowprops=arrow)
    for row, ((document, cells), hue) in enumerate(zip(DOCUMENTS.items(), _HUES, strict=True)):
        y = -0.5 - row
        ax.text(0, y, document, va="center", weight="bold", size=8.8)
        for column, text in enumerate(cells, start=1):
            if text:
                _cell(ax, column, y, text, hue)
    return figure


def _cell(ax: Axes, column: int, y: float, text: str, colour: str) -> None:
    style = "round,pad=0,rounding_size=0.06"
    box = {"boxstyle": style, "facecolor": (colour, 0.15), "edgecolor": colour, "linewidth": 1.0}
    ax.add_patch(FancyBboxPatch((column + 0.03, y - 0.4), 0.94, 0.8, mutation_aspect=2, **box))
    ax.text(column + 0.5, y, text, ha="center", va="center", size=7.8, linespacing=1.25)


def _device(ax: Axes, x: float, y: float) -> None:
    """Two electrodes and a filament that all but joins them."""
    for edge in (-0.5, 0.38):
        ax.add_patch(Rectangle((x - 0.17, y + edge), 0.34, 0.12, facecolor=INK))
    ax.add_patch(Rectangle((x - 0.17, y - 0.38), 0.34, 0.76, facecolor=(COLOURS[0], 0.15), edgecolor=INK))
    steps = np.linspace(-0.3, 0.16, 6)
    ax.plot(x + 0.03 * np.cos(9 * steps), y + steps, ".", linestyle="none", color=COLOURS[1], markersize=7)


def _array(ax: Axes, x: float, y: float) -> None:
    """Word lines, bit lines, and a cell at each crossing; filled cells conduct."""
    weights = np.array([[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0]])
    across, down = x + np.linspace(-0.24, 0.24, 4), y + np.linspace(0.42, -0.3, 4)
    for line in down:
        ax.plot([x - 0.33, x + 0.3], [line, line], "-", color=INK, linewidth=0.8)
    for line in across:
        ax.plot([line, line], [y + 0.5, y - 0.47], "-", color=INK, linewidth=0.8)
    for i, j in np.ndindex(4, 4):
        fill = COLOURS[0] if weights[i, j] else PAPER
        ax.plot(across[j], down[i], "o", color=fill, markeredgecolor=COLOURS[0], markersize=6)


def _network(ax: Axes, x: float, y: float) -> None:
    """Three layers of neurons, all joined."""
    layers = [(x + dx, y + np.linspace(-0.42, 0.42, n)) for dx, n in ((-0.27, 3), (0.0, 4), (0.27, 2))]
    for (x0, ys), (x1, zs) in pairwise(layers):
        for a, b in np.ndindex(len(ys), len(zs)):
            ax.plot([x0, x1], [ys[a], zs[b]], "-", color=INK, linewidth=0.5, alpha=0.6)
    for column, ys in layers:
        ax.plot(np.full(len(ys), column), ys, "o", color=COLOURS[2], markeredgecolor=INK, markersize=9)


def _system(ax: Axes, x: float, y: float) -> None:
    """A chip with its blocks and pins."""
    ax.add_patch(Rectangle((x - 0.24, y - 0.46), 0.48, 0.92, facecolor=(COLOURS[4], 0.2), edgecolor=INK))
    blocks = [(-0.2, -0.38, 0.18, 0.36), (-0.2, 0.04, 0.18, 0.34), (0.03, -0.38, 0.17, 0.76)]
    for dx, dy, width, height in blocks:
        look = {"facecolor": COLOURS[4], "edgecolor": INK, "linewidth": 0.6}
        ax.add_patch(Rectangle((x + dx, y + dy), width, height, **look))
    for pin in np.linspace(-0.36, 0.36, 5):
        for side in (-1, 1):
            ax.plot([x + side * 0.24, x + side * 0.3], [y + pin, y + pin], "-", color=INK, linewidth=1.4)


_ICONS = {"device": _device, "array": _array, "network": _network, "system": _system}
