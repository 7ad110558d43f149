"""The packed engine against int8 and float32 convolutions of the same layers, in one run on one core.

Times are of the thread's own processor, so that what else the machine does disturbs them little; the least
of several counts. Inputs are taken as the layer before would leave them: one byte each for the packed
engine, which packs them itself, and int8 or float32 tensors, channels last, for torch.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from imc import threads
from imc.errors import UserError
from imc.papers.imce.bitwise import Code, Shape
from imc.papers.imce.bitwise_experiments import SpeedConfig
from imc.papers.imce.networks import SVHN, Layer
from imc.papers.imce.packed import PackedConvolution
from imc.runs.experiments import Outcome, Progress


def measure(config: SpeedConfig, progress: Progress) -> Outcome:
    """Time every chosen layer in every way.

    Metrics: by layer, macs (of the batch), float32_ms, int8_ms, and by width (`w1i2`) packed.W.ms,
    packed.W.packing_ms (the part that packs the inputs), packed.W.wrong (outputs unlike float32's); `total`
    with their sums over the layers and, by width, packed.W.of_float32 and packed.W.of_int8: times the
    engine is faster than these (below 1: slower).
    """
    metrics: dict[str, Any] = {}
    with threads.for_products(1):
        for i, name in enumerate(config.layers):
            metrics[name] = _layer(SVHN[name], config)
            progress((i + 1) / len(config.layers), name)
    total: dict[str, Any] = {
        k: sum(m[k] for m in metrics.values()) for k in ("macs", "float32_ms", "int8_ms")
    }
    widths = metrics[config.layers[0]]["packed"]
    total["packed"] = {
        w: {k: sum(m["packed"][w][k] for m in metrics.values()) for k in ("ms", "packing_ms", "wrong")}
        for w in widths
    }
    for found in total["packed"].values():
        found["of_float32"] = total["float32_ms"] / found["ms"]
        found["of_int8"] = total["int8_ms"] / found["ms"]
    return Outcome(metrics | {"total": total})


def _layer(layer: Layer, config: SpeedConfig) -> dict[str, Any]:
    shape = Shape(layer.kernel, layer.stride, layer.padding)
    draw = np.random.default_rng(config.seed)
    size = (config.batch, layer.in_channels, layer.in_side, layer.in_side)
    jobs: dict[str, Callable[[], Any]] = {}
    engines = {}
    for text in config.widths:
        weight_bits, bits = map(int, text.split(":"))
        code = Code("symmetric", weight_bits)
        x = draw.integers(0, 2**bits, size, dtype=np.uint8)
        weights = draw.choice(code.values, (layer.out_channels, *size[1:2], layer.kernel, layer.kernel))
        name = f"w{weight_bits}i{bits}"
        engines[name] = (PackedConvolution(weights, shape, bits, code), x, weights)
        jobs[name] = lambda e=engines[name]: e[0](e[1])
        jobs[f"{name} packing"] = lambda e=engines[name]: e[0].gather(e[1])
    *_, (_, x, weights) = engines.values()
    jobs["float32"], jobs["int8"] = _float32(x, weights, layer), _int8(x, weights, layer)
    times = _milliseconds(jobs, config.repeats)
    packed = {
        name: {
            "ms": times[name],
            "packing_ms": times[f"{name} packing"],
            "wrong": int((engine(x) != _float32(x, weights, layer)().numpy()).sum()),
        }
        for name, (engine, x, weights) in engines.items()
    }
    macs = config.batch * layer.macs
    return {"macs": macs, "float32_ms": times["float32"], "int8_ms": times["int8"], "packed": packed}


def _last(a: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(a).float().contiguous(memory_format=torch.channels_last)


def _float32(x: np.ndarray, weights: np.ndarray, layer: Layer) -> Callable[[], torch.Tensor]:
    inputs, kernels = _last(x), _last(weights)
    return lambda: F.conv2d(inputs, kernels, stride=layer.stride, padding=layer.padding)


def _int8(x: np.ndarray, weights: np.ndarray, layer: Layer) -> Callable[[], torch.Tensor]:
    """torch's quantized convolution, whatever it is built on for this processor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the names of these functions are about to move
        inputs = torch.quantize_per_tensor(_last(x), 1.0, 0, torch.quint8)
        kernels = torch.quantize_per_tensor(_last(weights), 1.0, 0, torch.qint8)
    stride, padding = [layer.stride] * 2, [layer.padding] * 2
    try:
        ready = torch.ops.quantized.conv2d_prepack(kernels, None, stride, padding, [1, 1], 1)
    except RuntimeError as error:
        raise UserError(f"this torch has no int8 convolution: {error}") from None
    return lambda: torch.ops.quantized.conv2d(inputs, ready, 16.0, 128)


def _milliseconds(jobs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Least processor time of each, all in turn."""
    best = dict.fromkeys(jobs, float("inf"))
    with torch.inference_mode():
        for job in jobs.values():
            job()
        for _ in range(repeats):
            for name, job in jobs.items():
                begin = time.thread_time()
                job()
                best[name] = min(best[name], 1e3 * (time.thread_time() - begin))
    return best
