"""A whole network on crossbars: layers with a matrix of weights mapped in one call, the rest left digital."""

import copy
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from imc.crossbar.arguments import call, check_inputs, each_tensor
from imc.crossbar.arrays import Chip
from imc.crossbar.attention import CrossbarAttention
from imc.crossbar.checks import instance, whole
from imc.crossbar.checks import seed as check_seed
from imc.crossbar.diagnosis import look_at_levels
from imc.crossbar.disturbances import Ages, in_time
from imc.crossbar.layers import CrossbarLayer
from imc.crossbar.recurrent import RECURRENT, CrossbarRecurrence
from imc.crossbar.steps import Step, check_step
from imc.errors import UserError

if TYPE_CHECKING:
    from imc.crossbar.report import Report

PLAIN = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""What becomes one crossbar layer. Kinds derived from these may do something else, and are not mapped."""


class CrossbarNetwork(nn.Module):
    """A network whose weights lie on crossbars; `map_network` makes one.

    It is called as the network it was made from and answers in float32. In `eval` mode, as it is made, it
    runs without autograd. In `train` mode every call programs the cells anew, and gradients reach the weights
    straight through levels, variation, wires and converters::

        mapped.train()
        optimizer = torch.optim.Adam(mapped.parameters())
        for inputs, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(mapped(inputs), labels).backward()
            optimizer.step()
        mapped.eval()  # programs the trained weights

    `.to` moves it between devices and sets the type of its products (float32 or bfloat16); conductances stay
    in float32. `state_dict` holds all that its outputs depend on.

    Attributes:
        network: the network, its mapped layers replaced.
        chip: what they are mapped to, unless `map_network` was given another for a layer.
        layers: the mapped layers by name.
        conductances: every cell of every layer, siemens, one flat tensor of which the layers hold views.
        seed: of the last programming.
        ages: how old the cells are to each kind of ageing, seconds.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, Lognormal, map_network
    >>> network = torch.nn.Sequential(torch.nn.Linear(6, 2))
    >>> mapped = map_network(network, Chip(device=Device(1e3, 1e4), variation=Lognormal(100)))
    >>> inputs, labels = torch.eye(6), torch.tensor([0, 1, 0, 1, 0, 1])
    >>> optimizer = torch.optim.Adam(mapped.train().parameters(), 0.1)
    >>> for _ in range(30):
    ...     optimizer.zero_grad()
    ...     torch.nn.functional.cross_entropy(mapped(inputs), labels).backward()
    ...     optimizer.step()
    >>> mapped.eval()(inputs).argmax(1).tolist()
    [0, 1, 0, 1, 0, 1]
    """

    def __init__(self, network: nn.Module, chip: Chip, layers: dict[str, CrossbarLayer]) -> None:
        super().__init__()
        self.network, self.chip, self.layers = network, chip, layers
        self.seed = 0
        self._generator_of_training: torch.Generator | None = None
        self.ages: Ages = {}
        self._gather()

    def program(self, seed: int) -> None:
        """Program every cell anew: one chip of those that the variation describes, the one of this seed.

        Raises:
            UserError: for a seed that is no whole number, or a variation that makes no conductances.
        """
        generator = self._generator(seed)
        self.seed, self._generator_of_training = seed, None
        _, self.ages = in_time(self.chip.steps, {})
        for layer in self.layers.values():
            layer.program(generator)

    def write(self, weights: Mapping[str, Tensor]) -> None:
        """Give layers new weights, by name, which they hold once they are programmed.

        Raises:
            UserError: for a name that is no mapped layer, and as `CrossbarLayer.write` does.
        """
        if not isinstance(weights, Mapping):
            raise UserError(f"write takes weights by the names of layers, not a {type(weights).__name__}")
        if unknown := sorted(set(weights) - set(self.layers), key=str):
            raise UserError(f"no mapped layer is called '{unknown[0]}'; there are {', '.join(self.layers)}")
        for name, weight in weights.items():
            self.layers[name].write(weight)

    def disturb(self, *steps: Step, seed: int) -> None:
        """Apply further steps to the cells as they stand: age them, read them again.

        Ageing goes on from the age that the cells have: `Drift(1000)` after `Drift(100)` is one drift.

        Raises:
            UserError: for what is no step, an age that lies behind, or a seed that is no whole number.
        """
        for step in steps:
            check_step("step", step)
        steps, self.ages = in_time(steps, self.ages)
        generator = self._generator(seed)
        for layer in self.layers.values():
            layer.disturb(steps, generator)

    def tune(self, seed: int, samples: int = 256) -> None:
        """Correct each layer's outputs by one slope and one intercept, until it is programmed again.

        Raises:
            UserError: for fewer than two samples, sense amplifiers, or a layer whose outputs never change.
        """
        whole("samples", samples, 2, "a slope needs 2 at least")
        generator = self._generator(seed)
        for layer in self.layers.values():
            layer.tune(generator, samples)

    def refresh(self) -> None:
        """Take conductances into use that were changed from outside."""
        for layer in self.layers.values():
            layer.refresh()

    @torch.no_grad()
    def calibrate(self, inputs: Any) -> None:
        """Set the ranges of converters that have none of their own to what `inputs` need, layer by layer.

        Cells are exact meanwhile: a range is a matter of design, the same for every chip. No input and no
        current that these inputs cause is clipped; the cells are then programmed again.

        Args:
            inputs: what the network takes: a batch, or a tuple or a dictionary of arguments.

        Raises:
            UserError: if there is no input, or one is not finite.
        """
        check_inputs("calibrate", inputs)
        layers = list(self.layers.values())
        chips = [layer.chip for layer in layers]
        try:
            for layer, chip in zip(layers, chips, strict=True):
                layer.ranges, layer.calibrating = type(layer.ranges)(), True
                layer.chip = replace(chip, variation=())
                layer.program(self._generator(0))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # its ranges are not set yet
                call(self, inputs)
        finally:
            for layer, chip in zip(layers, chips, strict=True):
                layer.calibrating, layer.looked, layer.chip = False, False, chip
        self.program(self.seed)

    def report(self, inputs: Any, labels: Any, **options: Any) -> "Report":
        """Accuracy over chips, what each imperfection costs, energy, area and time: see `report.report`."""
        from imc.crossbar.report import report

        return report(self, inputs, labels, **options)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """The network's output for what the original takes; floating-point tensors come back in float32."""
        inputs, named = each_tensor(inputs, _laid_out), each_tensor(named, _laid_out)
        if not self.training:
            with torch.no_grad():
                return each_tensor(self.network(*inputs, **named), _float)
        if self._generator_of_training is None:
            self._generator_of_training = self._generator(self.seed)
        for layer in self.layers.values():
            layer.program(self._generator_of_training)
        return each_tensor(self.network(*inputs, **named), _float)

    def train(self, mode: bool = True) -> "CrossbarNetwork":
        """Train the weights through the chip, or, with False, hold them: trained ones are programmed then."""
        super().train(mode)
        for layer in self.layers.values():
            layer.requires_grad_(mode)
        if not mode and self._generator_of_training is not None:
            for layer in self.layers.values():
                layer.settle()
            self.program(self.seed)
        return self

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Take over everything that another network's outputs depend on, weights included, as torch does.

        Raises:
            UserError: if it was on another chip, its layers have other names or shapes, or it is that of a
                network that was never mapped; nothing is changed then.
        """
        own = self.state_dict()
        if not isinstance(state_dict, Mapping):
            raise UserError(f"a state is what state_dict() gives, not a {type(state_dict).__name__}")
        both = [(key, value, own[key]) for key, value in state_dict.items() if key in own]
        for _, value, mine in both:
            if isinstance(mine, dict) and value.get("chip") != mine["chip"]:
                raise UserError(f"the state is of a network on {value.get('chip')}, not on {mine['chip']}")
        for key, value, mine in both:
            if isinstance(mine, Tensor) and value.shape != mine.shape:
                raise UserError(
                    f"the state has '{key}' of shape {tuple(value.shape)}; this network's is "
                    f"{tuple(mine.shape)}"
                )
        for missing, of, what in (
            (own.keys() - state_dict.keys(), "the state has no", "which this network has"),
            (state_dict.keys() - own.keys(), "the state has", "which this network has not"),
        ):
            if strict and missing:
                key = min(missing, key=str)
                raise UserError(f"{of} '{key}', {what}: it is of another network, or of one not mapped")
        if assign:
            raise UserError("assign=True would take the cells out of `conductances`: load with assign=False")
        return super().load_state_dict(state_dict, strict)

    def _generator(self, seed: int) -> torch.Generator:
        check_seed(seed)
        return torch.Generator(self.conductances.device).manual_seed(seed)

    def _gather(self) -> None:
        """Lay all layers' cells into one flat tensor."""
        layers = list(self.layers.values())
        shapes = [(layer.cell_shape, layer.bias_shape) for layer in layers]
        counts = [[torch.Size(shape).numel() for shape in pair] for pair in shapes]
        self.conductances = layers[0].cells.new_zeros(sum(map(sum, counts)))
        for layer, pair, own in zip(
            layers, shapes, self.conductances.split([sum(c) for c in counts]), strict=True
        ):
            cells, bias = own.split([torch.Size(shape).numel() for shape in pair])
            layer.bind(cells.view(pair[0]), bias.view(pair[1]))

    def _apply(self, fn: Any, recurse: bool = True) -> Any:  # behind .to, .cuda, .bfloat16
        super()._apply(fn, recurse)
        if self.conductances.device != next(iter(self.layers.values())).cells.device:
            self._gather()
        return self


