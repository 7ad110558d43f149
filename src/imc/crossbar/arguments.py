"""What a network is called with: a batch, a tuple or list of arguments, or a dictionary of them by name.

Tensors may lie in tuples, lists and dictionaries of any depth; the first axis of each is the batch.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from imc.errors import UserError


def tensors(inputs: Any) -> Iterator[Tensor]:
    """Every tensor of `inputs`, in order."""
    if isinstance(inputs, Tensor):
        yield inputs
    elif isinstance(inputs, Mapping | tuple | list):
        for value in inputs.values() if isinstance(inputs, Mapping) else inputs:
            yield from tensors(value)


def check_inputs(what: str, inputs: Any) -> None:
    """Refuse what holds no tensor, no input, or a value that is not finite.

    Raises:
        UserError: which begins with `what`.
    """
    found = list(tensors(inputs))
    if not found:
        kind = type(inputs).__name__
        raise UserError(f"{what} takes tensors as the network does, or a tuple of them, not a {kind}")
    if not any(value.numel() for value in found):
        raise UserError(f"{what} needs one input at least")
    floats = [value for value in found if value.numel() and not _is_whole(value)]
    if not all(math.isfinite(float(value.abs().max())) for value in floats):
        raise UserError(f"{what} holds an input that is not a finite number")


def _is_whole(value: Tensor) -> bool:
    return not (value.is_floating_point() or value.is_complex())


def each_tensor(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """`value` with every tensor changed, in whatever tuples, lists and dictionaries it lies."""
    if isinstance(value, Tensor):
        return change(value)
    if type(value) is dict:
        return {key: each_tensor(part, change) for key, part in value.items()}
    if type(value) in (tuple, list):
        return type(value)(each_tensor(part, change) for part in value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(each_tensor(part, change) for part in value))
    return value


def call(network: nn.Module, inputs: Any) -> Any:
    """What `network` gives for `inputs`."""
    if isinstance(inputs, Mapping):
        return network(**inputs)
    return network(*inputs) if isinstance(inputs, tuple | list) else network(inputs)
