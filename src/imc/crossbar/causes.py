"""The imperfections of a chip, and the chip that has one of them alone."""

from dataclasses import replace

from imc.crossbar.arrays import Chip
from imc.crossbar.converters import ADC

CAUSES = ("levels", "variation", "wires", "converters")


def present(cause: str, chip: Chip) -> bool:
    """Whether the chip has that imperfection. Sense amplifiers are a layer's activation, no imperfection."""
    array = chip.array
    return {
        "levels": chip.device.levels is not None,
        "variation": bool(chip.steps),
        "wires": array.wires is not None,
        "converters": array.dac is not None or isinstance(array.adc, ADC),
    }[cause]


def only(cause: str, chip: Chip) -> Chip:
    """The chip without any other imperfection."""
    device, array = chip.device, chip.array
    if cause != "levels":
        device = replace(device, levels=None)
    if cause != "wires":
        array = replace(array, wires=None)
    if cause != "converters":
        array = replace(array, dac=None, adc=None if isinstance(array.adc, ADC) else array.adc)
    return replace(chip, device=device, variation=chip.steps if cause == "variation" else (), array=array)
