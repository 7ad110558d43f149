"""Drawings of the cell and of how it is sensed."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from imc.pages.svg import COLOURS, INK, PAPER

_WIRE: dict[str, Any] = {"color": INK, "linewidth": 1.1, "linestyle": "-", "solid_capstyle": "round"}


def draw_cell(ax: Axes) -> None:
    """The 2T1R cell of slide "SOT-MRAM": its lines, the two currents and the layers of the junction."""
    _wire(ax, (0.3, 0.25), (0.3, 3.3))
    _wire(ax, (5.1, 0.25), (5.1, 3.3))
    _wire(ax, (5.6, 0.25), (5.6, 3.3))
    for x, name in ((0.3, "SL"), (5.1, "WBL"), (5.6, "RBL")):
        ax.text(x, 3.4, name, ha="center", va="bottom", fontsize=9)
    # writing: bit line, transistor, heavy metal, source line
    _wire(ax, (0.3, 1), (1.2, 1))
    _wire(ax, (3.2, 1), (3.7, 1))
    _transistor(ax, 4.1, 1, "WWL")
    _wire(ax, (4.5, 1), (5.1, 1))
    # reading: bit line, transistor, junction
    _wire(ax, (2.2, 1.78), (2.2, 2.4), (3.7, 2.4))
    _transistor(ax, 4.1, 2.4, "RWL")
    _wire(ax, (4.5, 2.4), (5.6, 2.4))
    for x, y in ((0.3, 1), (5.1, 1), (5.6, 2.4)):
        ax.plot(x, y, marker="o", markersize=3.4, color=INK)
    layers = (
        (1.2, 0.86, 2.0, 0.28, 5, "", "heavy metal"),
        (1.75, 1.14, 0.9, 0.26, 0, "////", "free layer"),
        (1.75, 1.40, 0.9, 0.10, 4, "", "barrier"),
        (1.75, 1.50, 0.9, 0.28, 1, "||||", "pinned layer"),
    )
    for x, y, width, height, index, hatch, name in layers:
        # the hatch apart from the fill, whose transparency would take it along
        looks: list[dict[str, Any]] = [
            {"facecolor": (COLOURS[index], 0.25)},
            {"facecolor": "none", "hatch": hatch},
        ]
        for look in looks:
            ax.add_patch(Rectangle((x, y), width, height, edgecolor=COLOURS[index], **look))
        side = {"heavy metal": (2.2, 0.66, "center")}.get(name, (1.65, y + height / 2, "right"))
        ax.text(side[0], side[1], name, ha=side[2], va="center", fontsize=7.5)
    _arrow(ax, (3.15, 0.5), (1.25, 0.5), "$I_q$ writes", COLOURS[0], (2.2, 0.33))
    _arrow(ax, (2.95, 2.2), (2.95, 1.3), "$I_{read}$", COLOURS[1], (3.32, 1.75))
    _frame(ax, (0, 6), (0.1, 3.7))


def draw_sensing(ax: Axes, cells: Sequence[str], references: Sequence[str]) -> None:
    """`cells` in parallel on a read bit line, held against one of `references`: more ohms say 1."""
    _wire(ax, (0.3, 2.8), (0.9 * len(cells), 2.8))
    for i, name in enumerate(cells):
        _resistor(ax, 0.6 + 0.9 * i, 2.8, name, COLOURS[0])
    right = 0.9 * len(cells) + 1.6
    _wire(ax, (right + 0.6, 2.8), (right + 0.6 + 0.9 * (len(references) - 1), 2.8))
    for i, name in enumerate(references):
        _resistor(ax, right + 0.6 + 0.9 * i, 2.8, name, COLOURS[1])
    middle = (0.9 * len(cells) + right + 0.6) / 2
    for x, sign in ((0.9 * len(cells), "+"), (right + 0.6, "−")):
        to = middle + (-0.25 if sign == "+" else 0.25)
        _wire(ax, (x, 2.8), (to, 2.8), (to, 2.3))
        ax.text(to, 2.14, sign, ha="center", va="center", fontsize=9, zorder=5)
    points = [(middle - 0.55, 2.3), (middle + 0.55, 2.3), (middle, 1.5)]
    ax.add_patch(Polygon(points, facecolor=PAPER, edgecolor=INK, linewidth=1.1, zorder=3))
    _wire(ax, (middle, 1.5), (middle, 1.05))
    ax.text(middle, 0.95, "1 if above,\n0 if below", ha="center", va="top", fontsize=8)
    for x, name in ((0.3, "$I_{sense}$"), (right + 0.6 + 0.9 * (len(references) - 1), "$I_{sense}$")):
        _arrow(ax, (x, 3.45), (x, 2.85), name, INK, (x, 3.58))
    _frame(ax, (0, right + 0.9 * len(references) + 0.3), (0.1, 3.8))


def _wire(ax: Axes, *points: tuple[float, float]) -> None:
    ax.plot([x for x, _ in points], [y for _, y in points], **_WIRE)


def _transistor(ax: Axes, x: float, y: float, gate: str) -> None:
    """A transistor between (x - 0.4, y) and (x + 0.4, y), its gate above."""
    _wire(ax, (x - 0.4, y), (x - 0.2, y), (x - 0.2, y + 0.13))
    _wire(ax, (x + 0.4, y), (x + 0.2, y), (x + 0.2, y + 0.13))
    _wire(ax, (x - 0.26, y + 0.13), (x + 0.26, y + 0.13))
    _wire(ax, (x - 0.2, y + 0.23), (x + 0.2, y + 0.23))
    _wire(ax, (x, y + 0.23), (x, y + 0.45))
    ax.text(x, y + 0.5, gate, ha="center", va="bottom", fontsize=9)


def _resistor(ax: Axes, x: float, top: float, name: str, colour: str) -> None:
    """A resistor from `top` to ground."""
    _wire(ax, (x, top), (x, top - 0.3))
    box = Rectangle(
        (x - 0.16, top - 1.2), 0.32, 0.9, facecolor=(colour, 0.2), edgecolor=colour, linewidth=1.2
    )
    ax.add_patch(box)
    ax.text(x, top - 0.75, name, ha="center", va="center", rotation=90, fontsize=8.5)
    _wire(ax, (x, top - 1.2), (x, top - 1.45))
    for i, half in enumerate((0.2, 0.13, 0.06)):
        _wire(ax, (x - half, top - 1.45 - 0.08 * i), (x + half, top - 1.45 - 0.08 * i))


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    name: str,
    colour: str,
    at: tuple[float, float],
) -> None:
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, color=colour, linewidth=1.3)
    )
    ax.text(*at, name, ha="center", va="center", fontsize=9)


def _frame(ax: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    ax.set_xlim(*x)
    ax.set_ylim(*y)
    ax.set_aspect("equal")
    ax.set_axis_off()
