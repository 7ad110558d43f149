"""Tiki-Taka to play with (``book/_static/play/tikitaka.js``), and its start as a figure.

One weight learns one number from noisy gradients: by descent on one array, and by Algorithm 1 on two.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from imc.pages import figures
from imc.pages.players import Start


@dataclass(frozen=True)
class Learning:
    """What the player starts with; a nominal cell with soft bounds at +-1.

    Attributes:
        states: steps between the bounds.
        asymmetry: a; steps are 1 + a up and 1 - a down, in units of the step at weight 0.
        cycle: SD of one pulse relative to its mean.
        target: the number.
        noise: SD of the gradient's noise.
        lr: eta_a, of a weight or of A.
        every: samples between two transfers.
        transfer: eta_c.
        steps: samples.
    """

    states: int = 200
    asymmetry: float = 0.2
    cycle: float = 0.3
    target: float = -0.5
    noise: float = 1.0
    lr: float = 0.02
    every: int = 2
    transfer: float = 0.1
    steps: int = 4000

    def write(self, w: float, wanted: float, chance: np.random.Generator) -> float:
        """The weight after a change of `wanted` in whole pulses, rounded by chance."""
        exact = abs(wanted) * self.states / 2
        for _ in range(int(exact) + int(chance.random() < exact % 1)):
            size = (1 + self.asymmetry) * (1 - w) if wanted > 0 else -(1 - self.asymmetry) * (1 + w)
            moved = w + 2 / self.states * size * (1 + self.cycle * chance.standard_normal())
            w = min(max(moved, -1.0), 1.0)
        return w

    def learned(self, chance: np.random.Generator) -> dict[str, list[float]]:
        """Weights after 0, 1, ... samples: of the one array, and of two, `a` from its symmetry point and `c`.

        gamma is 0: what the two arrays have learned is `c`.

        Example:
            >>> one = Learning(noise=0.0).learned(np.random.default_rng(0))
            >>> [round(float(np.mean(one[name][-1000:])), 2) for name in ("one", "c")]
            [-0.5, -0.5]
        """
        w, a, c, zero = 0.0, self.asymmetry, 0.0, self.asymmetry
        found = {"one": [w], "a": [0.0], "c": [c]}
        for k in range(1, self.steps + 1):
            error = self.noise * chance.standard_normal()
            w = self.write(w, -self.lr * (w - self.target + error), chance)
            a = self.write(a, -self.lr * (c - self.target + error), chance)
            if k % self.every == 0:
                c = self.write(c, self.transfer * (a - zero), chance)
            for name, value in (("one", w), ("a", a - zero), ("c", c)):
                found[name].append(value)
        return found


def pulses(learning: Learning = Learning()) -> Start:
    """One cell's steps, and one number learned by one array and by two."""
    found = learning.learned(np.random.default_rng(1))
    w = np.linspace(-1, 1, 41)
    up, down = (1 + learning.asymmetry) * (1 - w), (1 - learning.asymmetry) * (1 + w)
    figure, (left, right) = figures.axes(1, 2, width=7.4, height=3.0)
    for index, (steps, label) in enumerate(((up, "up"), (down, "down"))):
        left.plot(w, steps, **(figures.series(index) | {"marker": "none"}))
        left.annotate(label, (-0.95, steps[1]), xytext=(0, 5), textcoords="offset points", fontsize=9)
    left.axvline(learning.asymmetry, color=figures.INK, linewidth=1.0, linestyle=":")
    left.set_xlabel("weight")
    left.set_ylabel("step (of that at 0)")
    samples = range(0, learning.steps + 1, 20)
    for index, (name, label) in enumerate((("one", "one array"), ("c", "Tiki-Taka: C"), ("a", "A"))):
        look = figures.series(index) | {"marker": "none", "linewidth": 1.1}
        right.plot(samples, found[name][::20], label=label, **look)
    right.axhline(learning.target, color=figures.INK, linewidth=1.0, linestyle=":")
    right.set_xlabel("samples")
    right.set_ylabel("weight")
    figures.legend(figure, columns=3)
    table = pd.DataFrame({"samples": samples} | {name: values[::20] for name, values in found.items()})
    return Start(data={}, figure=figure, csv=table)
