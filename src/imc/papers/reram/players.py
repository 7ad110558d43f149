"""The thesis's network to play with (``book/_static/play/thesis.js``): its weights, and digits drawn here.

No data set is at hand on a page, so the digits are lines of our own, drawn with a pen of `PEN` pixels.
"""

import base64
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imc.pages import figures
from imc.pages.players import Start
from imc.pages.svg import INK

SIDE = 20
PEN = 1.3
"""Pixels on either side of a line that it inks."""

_ROUND = ((10, 2), (6, 4), (5, 9), (5, 13), (7, 17), (10, 18), (13, 17), (15, 13), (15, 8), (13, 4), (10, 2))
DIGITS: Sequence[Sequence[Sequence[tuple[float, float]]]] = (
    (_ROUND,),
    (((10, 2), (10, 18)),),
    (((5, 5), (8, 2), (13, 3), (14, 7), (10, 12), (5, 17), (15, 17)),),
    (((5, 4), (10, 2), (14, 5), (9, 9), (14, 13), (10, 18), (5, 16)),),
    (((7, 2), (5, 10), (14, 10)), ((13, 3), (12, 18))),
    (((14, 3), (7, 3), (6, 9), (12, 9), (14, 13), (11, 17), (5, 17)),),
    (((12, 2), (7, 8), (5, 14), (9, 18), (13, 15), (11, 11), (6, 12)),),
    (((5, 3), (14, 3), (9, 18)),),
    (((10, 9), (6, 6), (10, 2), (13, 5), (10, 9), (6, 14), (10, 18), (14, 14), (10, 9)),),
    (((13, 7), (9, 9), (6, 6), (10, 2), (13, 5), (13, 8), (11, 18)),),
)
"""Ten digits as lines, each a sequence of points (x to the right, y downwards) on SIDE x SIDE pixels."""


class Merged(NamedTuple):
    """A binary layer with its batch norm merged by sign: weights -1 and +1 (inputs, outputs), biases."""

    w: NDArray[np.int8]
    b: NDArray[np.float64]


def merged(tensors: Mapping[str, NDArray[Any]], network: int = 0) -> list[Merged]:
    """The three layers of one network of a checkpoint of ``reram/mlp``, by equations (6) and (7).

    As `signed_merge` of `imc.papers.reram.merge`, which needs torch; a test holds one against the other. If
    gamma is 0 the layer's bias alone decides, as there.
    """
    found = []
    for layer in (1, 2, 3):
        w, b, gamma, beta, mean, sigma = (
            np.asarray(tensors[f"{name}{layer}"][network], dtype=np.float64)
            for name in ("w", "b", "gamma", "beta", "mean", "sigma")
        )
        dead = gamma == 0
        safe = np.where(dead, 1.0, gamma)
        s = np.where(safe / sigma >= 0, 1.0, -1.0)
        live = s * (b - mean + sigma / safe * beta)
        alone = np.where(beta >= 0, 1.0, -1.0) * (1 + np.abs(w).sum(0) + np.abs(b))
        found.append(Merged((w * s).astype(np.int8), np.where(dead, alone, live)))
    return found


def packed(w: NDArray[np.int8]) -> str:
    """Weights -1 and +1 as bits, row by row, the first the highest of its byte, in base 64.

    Example:
        >>> base64.b64decode(packed(np.array([[1, -1, 1, 1], [-1, -1, -1, -1]], np.int8))).hex()
        'b0'
    """
    return base64.b64encode(np.packbits(w.reshape(-1) > 0).tobytes()).decode()


def drawn(digit: int) -> NDArray[np.uint8]:
    """Pixels 0 and 1 of one of `DIGITS`, (SIDE, SIDE)."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    ink = np.zeros((SIDE, SIDE), bool)
    for line in DIGITS[digit]:
        for (x0, y0), (x1, y1) in pairwise(line):
            dx, dy = x1 - x0, y1 - y0
            along = (((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)).clip(0, 1)
            ink |= np.hypot(x - x0 - along * dx, y - y0 - along * dy) <= PEN
    return ink.astype(np.uint8)


def currents(layers: Sequence[Merged], pixels: NDArray[np.integer]) -> NDArray[np.float64]:
    """What the ten output columns carry over their reference, in currents of one weight, for one picture."""
    x = pixels.reshape(-1).astype(np.float64)
    for layer in layers[:-1]:
        x = (x @ layer.w + layer.b >= 0).astype(np.float64)
    return x @ layers[-1].w + layers[-1].b


def thesis(tensors: Mapping[str, NDArray[Any]], digit: int = 3) -> Start:
    """The first network of a checkpoint of ``reram/mlp`` (400-128-128-10, 1 bit), looking at one digit."""
    layers = merged(tensors)
    picture = drawn(digit)
    out = currents(layers, picture)
    figure, (left, right) = figures.axes(1, 2, width=6.4, height=2.9, width_ratios=[1, 1.5])
    left.pcolormesh(picture[::-1], cmap="Greys", vmax=1.6)
    left.set_aspect("equal")
    left.set_axis_off()
    right.bar(range(10), out, color=figures.COLOURS[0])
    right.axhline(0, color=INK, linewidth=0.8)
    right.set_xticks(range(10))
    right.set_xlabel("output column")
    right.set_ylabel("current − reference (weights)")
    data = {
        "side": SIDE,
        "layers": [{"bits": packed(layer.w), "bias": layer.b, "rows": len(layer.w)} for layer in layers],
        "digits": ["".join(map(str, drawn(d).reshape(-1))) for d in range(10)],
        "start": digit,
    }
    table = pd.DataFrame({"output": range(10), "current less reference (weights)": out})
    return Start(data=data, figure=figure, csv=table)
