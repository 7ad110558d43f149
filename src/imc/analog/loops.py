"""Pulses and cells one by one, in double precision: what the fast code of this room is held against."""

import numpy as np

from imc.analog.devices import Device


def coincide(
    p_x: np.ndarray, p_d: np.ndarray, signs: np.ndarray, length: int, chance: np.random.Generator
) -> list[tuple[int, int, int]]:
    """Coincidences of one sample's train, in the order in which they happen.

    Args:
        p_x: firing probabilities of the inputs, (inputs,).
        p_d: firing probabilities of the errors, (outputs,).
        signs: +1 where a coincidence is an up pulse, else -1, (outputs, inputs).
        length: slots of the train.
        chance: draws them.

    Returns:
        (output, input, sign) of each.
    """
    met = []
    for _ in range(length):
        rows = [j for j in range(len(p_x)) if chance.random() < p_x[j]]
        columns = [i for i in range(len(p_d)) if chance.random() < p_d[i]]
        met += [(i, j, int(signs[i, j])) for i in columns for j in rows]
    return met


def pulsed(w: float, sign: int, device: Device, chance: np.random.Generator) -> float:
    """The weight `w` of a nominal cell after one pulse of this sign."""
    step = device.dw_min * (device.up(w) if sign > 0 else -device.down(w))
    moved = w + step * (1 + device.cycle_spread * chance.standard_normal())
    return min(max(moved, -device.bound), device.bound)


def trained(
    w: np.ndarray,
    x: np.ndarray,
    delta: np.ndarray,
    lr: float,
    device: Device,
    length: int,
    chance: np.random.Generator,
) -> np.ndarray:
    """w <- w - lr delta^T x by stochastic trains with limits of 1 for |x| and |delta|, pulse by pulse.

    Args:
        w: weights, (outputs, inputs).
        x: inputs, (samples, inputs).
        delta: errors, (samples, outputs).
        lr: learning rate.
        device: of all cells, nominal.
        length: slots of a train.
        chance: draws everything.
    """
    w = w.astype(float).copy()
    gain = np.sqrt(lr / (length * device.dw_min))
    for inputs, errors in zip(x, delta, strict=True):
        p_x, p_d = np.minimum(gain * np.abs(inputs), 1), np.minimum(gain * np.abs(errors), 1)
        for i, j, sign in coincide(p_x, p_d, -np.sign(np.outer(errors, inputs)), length, chance):
            w[i, j] = pulsed(w[i, j], sign, device, chance)
    return w