def map_network(
    network: nn.Module,
    chip: Chip,
    keep: str | Collection[str] = (),
    seed: int = 0,
    *,
    calibrate: Any = None,
    chips: Mapping[str, Chip] | None = None,
) -> CrossbarNetwork:
    """Map a copy of `network` to crossbars and program it.

    Linear, Conv1d and Conv2d layers become crossbars, and so do the matrices of multi-head attention, LSTM,
    GRU and RNN. Whatever else has no matrix of weights (activations, pooling, normalisation, a network's own
    arithmetic) stays as it is, and so do the layers named in `keep`.

    Args:
        network: any module whose weights are in float32, on any device.
        chip: what to map it to.
        keep: name of a layer, as `network.named_modules` gives it, that stays digital, or a list of them.
        seed: of the first programming.
        calibrate: inputs as the network takes them, a batch or a tuple or dictionary of arguments, from
            which converters without a range of their own get one; see `CrossbarNetwork.calibrate`.
        chips: another chip for some layers, by name.

    Raises:
        UserError: for a layer with a matrix of weights that is neither kept nor of these kinds, for weights
            that are not finite or beyond the chip's limit, or if nothing is left to map.

    Warns:
        ChipWarning: where the device's levels cannot hold a layer's weights; where converters lose a layer's
            signals, at its first call.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, map_network
    >>> network = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    >>> mapped = map_network(network, Chip(device=Device(1e3, 1e4)), keep=["2"])
    >>> list(mapped.layers)
    ['0']
    >>> x = torch.ones(3, 6)
    >>> torch.allclose(mapped(x), network(x), atol=1e-5)
    True
    """
    for value, kind, what in ((network, nn.Module, "a torch module"), (chip, Chip, "a Chip")):
        if not isinstance(value, kind):
            raise UserError(f"map_network takes {what}, not {value!r}")
    check_seed(seed)
    keep = (keep,) if isinstance(keep, str) else keep
    if not isinstance(keep, Collection) or not all(isinstance(name, str) for name in keep):
        raise UserError(f"keep = {keep!r}: write names of layers, as in keep=['0', 'head']")
    if not isinstance(chips or {}, Mapping):
        raise UserError(f"chips is a {type(chips).__name__}: write chips of layers by their names")
    for name, value in (chips or {}).items():
        instance(f"the chip of '{name}'", value, Chip, "Chip(device=Device(r_on=1e3, r_off=1e4))")
    names = {name for name, _ in network.named_modules()}
    if unknown := sorted(set(keep) - names):
        known = ", ".join(sorted(names - {""}))
        raise UserError(f"keep names '{unknown[0]}', but the network has no such layer; it has {known}")
    own = dict(chips or {})
    layers: dict[str, CrossbarLayer] = {}
    replaced: dict[int, Any] = {}
    for name, module in _to_map(network, keep):
        one = own.pop(name, chip)
        new = _mapped(name, module, lambda part, one=one: own.pop(part, one))
        replaced[id(module)] = new
        found = [new] if isinstance(new, CrossbarLayer) else new.layers.values()
        layers |= {layer.name: layer for layer in found}
    if not layers:
        raise UserError("the network has no layer to map to crossbars: all are kept, or have no weights")
    if own:
        raise UserError(f"chips names '{min(own)}', which is not mapped; mapped are {', '.join(layers)}")
    # Copying looks each layer up in `replaced` first, so that its crossbar stands wherever the layer stood.
    mapped = CrossbarNetwork(copy.deepcopy(network, replaced), chip, layers).eval()
    if calibrate is None:
        mapped.program(seed)
    else:
        mapped.seed = seed
        mapped.calibrate(calibrate)
    for layer in layers.values():
        look_at_levels(layer)
    return mapped


