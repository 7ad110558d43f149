"""How often the sign of a sum differs from the sign of the sum of its parts' signs.

Splitting a long sum of independent terms over `groups` arrays, each of which gives one bit, replaces
sign(s_1 + ... + s_G) by sign(sign(s_1) + ... + sign(s_G)). The parts s_g are Gaussian and independent, of
equal variance. How many terms a part has plays no role, so neither does the size of an array.
"""

import math

import numpy as np
from scipy.integrate import quad
from scipy.special import gammaln, wofz

from imc.errors import UserError


def flipped(groups: int) -> float:
    """Probability that the two signs differ, ties of the signs going to +1.

    Exact, up to quadrature. With k of the parts above zero, their sum is that of k half-normal variables
    less that of the others, whose law is found from its characteristic function.

    Raises:
        UserError: for fewer than one group.

    Example:
        >>> [round(100 * flipped(groups), 1) for groups in (1, 4, 8, 16)]
        [0.0, 22.9, 21.8, 21.2]
    """
    if groups < 1:
        raise UserError(f"groups = {groups}: a sum has one part at least")
    return sum(_binomial(groups, k) * _wrong(groups, k) for k in range(groups + 1))


def many() -> float:
    """The limit of `flipped` for many groups, arccos(sqrt(2/pi))/pi.

    Sum of signs and sum of values are then jointly Gaussian, and their correlation is E|s| = sqrt(2/pi).

    Example:
        >>> round(100 * many(), 1)
        20.6
    """
    return math.acos(math.sqrt(2 / math.pi)) / math.pi


def _binomial(n: int, k: int) -> float:
    return math.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) - n * math.log(2))


def _wrong(groups: int, positive: int) -> float:
    """P(the sum's sign is not that of the signs), given how many parts are above zero."""
    if positive in (0, groups):
        return 0.0
    above = 0.5 + _sign_integral(groups, positive) / math.pi  # Gil-Pelaez: P(sum > 0)
    return 1 - above if 2 * positive >= groups else above


def _sign_integral(groups: int, positive: int) -> float:
    """Integral over t > 0 of Im(phi(t))/t, phi the characteristic function of the sum."""

    def integrand(t: float) -> float:
        one = half_normal(t)
        return (one**positive * one.conjugate() ** (groups - positive)).imag / t

    return quad(integrand, 0, np.inf, limit=500, epsabs=1e-11, epsrel=1e-9)[0]


def half_normal(t: float) -> complex:
    """E exp(i t |z|) for a standard normal z: exp(-t^2/2) (1 + i erfi(t/sqrt 2)), by Faddeeva's function."""
    # exp(-t^2/2) erfc(-i t/sqrt 2) = w(t/sqrt 2)
    return complex(wofz(t / math.sqrt(2)))
