"""The thesis's circuit (Figures 1 to 3): binary networks on crossbars with reference currents.

A column's current is held against one reference current a row; a comparator makes the next layer's bit. Batch
norm is merged by sign, its bias b' a further constant current. Currents are in units of one weight, half the
difference (I_LRS - I_HRS)/2 of a cell's two currents.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from imc import runs
from imc.crossbar.arrays import Array, Chip
from imc.crossbar.cells import Device, current_2t1r
from imc.crossbar.mapping import ReferenceCurrent
from imc.crossbar.network import CrossbarNetwork, map_network
from imc.crossbar.variation import Lognormal, Step
from imc.crossbar.wires import Wires
from imc.errors import UserError
from imc.papers.reram.evaluation import load
from imc.papers.reram.experiments import CircuitConfig, training_of
from imc.papers.reram.merge import signed_merge
from imc.papers.reram.network import Trained
from imc.papers.reram.pictures import Pictures
from imc.runs.experiments import Outcome, Progress

ARRAY_SIDE = 128  # "each being no greater than 128x128" (section 5.1)


class Comparator(nn.Module):
    """A column's I-V converter with its latch: 1 where the current is at or above its threshold.

    Attributes:
        offset: each neuron's own error, in currents of one weight; zero until drawn.
    """

    def __init__(self, neurons: int) -> None:
        super().__init__()
        self.offset = torch.zeros(neurons)

    def forward(self, current: Tensor) -> Tensor:
        """Bits (batch, neurons) of signed currents (batch, neurons)."""
        return (current + self.offset >= 0).to(current.dtype)


def digital(net: Trained, index: int) -> nn.Sequential:
    """Network `index` of an ensemble with its batch norm merged by sign, as plain torch layers in float32.

    Raises:
        UserError: unless weights and activations have one bit and the norm is batch norm.
    """
    config = net.config
    if (config.weight_bits, config.activation_bits, config.norm) != (1, 1, "batch"):
        raise UserError(
            f"weight_bits = {config.weight_bits}, activation_bits = {config.activation_bits}, norm = "
            f"'{config.norm}': the thesis's circuit takes 1 bit, 1 bit and batch"
        )
    modules: list[nn.Module] = []
    for layer, norm in zip(net.layers, net.norms, strict=True):
        assert norm is not None
        merged = signed_merge(layer, norm)
        rows, columns = merged.w.shape[-2:]
        linear = nn.Linear(rows, columns)
        linear.weight.data = merged.w[index].T.float().contiguous()
        linear.bias.data = merged.b[index].float()
        modules += [linear, Comparator(columns)]
    return nn.Sequential(*modules[:-1])  # the output layer's currents are compared with each other


def chip(config: CircuitConfig, value: float | None) -> Chip:
    """The chip of one point of the sweep; None or a sweep of the comparator leaves its cells ideal."""
    ratio, spread, wires = config.on_off_ratio, 0.0, None
    if value is not None and config.sweep == "on_off_ratio":
        ratio, spread = value, config.spread
    if value is not None and config.sweep == "variation":
        spread = value
    if value is not None and config.sweep == "wires":
        wires = Wires(word=value, bit=value)
    steps: tuple[Step, ...] = (Lognormal(spread * config.r_lrs_ohm),) if spread else ()
    device = Device(r_on=config.r_lrs_ohm, r_off=config.r_lrs_ohm * ratio, levels=2)
    array = Array(rows=ARRAY_SIDE, columns=ARRAY_SIDE, wires=wires, analog_sums=True)
    return Chip(device=device, scheme=ReferenceCurrent(), variation=steps, array=array, limit=1.0)


def sweep(config: CircuitConfig, progress: Progress) -> Outcome:
    """Accuracy on the test pictures at every value of the sweep.

    Metrics: accuracy.digital (percent, by network); accuracy.swept (percent, by value, each a list over the
    networks of the mean over their draws); with ideal devices also what `ideal` finds.
    """
    training = config.training
    name, values = training_of(training)
    net = load(training, runs.obtain(name, **values).tensors())
    inputs, labels = Pictures(training).test
    plain = [digital(net, index) for index in range(training.seeds)]
    with torch.no_grad():
        accuracy: dict[str, Any] = {"digital": [_accuracy(network(inputs), labels) for network in plain]}
    if config.sweep == "none":
        return Outcome({"accuracy": accuracy} | ideal(config, plain, inputs, labels))
    swept = []
    for position, value in enumerate(config.values):
        swept.append([])
        for index, network in enumerate(plain):
            found = [
                _accuracy(mapped(inputs), labels)
                for mapped in drawn(config, network, value, config.seed + index)
            ]
            swept[-1].append(round(sum(found) / len(found), 4))
            progress((position + (index + 1) / len(plain)) / len(config.values), f"{config.sweep} {value:g}")
    return Outcome({"accuracy": accuracy | {"swept": swept}})


@torch.no_grad()
def ideal(
    config: CircuitConfig, plain: list[nn.Sequential], inputs: Tensor, labels: Tensor
) -> dict[str, Any]:
    """The circuit with ideal devices, held against the digital networks.

    Metrics: flips (hidden bits that differ over all pictures and networks), answers_differ; arrays and
    largest_side; half_hrs_ratio (the resistance of the reference over R_HRS/2); zero_input_error (what a cell
    with input 0 adds to the difference with its reference, in currents of one weight); accuracy.priority
    (percent, by network) where the outputs too are bits and the first 1 wins.
    """
    target = chip(config, None)
    flips = differ = 0
    priority = []
    for network in plain:
        mapped = map_network(network, target)
        differ += int((mapped(inputs).argmax(-1) != network(inputs).argmax(-1)).sum())
        for depth in (2, 4):
            flips += int((mapped.network[:depth](inputs) != network[:depth](inputs)).sum())  # pyright: ignore
        # Figure 1 ends in a priority encoder: of outputs that are bits, the first 1 is the answer.
        priority.append(_accuracy((network(inputs) >= 0).float(), labels))
    device = target.device
    step = (device.g_on - device.g_off) / 2
    zero = max(abs(current_2t1r(0.0, g, device.g_half) - device.g_half) for g in (device.g_on, device.g_off))
    shapes = [linear.weight.shape for linear in plain[0] if isinstance(linear, nn.Linear)]
    return {
        "flips": flips,
        "answers_differ": differ,
        "arrays": sum(math.ceil(r / ARRAY_SIDE) * math.ceil(c / ARRAY_SIDE) for c, r in shapes),
        "largest_side": max(min(side, ARRAY_SIDE) for shape in shapes for side in shape),
        "half_hrs_ratio": (1 / device.g_half) / (device.r_off / 2),
        "zero_input_error": zero / step,
        "priority": priority,
    }


def drawn(
    config: CircuitConfig, network: nn.Sequential, value: float, seed: int
) -> Iterator[CrossbarNetwork]:
    """`config.draws` chips of a network; wires alone leave nothing to draw."""
    mapped = map_network(network, chip(config, value), seed=seed)
    draws = 1 if config.sweep == "wires" else config.draws
    for draw in range(draws):
        own = seed * config.draws + draw
        if config.sweep == "offset":
            generator = torch.Generator().manual_seed(own)
            for module in mapped.network:  # pyright: ignore[reportGeneralTypeIssues]
                if isinstance(module, Comparator):
                    module.offset = value * torch.randn(module.offset.shape, generator=generator)
        elif config.sweep != "wires":
            mapped.program(own)
        yield mapped


def _accuracy(scores: Tensor, labels: Tensor) -> float:
    return round(100 * (scores.argmax(-1) == labels).double().mean().item(), 4)
