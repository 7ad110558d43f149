"""Programmed networks on disk, and how far they are from what they should be."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.torch import save_file

from imc.crossbar.layers import CrossbarLayer
from imc.crossbar.network import CrossbarNetwork
from imc.crossbar.reading import physical
from imc.errors import UserError


def save(mapped: CrossbarNetwork, path: Path) -> None:
    """Store the conductances of every layer as safetensors, with the chip's description beside them."""
    tensors = {}
    for name, layer in mapped.layers.items():
        tensors[f"{name}.cells"] = layer.cells.contiguous().cpu()
        if layer.bias_cells is not None:
            tensors[f"{name}.bias_cells"] = layer.bias_cells.contiguous().cpu()
    corrections = {name: [layer.slope, layer.intercept] for name, layer in mapped.layers.items()}
    save_file(tensors, path, {"chip": repr(mapped.chip), "corrections": json.dumps(corrections)})


def load(mapped: CrossbarNetwork, path: Path) -> None:
    """Put stored conductances into a network mapped to the same chip.

    Raises:
        UserError: if the file holds another chip, other layers or other shapes.
    """
    with safe_open(path, "pt") as file:
        about = file.metadata() or {}
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a mapping)
    if about.get("chip") != repr(mapped.chip):
        raise UserError(f"{path} holds a network on {about.get('chip')}, not on {mapped.chip}")
    places = {f"{name}.cells": layer.cells for name, layer in mapped.layers.items()}
    places |= {
        f"{name}.bias_cells": layer.bias_cells
        for name, layer in mapped.layers.items()
        if layer.bias_cells is not None
    }
    shapes = {name: tuple(t.shape) for name, t in places.items()}
    if (found := {name: tuple(t.shape) for name, t in stored.items()}) != shapes:
        raise UserError(f"{path} holds cells of shapes {found}; this network has {shapes}")
    for name, tensor in stored.items():
        places[name].copy_(tensor)
    mapped.refresh()
    for name, (slope, intercept) in json.loads(about["corrections"]).items():
        mapped.layers[name].correct(slope, intercept)


@dataclass(frozen=True)
class Comparison:
    """A programmed layer beside its ideal.

    Attributes:
        cells: number of cells, bias columns included.
        arrays: number of arrays it takes.
        g_mean, g_low, g_high: mean, least and largest conductance of its cells, siemens.
        weight_error: root mean square of effective less ideal weights, over that of the ideal weights.
        correlation: of effective with ideal weights (for inputs of zero mean and equal variance it is the
            correlation of the products too).
    """

    cells: int
    arrays: int
    g_mean: float
    g_low: float
    g_high: float
    weight_error: float
    correlation: float


def compare(mapped: CrossbarNetwork) -> dict[str, Comparison]:
    """Each layer of a programmed network beside its ideal, by the layer's name."""
    return {name: _compare(layer) for name, layer in mapped.layers.items()}


def _compare(layer: CrossbarLayer) -> Comparison:
    outputs, _, inputs = layer.cell_shape
    ideal, effective = layer.ideal.double().flatten(), layer.effective().double().flatten()
    g = layer.cells.double()
    extra = 0 if layer.bias_cells is None else layer.bias_cells.numel()
    product = (ideal * effective).sum() / (ideal.norm() * effective.norm())
    return Comparison(
        cells=layer.cells.numel() + extra,
        arrays=sum(1 for _ in layer.chip.tiles(outputs, inputs)),
        g_mean=float(g.mean()),
        g_low=float(g.min()),
        g_high=float(g.max()),
        weight_error=float((effective - ideal).norm() / ideal.norm()),
        correlation=float(product),
    )


def histogram(layer: CrossbarLayer, bins: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Counts and edges (siemens) of the conductances of a layer's cells, as numpy.histogram gives them."""
    return np.histogram(layer.cells.cpu().numpy(), bins=bins)


def picture(layer: CrossbarLayer, number: int = 0) -> np.ndarray:
    """Conductances, siemens, of one of the layer's arrays as they lie, shape (rows, columns).

    Raises:
        UserError: if the layer has no array of that number.
    """
    outputs, _, inputs = layer.cell_shape
    tiles = list(layer.chip.tiles(outputs, inputs))
    if not 0 <= number < len(tiles):
        raise UserError(f"layer '{layer.name}' has no array {number}: its arrays are 0 to {len(tiles) - 1}")
    return physical(layer.chip, layer.cells, layer.bias_cells, tiles[number]).cpu().numpy()
