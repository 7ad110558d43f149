"""A network as the matrices that arrays hold, in a notation short enough to type.

``75x48x1296w8i8`` is a layer of 75 inputs and 48 outputs, evaluated at 1296 places of a picture, with weights
of 8 bits and inputs of 8 bits. Places and bits are 1 where left out; ``1200x128x729g2`` has two such matrices
side by side, each on its own inputs (a convolution in two groups).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from imc.errors import UserError

_FORM = "inputs x outputs, then places, bits and groups if need be, as in 400x128 or 75x48x1296w8i8g2"
_TEXT = re.compile(r"(\d+)x(\d+)(?:x(\d+))?(?:w(\d+))?(?:i(\d+))?(?:g(\d+))?")


@dataclass(frozen=True)
class Matrix:
    """A layer's weights, inputs x outputs.

    Attributes:
        inputs: length of one dot product.
        outputs: dot products with one input vector.
        reads: input vectors a picture.
        weight_bits, input_bits: bits of one weight and of one input.
        groups: number of such matrices, each with its own inputs.

    >>> Matrix(inputs=75, outputs=48, reads=1296, weight_bits=8, input_bits=8).macs
    4665600
    """

    inputs: int
    outputs: int
    reads: int = 1
    weight_bits: int = 1
    input_bits: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 1:
            raise UserError(f"the layer '{self}' has a zero; every number of a layer is 1 or more")

    def __str__(self) -> str:
        bits = "" if self.weight_bits == self.input_bits == 1 else f"w{self.weight_bits}i{self.input_bits}"
        reads, groups = (f"{s}{n}" if n > 1 else "" for s, n in (("x", self.reads), ("g", self.groups)))
        return f"{self.inputs}x{self.outputs}{reads}{bits}{groups}"

    @property
    def weights(self) -> int:
        """Weights of all groups."""
        return self.inputs * self.outputs * self.groups

    @property
    def macs(self) -> int:
        """Multiply-accumulates a picture."""
        return self.weights * self.reads

    @property
    def bit_products(self) -> int:
        """Products of single bits a picture: one for each bit of the weight with each of the input."""
        return self.macs * self.weight_bits * self.input_bits


def parse(text: str) -> Matrix:
    """The matrix of a text such as ``75x48x1296w8i8``.

    Raises:
        UserError: if it is not of that form.

    >>> parse("75x48x1296w8i8")
    Matrix(inputs=75, outputs=48, reads=1296, weight_bits=8, input_bits=8, groups=1)
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise UserError(f"'{text}' is no layer; write {_FORM}")
    return Matrix(*(int(part) if part else 1 for part in match.groups()))


def network(texts: Sequence[str]) -> tuple[Matrix, ...]:
    """The matrices of several such texts; raises as `parse` does.

    >>> sum(matrix.weights for matrix in network(["400x128", "128x128", "128x10"]))
    68864
    """
    return tuple(parse(text) for text in texts)


def _text(text: str) -> str:
    try:
        return str(parse(text))
    except UserError:
        raise ValueError(_FORM) from None


Layers = Annotated[
    tuple[Annotated[str, AfterValidator(_text)], ...],
    Field(description="inputs x outputs, then places, bits and groups: 75x48x1296w8i8g2", min_length=1),
]
"""A network in this notation, as a field of a configuration."""
