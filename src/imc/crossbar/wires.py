"""Wire resistance, exactly: the conductance matrix that an array of cells and wires shows at its edges.

Wordline i is driven at its left end, bitline j is held at ground at its lower end, and every stretch of wire
between neighbouring cells, before the first and after the last, has its resistance; so have the driver of a
wordline and what reads a bitline, if told. The network is linear, so its currents are I_j = sum_i V_i E_ij
with one matrix E, found once; any number of inputs is then one matrix product.

E is put together from blocks, as tiles are from tiles. A block answers the voltages at its left and lower
edges, and the currents that enter from above and leave to the right, with the opposite four: the currents
that it draws and delivers, the voltages that it passes on. Two blocks side by side share an edge where one
gives voltages and the other returns currents; what runs round there is a system of that edge's length. Blocks
double until they are the array: exact elimination of Kirchhoff's equations in the order of nested dissection
(George, 1973), in dense products, with work that grows with the cube of the side. No resistance is
ever divided by, so that wires of 0 ohm and open cells are like any others.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imc import threads
from imc.crossbar.checks import number
from imc.errors import UserError

Floats = NDArray[np.float64]

_LEAF = 8
"""Largest side, cells, of the blocks that are put together line by line."""


@dataclass(frozen=True)
class Wires:
    """Resistance of the wires between neighbouring cells, and at the array's edges.

    Attributes:
        word: ohm for each stretch of a wordline (row).
        bit: ohm for each stretch of a bitline (column).
        source: ohm of each wordline's driver, before its first stretch.
        sense: ohm of what reads each bitline, behind its last stretch.

    Raises:
        UserError: if one is negative or not finite.

    >>> Wires(word=1.0, bit=1.0, source=50.0)
    Wires(word=1.0, bit=1.0, source=50.0, sense=0.0)
    """

    word: float
    bit: float
    source: float = 0.0
    sense: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not number(value) or not (math.isfinite(value) and value >= 0):
                raise UserError(
                    f"{field.name} = {value!r} ohm: a wire's resistance must be 0 or more, and finite"
                )

    @property
    def turned(self) -> "Wires":
        """The wires of the same array driven at its bitlines and read at its wordlines."""
        return Wires(self.bit, self.word, self.sense, self.source)


def effective_conductances(g: ArrayLike, wires: Wires) -> Floats:
    """The matrix E of an array of cells `g` joined by `wires`.

    Args:
        g: conductances of the cells, siemens, shape (rows, columns); 0 is an open cell.
        wires: resistances of the stretches and of the edges.

    Returns:
        E, siemens, shape (rows, columns): currents are ``V @ E`` for voltages V of shape (..., rows).
        With no wire resistance E is `g`.

    Raises:
        UserError: if `g` is not a matrix of finite numbers of 0 or more.

    >>> effective_conductances([[1e-3]], Wires(word=1.0, bit=1.0, source=498.0, sense=500.0)).tolist()
    [[0.0005]]
    """
    g = np.asarray(g, dtype=np.float64)
    if g.ndim != 2 or 0 in g.shape:
        raise UserError(f"cells of shape {g.shape}: an array needs at least one row and one column")
    if not (np.isfinite(g).all() and (g >= 0).all()):
        raise UserError("the cells of an array hold a conductance that is negative or not finite")
    if wires == Wires(0, 0):
        return g.copy()
    rows, columns = g.shape
    if columns > rows:  # by reciprocity, a wide array is a tall one driven from its bitlines
        e = effective_conductances(g.T[::-1, ::-1], wires.turned)
        return e.T[::-1, ::-1].copy()
    with threads.for_products(2 * min(columns, rows / 2) ** 3):
        return _dissect(g, wires)


LEFT, BELOW, ABOVE, RIGHT = range(4)
"""The edges of a block."""


class _Blocks(NamedTuple):
    """Blocks of one size: matrices (down, across, outputs, inputs), and the edge of each output and input.

    Inputs are voltages at the left and below, currents from above and to the right; outputs are the other
    four. Along an edge the ports run upwards, or to the right.
    """

    t: Floats
    outputs: NDArray[np.intp]
    inputs: NDArray[np.intp]

    def at(self, down: slice, across: slice) -> "_Blocks":
        return self._replace(t=self.t[down, across])

    def without(self, outputs: Iterable[int], inputs: Iterable[int]) -> "_Blocks":
        """Ports of these edges left out: outputs that nobody asks for, inputs that are 0."""
        out, into = ~np.isin(self.outputs, [*outputs]), ~np.isin(self.inputs, [*inputs])
        return _Blocks(self.t[..., out, :][..., into], self.outputs[out], self.inputs[into])

    def parts(self, edge: int) -> tuple[Floats, ...]:
        """The matrix in four: own outputs from own inputs and from those of `edge`, then those of `edge`."""
        out, into = self.outputs == edge, self.inputs == edge
        own, joined = self.t[..., ~out, :], self.t[..., out, :]
        return own[..., ~into], own[..., into], joined[..., ~into], joined[..., into]


def _dissect(g: Floats, wires: Wires) -> Floats:
    """E of an array that is not wider than tall."""
    rows, columns = g.shape
    blocks, tall, wide = _leaves(g[::-1], wires)
    while blocks.t.shape[:2] != (1, 1):
        down, across = blocks.t.shape[:2]
        if across > 1 and (wide <= tall or down == 1):
            a, b = blocks.at(_ALL, _EVEN), blocks.at(_ALL, _ODD)
            if across == 2:  # the right end of the array is open, and nobody asks for the drivers' currents
                a, b = a.without([LEFT], []), b.without([RIGHT], [RIGHT])
            blocks, wide = _join(a, RIGHT, b, LEFT), 2 * wide
        else:
            a, b = blocks.at(_EVEN, _ALL), blocks.at(_ODD, _ALL)
            if down == 2:  # the upper end is open, the lower one at ground
                a, b = a.without([], [BELOW]), b.without([ABOVE], [ABOVE])
            blocks, tall = _join(a, ABOVE, b, BELOW), 2 * tall
    seen = blocks.t[0, 0][np.ix_(blocks.outputs == BELOW, blocks.inputs == LEFT)]
    return seen[:columns, :rows].T[::-1].copy()


_ALL, _EVEN, _ODD = slice(None), slice(0, None, 2), slice(1, None, 2)


def _leaves(g: Floats, wires: Wires) -> tuple[_Blocks, int, int]:
    """The smallest blocks of cells `g`, rows upwards, and how many cells they are tall and wide.

    The array is filled up with open cells above and to the right, where they carry no current.
    """
    (down, tall), (across, wide) = map(_split, g.shape)
    padded = np.zeros((down * tall, across * wide))
    padded[: g.shape[0], : g.shape[1]] = g
    word, bit = np.full((across, wide), wires.word), np.full((down, tall), wires.bit)
    word[0, 0] += wires.source
    bit[0, 0] += wires.sense
    lines = padded.reshape(down, tall, across, wide).swapaxes(1, 2)
    blocks = None
    for i in range(tall):
        line = _line(lines[:, :, i], word, bit[:, i])
        if across == 1:
            line = line.without([LEFT, RIGHT], [RIGHT])
        blocks = line if blocks is None else _join(blocks, ABOVE, line, BELOW)
    assert blocks is not None  # tall is 1 at least
    return blocks, tall, wide


def _split(cells: int) -> tuple[int, int]:
    """A power of two of blocks, and the cells of each, that hold so many cells."""
    blocks = 2 ** max(0, math.ceil(math.log2(cells / _LEAF)))
    return blocks, math.ceil(cells / blocks)


def _line(g: Floats, word: Floats, bit: Floats) -> _Blocks:
    """Blocks of one row: cells `g` (down, across, n), stretches `word` (across, n) and `bit` (down,).

    A wordline's voltage at a cell is that at its left end less the drops over the stretches that currents
    share. So the currents through the cells are K (v_left - c i_right - v_below - r i_above) with c the
    resistance along the wordline, K = G (1 + C G)^-1, C_jk = min(c_j, c_k) and G = g/(1 + r g).
    """
    n = g.shape[-1]
    r = bit[:, None, None, None]
    c = np.cumsum(word, axis=-1)
    g = g / (1 + r[..., 0] * g)
    shared = np.minimum(c[:, :, None], c[:, None, :])
    k = g[..., None] * np.linalg.inv(np.eye(n) + shared * g[..., None, :])
    left, below, above, right = 0, slice(1, 1 + n), slice(1 + n, 1 + 2 * n), -1
    through = np.empty((*g.shape, 2 + 2 * n))  # the cells' currents from each input
    through[..., left] = k.sum(-1)
    through[..., below] = -k
    through[..., above] = -r * k
    through[..., right] = -(k @ c[:, :, None])[..., 0]
    t = np.empty((*g.shape[:2], 2 + 2 * n, 2 + 2 * n))
    t[..., left, :] = through.sum(-2)
    t[..., left, right] += 1
    t[..., below, :] = through
    t[..., below, above] += np.eye(n)
    t[..., above, :] = r * t[..., below, :]
    t[..., above, below] += np.eye(n)
    t[..., right, :] = -(c[:, None, :] @ through)[..., 0, :]
    t[..., right, left] += 1
    t[..., right, right] -= c[:, -1]
    ports = np.array([LEFT, *[BELOW] * n, *[ABOVE] * n, RIGHT])
    return _Blocks(t, ports, ports)


def _join(a: _Blocks, at_a: int, b: _Blocks, at_b: int) -> _Blocks:
    """Blocks `a` and `b` as one, where the edge `at_a` of `a` meets `at_b` of `b`: Redheffer's star product.

    What `a` puts out there are voltages, what `b` puts out are currents. They follow from the inputs of
    both by a system that is 1 plus resistances times conductances, hence never singular.
    """
    (a_ee, a_ei, a_me, a_mi), (b_ee, b_ei, b_me, b_mi) = a.parts(at_a), b.parts(at_b)
    own = a_me.shape[-1]
    driven = np.concatenate([b_mi @ a_me, b_me], axis=-1)
    current = np.linalg.solve(np.eye(b_mi.shape[-1]) - b_mi @ a_mi, driven)
    voltage = a_mi @ current
    voltage[..., :own] += a_me
    t = np.concatenate([a_ei @ current, b_ei @ voltage], axis=-2)
    t[..., : a_ee.shape[-2], :own] += a_ee
    t[..., a_ee.shape[-2] :, own:] += b_ee
    outputs = np.concatenate([a.outputs[a.outputs != at_a], b.outputs[b.outputs != at_b]])
    inputs = np.concatenate([a.inputs[a.inputs != at_a], b.inputs[b.inputs != at_b]])
    by_edge = outputs.argsort(kind="stable"), inputs.argsort(kind="stable")  # those of a first on each edge
    return _Blocks(t[..., by_edge[0][:, None], by_edge[1]], outputs[by_edge[0]], inputs[by_edge[1]])
