"""E ln r and E 1/r at any precision, r the norm of m copies of the largest normal, in mpmath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import sympy as sp

from maxout.numerics.routes import evaluates
from maxout.theory.order.moments import LargestNormalMoment
from maxout.theory.order.norm import InverseNormMean, LogNormMean
from maxout.theory.precision_lock import workprec


def _step(strip: Any) -> Any:
    # The trapezoidal rule's error is exp(-2 pi strip / step); make it less than one rounding.
    return 2 * mpmath.pi * strip / (mpmath.mp.prec * mpmath.log(2))


def laplace(rank: int, s: Any) -> Any:
    """Return E e^{-s Xi_K^2}, s > -1/2, at mpmath's precision: K E Phi(Y)^{K-1} / sqrt(1+2s)."""
    sigma = 1 / mpmath.sqrt(1 + 2 * s)
    # |Phi(x+ia)| <= e^{a^2/2} Phi(x) gives the first step; at large rank Phi^{K-1} turns within
    # about 1/sqrt(2 ln K) of its front, and a strip of that width gives the second.
    bits = mpmath.mp.prec * mpmath.log(2)
    step = max(
        mpmath.pi * mpmath.sqrt(2 / (rank * bits)), _step(1 / mpmath.sqrt(2 + 2 * mpmath.log(rank)))
    )
    reach = mpmath.sqrt(2 * (bits + mpmath.log(rank)))
    last = int(reach / step) + 1
    total = mpmath.mpf(0)
    for i in range(-last, last + 1):
        z = i * step
        below = mpmath.erfc(-sigma * z / mpmath.sqrt(2)) / 2
        if below > 0.9:  # a power of a number near 1 wants its distance from 1
            below = mpmath.exp(
                (rank - 1) * mpmath.log1p(-mpmath.erfc(sigma * z / mpmath.sqrt(2)) / 2)
            )
        else:
            below = below ** (rank - 1)
        total += below * mpmath.exp(-z * z / 2)
    return rank * sigma * step * total / mpmath.sqrt(2 * mpmath.pi)


def _at_precision(expr: sp.Expr, prec: int, f: Callable[..., Any]) -> Any:
    """Evaluate f(rank, units, E r^2) with guard bits: powers of the transform lose log2(units)."""
    rank, units = expr.args
    guarded = prec + 15 + int(units).bit_length()
    second = LargestNormalMoment(rank, 2).evalf(int(guarded * 0.302) + 2)
    with workprec(guarded):
        return f(int(rank), int(units), int(units) * mpmath.mpf(second._mpf_))


def _log_norm_mean(rank: int, units: int, mean: Any) -> Any:
    # E ln r^2 = ln E r^2 + int (e^{-s E r^2} - E e^{-s r^2}) ds/s, with s = e^v / E r^2: the
    # integrand is analytic for |Im v| < pi/2, and falls as e^{2v} and e^{-v units/2}.
    bits = mpmath.mp.prec * mpmath.log(2)
    step = _step(mpmath.pi / 2 - mpmath.mpf(1) / 8)
    first = -int(bits / 2 / step) - 1
    # The transform is below rank (2s)^{-1/2}; past the last node its power is less than rounding.
    reach = mpmath.log(mean * rank**2) + 2 * bits / units
    last = int(max(reach, mpmath.log(bits) + 1) / step) + 1
    total = mpmath.mpf(0)
    for i in range(first, last + 1):
        s = mpmath.exp(i * step)
        term = mpmath.exp(-s) - laplace(rank, s / mean) ** units
        total += term
        if s > 1 and abs(term) * 2**mpmath.mp.prec < 1:
            break
    return (mpmath.log(mean) + step * total) / 2


def _inverse_norm_mean(rank: int, units: int, mean: Any) -> Any:
    # E 1/r = (1/sqrt pi) int_R E e^{-w^2 r^2} dw with w = sinh(y)/sqrt(E r^2): even and analytic
    # for |Im y| < pi/4, falling as e^{-(units-1) y}.
    bits = mpmath.mp.prec * mpmath.log(2)
    step = _step(mpmath.pi / 4 - mpmath.mpf(1) / 16)
    reach = (bits + units * mpmath.log(rank * mpmath.sqrt(mean))) / (units - 1) + 1
    total = mpmath.mpf(1) / 2
    for i in range(1, int(reach / step) + 1):
        term = mpmath.cosh(i * step) * laplace(rank, mpmath.sinh(i * step) ** 2 / mean) ** units
        total += term
        if term * 2**mpmath.mp.prec < total:
            break
    return 2 * step * total / mpmath.sqrt(mpmath.pi * mean)


@evaluates(LogNormMean)
def log_norm_mean(expr: sp.Expr, prec: int) -> Any:
    """E ln r."""
    return _at_precision(expr, prec, _log_norm_mean)


@evaluates(InverseNormMean)
def inverse_norm_mean(expr: sp.Expr, prec: int) -> Any:
    """E 1/r."""
    return _at_precision(expr, prec, _inverse_norm_mean)
