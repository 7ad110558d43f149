"""How much memory crossbars take beside what they return: bounded, whatever the batch and the layer."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from imc.crossbar import ADC, DAC, Array, Chip, Device, Lognormal, map_network

MIB = 2**20
CHIP = Chip(Device(1e3, 1e5), array=Array(128, 128, dac=DAC(4), adc=ADC(6)))

pytestmark = pytest.mark.filterwarnings("ignore::imc.crossbar.diagnosis.ChipWarning")


def memory(call: Callable[[], object]) -> tuple[int, int]:
    """Bytes that torch holds at most during `call` and after it, beyond those held before."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile, torch.no_grad():
        kept = call()
    held = most = 0
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]  # pyright: ignore
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()  # pyright: ignore[reportAttributeAccessIssue]
        most = max(most, held)
    del kept
    return most, held


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.Linear(784, 100), (784,)), (nn.Linear(100, 784), (100,)), (nn.Conv2d(3, 8, 3), (3, 24, 24))],
    ids=["wide", "tall", "convolution"],
)
def test_a_larger_batch_behind_an_adc_takes_no_more_beside_inputs_and_outputs(
    layer: nn.Module, shape: tuple[int, ...]
) -> None:
    mapped = map_network(nn.Sequential(layer), CHIP)
    mapped(torch.rand(4, *shape))
    most = {}
    for batch in (10_000, 20_000) if len(shape) == 1 else (1000, 2000):
        x = torch.rand(batch, *shape)
        top, outputs = memory(lambda x=x: mapped(x))
        padded = 2 * x.nbytes if len(shape) > 1 else 0
        most[batch] = top - outputs - padded
    small, large = most.values()
    assert large <= small + MIB
    assert large < 128 * MIB


def test_programming_a_large_layer_takes_little_beside_its_cells() -> None:
    mapped = map_network(
        nn.Sequential(nn.Linear(2048, 1024)), Chip(Device(1e3, 1e5), variation=[Lognormal(sigma=0.1)])
    )
    cells = mapped.layers["0"].cells.numel() * 4
    top, _ = memory(lambda: mapped.program(1))
    assert top < cells / 8
