"""What the benchmark times: ours, torch by hand, AIHWKit, and the machine's own limits.

Each contender runs in a process of its own, so that its peak of memory is its own:

    python -m imc.papers.arrays.contenders ours-float32 cnn 5

prints one line of JSON. A trial is: draw every cell anew and program it, then infer one batch.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imc.crossbar.arrays import Chip
from imc.crossbar.cells import Device
from imc.crossbar.network import CrossbarNetwork, map_network
from imc.crossbar.variation import GaussianResistance

DEVICE, SIGMA = Device(1e3, 1e4), 100.0
TIME_LIMIT = 20.0
"""Seconds after which a slow contender is not repeated any more."""

Trial = tuple[Callable[[int], object], Callable[[], Tensor]]
"""Program with a seed; infer the batch."""


def cnn(width: int = 128) -> tuple[nn.Sequential, Tensor]:
    """The controller of the BATMANN chapter on a batch of 100: 3.51 million cells in double columns."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, width, 5), nn.ReLU(), nn.Conv2d(width, width, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(width, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * width, 512),
    )  # fmt: skip
    return network.eval(), torch.randn(100, 1, 32, 32)


def mlp(width: int = 128) -> tuple[nn.Sequential, Tensor]:
    """The network of the ReRAM chapter on a batch of 1,000."""
    torch.manual_seed(0)
    layers = [nn.Linear(400, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)]
    return nn.Sequential(*layers).eval(), torch.randn(1000, 400)


NETWORKS = {"cnn": cnn, "mlp": mlp}


def work(network: nn.Sequential, x: Tensor) -> tuple[int, int]:
    """Floating-point operations of one batch, and cells in double columns."""
    operations = cells = 0
    with torch.inference_mode():
        for layer in network:
            x = layer(x)
            if isinstance(layer, nn.Linear | nn.Conv2d):
                operations += 2 * x.numel() * layer.weight[0].numel()
                cells += 2 * layer.weight.numel()
    return operations, cells


def ours(network: nn.Sequential, x: Tensor, dtype: torch.dtype) -> tuple[Trial, CrossbarNetwork]:
    """This engine."""
    mapped = map_network(network, Chip(DEVICE, variation=(GaussianResistance(SIGMA),))).to(dtype)
    return (mapped.program, lambda: mapped(x)), mapped


