"""The thesis's network as an ensemble: several networks of one configuration, computed as one batch.

Every tensor has the network as its first axis (n below); networks share nothing but the code.
"""

import torch
from torch import Tensor

from imc.binary.binarynet import Flat, power_of_two
from imc.binary.quantizers import quantize_activation, weight_integers
from imc.papers.reram.experiments import MlpConfig
from imc.papers.reram.merge import Layer, Norm
from imc.papers.reram.size import layer_shapes

LAYERS = (1, 2, 3)
MOMENTUM, EPSILON = 0.125, 1e-5  # BinaryNet's batch norm


def tanh_is_used(config: MlpConfig) -> bool:
    """Whether hidden activations are quantized from tanh(z); from the clipped z otherwise."""
    return config.activation_bits > 1 and config.squash == "tanh"


def squash(z: Tensor, config: MlpConfig) -> Tensor:
    """Pre-activations to [0, 1]: (hardtanh(z) + 1)/2 for binary neurons, `config.squash` for others."""
    return (torch.tanh(z) if tanh_is_used(config) else torch.clamp(z, -1, 1)) / 2 + 0.5


def has_statistics(config: MlpConfig) -> bool:
    """Whether the norm subtracts a mean and divides by a deviation."""
    return config.norm in ("batch", "shared")


def shifted(config: MlpConfig, layer: int) -> bool:
    """Whether the layer's batch norm is the release's shift-based one; its output layer's is plain."""
    return config.norm_arithmetic == "shift-based" and layer != LAYERS[-1]


class Ensemble:
    """`config.seeds` networks with real weights, being trained.

    Attributes:
        flat: all parameters in one buffer, all weights first.
        parameters: name to view of it: w1 (n, inputs, outputs), b1 (n, outputs), and with a norm
            gamma1 (n, outputs; n, 1 if shared or scale), beta1 (n, outputs); likewise 2 and 3.
        running: running mean of each layer's pre-activations, and of their variance, or with shift-based
            batch norm of 1/sigma: mean1, var1 or inverse1 (n, outputs), ...
        generators: one a network, for its initial weights, its batches and its stochastic neurons.
    """

    def __init__(self, config: MlpConfig) -> None:
        self.config = config
        self.generators = [torch.Generator().manual_seed(config.seed + i) for i in range(config.seeds)]
        self.running: dict[str, Tensor] = {}
        n = config.seeds
        start: dict[str, Tensor] = {}
        shapes = layer_shapes(config.input_size, config.hidden)
        for layer, (rows, columns) in zip(LAYERS, shapes, strict=True):
            start[f"w{layer}"] = 2 * self._uniform(rows, columns) - 1
        for layer, (_, columns) in zip(LAYERS, shapes, strict=True):
            start[f"b{layer}"] = torch.zeros(n, columns)
            if config.norm != "none":
                start[f"gamma{layer}"] = torch.ones(n, columns if config.norm == "batch" else 1)
                start[f"beta{layer}"] = torch.zeros(n, columns)
            if has_statistics(config):
                self.running[f"mean{layer}"] = torch.zeros(n, columns)
                self.running[f"inverse{layer}" if shifted(config, layer) else f"var{layer}"] = torch.ones(
                    n, columns
                )
        self.flat = Flat(start)
        self.parameters = self.flat.parameters

    def _uniform(self, *shape: int) -> Tensor:
        """(n, *shape) uniform in [0, 1), each network from its own generator."""
        return torch.stack([torch.rand(*shape, generator=g) for g in self.generators])

    @torch.no_grad()
    def tensors(self) -> dict[str, Tensor]:
        """What inference needs: w as int8 integers of the grid, b, with a norm gamma, beta, mean, sigma."""
        found: dict[str, Tensor] = {}
        for layer in LAYERS:
            found[f"w{layer}"] = weight_integers(self.parameters[f"w{layer}"], self.config.weight_bits).to(
                torch.int8
            )
            found[f"b{layer}"] = self.parameters[f"b{layer}"].detach().clone()
            if self.config.norm != "none":
                norm = self._norm(layer)
                found |= {f"{name}{layer}": value.detach().clone() for name, value in norm._asdict().items()}
        return found

    def _norm(self, layer: int) -> Norm:
        """The layer's norm at inference; shared: one gamma/sigma for all channels (thesis, 3.2.2)."""
        beta, gamma = self.parameters[f"beta{layer}"], self.parameters[f"gamma{layer}"]
        if not has_statistics(self.config):
            return Norm(gamma.expand_as(beta), beta, torch.zeros_like(beta), torch.ones_like(beta))
        mean = self.running[f"mean{layer}"]
        if shifted(self.config, layer):
            sigma = 1 / power_of_two(self.running[f"inverse{layer}"])
            gamma = power_of_two(gamma)
        else:
            var = self.running[f"var{layer}"]
            if self.config.norm == "shared":
                var = var.mean(-1, keepdim=True)
            sigma = torch.sqrt(var + EPSILON).expand_as(mean)
        return Norm(gamma.expand_as(mean), beta, mean, sigma)


class Trained:
    """Trained networks at inference.

    Attributes:
        layers: the three dense layers, weights (n, inputs, outputs) in [-1, 1].
        norms: their norms, or None where the network has none.
    """

    def __init__(
        self, config: MlpConfig, tensors: dict[str, Tensor], dtype: torch.dtype = torch.float64
    ) -> None:
        self.config = config
        scale = 2.0 ** (1 - config.weight_bits)
        t = {name: value.to(dtype) for name, value in tensors.items()}
        self.layers = [Layer(t[f"w{i}"] * scale, t[f"b{i}"]) for i in LAYERS]
        self.norms = [Norm(*(t[f"{f}{i}"] for f in Norm._fields)) if "gamma1" in t else None for i in LAYERS]

    def activate(self, z: Tensor) -> Tensor:
        """Hidden activations of pre-activations `z`, deterministic; one bit is the step at zero."""
        if self.config.activation_bits == 1:
            return torch.ge(z, 0, out=torch.empty_like(z))
        return quantize_activation(squash(z, self.config), self.config.activation_bits)

    def pre_activations(
        self, x: Tensor, layers: list[Layer] | None = None, norms: list[Norm | None] | None = None
    ) -> list[Tensor]:
        """What each layer gives, norm included, for inputs (batch, inputs); the last are the class scores.

        Each is (n, batch, outputs). Other layers or norms than the trained ones may be given.
        """
        found: list[Tensor] = []
        layers, norms = layers or self.layers, norms or self.norms
        x = x.to(layers[0].w.dtype)
        for layer, norm in zip(layers, norms, strict=True):
            y = layer(x)
            found.append(norm(y) if norm else y)
            x = self.activate(found[-1])
        return found
