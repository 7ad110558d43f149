"""The slides' equations on the bit-wise convolution and on the digital unit, each held against plain sums."""

from typing import Any

import numpy as np
import torch

from imc.binary.quantizers import quantize_activation
from imc.papers.imce.bitwise import Code, CodeName, Shape, bitwise, direct, planes
from imc.papers.imce.bitwise_experiments import BitwiseConfig
from imc.papers.imce.packed import PackedConvolution
from imc.papers.imce.subarray import convolve, example
from imc.runs.experiments import Outcome, Progress

CODES: tuple[CodeName, ...] = ("unsigned", "twos-complement", "symmetric")
SHAPES = (Shape(3, 1, 1), Shape(3, 2), Shape(1))
EPSILON = 1e-4
"""Of batch norm, as in DoReFa-Net's code."""


def check(config: BitwiseConfig, progress: Progress) -> Outcome:
    """Count what differs.

    Metrics: wrong.planes, wrong.identity, wrong.packed, wrong.sub_array and wrong.average_pooling (entries);
    compared (outputs of the identity); example.shift, .shifted, .total, .cycles; quantizer.steps (greatest
    error in steps); batch_norm.deviation (greatest, of mean from 0 and variance from 1); activation.outside
    (values); dense.relative (greatest difference of a dense layer and its convolution, relative).
    """
    draw = np.random.default_rng(config.seed)
    wrong = {"planes": 0, "identity": 0, "packed": 0, "sub_array": 0, "average_pooling": _pooling()}
    compared = 0
    for bits in range(1, 9):
        for weight_bits in range(1, 9):
            for name in CODES:
                code = Code(name, weight_bits)
                for _ in range(config.layers):
                    found = _layer(draw, bits, code)
                    compared += found.pop("compared")
                    for key, value in found.items():
                        wrong[key] += value
        progress(bits / 8)
    array, steps = example()
    (shown,) = (step for step in steps if (step.n, step.m) == (2, 1))
    metrics: dict[str, Any] = {
        "wrong": wrong,
        "compared": compared,
        "example": {
            "count": shown.count, "shift": shown.shift, "shifted": shown.shifted, "total": steps[-1].total,
            "cycles": array.cycles,
        },
        "quantizer": {"steps": max(_quantizer(bits) for bits in range(1, 9))},
        "batch_norm": {"deviation": _batch_norm(config.seed)},
        "activation": {"outside": _activation()},
        "dense": {"relative": _dense(config.seed)},
    }  # fmt: skip
    return Outcome(metrics)


def _layer(draw: np.random.Generator, bits: int, code: Code) -> dict[str, int]:
    """One random layer, computed in every way."""
    shape = SHAPES[draw.integers(len(SHAPES))]
    x = draw.integers(0, 2**bits, (1, draw.integers(1, 70), 5, 5), dtype=np.uint8)
    weights = draw.choice(code.values, (3, x.shape[1], shape.kernel, shape.kernel))
    want = direct(x, weights, shape)
    stored = code.encode(weights)
    summed = np.tensordot(2 ** np.arange(code.bits), planes(stored, code.bits).astype(np.int64), 1)
    in_memory = convolve(x, weights, shape, bits, code, rows=bits + 2 * code.bits, columns=64).outputs
    return {
        "compared": want.size,
        "planes": int((summed != stored).sum()),
        "identity": int((bitwise(x, weights, shape, bits, code) != want).sum()),
        "packed": int((PackedConvolution(weights, shape, bits, code)(x) != want).sum()),
        "sub_array": int((in_memory != want).sum()),
    }


def _pooling() -> int:
    """Sums of 2 x 2 inputs of 4 bits, all of them, whose right shift by two is not the floor of the mean."""
    sums = np.stack(np.meshgrid(*[np.arange(16)] * 4)).sum(0)
    return int(((sums >> 2) != np.floor(sums / 4)).sum())


def _quantizer(bits: int) -> float:
    x = torch.linspace(0, 1, 100_001, dtype=torch.float64)
    steps = 2**bits - 1
    found = quantize_activation(x, bits)
    levels = torch.unique((found * steps).round())
    error = float((found - x).abs().max() * steps)
    return error if len(levels) == steps + 1 else float(steps)


def _batch_norm(seed: int) -> float:
    draw = torch.Generator().manual_seed(seed)
    worst = 0.0
    for _ in range(20):
        scale, shift = torch.rand(2, 1, 8, generator=draw, dtype=torch.float64)
        x = (0.5 + 3 * scale) * torch.randn(200, 8, generator=draw, dtype=torch.float64) + 10 * shift
        y = torch.nn.functional.batch_norm(x, None, None, training=True, eps=EPSILON)
        variance = y.var(0, correction=0)
        worst = max(worst, float(y.mean(0).abs().max()), float((variance - 1).abs().max()))
    return worst


def _activation() -> int:
    x = torch.linspace(-1e3, 1e3, 200_001, dtype=torch.float64)
    y = (torch.tanh(x) + 1) / 2
    return int(((y < 0) | (y > 1)).sum())


def _dense(seed: int) -> float:
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(10, 128, 5, 5, generator=draw, dtype=torch.float64)
    w = torch.randn(64, 128, 5, 5, generator=draw, dtype=torch.float64)
    dense = x.flatten(1) @ w.flatten(1).T
    convolved = torch.nn.functional.conv2d(x, w).flatten(1)
    return float((convolved - dense).abs().max() / dense.abs().max())
