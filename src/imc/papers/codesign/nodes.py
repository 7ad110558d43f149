"""A resistor array solved node by node: Kirchhoff's current law at every crossing of two wires."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imc.errors import UserError


def column_currents(conductances: ArrayLike, voltages: ArrayLike, wire: float) -> NDArray[np.float64]:
    """Currents that leave the columns of an array, every node an unknown.

    Row i is driven at its left end through a stretch of wire, column j is grounded at its lower end through
    one, and a stretch lies between any two neighbouring crossings.

    Args:
        conductances: of the cells, siemens, (rows, columns).
        voltages: of the rows, volt, (rows,).
        wire: resistance of one stretch, ohm, above 0.

    Returns:
        Ampere, (columns,).

    Raises:
        UserError: for shapes that do not fit, or a wire of no resistance, whose nodes would be one.

    Example:
        >>> column_currents([[1e-3, 2e-3]], [1.0], wire=1e-9).round(6)
        array([0.001, 0.002])
    """
    g, v = np.asarray(conductances, np.float64), np.asarray(voltages, np.float64)
    if g.ndim != 2 or v.shape != g.shape[:1]:
        raise UserError(f"conductances {g.shape} and voltages {v.shape}: want (rows, columns) and (rows,)")
    if not wire > 0:
        raise UserError(f"wire = {wire} ohm: it should be above 0; without resistance all nodes are given")
    rows, columns = g.shape
    word = np.arange(rows * columns).reshape(rows, columns)
    bit = word + rows * columns
    links = (
        (word[:, :-1], word[:, 1:], 1 / wire),
        (bit[:-1], bit[1:], 1 / wire),
        (word, bit, g),
    )
    matrix, current = np.zeros((2 * g.size, 2 * g.size)), np.zeros(2 * g.size)
    for one, other, conductance in links:
        a, b = one.ravel(), other.ravel()
        value = np.broadcast_to(conductance, one.shape).ravel()
        matrix[a, a] += value
        matrix[b, b] += value
        matrix[a, b] -= value
        matrix[b, a] -= value
    for end in (word[:, 0], bit[-1]):
        matrix[end, end] += 1 / wire
    current[word[:, 0]] = v / wire
    return np.asarray(np.linalg.solve(matrix, current)[bit[-1]] / wire, dtype=np.float64)
