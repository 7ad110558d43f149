"""What would quietly ruin a network: levels that cannot hold weights, converters that lose signals."""

import math
import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from imc.crossbar.converters import SenseAmplifier
from imc.crossbar.reading import Tally

if TYPE_CHECKING:
    from imc.crossbar.layers import CrossbarLayer

TOO_MUCH = 0.2
"""Share of a layer's weights or outputs, root mean square, whose loss is worth a warning."""
_VECTORS = 64
"""Input vectors on which converters are looked at."""


class ChipWarning(UserWarning):
    """A chip that would ruin a layer: which layer, why, and what helps.

    To make it an error: ``warnings.simplefilter("error", ChipWarning)``.

    >>> import warnings
    >>> import torch
    >>> from imc.crossbar import Chip, Device, map_network
    >>> two_states = Chip(device=Device(1e3, 1e4, levels=2))
    >>> _ = torch.manual_seed(0)
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     mapped = map_network(torch.nn.Sequential(torch.nn.Linear(50, 5)), two_states)
    >>> print(str(said[0].message)[:44])
    layer '0': 2 levels change its weights by 50
    """


def relative(error: Tensor, of: Tensor) -> float:
    """Root mean square of `error` over that of `of`; 0 where nothing was wanted and nothing is wrong."""
    wanted, wrong = float(of.double().norm()), float(error.double().norm())
    return wrong / wanted if wanted else (float("inf") if wrong else 0.0)


def look_at_levels(layer: "CrossbarLayer") -> None:
    """Warn if the device's levels change the layer's weights too much."""
    levels = layer.chip.device.levels
    if levels is None:
        return
    ideal = layer.ideal.detach()
    lost = relative(layer.exact() - ideal, ideal)
    if lost <= TOO_MUCH:
        return
    zeros = float((ideal == 0).double().mean())
    scheme = type(layer.chip.scheme).__name__
    cause = f"{levels} levels change its weights by {100 * lost:.0f} % (rms)"
    remedy = "use a device of more levels, BitSliced weights, or weights trained for these levels"
    if zeros > 0.05 and levels % 2 == 0 and layer.chip.scheme.span < 1:
        cause += (
            f", and under {scheme} its zeros ({100 * zeros:.0f} % of them) lie midway between two of these"
        )
        remedy = "use DoubleColumn, or an odd number of levels, which has one for 0"
    _warn(layer, cause, remedy)


@torch.no_grad()
def look_at_converters(layer: "CrossbarLayer", x: Tensor) -> bool:
    """Warn if converters change the layer's outputs for inputs `x` too much; whether `x` could tell.

    `x` is `CrossbarLayer.batched`.
    """
    array = layer.chip.array
    if array.dac is None and (array.adc is None or isinstance(array.adc, SenseAmplifier)):
        return True
    count = len(x) if layer.conv is not None else x[..., 0].numel()
    samples = x if layer.conv is not None else x.reshape(-1, x.shape[-1])
    chosen = samples[torch.linspace(0, count - 1, min(count, _VECTORS), device=x.device).long()]
    rows = next(layer.rows(chosen))
    rows = rows[:: max(1, len(rows) // _VECTORS)].float()
    matrix = layer.effective().unflatten(0, (layer.groups, -1))

    def products(v: Tensor) -> Tensor:
        return torch.einsum("ngi,goi->ngo", v, matrix).flatten(1)

    wanted = products(rows)
    if not 0 < float(wanted.norm()) < math.inf:
        return False
    volts = layer.volts(rows)
    bending = relative(products(layer.bent(volts)) - products(volts), wanted)
    inputs = currents = relative(products(volts) - wanted, wanted)
    tally = Tally()
    if not isinstance(array.adc, SenseAmplifier) and array.adc is not None:
        currents = relative(layer.read_volts(volts, None, tally) - wanted, wanted)
    if max(inputs, currents) <= TOO_MUCH:
        return True
    if bending > max(inputs, currents / 2):
        law = layer.chip.device.nonlinearity
        cause = f"its cells' nonlinearity changes its products by {100 * bending:.0f} % (rms)"
        _warn(layer, cause, f"read at less than the {law.read:g} V of {law}, or use DAC(serial=True)")  # pyright: ignore
        return True
    calibrate = "pass calibrate=some_inputs to map_network"
    if array.dac is not None and inputs > currents / 2:
        limit = layer.ranges.largest_input(array)
        clipped = Tally()
        clipped.add(rows, limit, array.dac.signed)
        cause = f"its DAC changes its products by {100 * inputs:.0f} % (rms): "
        if clipped.percent > 1:
            side = "" if array.dac.signed or float(rows.min()) >= 0 else " or are negative"
            cause += f"{clipped.percent:.0f} % of the inputs lie beyond its limit of {limit:g}{side}"
            remedy = f"{calibrate}, or set DAC(limit=...) to what it needs ({clipped.largest:.3g})"
        else:
            cause += f"{array.dac.bits} bits up to {limit:g} are too coarse for these inputs"
            remedy = f"give it more bits, or {calibrate}"
    else:
        cause = f"its ADC changes its products by {100 * currents:.0f} % (rms): "
        if tally.percent > 1:
            cause += f"{tally.percent:.0f} % of the currents lie beyond its range"
            remedy = f"set ADC(range=...) to what it needs ({tally.largest:.3g}), or {calibrate}"
        else:
            cause += "the steps are coarse beside the currents"
            remedy = f"{calibrate}, or use more bits, arrays of fewer rows, or differential=True"
    _warn(layer, cause, remedy)
    return True


def _warn(layer: "CrossbarLayer", cause: str, remedy: str) -> None:
    warnings.warn(f"layer '{layer.name}': {cause}; {remedy}", ChipWarning, stacklevel=3)
