"""The thesis's merges held against batch norm on random layers: how exact is "exact"?"""

import torch

from imc.binary.quantizers import quantize_activation, sign
from imc.papers.reram.experiments import AlgebraConfig
from imc.papers.reram.merge import Layer, Norm, arithmetic_merge, signed_merge
from imc.runs.experiments import Outcome, Progress


def random_layer(config: AlgebraConfig, generator: torch.Generator) -> tuple[Layer, Norm]:
    """A layer of 1-bit weights and a batch norm with gamma of both signs, in float64."""

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    layer = Layer(sign(normal(config.inputs, config.outputs)), normal(config.outputs))
    return layer, Norm(*(normal(config.outputs) for _ in range(3)), sigma=normal(config.outputs).abs() + 0.1)


def compare(config: AlgebraConfig, progress: Progress) -> Outcome:
    """Over `config.layers` random layers and binary inputs.

    Metrics: arithmetic_merge_error, activation_merge_error (greatest difference, relative to the greatest
    output); signed_merge_flips (binary activations that differ, of `activations`); merged_magnitudes (fewest
    distinct |w'| of a layer after the arithmetic merge; one before it).
    """
    generator = torch.Generator().manual_seed(config.seed)
    arithmetic, activation, flips, magnitudes = 0.0, 0.0, 0, config.inputs * config.outputs
    for index in range(config.layers):
        layer, norm = random_layer(config, generator)
        x = (torch.rand(config.batch, config.inputs, generator=generator) < 0.5).double()
        exact, merged = norm(layer(x)), arithmetic_merge(layer, norm)
        arithmetic = max(arithmetic, _error(merged(x), exact))
        activation = max(activation, _error(_scaled_activation(layer, norm, x), _activation(exact)))
        flips += int((sign(signed_merge(layer, norm)(x)) != sign(exact)).sum())
        magnitudes = min(magnitudes, len(merged.w.abs().unique()))
        progress((index + 1) / config.layers)
    return Outcome(
        {
            "arithmetic_merge_error": arithmetic,
            "activation_merge_error": activation,
            "signed_merge_flips": flips,
            "activations": config.layers * config.batch * config.outputs,
            "merged_magnitudes": magnitudes,
        }
    )


def _activation(z: torch.Tensor) -> torch.Tensor:
    return quantize_activation(torch.tanh(z) / 2 + 0.5, 3)


def _scaled_activation(layer: Layer, norm: Norm, x: torch.Tensor) -> torch.Tensor:
    """Section 3.2.2: the layer keeps its weights, and gamma/sigma goes into the activation's domain."""
    scale = norm.gamma / norm.sigma
    shifted = Layer(layer.w, layer.b - norm.mean + norm.beta / scale)
    return _activation(scale.unsqueeze(-2) * shifted(x))


def _error(found: torch.Tensor, exact: torch.Tensor) -> float:
    return ((found - exact).abs().max() / exact.abs().max()).item()
