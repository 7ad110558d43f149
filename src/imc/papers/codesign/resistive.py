"""Networks of resistors that settle to a state of least energy, and what that state says of the loss.

Layer 0 is held at the input voltages. Each later node takes the voltage at which its currents add up to zero.
With the conductances g_l >= 0 between layers l and l + 1 and currents b_l into the nodes,

    E = sum_l s_l [ sum_ij g_l,ij (a_l v_l,i - v_l+1,j)^2 / 2 - sum_j b_l+1,j v_l+1,j + diodes(v_l+1) ]

is least there. a_0 = 1 and a_l = A behind a hidden layer: a bidirectional amplifier multiplies the voltage by
A forwards and divides the current by A backwards, which makes s_l+1 = s_l/A^2. A = 1 is no amplifier.
Equilibrium propagation (Scellier and Bengio 2017; Kendall et al., arXiv 2006.01981) adds beta times the cost
C = |v_last - target|^2/2 to the energy of the output layer, by currents beta (target - v_last); then

    dC/dtheta = lim (dE/dtheta at +beta - dE/dtheta at -beta) / (2 beta),

where dE/dg_ij is half the squared voltage across that resistor: nothing that is not at hand there.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from imc.errors import UserError
from imc.papers.codesign.equilibrium_experiments import Diodes

SATURATION, THERMAL = 1e-6, 0.05
"""Anti-parallel diodes: current I_s and voltage V_t of i = 2 I_s sinh(v/V_t), in units of g and v."""
ISOLATED = 1e-9
"""Least conductance of a node to its neighbours below."""
NEWTON = 12
"""Steps; the start is above the root of a convex function, so that they converge from one side."""


@dataclass(frozen=True)
class Circuit:
    """What the network is built of.

    Attributes:
        diodes: at hidden nodes.
        amplifier: A, voltage gain behind each hidden layer.
        sweeps: updates of all layers in turn until it counts as settled.

    Raises:
        UserError: for an amplifier that does not amplify, or no sweep.
    """

    diodes: Diodes = "ideal"
    amplifier: float = 1.0
    sweeps: int = 4

    def __post_init__(self) -> None:
        if not self.amplifier >= 1:
            raise UserError(f"amplifier = {self.amplifier}: it should be 1, which is none, or more")
        if self.sweeps < 1:
            raise UserError(f"sweeps = {self.sweeps}: a network needs one at least to settle")

    def clamp(self, current: Tensor, conductance: Tensor) -> Tensor:
        """Voltages of hidden nodes with this current at 0 volt and this conductance to their neighbours.

        Args:
            current: (..., nodes).
            conductance: broadcastable to it.
        """
        if self.diodes == "antiparallel":
            return antiparallel(current, conductance)
        free = current / conductance
        if self.diodes == "ideal":
            half = free.shape[-1] // 2
            free[..., :half].clamp_(min=0)
            free[..., half:].clamp_(max=0)
        return free

    def scale(self, layer: int) -> float:
        """s of the conductances above `layer`: 1 for the first."""
        return self.amplifier ** (-2.0 * layer)


def antiparallel(current: Tensor, conductance: Tensor) -> Tensor:
    """The voltage v with conductance v + 2 I_s sinh(v/V_t) = current, by Newton's method from above."""
    size = current.abs()
    v = torch.minimum(size / conductance, THERMAL * torch.asinh(size / (2 * SATURATION)))
    for _ in range(NEWTON):
        x = v / THERMAL
        excess = conductance * v + 2 * SATURATION * torch.sinh(x) - size
        v = v - excess / (conductance + 2 * SATURATION / THERMAL * torch.cosh(x))
    return v.copysign(current)


@dataclass
class Weights:
    """Conductances and currents of networks side by side.

    Attributes:
        g: conductances, one tensor (networks, nodes below, nodes above) a layer, none negative.
        b: currents into the nodes above, (networks, 1, nodes) a layer.
    """

    g: list[Tensor]
    b: list[Tensor]

    @classmethod
    def drawn(cls, sizes: tuple[int, ...], networks: int, generator: torch.Generator) -> "Weights":
        """Conductances uniform in +-1/sqrt(fan-in), those below 0 set to 0; no currents."""
        g = [
            torch.empty(networks, n, m).uniform_(-(n**-0.5), n**-0.5, generator=generator).clamp_(min=0)
            for n, m in pairwise(sizes)
        ]
        return cls(g, [torch.zeros(networks, 1, m) for m in sizes[1:]])

    def double(self) -> "Weights":
        """In double precision."""
        return Weights([g.double() for g in self.g], [b.double() for b in self.b])


