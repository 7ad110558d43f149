"""A binary perceptron whose hidden layers may be split over arrays that give one bit each.

Kim et al., arXiv 1811.02187: each group of inputs has its own binary linear map, batch norm and sign; the
unit's output is the sign of the sum of the groups' signs, ties to +1, and the gradient of that last sign is
passed unchanged to every group.
"""

import math

import torch
from torch import Tensor, nn

from imc.errors import UserError

CLASSES = 10


class Sign(torch.autograd.Function):
    """Sign with ties to +1; its gradient is passed where the input lies in [-1, 1] (HardTanh before it)."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient * (x.abs() <= 1)


class Vote(torch.autograd.Function):
    """Sign of the sum over dimension 1, ties to +1; the gradient goes unchanged to every member."""

    @staticmethod
    def forward(ctx, bits: Tensor) -> Tensor:
        ctx.groups = bits.shape[1]
        return torch.where(bits.sum(1) >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient[:, None].expand(-1, ctx.groups, -1)


def sign(x: Tensor) -> Tensor:
    """Sign with ties to +1, and a gradient."""
    return Sign.apply(x)  # pyright: ignore[reportReturnType]


def vote(bits: Tensor) -> Tensor:
    """Majority over dimension 1 of (n, groups, outputs), ties to +1, and a gradient."""
    return Vote.apply(bits)  # pyright: ignore[reportReturnType]


class SplitLayer(nn.Module):
    """Binary linear map of each group of inputs, batch norm, sign; then their vote.

    Attributes:
        weight: latent, (groups, rows, outputs), clipped to [-1, 1]; its sign is what cells hold.
        norm: batch norm of groups x outputs partial sums.
        factor: of the learning rate, 1/sqrt(1.5/(fan-in + fan-out)), fan-out divided by the groups.

    Raises:
        UserError: if the rows of an array do not divide the inputs.
    """

    def __init__(self, inputs: int, outputs: int, rows: int, generator: torch.Generator) -> None:
        super().__init__()
        if rows < 1 or inputs % rows:
            raise UserError(f"{inputs} inputs do not fill arrays of {rows} rows; take rows that divide them")
        self.groups = inputs // rows
        self.weight = nn.Parameter(
            torch.empty(self.groups, rows, outputs).uniform_(-1, 1, generator=generator)
        )
        self.norm = nn.BatchNorm1d(self.groups * outputs)
        self.factor = 1 / math.sqrt(1.5 / (inputs + outputs / self.groups))

    def partial_sums(self, x: Tensor) -> Tensor:
        """What each array sums before its threshold, (n, groups, outputs), for inputs (n, inputs)."""
        parts = x.view(len(x), self.groups, -1)
        return torch.einsum("ngi,gio->ngo", parts, sign(self.weight))

    def forward(self, x: Tensor) -> Tensor:
        """Bits of -1 and +1, (n, outputs), for inputs (n, inputs)."""
        sums = self.partial_sums(x)
        bits = sign(self.norm(sums.flatten(1)).view_as(sums))
        return bits[:, 0] if self.groups == 1 else vote(bits)


class SplitNetwork(nn.Module):
    """pixels - hidden - hidden - hidden - 10; the second and third hidden layers are split.

    `rows` = hidden is the network in one piece.
    """

    def __init__(self, pixels: int, hidden: int, rows: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.hidden = nn.ModuleList(
            [
                SplitLayer(pixels, hidden, pixels, generator),
                SplitLayer(hidden, hidden, rows, generator),
                SplitLayer(hidden, hidden, rows, generator),
            ]
        )
        self.last = SplitLayer(hidden, CLASSES, hidden, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Scores, (n, 10), for pictures (n, pixels) of -1 to 1."""
        for layer in self.hidden:
            x = layer(x)
        return self.last.norm(self.last.partial_sums(x)[:, 0])

    def layers(self) -> list[SplitLayer]:
        """All four, first to last."""
        return [*self.hidden, self.last]  # pyright: ignore[reportReturnType]


@torch.no_grad()
def split_without_training(layer: SplitLayer, rows: int, inputs: Tensor, centred: bool) -> SplitLayer:
    """`layer`, which is in one piece, over arrays of `rows`, its weights and thresholds kept.

    A unit's batch norm is a threshold of its whole sum and a direction. Each array gets the direction and a
    share of the threshold: an equal one, or, `centred`, the mean of its partial sum over `inputs`, (n,
    inputs of the layer), plus an equal share of what the threshold lies above the whole sum's mean.

    Raises:
        UserError: as `SplitLayer` does.
    """
    pieces, units = layer.weight.shape[1] // rows, layer.weight.shape[2]
    split = SplitLayer(layer.weight.shape[1], units, rows, torch.Generator())
    split.weight.copy_(layer.weight.view(pieces, rows, units))
    norm = layer.norm
    spread = torch.sqrt(norm.running_var + norm.eps)  # pyright: ignore[reportOptionalOperand]
    threshold = norm.running_mean - norm.bias * spread / norm.weight  # pyright: ignore[reportOptionalOperand]
    means = split.partial_sums(inputs).mean(0) if centred else torch.zeros(pieces, units)
    shares = means + (threshold - means.sum(0)) / pieces
    split.norm.running_mean = shares.flatten()
    split.norm.running_var = norm.running_var.repeat(pieces)  # pyright: ignore[reportOptionalMemberAccess]
    split.norm.weight.copy_(norm.weight.sign().repeat(pieces))
    split.norm.bias.zero_()
    return split.eval()
