"""How long a spin current takes to turn the free layer: one macrospin, from a thermal start.

Landau-Lifshitz-Gilbert with the spin torque of the heavy metal, in the plane of the film: the free layer's
long axis lies along the polarization p of the spins, which is at right angles to the charge current. What is
not known of the authors' Verilog-A model is assumed, and nothing is fitted.
"""

import math

import numpy as np
from numpy.typing import NDArray

from imc.claims import reference
from imc.papers.imce.device import absorbed, area_nm2, spin_gain
from imc.papers.imce.memory_experiments import DeviceConfig
from imc.runs.experiments import Outcome, Progress

Array = NDArray[np.float64]
Vector = tuple[Array, Array, Array]

MU0 = 4e-7 * math.pi  # T m/A
GAMMA0 = 1.760859e11 * MU0  # m/(A s)
BOLTZMANN = 1.380649e-23  # J/K
HBAR = 1.054571817e-34  # J s
CHARGE = 1.602176634e-19  # C
STEP_S = 1e-12
THICK = 20.0
"""Spin-flip lengths at which the formula's bracket is taken as saturated."""


def energy(config: DeviceConfig) -> float:
    """mu0 Ms^2 V of the elliptic free layer, J."""
    volume = area_nm2(config.length_nm, config.width_nm, "ellipse") * config.free_layer_nm * 1e-27
    return MU0 * (1e3 * config.ms_ka_m) ** 2 * volume


def stability(config: DeviceConfig) -> float:
    """Energy barrier between the two states over k T."""
    easy, hard, _ = config.demagnetizing
    return energy(config) * (hard - easy) / 2 / (BOLTZMANN * config.temperature_k)


def gain(config: DeviceConfig) -> float:
    """I_s / I_q with the ellipse's area over the cross-section that the charge flows through."""
    section = config.metal_width_nm * config.metal_thickness_nm
    area = area_nm2(config.length_nm, config.width_nm, "ellipse")
    return spin_gain(config.hall_angle, area, section, config.metal_thickness_nm, config.spin_flip_nm)


def threshold_ua(config: DeviceConfig) -> float:
    """Charge current, uA, above which the initial state is unstable: the macrospin's, without heat."""
    easy, hard, out = config.demagnetizing
    torque = config.damping * energy(config) * ((hard - easy) + (out - easy)) / 2
    return 1e6 * torque * 2 * CHARGE / HBAR / gain(config)


def torque_field(config: DeviceConfig) -> float:
    """a_J in A/m of a charge current of 1 uA: hbar I_s / (2 e mu0 Ms V)."""
    volume = energy(config) / (MU0 * (1e3 * config.ms_ka_m) ** 2)
    return HBAR * gain(config) * 1e-6 / (2 * CHARGE * MU0 * 1e3 * config.ms_ka_m * volume)


def thermal_start(config: DeviceConfig, spins: int, generator: np.random.Generator) -> Vector:
    """Directions around -p, as heat leaves them; small angles, both normal."""
    easy, hard, out = config.demagnetizing
    heat = BOLTZMANN * config.temperature_k / energy(config)
    y = generator.normal(0, math.sqrt(heat / (hard - easy)), spins)
    z = generator.normal(0, math.sqrt(heat / (out - easy)), spins)
    norm = np.sqrt(1 + y**2 + z**2)
    return -1 / norm, y / norm, z / norm


def rate(m: Vector, torque: Array, config: DeviceConfig) -> Vector:
    """dm/dt in 1/s; `torque` is the spin current's field a_J in A/m, towards p = +x."""
    (nx, ny, nz), ms = config.demagnetizing, 1e3 * config.ms_ka_m
    x, y, z = m
    # field of the shape, and m x p times the torque
    hx, hy, hz = -ms * nx * x, -ms * ny * y + torque * z, -ms * nz * z - torque * y
    tx, ty, tz = y * hz - z * hy, z * hx - x * hz, x * hy - y * hx
    ux, uy, uz = y * tz - z * ty, z * tx - x * tz, x * ty - y * tx
    a, k = config.damping, -GAMMA0 / (1 + config.damping**2)
    return k * (tx + a * ux), k * (ty + a * uy), k * (tz + a * uz)


