"""Estimates in sentences: to one digit after the point, since a sentence is read and not computed with."""

from imc.claims.statistics import Estimate


def said(e: Estimate, unit: str = "%") -> str:
    """``58.1 ± 6.4 %``.

    >>> said(Estimate(58.1, 51.7, 64.5, 5))
    '58.1 ± 6.4 %'
    """
    return f"{e.mean:.1f} ± {e.half_width:.1f} {unit}"


def changed(e: Estimate) -> str:
    """A difference with its sign, ``+0.8 ± 1.9 %p``.

    >>> changed(Estimate(0.8, -1.1, 2.7, 5))
    '+0.8 ± 1.9 %p'
    """
    return f"{e.mean:+.1f} ± {e.half_width:.1f} %p"


def apart(e: Estimate, more: str = "more", less: str = "less", chance: str = "apart, within chance") -> str:
    """A difference without its sign and in words, ``18.3 ± 7.4 %p less``; `chance` where zero is in it.

    >>> apart(Estimate(-18.3, -25.7, -10.9, 5))
    '18.3 ± 7.4 %p less'
    """
    way = more if e.low > 0 else less if e.high < 0 else chance
    return f"{abs(e.mean):.1f} ± {e.half_width:.1f} %p {way}"
