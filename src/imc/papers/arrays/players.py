"""The crossbar to play with (``book/_static/play/kirchhoff.js``), and its start as a figure."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imc.crossbar.cells import Device
from imc.pages import figures
from imc.pages.players import Start
from imc.papers.arrays.equations import double_column
from imc.papers.arrays.pictures import draw_array


def kirchhoff(volts: NDArray[np.floating], weights: NDArray[np.floating], device: Device) -> Start:
    """Exact cells in double columns.

    Args:
        volts: of the wordlines, shape (rows,).
        weights: -1 and +1, shape (rows, outputs).
        device: of every cell.

    Example:
        >>> from imc.crossbar.cells import RRAM_1T1R
        >>> kirchhoff(np.array([1.0]), np.array([[-1.0]]), RRAM_1T1R)["data"]["r_on"]
        1000.0
    """
    up = weights > 0
    plus, minus = (np.where(on, device.g_on, device.g_off) for on in (up, ~up))
    pairs = np.stack([plus, minus], axis=-1).reshape(len(volts), -1)
    _, _, difference = double_column(volts, plus, minus)
    outputs = difference / (device.g_on - device.g_off)
    names = [f"$I_{j}^{s}$" for j in range(1, weights.shape[1] + 1) for s in "+-"]
    figure, ax = figures.axes(height=2.9, width=6.6)
    currents = [f"{1e3 * i:+.2f} mA".replace("-", "−") for i in volts @ pairs]
    draw_array(ax, pairs, list(volts), currents, names, (device.g_off, device.g_on))
    table = pd.DataFrame({"output": range(1, len(outputs) + 1), "weighted sum": outputs})
    data = {
        "volts": volts.tolist(),
        "weights": weights.astype(int).tolist(),
        "r_on": device.r_on,
        "r_off": device.r_off,
    }
    return Start(data=data, figure=figure, csv=table)
