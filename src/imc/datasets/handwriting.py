"""Drawings of a character by many hands, from its centre lines.

A writer has a size, a proportion, a slant and a pen, kept through a whole script. Every drawing adds
its own affine distortion, two elastic ones (the bend of whole strokes, the tremor along them) and a
place on the sheet. Ink is what then lies within the pen's radius of a line.

The distortion maps a pixel of the sheet to a point of the character:

    point(row, column) = sum over i, j of BASIS[row, i] G[i, j] BASIS[column, j]

where the columns of BASIS are a constant, a ramp, and bumps of two widths. BASIS and G are whole
numbers small enough for their products to be exact in single precision, so that a seed gives the
same drawings on every machine.
"""

import numpy as np

from imc.datasets.omniglot import DRAWINGS, SIDE

FINE = 4
"""Points of the refined distance map to one pixel of the centre lines' raster."""
REACH = 16
"""Distance, in pixels of that raster, beyond which all distances are alike."""

_ONE = 64
"""What stands for 1 in BASIS."""
_BENDS, _TREMORS = 5, 12
"""Bumps across the sheet: of the strokes' bend, and of the tremor."""


def refine(distance: np.ndarray) -> np.ndarray:
    """A distance map FINE times finer, in 1/256 pixel: uint16 (FINE side, FINE side) of float (side, side).

    Interpolated by the quadratic B-spline, which also rounds off the steps of one-pixel lines.
    """
    side = len(distance)
    away = np.abs(
        2 * np.arange(FINE * side)[:, None] + 1 - FINE - 2 * FINE * np.arange(side)
    )  # 1/(2 FINE) px
    weights = np.where(away <= FINE, 6 * FINE**2 - 2 * away**2, np.maximum(3 * FINE - away, 0) ** 2)
    weights = weights.astype(np.float32)  # of sum 8 FINE²
    sixteenths = np.minimum(np.rint(distance * 16), 16 * REACH - 1).astype(np.float32)
    return (weights @ sixteenths @ weights.T * (16 / (8 * FINE**2) ** 2)).astype(np.uint16)


def writers(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The habits of DRAWINGS writers: arrays (DRAWINGS,) of whole numbers.

    `height` and `width`: points of the refined map to _ONE pixels of the sheet (more is smaller);
    `slant` and `tilt`: likewise, off the diagonal; `pen`: its radius in 1/256 pixel of the lines' raster.
    """

    def between(low: int, high: int) -> np.ndarray:
        return rng.integers(low, high, DRAWINGS, endpoint=True)

    size = between(145, 205)
    return {
        "height": size + between(-20, 20),
        "width": size + between(-20, 20),
        "slant": between(-45, 45),
        "tilt": between(-15, 15),
        "pen": between(270, 430),
    }


def draw(refined: np.ndarray, hands: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """One character by every writer: uint8 {0, 1} (DRAWINGS, SIDE, SIDE), ink 1."""

    def about(spread: int, *shape: int) -> np.ndarray:
        """Whole numbers about zero, of triangular distribution up to ``spread``."""
        return rng.integers(-spread, spread, (2, DRAWINGS, *shape), endpoint=True).sum(0) // 2

    middle = len(refined) // 2
    size = 2 + _BENDS + _TREMORS
    g = np.zeros((DRAWINGS, 2, size, size), np.int64)  # second axis: row and column of the point
    g[:, :, 0, 0] = middle + about(30, 2)
    g[:, 0, 1, 0] = hands["height"] + about(15)
    g[:, 0, 0, 1] = hands["tilt"] + about(12)
    g[:, 1, 0, 1] = hands["width"] + about(15)
    g[:, 1, 1, 0] = hands["slant"] + about(16)
    g[:, :, 2 : 2 + _BENDS, 2 : 2 + _BENDS] = about(30, 2, _BENDS, _BENDS)
    g[:, :, 2 + _BENDS :, 2 + _BENDS :] = about(6, 2, _TREMORS, _TREMORS)
    points = BASIS @ (g / _ONE**2).astype(np.float32) @ BASIS.T  # a power of two: as exact as whole numbers
    rows, columns = np.clip(points, 0, len(refined) - 1, out=points).astype(np.int32).swapaxes(0, 1)
    away = np.take(refined, rows * np.int32(len(refined)) + columns)
    return (away <= hands["pen"].astype(np.uint16)[:, None, None]).view(np.uint8)


def _bumps(count: int) -> np.ndarray:
    """Quadratic B-splines, ``count`` of them across the sheet, in units of _ONE."""
    spacing = SIDE / (count - 2)
    away = np.abs(np.arange(SIDE)[:, None] - spacing * (np.arange(count) - 0.5)) / spacing
    return np.rint(_ONE * np.where(away <= 0.5, 0.75 - away**2, np.maximum(1.5 - away, 0) ** 2 / 2))


BASIS = np.column_stack(
    [np.full(SIDE, _ONE), np.arange(SIDE) - SIDE // 2, _bumps(_BENDS), _bumps(_TREMORS)]
).astype(np.float32)
"""Constant, ramp, bends, tremors: whole numbers (SIDE, 2 + _BENDS + _TREMORS)."""
