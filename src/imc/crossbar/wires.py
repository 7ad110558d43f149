"""Wire resistance, exactly: the conductance matrix that an array of cells and wires shows at its edges.

Wordline i is driven at its left end, bitline j is held at ground at its lower end, and every stretch of wire
between neighbouring cells, before the first and after the last, has its resistance. The network is linear,
so its currents are I_j = sum_i V_i E_ij with one matrix E, found once; any number of inputs is then one
matrix product.

E is built wordline by wordline. Seen from the bitlines, the wordlines down to row i are a Norton equivalent:
currents J V into the bitlines at ground, and a conductance matrix Q between them. A stretch of bitline in
series and the next wordline in parallel give the next one. That is block elimination of Kirchhoff's equations
with blocks of one row: the same answer as a sparse factorization of the whole network, in dense algebra of
the array's width and with memory for two such matrices.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imc.errors import UserError


@dataclass(frozen=True)
class Wires:
    """Resistance of the wires between neighbouring cells.

    Attributes:
        word: ohm for each stretch of a wordline (row).
        bit: ohm for each stretch of a bitline (column).

    Raises:
        UserError: if one is negative or not finite.
    """

    word: float
    bit: float

    def __post_init__(self) -> None:
        for name, value in (("word", self.word), ("bit", self.bit)):
            if not (math.isfinite(value) and value >= 0):
                raise UserError(f"{name} = {value} ohm: a wire's resistance must be 0 or more, and finite")


def effective_conductances(g: ArrayLike, wires: Wires) -> NDArray[np.float64]:
    """The matrix E of an array of cells `g` joined by `wires`.

    Args:
        g: conductances of the cells, siemens, shape (rows, columns); 0 is an open cell.
        wires: resistances of the stretches.

    Returns:
        E, siemens, shape (rows, columns): currents are ``V @ E`` for voltages V of shape (..., rows).
        With no wire resistance E is `g`.

    Raises:
        UserError: if `g` is not a matrix of finite numbers of 0 or more.
    """
    g = np.asarray(g, dtype=np.float64)
    if g.ndim != 2 or 0 in g.shape:
        raise UserError(f"cells of shape {g.shape}: an array needs at least one row and one column")
    if not (np.isfinite(g).all() and (g >= 0).all()):
        raise UserError("the cells of an array hold a conductance that is negative or not finite")
    rows, columns = g.shape
    q = np.zeros((columns, columns))
    j = np.zeros((columns, rows))
    for i in range(rows):
        c = _wordline(g[i], wires.word)
        q += c
        j[:, i] = c.sum(axis=1)
        q, j[:, : i + 1] = _through_bitlines(q, j[:, : i + 1], wires.bit)
    return j.T


def _wordline(g: NDArray[np.float64], r: float) -> NDArray[np.float64]:
    """Conductance matrix (columns, columns) that one wordline with cells `g` joins to the bitlines.

    The cells hang on a comb whose wire has Laplacian K/r, K = tridiag(-1, 2, -1) with a free right end. With
    D = diag(g) the comb is D - r D (K + r D)^-1 D, which is D (K + r D)^-1 K: the latter loses no digits
    when the wire resistance is small.
    """
    from scipy.linalg import solveh_banded  # here, so that networks without wires need not hold scipy

    n = len(g)
    diagonal = np.full(n, 2.0)
    diagonal[-1] = 1.0
    banded = np.vstack([diagonal + r * g, np.full(n, -1.0)])[:n]  # a single cell has no second diagonal
    k = np.diag(diagonal) - np.eye(n, k=1) - np.eye(n, k=-1)
    return g[:, None] * solveh_banded(banded, k, lower=True, check_finite=False)


def _through_bitlines(
    q: NDArray[np.float64], j: NDArray[np.float64], r: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The Norton equivalent (q, j) behind a resistance `r` in each bitline: (1 + r q)^-1 applied to both."""
    if r == 0:
        return q, j
    from scipy.linalg import cho_factor, cho_solve

    factor = cho_factor(np.eye(len(q)) + r * q, lower=True, overwrite_a=True, check_finite=False)
    behind = cho_solve(factor, q, check_finite=False)
    return (behind + behind.T) / 2, cho_solve(factor, j, check_finite=False)
