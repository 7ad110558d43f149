"""The imperfections of a chip, and the chip that has one of them alone."""

from dataclasses import replace

from imc.crossbar.arrays import Chip
from imc.crossbar.converters import ADC, FINEST

CAUSES = ("levels", "variation", "nonlinearity", "wires", "converters")


def present(cause: str, chip: Chip) -> bool:
    """Whether the chip has that imperfection. Sense amplifiers are a layer's activation, no imperfection."""
    array = chip.array
    return {
        "levels": chip.device.levels is not None,
        "variation": bool(chip.steps),
        "nonlinearity": chip.bends,
        "wires": array.wires is not None,
        "converters": array.dac is not None or isinstance(array.adc, ADC),
    }[cause]


def only(cause: str, chip: Chip) -> Chip:
    """The chip without any other imperfection; nonlinearity has the range of the DAC, not its steps."""
    device, array = chip.device, chip.array
    if cause != "levels":
        device = replace(device, levels=None)
    if cause != "nonlinearity":
        device = replace(device, nonlinearity=None)
    if cause != "wires":
        array = replace(array, wires=None)
    if cause != "converters":
        dac = replace(array.dac, bits=FINEST) if cause == "nonlinearity" and array.dac is not None else None
        array = replace(array, dac=dac, adc=None if isinstance(array.adc, ADC) else array.adc)
    return replace(chip, device=device, variation=chip.steps if cause == "variation" else (), array=array)