def settle(
    circuit: Circuit,
    weights: Weights,
    inputs: Tensor,
    start: list[Tensor] | None = None,
    target: Tensor | None = None,
    nudging: float | Tensor = 0.0,
) -> list[Tensor]:
    """Voltages of layers 1 to the last, each (networks, batch, nodes), by exact updates of a layer at a time.

    Args:
        circuit: what it is built of.
        weights: of the networks.
        inputs: voltages of layer 0, (networks, batch, nodes).
        start: voltages to start from; 0 volt where there are none.
        target: of the outputs, (networks, batch, outputs).
        nudging: beta, of either sign; currents nudging x (target - output) flow into the outputs.
    """
    g, b, gain = weights.g, weights.b, circuit.amplifier
    last = len(g) - 1
    given = inputs @ g[0]  # the same in all sweeps
    # a node that no resistor reaches any more stays at 0 volt
    below = [layer.sum(1, keepdim=True).clamp(min=ISOLATED) for layer in g]
    above = [layer.sum(2)[:, None] for layer in g]
    v = list(start) if start else [torch.zeros_like(given[..., :1]).expand(-1, -1, w.shape[2]) for w in g]
    for _ in range(circuit.sweeps):
        for i in range(last + 1):
            current = (given if i == 0 else gain * (v[i - 1] @ g[i])) + b[i]
            if i < last:
                back = v[i + 1] @ g[i + 1].mT / gain
                v[i] = circuit.clamp(current + back, below[i] + above[i + 1])
            elif target is None:
                v[i] = current / below[i]
            else:
                v[i] = (current + nudging * target) / (below[i] + nudging)
    return v


def estimate(
    circuit: Circuit, weights: Weights, inputs: Tensor, target: Tensor, nudging: float
) -> tuple[Weights, Tensor]:
    """The gradient of the mean cost by free and nudged states, and the free outputs.

    Both nudged states start from the free one. The difference of the squared input voltages is 0, so layer 0
    needs one product of the inputs with the difference of the two states.

    Raises:
        UserError: for a nudging that is not above 0.
    """
    if not nudging > 0:
        raise UserError(f"nudging = {nudging}: it should be above 0, or the two states are one")
    free = settle(circuit, weights, inputs)
    # both signs at once, as further networks
    n = len(inputs)
    both = Weights([torch.cat([g, g]) for g in weights.g], [torch.cat([b, b]) for b in weights.b])
    sign = torch.tensor([nudging, -nudging], dtype=inputs.dtype).repeat_interleave(n)[:, None, None]
    nudged = settle(
        circuit,
        both,
        torch.cat([inputs, inputs]),
        [torch.cat([v, v]) for v in free],
        torch.cat([target, target]),
        sign,
    )
    up, down = [v[:n] for v in nudged], [v[n:] for v in nudged]
    over = 1 / (2 * nudging * circuit.scale(len(weights.g) - 1))
    slopes_g, slopes_b = [], []
    for i, (high, low) in enumerate(zip(up, down, strict=True)):
        scale, batch = over * circuit.scale(i), high.shape[1]
        squares = (high.square() - low.square()).mean(1)[:, None] / 2
        if i == 0:
            g = squares - inputs.mT @ (high - low) / batch
        else:
            gain, a, c = circuit.amplifier, up[i - 1], down[i - 1]
            squares = squares + gain**2 * (a.square() - c.square()).mean(1)[..., None] / 2
            g = squares - gain * (a.mT @ high - c.mT @ low) / batch
        slopes_g.append(scale * g)
        slopes_b.append(-scale * (high - low).mean(1, keepdim=True))
    return Weights(slopes_g, slopes_b), free[-1]


def require_stable(weights: Weights, nudging: float) -> None:
    """Refuse a nudge that pulls an output away from its target harder than its resistors hold it.

    Raises:
        UserError: if it is as large as the conductances of an output; the energy then has no least state.
    """
    least = weights.g[-1].sum(1).min().item()
    if not nudging < least:
        raise UserError(
            f"nudging = {nudging}: it should be below the least conductance of an output, {least:.3g}, or "
            "the state that is nudged away from the target runs off"
        )


def cost(outputs: Tensor, target: Tensor) -> Tensor:
    """Half the squared distance to the target, mean over the batch, (networks,)."""
    return (outputs - target).square().sum(-1).mean(-1) / 2