def crossing_times(config: DeviceConfig, currents_ua: Array, spins: int, seed: int) -> Array:
    """When each macrospin first turns past its hard axis, ns; infinite if not within `config.longest_ns`.

    Fourth-order Runge-Kutta with steps of 1 ps. The current is on from the start to the end.

    Returns:
        shape (currents, spins); the same starts for every current.
    """
    generator = np.random.default_rng(seed)
    torque = np.repeat(torque_field(config) * np.asarray(currents_ua, dtype=float), spins)
    x, y, z = (np.tile(part, len(currents_ua)) for part in thermal_start(config, spins, generator))
    times = np.full(torque.shape, np.inf)
    for step in range(1, round(config.longest_ns * 1e-9 / STEP_S) + 1):
        a = rate((x, y, z), torque, config)
        b = rate(_moved((x, y, z), a, STEP_S / 2), torque, config)
        c = rate(_moved((x, y, z), b, STEP_S / 2), torque, config)
        d = rate(_moved((x, y, z), c, STEP_S), torque, config)
        x, y, z = (
            m + STEP_S / 6 * (e + 2 * f + 2 * g + h)
            for m, e, f, g, h in zip((x, y, z), a, b, c, d, strict=True)
        )
        norm = np.sqrt(x * x + y * y + z * z)
        x, y, z = x / norm, y / norm, z / norm
        times[(x > 0) & np.isinf(times)] = step * STEP_S * 1e9
    return times.reshape(len(currents_ua), spins)


def _late(config: DeviceConfig, times: Array) -> float:
    """The time, ns, by which `config.certain` % of the spins have turned; -1 if they have not."""
    late = float(np.quantile(times, config.certain / 100, method="higher"))
    return late if math.isfinite(late) else -1.0


def _moved(m: Vector, by: Vector, step: float) -> Vector:
    return m[0] + step * by[0], m[1] + step * by[1], m[2] + step * by[2]


def measure(config: DeviceConfig, progress: Progress) -> Outcome:
    """The slides' formula, and the current that writes.

    Metrics: saturation (the bracket at twenty spin-flip lengths); gains (by area of the junction and of the
    metal: I_s / I_q); thickness.nm and .gain, and .best (nm, where the gain is greatest); stability (k T);
    threshold_ua; switched (% of spins turned within the pulse, by current); turned_ns (by current: the time
    by which `config.certain` % have turned, -1 where they have not) and time_at_printed_ns, the same at the
    printed current; write_current_ua (the lowest current from which on `config.certain` % turn within the
    pulse; -1 if none).

    Arrays: times_ns (currents, spins), as `crossing_times` gives them.
    """
    currents = np.array(config.currents_ua)
    printed = reference.value("imce.device.write_current").value
    *times, at_printed = crossing_times(config, np.append(currents, printed), config.spins, config.seed)
    times = np.array(times)
    progress(0.9, "macrospins")
    share = 100 * (times <= config.pulse_ns).mean(1)
    late = np.array([_late(config, of) for of in (*times, at_printed)])
    enough = np.flatnonzero(share < config.certain)
    first = 0 if not len(enough) else int(enough[-1]) + 1
    sections = {
        "across": config.metal_width_nm * config.metal_thickness_nm,
        "along": config.metal_length_nm * config.metal_thickness_nm,
    }
    thickness = np.linspace(0.1, 8.0, 159)
    gains = [gain(config.model_copy(update={"metal_thickness_nm": float(t)})) for t in thickness]
    return Outcome(
        {
            "saturation": absorbed(THICK * config.spin_flip_nm, config.spin_flip_nm),
            "gains": {
                f"{shape}_{name}": spin_gain(
                    config.hall_angle,
                    area_nm2(config.length_nm, config.width_nm, shape),
                    section,
                    config.metal_thickness_nm,
                    config.spin_flip_nm,
                )
                for shape in ("ellipse", "rectangle")
                for name, section in sections.items()
            },
            "thickness": {
                "nm": thickness.tolist(),
                "gain": gains,
                "best": float(thickness[int(np.argmax(gains))]),
            },
            "stability": stability(config),
            "threshold_ua": threshold_ua(config),
            "switched": share.tolist(),
            "turned_ns": late[:-1].tolist(),
            "time_at_printed_ns": float(late[-1]),
            "write_current_ua": float(currents[first]) if first < len(currents) else -1.0,
        },
        {"times_ns": times},
    )
