"""Outside solvers of arrays and devices, asked for the same thing as ours: ngspice, badcrossbar, AIHWKit.

None is needed to use or to build anything; each says its version, or None where it is not installed.
"""

import importlib.metadata
import importlib.util
import logging
import re
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imc.crossbar.wires import Wires
from imc.errors import UserError

Floats = NDArray[np.float64]


def ngspice_version() -> str | None:
    if shutil.which("ngspice") is None:
        return None
    told = subprocess.run(["ngspice", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"ngspice-(\S+)", told)
    return found.group(1) if found else "unknown"


def badcrossbar_version() -> str | None:
    return _installed("badcrossbar")


def aihwkit_version() -> str | None:
    return _installed("aihwkit")


def _installed(package: str) -> str | None:
    return importlib.metadata.version(package) if importlib.util.find_spec(package) else None


def netlist(g: Floats, wires: Wires, volts: Floats) -> str:
    """The array as a circuit: cells `g` (rows, columns), all of them and all wires resistors.

    Wordline i at bitline j is node w<i>_<j>, bitline j at wordline i is b<i>_<j>; the source m<j> of 0 V, at
    the foot of bitline j, measures its current.
    """
    rows, columns = g.shape
    lines = ["an array of resistive cells"]

    def resistor(name: str, one: str, other: str, ohm: float) -> None:
        # A resistance of 0 is a source of 0 V: it measures, and does not resist.
        lines.append(f"R{name} {one} {other} {ohm!r}" if ohm else f"V{name} {one} {other} 0")

    for i in range(rows):
        lines.append(f"Vin{i} in{i} 0 {volts[i].item()!r}")
        for j in range(columns):
            before = f"w{i}_{j - 1}" if j else f"in{i}"
            resistor(f"w{i}_{j}", before, f"w{i}_{j}", wires.word + (0 if j else wires.source))
            after = f"b{i + 1}_{j}" if i < rows - 1 else f"foot{j}"
            resistor(f"b{i}_{j}", f"b{i}_{j}", after, wires.bit + (0 if i < rows - 1 else wires.sense))
            if g[i, j]:
                lines.append(f"Rc{i}_{j} w{i}_{j} b{i}_{j} {1 / g[i, j].item()!r}")
    lines += [f"Vm{j} foot{j} 0 0" for j in range(columns)]
    asked = [f"print i(vm{j})" for j in range(columns)]
    return "\n".join([*lines, ".control", "set numdgt=15", "op", *asked, ".endc", ".end", ""])


def ngspice(g: Floats, wires: Wires, volts: Floats) -> Floats:
    """Currents out of the bitlines, ampere, shape (columns,), by ngspice's operating point.

    Raises:
        UserError: if ngspice is not there, or does not answer with every current.
    """
    if ngspice_version() is None:
        raise UserError("ngspice is not installed: Debian's package is called ngspice")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "array.cir"
        file.write_text(netlist(g, wires, volts))
        ran = subprocess.run(["ngspice", "-b", str(file)], capture_output=True, text=True)
    found = dict(re.findall(r"^i\(vm(\d+)\) = (\S+)$", ran.stdout, re.MULTILINE))
    if len(found) != g.shape[1]:
        told = (ran.stderr or ran.stdout).strip().splitlines() or ["nothing"]
        raise UserError(f"ngspice gave {len(found)} of {g.shape[1]} currents; it said: {told[-1]}")
    return np.array([float(found[str(j)]) for j in range(g.shape[1])])


def badcrossbar(g: Floats, wires: Wires, volts: Floats) -> Floats:
    """The same by badcrossbar, which knows no drivers and readers.

    Raises:
        UserError: if badcrossbar is not there, or edges resist.
    """
    if badcrossbar_version() is None:
        raise UserError("badcrossbar is not installed: tests/requirements.txt names it")
    if wires.source or wires.sense:
        raise UserError("badcrossbar has no resistance of drivers and readers")
    with warnings.catch_warnings(record=True):  # it misses cairo, and insists on saying so
        import badcrossbar as theirs  # pyright: ignore[reportMissingImports]

        logging.getLogger("badcrossbar").setLevel(logging.WARNING)
        found = theirs.compute(
            volts[:, None], 1 / g, r_i_word_line=wires.word, r_i_bit_line=wires.bit, node_voltages=False
        )
    return np.reshape(np.asarray(found.currents.output, float), -1)


def aihwkit_products(weights: Floats, x: Floats) -> Floats:
    """x W^T by AIHWKit's ideal inference tile, float32: weights (outputs, inputs), x (n, inputs)."""
    import torch
    from aihwkit.nn.conversion import convert_to_analog  # pyright: ignore[reportMissingImports]
    from aihwkit.simulator.configs import TorchInferenceRPUConfig  # pyright: ignore[reportMissingImports]

    config = TorchInferenceRPUConfig()
    config.forward.is_perfect = True
    layer = torch.nn.Linear(weights.shape[1], weights.shape[0], bias=False)
    layer.weight.data = torch.from_numpy(weights).float()
    with torch.no_grad():
        return convert_to_analog(layer, config).eval()(torch.from_numpy(x).float()).double().numpy()


def aihwkit_moments(relative: float, seconds: float, cells: int, seed: int) -> dict[str, float]:
    """Phase-change cells of g = G/25 uS by AIHWKit's noise model: moments of programmed and drifted g.

    Returns:
        ``programmed_mean``, ``programmed_sd`` of g, and ``drifted_mean``, ``drifted_sd`` of ln(g/g0) when the
        cells are `seconds` old, verified at 20 s, read noise switched off.
    """
    import torch
    from aihwkit.inference import PCMLikeNoiseModel  # pyright: ignore[reportMissingImports]

    torch.manual_seed(seed)
    model = PCMLikeNoiseModel(g_max=25.0, read_noise_scale=0.0)
    target = torch.full((cells,), 25.0 * relative)
    programmed = model.apply_programming_noise_to_conductance(target) / 25
    exponents = model.generate_drift_coefficients(target)
    drifted = model.apply_drift_noise_to_conductance(target, exponents, seconds - 20.0)
    lost = torch.log(drifted / target).double()
    return {
        "programmed_mean": float(programmed.double().mean()),
        "programmed_sd": float(programmed.double().std()),
        "drifted_mean": float(lost.mean()),
        "drifted_sd": float(lost.std()),
    }
