"""Centre lines of glyphs: thinning them, measuring distance from them, telling them apart.

Pictures are square, of zeros and ones, many at a time: uint8 (n, side, side), with a margin of
at least one empty pixel.
"""

import numpy as np

# The eight neighbours, (row, column), clockwise from north; north, south, east and west by index.
_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
_SIDES = (0, 4, 2, 6)


def thin(pictures: np.ndarray) -> np.ndarray:
    """Centre lines, one pixel wide, of what is drawn.

    Border pixels go side by side, north, south, east, west, wherever that neither splits a line nor
    shortens its end (A. Rosenfeld, A characterization of parallel thinning algorithms, 1975).
    """
    flat = pictures.reshape(-1).copy()
    steps = [rows * pictures.shape[-1] + columns for rows, columns in _AROUND]
    removable = _removable()
    ink, before = np.flatnonzero(flat), -1
    while ink.size != before:
        before = ink.size
        for side in _SIDES:
            border = ink[flat[ink + steps[side]] == 0]
            pattern = np.zeros(border.size, np.uint8)
            for bit, step in enumerate(steps):
                pattern |= flat[border + step] << bit
            flat[border[removable[pattern]]] = 0
            ink = ink[flat[ink] == 1]
    return flat.reshape(pictures.shape)


def _removable() -> np.ndarray:
    """For each pattern of the eight neighbours, one bit each: may the pixel between them go?"""
    here = (np.arange(256)[:, None] >> np.arange(8)) & 1
    gap = 1 - here
    # Yokoi's number: into how many pieces the neighbours would fall.
    pieces = sum(gap[:, k] * (1 - gap[:, k + 1] * gap[:, (k + 2) % 8]) for k in _SIDES)
    return (pieces == 1) & (here.sum(1) > 1)


def distances(lines: np.ndarray) -> np.ndarray:
    """Distance, in pixels, of every pixel from the nearest line of its own picture; float (n, side, side)."""
    from scipy.ndimage import distance_transform_edt

    # A step to the next picture is so long that a line of another picture is never the nearest.
    return np.asarray(distance_transform_edt(1 - lines, sampling=(1e6, 1, 1)))


def distinct(lines: np.ndarray, distances: np.ndarray, tolerance: float) -> np.ndarray:
    """Indices of the pictures that differ by more than ``tolerance`` pixels from every earlier kept one.

    ``distances`` are those of `distances`. The difference of two pictures is Hausdorff's: how far a
    point of the lines of one may lie from the lines of the other.
    """
    ink = lines.reshape(len(lines), -1).astype(np.float32)
    far = (distances > tolerance).reshape(len(lines), -1).astype(np.float32)
    strays = ink @ far.T
    alike = np.maximum(strays, strays.T) == 0
    kept: list[int] = []
    for index in range(len(lines)):
        if not alike[index, kept].any():
            kept.append(index)
    return np.array(kept)
