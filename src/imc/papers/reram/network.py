"""The thesis's network as an ensemble: several networks of one configuration, computed as one batch.

Every tensor has the network as its first axis (n below); networks share nothing but the code.
"""

import torch
from torch import Tensor

from imc.binary.quantizers import quantize_activation, quantize_weight, straight_through, weight_integers
from imc.papers.reram.experiments import MlpConfig
from imc.papers.reram.merge import Layer, Norm
from imc.papers.reram.size import layer_shapes

LAYERS = (1, 2, 3)
MOMENTUM, EPSILON = 0.125, 1e-5  # BinaryNet's batch norm


def squash(z: Tensor, config: MlpConfig) -> Tensor:
    """Pre-activations to [0, 1]: (hardtanh(z) + 1)/2 for binary neurons, `config.squash` for others."""
    tanh = config.activation_bits > 1 and config.squash == "tanh"
    return (torch.tanh(z) if tanh else torch.clamp(z, -1, 1)) / 2 + 0.5


class Ensemble:
    """`config.seeds` networks with real weights, being trained.

    Attributes:
        parameters: name to tensor that requires a gradient: w1 (n, inputs, outputs), b1 (n, outputs), and
            with a norm gamma1 (n, outputs; n, 1 if shared), beta1 (n, outputs); likewise 2 and 3.
        running: running mean and variance of each layer's pre-activations, mean1, var1 (n, outputs), ...
        generators: one a network, for its initial weights, its batches and its stochastic neurons.
    """

    def __init__(self, config: MlpConfig) -> None:
        self.config = config
        self.generators = [torch.Generator().manual_seed(config.seed + i) for i in range(config.seeds)]
        self.parameters: dict[str, Tensor] = {}
        self.running: dict[str, Tensor] = {}
        n = config.seeds
        for layer, (rows, columns) in zip(
            LAYERS, layer_shapes(config.input_size, config.hidden), strict=True
        ):
            self.parameters[f"w{layer}"] = 2 * self._uniform(rows, columns) - 1
            self.parameters[f"b{layer}"] = torch.zeros(n, columns)
            if config.norm != "none":
                self.parameters[f"gamma{layer}"] = torch.ones(n, 1 if config.norm == "shared" else columns)
                self.parameters[f"beta{layer}"] = torch.zeros(n, columns)
                self.running[f"mean{layer}"] = torch.zeros(n, columns)
                self.running[f"var{layer}"] = torch.ones(n, columns)
        for parameter in self.parameters.values():
            parameter.requires_grad_()

    def _uniform(self, *shape: int) -> Tensor:
        """(n, *shape) uniform in [0, 1), each network from its own generator."""
        return torch.stack([torch.rand(*shape, generator=g) for g in self.generators])

    def scores(self, x: Tensor) -> Tensor:
        """Training pass: inputs (n, batch, inputs) to scores (n, batch, 10); updates running statistics."""
        p, config = self.parameters, self.config
        for layer in LAYERS:
            y = torch.baddbmm(
                p[f"b{layer}"].unsqueeze(1), x, quantize_weight(p[f"w{layer}"], config.weight_bits)
            )
            z = y if config.norm == "none" else self._normalize(y, layer)
            if layer == LAYERS[-1]:
                return z
            a = squash(z, config)
            if config.activation_bits == 1 and config.stochastic_neurons:
                fired = self._uniform(*a.shape[1:]) < a
                x = straight_through(fired.to(a.dtype), a)
            else:
                x = quantize_activation(a, config.activation_bits)
        raise AssertionError("the last layer returns")

    def _normalize(self, y: Tensor, layer: int) -> Tensor:
        mean = y.mean(1)
        var = (y - mean.unsqueeze(1)).square().mean(1)
        with torch.no_grad():
            self.running[f"mean{layer}"].lerp_(mean, MOMENTUM)
            self.running[f"var{layer}"].lerp_(var, MOMENTUM)
        return self._norm(layer, mean, var)(y)

    def _norm(self, layer: int, mean: Tensor, var: Tensor) -> Norm:
        """The layer's norm of given statistics; shared: one gamma/sigma for all channels (thesis, 3.2.2)."""
        if self.config.norm == "shared":
            var = var.mean(-1, keepdim=True).expand_as(mean)
        gamma = self.parameters[f"gamma{layer}"].expand_as(mean)
        return Norm(gamma, self.parameters[f"beta{layer}"], mean, torch.sqrt(var + EPSILON))

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
                norm = self._norm(layer, self.running[f"mean{layer}"], self.running[f"var{layer}"])
                found |= {f"{name}{layer}": value.detach().clone() for name, value in norm._asdict().items()}
        return found


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
