"""One-dimensional integrals over finite ranges inside expressions, by tanh-sinh quadrature.

With x = tanh((pi/2) sinh t) integrands that are analytic inside the range, however they behave at
its ends, are summed by the trapezoidal rule; half the step tells the error.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

ROUTE = "quadrature"
_REACH = 3.4  # 1 - x is 4e-21 there
_STEP = 1 / 8


def integral(evaluator: Any, expr: sp.Integral) -> arb:
    """The integral, with the difference of two steps as its error.

    Raises:
      TypeError: for more than one variable, or an integral without limits.
    """
    if len(expr.limits) != 1 or len(expr.limits[0]) != 3:
        raise TypeError(f"only an integral over one range has a value; got {expr}")
    symbol, first, last = expr.limits[0]
    low, high = evaluator(first), evaluator(last)
    if not (isinstance(low, arb) and isinstance(high, arb)):
        raise TypeError(f"the ends of an integral must be real; got {low} and {high}")
    body, half = expr.function, (high - low) / 2
    count = round(2 * _REACH / _STEP)
    sums = [arb(0), arb(0)]  # over every point, and over every other
    end = arb(0)
    for k in range(-count, count + 1):
        t = arb(k) * arb(_STEP / 2)
        inner = arb.pi() / 2 * t.sinh()
        weight = arb.pi() / 2 * t.cosh() / inner.cosh() ** 2
        # Measured from the nearer end, so that nothing is lost there.
        share = 2 / (1 + (2 * abs(inner)).exp())
        at = low + half * share if k < 0 else high - half * share
        term = weight * evaluator(body, {symbol: at})
        sums[0] += term
        if k % 2 == 0:
            sums[1] += term
        if abs(k) == count:
            end += abs(term)
    fine, coarse = sums[0] * (_STEP / 2) * half, sums[1] * _STEP * half
    error = abs(fine - coarse) + abs(half) * end
    return evaluator.estimate(fine + arb(0, error.abs_upper()), ROUTE)