def by_hand(network: nn.Sequential, x: Tensor, dtype: torch.dtype) -> Trial:
    """What a careful user of torch writes: layer by layer, channels last, no engine."""
    network.to(dtype)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (torch's stub forgets it)
    x = x.to(dtype)
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    layers = [layer for layer in network if isinstance(layer, nn.Linear | nn.Conv2d)]
    ideal = [layer.weight.detach().float().clone() for layer in layers]
    swing = DEVICE.g_on - DEVICE.g_off

    def noisy(part: Tensor) -> Tensor:
        ohm = 1 / (DEVICE.g_off + part.clamp(min=0) * swing)
        return 1 / (ohm + SIGMA * torch.randn_like(ohm)).clamp_(min=1)

    @torch.inference_mode()
    def program(seed: int) -> None:
        torch.manual_seed(seed)
        for layer, w in zip(layers, ideal, strict=True):
            limit = w.abs().max()
            layer.weight.copy_((noisy(w / limit) - noisy(-w / limit)) * (limit / swing))

    @torch.inference_mode()
    def infer() -> Tensor:
        return network(x).float()

    return program, infer


def aihwkit(network: nn.Sequential, x: Tensor, ideal: bool) -> Trial:
    """AIHWKit's fastest inference tile (pure torch), with ideal or its default periphery, untiled."""
    from aihwkit.inference import PCMLikeNoiseModel  # pyright: ignore[reportMissingImports]
    from aihwkit.nn.conversion import convert_to_analog  # pyright: ignore[reportMissingImports]
    from aihwkit.simulator.configs import TorchInferenceRPUConfig  # pyright: ignore[reportMissingImports]

    config = TorchInferenceRPUConfig()
    config.forward.is_perfect = ideal
    config.mapping.max_input_size = config.mapping.max_output_size = 0
    config.noise_model = PCMLikeNoiseModel(g_max=25.0)
    analog = convert_to_analog(network, config).eval()

    def program(seed: int) -> None:
        torch.manual_seed(seed)
        with torch.no_grad():
            analog.program_analog_weights()

    @torch.no_grad()
    def infer() -> Tensor:
        return analog(x)

    return program, infer


def error(mapped: CrossbarNetwork, x: Tensor) -> float:
    """Root mean square of our outputs less those of float64 on the same cells, relative."""
    exact: list[nn.Module] = []
    for name, module in mapped.network.named_children():
        if layer := mapped.layers.get(name):
            cells = layer.cells.double()
            matrix = (cells[:, 0] - cells[:, 1]) * layer.unit
            assert layer.bias is not None
            plain: nn.Module
            if layer.conv is None:
                plain = nn.Linear(matrix.shape[1], matrix.shape[0])
            else:
                matrix = matrix.unflatten(1, (*layer.conv.kernel, -1)).permute(0, 3, 1, 2)
                plain = nn.Conv2d(matrix.shape[1], matrix.shape[0], layer.conv.kernel)
            plain.weight, plain.bias = nn.Parameter(matrix), nn.Parameter(layer.bias.double())
            exact.append(plain)
        else:
            exact.append(module)
    with torch.no_grad():
        want = nn.Sequential(*exact)(x.double())
        return float((mapped(x).double() - want).norm() / want.norm())


def milliseconds(call: Callable[[], object], repeats: int) -> float:
    """Least time of a call, after one that does not count."""
    call()
    times, begin = [], time.perf_counter()
    while len(times) < repeats and not (times and time.perf_counter() - begin > TIME_LIMIT):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def peak_mib() -> float:
    """Largest resident memory of this process so far, MiB.

    Linux keeps it for each program; what getrusage tells would include the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def limits(repeats: int) -> dict[str, float]:
    """What the machine can do: matrix products (operations a second) and normal draws (a second)."""
    found = {}
    for dtype in (torch.float32, torch.bfloat16):
        rates = []
        for rows, inner, columns in ((4096, 3200, 512), (2048, 2048, 2048)):
            a, b = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
            out = torch.empty(rows, columns, dtype=dtype)
            took = milliseconds(lambda a=a, b=b, out=out: torch.mm(a, b, out=out), repeats)
            rates.append(2e3 * rows * inner * columns / took)
        found[str(dtype).removeprefix("torch.")] = max(rates)
    draws, generator = torch.empty(3_512_576), torch.Generator()
    took = milliseconds(lambda: draws.normal_(generator=generator), 5 * repeats)
    return found | {"draws": 1e3 * draws.numel() / took}


@torch.inference_mode()
def kernels(network: str, repeats: int) -> dict[str, Any]:
    """The least that a trial's ingredients take: every layer by its fastest kernel, every cell by one draw.

    Each layer is timed alone on the input that it has in the network, behind it nothing: a convolution by
    torch's own in either memory format, and as one matrix product of its size; a dense layer by torch's own
    and by products with its weights either way round. No engine that uses these kernels can be faster.

    Returns:
        ``draws_ms``; and for each precision ``ms``, the sum, and ``layers``, times (ms) by kernel.
    """
    found: dict[str, Any] = {}
    for dtype in (torch.float32, torch.bfloat16):
        net, x = NETWORKS[network]()
        x, layers = x.to(dtype), []
        for layer in net.to(dtype):
            if isinstance(layer, nn.Conv2d | nn.Linear):
                tried = _convolutions(layer, x) if isinstance(layer, nn.Conv2d) else _products(layer, x)
                layers.append({name: milliseconds(call, repeats) for name, call in tried.items()})
            x = layer(x)
        found[str(dtype).removeprefix("torch.")] = {
            "ms": sum(min(times.values()) for times in layers),
            "layers": layers,
        }
    _, cells = work(*NETWORKS[network]())
    draws, generator = torch.empty(cells), torch.Generator()
    return found | {"draws_ms": milliseconds(lambda: draws.normal_(generator=generator), 5 * repeats)}


def _convolutions(layer: nn.Conv2d, x: Tensor) -> dict[str, Callable[[], Tensor]]:
    last = torch.channels_last
    w, w_last = layer.weight.contiguous(), layer.weight.contiguous(memory_format=last)
    x, x_last = x.contiguous(), x.contiguous(memory_format=last)
    pixels = layer(x[:1])[0, 0].numel() * len(x)
    patches, columns = x.new_ones(pixels, w[0].numel()), w.flatten(1).T.contiguous()
    out = x.new_empty(pixels, len(w))
    return {
        "channels_first": lambda: F.conv2d(x, w, layer.bias),
        "channels_last": lambda: F.conv2d(x_last, w_last, layer.bias),
        "product": lambda: torch.mm(patches, columns, out=out),
    }


def _products(layer: nn.Linear, x: Tensor) -> dict[str, Callable[[], Tensor]]:
    w, out = layer.weight, x.new_empty(len(x), layer.out_features)
    columns = w.T.contiguous()
    return {
        "linear": lambda: F.linear(x, w, layer.bias),
        "rows": lambda: torch.mm(x, w.T, out=out),
        "columns": lambda: torch.mm(x, columns, out=out),
    }


def growth(repeats: int) -> dict[str, list[float]]:
    """Cost against trials and against cells: seconds and MiB of many trials, programming by width."""
    network, x = cnn()
    (program, infer), _ = ours(network, x[:10], torch.float32)
    found: dict[str, list[float]] = {k: [] for k in ("trials", "seconds", "mib", "cells", "programming_ms")}
    program(0)
    infer()
    start = time.perf_counter()
    for trial in range(1, 8 * repeats + 1):
        program(trial)
        infer()
        if trial % repeats == 0:
            found["trials"].append(trial)
            found["seconds"].append(time.perf_counter() - start)
            found["mib"].append(peak_mib())
    for width in (128, 256, 512, 1024, 2048):
        layer = nn.Sequential(nn.Linear(width, width))
        (program, _), mapped = ours(layer, torch.zeros(1, width), torch.float32)
        found["cells"].append(mapped.conductances.numel())
        found["programming_ms"].append(milliseconds(lambda p=program: p(1), repeats))
    return found


@torch.no_grad()
def contend(name: str, network: str, repeats: int) -> dict[str, float]:
    """Times (ms) and memory (MiB) of a contender; `error` where it is ours."""
    kind, _, how = name.partition("-")
    net, x = NETWORKS[network]()
    found = {"mib_before": peak_mib()}
    mapped = None
    if kind == "ours":
        (program, infer), mapped = ours(net, x, getattr(torch, how))
    elif kind == "torch":
        program, infer = by_hand(net, x, getattr(torch, how))
    else:
        program, infer = aihwkit(net, x, ideal=how == "ideal")
    seeds = iter(range(1, 1_000_000))
    found["program_ms"] = milliseconds(lambda: program(next(seeds)), repeats)
    found["infer_ms"] = milliseconds(infer, repeats)
    found["mib"] = peak_mib()
    if mapped is not None:
        found["error"] = error(mapped, x[:10])
    return found


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "limits":
        outcome: dict = limits(int(rest[0]))
    elif what == "kernels":
        outcome = kernels(rest[0], int(rest[1]))
    elif what == "growth":
        outcome = growth(int(rest[0]))
    else:
        outcome = contend(what, rest[0], int(rest[1]))
    print(json.dumps(outcome))
