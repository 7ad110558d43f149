"""What a network is worth on chips of one kind: accuracy, where it is lost, energy, area and time."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from imc.cost.crossbars import Cost, Range, cost
from imc.cost.table import Table
from imc.crossbar.arguments import call, check_inputs, each_tensor, tensors
from imc.crossbar.causes import CAUSES, only, present
from imc.crossbar.checks import seed as check_seed
from imc.crossbar.checks import whole
from imc.crossbar.converters import SenseAmplifier
from imc.crossbar.diagnosis import relative
from imc.crossbar.layers import CrossbarLayer
from imc.crossbar.reading import Tally
from imc.crossbar.work import work
from imc.errors import UserError

Right = Callable[[Any, Tensor], Tensor]
"""Which of a batch's answers are right: of the network's outputs and the labels, a tensor of truths."""


@dataclass(frozen=True)
class Accuracy:
    """Mean accuracy over chips, percent, with its 95 % interval (Student's t) for the mean of all such chips.

    The inputs are the same for every chip, so that the interval says nothing of other inputs.

    Attributes:
        mean, low, high: percent; equal where chips do not differ, `low` 0 and `high` 100 for one that may.
        each: of every chip.
    """

    mean: float
    low: float
    high: float
    each: tuple[float, ...]

    @classmethod
    def of(cls, each: Iterable[float], differ: bool) -> "Accuracy":
        """Of one accuracy a chip; `differ`: whether other chips may have other ones."""
        values = tuple(each)
        mean = math.fsum(values) / len(values)
        if not differ:
            return cls(mean, mean, mean, values)
        if len(values) == 1:
            return cls(mean, 0.0, 100.0, values)
        from scipy.special import stdtrit

        n = len(values)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
        half = float(stdtrit(n - 1, 0.975)) * spread / math.sqrt(n)
        return cls(mean, max(0.0, mean - half), min(100.0, mean + half), values)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.mean:.2f} %"
        return f"{self.mean:.2f} % ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class LayerReport:
    """One layer.

    Attributes:
        name, size: of the layer; its size as its repr shows it.
        cells, arrays: how many it takes, bias columns included.
        errors: by cause, and for "all" of them, the root mean square by which its outputs are off, over that
            of the outputs it should have, percent; for the sample's ideal inputs, on the first chip.
        clipped_inputs, clipped_outputs: of what the DAC and the ADC meet, percent; None without one.
        cost: of its arrays.
    """

    name: str
    size: str
    cells: int
    arrays: int
    errors: Mapping[str, float]
    clipped_inputs: float | None
    clipped_outputs: float | None
    cost: Cost


@dataclass(frozen=True)
class Report:
    """A network on chips of one kind; printed, a page of text.

    Attributes:
        digital: accuracy with exact weights and without converters, percent.
        accuracy: on the chips.
        alone: accuracy with one imperfection at a time, the others absent: "levels" of the device,
            "variation", "wires", "converters"; only those that the chip has.
        layers: layer by layer.
        kept: layers with weights or normalisation that stay digital, ``name (kind)``; no cost is counted.
        cost: energy, area and latency of one inference: the sum over layers.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, Lognormal, map_network
    >>> network, x = torch.nn.Linear(4, 4), torch.eye(4)
    >>> with torch.no_grad():
    ...     _ = network.weight.copy_(torch.eye(4)), network.bias.zero_()
    >>> chip = Chip(device=Device(1e3, 1e4), variation=Lognormal(100))
    >>> report = map_network(network, chip).report(x, torch.arange(4), chips=5)
    >>> report.digital, report.accuracy.each, report.layers[0].cells
    (100.0, (100.0, 100.0, 100.0, 100.0, 100.0), 32)
    """

    digital: float
    accuracy: Accuracy
    alone: Mapping[str, Accuracy]
    layers: tuple[LayerReport, ...]
    kept: tuple[str, ...]
    cost: Cost

    def __str__(self) -> str:
        return "\n".join(_text(self))


@torch.no_grad()
def report(
    mapped: Any,
    inputs: Any,
    labels: Any,
    *,
    chips: int = 20,
    seed: int = 0,
    alone: int = 5,
    sample: int = 16,
    batch: int = 500,
    right: Right | None = None,
    table: Table | None = None,
) -> Report:
    """Program `chips` chips, infer on each, and take apart what is lost; `mapped` stays as it is.

    It costs as many programmings and inferences, `alone` more for the variation and one for each other cause
    where there are several, and what a sample takes. A network that was tuned is tuned on each chip.

    Args:
        mapped: a `CrossbarNetwork`.
        inputs: a batch, or a tuple or dictionary of arguments, batch first.
        labels: the class of each input, (n,), or whatever `right` compares, a tensor or an array.
        chips: how many; chips without variation are all one, and only one is programmed.
        seed: of the first chip; the others have the seeds that follow.
        alone: chips for the variation alone.
        sample: inputs, the first ones, on which layers, clipping and energy are measured.
        batch: inputs inferred together.
        right: which answers are right; by default those whose largest output is at the label.
        table: components of the cost model (`imc.cost.table.read`); `imc.cost.crossbars.components` if None.

    Raises:
        UserError: if inputs and labels do not fit, an input is not finite, labels are no classes of the
            network, or a number is not a whole one of 1 or more.
    """
    check_seed(seed)
    for name, value in (("chips", chips), ("alone", alone), ("sample", sample), ("batch", batch)):
        whole(name, value, 1, f"{name} is 1 at least")
    check_inputs("report", inputs)
    labels = _labels(labels)
    for count in {len(value) if value.ndim else 0 for value in tensors(inputs)}:
        if count != len(labels) or not count:
            raise UserError(f"{count} inputs and {len(labels)} labels: as many are wanted, and one at least")
    if right is not None and not callable(right):
        raise UserError(f"right = {right!r}: write a function of outputs and labels that says what is right")
    if table is not None and not isinstance(table, Mapping):
        raise UserError(f"table = {table!r}: write one that imc.cost.table.read gives")
    tuned = any((layer.slope, layer.intercept) != (1.0, 0.0) for layer in mapped.layers.values())
    own = copy.deepcopy(mapped).eval()
    layers: dict[str, CrossbarLayer] = own.layers
    right = right or _largest

    def accuracy() -> float:
        good = [_truths(right(call(own, part), truth)) for part, truth in _batches(inputs, labels, batch)]
        return 100 * float(torch.cat(good).double().mean())

    def over(count: int) -> Accuracy:
        differ = any(layer.chip.steps for layer in layers.values())
        found = []
        for chip in range(count if differ else 1):
            own.program(seed + chip)
            if tuned:
                own.tune(seed + chip)
            found.append(accuracy())
        return Accuracy.of(found, differ)

    for layer in layers.values():
        layer.digital = True
    digital = accuracy()
    seen = _watched(own, _cut(inputs, slice(sample)))
    for layer in layers.values():
        layer.digital = False
    everything = over(chips)
    chips_of = {name: layer.chip for name, layer in layers.items()}
    causes = [cause for cause in CAUSES if any(present(cause, chip) for chip in chips_of.values())]
    single = {causes[0]: everything} if len(causes) == 1 else {}
    for cause in causes if len(causes) > 1 else ():
        for name, layer in layers.items():
            layer.chip, layer.looked = only(cause, chips_of[name]), True
        single[cause] = over(alone)
    for name, layer in layers.items():
        layer.chip = chips_of[name]
    count = min(sample, len(labels))
    each = tuple(_layer(layer, seen[name], count, causes, seed, table) for name, layer in layers.items())
    return Report(digital, everything, single, each, _kept(own), Cost.total(layer.cost for layer in each))


def _layer(
    layer: CrossbarLayer, calls: list[Tensor], samples: int, causes: list[str], seed: int, table: Table | None
) -> LayerReport:
    """One layer for the `batched` inputs of its calls, which `samples` inferences made."""
    chip = layer.chip
    errors: dict[str, float] = {}
    layer.looked = True
    layer.digital = True
    wanted = torch.cat([layer.products(x).flatten().float() for x in calls]) if calls else torch.zeros(1)
    layer.digital = False
    signs = isinstance(chip.array.adc, SenseAmplifier)
    wanted = torch.where(wanted >= 0, 1.0, -1.0) if signs else wanted
    for cause in (*causes, "all") if len(causes) > 1 else ("all",):
        layer.chip = chip if cause == "all" else only(cause, chip)
        layer.program(torch.Generator(layer.cells.device).manual_seed(seed))
        got = torch.cat([layer.products(x).flatten() for x in calls]) if calls else wanted
        errors[cause] = 100 * relative(got.float() - wanted, wanted)
    errors = dict.fromkeys(causes, errors["all"]) | errors
    met_inputs, met_currents = Tally(), Tally()
    for x in calls if present("converters", chip) else ():
        layer.count_clipped(x, met_inputs, met_currents)
    extra = 0 if layer.bias_cells is None else layer.bias_cells.numel()
    return LayerReport(
        name=layer.name,
        size=layer.size,
        cells=layer.cells.numel() + extra,
        arrays=layer.arrays,
        errors=errors,
        clipped_inputs=met_inputs.percent if chip.array.dac is not None else None,
        clipped_outputs=met_currents.percent if met_currents.count else None,
        cost=cost(work(layer, calls, samples), table),
    )


def _watched(own: Any, inputs: Any) -> dict[str, list[Tensor]]:
    """What each layer is called with, batched, in one digital inference of `inputs`."""
    seen: dict[str, list[Tensor]] = {name: [] for name in own.layers}

    def note(layer: Any, arguments: tuple[Any, ...]) -> None:
        seen[layer.name].append(layer.batched(arguments[0]))

    hooks = [layer.register_forward_pre_hook(note) for layer in own.layers.values()]
    call(own, inputs)
    for hook in hooks:
        hook.remove()
    return seen


def _kept(own: Any) -> tuple[str, ...]:
    """Modules with parameters of their own that are no crossbars."""
    found = []
    for name, module in own.network.named_modules():
        if not isinstance(module, CrossbarLayer) and any(True for _ in module.parameters(recurse=False)):
            found.append(f"{name or 'the network'} ({type(module).__name__})")
    return tuple(found)


def _largest(outputs: Any, labels: Tensor) -> Tensor:
    if not isinstance(outputs, Tensor):
        raise UserError(
            f"the network gives a {type(outputs).__name__}: say with right=... which answers are right"
        )
    found = outputs.argmax(-1).to(labels.device)
    if found.shape != labels.shape:
        raise UserError(
            f"outputs of shape {tuple(outputs.shape)} and labels of {tuple(labels.shape)}: the class of "
            "each output is wanted, or right=... which says what is right"
        )
    if not 0 <= float(labels.min()) <= float(labels.max()) < outputs.shape[-1]:
        raise UserError(
            f"labels from {float(labels.min()):g} to {float(labels.max()):g}: the network's outputs have "
            f"the classes 0 to {outputs.shape[-1] - 1}"
        )
    return found == labels


def _truths(found: Any) -> Tensor:
    if not isinstance(found, Tensor) or not found.numel():
        raise UserError(f"right gives a {type(found).__name__}: a tensor of truths is wanted")
    return found.flatten()


def _labels(labels: Any) -> Tensor:
    try:
        found = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError):
        found = torch.zeros(())
    if not found.ndim:
        raise UserError(f"labels of a {type(labels).__name__}: a tensor or an array is wanted, one an input")
    return found


def _cut(inputs: Any, part: slice) -> Any:
    return each_tensor(inputs, lambda value: value[part])


def _batches(inputs: Any, labels: Tensor, size: int) -> Iterator[tuple[Any, Tensor]]:
    for start in range(0, len(labels), size):
        part = slice(start, start + size)
        yield _cut(inputs, part), labels[part]


def _text(report: Report) -> Iterator[str]:
    n = len(report.accuracy.each)
    yield f"accuracy    {report.accuracy} on {n} chip{'s' if n > 1 else ''}, digital {report.digital:.2f} %"
    for cause, found in report.alone.items():
        yield f"  {cause:<12}alone: {found}, {found.mean - report.digital:+.2f}"
    yield f"energy      {_amount(report.cost.energy, 'J')} an inference"
    yield f"area        {_range(report.cost.area)} mm2"
    yield f"latency     {_amount(report.cost.latency, 's')} an inference"
    causes = list(report.layers[0].errors)
    width = max(5, *(len(layer.name) for layer in report.layers))
    heads = "".join(f"{cause:>12}" for cause in causes)
    yield ""
    yield f"{'layer':<{width}}  {'arrays':>6}{heads}{'clipped in':>12}{'out':>8}{'energy':>12}"
    for layer in report.layers:
        errors = "".join(f"{layer.errors[cause]:>10.2f} %" for cause in causes)
        clips = f"{_percent(layer.clipped_inputs):>12}{_percent(layer.clipped_outputs):>8}"
        energy = _si(layer.cost.energy.value, "J")
        yield f"{layer.name:<{width}}  {layer.arrays:>6}{errors}{clips}{energy:>12}"
    yield "(errors: rms of the layer's outputs, for ideal inputs)"
    if report.kept:
        yield f"digital: {', '.join(report.kept)}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} %"


def _si(value: float, unit: str) -> str:
    for prefix, size in (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9), ("p", 1e-12)):
        if value >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


def _amount(found: Range, unit: str) -> str:
    return f"{_si(found.value, unit)} ({_si(found.low, unit)} to {_si(found.high, unit)})"


def _range(found: Range) -> str:
    return f"{found.value:.3g} ({found.low:.3g} to {found.high:.3g})"
