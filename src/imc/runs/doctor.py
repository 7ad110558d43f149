"""What this machine has, for `imc doctor`."""

import time
from collections.abc import Iterator

from imc import datasets, runs
from imc.paths import results_dir
from imc.runs import experiments, provenance, records


def report() -> Iterator[tuple[str, str]]:
    """Title and line of each finding."""
    machine = provenance.machine()
    yield "machine", f"{machine['processor']}, {machine['cores']} cores"
    yield "versions", ", ".join(f"{name} {version}" for name, version in provenance.versions().items())
    yield from _torch()
    for one in datasets.status():
        yield "data", one.line
    found = runs.published()
    missing = [e.name for e in experiments.every().values() if not any(kind is e for kind, _ in found)]
    yield (
        "records",
        f"{len(found)} published, all verified" + (f"; none of {', '.join(missing)}" if missing else ""),
    )
    own = results_dir()
    if own.is_dir():
        yield "", f"{len(records.read_all(own))} of this machine's own in {own}"
    minutes = sum(e.seconds(c) for e, c in found) / 60
    yield "recompute", f"everything published: about {minutes:.0f} min on 2 cores (make rerun)"


def _torch() -> Iterator[tuple[str, str]]:
    import torch

    if torch.cuda.is_available():
        yield "accelerator", torch.cuda.get_device_name()
    flags = torch.backends.cpu.get_cpu_capability()
    amx = torch.cpu._is_amx_tile_supported()
    yield "matrix units", f"{flags}{', AMX' if amx else ', no AMX: bfloat16 may be slower than float32'}"
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a = torch.ones(2048, 2048, dtype=dtype)
        product = a @ a
        begin = time.perf_counter()
        for _ in range(3):
            torch.mm(a, a, out=product)
        rate = 3 * 2 * 2048**3 / (time.perf_counter() - begin) / 1e12
        yield "", f"{name} matrix product {rate:.2f} TFLOP/s"