def _to_map(network: nn.Module, keep: Collection[str]) -> Iterator[tuple[str, nn.Module]]:
    """The modules to replace, in order, by name; raises for one that cannot be and is not kept."""
    inside: tuple[str, ...] = ()
    for name, module in network.named_modules():
        if any(not outer or f"{name}.".startswith(f"{outer}.") for outer in (*keep, *inside)):
            continue
        if type(module) in PLAIN:
            yield name, module
        elif type(module) in (nn.MultiheadAttention, *RECURRENT):
            inside += (name,)
            yield name, module
        elif any(is_lazy(value) for value in module.parameters(recurse=False)):
            raise UserError(f"layer '{name}' is a {type(module).__name__} without weights yet: call it once")
        elif matrices := [p for p, value in module.named_parameters(recurse=False) if value.ndim > 1]:
            raise UserError(
                f"layer '{name}' is a {type(module).__name__} with weights '{matrices[0]}': only Linear, "
                "Conv1d, Conv2d, MultiheadAttention, LSTM, GRU and RNN map to crossbars; name it in keep to "
                "leave it digital"
            )


def _mapped(name: str, module: nn.Module, chip: Any) -> Any:
    if isinstance(module, nn.MultiheadAttention):
        return CrossbarAttention(name, module, chip)
    if isinstance(module, RECURRENT):
        return CrossbarRecurrence(name, module, chip)
    assert isinstance(module, PLAIN)
    return CrossbarLayer(name, module, chip(name))


def _laid_out(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


def _float(x: Tensor) -> Tensor:
    return x.float() if x.is_floating_point() else x
