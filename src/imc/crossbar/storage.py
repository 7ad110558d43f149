"""Programmed networks on disk, and how far they are from what they should be."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from imc.crossbar.layers import CrossbarLayer
from imc.crossbar.network import CrossbarNetwork
from imc.crossbar.reading import physical
from imc.errors import UserError

_CELLS = ("cells", "bias_cells")


def save(mapped: CrossbarNetwork, path: str | Path) -> None:
    """Store all that the network's outputs depend on as safetensors: conductances, weights, scales, ranges.

    (`torch.save(mapped.state_dict(), path)` does so too, in torch's own format.)

    Raises:
        UserError: if it is no mapped network, or the file cannot be written.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import torch
    >>> from imc.crossbar import Chip, Device, Lognormal, load, map_network, save
    >>> layer, chip = torch.nn.Linear(4, 2), Chip(device=Device(1e3, 1e4), variation=Lognormal(100))
    >>> one, other = map_network(layer, chip, seed=1), map_network(layer, chip, seed=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(one, Path(folder) / "chip.safetensors")
    ...     load(other, Path(folder) / "chip.safetensors")
    >>> torch.equal(one.conductances, other.conductances)
    True
    """
    _check(mapped)
    state = mapped.state_dict()
    tensors = {
        key: value.contiguous().cpu().clone() for key, value in state.items() if isinstance(value, Tensor)
    }
    rest = {key: value for key, value in state.items() if not isinstance(value, Tensor)}
    try:
        save_file(tensors, path, {"chip": repr(mapped.chip), "state": json.dumps(rest)})
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be written: {error}") from None


def load(mapped: CrossbarNetwork, path: str | Path) -> None:
    """Put a stored chip into the same network, mapped to the same kind of chip.

    Raises:
        UserError: if there is no such file, or it holds another chip, other layers or shapes, or was
            programmed with other weights: its conductances would mean something else here. (`load_state_dict`
            takes the weights over too.)

    >>> import tempfile
    >>> from pathlib import Path
    >>> import torch
    >>> from imc.crossbar import Chip, Device, Lognormal, load, map_network, save
    >>> layer, chip = torch.nn.Linear(4, 2), Chip(device=Device(1e3, 1e4), variation=Lognormal(100))
    >>> one, other = map_network(layer, chip, seed=1), map_network(layer, chip, seed=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(one, Path(folder) / "chip.safetensors")
    ...     load(other, Path(folder) / "chip.safetensors")
    >>> torch.equal(one.conductances, other.conductances)
    True
    """
    _check(mapped)
    if not isinstance(path, str | Path):
        raise UserError(f"path = {path!r}: write the name of a file that save has made")
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            stored: dict[str, Any] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read as a programmed network: {error}") from None
    if about.get("chip") != repr(mapped.chip):
        raise UserError(f"{path} holds a network on {about.get('chip')}, not on {mapped.chip}")
    own = {key: value for key, value in mapped.state_dict().items() if isinstance(value, Tensor)}
    shapes = {key: tuple(value.shape) for key, value in own.items()}
    if (found := {key: tuple(value.shape) for key, value in stored.items()}) != shapes:
        raise UserError(f"{path} holds cells of shapes {found}; this network has {shapes}")
    for key, value in stored.items():
        if key.rpartition(".")[2] not in _CELLS and not torch.equal(value, own[key].cpu()):
            raise UserError(f"{path} holds a network of other weights: '{key}' differs from this network's")
    mapped.load_state_dict(stored | json.loads(about["state"]))


@dataclass(frozen=True)
class Comparison:
    """A programmed layer beside its ideal.

    Attributes:
        cells: number of cells, bias columns included.
        arrays: number of arrays it takes.
        g_mean, g_low, g_high: mean, least and largest conductance of its cells, siemens.
        weight_error: root mean square of effective less ideal weights, over that of the ideal weights; of a
            layer of zeros, 0 if it gives zeros, else infinite.
        correlation: of effective with ideal weights (for inputs of zero mean and equal variance it is the
            correlation of the products too); 1 where both are zero, 0 where one is.
    """

    cells: int
    arrays: int
    g_mean: float
    g_low: float
    g_high: float
    weight_error: float
    correlation: float


def compare(mapped: CrossbarNetwork) -> dict[str, Comparison]:
    """Each layer of a programmed network beside its ideal, by the layer's name.

    Raises:
        UserError: if it is no mapped network.

    >>> import torch
    >>> from imc.crossbar import Chip, Device, compare, map_network
    >>> mapped = map_network(torch.nn.Sequential(torch.nn.Linear(4, 2)), Chip(device=Device(1e3, 1e4)))
    >>> for name, layer in compare(mapped).items():
    ...     print(name, layer.cells, layer.arrays, layer.weight_error < 1e-6)
    0 16 1 True
    """
    _check(mapped)
    return {name: _compare(layer) for name, layer in mapped.layers.items()}


def _check(mapped: Any) -> None:
    if not isinstance(mapped, CrossbarNetwork):
        raise UserError(f"a network on crossbars is wanted, as map_network makes it, not {mapped!r}")


def _compare(layer: CrossbarLayer) -> Comparison:
    ideal, effective = layer.ideal.detach().double().flatten(), layer.effective().double().flatten()
    g = layer.cells.double()
    extra = 0 if layer.bias_cells is None else layer.bias_cells.numel()
    size, product = float(ideal.norm() * effective.norm()), float((ideal * effective).sum())
    error, wanted = float((effective - ideal).norm()), float(ideal.norm())
    return Comparison(
        cells=layer.cells.numel() + extra,
        arrays=layer.arrays,
        g_mean=float(g.mean()),
        g_low=float(g.min()),
        g_high=float(g.max()),
        weight_error=error / wanted if wanted else (float("inf") if error else 0.0),
        correlation=product / size if size else float(not error),
    )


def histogram(layer: CrossbarLayer, bins: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Counts and edges (siemens) of the conductances of a layer's cells, as numpy.histogram gives them."""
    return np.histogram(layer.cells.cpu().numpy(), bins=bins)


def picture(layer: CrossbarLayer, number: int = 0) -> np.ndarray:
    """Conductances, siemens, of one of the layer's arrays as they lie, shape (rows, columns).

    Arrays count across, then down, then group by group.

    Raises:
        UserError: if the layer has no array of that number.
    """
    if not 0 <= number < layer.arrays:
        raise UserError(f"layer '{layer.name}' has no array {number}: its arrays are 0 to {layer.arrays - 1}")
    outputs, inputs = len(layer.ideal) // layer.groups, layer.cell_shape[2]
    tiles = list(layer.chip.tiles(outputs, inputs))
    group, tile = divmod(number, len(tiles))
    cells = layer.cells.unflatten(0, (layer.groups, -1))[group]
    bias = None if layer.bias_cells is None else layer.bias_cells.unflatten(0, (layer.groups, -1))[group]
    return physical(layer.chip, cells, bias, tiles[tile]).cpu().numpy()
