"""Drawings of the bit-wise convolution at work in a sub-array."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from imc.pages.svg import COLOURS, INK
from imc.papers.imce.subarray import PIPELINE, Step, SubArray

STAGES = ("write a row", "AND two rows", "bit counter", "shifter", "sum")
CELL: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9.5}
SMALL: dict[str, Any] = CELL | {"fontsize": 8.5}


def draw_mapping(ax: Axes, array: SubArray, step: Step, bits: int) -> None:
    """The sub-array's rows with the two that `step` senses, and what becomes of their AND."""
    rows, columns = array.cells.shape
    names = [f"C{n}(W)" for n in reversed(range(bits))] + [f"C{m}(I)" for m in reversed(range(bits))]
    sensed = {bits - 1 - step.n: COLOURS[0], 2 * bits - 1 - step.m: COLOURS[1]}
    for r in range(rows):
        colour = sensed.get(r)
        ax.text(-0.3, r + 0.5, names[r], ha="right", va="center", fontsize=9.5)
        for c in range(columns):
            face = (colour, 0.28) if colour else "none"
            ax.add_patch(Rectangle((c, r), 1, 1, facecolor=face, edgecolor=INK, linewidth=0.7))
            ax.text(c + 0.5, r + 0.5, str(array.cells[r, c]), **CELL)
    below = rows + 1.0
    ax.text(-0.3, below + 0.5, "AND", ha="right", va="center", fontsize=9.5)
    for c, bit in enumerate(step.anded):
        face = (COLOURS[2], 0.45) if bit else "none"
        ax.add_patch(Rectangle((c, below), 1, 1, facecolor=face, edgecolor=INK, linewidth=0.7))
        ax.text(c + 0.5, below + 0.5, str(bit), **CELL)
        ax.plot([c + 0.5] * 2, [rows, below], color=INK, linewidth=0.6, linestyle="-")
    texts = (
        f"bit counter\n{step.count:04b}",
        f"shifter « {step.shift}\n{step.shifted:04b}",
        f"sum\nso far {step.total}",
    )
    for i, text in enumerate(texts):
        left = columns + 1 + 3.5 * i
        box = Rectangle((left, below - 0.45), 2.7, 1.9, facecolor="none", edgecolor=INK, linewidth=0.9)
        ax.add_patch(box)
        ax.text(left + 1.35, below + 0.5, text, **SMALL)
        arrow = {"arrowstyle": "->", "color": INK, "linewidth": 0.9}
        ax.annotate("", (left, below + 0.5), (left - (1 if i == 0 else 0.8), below + 0.5), arrowprops=arrow)
    ax.set_xlim(-2.2, columns + 11.6)
    ax.set_ylim(below + 1.7, -0.2)
    ax.set_aspect("equal")
    ax.axis("off")


def draw_shares(ax: Axes, steps: Sequence[Step], bits: int) -> None:
    """All counts with their powers of two, planes of the weights down, of the inputs across."""
    for step in steps:
        x, y = bits - 1 - step.m, bits - 1 - step.n
        face = (COLOURS[2], 0.10 * step.count)
        ax.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor=INK, linewidth=0.7))
        ax.text(x + 0.5, y + 0.36, f"{step.count} « {step.shift}", **CELL)
        ax.text(x + 0.5, y + 0.72, f"{step.shifted}", **SMALL)
    for k in range(bits):
        ax.text(bits - 0.5 - k, -0.12, f"C{k}(I)", ha="center", va="bottom", fontsize=9.5)
        ax.text(-0.1, bits - 0.5 - k, f"C{k}(W)", ha="right", va="center", fontsize=9.5)
    ax.text(bits / 2, bits + 0.16, f"in all {steps[-1].total}", ha="center", va="top", fontsize=9.5)
    ax.set_xlim(-1.1, bits + 0.1)
    ax.set_ylim(bits + 0.7, -0.6)
    ax.set_aspect("equal")
    ax.axis("off")


def occupied(writes: int, ands: int) -> list[tuple[str, int, int]]:
    """Stage, first cycle and number of cycles, of `writes` followed by `ands`."""
    spans = [(STAGES[0], 1, writes), (STAGES[1], writes + 1, ands)]
    return spans + [(STAGES[1 + i], writes + 1 + i, ands) for i in range(1, PIPELINE + 1)]


def draw_cycles(ax: Axes, spans: Sequence[tuple[str, int, int]]) -> None:
    """What each stage does in each cycle."""
    last = max(first + count for _, first, count in spans)
    for y, (_, first, count) in enumerate(spans):
        colour = COLOURS[min(y, 2)]
        for cycle in range(first, first + count):
            box = Rectangle((cycle - 0.46, y - 0.36), 0.92, 0.72, facecolor=(colour, 0.35), edgecolor=colour)
            ax.add_patch(box)
    ax.set_yticks(range(len(spans)), [stage for stage, *_ in spans])
    ax.set_ylim(len(spans) - 0.4, -0.6)
    ax.set_xlim(0.4, last - 0.4)
    ax.set_xticks(range(1, last))
    ax.grid(visible=False)
    ax.set_xlabel("cycle")
    ax.set_ylabel("stage")
