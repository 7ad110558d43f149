"""Equations (1) to (4) of the BATMANN slides, term by term, for numpy arrays or tensors."""

from typing import Any


def double_column(v: Any, g_plus: Any, g_minus: Any) -> tuple[Any, Any, Any]:
    """Slides, equations (1a), (1b) and (2), of voltages (n,) and conductances (n, outputs).

    Returns:
        I+ = V G+, I- = V G-, and V (G+ - G-), which equals I+ - I- for any conductances.
    """
    return v @ g_plus, v @ g_minus, v @ (g_plus - g_minus)


def single_column(v: Any, g: Any, g_bias: Any, r: float) -> tuple[Any, Any, Any]:
    """Slides, equations (3) and (4), of voltages (n,), conductances (n, outputs), bias (n,), resistance R.

    Returns:
        V_bias = -R sum V G_bias, the first amplifier; V_out = -R (V_bias/R + V G), the second; and V W with
        W = (G_bias - G) R, which equals V_out for any conductances.
    """
    v_bias = -(v @ g_bias) * r
    v_out = -(v_bias / r + v @ g) * r
    return v_bias, v_out, v @ ((g_bias[:, None] - g) * r)
