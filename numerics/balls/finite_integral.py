"""One-dimensional integrals over finite ranges inside expressions, by tanh-sinh quadrature.

With x = tanh((pi/2) sinh t) integrands that are analytic inside the range, however they behave at
its ends, are summed by the trapezoidal rule; half the step tells the error.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb, ctx

ROUTE = "quadrature"
_REACH = 4.0  # 1 - x is 2^-124 there
_BITS = 200  # tell such a point from the end, and what is left of a number near it
_STEP = 1 / 8
_HALVINGS = 5
_ENOUGH = 1e-17  # relative change at which the step is halved no more


def integral(evaluator: Any, expr: sp.Integral) -> arb:
    """The integral; its error is the change with the last halving of the step, and the ends.

    Raises:
      TypeError: for more than one variable, or an integral without limits.
    """
    if len(expr.limits) != 1 or len(expr.limits[0]) != 3:
        raise TypeError(f"only an integral over one range has a value; got {expr}")
    symbol, first, last = expr.limits[0]
    with ctx.workprec(_BITS):
        low, high = (evaluator.precisely(end, _BITS) for end in (first, last))
        if not (isinstance(low, arb) and isinstance(high, arb)):
            raise TypeError(f"the ends of an integral must be real; got {low} and {high}")
        half = (high - low) / 2

        def term(t: float) -> arb:
            inner = arb.pi() / 2 * arb(t).sinh()
            # The distance from the nearer end.
            share = 2 / (1 + (2 * abs(inner)).exp())
            at = low + half * share if t < 0 else high - half * share
            weight = arb.pi() / 2 * arb(t).cosh() / inner.cosh() ** 2
            return half * weight * evaluator(expr.function, {symbol: at})

        step, count = _STEP, round(_REACH / _STEP)
        ends = abs(term(-_REACH)) + abs(term(_REACH))
        total = sum((term(k * step) for k in range(-count, count + 1)), arb(0))
        for _ in range(_HALVINGS):
            coarse = total * step
            total += sum((term((k + 0.5) * step) for k in range(-count, count)), arb(0))
            step, count = step / 2, 2 * count
            change = abs(total * step - coarse)
            if change < _ENOUGH * abs(coarse):
                break
        error = change + ends
        return evaluator.estimate(total * step + arb(0, error.abs_upper()), ROUTE)
